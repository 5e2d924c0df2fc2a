"""Which quotes does a sentence stand on? Code decides what an answer may cite.

Every number, date and name of the sentence must stand in what it cites (`rag.facts`); whether the quotes then say it
is for `rag.checker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rag.evidence import Evidence, EvidenceSet, coverage
from rag.facts import contradicted, day_words, days_of, lacking, unsaid
from rag.words import content_words

_MOST_CITED = 3  # quotes for one sentence; more is a summary that nobody checks
_FLOOR = 0.25  # below it in both cosine and words no answer of the development questions was right
_REFUSALS = ("not stated", "no information", "not mentioned", "do not say", "does not say", "not specified",
             "not provided", "not mention", "do not provide", "does not provide", "do not contain")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attribution:
    """The quotes that a sentence stands on, or why there are none."""

    cited: tuple[Evidence, ...]
    reason: str | None
    answer_words: float = 0.0
    question_words: float = 0.0


def worth_asking(evidence: EvidenceSet) -> bool:
    """Whether there is evidence worth the name; without it the model is not called.

    Names in the question that no passage found has mark most of what a small model makes up. One of several
    may be the paper that reported something, or a title; from half of them on, it is not worth asking.
    """
    near = evidence.similarity >= _FLOOR or evidence.coverage >= _FLOOR
    named = not evidence.missing_names or 2 * len(evidence.missing_names) < evidence.names
    return bool(evidence.items) and near and named


def declines(sentence: str) -> bool:
    """Whether the model itself says that it found nothing."""
    folded = sentence.casefold()
    return any(phrase in folded for phrase in _REFUSALS)


def attribute(sentence: str, vector: NDArray[np.float32], evidence: EvidenceSet, question: str = "") -> Attribution:
    """Finds the fewest statements (at most three) that have every number, date and name of `sentence`, and no two
    neighbouring words of it unsaid: a cause that another sentence names is cited there, or not told.

    `vector` is the unit embedding of the sentence. What `question` says itself need not be proved again. The
    statement nearest in words and meaning leads; others are added only for what it lacks.
    """
    if not evidence.items:
        return Attribution((), "no article says it")
    words = _words(sentence)
    ranked = sorted(evidence.items, key=lambda item: -_fit(item, words, vector, evidence))
    if reason := contradicted(sentence, ranked[:1], question):
        return Attribution((), reason)  # another quote, which only lacks the word, is no way round it
    for size in range(1, _MOST_CITED + 1):
        for group in combinations(ranked[: 8 if size == 1 else 5], size):
            if size > 1 and group[0] is not ranked[0]:
                break  # the best statement leads any larger group
            if not lacking(sentence, group, question) and not unsaid(sentence, group, question):
                return _attribution(group, words, evidence)
    if reason := lacking(sentence, evidence.items, question):
        return Attribution((), reason)
    if stretch := unsaid(sentence, evidence.items, question):
        return Attribution((), f"no article found says “{stretch}”")
    return Attribution((), "no two articles' words together say it")


def _fit(item: Evidence, words: frozenset[str], vector: NDArray[np.float32], evidence: EvidenceSet) -> float:
    shared = len(words & item.words) / len(words) if words else 0.0
    return shared + float(vector @ item.vector) + 0.5 * item.coverage


def _attribution(group: Sequence[Evidence], words: frozenset[str], evidence: EvidenceSet) -> Attribution:
    said = frozenset[str]().union(*(item.words | frozenset(content_words(item.title)) for item in group))
    said |= frozenset(word for item in group for day in days_of(item) for word in day_words(day))
    return Attribution(
        cited=tuple(group),
        reason=None,
        answer_words=len(words & said) / len(words) if words else 0.0,
        question_words=coverage(said, evidence.weights),
    )


def _words(sentence: str) -> frozenset[str]:
    return frozenset(content_words(sentence))
