"""What readers have, in SQLite files that are their owner's alone."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.datadir import disk_errors, make_private
from index.errors import StorageError

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PATIENCE = 2.0
"""Seconds for which another program's lock is waited for; for as long, others who come are then not kept waiting."""


class Database:
    """One such file. Safe in several threads and processes: a connection lives as long as the transaction."""

    def __init__(self, path: Path, schema: str) -> None:
        """`path` is made with `schema` at the first use."""
        self.path = path
        self._schema = schema
        self._held_until = 0.0  # of the monotonic clock

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Raises StorageError: soon, where another program holds the file. Not for an event loop's thread."""
        path = self.path
        with disk_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            for suffix in ("", "-journal", "-wal", "-shm"):  # what SQLite makes beside it takes the modes of the file
                make_private(path.with_name(path.name + suffix))
            db = sqlite3.connect(path, timeout=_PATIENCE if time.monotonic() > self._held_until else 0.05)
            try:
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA secure_delete = ON")  # what is deleted is gone from the file too
                db.executescript(self._schema)
                with db:
                    yield db
            except sqlite3.DatabaseError as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code in _DAMAGE:
                    raise StorageError(f"{path} is damaged: move that file away to begin with none.") from error
                if code in _HELD:
                    self._held_until = time.monotonic() + _PATIENCE
                    raise StorageError(
                        f"{path.name} is held by another program, so that nothing can be kept or found there now: try "
                        "again when that program has ended."
                    ) from error
                raise
            finally:
                db.close()
