"""Where an index is -> what is opened there; what a set-up does not need is not loaded."""

from __future__ import annotations

from index.catalogs import Catalogs
from index.datadir import DataDir
from index.errors import SettingsError
from index.places import Places
from index.vectors import VectorStore


def catalogs_in(places: Places, home: DataDir) -> Catalogs:
    """Opens nothing yet. Raises SettingsError where what speaks to PostgreSQL is not installed."""
    if places.catalog_url is None:
        from index.sqlite import SqliteCatalogs

        return SqliteCatalogs(home)
    try:
        import psycopg  # noqa: F401  SQLAlchemy would look for it later

        from index.postgres import PostgresCatalogs
    except ImportError as error:
        raise SettingsError(
            "A catalog in PostgreSQL needs SQLAlchemy and psycopg: install them with `pip install 'dateline[server]'`."
        ) from error
    return PostgresCatalogs(places)


def vectors_in(places: Places) -> VectorStore:
    """Asks nobody yet."""
    if places.chroma_url is None:
        from index.chroma_directories import ChromaDirectories

        return ChromaDirectories()
    from index.chroma_server import ChromaServer

    return ChromaServer(places)
