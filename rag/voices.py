"""Articles that may say something else: none of them wins silently.

An archive holds several answers to one question: two films of one name, a death toll that was corrected, a claim and
its denial. After an answer is found, the articles that speak of the same thing without saying it are asked on their
own, one at a time, so that their words are not mixed (the per-document reading of "Retrieval-Augmented Generation with
Conflicting Evidence", Wang et al. 2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.evidence import Evidence, EvidenceSet, is_copy
from rag.words import content_words, find_numbers

MOST = 3
"""Other articles asked for one question; each costs about two seconds on two cores."""
_STATEMENTS = 3  # of one article; its best ones
_AS_COVERED = 0.45  # of what the cited statement covers of the question's words
_AS_RELEVANT = 0.7
_EDITED = 0.5  # Jaccard of the words of two statements that are one sentence with something changed


def rivals(
    sentence: str, question: str, cited: Sequence[Evidence], evidence: EvidenceSet
) -> list[tuple[Evidence, ...]]:
    """The best statements of each other article that could answer `question` differently, best article first.

    An article is left out if it carries the same words as what is cited, covers clearly less of the question, or
    says what `sentence` says. An article of the same origin (it shares wire copy with the cited ones) is one voice with
    them, unless it has the cited words with another number or name in them.
    """
    heard = {carrier for item in cited for carrier in item.carriers}
    origin = {id for item in evidence.pool if heard & set(item.carriers) for id in item.carriers} - heard
    covered = max((item.coverage for item in cited), default=0.0)
    relevant = max((item.relevance for item in cited), default=0.0)
    others: dict[str, list[Evidence]] = {}
    for item in evidence.pool:
        if item.article not in heard and not any(is_copy(item, known) for known in cited):
            others.setdefault(item.article, []).append(item)
    found = []
    for items in others.values():
        best = items[0]
        if best.article in origin and not any(_edited(best, known) for known in cited):
            continue
        if max(item.coverage for item in items) < _AS_COVERED * covered or best.relevance < _AS_RELEVANT * relevant:
            continue
        if any(agrees(sentence, question, item) for item in items[:_STATEMENTS]):
            continue
        found.append(tuple(replace(item, number=n) for n, item in enumerate(items[:_STATEMENTS], 1)))
    return found[:MOST]


def _edited(item: Evidence, other: Evidence) -> bool:
    """Whether two statements are the same words but for a few."""
    return len(item.words & other.words) >= _EDITED * len(item.words | other.words)


def agrees(sentence: str, question: str, item: Evidence) -> bool:
    """Whether the statement has everything that `sentence` adds to the question: its words and its numbers."""
    added = set(content_words(sentence)) - set(content_words(question))
    numbers = find_numbers(item.quote)
    said = item.words | frozenset(content_words(item.title))
    return added <= said and all(number.stands_in(numbers) for number in find_numbers(sentence))


def same_answer(one: str, other: str, question: str) -> bool:
    """Whether two sentences add the same to the question, or one of them no more than the other; where both add
    numbers, those decide."""
    known = {number.value for number in find_numbers(question)}
    first, second = ({number.value for number in find_numbers(text)} - known for text in (one, other))
    if first and second:
        return first <= second or second <= first
    asked = set(content_words(question))
    a, b = set(content_words(one)) - asked, set(content_words(other)) - asked
    return not a or not b or a <= b or b <= a
