"""The catalogs of one corpus: which of them is in use, who may write, and a new one that is built beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from index.catalog import Catalog


class Writer(Protocol):
    """The one who may write. Every catalog that it hands out can be written to, and is to be closed."""

    def in_use(self) -> bool:
        """Whether there is one in use, if only a damaged one."""
        ...

    def current(self) -> Catalog | None:
        """The one in use; None if there is none."""
        ...

    def others(self) -> Iterator[Catalog]:
        """Those that are not in use and can be opened: of a rebuild that was interrupted, or replaced ones."""
        ...

    def create(self, *, folder: str, embedder: str, fingerprint: str, generation: int) -> Catalog:
        """A new, empty one, which is not in use yet."""
        ...

    def publish(self, catalog: Catalog) -> None:
        """Makes it the one in use. Readers see the old one or the new one, never neither."""
        ...

    def remove_all(self, forget: Callable[[Catalog], None]) -> None:
        """Removes them all, told as in `sweep`; those below a data directory go with it."""
        ...

    def sweep(self, forget: Callable[[Catalog], None]) -> None:
        """Removes those that are not in use; of each `forget` is told before, if it can be opened."""
        ...


class Catalogs(Protocol):
    """Below a data directory, or in PostgreSQL. Creates nothing until it is written to. Thread-safe.

    Every method may raise StorageError and IndexVersionMismatch, and so may whatever is done with a catalog within.
    """

    def reading(self) -> AbstractContextManager[Catalog | None]:
        """The one in use, as it is now; None if there is none."""
        ...

    def writing(self) -> AbstractContextManager[Writer]:
        """Keeps all other writers out. Raises IndexBusy at once, naming the writer, if there is one."""
        ...

    def close(self) -> None:
        """Frees what is open. It can be used again."""
        ...
