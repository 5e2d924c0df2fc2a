"""What readers have, in SQLite files that are their owner's alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.datadir import disk_errors, make_private
from index.errors import StorageError

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def transaction(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A transaction on the file `path`, which is made with `schema` at the first use. Raises StorageError.

    Safe in several threads and processes: a connection lives as long as the transaction.
    """
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        for suffix in ("", "-journal", "-wal", "-shm"):  # what SQLite makes beside it takes the modes of the file
            make_private(path.with_name(path.name + suffix))
        db = sqlite3.connect(path, timeout=10)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")  # what is deleted is gone from the file too
            db.executescript(schema)
            with db:
                yield db
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                raise StorageError(f"{path} is damaged: move that file away to begin with none.") from error
            raise
        finally:
            db.close()
