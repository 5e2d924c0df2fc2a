"""What PostgreSQL raises -> one sentence with its remedy. No password is in any: only where the server is is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from index.datadir import REBUILD
from index.errors import CatalogUnavailable, StorageError
from index.places import postgres_address

_ADDRESS = "DATELINE_CATALOG_URL"
_SAME = "then run the same command again; nothing indexed so far is lost"
_BY_CODE = {  # SQLSTATE, or its class -> what, and what to do
    "53100": ("has a full disk", f"free some space there, {_SAME}"),
    "53200": ("is out of memory", f"give it more, {_SAME}"),
    "53300": ("takes no more connections", "raise its max_connections, or start fewer apps"),
    "57014": ("took too long for an answer", "look at its load and at who locks its tables, then try again"),
    "55P03": ("took too long for an answer", "look at who locks its tables, then try again"),
    "25006": ("is a copy that can only be read", f"name the one that is written to in {_ADDRESS}"),
    "42501": ("lets this user not do that", "grant it with `GRANT CREATE ON DATABASE NAME TO USER`"),
    "57P": ("was stopped", f"start it again, {_SAME}"),
    "53": ("has too little of something", f"look at what it logs, {_SAME}"),
    "58": ("cannot read or write its disk", f"look at what it logs, {_SAME}"),
}
_MISSING = ("3F000", "42P01", "42703", "XX")


class Troubles:
    """The sentences for one server."""

    def __init__(self, url: str) -> None:
        self._where = postgres_address(url)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raises StorageError for what the server or the way to it is to blame for; other errors are bugs."""
        try:
            yield
        except PoolTimeout as error:
            raise self._trouble("has too many readers at once", "try again in a moment") from error
        except DBAPIError as error:
            told = self._sentence(error)
            if told is None:
                raise
            raise told from error

    def _sentence(self, error: DBAPIError) -> StorageError | None:
        code = str(getattr(error.orig, "sqlstate", None) or "")
        for known in (code, code[:3], code[:2]):
            if known in _BY_CODE:
                return self._trouble(*_BY_CODE[known])
        if code.startswith(_MISSING):
            return StorageError(
                f"The index in PostgreSQL at {self._where} is missing or damaged: build it again with {REBUILD}."
            )
        if code and not code.startswith("08"):
            return None
        words = " ".join(str(error.orig).split())
        if "FATAL:" not in words:
            return self._trouble("does not answer", f"start it, or correct {_ADDRESS}; nothing indexed so far is lost")
        refusal = words.partition("FATAL:")[2].partition("FATAL:")[0].split(" connection to server")[0].strip()
        if any(sign in refusal for sign in ("starting up", "shutting down", "recovery", "not yet accepting")):
            return self._trouble(f"is not ready ({refusal})", "try again in a moment")
        return self._trouble(f"refuses ({refusal})", f"correct {_ADDRESS}, or make that user and database there")

    def _trouble(self, what: str, remedy: str) -> CatalogUnavailable:
        return CatalogUnavailable(f"PostgreSQL at {self._where} {what}: {remedy}.")
