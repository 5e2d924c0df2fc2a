"""Hits -> the numbered sentences that the model reads, and that an answer may cite.

Passages are for finding; sentences are for proving. From the passages found, the sentences nearest to the
question are taken, near-copies (shared wire copy) folded into one, until the budget of tokens is spent. Orders
and questions are no evidence: they state nothing, whoever put them there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.types import Article, Hit, Kind, Sentence
from rag.days import CALENDAR_WORDS, find_days
from rag.orders import reads_as_order
from rag.words import content_words, find_names, find_numbers, name_stands_in, resembles_word_in

_COPY = 0.6  # Jaccard of the content words from which two sentences count as one; wire copy is edited lightly
_CANDIDATES = 40  # sentences embedded for one question: a quarter of a second on two cores
_LEAD = 0.3  # added to the relevance of an article's first sentences, where the question is what happened
_LEADS = 2  # sentences that open an article
_LEXICAL = 0.5  # weight of the words in common beside the cosine
_NEAR = 0.5  # of the best statement's relevance; what is farther off only costs time (docs/decisions.md, "Budget")

# "It lies 25 miles south" says nothing without the sentence before it
_LEANS = re.compile(
    r"(?:[“\"'‘]?)(?:it|its|he|his|she|her|they|their|them|this|these|those|that|there|here|such|both|the former"
    r"|the latter|also|but|and|however|instead|meanwhile|the (?:city|town|country|group|statement|announcement))\b",
    re.IGNORECASE,
)


class Articles(Protocol):
    """What this room needs of the index."""

    def article(self, id: str) -> Article: ...
    def sentences(self, article: str) -> list[Sentence]: ...
    def words_known(self, words: Collection[str]) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement of an article: one sentence, with the one before it if it leans on that."""

    number: int
    article: str
    title: str
    date: date | None
    page: int | None
    start: int
    end: int
    quote: str
    """Exactly `article.text[start:end]`."""
    kind: Kind
    carriers: tuple[str, ...]
    similarity: float
    """Cosine of question and statement."""
    coverage: float
    """Share (0 to 1) of the question's words that stand in the statement, rare words weighing more."""
    vector: NDArray[np.float32] = field(repr=False, compare=False)
    words: frozenset[str] = field(repr=False, compare=False)
    passage: str = ""
    """The id of the passage that it was found in."""
    opens: bool = False
    """Whether it is among the first sentences of its article, where news says what matters."""
    bonus: float = field(default=0.0, compare=False)

    @property
    def relevance(self) -> float:
        return self.similarity + _LEXICAL * self.coverage + self.bonus


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """What a question has to go on."""

    items: tuple[Evidence, ...]
    """What the model reads, in that order."""
    pool: tuple[Evidence, ...]
    """Every statement of the passages found, most relevant first; `items` come from it."""
    weights: Mapping[str, float]
    """Weight of each content word of the question: how rare it is in the corpus."""
    missing_names: tuple[str, ...]
    """Names of the question that stand nowhere in the articles found."""
    names: int
    """How many names the question has."""
    passages_left_out: int
    """Passages found whose best sentences did not fit the budget."""

    @property
    def similarity(self) -> float:
        return max((item.similarity for item in self.pool), default=0.0)

    @property
    def coverage(self) -> float:
        return max((item.coverage for item in self.pool), default=0.0)

    def within(self, budget: int, cost: Callable[[Evidence], int]) -> EvidenceSet:
        """The same with what fits `budget` tokens, numbered from 1; the best statement always fits."""
        chosen, dropped = _within(budget, self.items, cost)
        left_out = {item.passage for item in dropped} - {item.passage for item in chosen}
        items = tuple(replace(item, number=number) for number, item in enumerate(chosen, 1))
        return replace(self, items=items, passages_left_out=len(left_out))


def gather(
    question: str,
    hits: Sequence[Hit],
    articles: Articles,
    embed: Callable[[list[str]], NDArray[np.float32]],
    *,
    limit: int,
    leads_first: bool = False,
) -> EvidenceSet:
    """Chooses at most `limit` statements that are not far behind the most relevant one; `within` cuts to a budget.

    `embed` gives unit vectors, one row a text. At least one statement is taken if there is any. With `leads_first`
    the sentences that open an article count as more relevant.
    """
    weights = word_weights(question, articles)
    candidates = _candidates(hits, articles)[:_CANDIDATES]
    vectors = embed([question, *(item.quote for item in candidates)])
    scored = [
        replace(
            item,
            vector=vector,
            similarity=float(vectors[0] @ vector),
            coverage=coverage(item.words | frozenset(content_words(item.title)), weights),
            bonus=_LEAD if leads_first and item.opens else 0.0,
        )
        for item, vector in zip(candidates, vectors[1:], strict=True)
    ]
    missing, names = _missing_names(question, hits, articles)
    ranked = _fold_copies(sorted(scored, key=lambda item: -item.relevance))
    near = [item for item in ranked[:limit] if item.relevance >= _NEAR * ranked[0].relevance]
    return EvidenceSet(
        items=tuple(replace(item, number=number) for number, item in enumerate(near, 1)),
        pool=tuple(ranked),
        weights=weights,
        missing_names=missing,
        names=names,
        passages_left_out=0,
    )


