"""Did the system refuse what the articles do not answer, and only that?"""

from __future__ import annotations

from evals.matching import quoted
from evals.refusing import reads_as_refusal
from evals.types import Case, Outcome, Score, Scorer
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
    names = ["refused_answerable"] if case.answerable else ["refusal_recall", "answered_unanswerable"]
    answer = outcome.answer
    if answer is None:
        return [unscored(name, outcome) for name in names]
    declined = refused(answer)
    articles = "the articles answer it" if case.answerable else "the articles do not answer it"
    text = quoted(answer.text) if answer.text.strip() else "an empty answer"
    # what is as it should be is put forward as a fact, what is not as in spite of it
    if declined != case.answerable:
        explanation = f"{articles}, and it {'refused' if declined else 'answered'}: {text}"
    else:
        explanation = f"{'refused' if declined else 'answered'}, though {articles}: {text}"
    values = {
        "refusal_recall": declined,
        "answered_unanswerable": not declined,
        "refused_answerable": declined,
        "refusal_precision": not case.answerable,
    }
    return [Score(name, float(values[name]), explanation) for name in (*names, *["refusal_precision"] * declined)]


SCORERS: tuple[Scorer, ...] = (refusals,)
