"""Is the answer right? By the accepted strings."""

from __future__ import annotations

from evals.matching import given, matches, quoted, token_f1, wrong_said
from evals.scorers.refusal import refused, unscored
from evals.types import Case, Outcome, Score

_Judged = tuple[float | None, str]


def answers(case: Case, outcome: Outcome) -> list[Score]:
    """Of answerable cases: `correct`, 1 if the answer says an accepted one, else 0; `f1`, its token F1 with the nearest
    of them; `answers_given`, where several are valid, the share of them that it gives. A refusal is 0. Of cases with
    known wrong answers: `wrong_stated`, 1 if one of them is stated (less is better); a refusal states none.
    """
    named = case.answerable and bool(case.accepted)
    known = {_correct: case.answerable, _f1: named, _answers_given: named and case.several, _wrong_stated: case.wrong}
    scorers = {scorer.__name__[1:]: scorer for scorer, applies in known.items() if applies}
    answer = outcome.answer
    if answer is None:
        return [unscored(name, outcome) for name in scorers]
    if refused(answer):
        told = {"wrong_stated": "refused, and so states none of the wrong answers"}
        return [Score(name, 0.0, told.get(name, "refused, though the articles answer it")) for name in scorers]
    return [Score(name, *scorer(answer.text, case)) for name, scorer in scorers.items()]


def _correct(text: str, case: Case) -> _Judged:
    if not (case.accepted or case.patterns):
        return None, "the case names no accepted answer"
    match = matches(text, case)
    return float(match.right), match.explanation


def _f1(text: str, case: Case) -> _Judged:
    entries = list(case.accepted)
    if case.several:  # the answer that gives them all is one to compare with too
        entries.append(tuple(string for entry in case.accepted for string in entry))
    value, nearest = max(((token_f1(text, entry), entry) for entry in entries), key=lambda pair: pair[0])
    return value, f"nearest to {quoted(' and '.join(nearest))}" if value else "shares no word with an accepted answer"


def _answers_given(text: str, case: Case) -> _Judged:
    said = given(text, case) if matches(text, case) else [False] * len(case.accepted)
    missing = [quoted(" and ".join(entry)) for entry, is_said in zip(case.accepted, said, strict=True) if not is_said]
    lacks = f", lacks {', '.join(missing)}" if missing else ""
    return sum(said) / len(said), f"gives {sum(said)} of {len(said)}{lacks}"


def _wrong_stated(text: str, case: Case) -> _Judged:
    found = wrong_said(text, case)
    if found is None:
        return None, "every wrong answer of this case is also an accepted one"
    told = f"states {', '.join(map(quoted, found))}, which is wrong" if found else "states none of the wrong answers"
    return float(bool(found)), told
