"""The data directory: which index is in use, who may write, and what its disk has to say.

<data_dir>/current              the name of the index in use, replaced atomically
<data_dir>/index-1/catalog.db   articles, sentences, passages with their vectors, BM25
<data_dir>/index-1/vectors-7/   Chroma, as it was written at generation 7; never changed afterwards
<data_dir>/write.lock           held by the one writer; write.lock.json says who that is
<data_dir>/watch.lock           held by the one process that follows the folder's changes
<data_dir>/uploads/             copies of the files that were added by hand
<data_dir>/conversations.db     the app's, as are access.db (who may come in) and secret (the key of its cookies)
<data_dir>/incoming/            what readers are uploading, in a folder for each running app
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import datetime
from filecmp import cmp
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from index.errors import IndexBusy, StorageError

UPLOADS = "uploads/"
"""What the ids of uploaded articles begin with."""
REBUILD = "`dateline index FOLDER --replace`"


class DataDir:
    """Paths, the write lock and the switch from one index to the next. Creates nothing until it is written to."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).expanduser().absolute()

    def current(self) -> Path | None:
        """The directory of the index in use; None if there is none."""
        try:
            name = (self.root / "current").read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return self.root / name

    def publish(self, index: Path) -> None:
        """Makes `index` the one in use. Readers see the old one or the new one, never neither."""
        write_whole(self.root / "current", index.name.encode())

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    def keep_upload(self, name: str, file: Path) -> Path:
        """A copy of `file` in `uploads` under the plain part of `name`; numbered if another file has that name."""
        plain = re.sub(r"[\x00-\x1f/\\:#]+", "_", name).encode(errors="ignore")[-150:].decode(errors="ignore")
        plain = plain.lstrip(". ") or "upload"
        if not self.uploads.exists():
            self.uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
            settle(self.root)
        make_private(self.uploads)
        stem, suffix = Path(plain).stem, Path(plain).suffix
        names = chain([plain], (f"{stem}-{number}{suffix}" for number in count(2)))
        target = next(
            path for path in map(self.uploads.joinpath, names) if not path.exists() or cmp(path, file, shallow=False)
        )
        with file.open("rb") as content, _draft(target, 0o600) as draft:
            shutil.copyfileobj(content, draft)
        return target

    def drop_upload(self, name: str) -> None:
        """Deletes the copy of that name, if there is one; it does not come back with a power cut."""
        (self.uploads / name).unlink(missing_ok=True)
        if self.uploads.exists():
            settle(self.uploads)

    def uploaded(self) -> list[Path]:
        """The files that are kept in `uploads`. Only the writer may ask: drafts of a copy that was killed go."""
        if not self.uploads.exists():
            return []
        for draft in self.uploads.glob(".*.part"):
            draft.unlink()
        make_private(self.uploads)
        names = [path.name for path in self.uploads.iterdir() if path.is_file()]
        for name in names:
            make_private(self.uploads / name)
        # what is hidden, or has a name that is not valid UTF-8, is no copy of ours
        return [self.uploads / name for name in sorted(names) if not re.search("^[.]|[\ud800-\udfff]", name)]

    def others(self) -> list[Path]:
        """Index directories that are not in use: of a rebuild that was interrupted, or replaced ones."""
        current = self.current()
        return sorted(path for path in self.root.glob("index-*") if path.is_dir() and path != current)

    def next_index(self) -> Path:
        """A new name for an index directory."""
        numbers = [int(path.name[6:]) for path in self.root.glob("index-*") if path.name[6:].isdecimal()]
        return self.root / f"index-{max(numbers, default=0) + 1}"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the write lock. Raises IndexBusy at once, naming the holder, if another writer has it.

        The lock is the operating system's: it ends with the process, however that ends.
        """
        with disk_errors(self.root):
            if not self.root.exists():
                self.root.mkdir(parents=True, exist_ok=True)
                settle(self.root.parent)
        lock = FileLock(self.root / "write.lock")
        try:
            with disk_errors(self.root):
                lock.acquire(timeout=0)
        except Timeout as error:
            raise busy(self._holder()) from error
        try:
            with disk_errors(self.root):
                self._name_holder()
            yield
        finally:
            self._holder_file.unlink(missing_ok=True)
            lock.release()

    @property
    def _holder_file(self) -> Path:
        return self.root / "write.lock.json"

    def _name_holder(self) -> None:
        since = datetime.now().astimezone().isoformat(timespec="minutes")
        write_whole(self._holder_file, json.dumps({"pid": os.getpid(), "since": since}).encode())

    def _holder(self) -> str:
        try:
            holder = json.loads(self._holder_file.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(holder["since"])
            return f" (pid {holder['pid']}, since {since:%H:%M})"
        except (OSError, ValueError, KeyError, TypeError):
            return ""  # it has just begun, or has just ended


def busy(holder: str) -> IndexBusy:
    """What is told of another writer; `holder` is who that is, " (…)", if it is known."""
    return IndexBusy(f"Another process{holder} is writing to this index; wait until it has finished, then try again.")


def write_whole(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Writes a small file: whatever happens meanwhile, `path` holds all of `content`, or what it held before.

    `mode` is the new file's from its first byte on, less the umask. Raises OSError; nothing is left of it then.
    """
    with _draft(path, mode) as file:
        file.write(content)


