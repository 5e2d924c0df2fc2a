"""Where the parts of an index are: in the data directory, or on servers that several machines reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from index.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Places:
    """Nothing given: all of it is in the data directory.

    Passwords and tokens are in no repr. Raises SettingsError for an address that is none, and for a catalog on a server
    beside vectors that the other machines could not see.
    """

    catalog_url: str | None = field(default=None, repr=False)
    """PostgreSQL, as postgresql://user:password@host/database."""
    chroma_url: str | None = None
    """A Chroma server, as http://host:port."""
    chroma_token: str | None = field(default=None, repr=False)
    chroma_tenant: str = "default_tenant"
    chroma_database: str = "default_database"

    def __post_init__(self) -> None:
        if self.catalog_url is not None:
            _check_catalog_url(self.catalog_url)
            if self.chroma_url is None:
                raise SettingsError(
                    "A catalog in PostgreSQL needs the vectors on a server too, where other machines can see them: "
                    "name a Chroma server with --chroma-url or DATELINE_CHROMA_URL."
                )
        if self.chroma_url is not None:
            _check_chroma_url(self.chroma_url)
        if self.chroma_token is not None and not (self.chroma_token.isascii() and self.chroma_token.isprintable()):
            raise SettingsError("chroma_token holds what no token does: correct DATELINE_CHROMA_TOKEN.")

    def told(self, data_dir: object) -> str:
        """For people: where the index is."""
        catalog = f"PostgreSQL ({postgres_address(self.catalog_url)})" if self.catalog_url else str(data_dir)
        return f"{catalog}, its vectors in Chroma ({self.chroma_url})" if self.chroma_url else catalog


def postgres_address(url: str) -> str:
    """Host, port and database of the URL; neither user nor password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'this machine'}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _check_catalog_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1 and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise bad_catalog_url()


def bad_catalog_url() -> SettingsError:
    """Nothing of it is repeated: it may hold a password."""
    return SettingsError(
        "catalog_url is no address of a PostgreSQL database: write it like "
        "postgresql://user:password@host/database in --catalog-url or DATELINE_CATALOG_URL."
    )


def _check_chroma_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        good = False
    if not good or parts.username or parts.password:
        raise SettingsError(
            "chroma_url is no address of a Chroma server: write it like http://127.0.0.1:8000 in --chroma-url or "
            "DATELINE_CHROMA_URL, and a token in DATELINE_CHROMA_TOKEN."
        )
