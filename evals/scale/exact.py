"""What a search would find that looks at every vector: the mark for one that looks at some."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.datadir import DataDir
from index.records import Narrow
from index.search import RRF_K, telling_words
from index.sqlite import SqliteCatalog
from index.store import ArticleIndex
from index.types import Passage

DEPTH = 50  # hits of each kind that are fused, as in index.search


class ExactSearch:
    """BM25 by all words and the cosine of every vector in the catalog, fused by rank as `index.search` does."""

    def __init__(self, articles: ArticleIndex) -> None:
        """Reads all vectors into memory. Raises StorageError, IndexVersionMismatch."""
        directory = DataDir(articles.data_dir).current()
        assert directory is not None
        self._catalog = SqliteCatalog.open(directory)
        self._rows, self._vectors = self._catalog.vectors_held(Narrow())

    def close(self) -> None:
        self._catalog.close()

    def nearest(self, query: str, vector: NDArray[np.float32], k: int = 10) -> list[Passage]:
        """The `k` best passages; `vector` is the query's, of unit length."""
        depth = max(DEPTH, 4 * k)
        nearest = np.argsort(-(self._vectors @ vector), kind="stable")[:depth]
        words = telling_words(query)
        lexical = self._catalog.bm25(words, [], depth, Narrow()) if words else []
        scores = dict[int, float]()
        for ranking in (lexical, [self._rows[at] for at in nearest]):
            for rank, row in enumerate(ranking, 1):
                scores[row] = scores.get(row, 0.0) + 1 / (RRF_K + rank)
        best = sorted(scores, key=lambda row: -scores[row])[:k]
        stored = self._catalog.stored(best)
        return [stored[row].passage for row in best]


def found(passages: Sequence[Passage], article: str, sentence: str) -> bool:
    """Whether one of the passages is of that article and has the sentence."""
    return any(each.article == article and sentence in " ".join(each.text.split()) for each in passages)
