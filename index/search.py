"""Query -> Hits: BM25 and dense search, fused by rank; and both again over the days that the question points at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.records import Counts, Narrow, Stored
from index.stopwords import STOPWORDS
from index.terms import small
from index.types import Hit
from index.vectors import Vectors

Mode = Literal["fused", "bm25", "dense"]

RRF_K = 10
"""Reciprocal rank fusion, score = sum of 1 / (10 + rank): Cormack, Clarke, Buettcher, SIGIR 2009, who take 60. Of lists
that find unlike things the first places should count for more (evals/RESULTS.md, "A static embedding")."""

_READ = 3  # vectors of the catalog, which are compared in the time that Chroma takes for one more result
_COUNTED = 50_000  # passages that pass: more are not counted
_WEIGHED = 10_000  # passages that BM25 weighs for one query, about
_COMMON = 4  # a word in one of so many passages is left out of that: its weight is near nothing, its postings are many
_MAX_WORDS = 100  # of a query; FTS5 limits the depth of an expression
_WORD = re.compile(r"[^\W_]+")


def search(
    catalog: Catalog,
    vectors: Vectors | None,
    embed: Callable[[str], Sequence[float]],
    query: str,
    k: int,
    narrow: Narrow,
    mode: Mode = "fused",
    toward: Narrow | None = None,
    *,
    statistics: Statistics,
) -> list[Hit]:
    """The best `k` hits. `embed` is not called for "bm25", and `toward` counts for "fused" only.

    What passes `toward` is ranked by itself too, and those ranks are fused with the others: it comes higher, and
    nothing is hidden.

    `vectors` are those that belong to the catalog. Without them every vector is read from it.
    Raises VectorsUnavailable.
    """
    if k < 1:
        return []
    depth = max(50, 4 * k)
    words = telling_words(query)
    finding, others = _finding(words, catalog, statistics)
    lexical = catalog.bm25(finding, others, depth, narrow) if words and mode != "dense" else []
    if mode == "bm25":
        return _hits(catalog, words, catalog.stored(lexical), [lexical], None, k)
    vector = _unit(embed(query))
    rankings = list[list[int]]()
    for bounds in [narrow, toward] if toward and mode == "fused" else [narrow]:
        if bounds is not narrow and words:
            rankings.append(catalog.bm25(finding, others, depth, bounds))
        dense = _nearest(catalog, vectors, vector, depth, bounds, statistics.passages)
        rankings.append(_by_similarity(catalog.stored(dense), dense, vector)[:depth])
    stored = catalog.stored({*lexical, *(row for ranking in rankings for row in ranking)})
    return _hits(catalog, words, stored, [lexical, *rankings], vector, k)


class Statistics:
    """What a state of the catalog holds, and how many of its passages have a word: counted once, then known."""

    def __init__(self, catalog: Catalog) -> None:
        self.generation = catalog.generation
        self.passages = catalog.size()
        self._known: dict[str, int] = {}
        self._counts: Counts | None = None

    def counts(self, catalog: Catalog) -> Counts:
        """As `Catalog.counts`."""
        if self._counts is None:
            self._counts = catalog.counts()
        return replace(self._counts, read_at=catalog.read_at)  # which is noted without a new state

    def frequency(self, catalog: Catalog, words: str) -> int:
        """In how many passages these words stand together, as a phrase."""
        known = self._known.get(words)
        if known is None:
            phrase = words_of(words)
            known = self._known[words] = catalog.matching(phrase) if phrase else 0
        return known


def telling_words(query: str) -> list[str]:
    """The query's words, each once, without case.

    English stopwords and single letters are dropped, unless nothing else is left.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", query))  # with their case, which tells names
    telling = [word for place, word in enumerate(words) if _tells(word, first=place == 0, shouted=query.isupper())]
    return list(dict.fromkeys(map(small, telling or words)))[:_MAX_WORDS]