def openings(ids: Iterable[str], articles: Articles) -> list[Evidence]:
    """The sentence that opens each of these articles, captions apart; copies are folded."""
    found = []
    for article in map(articles.article, ids):
        sentences = [sentence for sentence in articles.sentences(article.id) if sentence.kind != "caption"]
        found += [_unscored(article, "", sentence, sentence.start) for sentence in sentences[:1]]
    return _fold_copies(found)


def _within(
    budget: int, ranked: Sequence[Evidence], cost: Callable[[Evidence], int]
) -> tuple[list[Evidence], list[Evidence]]:
    """(what fits the budget, what does not); the first always fits."""
    chosen: list[Evidence] = []
    dropped: list[Evidence] = []
    left = budget
    for item in ranked:
        price = cost(item)
        if chosen and price > left:
            dropped.append(item)
            continue
        chosen.append(item)
        left -= price
    return chosen, dropped


def coverage(words: frozenset[str], weights: Mapping[str, float]) -> float:
    """Share of the total weight whose words are among `words`; 1 if there is nothing to cover."""
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in words) / total if total else 1.0


def word_weights(question: str, articles: Articles) -> dict[str, float]:
    """Each content word of `question` with its weight: the rarer it is in the corpus, the nearer to 1."""
    words = list(dict.fromkeys(content_words(question)))
    known = articles.words_known(words)
    return {word: 1.0 / (1.0 + math.log1p(known.get(word, 0))) for word in words}


def _candidates(hits: Sequence[Hit], articles: Articles) -> list[Evidence]:
    """Every sentence of the passages found, best passage first, each once."""
    found: dict[tuple[str, int], Evidence] = {}
    for hit in hits:
        article = articles.article(hit.passage.article)
        sentences = articles.sentences(article.id)
        opening = [sentence.start for sentence in sentences if sentence.kind != "caption"][:_LEADS]
        for at, sentence in enumerate(sentences):
            inside = hit.passage.start <= sentence.start and sentence.end <= hit.passage.end
            if inside and not reads_as_order(article.text[sentence.start : sentence.end]):
                start = _begin(article, sentences, at)
                item = _unscored(article, hit.passage.id, sentence, start)
                found.setdefault((article.id, sentence.start), replace(item, opens=sentence.start in opening))
    return list(found.values())


def _begin(article: Article, sentences: Sequence[Sentence], at: int) -> int:
    """Where the statement begins: at the sentence, or up to two sentences earlier if it leans on them."""
    first = at
    while at - first < 2 and first > 0 and _LEANS.match(article.text, sentences[first].start):
        before = sentences[first - 1]
        if before.kind != sentences[at].kind or sentences[at].end - before.start > 600:
            break
        if reads_as_order(article.text[before.start : before.end]):
            break
        first -= 1
    return sentences[first].start


def _unscored(article: Article, passage: str, sentence: Sentence, start: int) -> Evidence:
    quote = article.text[start : sentence.end]
    return Evidence(
        number=0,
        article=article.id,
        passage=passage,
        title=article.title,
        date=article.date,
        page=article.page_of(start),
        start=start,
        end=sentence.end,
        quote=quote,
        kind=sentence.kind,
        carriers=(article.id,),
        similarity=0.0,
        coverage=0.0,
        vector=np.zeros(0, dtype=np.float32),
        words=frozenset(content_words(quote)),
    )


def _fold_copies(ranked: Sequence[Evidence]) -> list[Evidence]:
    """Near-copies become one statement that names all its carriers; the best-ranked wording stays."""
    kept: list[Evidence] = []
    for item in ranked:
        for place, other in enumerate(kept):
            if other.article == item.article and other.start < item.end and item.start < other.end:
                break  # a part of what is there already
            if is_copy(item, other):
                carriers = tuple(dict.fromkeys((*other.carriers, item.article)))
                kept[place] = replace(other, carriers=carriers)
                break
        else:
            kept.append(item)
    return kept


def is_copy(a: Evidence, b: Evidence) -> bool:
    """Whether two statements are the same words, lightly edited: no number and no name apart."""
    if not a.words or not b.words:
        return a.quote == b.quote
    if len(a.words & b.words) / len(a.words | b.words) < _COPY:
        return False
    days = find_days(a.quote, a.date), find_days(b.quote, b.date)
    if all(days) and not any(one.same(other) for one in days[0] for other in days[1]):
        return False
    one, two = find_numbers(a.quote), find_numbers(b.quote)
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    return all(number.stands_in(long) for number in short)


def _missing_names(question: str, hits: Sequence[Hit], articles: Articles) -> tuple[tuple[str, ...], int]:
    """(names of the question that stand nowhere in the articles found or their sources, how many it names)."""
    found = [articles.article(id) for id in dict.fromkeys(hit.passage.article for hit in hits)]
    about = [f"{article.title}\n{article.source or ''}\n{article.url or ''}" for article in found]
    text = "\n".join([*about, *(article.text for article in found)])
    names = [name for name in find_names(question, question=True) if name.lower() not in CALENDAR_WORDS]
    missing = [name for name in names if not name_stands_in(name, text, loosely=True)]
    return tuple(name for name in missing if not resembles_word_in(name, text)), len(names)
