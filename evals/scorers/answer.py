"""Is the answer right? By the accepted strings, and beside them by a judge model's word where one was asked."""

from __future__ import annotations

import re

from evals.matching import given, matches, quoted, token_f1, wrong_said
from evals.scorers.refusal import refused, unscored
from evals.types import Case, Outcome, Score, Scorer

_REFUSED = "refused, though the articles answer it"
_VERDICT = re.compile(r"[\W_]*(yes|no)(?![\w'’])(?!\s*(?:/|\bor\b|\band\b)\W*(?:yes|no)\b)", re.IGNORECASE)


def correct(case: Case, outcome: Outcome) -> list[Score]:
    """Answerable cases: 1 if the answer says an accepted one, else 0; a refusal is 0."""
    if not case.answerable:
        return []
    if outcome.answer is None:
        return [unscored("correct", outcome)]
    if not (case.accepted or case.patterns):
        return [Score("correct", None, "the case names no accepted answer")]
    if refused(outcome.answer):
        return [Score("correct", 0.0, _REFUSED)]
    match = matches(outcome.answer.text, case)
    return [Score("correct", float(bool(match)), match.explanation)]


def f1(case: Case, outcome: Outcome) -> list[Score]:
    """Answerable cases with accepted strings: token F1 with the best of them; a refusal is 0.

    Where several are valid, the answer that gives them all is one to compare with too.
    """
    if not (case.answerable and case.accepted):
        return []
    if outcome.answer is None:
        return [unscored("f1", outcome)]
    if refused(outcome.answer):
        return [Score("f1", 0.0, _REFUSED)]
    entries = list(case.accepted)
    if case.several:
        entries.append(tuple(string for entry in case.accepted for string in entry))
    value, nearest = max(
        ((token_f1(outcome.answer.text, [entry]), entry) for entry in entries), key=lambda pair: pair[0]
    )
    if value == 0:
        return [Score("f1", 0.0, "shares no word with an accepted answer")]
    return [Score("f1", value, f"nearest to {quoted(' and '.join(nearest))}")]


def answers_given(case: Case, outcome: Outcome) -> list[Score]:
    """Cases with several valid answers: the share of them that the answer gives; a refusal gives none."""
    if not (case.answerable and case.several and case.accepted):
        return []
    if outcome.answer is None:
        return [unscored("answers_given", outcome)]
    if refused(outcome.answer):
        return [Score("answers_given", 0.0, _REFUSED)]
    said = given(outcome.answer.text, case) if matches(outcome.answer.text, case) else [False] * len(case.accepted)
    missing = [" and ".join(entry) for entry, is_said in zip(case.accepted, said, strict=True) if not is_said]
    explanation = f"gives {sum(said)} of {len(said)}"
    if missing:
        explanation += f", lacks {', '.join(map(quoted, missing))}"
    return [Score("answers_given", sum(said) / len(said), explanation)]


def wrong_stated(case: Case, outcome: Outcome) -> list[Score]:
    """Cases with known wrong answers: 1 if one of them is stated. A refusal states none. Less is better."""
    if not case.wrong:
        return []
    if outcome.answer is None:
        return [unscored("wrong_stated", outcome)]
    if refused(outcome.answer):
        return [Score("wrong_stated", 0.0, "refused, and so states none of the wrong answers")]
    stated = wrong_said(outcome.answer.text, case)
    if stated is None:
        return [Score("wrong_stated", None, "every wrong answer of this case is also an accepted one")]
    if stated:
        return [Score("wrong_stated", 1.0, f"states {', '.join(map(quoted, stated))}, which is wrong")]
    return [Score("wrong_stated", 0.0, "states none of the wrong answers")]


def judged_correct(case: Case, outcome: Outcome) -> list[Score]:
    """Answerable cases that a judge model was asked about: 1 if it says yes, unscored if it says neither yes nor no."""
    if not case.answerable or outcome.verdict is None:
        return []
    verdict = _verdict(outcome.verdict)
    if verdict is None:
        return [_unreadable("judged_correct", outcome.verdict)]
    return [Score("judged_correct", float(verdict), f"the judge model says {quoted(outcome.verdict)}")]


def judge_agrees(case: Case, outcome: Outcome) -> list[Score]:
    """1 if the judge model's word is that of `correct`; unscored where either can't be told."""
    if not case.answerable or outcome.verdict is None:
        return []
    verdict, (matched,) = _verdict(outcome.verdict), correct(case, outcome)
    if verdict is None:
        return [_unreadable("judge_agrees", outcome.verdict)]
    if matched.value is None:
        return [Score("judge_agrees", None, matched.explanation)]
    word = "right" if verdict else "wrong"
    return [
        Score(
            "judge_agrees",
            float(verdict == bool(matched.value)),
            f"the judge model says {word}; the match: {matched.explanation}",
        )
    ]


SCORERS: tuple[Scorer, ...] = (correct, f1, answers_given, wrong_stated, judged_correct, judge_agrees)


def _verdict(text: str) -> bool | None:
    """A judge model's yes or no; None unless its first word is one of them."""
    found = _VERDICT.match(text)
    return found.group(1).lower() == "yes" if found else None


def _unreadable(name: str, verdict: str) -> Score:
    return Score(name, None, f"the judge model says neither yes nor no: {quoted(verdict)}")
