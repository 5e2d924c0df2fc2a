"""The catalog in SQLite, which is part of Python: one file below the data directory, its words in FTS5."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from index.catalog import Catalog
from index.datadir import REBUILD, DataDir, damaged, may_write, remove_tree
from index.errors import DatelineError, IndexVersionMismatch
from index.records import Narrow
from index.types import Span

_FORMAT = 4  # to be raised when the tables or what is kept in them change: an older index is then refused
_AROUND = ("\ufdd0", "\ufdd1")  # no characters: they stand in no text, unless somebody means harm
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, reading TEXT NOT NULL, skipped TEXT NOT NULL,
    stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE articles (id TEXT PRIMARY KEY, file TEXT NOT NULL, digest TEXT NOT NULL, title TEXT NOT NULL,
    text TEXT NOT NULL, date TEXT, source TEXT, url TEXT, author TEXT, spans TEXT NOT NULL);
CREATE INDEX articles_of_file ON articles (file);
CREATE TABLE sentences (article TEXT NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, kind TEXT NOT NULL, paragraph INTEGER NOT NULL,
    PRIMARY KEY (article, number)) WITHOUT ROWID;
CREATE TABLE passages (row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, article TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, kind TEXT NOT NULL, day INTEGER NOT NULL,
    source INTEGER NOT NULL, author INTEGER NOT NULL);
CREATE INDEX passages_of_article ON passages (article);
CREATE INDEX passages_of_day ON passages (day);
CREATE INDEX passages_of_source ON passages (source, day);
CREATE INDEX passages_of_author ON passages (author, day);
CREATE TABLE names (kind TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (kind, name))
    WITHOUT ROWID;
CREATE TABLE vectors (row INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE dead (row INTEGER PRIMARY KEY);
CREATE VIEW texts AS SELECT p.row AS row, substr(a.text, p.start + 1, p."end" - p.start) AS text
    FROM passages p JOIN articles a ON a.id = p.article;
CREATE VIRTUAL TABLE words USING fts5 (text, content = 'texts', content_rowid = 'row',
    tokenize = 'porter unicode61 remove_diacritics 2');
"""


class SqliteCatalog(Catalog):
    """See `Catalog`."""

    directory: Path
    _AMONG = "IN (SELECT value FROM json_each(:{}))"
    _IN_THIS_ORDER = "CROSS JOIN"

    def __init__(self, connection: sqlite3.Connection, directory: Path) -> None:
        self._db = connection
        self.directory = directory
        self.name = f"dateline-{directory.name}"

    @classmethod
    def create(cls, directory: Path, *, folder: str, embedder: str, fingerprint: str, generation: int) -> SqliteCatalog:
        """A new, empty catalog in `directory`."""
        directory.mkdir(parents=True)
        db = sqlite3.connect(directory / "catalog.db", isolation_level=None, timeout=10)
        db.execute("PRAGMA journal_mode = WAL")
        meta = {"folder": folder, "embedder": embedder, "fingerprint": fingerprint, "vectors": "", "vectors_to": "0"}
        db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT")
        with _transaction(db):
            db.executemany("INSERT INTO meta VALUES (?, ?)", [*meta.items(), ("generation", str(generation))])
        db.close()
        return cls.open(directory, write=True)

    @classmethod
    def open(cls, directory: Path, *, write: bool = False) -> SqliteCatalog:
        """The catalog in `directory`. A reader sees one state of it, until it is closed.

        Raises IndexVersionMismatch, StorageError if it is missing, sqlite3.DatabaseError if it is damaged.
        """
        path = directory / "catalog.db"
        if not path.is_file():
            raise damaged(directory.parent)
        how = "mode=rw" if write else "mode=ro"
        if not write and not may_write(directory) and not _has_log(path):
            how = "immutable=1"  # else SQLite would begin a log for its readers, which a read-only disk does not take
        db = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, isolation_level=None, timeout=10)
        try:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found != _FORMAT:
                raise IndexVersionMismatch(
                    f"The index in {directory.parent} has format {found}, this version of Dateline reads "
                    f"{_FORMAT}: build it again with {REBUILD}."
                )
            if write:
                # what is committed outlives a power cut: what is removed or named after it stands on that
                db.execute("PRAGMA synchronous = FULL")
            else:
                db.execute("BEGIN")
        except BaseException:
            db.close()
            raise
        return cls(db, directory)

    def close(self) -> None:
        self._db.close()

    def _rows(self, sql: str, **values: Any) -> list[Any]:
        return self._db.execute(sql, values).fetchall()

    def _do(self, sql: str, each: Sequence[Mapping[str, Any]]) -> None:
        self._db.executemany(sql, each)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _transaction(self._db):
            yield

    def _listed(self, values: Collection[Any]) -> str:
        return json.dumps(list(values))

    def _new_rows(self, count: int) -> list[int]:
        last = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'passages'")
        first = last[0][0] + 1 if last else 1
        return list(range(first, first + count))

    # words

    def bm25(self, finding: Sequence[str], others: Sequence[str], limit: int, narrow: Narrow) -> list[int]:
        match = _any(finding)
        if others:  # each word stands in it twice: else some would count twice, and others once
            match = f"({match}) AND ({match} OR {_any(others)} OR {_any(others)})"
        condition, values = self._within(narrow, by_row=True)
        found = "SELECT rowid AS row, bm25(words) AS score FROM words WHERE words MATCH :match"
        if narrow.narrows:
            found = f"SELECT p.row, score FROM ({found}) JOIN passages p USING (row) WHERE {condition}"
        rows = self._rows(
            f"SELECT row FROM ({found} ORDER BY score LIMIT :limit) JOIN passages p USING (row) "
            "ORDER BY score, p.article, p.start",
            match=match,
            limit=limit,
            **values,
        )
        return [row for (row,) in rows]

    def marks(self, words: Sequence[str], rows: Collection[int]) -> dict[int, tuple[Span, ...]]:
        found = self._rows(
            "SELECT rowid, text, highlight(words, 0, :before, :behind) FROM words "
            f"WHERE words MATCH :match AND rowid {self._AMONG.format('rows')}",
            before=_AROUND[0],
            behind=_AROUND[1],
            match=_any(words),
            rows=self._listed(rows),
        )
        return {row: _between(marked) for row, text, marked in found if not any(sign in text for sign in _AROUND)}

    def matching(self, phrase: Sequence[str]) -> int:
        return self._number("SELECT count(*) FROM words WHERE words MATCH :match", match=f'"{" ".join(phrase)}"')

    def having(self, phrase: Sequence[str]) -> set[str]:
        found = "SELECT DISTINCT p.article FROM words JOIN passages p ON p.row = words.rowid WHERE words MATCH :match"
        return {id for (id,) in self._rows(found, match=f'"{" ".join(phrase)}"')}

    def astray(self, *, mend: bool = False) -> list[str]:
        found = list[str]()
        try:
            self._db.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            found.append("words out of step with the passages")
        last = self._number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'passages'")
        if last < self.last_row():
            found.append("rows that would come a second time")
        if mend:
            self._db.execute("INSERT INTO words (words) VALUES ('rebuild')")
            self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'passages'")
            self._db.execute("INSERT INTO sqlite_sequence VALUES ('passages', ?)", [max(last, self.last_row())])
        return found

    def _put_words(self, texts: Mapping[int, str]) -> None:
        self._db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", texts.items())

    def _take_words_out(self, rows: str, ids: Any) -> None:
        # the words that an index of words without its own text is to forget must be told
        told = f"SELECT 'delete', row, text FROM texts WHERE row IN ({rows})"
        self._do(f"INSERT INTO words (words, rowid, text) {told}", [{"ids": ids}])


