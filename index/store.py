"""The index of a folder of articles: the one door to everything in this package."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from index.catalog import Catalog
from index.catalogs import Writer
from index.datadir import UPLOADS, DataDir, disk_errors
from index.decode import storable
from index.embed import TextEmbedder
from index.errors import (
    AnotherFolder,
    ArticleMissing,
    CatalogUnavailable,
    CorpusError,
    EmbedderMismatch,
    FolderMissing,
    IndexMissing,
    IndexVersionMismatch,
    StorageError,
    VectorsUnavailable,
)
from index.listing import listed
from index.opening import catalogs_in, vectors_in
from index.places import Places
from index.records import Counts, Narrow, day_number
from index.search import Mode, Statistics, search
from index.terms import spelled
from index.types import Article, Hit, Listed, Sentence, Skipped, SyncReport

if TYPE_CHECKING:
    from index.sync import Progress

__all__ = ["ArticleIndex", "Counts", "Mode"]

_T = TypeVar("_T")

_FEW = 100_000  # passages: reading so many vectors takes as long as loading Chroma does


class ArticleIndex:
    """Articles of one folder, indexed below `data_dir` or in `places`, to be searched by words and by meaning.

    Any number of readers work beside one writer, in this process or others, and take no lock: each call sees
    the last committed state. Safe to use from several threads. Opening it does no work and creates nothing.
    Every method may raise StorageError (disk full, no permission, damaged; a server that fails is CatalogUnavailable
    or VectorsUnavailable) and IndexVersionMismatch; every reading method but `generation` raises IndexMissing if
    nothing is indexed yet.
    """

    def __init__(
        self, data_dir: Path, embedder: TextEmbedder, places: Places | None = None, *, once: bool = False
    ) -> None:
        """`once`: it will be searched once; then vectors beside the catalog are read from it, unless they are many."""
        self.places = places or Places()
        self._dir = DataDir(data_dir)
        self._embedder = embedder
        self._catalogs, self._vectors = catalogs_in(self.places, self._dir), vectors_in(self.places)
        self._from_catalog = _FEW if once and not self.places.chroma_url else 0
        self._statistics: Statistics | None = None
        self._lock = threading.Lock()

    @property
    def data_dir(self) -> Path:
        return self._dir.root

    def __enter__(self) -> ArticleIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees what is open. The index can be used again."""
        self._vectors.close()
        self._catalogs.close()

    # writing

    def sync(
        self, folder: Path, *, replace: bool = False, shrink: bool = False, progress: Progress | None = None
    ) -> SyncReport:
        """Makes the index equal to `folder` and the uploads, and reports what that took.

        A file whose bytes are unchanged is not read again, an article that is unchanged is not embedded again.
        May be interrupted at any moment; the next call goes on from there. `progress(done, total, what)` counts
        files. The files that were uploaded are read where they lie, like the folder's: one that the index lost
        is taken in again, one that is gone from there is forgotten; none is written, renamed or deleted. `replace`
        builds a new index, for another folder, embedder or format, and only when that is complete takes the old
        one away. `shrink` lets more than half of the folder's articles go, which may also mean a disk that is not
        mounted.

        Raises FolderShrunk, CorpusError, AnotherFolder, EmbedderMismatch, IndexBusy, EmbedderError.
        """
        from index.sync import sync_folder  # all that reads files: who only asks goes without

        folder = Path(folder).expanduser()
        if not folder.is_dir():
            what = "is not a folder" if folder.exists() else "does not exist"
            raise FolderMissing(f"{folder} {what}: name the folder with your articles, `dateline index FOLDER`.")
        folder = folder.resolve()
        if storable(str(folder)) != str(folder):
            raise CorpusError(
                f"The name of the folder {folder} is not valid UTF-8, which no database takes: rename it, then run "
                "`dateline index FOLDER`."
            )
        with self._catalogs.writing() as writer, disk_errors(self._dir.root):
            with closing(self._catalog_to_write(writer, folder, replace)) as catalog:
                report = sync_folder(
                    catalog,
                    folder,
                    self._embedder,
                    self._vectors,
                    data_dir=self._dir.root.resolve(),
                    uploads={f"{UPLOADS}{path.name}": path for path in self._dir.uploaded()},
                    shrink=shrink,
                    progress=progress,
                )
                writer.publish(catalog)
            writer.sweep(self._vectors.forget)
        return report

    def add(self, files: Mapping[str, Path], *, progress: Progress | None = None) -> SyncReport:
        """Takes a copy of each file, under its name here, and indexes it as "uploads/NAME", beside the folder's.

        Another file of that name stays: the new one gets a number. A file in which no article can be read is not
        kept, and is reported as skipped. `progress` as in `sync`; what it raises ends the work, and what was taken
        in by then stays. Raises IndexMissing, EmbedderMismatch, IndexBusy, EmbedderError.
        """
        from index.sync import sync_uploads

        with (
            self._catalogs.writing() as writer,
            disk_errors(self._dir.root),
            closing(_catalog_in_use(writer)) as catalog,
        ):
            self._check_embedder(catalog)
            kept: dict[str, Path] = {}
            try:
                for path in map(self._dir.keep_upload, files, files.values()):
                    kept[f"{UPLOADS}{path.name}"] = path
                return sync_uploads(catalog, kept, self._embedder, self._vectors, progress=progress)
            finally:
                for relative, path in kept.items():
                    if not catalog.digests(relative):
                        path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Takes away all that is on servers; the data directory stays. Raises IndexBusy."""
        with self._catalogs.writing() as writer:
            writer.remove_all(self._vectors.forget)

    def remove(self, article: str) -> int:
        """Takes an uploaded file out, by one of its articles: how many articles went.

        Raises ArticleMissing, IndexBusy, and CorpusError for an article of the folder, which is not ours to delete.
        """
        with (
            self._catalogs.writing() as writer,
            disk_errors(self._dir.root),
            closing(_catalog_in_use(writer)) as catalog,
        ):
            file = catalog.file_of(article)
            if file is None:
                raise _missing(article)
            if not file.startswith(UPLOADS):
                folder = catalog.meta("folder")
                raise CorpusError(
                    f"'{file}' is a file of {folder}: take it out of there, then run `dateline index "
                    f"{shlex.quote(folder)}`."
                )
            count = len(catalog.digests(file))
            # the file first: a catalog without it would have it back at the next sync
            self._dir.drop_upload(file.removeprefix(UPLOADS))
            catalog.forget_file(file)
            catalog.note_skipped([each for each in catalog.skipped() if each.path.split("#")[0] != file])
            self._vectors.write(catalog)
        return count

    def _catalog_to_write(self, writer: Writer, folder: Path, replace: bool) -> Catalog:
        if replace and writer.in_use():
            return self._catalog_beside(writer, folder)
        catalog = writer.current()
        if catalog is None:
            new = self._new_catalog(writer, folder, generation=0)
            writer.publish(new)  # nothing to lose: what is indexed can be searched from now on
            return new
        try:
            self._check_folder(catalog, folder)
            self._check_embedder(catalog)
        except BaseException:
            catalog.close()
            raise
        return catalog

    def _catalog_beside(self, writer: Writer, folder: Path) -> Catalog:
        """The catalog that is to replace the one in use: one begun by an interrupted run, or a new one."""
        generation = self._generation_in_use()
        for begun in writer.others():
            wanted = begun.meta("folder") == str(folder) and begun.meta("fingerprint") == self._embedder.fingerprint
            # A replaced index that could not be removed has had its day: only a later one is being built.
            if wanted and begun.generation > generation:
                return begun
            begun.close()
        return self._new_catalog(writer, folder, generation=generation + 1)

    def _new_catalog(self, writer: Writer, folder: Path, *, generation: int) -> Catalog:
        return writer.create(
            folder=str(folder),
            embedder=self._embedder.name,
            fingerprint=self._embedder.fingerprint,
            generation=generation,
        )

    def _generation_in_use(self) -> int:
        try:
            return self.generation()
        except (StorageError, IndexVersionMismatch):
            return 0

    def _check_folder(self, catalog: Catalog, folder: Path) -> None:
        indexed = catalog.meta("folder")
        if indexed != str(folder):
            raise AnotherFolder(
                f"{self._dir.root} holds the articles of {indexed}. To index {folder} in their place, "
                f"run `dateline index {shlex.quote(str(folder))} --replace`; to keep both, choose another --data-dir."
            )

    def _check_embedder(self, catalog: Catalog) -> None:
        if catalog.meta("fingerprint") != self._embedder.fingerprint:
            made_by, now = catalog.meta("embedder"), self._embedder.name
            what = f"another version of '{now}'" if made_by == now else f"'{made_by}', not by '{now}'"
            raise EmbedderMismatch(
                f"The vectors of this index were made by {what}, and cannot be compared: name that one with "
                "--embedder, or build it again with "
                f"`dateline index {shlex.quote(catalog.meta('folder'))} --replace`."
            )

    # reading

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        since: date | None = None,
        until: date | None = None,
        source: str = "",
        author: str = "",
        exclude: Collection[str] = (),
        undated: bool = False,
        mode: Mode = "fused",
        toward: tuple[date, date] | None = None,
        notes: list[str] | None = None,
    ) -> list[Hit]:
        """The `k` best passages, best first; fewer only where fewer pass the filters.

        `since` and `until` are inclusive, and let articles without a date pass only if `undated`. `source` and
        `author` are words that stand in the article's, whatever their case and diacritics. `exclude` is article ids.
        "fused" merges the ranks of BM25 and dense search (RRF); "bm25" finds only passages with a word of the query
        and calls no embedder. Ties are broken by article id and position. What was published from the first to the
        last day of `toward` comes higher, for "fused". Where a Chroma server fails, passages are found by words alone,
        and a sentence that says so is put into `notes`.

        Raises IndexMissing also if there is no article, EmbedderMismatch, EmbedderError.
        """

        def found(catalog: Catalog) -> list[Hit]:
            narrow = _narrow(catalog, since, until, source, author, exclude, undated)
            days = None
            if toward:
                first, last = max(filter(None, (since, toward[0]))), min(filter(None, (until, toward[1])))
                days = replace(narrow, since=day_number(first), until=day_number(last), undated=False)
            return self._search(catalog, query, k, narrow, mode, days, notes)

        return self._read(found)

    def _search(
        self,
        catalog: Catalog,
        query: str,
        k: int,
        narrow: Narrow,
        mode: Mode,
        toward: Narrow | None,
        notes: list[str] | None,
    ) -> list[Hit]:
        if catalog.is_empty():
            raise IndexMissing(
                "The index holds no article: put articles into the folder, then run "
                f"`dateline index {shlex.quote(catalog.meta('folder'))}`."
            )
        statistics, embed = self._statistics_of(catalog), self._embedder.get_query_embedding
        if mode != "bm25":
            self._check_embedder(catalog)
            vectors = None if statistics.passages <= self._from_catalog else self._vectors.of(catalog)
            try:
                return search(catalog, vectors, embed, query, k, narrow, mode, toward, statistics=statistics)
            except VectorsUnavailable as error:
                told = str(error)
                note = f"found by words alone, since {told[0].lower()}{told[1:].removesuffix('.')}"
                if notes is not None and note not in notes:
                    notes.append(note)
        return search(catalog, None, embed, query, k, narrow, "bm25", statistics=statistics)

    def article(self, id: str) -> Article:
        """The article with this id. Raises ArticleMissing."""
        article = self._read(lambda catalog: catalog.article(storable(id)))
        if article is None:
            raise _missing(id)
        return article

    def with_sentences(self, ids: Collection[str]) -> dict[str, tuple[Article, list[Sentence]]]:
        """The articles with these ids, each with its sentences in their order.

        One that is gone, be it since it was found, is left out.
        """

        def found(catalog: Catalog) -> dict[str, tuple[Article, list[Sentence]]]:
            known = ((id, catalog.article(id), catalog.sentences(id)) for id in ids)
            return {id: (article, sentences) for id, article, sentences in known if article}

        return self._read(found)

    def listed(
        self,
        query: str = "",
        *,
        since: date | None = None,
        until: date | None = None,
        source: str = "",
        author: str = "",
        exclude: Collection[str] = (),
        undated: bool = False,
        about: bool = False,
    ) -> list[Listed]:
        """The articles that have every word of `query`, without their text; see `index.listing.listed`.

        What narrows them as in `search`.
        """

        def found(catalog: Catalog) -> list[Listed]:
            narrow = _narrow(catalog, since, until, source, author, exclude, undated)
            return listed(catalog, storable(query), narrow, about=about)

        return self._read(found)

    def skipped(self) -> list[Skipped]:
        """What was skipped, and why: when the folder was last read, and of what was uploaded since."""

        def all_of(catalog: Catalog) -> list[Skipped]:
            uploads = [state for path, state in catalog.files().items() if path.startswith(UPLOADS)]
            return list(dict.fromkeys([*catalog.skipped(), *(each for state in uploads for each in state.skipped)]))

        return self._read(all_of)

    def sentences(self, article: str) -> list[Sentence]:
        """The sentences of an article, in their order; none for an article that is not in the index."""
        return self._read(lambda catalog: catalog.sentences(article))

    def sentences_in(self, passages: Collection[str]) -> dict[str, list[Sentence]]:
        """The sentences of each of these passages, by passage id, in their order."""
        return self._read(lambda catalog: catalog.sentences_in(passages))

    def words_known(self, words: Collection[str]) -> dict[str, int]:
        """In how many passages each word occurs: case, diacritics and English endings do not count.

        Several words in one string are a phrase.
        """

        def known(catalog: Catalog) -> dict[str, int]:
            statistics = self._statistics_of(catalog)
            return {word: statistics.frequency(catalog, word) for word in words}

        return self._read(known)

    def article_ids(self) -> list[str]:
        """The ids of all articles, sorted."""
        return self._read(Catalog.article_ids)

    def counts(self) -> Counts:
        """What the index holds."""
        return self._read(lambda catalog: self._statistics_of(catalog).counts(catalog))

    def read_at(self) -> datetime | None:
        """When the folder was last read to its end, in UTC; None if that was before it was noted."""
        return self._read(lambda catalog: catalog.read_at)

    def generation(self) -> int:
        """Grows with each commit; 0 before the first."""
        try:
            return self._read(lambda catalog: catalog.generation)
        except IndexMissing:
            return 0

    def _read(self, work: Callable[[Catalog], _T]) -> _T:
        try:
            return self._read_once(work)
        except (CatalogUnavailable, VectorsUnavailable):
            raise
        except StorageError:
            # What it read of may have been replaced just after its name was read.
            return self._read_once(work)

    def _read_once(self, work: Callable[[Catalog], _T]) -> _T:
        with disk_errors(self._dir.root), self._catalogs.reading() as catalog:
            if catalog is None:
                raise _nothing()
            return work(catalog)

    def _statistics_of(self, catalog: Catalog) -> Statistics:
        with self._lock:
            if self._statistics is None or self._statistics.generation != catalog.generation:
                self._statistics = Statistics(catalog)
            return self._statistics


def _narrow(
    catalog: Catalog,
    since: date | None,
    until: date | None,
    source: str,
    author: str,
    exclude: Collection[str],
    undated: bool,
) -> Narrow:
    names = {"source": spelled(storable(source)), "author": spelled(storable(author))}
    sources, authors = (catalog.named(kind, words) if words else None for kind, words in names.items())
    left_out = tuple(sorted(map(storable, exclude)))
    return Narrow(day_number(since) or None, day_number(until) or None, undated, sources, authors, left_out)


def _catalog_in_use(writer: Writer) -> Catalog:
    catalog = writer.current()
    if catalog is None:
        raise _nothing()
    return catalog


def _nothing() -> IndexMissing:
    return IndexMissing("Nothing is indexed yet: run `dateline index FOLDER` first.")


def _missing(id: str) -> ArticleMissing:
    return ArticleMissing(
        f"No article '{id}' is in the index: `dateline search QUERY` shows the ids of those that are."
    )
