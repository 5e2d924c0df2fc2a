"""Makes an index equal to a folder: new files in, changed ones anew, vanished ones out.

Small groups of articles are split, embedded and then written with their vectors in one SQLite transaction, so
that whatever ends the process costs at most the group in hand. At the end Chroma is written, see `index.vectors`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.datadir import remove_tree
from index.decode import Unreadable, one_at_most
from index.embed import TextEmbedder, unit
from index.errors import StorageError
from index.read import find_files, hash_file, read_file
from index.records import Entry, FileState, Narrow
from index.split import passages_of, sentences_of
from index.types import Article, Passage, Sentence, Skipped, SyncReport
from index.vectors import Vectors, build

Progress = Callable[[int, int, str], None]

READING = "3"
"""Raise when `index.read` or `index.split` make something else of the same bytes: all files are then read again."""

UPLOADS = "uploads/"
_GROUP = 32  # passages: one or two seconds of embedding
_KEPT = "keeps the version indexed before"


def sync_folder(
    catalog: Catalog,
    folder: Path,
    embedder: TextEmbedder,
    *,
    data_dir: Path,
    uploads: Mapping[str, Path],
    progress: Progress | None = None,
) -> SyncReport:
    """Brings `catalog` to what `folder` holds, and to the `uploads` that are kept: "uploads/NAME" and where each is.

    Files below `data_dir` are not articles. Progress is told as (files done, files in all, what was done).
    Raises CorpusError, StorageError, EmbedderError; what was committed before stays.
    """
    found, left_out = find_files(folder)
    inside = {path.relative_to(folder).as_posix(): path for path in found if not path.is_relative_to(data_dir)}
    files = {relative: path for relative, path in inside.items() if not relative.startswith(UPLOADS)} | dict(uploads)
    left_out = [each for each in left_out if not (folder / each.path).is_relative_to(data_dir)]
    run = _Run(catalog, embedder, len(files), progress)
    for relative, path in files.items():
        run.file(relative, path)
    run.flush()
    run.forget_vanished(files, left_out)
    reason = "uploads/ is where uploaded files go: give this folder another name"
    run.skipped += [Skipped(relative, reason) for relative in inside if relative.startswith(UPLOADS)]
    run.tell("vectors")
    write_vectors(catalog)
    catalog.note_skipped(run.skipped)
    return run.report()


def sync_uploads(
    catalog: Catalog, uploads: Mapping[str, Path], embedder: TextEmbedder, *, progress: Progress | None = None
) -> SyncReport:
    """Takes in uploaded files: "uploads/NAME" and where each is. Nothing else of the catalog changes.

    Raises StorageError, EmbedderError; what was committed before stays.
    """
    run = _Run(catalog, embedder, len(uploads), progress)
    for relative, path in uploads.items():
        run.file(relative, path)
    run.flush()
    run.tell("vectors")
    write_vectors(catalog)
    return run.report()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An article that waits to be embedded."""

    article: Article
    file: str
    digest: str
    sentences: list[Sentence]
    passages: list[Passage]


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
        self._group: list[_Prepared] = []
        self._read: list[FileState] = []
        self._gone: list[str] = []

    def tell(self, what: str) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, what)

    def file(self, relative: str, path: Path) -> None:
        """One file of the folder, or an uploaded one."""
        self._look_into(relative, path)
        self._done += 1
        self.tell(relative)

    def _look_into(self, relative: str, path: Path) -> None:
        known = self._known.get(relative)
        try:
            sha256 = hash_file(path)
        except FileNotFoundError:
            self.skipped.append(Skipped(relative, "vanished while the folder was being read"))
            self._forget(relative)
            return
        except OSError as error:
            self._keep(relative, f"cannot be read: {error.strerror or error}")
            return
        if known is not None and (known.sha256, known.reading) == (sha256, READING):
            self.unchanged += len(self._catalog.digests(relative))
            self.skipped += known.skipped
            return
        articles, skipped = read_file(path, relative)
        if not articles and any(each.path == relative for each in skipped):
            self._keep(relative, skipped[0].reason)
        else:
            self._take_in(relative, sha256, articles, skipped)

    def _take_in(self, relative: str, sha256: str, articles: list[Article], skipped: list[Skipped]) -> None:
        """The articles of a file that could be read; records that no longer can be keep their older version."""
        before = self._catalog.digests(relative)
        now = {article.id for article in articles}
        for number, article in enumerate(articles, 1):
            try:
                self._add(article, relative, before.get(article.id))
            except Unreadable as trouble:
                skipped.append(Skipped(article.id, str(trouble)))
                now.remove(article.id)
            if len(articles) > 1 and not self._group:
                self.tell(f"{relative}: {number} of {len(articles)} articles")
        kept = {each.path for each in skipped if each.path in before and each.path not in now}
        skipped = [Skipped(e.path, f"{e.reason}: {_KEPT}") if e.path in kept else e for e in skipped]
        self.skipped += skipped
        self.unchanged += len(kept)
        gone = [id for id in before if id not in now and id not in kept]
        self.removed += len(gone)
        self._gone += gone
        if now or kept:  # else it is no file of the index, and is read again next time
            self._read.append(FileState(relative, sha256, READING, tuple(skipped)))

    def _add(self, article: Article, file: str, digest_before: str | None) -> None:
        digest = _digest(article)
        if digest == digest_before:
            self.unchanged += 1
            return
        with one_at_most():
            sentences = sentences_of(article)
            passages = passages_of(article, sentences)
        if digest_before is None:
            self.added += 1
        else:
            self.changed += 1
        self._group.append(_Prepared(article, file, digest, sentences, passages))
        if sum(len(each.passages) for each in self._group) >= _GROUP:
            self.flush()

    def flush(self) -> None:
        """Embeds the group in hand, and commits it."""
        vectors = iter(self._embed([passage.text for each in self._group for passage in each.passages]))
        entries = [
            Entry(
                each.article,
                each.file,
                each.digest,
                each.sentences,
                each.passages,
                [next(vectors) for _ in each.passages],
            )
            for each in self._group
        ]
        if entries or self._read or self._gone:
            self._catalog.write(entries, read=self._read, gone=self._gone)
        self._group, self._read, self._gone = [], [], []

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        if not texts:
            return np.empty((0, 0), np.float32)
        return unit(np.asarray(self._embedder.get_text_embedding_batch(texts), np.float32))

    def _keep(self, relative: str, reason: str) -> None:
        """A file that cannot be read now: what was indexed of it before stays."""
        if relative in self._known:
            reason = f"{reason}: {_KEPT}"
            self.unchanged += len(self._catalog.digests(relative))
        self.skipped.append(Skipped(relative, reason))

    def forget_vanished(self, present: Iterable[str], left_out: list[Skipped]) -> None:
        """Takes out what is no longer there; but nothing of a part of the folder that could not be listed."""
        reasons = {each.path: each.reason for each in left_out}
        for relative in sorted(self._known.keys() - set(present)):
            above = next((path for path in reasons if relative.startswith(f"{path}/")), None)
            if relative.startswith(UPLOADS):
                self._forget(relative)  # no part of the folder, whatever of it cannot be listed
            elif relative in reasons:
                self._keep(relative, reasons.pop(relative))
            elif above is not None:
                self._keep(relative, f"{above} cannot be read")
            else:
                self._forget(relative)
        self.skipped += [Skipped(path, reason) for path, reason in reasons.items()]

    def _forget(self, relative: str) -> None:
        if relative in self._known:
            self.removed += len(self._catalog.digests(relative))
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


