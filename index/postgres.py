"""The catalog in PostgreSQL, for several machines: one schema for each index, its words in tsvectors under GIN."""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from math import log
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from index.catalog import Catalog
from index.datadir import REBUILD, busy
from index.errors import DatelineError, IndexVersionMismatch, StorageError
from index.places import Places, bad_catalog_url
from index.postgres_errors import Troubles
from index.records import Narrow
from index.terms import marks, tsquery, tsvector
from index.types import Span

_FORMAT = 5  # to be raised when the tables or what is kept in them change: an older index is then refused
_READING, _WRITING = 10_000, 120_000  # milliseconds that a statement may take
_CONNECTING = 5  # seconds
_LOCK = 0x6461_7465_6C69_6E65  # "dateline": who holds it in this database writes
_DYING = 2.0  # seconds in which the server notices that a writer was killed
_HOME = "dateline"
_UNHEARD = logging.NullHandler()
"""For what psycopg says of a lost connection beside its error, where the program has set up no logging itself."""

_SCHEMA = """
CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE files (path text COLLATE "C" PRIMARY KEY, sha256 text NOT NULL, reading text NOT NULL,
    skipped text NOT NULL, stamp text NOT NULL);
CREATE TABLE articles (id text COLLATE "C" PRIMARY KEY, file text COLLATE "C" NOT NULL, digest text NOT NULL,
    title text NOT NULL, text text NOT NULL, date text, source text, url text, author text, spans text NOT NULL);
CREATE INDEX articles_of_file ON articles (file);
CREATE TABLE sentences (article text COLLATE "C" NOT NULL, number integer NOT NULL, start integer NOT NULL,
    "end" integer NOT NULL, kind text NOT NULL, paragraph integer NOT NULL, PRIMARY KEY (article, number));
CREATE SEQUENCE rows;
CREATE TABLE passages (row bigint PRIMARY KEY, id text NOT NULL UNIQUE, article text COLLATE "C" NOT NULL,
    start integer NOT NULL, "end" integer NOT NULL, kind text NOT NULL, day integer NOT NULL, source bigint NOT NULL,
    author bigint NOT NULL);
CREATE INDEX passages_of_article ON passages (article);
CREATE INDEX passages_of_day ON passages (day);
CREATE INDEX passages_of_source ON passages (source, day);
CREATE INDEX passages_of_author ON passages (author, day);
CREATE TABLE names (kind text NOT NULL, name text NOT NULL, number bigint NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE vectors (row bigint PRIMARY KEY, vector bytea NOT NULL);
CREATE TABLE dead (row bigint PRIMARY KEY);
CREATE TABLE words (row bigint PRIMARY KEY, words tsvector NOT NULL, length integer NOT NULL);
CREATE INDEX words_of_passages ON words USING gin (words);
CREATE VIEW texts AS SELECT p.row AS row, substr(a.text, p.start + 1, p."end" - p.start) AS text
    FROM passages p JOIN articles a ON a.id = p.article;
"""
# BM25 with FTS5's constants. For one word ts_rank gives the sum of 1/j² for j = 1 … n, as a share of π²/6, where n is
# how often the word stands in the passage: what is missing to the whole is close to 1 / (n + 1/2).
_BM25 = """
WITH found AS MATERIALIZED (
    SELECT p.row, p.article, p.start, w.words, 0.3 + 0.9 * w.length / :mean AS long
    FROM words w JOIN passages p ON p.row = w.row WHERE w.words @@ CAST(:finding AS tsquery) AND {condition}
)
SELECT f.row FROM found f CROSS JOIN LATERAL (
    SELECT sum(asked.weight * often.n * 2.2 / (often.n + f.long)) AS score
    FROM unnest(CAST(:words AS text[]), CAST(:weights AS float8[])) AS asked (word, weight)
    CROSS JOIN LATERAL (SELECT round(1 / (pi() * pi() / 6 - 1.64493406685 *
        ts_rank(CAST('{{1,1,1,1}}' AS real[]), f.words, CAST(asked.word AS tsquery))) - 0.5) AS n) AS often
) AS weighed
ORDER BY weighed.score DESC, f.article, f.start LIMIT :limit
"""


