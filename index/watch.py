"""Keeps an index equal to its folder: waits for what changes there, and says when it is to be read."""

from __future__ import annotations

import math
import stat
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout
from watchfiles import watch

from index.datadir import DataDir, disk_errors
from index.errors import (
    AnotherFolder,
    DatelineError,
    EmbedderMismatch,
    FolderMissing,
    IndexBusy,
    IndexMissing,
    IndexVersionMismatch,
)
from index.read import may_matter
from index.store import ArticleIndex
from index.types import SyncReport

Sync = Callable[[Path], SyncReport]

PATIENCE = 60.0
"""Seconds for which a folder that has gone may come back."""
_QUIET = 0.25  # seconds without a change: then what was being written is written
_LONGEST = 1.0  # seconds: the first of many changes is not held up by the last
_UNWATCHED = 5.0  # seconds after which a folder that cannot be watched is read again
_AGAIN, _AGAIN_AT_MOST = 2.0, 60.0  # seconds after which what went wrong is tried again: longer each time
_NEVER_HEALS = (IndexMissing, AnotherFolder, EmbedderMismatch, IndexVersionMismatch)


@dataclass(frozen=True, slots=True)
class Round:
    """The index was made equal to the folder once more."""

    report: SyncReport
    seconds: float
    """How long that took."""


def follow(
    index: ArticleIndex, sync: Sync, stop: Event, *, patience: float = PATIENCE
) -> Iterator[Round | DatelineError]:
    """Calls `sync` with the folder of `index`, now and after each change below it, until `stop` is set.

    A burst of changes is one round. Yields each round, and what went wrong, told once: that is tried again at the
    next change, and after a while. One process does this at a time: others yield IndexBusy, and go on with it when
    that one ends. What happens to hidden files, and to files without articles, is no change. Where most of the articles
    are gone from the folder, FolderShrunk is yielded, and they stay.

    Raises what no trying again can heal (IndexMissing, AnotherFolder, EmbedderMismatch, IndexVersionMismatch), and
    FolderMissing if the folder does not come back within `patience` seconds. StorageError.
    """
    folder, where = Path(index.counts().folder), DataDir(index.data_dir)

    def read() -> SyncReport:
        index.counts()  # what is no longer there is not made anew
        return sync(folder)

    lock = FileLock(where.root / "watch.lock")
    try:
        yield from _until_alone(lock, where.root, stop)
        yield from _rounds(read, _signs(folder, where, stop), patience)
    finally:
        lock.release()


def _until_alone(lock: FileLock, root: Path, stop: Event) -> Iterator[DatelineError]:
    told = False
    while not stop.is_set():
        try:
            with disk_errors(root):
                lock.acquire(timeout=0)
            return
        except Timeout:
            if not told:
                yield IndexBusy("Another process keeps this index up to date; this one goes on when that has ended.")
            told = True
        stop.wait(_LONGEST)


def _rounds(read: Callable[[], SyncReport], signs: Iterator[bool], patience: float) -> Iterator[Round | DatelineError]:
    changed = again = missing = math.inf  # seconds of the monotonic clock: since when, or when
    wait, told = _AGAIN, ""
    for sign in signs:
        now = time.monotonic()
        changed = min(changed, now) if sign else changed
        settled = now - changed > (_LONGEST if sign else 0)
        if not settled and now < again:
            continue
        changed = math.inf
        try:
            report = read()
        except _NEVER_HEALS:
            raise
        except DatelineError as trouble:
            missing = min(missing, now) if isinstance(trouble, FolderMissing) else math.inf
            if now - missing > patience:
                raise
            again, wait = time.monotonic() + wait, min(2 * wait, _AGAIN_AT_MOST)
            if told != (told := str(trouble)):
                yield trouble
        else:
            again, missing, wait, told = math.inf, math.inf, _AGAIN, ""
            yield Round(report, time.monotonic() - now)


def _signs(folder: Path, where: DataDir, stop: Event) -> Iterator[bool]:
    """Whether something changed: true as soon as that is seen, false after each `_QUIET` without.

    True also when the watching begins, for nobody knows what was before, and so when the folder is gone, or another
    one, and when another index is in use; now and then, where the folder cannot be watched.
    """
    data_dir, was_there = where.root.resolve(), True
    while not stop.is_set():
        here, in_use, begun = _identity(folder), where.current(), False
        if here is None:
            yield was_there
            was_there = False
            stop.wait(_QUIET)
            continue
        was_there = True
        try:
            with closing(_changes(folder, stop)) as changes:
                for paths in changes:
                    yield not begun or any(
                        not path.is_relative_to(data_dir) and may_matter(path, folder) for path in paths
                    )
                    begun = True
                    if (_identity(folder), where.current()) != (here, in_use):
                        break
        except (OSError, RuntimeError):
            if begun or _identity(folder) != here:
                continue  # a name that is no UTF-8, or the folder has gone: it is watched anew
            # no more folders are watched for us (fs.inotify.max_user_watches), or one in it may not be read
            yield True
            yield False
            stop.wait(_UNWATCHED)


def _changes(folder: Path, stop: Event) -> Generator[list[Path], None, None]:
    """What has changed, and after each `_QUIET` without a change nothing."""
    quiet = int(1000 * _QUIET)
    # no filter of its own: it would not tell of the time that passes while only hidden files change
    for changes in watch(
        folder, watch_filter=None, debounce=quiet, rust_timeout=quiet, yield_on_timeout=True, stop_event=stop,
        poll_delay_ms=1000,
    ):  # fmt: skip
        yield [Path(path) for _, path in changes]


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder it is; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None