def _finding(words: Sequence[str], catalog: Catalog, statistics: Statistics) -> tuple[list[str], list[str]]:
    """The words by which passages are found, and those that only weigh in what was found.

    BM25 weighs every passage that has a word, which takes long where a common word is in a hundred thousand. So the
    rarest are taken that are in not too many passages together, and at least one that is in any; and the commonest are
    not even weighed.
    """
    if statistics.passages <= _WEIGHED:
        return [*words], []
    rarest = sorted(words, key=lambda word: statistics.frequency(catalog, word))
    taken, total = 0, 0
    for word in rarest:
        total += statistics.frequency(catalog, word)
        if taken and total > _WEIGHED and total > statistics.frequency(catalog, word):
            break
        taken += 1
    common = statistics.passages // _COMMON
    return rarest[:taken], [word for word in rarest[taken:] if statistics.frequency(catalog, word) <= common]


def _tells(word: str, *, first: bool, shouted: bool) -> bool:
    if len(word) == 1:
        return not word.isalpha()
    if word.casefold() not in STOPWORDS:
        return True
    # "the US", "in May", "WHO": a name, however common the word
    return not shouted and (word.isupper() or (word[0].isupper() and not first))


def words_of(text: str) -> list[str]:
    """All words of the text, without case, as the words of a phrase are looked for."""
    return [small(word) for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def _nearest(
    catalog: Catalog, vectors: Vectors | None, vector: NDArray[np.float32], depth: int, narrow: Narrow, total: int
) -> list[int]:
    """Rows among which the `depth` nearest passages are: from Chroma, and those that it does not have yet.

    Where few passages pass, all of them are compared: most of what Chroma finds would not pass.
    """
    limit, passing = depth, total
    if narrow.narrows:  # so many results that enough of them pass, most likely
        passing = catalog.passing_count(narrow, _COUNTED) if narrow.selects else total
        limit *= 2 * total // max(passing, 1) if passing < _COUNTED else 4
    if vectors is None or (narrow.narrows and passing <= _READ * limit):
        found = []
        rows, held = catalog.vectors_held(narrow)
    else:
        found = _from_chroma(catalog, vectors, vector, depth, narrow, limit)
        rows, held = catalog.vectors_held(narrow, after=catalog.vectors_to)
    if rows:
        nearest = np.argsort(-(held @ vector), kind="stable")[:depth]
        found += [rows[place] for place in nearest]
    return list(dict.fromkeys(found))  # a writer may have told Chroma of some that are behind its mark


def _from_chroma(
    catalog: Catalog, vectors: Vectors, vector: NDArray[np.float32], depth: int, narrow: Narrow, limit: int
) -> list[int]:
    while True:
        nearest = vectors.nearest(vector.tolist(), limit)
        passing = catalog.passing(nearest, narrow)
        if len(passing) >= depth or len(nearest) < limit:
            return [row for row in nearest if row in passing][:depth]
        limit *= 4


def _by_similarity(stored: dict[int, Stored], rows: list[int], vector: NDArray[np.float32]) -> list[int]:
    return sorted(rows, key=lambda row: (-_cosine(stored[row], vector), *_place(stored[row])))


def _hits(
    catalog: Catalog,
    words: Sequence[str],
    stored: dict[int, Stored],
    rankings: Sequence[list[int]],
    vector: NDArray[np.float32] | None,
    k: int,
) -> list[Hit]:
    """Fuses the rankings, of which the first is that of BM25 over everything."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF_K + rank)
    best = sorted(scores, key=lambda row: (-scores[row], *_place(stored[row])))[:k]
    ranks = {row: rank for rank, row in enumerate(rankings[0], 1)}
    marks = catalog.marks(words, best) if words else {}
    return [
        Hit(
            passage=stored[row].passage,
            score=scores[row],
            bm25_rank=ranks.get(row),
            similarity=None if vector is None else _cosine(stored[row], vector),
            marks=marks.get(row, ()),
        )
        for row in best
    ]


def _place(stored: Stored) -> tuple[str, int]:
    # not the row: it depends on the order in which articles came in
    return stored.passage.article, stored.passage.start


def _cosine(stored: Stored, vector: NDArray[np.float32]) -> float:
    return float(stored.vector @ vector)


def _unit(vector: Sequence[float]) -> NDArray[np.float32]:
    from index.embed import unit

    return unit(np.asarray(vector, dtype=np.float32))