def write_vectors(catalog: Catalog) -> None:
    """Brings Chroma to what the catalog holds: a new directory, which the catalog then names.

    Sweeps directories that nobody reads any more. The one before stays until the next time: a reader that
    has just looked up its name may be about to open it.
    """
    base = before = catalog.vectors
    total = catalog.counts().passages
    if base is not None and not (total and _readable(base, catalog)):
        catalog.disown_vectors()
        base = None
    dead = catalog.orphans()
    if total and (dead or catalog.waiting()):
        target = catalog.path.parent / f"vectors-{catalog.generation + 1}"
        remove_tree(target)  # of a run that was interrupted here
        # Deleted vectors stay in Chroma's graph as dead ends: with many of them it is built anew.
        whole = base is None or 4 * len(dead) > total
        passages = catalog.passages(only_new=not whole)
        build(target, passages, base=None if whole else base, dead=[] if whole else dead, total=total)
        catalog.use_vectors(target.name)
    else:
        before = None
    for directory in catalog.path.parent.glob("vectors-*"):
        if directory not in (catalog.vectors, before):
            remove_tree(directory)


def _readable(directory: Path, catalog: Catalog) -> bool:
    example = next(catalog.passages(only_new=False))
    try:
        with closing(Vectors(directory)) as vectors:
            return bool(vectors.nearest(example.vector.tolist(), 1, Narrow()))
    except StorageError:
        return False


def _digest(article: Article) -> str:
    """Differs whenever anything that the index holds of the article would."""
    content = json.dumps([READING, asdict(article)], default=str)
    return hashlib.sha256(content.encode()).hexdigest()
