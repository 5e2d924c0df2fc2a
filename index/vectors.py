"""The vectors in Chroma: written through LlamaIndex's ChromaVectorStore, in its form, and asked for without it.

A directory of Chroma is written once, by `build`, and never changed after the catalog names it. A reader of a
persistent Chroma keeps what it has read, replays and purges the log of the writer beside it, and may read files
that are being replaced (chromadb 1.5.9, rust/segment/src/local_hnsw.rs); and a writer that is killed while it
saves its graph leaves a torn one. Directories that nobody changes have none of these troubles.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from index.datadir import disk_errors, forbidden, full, may_write, nearly_full, remove_tree
from index.errors import StorageError
from index.records import Narrow, Stored, day_number

if TYPE_CHECKING:
    from llama_index.vector_stores.chroma import ChromaVectorStore

_COLLECTION = "passages"
_BATCH = 2000  # records; Chroma takes at most 5,461 at once
_HNSW = {"space": "cosine", "sync_threshold": 200}
_OPENING = threading.Lock()  # Chroma shares its clients through a dict of the process, without a lock
_NEARLY_FULL = 32 * 2**20  # bytes free

_T = TypeVar("_T")


class Vectors:
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

    def nearest(self, vector: Sequence[float], limit: int, narrow: Narrow) -> list[tuple[str, float]]:
        """(passage id, cosine) of the passages nearest to `vector`, best first."""
        with self._lock, _chroma_errors(self.directory):
            found = self._collection.query(
                query_embeddings=[list(vector)], n_results=limit, where=_where(narrow), include=["distances"]
            )
        return [(id, 1.0 - distance) for id, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def close(self) -> None:
        with self._lock, _OPENING:
            self._client.close()


def openable(directory: Path) -> bool:
    """False where Chroma may not write, which it does to whatever it opens (and says so, if there is nothing)."""
    return all(may_write(path) for path in (directory, directory / "chroma.sqlite3") if path.exists())


def build(directory: Path, passages: Iterable[Stored], *, base: Path | None, dead: Collection[str], total: int) -> None:
    """Writes a new Chroma directory: `base` without the `dead` passages, and with `passages`.

    Raises StorageError, also if it does not hold `total` passages in the end. Nothing is left of it then.
    """
    try:
        with _chroma_errors(directory):
            if base is None:
                directory.mkdir()
            else:
                _copy(base, directory)
            client = _client(directory)
            try:
                _update(client, passages, dead, total)
            finally:
                with _OPENING:
                    client.close()
    except BaseException:
        remove_tree(directory)
        raise


def _update(client: Any, passages: Iterable[Stored], dead: Collection[str], total: int) -> None:
    collection = client.get_or_create_collection(
        _COLLECTION,
        configuration={"hnsw": _HNSW},
        embedding_function=None,  # else Chroma would fetch one of its own
    )
    store = _store(collection)
    for ids in _batches(dead):
        collection.delete(ids=list(ids))
    for batch in _batches(passages):
        store.add([_node(stored) for stored in batch])
    if collection.count() != total:
        raise StorageError(
            f"Chroma holds {collection.count()} passages and should hold {total}: run `dateline index FOLDER` again."
        )


def _copy(base: Path, directory: Path) -> None:
    shutil.copytree(base, directory, ignore=shutil.ignore_patterns("chroma.sqlite3*"))
    with (
        closing(sqlite3.connect(base / "chroma.sqlite3")) as old,
        closing(sqlite3.connect(directory / "chroma.sqlite3")) as new,
    ):
        old.backup(new)  # consistent even if a reader of `base` touches the file


def _node(stored: Stored) -> Any:
    from llama_index.core.schema import TextNode

    passage = stored.passage
    return TextNode(
        id_=passage.id,
        text=passage.text,
        embedding=stored.vector.tolist(),
        metadata={"article": passage.article, "day": day_number(passage.date), "kind": passage.kind},
        start_char_idx=passage.start,
        end_char_idx=passage.end,
    )


def _where(narrow: Narrow) -> dict[str, Any] | None:
    """Chroma's form of `Narrow.sql`: one operator at the top."""
    bounds: list[dict[str, Any]] = []
    if narrow.since is not None:
        bounds.append({"day": {"$gte": narrow.since}})
    if narrow.until is not None:
        bounds += [{"day": {"$gte": 1}}, {"day": {"$lte": narrow.until}}]
    if bounds and narrow.undated:
        bounds = [{"$or": [{"day": {"$eq": 0}}, _all(bounds)]}]
    if narrow.exclude:
        bounds.append({"article": {"$nin": list(narrow.exclude)}})
    return _all(bounds) if bounds else None


def _all(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def _client(directory: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    with _OPENING:
        return chromadb.PersistentClient(path=str(directory), settings=Settings(anonymized_telemetry=False))


def _store(collection: Any) -> ChromaVectorStore:
    from llama_index.vector_stores.chroma import ChromaVectorStore

    return ChromaVectorStore(chroma_collection=collection)


def _batches(items: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    iterator = iter(items)
    while batch := tuple(islice(iterator, _BATCH)):
        yield batch


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
