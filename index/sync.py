"""Makes an index equal to a folder: new files in, changed ones anew, vanished ones out.

Files are read and split ahead by other processes, if there are many. Groups of passages are embedded and then written
with their vectors in one transaction, so that whatever ends the process costs at most the group in hand. Chroma comes
last.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import reading
from index.catalog import Catalog
from index.datadir import UPLOADS
from index.embed import TextEmbedder, unit
from index.errors import FolderShrunk
from index.read import find_files, hash_file
from index.reading import Split
from index.records import Entry, FileState
from index.types import Article, Skipped, SyncReport
from index.vectors import VectorStore
from index.workers import TooMuch, Workers, ahead, workers

Progress = Callable[[int, int, str], None]

READING = "4"
"""Raise when `index.read` or `index.split` make something else of the same bytes: all files are then read again."""

_GROUP = 256  # passages that are embedded and committed together
_SPLIT = 16  # articles
_SETTLED = 2 * 10**9  # nanoseconds after which a change of a file surely shows in its time
_KEPT = "keeps the version indexed before"


def sync_folder(
    catalog: Catalog,
    folder: Path,
    embedder: TextEmbedder,
    vectors: VectorStore,
    *,
    data_dir: Path,
    uploads: Mapping[str, Path],
    shrink: bool = False,
    progress: Progress | None = None,
) -> SyncReport:
    """Brings `catalog` to what `folder` holds, and to the `uploads` that are kept: "uploads/NAME" and where each is.

    Files below `data_dir` are not articles. Progress is told as (files done, files in all, what was done).
    Raises FolderShrunk if more than half of the folder's articles would go and `shrink` does not let them, CorpusError,
    StorageError, EmbedderError; what was committed before stays.
    """
    inside, left_out = find_files(folder, but=data_dir)
    files = {relative: path for relative, path in inside.items() if not relative.startswith(UPLOADS)}
    files |= {relative: os.fspath(path) for relative, path in uploads.items()}
    run = _Run(catalog, embedder, len(files), progress)
    if not shrink:
        run.check_shrinking(folder, files, left_out)
    run.take_in(files)
    run.forget_vanished(files, left_out)
    reason = "uploads/ is where uploaded files go: give this folder another name"
    run.skipped += [Skipped(relative, reason) for relative in inside if relative.startswith(UPLOADS)]
    catalog.note_skipped(run.skipped)
    run.tell("vectors")
    vectors.write(catalog, looked_through=run.changed_nothing)
    catalog.note_read(datetime.now(UTC))
    return run.report()


def sync_uploads(
    catalog: Catalog,
    uploads: Mapping[str, Path],
    embedder: TextEmbedder,
    vectors: VectorStore,
    *,
    progress: Progress | None = None,
) -> SyncReport:
    """Takes in uploaded files: "uploads/NAME" and where each is. Nothing else of the catalog changes.

    Raises StorageError, EmbedderError; what was committed before stays.
    """
    run = _Run(catalog, embedder, len(uploads), progress)
    run.take_in({relative: os.fspath(path) for relative, path in uploads.items()})
    run.tell("vectors")
    vectors.write(catalog)
    return run.report()


@dataclass(slots=True)
class _File:
    """A file that is being taken in."""

    relative: str
    path: Path
    size: int
    sha256: str
    stamp: str
    before: dict[str, str] = field(default_factory=dict)
    """Digest of each article that the index has of it."""
    articles: int = 0
    now: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """An article on its way into the index."""

    file: _File
    number: int
    article: Article
    digest: str


class _Run:
    """One sync on its way through the files."""

    def __init__(self, catalog: Catalog, embedder: TextEmbedder, total: int, progress: Progress | None = None) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._known = catalog.files()
        self._progress = progress
        self._total = total
        self._done = 0
        self.added = self.changed = self.removed = self.unchanged = 0
        self.skipped: list[Skipped] = []
        self._group: list[tuple[_Part, Split]] = []
        self._passages = 0  # of the group
        self._read: list[FileState] = []
        self._gone: list[str] = []
        self._stamps: dict[str, str] = {}

    def tell(self, what: str) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, what)

    @property
    def changed_nothing(self) -> bool:
        """Whether the index was equal to the files before: what is then asked for is perhaps a repair."""
        return not (self.added or self.changed or self.removed)

    def take_in(self, files: Mapping[str, str]) -> None:
        """Files of the folder, or uploaded ones: those that changed are read, split, embedded and written."""
        changed = [file for relative, path in files.items() if (file := self._changed(relative, path))]
        with workers() as pool:
            given = ((file, (file.path, file.relative, file.size)) for file in changed)
            read = ahead(pool, reading.read, given, reading.to_read, self._waiting)
            for parts, split in ahead(pool, reading.split, self._batches(read), reading.to_split, self._waiting):
                told = iter(split) if isinstance(split, list) else self._singly(pool, parts)
                for part in parts:
                    if isinstance(part, _File):
                        self._finish(part)
                    else:
                        self._add(part, next(told))
        self._flush()
        self._catalog.note_stamps(self._stamps)

    def _changed(self, relative: str, name: str) -> _File | None:
        """The file, if there is something of it to read."""
        known = self._known.get(relative)
        try:
            status = os.stat(name)  # noqa: PTH116  not by a Path: there may be a hundred thousand
            stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
            if known is not None and known.reading == READING:
                same = known.stamp == stamp
                if not same and known.sha256 == hash_file(Path(name)):
                    same, self._stamps[relative] = True, _settled(stamp, status)
                if same:
                    self.unchanged += known.articles
                    self.skipped += known.skipped
                    self._tell_done(relative)
                    return None
            path = Path(name)
            return _File(relative, path, status.st_size, hash_file(path), _settled(stamp, status))
        except FileNotFoundError:
            self.skipped.append(Skipped(relative, "vanished while the folder was being read"))
            self._forget(relative)
        except OSError as error:
            self._keep(relative, f"cannot be read: {error.strerror or error}")
        self._tell_done(relative)
        return None

    def _tell_done(self, relative: str) -> None:
        self._done += 1
        self.tell(relative)

    def _waiting(self) -> None:
        self.tell("reading")

    def _singly(self, pool: Workers, parts: Sequence[_Part | _File]) -> Iterator[Split | str]:
        """The articles of a batch that took too much, each split by itself."""
        alone = [(None, [part.article]) for part in parts if isinstance(part, _Part)]
        for _, split in ahead(pool, reading.split, alone, reading.to_split, self._waiting):
            yield split[0] if isinstance(split, list) else str(split)

    def _batches(
        self, read: Iterable[tuple[_File, tuple[list[Article], list[Skipped]] | TooMuch]]
    ) -> Iterator[tuple[list[_Part | _File], list[Article]]]:
        """What is to be split, in batches; behind the parts of a file comes the file itself."""
        parts = list[_Part | _File]()
        for file, found in read:
            articles, file.skipped = found if isinstance(found, tuple) else ([], [Skipped(file.relative, str(found))])
            if not articles and any(each.path == file.relative for each in file.skipped):
                self._keep(file.relative, file.skipped[0].reason)
                self._tell_done(file.relative)
                continue
            file.before = self._catalog.digests(file.relative) if file.relative in self._known else {}
            file.articles = len(articles)
            file.now = {article.id for article in articles}
            for number, article in enumerate(articles, 1):
                digest = _digest(article)
                if digest == file.before.get(article.id):
                    self.unchanged += 1
                    continue
                parts.append(_Part(file, number, article, digest))
                if len(parts) >= _SPLIT:
                    yield parts, [part.article for part in parts if isinstance(part, _Part)]
                    parts = []
            parts.append(file)
        if parts:
            yield parts, [part.article for part in parts if isinstance(part, _Part)]

    def _add(self, part: _Part, split: Split | str) -> None:
        if isinstance(split, str):
            part.file.skipped.append(Skipped(part.article.id, split))
            part.file.now.remove(part.article.id)
            return
        if part.article.id in part.file.before:
            self.changed += 1
        else:
            self.added += 1
        self._group.append((part, split))
        self._passages += len(split[1])
        if self._passages >= _GROUP:
            self._flush()
            if part.file.articles > 1:
                self.tell(f"{part.file.relative}: {part.number} of {part.file.articles} articles")

    def _finish(self, file: _File) -> None:
        """A file all of whose articles were added; records that no longer can be read keep their older version."""
        kept = {each.path for each in file.skipped if each.path in file.before and each.path not in file.now}
        skipped = [Skipped(e.path, f"{e.reason}: {_KEPT}") if e.path in kept else e for e in file.skipped]
        self.skipped += skipped
        self.unchanged += len(kept)
        gone = [id for id in file.before if id not in file.now and id not in kept]
        self.removed += len(gone)
        self._gone += gone
        if file.now or kept:  # else it is no file of the index, and is read again next time
            articles = len(file.now) + len(kept)
            self._read.append(
                FileState(file.relative, file.sha256, READING, tuple(skipped), stamp=file.stamp, articles=articles)
            )
        self._tell_done(file.relative)

    def _flush(self) -> None:
        """Embeds the group in hand, and commits it."""
        vectors = iter(self._embed([passage.text for _, (_, passages) in self._group for passage in passages]))
        entries = [
            Entry(part.article, part.file.relative, part.digest, sentences, passages, [next(vectors) for _ in passages])
            for part, (sentences, passages) in self._group
        ]
        if entries or self._read or self._gone:
            self._catalog.write(entries, read=self._read, gone=self._gone)
        self._group, self._passages, self._read, self._gone = [], 0, [], []

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        if not texts:
            return np.empty((0, 0), np.float32)
        return unit(np.asarray(self._embedder.get_text_embedding_batch(texts), np.float32))

    def _keep(self, relative: str, reason: str) -> None:
        """A file that cannot be read now: what was indexed of it before stays."""
        if relative in self._known:
            reason = f"{reason}: {_KEPT}"
            self.unchanged += self._known[relative].articles
        self.skipped.append(Skipped(relative, reason))

    def check_shrinking(self, folder: Path, present: Iterable[str], left_out: list[Skipped]) -> None:
        """Raises FolderShrunk if more than half of the folder's articles are gone from it."""
        ours = {relative: file.articles for relative, file in self._known.items() if not relative.startswith(UPLOADS)}
        kept = self._not_listed(left_out)
        gone = sum(ours[relative] for relative in ours.keys() - set(present) if kept(relative) is None)
        if 2 * gone > (total := sum(ours.values())):
            raise FolderShrunk(
                f"{gone:,} of the {total:,} articles indexed are gone from the folder {folder}, as if its disk were "
                "not mounted, and stay in the index: mount it, or take them out with `dateline index FOLDER --yes`."
            )

    def forget_vanished(self, present: Iterable[str], left_out: list[Skipped]) -> None:
        """Takes out what is no longer there; but nothing of a part of the folder that could not be listed."""
        reasons, kept = {each.path: each.reason for each in left_out}, self._not_listed(left_out)
        for relative in sorted(self._known.keys() - set(present)):
            if relative.startswith(UPLOADS) or (reason := kept(relative)) is None:
                self._forget(relative)  # uploads are no part of the folder, whatever of it cannot be listed
            else:
                self._keep(relative, reason)
                reasons.pop(relative, None)
        self.skipped += [Skipped(path, reason) for path, reason in reasons.items()]

    @staticmethod
    def _not_listed(left_out: list[Skipped]) -> Callable[[str], str | None]:
        """Tells why a file that is not there is not known to be gone, or None."""
        reasons = {each.path: each.reason for each in left_out}

        def why(relative: str) -> str | None:
            above = next((path for path in reasons if relative.startswith(f"{path}/")), None)
            return reasons.get(relative) or (f"{above} cannot be read" if above is not None else None)

        return why

    def _forget(self, relative: str) -> None:
        if relative in self._known:
            self.removed += self._known[relative].articles
            self._catalog.forget_file(relative)

    def report(self) -> SyncReport:
        return SyncReport(
            added=self.added,
            changed=self.changed,
            removed=self.removed,
            unchanged=self.unchanged,
            skipped=sorted({(each.path, each.reason) for each in self.skipped}),
            undated=self._catalog.undated(),
        )


def _settled(stamp: str, status: os.stat_result) -> str:
    """The stamp; empty while the file may change once more without showing it (as git's "racy" entries)."""
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    return stamp if time.time_ns() - changed > _SETTLED else ""


def _digest(article: Article) -> str:
    """Differs whenever anything that the index holds of the article would."""
    content = json.dumps([READING, asdict(article)], default=str)
    return hashlib.sha256(content.encode()).hexdigest()
