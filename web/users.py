"""Who may come in when Dateline is not one person's alone: users with passwords, programs with tokens.

Passwords are kept as scrypt hashes (RFC 7914), each with its own salt; tokens and sessions as SHA-256, for they are
random already.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

from rag.errors import SettingsError
from web.database import Database

Kind = Literal["user", "token"]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS known (kind TEXT, name TEXT, secret BLOB, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS sessions (secret BLOB PRIMARY KEY, name TEXT, since REAL);
"""
_SHORTEST = 8
_LOOKED_AT = 72
"""Characters of a password that are judged."""
_LOGGED_IN = 30 * 24 * 3600
"""Seconds after which one has to log in again."""
_NAME = re.compile(r"[\w.@-]{1,64}")


class Users:
    """The list, in SQLite. Safe to use from several threads and processes. Every call may raise StorageError."""

    def __init__(self, path: Path) -> None:
        """`path` is the SQLite file, made when somebody is added, and readable by its owner only."""
        self._database = Database(path, _SCHEMA)

    def anybody(self) -> bool:
        """Whether there are users: then nobody else comes in."""
        return bool(self.names("user"))

    def names(self, kind: Kind) -> list[str]:
        """The names of all users, or of all tokens."""
        if not self._database.path.exists():
            return []
        with self._open() as db:
            return [name for (name,) in db.execute("SELECT name FROM known WHERE kind = ? ORDER BY name", [kind])]

    def add(self, name: str, password: str) -> None:
        """A user, or a new password for one, who then has to log in again.

        Raises SettingsError for a name or password that will not do.
        """
        if len(password) < _SHORTEST:
            raise SettingsError(f"The password must have {_SHORTEST} characters or more: choose a longer one.")
        if _is_common(password, name):
            raise SettingsError(
                "The password is one of the commonest, or hardly more than one of them: choose another, say three "
                "words that have nothing to do with each other."
            )
        salt = secrets.token_bytes(16)
        self._keep("user", name, salt + _hash(password, salt))

    def add_token(self, name: str) -> str:
        """A new token for the program `name`, in place of its old one. It is not kept and cannot be shown again."""
        token = f"dl-{secrets.token_urlsafe(32)}"
        self._keep("token", name, _digest(token))
        return token

    def remove(self, kind: Kind, name: str) -> None:
        """Raises SettingsError if there is none of this name."""
        if name not in self.names(kind):
            raise SettingsError(f"There is no {kind} {name!r}: see `dateline {kind} list`.")
        with self._open() as db:
            db.execute("DELETE FROM known WHERE kind = ? AND name = ?", [kind, name])
            if kind == "user":
                db.execute("DELETE FROM sessions WHERE name = ?", [name])

    def right(self, name: str, password: str) -> bool:
        """Whether this is the user's password; takes as long for a name that nobody has."""
        kept = self._found("SELECT secret FROM known WHERE kind = 'user' AND name = ?", [name]) or bytes(16)
        return hmac.compare_digest(_hash(password, kept[:16]), kept[16:])

    def program(self, token: str) -> str | None:
        """The name of the program whose token this is."""
        name: str | None = self._found("SELECT name FROM known WHERE kind = 'token' AND secret = ?", [_digest(token)])
        return name

    def log_in(self, name: str) -> str:
        """A new session of the user `name`: what their browser shows from now on. It is not kept itself."""
        session = secrets.token_urlsafe(32)
        with self._open() as db:
            db.execute("INSERT INTO sessions VALUES (?, ?, ?)", [_digest(session), name, time.time()])
        return session

    def logged_in(self, session: str) -> str | None:
        """The user of a session: None once they have logged out, have a new password, are removed, or a month later."""
        query = "SELECT name FROM sessions WHERE secret = ? AND since > ?"
        name: str | None = self._found(query, [_digest(session), time.time() - _LOGGED_IN])
        return name

    def log_out(self, session: str) -> None:
        """Ends a session, and sweeps those whose time is over."""
        with self._open() as db:
            over = time.time() - _LOGGED_IN
            db.execute("DELETE FROM sessions WHERE secret = ? OR since <= ?", [_digest(session), over])

    def _found(self, query: str, values: list[Any]) -> Any:
        """The first column of the first row; None without one."""
        if not self._database.path.exists():
            return None
        with self._open() as db:
            found = db.execute(query, values).fetchone()
        return found[0] if found else None

    def _keep(self, kind: Kind, name: str, secret: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"{name!r} is no name: use up to 64 letters, digits and the characters . _ @ -")
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", [kind, name, secret])
            if kind == "user":
                db.execute("DELETE FROM sessions WHERE name = ?", [name])

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._database.transaction()


def _is_common(password: str, name: str) -> bool:
    """Whether who knows the name, and tries what most people choose, needs fewer than a million attempts."""
    from zxcvbn import zxcvbn  # its lists of words take a moment

    return bool(zxcvbn(password[:_LOOKED_AT], [name, "dateline"])["guesses"] < 1_000_000)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
