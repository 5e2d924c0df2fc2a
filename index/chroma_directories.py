"""The vectors in directories of Chroma's, in this process, under the rows that they have in the catalog.

A directory of Chroma is written once, by `build`, and never changed after the catalog names it. A reader of a
persistent Chroma keeps what it has read, replays and purges the log of the writer beside it, and may read files
that are being replaced (chromadb 1.5.9, rust/segment/src/local_hnsw.rs); and a writer that is killed while it
saves its graph leaves a torn one. Directories that nobody changes have none of these troubles.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.datadir import disk_errors, forbidden, full, may_write, nearly_full, remove_tree, settle_tree
from index.errors import StorageError
from index.vectors import batches

_COLLECTION = "passages"
_BATCH = 2000  # records; Chroma takes at most 5,461 at once
_SAVED, _SAVES = 200, 20  # new rows after which the graph is saved; and how often it is while a large one is built
_OPENING = threading.Lock()  # Chroma shares its clients through a dict of the process, without a lock
_CLOSING = 30.0  # seconds
_NEARLY_FULL = 32 * 2**20  # bytes free
_WAITING = 2_000  # passages for which Chroma is not written anew, nor for
_SHARE = 50  # one in so many of all
_OPENED = 50_000  # passages, whose Chroma directory is opened in a tenth of a second

Row = tuple[int, NDArray[np.float32]]
"""A passage's row in the catalog, and its vector."""