class _Known:
    """What BM25 needs to know of one state of the catalog: counted once."""

    def __init__(self, catalog: PostgresCatalog) -> None:
        self.state = catalog.name, catalog.generation
        ((passages, mean),) = catalog._rows("SELECT count(*), coalesce(avg(length), 1) FROM words")
        self.passages, self.mean_length = int(passages), float(mean) or 1.0
        self.frequencies = dict[str, int]()


class PostgresCatalog(Catalog):
    """See `Catalog`."""

    _AMONG = "= ANY(:{})"

    def __init__(
        self, connection: Connection, name: str, known: Callable[[PostgresCatalog], _Known], *, write: bool = False
    ) -> None:
        self._db = connection
        self.name = name
        self._known = known
        # of one state it is all read at once: each question is a way to another machine and back
        self._meta = None if write else dict(self._rows("SELECT key, value FROM meta"))

    def close(self) -> None:
        """The connection is whose it was before."""

    def meta(self, key: str) -> str:
        return super().meta(key) if self._meta is None else self._meta.get(key, "")

    def check_format(self) -> None:
        if (found := self.meta("format")) != str(_FORMAT):
            raise IndexVersionMismatch(
                f"The index in PostgreSQL has format {found or 'unknown'}, this version of Dateline reads {_FORMAT}: "
                f"build it again with {REBUILD}."
            )

    def _rows(self, sql: str, **values: Any) -> list[Any]:
        return list(self._db.execute(text(sql), values))

    def _do(self, sql: str, each: Sequence[Mapping[str, Any]]) -> None:
        if each:
            self._db.execute(text(sql), each if len(each) > 1 else each[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _transaction(self._db):
            yield

    def _listed(self, values: Collection[Any]) -> list[Any]:
        return list(values)

    def _new_rows(self, count: int) -> list[int]:
        rows = self._rows("SELECT nextval('rows') FROM generate_series(1, :count)", count=count)
        return sorted(row for (row,) in rows)

    # words

    def bm25(self, finding: Sequence[str], others: Sequence[str], limit: int, narrow: Narrow) -> list[int]:
        known, condition, values = self._known(self), *self._within(narrow)
        words = [tsquery([word], "") for word in (*finding, *others)]
        frequencies = self._frequencies(known, words)
        rows = self._rows(
            _BM25.format(condition=condition),
            finding=tsquery(finding, "|"),
            words=words,
            weights=[_weight(frequencies[word], known.passages) for word in words],
            mean=known.mean_length,
            limit=limit,
            **values,
        )
        return [row for (row,) in rows]

    def _frequencies(self, known: _Known, words: Collection[str]) -> dict[str, int]:
        """In how many passages each is."""
        unknown = [word for word in dict.fromkeys(words) if word not in known.frequencies]
        count = "SELECT count(*) FROM words WHERE words @@ CAST(:word AS tsquery)"
        known.frequencies.update({word: self._number(count, word=word) for word in unknown})
        return known.frequencies

    def marks(self, words: Sequence[str], rows: Collection[int]) -> dict[int, tuple[Span, ...]]:
        texts = self._rows(f"SELECT row, text FROM texts WHERE row {self._AMONG.format('rows')}", rows=list(rows))
        return {row: marks(text, words) for row, text in texts}

    def matching(self, phrase: Sequence[str]) -> int:
        if len(phrase) == 1:
            word = tsquery(phrase, "")
            return self._frequencies(self._known(self), [word])[word]
        count = "SELECT count(*) FROM words WHERE words @@ CAST(:words AS tsquery)"
        return self._number(count, words=tsquery(phrase, "<->"))

    def having(self, phrase: Sequence[str]) -> set[str]:
        found = (
            "SELECT DISTINCT p.article FROM words JOIN passages p USING (row) WHERE words @@ CAST(:words AS tsquery)"
        )
        return {id for (id,) in self._rows(found, words=tsquery(phrase, "<->"))}

    def astray(self, *, mend: bool = False) -> list[str]:
        from index.postgres_astray import astray

        return astray(self, mend=mend)

    def _put_words(self, texts: Mapping[int, str]) -> None:
        read = ((row, *tsvector(text)) for row, text in texts.items())
        self._do(
            "INSERT INTO words (row, words, length) VALUES (:row, CAST(:words AS tsvector), :length)",
            [{"row": row, "words": words, "length": length} for row, words, length in read],
        )

    def _take_words_out(self, rows: str, ids: Any) -> None:
        self._do(f"DELETE FROM words WHERE row IN ({rows})", [{"ids": ids}])


class PostgresCatalogs:
    """See `Catalogs`: each in a schema of its own, dateline_1 and on; dateline.current names the one in use."""

    def __init__(self, places: Places) -> None:
        assert places.catalog_url is not None
        try:
            self._url = make_url(places.catalog_url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):
            raise bad_catalog_url() from None
        self._troubles = Troubles(places.catalog_url)
        self._lock = Lock()
        self._engine: Engine | None = None
        self._kept: _Known | None = None

    @contextmanager
    def reading(self) -> Iterator[PostgresCatalog | None]:
        how: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._troubles.told(), self._opened().connect().execution_options(**how) as db:
            name = _in_use(db)
            if name is None:
                yield None
                return
            db.execute(text(f"SET LOCAL search_path TO {name}"))
            catalog = PostgresCatalog(db, name, self._known)
            catalog.check_format()
            yield catalog

    @contextmanager
    def writing(self) -> Iterator[_Writer]:
        with self._troubles.told(), self._opened().connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.detach()  # it ends with the writing, and the lock with it, whatever happens
            db.execute(text(f"SET statement_timeout = {_WRITING}"))
            _only_writer(db)
            yield _Writer(db, self._known)

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    def _opened(self) -> Engine:
        with self._lock:
            if self._engine is None:
                logging.getLogger("psycopg").addHandler(_UNHEARD)
                own = str(self._url.query.get("options", ""))
                alive = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
                arguments = {
                    "connect_timeout": _CONNECTING,
                    "options": f"-c statement_timeout={_READING} {alive} {own}".strip(),
                    "tcp_user_timeout": 2 * _READING,
                    "application_name": "dateline",
                }
                self._engine = create_engine(
                    self._url.difference_update_query(["options"]),
                    connect_args=arguments,
                    pool_pre_ping=True,
                    pool_size=10,
                    max_overflow=20,
                    pool_timeout=_CONNECTING,
                    hide_parameters=True,  # they are articles' texts
                )
            return self._engine

    def _known(self, catalog: PostgresCatalog) -> _Known:
        kept = self._kept
        if kept is None or kept.state != (catalog.name, catalog.generation):
            kept = self._kept = _Known(catalog)
        return kept


class _Writer:
    """See `Writer`. All that it hands out is on the one connection that holds the lock: one at a time."""

    def __init__(self, connection: Connection, known: Callable[[PostgresCatalog], _Known]) -> None:
        self._db = connection
        self._known = known

    def in_use(self) -> bool:
        return _in_use(self._db) is not None

    def current(self) -> PostgresCatalog | None:
        name = _in_use(self._db)
        return None if name is None else self._open(name)

    def others(self) -> Iterator[PostgresCatalog]:
        for name in self._others():
            try:
                yield self._open(name)
            except (DatelineError, DBAPIError):
                continue

    def create(self, *, folder: str, embedder: str, fingerprint: str, generation: int) -> PostgresCatalog:
        self._check_encoding()
        number = max((int(name.rpartition("_")[2]) for name in self._schemas()), default=0) + 1
        name = f"{_HOME}_{number}"
        meta = {
            "folder": folder, "embedder": embedder, "fingerprint": fingerprint, "vectors": "", "vectors_to": "0",
            "generation": str(generation), "format": str(_FORMAT),
        }  # fmt: skip
        with _transaction(self._db):
            self._db.execute(text(f"CREATE SCHEMA {name}"))
            self._db.execute(text(f"SET search_path TO {name}"))
            self._db.exec_driver_sql(_SCHEMA)
            each = [{"key": key, "value": value} for key, value in meta.items()]
            self._db.execute(text("INSERT INTO meta (key, value) VALUES (:key, :value)"), each)
        return self._open(name)

    def publish(self, catalog: Catalog) -> None:
        if _in_use(self._db) == catalog.name:
            return
        with _transaction(self._db):
            self._db.execute(text(f"CREATE SCHEMA IF NOT EXISTS {_HOME}"))
            self._db.execute(text(f"CREATE TABLE IF NOT EXISTS {_HOME}.current (name text NOT NULL)"))
            self._db.execute(text(f"DELETE FROM {_HOME}.current"))
            self._db.execute(text(f"INSERT INTO {_HOME}.current VALUES (:name)"), {"name": catalog.name})

    def remove_all(self, forget: Callable[[Catalog], None]) -> None:
        with _transaction(self._db):
            self._db.execute(text(f"DROP SCHEMA IF EXISTS {_HOME} CASCADE"))  # from now on none is in use
        self.sweep(forget)

    def sweep(self, forget: Callable[[Catalog], None]) -> None:
        for other in self.others():
            forget(other)
        for name in self._others():
            self._db.execute(text(f"DROP SCHEMA {name} CASCADE"))

    def _open(self, name: str) -> PostgresCatalog:
        self._db.execute(text(f"SET search_path TO {name}"))
        catalog = PostgresCatalog(self._db, name, self._known, write=True)
        catalog.check_format()
        return catalog

    def _others(self) -> list[str]:
        current = _in_use(self._db)
        return [name for name in self._schemas() if name != current]

    def _schemas(self) -> list[str]:
        names = "SELECT nspname FROM pg_namespace WHERE nspname ~ :form ORDER BY nspname"
        return list(self._db.scalars(text(names), {"form": f"^{_HOME}_[0-9]+$"}))

    def _check_encoding(self) -> None:
        if (encoding := self._db.scalar(text("SHOW server_encoding"))) != "UTF8":
            raise StorageError(
                f"The database in PostgreSQL has the encoding {encoding}, which does not hold all letters: make one "
                "with `createdb --encoding UTF8 --template template0 NAME`, and name it in DATELINE_CATALOG_URL."
            )


def _in_use(db: Connection) -> str | None:
    """The schema of the index in use."""
    if db.scalar(text("SELECT to_regclass(:name)"), {"name": f"{_HOME}.current"}) is None:
        return None
    name = db.scalar(text(f"SELECT name FROM {_HOME}.current"))
    return str(name) if name else None


def _only_writer(db: Connection) -> None:
    """Takes the lock, which ends with the connection. Raises IndexBusy, naming the writer."""
    end = time.monotonic() + _DYING
    while not db.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
        if time.monotonic() > end:
            holder = db.scalar(
                text(
                    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.granted AND "
                    "l.locktype = 'advisory' AND (CAST(l.classid AS bigint) << 32) + CAST(l.objid AS bigint) = :key"
                ),
                {"key": _LOCK},
            )
            raise busy(f" ({holder.partition(': ')[2]})" if holder and ": " in holder else "")
        time.sleep(0.05)
    who = f"pid {os.getpid()} on {platform.node()[:20]}, since {datetime.now().astimezone():%H:%M}"
    db.execute(text("SELECT set_config('application_name', :who, false)"), {"who": f"dateline: {who}"})


@contextmanager
def _transaction(db: Connection) -> Iterator[None]:
    db.exec_driver_sql("BEGIN")
    try:
        yield
        db.exec_driver_sql("COMMIT")
    except BaseException:
        if not db.invalidated and not db.closed:
            db.exec_driver_sql("ROLLBACK")
        raise


def _weight(frequency: int, passages: int) -> float:
    """A word's inverse frequency, as FTS5 weighs it."""
    return max(log((passages - frequency + 0.5) / (frequency + 0.5)), 1e-6)
