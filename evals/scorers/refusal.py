"""Did the system refuse what the articles do not answer, and only that?"""

from __future__ import annotations

from evals.matching import quoted
from evals.refusing import reads_as_refusal
from evals.types import Case, Outcome, Score
from rag.types import Answer


def refused(answer: Answer) -> bool:
    """Whether the system declined to answer: it says so itself (`abstained`), or its text does. Decided only here."""
    return answer.abstained or reads_as_refusal(answer.text)


def unscored(name: str, outcome: Outcome) -> Score:
    """The score of a system that failed: it gave no answer to judge."""
    return Score(name, None, f"failed: {outcome.error or 'no reason given'}")


def refusals(case: Case, outcome: Outcome) -> list[Score]:
    """`refusal_recall`: of an unanswerable case, 1 if refused, and `answered_unanswerable` (less is better) 1 if not;
    `refused_answerable` (less is better): of an answerable case, 1 if refused. `refusal_precision`: of a refusal, 1 if
    the articles indeed do not answer; its mean is the share of refusals that were right."""
    answer = outcome.answer
    declined = answer is not None and refused(answer)
    values = {"refusal_recall": declined, "answered_unanswerable": not declined}
    values = {"refused_answerable": declined} if case.answerable else values
    if answer is None:
        return [unscored(name, outcome) for name in values]
    values |= {"refusal_precision": not case.answerable} if declined else {}
    did, articles = "refused" if declined else "answered", "the articles answer it"
    articles = articles if case.answerable else "the articles do not answer it"
    # what is as it should be is put forward as a fact, what is not as in spite of it
    told = f"{articles}, and it {did}" if declined != case.answerable else f"{did}, though {articles}"
    text = quoted(answer.text) if answer.text.strip() else "an empty answer"
    return [Score(name, float(value), f"{told}: {text}") for name, value in values.items()]
