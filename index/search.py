"""Query -> Hits: BM25 and dense search, fused by rank; and both again over the days that the question points at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.records import Narrow, Stored
from index.stopwords import STOPWORDS
from index.types import Hit
from index.vectors import Vectors

Mode = Literal["fused", "bm25", "dense"]

RRF_K = 60
"""Reciprocal rank fusion, score = sum of 1 / (60 + rank): Cormack, Clarke, Buettcher, SIGIR 2009."""

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
) -> list[Hit]:
    """The best `k` hits. `embed` is not called for "bm25", and `toward` counts for "fused" only.

    What passes `toward` is ranked by itself too, and those ranks are fused with the others: it comes higher, and
    nothing is hidden.

    `vectors` is the Chroma directory that the catalog names. Without it every vector is read from the catalog.
    """
    if k < 1:
        return []
    depth = max(50, 4 * k)
    match = match_expression(query)
    lexical = catalog.bm25(match, depth, narrow) if match and mode != "dense" else []
    if mode == "bm25":
        return _hits(catalog, match, catalog.stored(lexical), [lexical], None, k)
    vector = _unit(embed(query))
    rankings = list[list[int]]()
    for bounds in [narrow, toward] if toward and mode == "fused" else [narrow]:
        if bounds is not narrow and match:
            rankings.append(catalog.bm25(match, depth, bounds))
        dense = _nearest(catalog, vectors, vector, depth, bounds)
        rankings.append(_by_similarity(catalog.stored(dense), dense, vector)[:depth])
    stored = catalog.stored({*lexical, *(row for ranking in rankings for row in ranking)})
    return _hits(catalog, match, stored, [lexical, *rankings], vector, k)


def match_expression(query: str) -> str:
    """An FTS5 expression: any of the query's words. "" if it has none. No operator of the user's gets through.

    English stopwords and single letters are dropped, unless nothing else is left.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", query))
    telling = [word for place, word in enumerate(words) if _tells(word, first=place == 0, shouted=query.isupper())]
    distinct = dict.fromkeys(word.casefold() for word in telling or words)
    return " OR ".join(f'"{word}"' for word in list(distinct)[:_MAX_WORDS])


def _tells(word: str, *, first: bool, shouted: bool) -> bool:
    if len(word) == 1:
        return not word.isalpha()
    if word.casefold() not in STOPWORDS:
        return True
    # "the US", "in May", "WHO": a name, however common the word
    return not shouted and (word.isupper() or (word[0].isupper() and not first))


def phrase(text: str) -> str:
    """An FTS5 expression: these words, in this order. "" if there are none."""
    words = _WORD.findall(unicodedata.normalize("NFC", text).casefold())
    return f'"{" ".join(words)}"' if words else ""


def _nearest(
    catalog: Catalog, vectors: Vectors | None, vector: NDArray[np.float32], depth: int, narrow: Narrow
) -> list[int]:
    """Rows among which the `depth` nearest passages are: from Chroma, and those that it does not have yet."""
    rows, held = catalog.vectors_held(narrow, only_waiting=vectors is not None)
    if rows:
        nearest = np.argsort(-(held @ vector), kind="stable")[:depth]
        rows = [rows[place] for place in nearest]
    return rows + (_from_chroma(catalog, vectors, vector, depth, narrow) if vectors else [])


def _from_chroma(
    catalog: Catalog, vectors: Vectors, vector: NDArray[np.float32], depth: int, narrow: Narrow
) -> list[int]:
    limit = depth
    while True:
        ids = [id for id, _ in vectors.nearest(vector.tolist(), limit, narrow)]
        rows = catalog.rows_of(ids, narrow)  # what the catalog no longer has is no hit
        if len(rows) >= depth or len(ids) < limit:
            return rows
        limit *= 4


def _by_similarity(stored: dict[int, Stored], rows: list[int], vector: NDArray[np.float32]) -> list[int]:
    return sorted(rows, key=lambda row: (-_cosine(stored[row], vector), *_place(stored[row])))


def _hits(
    catalog: Catalog,
    match: str,
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
    marks = catalog.marks(match, best) if match else {}
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