class SqliteCatalogs:
    """See `Catalogs`: each in a directory of its own."""

    def __init__(self, home: DataDir) -> None:
        self._home = home

    @contextmanager
    def reading(self) -> Iterator[SqliteCatalog | None]:
        directory = self._home.current()
        if directory is None:
            yield None
            return
        with closing(SqliteCatalog.open(directory)) as catalog:
            yield catalog

    @contextmanager
    def writing(self) -> Iterator[_Writer]:
        with self._home.writing():
            yield _Writer(self._home)

    def close(self) -> None:
        pass


class _Writer:
    """See `Writer`."""

    def __init__(self, home: DataDir) -> None:
        self._home = home

    def in_use(self) -> bool:
        return self._home.current() is not None

    def current(self) -> SqliteCatalog | None:
        directory = self._home.current()
        return None if directory is None else SqliteCatalog.open(directory, write=True)

    def others(self) -> Iterator[SqliteCatalog]:
        for directory in self._home.others():
            try:
                other = SqliteCatalog.open(directory, write=True)
            except (DatelineError, OSError, sqlite3.Error):
                continue
            yield other

    def create(self, *, folder: str, embedder: str, fingerprint: str, generation: int) -> SqliteCatalog:
        return SqliteCatalog.create(
            self._home.next_index(), folder=folder, embedder=embedder, fingerprint=fingerprint, generation=generation
        )

    def publish(self, catalog: Catalog) -> None:
        if catalog.directory is not None and self._home.current() != catalog.directory:
            self._home.publish(catalog.directory)

    def remove_all(self, forget: Callable[[Catalog], None]) -> None:
        directory = self._home.current()
        for catalog in [*self.others(), *([SqliteCatalog.open(directory, write=True)] if directory else [])]:
            with closing(catalog):
                forget(catalog)

    def sweep(self, forget: Callable[[Catalog], None]) -> None:
        for other in self.others():
            with closing(other):
                forget(other)
        for directory in self._home.others():
            remove_tree(directory)


def _any(words: Sequence[str]) -> str:
    """An FTS5 expression: any of the words. In quotation marks none is an operator."""
    return " OR ".join(f'"{word}"' for word in words)


def _between(marked: str) -> tuple[Span, ...]:
    """The places of what stands between the signs, in the text without them."""
    spans, at = [], 0
    for before in marked.split(_AROUND[1]):
        plain, _, word = before.partition(_AROUND[0])
        at += len(plain) + len(word)
        if word:
            spans.append(Span(at - len(word), at))
    return tuple(spans)


def _has_log(database: Path) -> bool:
    """Whether a writer is at work, or was killed: what it wrote last is in a file beside."""
    log = database.with_name(f"{database.name}-wal")
    return log.exists() and log.stat().st_size > 0


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has rolled back by itself when the disk is full
            db.execute("ROLLBACK")
        raise
