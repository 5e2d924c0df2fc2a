"""Who may come in when Dateline is not one person's alone: users with passwords, programs with tokens.

Passwords are kept as scrypt hashes (RFC 7914), each with its own salt; tokens as SHA-256, for they are random already.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from index.datadir import disk_errors
from rag.errors import SettingsError

Kind = Literal["user", "token"]
_SHORTEST = 8
_NAME = re.compile(r"[\w.@-]{1,64}")


class Users:
    """The list, in SQLite. Safe to use from several threads and processes. Every call may raise StorageError."""

    def __init__(self, path: Path) -> None:
        """`path` is the SQLite file, made when somebody is added, and readable by its owner only."""
        self._path = path

    def anybody(self) -> bool:
        """Whether there are users: then nobody else comes in."""
        return bool(self.names("user"))

    def names(self, kind: Kind) -> list[str]:
        """The names of all users, or of all tokens."""
        if not self._path.exists():
            return []
        with self._open() as db:
            return [name for (name,) in db.execute("SELECT name FROM known WHERE kind = ? ORDER BY name", [kind])]

    def add(self, name: str, password: str) -> None:
        """A user, or a new password for one. Raises SettingsError for a name or password that will not do."""
        if len(password) < _SHORTEST:
            raise SettingsError(f"The password must have {_SHORTEST} characters or more: choose a longer one.")
        salt = secrets.token_bytes(16)
        self._keep("user", name, salt + _hash(password, salt))

    def add_token(self, name: str) -> str:
        """A new token for the program `name`, in place of its old one. It is not kept and cannot be shown again."""
        token = f"dl-{secrets.token_urlsafe(32)}"
        self._keep("token", name, hashlib.sha256(token.encode()).digest())
        return token

    def remove(self, kind: Kind, name: str) -> None:
        """Raises SettingsError if there is none of this name."""
        if name not in self.names(kind):
            raise SettingsError(f"There is no {kind} {name!r}: see `dateline {kind} list`.")
        with self._open() as db:
            db.execute("DELETE FROM known WHERE kind = ? AND name = ?", [kind, name])

    def right(self, name: str, password: str) -> bool:
        """Whether this is the user's password; takes as long for a name that nobody has."""
        kept = self._kept("user", name) or bytes(16)
        return hmac.compare_digest(_hash(password, kept[:16]), kept[16:])

    def program(self, token: str) -> str | None:
        """The name of the program whose token this is."""
        digest = hashlib.sha256(token.encode()).digest()
        if not self._path.exists():
            return None
        with self._open() as db:
            found = db.execute("SELECT name FROM known WHERE kind = 'token' AND secret = ?", [digest]).fetchone()
        return found[0] if found else None

    def _kept(self, kind: Kind, name: str) -> bytes | None:
        if not self._path.exists():
            return None
        with self._open() as db:
            found = db.execute("SELECT secret FROM known WHERE kind = ? AND name = ?", [kind, name]).fetchone()
        return found[0] if found else None

    def _keep(self, kind: Kind, name: str, secret: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"{name!r} is no name: use up to 64 letters, digits and the characters . _ @ -")
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", [kind, name, secret])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction."""
        with disk_errors(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            db = sqlite3.connect(self._path, timeout=10)
            try:
                with db:
                    db.execute(
                        "CREATE TABLE IF NOT EXISTS known (kind TEXT, name TEXT, secret BLOB, PRIMARY KEY (kind, name))"
                    )
                    yield db
            finally:
                db.close()


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