class VectorDirectory:
    """One Chroma directory, opened for reading. Thread-safe. Raises StorageError if it cannot be read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        with _chroma_errors(directory):
            if not (directory / "chroma.sqlite3").is_file():
                raise _damaged(directory)  # Chroma would make an empty one
            self._client = _client(directory)
            try:
                self._collection = self._client.get_collection(_COLLECTION, embedding_function=None)
            except BaseException:
                self.close()
                raise

    def nearest(self, vector: Sequence[float], limit: int) -> list[int]:
        """The rows of the `limit` passages nearest to `vector` by cosine, best first."""
        with self._lock, _chroma_errors(self.directory):
            found = self._collection.query(query_embeddings=[list(vector)], n_results=limit, include=[])
        return [int(id) for id in found["ids"][0]]

    def rows(self, vector: Sequence[float]) -> tuple[list[int], list[int]]:
        """See `Vectors`."""
        with self._lock, _chroma_errors(self.directory):
            listed = self._collection.get(include=[])["ids"]
        # who asks for all is led along every way that there is
        return [int(id) for id in listed], self.nearest(vector, max(1, len(listed)))

    def close(self) -> None:
        with self._lock, _OPENING:
            self._client.close()


class ChromaDirectories:
    """See `VectorStore`: directories beside the catalog, each written once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: VectorDirectory | None = None

    def of(self, catalog: Catalog) -> VectorDirectory | None:
        """None also where the disk is read-only."""
        wanted = _named_by(catalog)
        if wanted is not None and not _openable(wanted):
            wanted = None
        with self._lock:
            if self._open is not None and self._open.directory != wanted:
                self._open.close()
                self._open = None
            if self._open is None and wanted is not None:
                self._open = VectorDirectory(wanted)
            return self._open

    def write(self, catalog: Catalog, *, looked_through: bool = False) -> None:
        """Writes a new directory, which the catalog then names.

        To open a large one takes a second: where it is not to be `looked_through`, it is only seen that the files are
        there.

        Not for a few passages: their vectors are read from the catalog meanwhile, and a Chroma directory is large.
        Sweeps directories that nobody reads any more. The one before stays until the next time: a reader that has just
        looked up its name may be about to open it.
        """
        home = _home_of(catalog)
        base = before = _named_by(catalog)
        total = catalog.size()
        looked_through = looked_through or total <= _OPENED
        there = base is not None and (_readable(base, catalog) if looked_through and total else _is_whole(base))
        if catalog.vectors and not (total and there):
            catalog.use_vectors("", told=0)
            base = None
        dead, waiting = catalog.dead(), catalog.waiting()
        if total and (base is None or len(dead) + waiting > max(_WAITING, total // _SHARE)):
            target = home / f"vectors-{catalog.generation + 1}"
            remove_tree(target)  # of a run that was interrupted here
            # Deleted vectors stay in Chroma's graph as dead ends: with many of them it is built anew.
            whole = base is None or 4 * len(dead) > total
            rows = catalog.vectors_after(0 if whole else catalog.vectors_to)
            build(target, rows, base=None if whole else base, dead=[] if whole else dead, total=total)
            catalog.use_vectors(target.name, told=catalog.last_row())
        else:
            before = None
        for directory in home.glob("vectors-*"):
            if directory not in (_named_by(catalog), before):
                remove_tree(directory)

    def forget(self, catalog: Catalog) -> None:
        """They go with the catalog's own directory."""

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None


def _home_of(catalog: Catalog) -> Path:
    assert catalog.directory is not None, "a catalog on a server has its vectors on one too"
    return catalog.directory


def _named_by(catalog: Catalog) -> Path | None:
    return _home_of(catalog) / catalog.vectors if catalog.vectors and not catalog.collection else None


def _readable(directory: Path, catalog: Catalog) -> bool:
    _, example = next(catalog.vectors_after(0))
    try:
        with closing(VectorDirectory(directory)) as vectors:
            return bool(vectors.nearest(example.tolist(), 1))
    except StorageError:
        return False


def _openable(directory: Path) -> bool:
    """False where Chroma may not write, which it does to whatever it opens (and says so, if there is nothing)."""
    return all(may_write(path) for path in (directory, directory / "chroma.sqlite3") if path.exists())


def _is_whole(directory: Path) -> bool:
    """Whether the files that Chroma writes are there, by their names and the first words of its catalog."""
    try:
        with (directory / "chroma.sqlite3").open("rb") as file:
            begins = file.read(16)
    except OSError:
        return False
    return begins == b"SQLite format 3\0" and any(directory.glob("*/data_level0.bin"))


def build(directory: Path, rows: Iterable[Row], *, base: Path | None, dead: Collection[int], total: int) -> None:
    """Writes a new Chroma directory: `base` without the `dead` rows, and with `rows`.

    Raises StorageError, also if it does not hold `total` of them in the end. Nothing is left of it then.
    """
    try:
        with _chroma_errors(directory):
            if base is None:
                directory.mkdir()
            else:
                _copy(base, directory)
            _update(directory, rows, dead, total)
            settle_tree(directory)  # Chroma leaves to the system when its graph is on the disk
    except BaseException:
        remove_tree(directory)
        raise


def _update(directory: Path, rows: Iterable[Row], dead: Collection[int], total: int) -> None:
    # Chroma saves its whole graph each time that so many rows are new, and makes the rest anew whenever it is opened
    large = total > _SAVED * _SAVES
    if large:
        _save_after(directory, total // _SAVES)
    with _opened(directory) as collection:
        for gone in batches(dead, _BATCH):
            _patiently(collection.delete, ids=[str(row) for row in gone])
        for batch in batches(rows, _BATCH):
            embeddings = np.array([vector for _, vector in batch])
            _patiently(collection.add, ids=[str(row) for row, _ in batch], embeddings=embeddings)
        held, example = collection.count(), collection.peek(1)["embeddings"]
    if held != total:
        raise StorageError(f"Chroma holds {held} passages and should hold {total}: run `dateline index FOLDER` again.")
    if large:
        _save_after(directory, _SAVED)
        with _opened(directory) as collection:
            collection.query(query_embeddings=example, n_results=1, include=[])  # by which the rest is saved


def _save_after(directory: Path, rows: int) -> None:
    """Changes after how many new rows Chroma saves its graph; counts from when it is opened next."""
    with _opened(directory) as collection, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # chromadb's own, of how it wrote that there is no embedder
        _patiently(collection.modify, configuration={"hnsw": {"sync_threshold": rows}})


def _patiently(change: Callable[..., object], **given: Any) -> None:
    """A client of Chroma's that was closed goes on for a moment, and has its database locked meanwhile."""
    from chromadb.errors import InternalError

    end = time.monotonic() + _CLOSING
    while True:
        try:
            change(**given)
            return
        except InternalError as error:
            if "database is locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(0.05)


@contextmanager
def _opened(directory: Path) -> Iterator[Any]:
    client = _client(directory)
    try:
        # without an embedding function of ours, Chroma would fetch one of its own
        yield client.get_or_create_collection(
            _COLLECTION, configuration={"hnsw": {"space": "cosine", "sync_threshold": _SAVED}}, embedding_function=None
        )
    finally:
        with _OPENING:
            client.close()


def _copy(base: Path, directory: Path) -> None:
    shutil.copytree(base, directory, ignore=shutil.ignore_patterns("chroma.sqlite3*"))
    with (
        closing(sqlite3.connect(base / "chroma.sqlite3")) as old,
        closing(sqlite3.connect(directory / "chroma.sqlite3")) as new,
    ):
        old.backup(new)  # consistent even if a reader of `base` touches the file


def _client(directory: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    with _OPENING:
        return chromadb.PersistentClient(path=str(directory), settings=Settings(anonymized_telemetry=False))


def _damaged(directory: Path) -> StorageError:
    return StorageError(
        f"The vectors in {directory} are missing or damaged: run `dateline index FOLDER`, which writes them again."
    )


@contextmanager
def _chroma_errors(directory: Path) -> Iterator[None]:
    from chromadb.errors import ChromaError

    data_dir = directory.parent.parent
    try:
        with disk_errors(data_dir):
            yield
    except (ChromaError, AttributeError) as error:  # AttributeError: a client that failed to start before
        # Chroma often keeps the reason to itself: "Failed to apply logs to the metadata segment".
        if "is full" in str(error) or nearly_full(data_dir, _NEARLY_FULL):
            raise full(data_dir) from error
        raise (forbidden(data_dir) if "readonly" in str(error) else _damaged(directory)) from error
