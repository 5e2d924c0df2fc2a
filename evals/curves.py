"""What would have been: the same run at every threshold of support, and at every depth of search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evals.scorers import answer as answer_scorers
from evals.scorers import refusal as refusal_scorers
from evals.scorers import retrieval as retrieval_scorers
from evals.types import Row
from rag.types import Answer, AnswerSentence

DEPTHS = range(1, 11)


@dataclass(frozen=True, slots=True)
class Point:
    """What readers would have seen at one threshold. Shares from 0 to 1, None where there is no such case."""

    threshold: float
    refused_answerable: float | None
    answered_unanswerable: float | None
    right_of_shown: float | None
    """Of the answers shown, the share that is right; an answer to what has no answer is wrong."""
    shown: int


def has_support(rows: Iterable[Row]) -> bool:
    """Whether the system weighs its sentences, so that another threshold would have changed what it shows."""
    answers = [row.outcome.answer for row in rows if row.outcome.answer]
    return any(0 < support < 1 for answer in answers for _, support in _weighed(answer))


def tradeoff(rows: Sequence[Row], thresholds: Iterable[float]) -> list[Point]:
    """One system's `rows` at each threshold: a sentence is shown iff its support is at least that, and an answer
    without one is a refusal. What a number, a date or a name alone withheld stays withheld; failed cases do not count.
    """
    known: dict[tuple[str, str], dict[str, float]] = {}
    points = []
    for threshold in thresholds:
        found = []
        for row in rows:
            then = at_threshold(row, threshold)
            if then.outcome.answer:
                key = row.case.id, then.outcome.answer.text
                if key not in known:  # the answer changes at few thresholds, and scoring takes a while
                    known[key] = _values(then)
                found.append(known[key])
        points.append(_point(threshold, found))
    return points


def at_threshold(row: Row, threshold: float) -> Row:
    """The row as it would be had `threshold` been in force, without citations: enough to see if it answers right."""
    answer = row.outcome.answer
    if answer is None:
        return row
    kept = tuple(AnswerSentence(text, (), support) for text, support in _weighed(answer) if support >= threshold)
    text = " ".join(sentence.text for sentence in kept)  # nothing is a refusal
    shown = replace(answer, text=text, abstained=not kept, sentences=kept, citations=())
    return replace(row, outcome=replace(row.outcome, answer=shown))


def recall_curves(rows: Iterable[Row]) -> dict[str, list[float]]:
    """ "bm25.article" and so on -> mean recall at each of DEPTHS, as the retrieval scorers define it."""
    values: dict[str, list[list[float]]] = {}
    for row in rows:
        for name, recalls in retrieval_scorers.recalls(row.case, row.outcome, DEPTHS).items():
            values.setdefault(name, []).append(recalls)
    return {name: np.mean(found, axis=0).tolist() for name, found in values.items()}


def _weighed(answer: Answer) -> list[tuple[str, float]]:
    """Every sentence that has a support, kept or withheld. What a refusal says besides is no answer."""
    kept = [] if answer.abstained else [(sentence.text, sentence.support) for sentence in answer.sentences]
    return kept + [(withheld.text, withheld.support) for withheld in answer.withheld if withheld.support is not None]


def _point(threshold: float, found: Sequence[Mapping[str, float]]) -> Point:
    refused, answered = (
        [values[name] for values in found if name in values] for name in ("refused_answerable", "answered_unanswerable")
    )
    right = [values.get("correct") for values in found if values.get("refused_answerable") == 0]
    right += [0.0 for declined in answered if declined == 1]
    return Point(threshold, _mean(refused), _mean(answered), _mean([v for v in right if v is not None]), len(right))


def _values(row: Row) -> dict[str, float]:
    scorers = (*answer_scorers.SCORERS, *refusal_scorers.SCORERS)
    scores = (score for scorer in scorers for score in scorer(row.case, row.outcome))
    return {score.name: score.value for score in scores if score.value is not None}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