@contextlib.contextmanager
def _draft(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write to, which becomes `path` when it is complete and on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(draft, "xb", opener=partial(os.open, mode=mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    settle(path.parent)  # the name, too, is to outlive a power cut


def settle(path: Path) -> None:
    """Has a file, or the names in a folder, outlive a power cut from now on."""
    with contextlib.suppress(PermissionError):  # Windows opens no folder
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def settle_tree(directory: Path) -> None:
    """The same of a folder with all that is in it, and of its own name."""
    for path in (*directory.rglob("*"), directory, directory.parent):
        settle(path)


def make_private(path: Path) -> None:
    """Takes away what others than the owner may do with a file or folder, where that can be done."""
    with contextlib.suppress(OSError):
        if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            path.chmod(mode & 0o700)


def remove_tree(directory: Path) -> None:
    """Removes what nobody needs any more; what cannot be removed now (open on Windows) goes next time."""
    shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def disk_errors(root: Path) -> Iterator[None]:
    """Turns what the disk and SQLite raise when the disk is the trouble into StorageError."""
    try:
        yield
    except (ConnectionError, Timeout):
        raise  # an OSError too, but not of the disk
    except (OSError, sqlite3.DatabaseError) as error:
        trouble = storage_error(root, error)
        if trouble is None:
            raise
        raise trouble from error


def storage_error(root: Path, error: OSError | sqlite3.Error) -> StorageError | None:
    """The sentence for a failed read or write below `root`; None if the disk is not to blame."""
    kind = _kind(error)
    if kind == "broken" and nearly_full(root, 2**20):
        kind = "full"  # SQLite calls it an I/O error where it maps memory
    match kind:
        case "full":
            return full(root)
        case "forbidden":
            return forbidden(root)
        case "damaged":
            return damaged(root)
        case "busy":
            return StorageError(f"The index in {root} is locked by another program: try again when that has ended.")
        case "broken":
            return StorageError(
                f"The disk that holds {root} cannot be read or written ({error}): check it, then run the same "
                "command again; nothing indexed so far is lost."
            )
    return None


def nearly_full(root: Path, bytes_free: int) -> bool:
    """True if fewer bytes are free on the disk that holds `root`."""
    while not root.exists() and root != root.parent:
        root = root.parent
    return shutil.disk_usage(root).free < bytes_free


def full(root: Path) -> StorageError:
    return StorageError(
        f"The disk that holds {root} is full: free some space, then run the same command again; "
        "nothing indexed so far is lost."
    )


def may_write(path: Path) -> bool:
    """False where permissions or a disk that is read-only forbid it."""
    return os.access(path, os.W_OK)


def forbidden(root: Path) -> StorageError:
    there = next(path for path in (root, *root.parents) if path.exists())
    if hasattr(os, "statvfs") and os.statvfs(there).f_flag & os.ST_RDONLY:
        return StorageError(
            f"The disk that holds {root} is read-only, and this has to write to it: make it writable, or choose "
            "another place with --data-dir."
        )
    return StorageError(
        f"Dateline may not read or write {root}: change its permissions, or choose another place with --data-dir."
    )


def damaged(root: Path) -> StorageError:
    return StorageError(f"The catalog in {root} is missing or damaged: build it again with {REBUILD}.")


_SQLITE_KINDS = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "forbidden",
    sqlite3.SQLITE_CANTOPEN: "forbidden",
    sqlite3.SQLITE_PERM: "forbidden",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_IOERR: "broken",
}


def _kind(error: OSError | sqlite3.Error) -> str | None:
    if isinstance(error, sqlite3.Error):
        # An extended code holds the plain one in its lowest byte. Others, as a syntax error, are bugs.
        plain = _SQLITE_KINDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        return "damaged" if plain is None and "no such table" in str(error) else plain
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "full"
    return "forbidden" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else "broken"


def forget(root: Path) -> bool:
    """Deletes the index, the uploads and the conversations in `root`, and `root` itself if nothing else is in it.

    Nothing of anybody else's is touched. False if there was nothing of Dateline's. Raises StorageError.
    """
    names = (
        "current*", "index-*", "write.lock*", "watch.lock", "uploads", "conversations.db*", "access.db*", "secret*",
        "incoming",
    )  # fmt: skip
    drafts = (f".{name}.part" for name in ("current*", "write.lock*", "secret*"))  # of a write that was killed
    ours = [path for name in (*names, *drafts) for path in root.glob(name)]
    if not (root / "write.lock").exists():
        return False
    with disk_errors(root):
        for path in ours:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        if not any(root.iterdir()):
            root.rmdir()
    return True
