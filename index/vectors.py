"""What the index asks of the place where its vectors can be searched. All of them are in the catalog too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from index.catalog import Catalog

_T = TypeVar("_T")


class Vectors(Protocol):
    """The vectors that belong to one state of a catalog. Thread-safe."""

    def rows(self, vector: Sequence[float]) -> tuple[list[int], list[int] | None]:
        """The rows that it lists, and those to which its graph leads; None where that is not told.

        `vector` is any of them.
        """
        ...

    def nearest(self, vector: Sequence[float], limit: int) -> list[int]:
        """The rows of the `limit` passages nearest to `vector` by cosine, best first; the catalog may lack some."""
        ...


class VectorStore(Protocol):
    """Chroma, in directories beside the catalog or on a server. Thread-safe."""

    def of(self, catalog: Catalog) -> Vectors | None:
        """Those that belong to what `catalog` shows; None where there are none yet: then the catalog has them all."""
        ...

    def write(self, catalog: Catalog, *, looked_through: bool = False) -> None:
        """Brings them to what `catalog` holds, whatever a writer that was killed has left.

        What is damaged is written anew. Where to see that takes long, it is done only if they are to be
        `looked_through`.
        """
        ...

    def forget(self, catalog: Catalog) -> None:
        """Takes away those of a catalog that nobody will use any more."""
        ...

    def close(self) -> None:
        """Frees what is open. It can be used again."""
        ...


def batches(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """The items in their order, so many at once; fewer in the last."""
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch
