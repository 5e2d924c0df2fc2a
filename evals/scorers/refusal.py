"""Did the system refuse what the articles do not answer, and only that?"""

from __future__ import annotations

from evals.matching import quoted, reads_as_refusal
from evals.types import Case, Outcome, Score, Scorer
from rag.types import Answer


def refused(answer: Answer) -> bool:
    """Whether the system declined to answer: it says so itself (`abstained`), or its text does. Decided only here."""
    return answer.abstained or reads_as_refusal(answer.text)


def unscored(name: str, outcome: Outcome) -> Score:
    """The score of a system that failed: it gave no answer to judge."""
    return Score(name, None, f"failed: {outcome.error or 'no reason given'}")


def refusal_recall(case: Case, outcome: Outcome) -> list[Score]:
    """Unanswerable cases: 1 if refused."""
    return [] if case.answerable else [_refused("refusal_recall", outcome, if_refused=1.0)]


def refusal_precision(case: Case, outcome: Outcome) -> list[Score]:
    """Refusals: 1 if the articles indeed do not answer. Its mean is the share of refusals that were right."""
    if outcome.answer is None or not refused(outcome.answer):
        return []
    return [
        _refused("refusal_precision", outcome, if_refused=0.0 if case.answerable else 1.0, answerable=case.answerable)
    ]


def answered_unanswerable(case: Case, outcome: Outcome) -> list[Score]:
    """Unanswerable cases: 1 if answered all the same. Less is better."""
    return [] if case.answerable else [_refused("answered_unanswerable", outcome, if_refused=0.0)]


def refused_answerable(case: Case, outcome: Outcome) -> list[Score]:
    """Answerable cases: 1 if refused. Less is better."""
    return [_refused("refused_answerable", outcome, if_refused=1.0, answerable=True)] if case.answerable else []


SCORERS: tuple[Scorer, ...] = (refusal_recall, refusal_precision, answered_unanswerable, refused_answerable)


def _refused(name: str, outcome: Outcome, *, if_refused: float, answerable: bool = False) -> Score:
    """`if_refused` is the value for a refusal; an answer has the opposite one."""
    if outcome.answer is None:
        return unscored(name, outcome)
    articles = "the articles answer it" if answerable else "the articles do not answer it"
    text = quoted(outcome.answer.text)
    if not refused(outcome.answer):
        return Score(
            name,
            1.0 - if_refused,
            f"{articles}, and it answered: {text}" if answerable else f"answered, though {articles}: {text}",
        )
    if not outcome.answer.text.strip():
        text = "an empty answer"
    return Score(
        name, if_refused, f"refused, though {articles}: {text}" if answerable else f"{articles}, and it refused: {text}"
    )
