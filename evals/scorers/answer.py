"""Is the answer right? By the accepted strings."""

from __future__ import annotations

from collections.abc import Callable

from evals.matching import given, matches, quoted, token_f1, wrong_said
from evals.scorers.refusal import refused, unscored
from evals.types import Case, Outcome, Score, Scorer

_REFUSED = "refused, though the articles answer it"


def correct(case: Case, outcome: Outcome) -> list[Score]:
    """Answerable cases: 1 if the answer says an accepted one, else 0; a refusal is 0."""
    if not case.answerable:
        return []
    if outcome.answer is not None and not (case.accepted or case.patterns):
        return [Score("correct", None, "the case names no accepted answer")]

    return _of_the_text(
        "correct", outcome, lambda text: (float(bool(matches(text, case))), matches(text, case).explanation)
    )


def f1(case: Case, outcome: Outcome) -> list[Score]:
    """Answerable cases with accepted strings: token F1 with the best of them; a refusal is 0.

    Where several are valid, the answer that gives them all is one to compare with too.
    """
    entries = list(case.accepted)
    if case.several:
        entries.append(tuple(string for entry in case.accepted for string in entry))

    def overlap(text: str) -> tuple[float, str]:
        nearest = max(entries, key=lambda entry: token_f1(text, [entry]))
        value = token_f1(text, [nearest])
        return (
            value,
            f"nearest to {quoted(' and '.join(nearest))}" if value else "shares no word with an accepted answer",
        )

    return _of_the_text("f1", outcome, overlap) if case.answerable and entries else []


def answers_given(case: Case, outcome: Outcome) -> list[Score]:
    """Cases with several valid answers: the share of them that the answer gives; a refusal gives none."""

    def share(text: str) -> tuple[float, str]:
        said = given(text, case) if matches(text, case) else [False] * len(case.accepted)
        missing = [" and ".join(entry) for entry, is_said in zip(case.accepted, said, strict=True) if not is_said]
        lacks = f", lacks {', '.join(map(quoted, missing))}" if missing else ""
        return sum(said) / len(said), f"gives {sum(said)} of {len(said)}{lacks}"

    applies = case.answerable and case.several and case.accepted
    return _of_the_text("answers_given", outcome, share) if applies else []


def wrong_stated(case: Case, outcome: Outcome) -> list[Score]:
    """Cases with known wrong answers: 1 if one of them is stated. A refusal states none. Less is better."""

    def stated(text: str) -> tuple[float | None, str]:
        found = wrong_said(text, case)
        if found is None:
            return None, "every wrong answer of this case is also an accepted one"
        if found:
            return 1.0, f"states {', '.join(map(quoted, found))}, which is wrong"
        return 0.0, "states none of the wrong answers"

    refusal = "refused, and so states none of the wrong answers"
    return _of_the_text("wrong_stated", outcome, stated, refusal) if case.wrong else []


def _of_the_text(
    name: str, outcome: Outcome, scored: Callable[[str], tuple[float | None, str]], refusal: str = _REFUSED
) -> list[Score]:
    """What `scored` gives for the answer's text; 0 for a refusal, and nothing for a failure."""
    if outcome.answer is None:
        return [unscored(name, outcome)]
    value, explanation = (0.0, refusal) if refused(outcome.answer) else scored(outcome.answer.text)
    return [Score(name, value, explanation)]


SCORERS: tuple[Scorer, ...] = (correct, f1, answers_given, wrong_stated)
