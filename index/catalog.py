"""The catalog of one index, in SQLite: articles, sentences, passages with their vectors, and BM25 (FTS5).

It alone decides what is in the index. Whatever a transaction brings in is ready to be searched when the
transaction ends. Rows of passages ascend and are never used again: Chroma has those up to one of them, and the vectors
of later ones are read from here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.datadir import REBUILD, damaged, may_write
from index.errors import IndexVersionMismatch
from index.records import Counts, Entry, FileState, Narrow, Stored, day_number
from index.types import Article, Kind, Listed, Passage, Sentence, Skipped, Span

FORMAT = 3
"""Raise when the tables change: an older index is then refused."""

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
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, kind TEXT NOT NULL, day INTEGER NOT NULL);
CREATE INDEX passages_of_article ON passages (article);
CREATE INDEX passages_of_day ON passages (day);
CREATE TABLE vectors (row INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE dead (row INTEGER PRIMARY KEY);
CREATE VIEW texts AS SELECT p.row AS row, substr(a.text, p.start + 1, p."end" - p.start) AS text
    FROM passages p JOIN articles a ON a.id = p.article;
CREATE VIRTUAL TABLE words USING fts5 (text, content = 'texts', content_rowid = 'row',
    tokenize = 'porter unicode61 remove_diacritics 2');
"""


class Catalog:
    """One open connection. Close it soon: readers see what was committed when they opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path

    @classmethod
    def create(cls, directory: Path, *, folder: str, embedder: str, fingerprint: str, generation: int) -> Catalog:
        """A new, empty catalog in `directory`."""
        directory.mkdir(parents=True)
        path = directory / "catalog.db"
        db = sqlite3.connect(path, isolation_level=None, timeout=10)
        db.execute("PRAGMA journal_mode = WAL")
        meta = {"folder": folder, "embedder": embedder, "fingerprint": fingerprint, "vectors": "", "vectors_to": "0"}
        db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT")
        with _transaction(db, "IMMEDIATE"):
            db.executemany("INSERT INTO meta VALUES (?, ?)", [*meta.items(), ("generation", str(generation))])
        db.close()
        return cls.open(directory, write=True)

    @classmethod
    def open(cls, directory: Path, *, write: bool = False) -> Catalog:
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
            if found != FORMAT:
                raise IndexVersionMismatch(
                    f"The index in {directory.parent} has format {found}, this version of Dateline reads "
                    f"{FORMAT}: build it again with {REBUILD}."
                )
            if write:
                db.execute("PRAGMA synchronous = NORMAL")  # in WAL mode a crash loses no consistency
            else:
                db.execute("BEGIN")
        except BaseException:
            db.close()
            raise
        return cls(db, path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # what is in it

    def meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    @property
    def generation(self) -> int:
        return int(self.meta("generation"))

    @property
    def read_at(self) -> datetime | None:
        """When the folder was last read to its end, as `note_read` was told."""
        told = self.meta("read_at")
        return datetime.fromisoformat(told) if told else None

    @property
    def vectors(self) -> Path | None:
        """The Chroma directory that belongs to this state; None before there is one."""
        name = self.meta("vectors")
        return self.path.parent / name if name else None

    @property
    def vectors_to(self) -> int:
        """The last row of which Chroma has been told: its vectors are of rows up to this one."""
        return int(self.meta("vectors_to"))

    def counts(self) -> Counts:
        articles, undated, oldest, newest = self._db.execute(
            "SELECT count(*), count(*) - count(date), min(date), max(date) FROM articles"
        ).fetchone()
        (sentences,) = self._db.execute("SELECT count(*) FROM sentences").fetchone()
        return Counts(
            articles,
            undated,
            sentences,
            self.size(),
            _day(oldest),
            _day(newest),
            self.meta("folder"),
            self.meta("embedder"),
            self.meta("fingerprint"),
            self.generation,
            self.read_at,
        )

    def files(self) -> dict[str, FileState]:
        """Every file that articles are from; one that was not read to its end has no hash."""
        held = dict(self._db.execute("SELECT file, count(*) FROM articles GROUP BY file"))
        known = {
            path: FileState(path, sha256, reading, tuple(_skipped(told)), stamp, held.get(path, 0))
            for path, sha256, reading, told, stamp in self._db.execute(
                "SELECT path, sha256, reading, skipped, stamp FROM files"
            )
        }
        return {path: FileState(path, "", "", articles=count) for path, count in held.items()} | known

    def skipped(self) -> list[Skipped]:
        """What was skipped when the folder was last read, as `note_skipped` was told."""
        return _skipped(self.meta("skipped") or "[]")

    def digests(self, file: str) -> dict[str, str]:
        """Article id -> digest, for the articles of one file."""
        return dict(self._db.execute("SELECT id, digest FROM articles WHERE file = ? ORDER BY id", (file,)))

    def size(self) -> int:
        """How many passages it holds."""
        (count,) = self._db.execute("SELECT count(*) FROM passages").fetchone()
        return int(count)

    def is_empty(self) -> bool:
        return self._db.execute("SELECT 1 FROM passages LIMIT 1").fetchone() is None

    def article_ids(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT id FROM articles ORDER BY id")]

    def listed(self) -> list[Listed]:
        rows = self._db.execute("SELECT id, title, date, source, length(text), file, author FROM articles ORDER BY id")
        return [Listed(id, title, _day(day), *others) for id, title, day, *others in rows]

    def file_of(self, article: str) -> str | None:
        found = self._db.execute("SELECT file FROM articles WHERE id = ?", (article,)).fetchone()
        return found[0] if found else None

    def undated(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT id FROM articles WHERE date IS NULL ORDER BY id")]

    def article(self, id: str) -> Article | None:
        row = self._db.execute(
            "SELECT id, title, text, date, source, url, author, spans FROM articles WHERE id = ?", (id,)
        ).fetchone()
        return _article(row) if row else None

    def sentences(self, article: str) -> list[Sentence]:
        rows = self._db.execute(
            'SELECT article, number, start, "end", kind, paragraph FROM sentences WHERE article = ? ORDER BY number',
            (article,),
        )
        return [Sentence(*row) for row in rows]

    def sentences_in(self, passages: Collection[str]) -> dict[str, list[Sentence]]:
        """The sentences of each passage, by passage id, in their order."""
        rows = self._db.execute(
            'SELECT p.id, s.article, s.number, s.start, s."end", s.kind, s.paragraph FROM passages p JOIN sentences s '
            'ON s.article = p.article AND s.start >= p.start AND s."end" <= p."end" '
            "WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.row, s.number",
            (json.dumps(list(passages)),),
        )
        found: dict[str, list[Sentence]] = {id: [] for id in passages}
        for id, *sentence in rows:
            found[id].append(Sentence(*sentence))
        return found

    # search

    def bm25(self, finding: Sequence[str], others: Sequence[str], limit: int, narrow: Narrow) -> list[int]:
        """Rows of the passages with any of the words `finding`, best first by all words.

        Scores are bm25() with FTS5's k1 = 1.2, b = 0.75.
        """
        match = _any(finding)
        if others:  # each word stands in it twice: else some would count twice, and others once
            match = f"({match}) AND ({match} OR {_any(others)} OR {_any(others)})"
        condition, values = narrow.sql()
        found = "SELECT rowid AS row, bm25(words) AS score FROM words WHERE words MATCH ?"
        if narrow.narrows:
            found = f"SELECT p.row, score FROM ({found}) JOIN passages p USING (row) WHERE {condition}"
        rows = self._db.execute(
            f"SELECT row FROM ({found} ORDER BY score LIMIT ?) JOIN passages p USING (row) "
            "ORDER BY score, p.article, p.start",
            (match, *values, limit),
        )
        return [row[0] for row in rows]

    def marks(self, words: Sequence[str], rows: Collection[int]) -> dict[int, tuple[Span, ...]]:
        """Where the words stand in the text of these passages, in whatever form; a row without any is left out."""
        found = self._db.execute(
            "SELECT rowid, text, highlight(words, 0, ?, ?) FROM words "
            "WHERE words MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
            (*_AROUND, _any(words), json.dumps(list(rows))),
        )
        return {row: _between(marked) for row, text, marked in found if not any(sign in text for sign in _AROUND)}

    def matching(self, phrase: Sequence[str]) -> int:
        """In how many passages these words stand one behind the other."""
        match = f'"{" ".join(phrase)}"'
        (count,) = self._db.execute("SELECT count(*) FROM words WHERE words MATCH ?", (match,)).fetchone()
        return int(count)

    def passing(self, rows: Collection[int], narrow: Narrow) -> list[int]:
        """Those of Chroma's `rows` that the catalog still has, and that may be returned."""
        condition, values = narrow.sql()
        found = self._db.execute(
            f"SELECT p.row FROM passages p WHERE {condition} AND p.row IN (SELECT value FROM json_each(?))",
            (*values, json.dumps(list(rows))),
        )
        return [row[0] for row in found]

    def few(self, narrow: Narrow, most: int) -> bool:
        """Whether at most `most` passages may be returned."""
        condition, values = narrow.sql()
        within = f"SELECT 1 FROM passages p WHERE {condition} LIMIT ?"
        (count,) = self._db.execute(f"SELECT count(*) FROM ({within})", (*values, most + 1)).fetchone()
        return bool(count <= most)

    def vectors_held(self, narrow: Narrow, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        """Rows behind `after` of the passages that may be returned, and their vectors."""
        condition, values = narrow.sql()
        found = self._db.execute(
            "SELECT v.row, v.vector FROM passages p CROSS JOIN vectors v ON v.row = p.row "
            f"WHERE p.row > ? AND {condition} ORDER BY p.row",
            (after, *values),
        ).fetchall()
        return [row for row, _ in found], _from_bytes(b"".join(vector for _, vector in found), len(found))

    def stored(self, rows: Collection[int]) -> dict[int, Stored]:
        """The passages of these rows, with their vectors."""
        found = self._db.execute(
            'SELECT p.row, p.id, p.article, a.title, a.date, t.text, p.start, p."end", p.kind, v.vector '
            "FROM passages p JOIN articles a ON a.id = p.article JOIN texts t ON t.row = p.row "
            "JOIN vectors v ON v.row = p.row WHERE p.row IN (SELECT value FROM json_each(?))",
            (json.dumps(list(rows)),),
        )
        return {
            row: Stored(Passage(id, article, title, _day(day), text, start, end, _kind(kind)), _from_bytes(vector)[0])
            for row, id, article, title, day, text, start, end, kind, vector in found
        }

    def vectors_after(self, row: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The rows behind this one, ascending, each with its vector."""
        for found, vector in self._db.execute("SELECT row, vector FROM vectors WHERE row > ? ORDER BY row", (row,)):
            yield found, _from_bytes(vector)[0]

    def waiting(self) -> int:
        """How many passages Chroma does not have yet."""
        (count,) = self._db.execute("SELECT count(*) FROM passages WHERE row > ?", (self.vectors_to,)).fetchone()
        return int(count)

    def dead(self) -> list[int]:
        """Rows that Chroma has and the catalog no longer."""
        return [row for (row,) in self._db.execute("SELECT row FROM dead")]

    # writing: each call is one transaction, and one generation

    def write(
        self, entries: Iterable[Entry] = (), *, read: Iterable[FileState] = (), gone: Collection[str] = ()
    ) -> None:
        """Puts articles in (in place of older versions), takes those `gone` out, notes files as read to their end."""
        with self._change():
            for id in gone:
                self._take_out(id)
            for entry in entries:
                self._take_out(entry.article.id)
                self._put_in(entry)
            for file in read:
                self._db.execute(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                    (file.path, file.sha256, file.reading, _as_json(file.skipped), file.stamp),
                )

    def note_skipped(self, skipped: Sequence[Skipped]) -> None:
        """Keeps what was skipped; no generation, for no answer changes by it."""
        if list(skipped) != self.skipped():
            with _transaction(self._db, "IMMEDIATE"):
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('skipped', ?)", (_as_json(skipped),))

    def note_stamps(self, stamps: Mapping[str, str]) -> None:
        """Keeps by what each file is known to be unchanged; no generation either."""
        if stamps:
            with _transaction(self._db, "IMMEDIATE"):
                self._db.executemany(
                    "UPDATE files SET stamp = ? WHERE path = ?", [(stamp, path) for path, stamp in stamps.items()]
                )

    def note_read(self, at: datetime) -> None:
        """Keeps when the folder was read to its end; no generation, as above."""
        with _transaction(self._db, "IMMEDIATE"):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('read_at', ?)", (at.isoformat(timespec="seconds"),))

    def forget_file(self, path: str) -> None:
        """Takes out a file and its articles."""
        with self._change():
            for id in self.digests(path):
                self._take_out(id)
            self._db.execute("DELETE FROM files WHERE path = ?", (path,))

    def use_vectors(self, name: str) -> None:
        """From now on readers ask the Chroma directory `name`, which holds every passage of the catalog."""
        with self._change():
            (last,) = self._db.execute("SELECT coalesce(max(row), 0) FROM passages").fetchone()
            self._set_vectors(name, last)

    def disown_vectors(self) -> None:
        """There is no Chroma directory (any more): vectors are read from here."""
        with self._change():
            self._set_vectors("", 0)

    def _set_vectors(self, name: str, last: int) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'vectors'", (name,))
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'vectors_to'", (str(last),))
        self._db.execute("DELETE FROM dead")

    @contextmanager
    def _change(self) -> Iterator[None]:
        with _transaction(self._db, "IMMEDIATE"):
            yield
            self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")

    def _take_out(self, article: str) -> None:
        rows = "SELECT row FROM passages WHERE article = ?"
        self._db.execute(f"INSERT INTO dead {rows} AND row <= ?", (article, self.vectors_to))
        # the words that an index of words without its own text is to forget must be told
        self._db.execute(
            f"INSERT INTO words (words, rowid, text) SELECT 'delete', row, text FROM texts WHERE row IN ({rows})",
            (article,),
        )
        self._db.execute(f"DELETE FROM vectors WHERE row IN ({rows})", (article,))
        for table, column in (("passages", "article"), ("sentences", "article"), ("articles", "id")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (article,))

    def _put_in(self, entry: Entry) -> None:
        article = entry.article
        spans = json.dumps(
            {
                "captions": [(span.start, span.end) for span in article.caption_spans],
                "asides": [(span.start, span.end) for span in article.aside_spans],
                "pages": article.page_starts,
            }
        )
        day = article.date.isoformat() if article.date else None
        self._db.execute(
            "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                article.id,
                entry.file,
                entry.digest,
                article.title,
                article.text,
                day,
                article.source,
                article.url,
                article.author,
                spans,
            ),
        )
        self._db.executemany(
            "INSERT INTO sentences VALUES (:article, :number, :start, :end, :kind, :paragraph)",
            [asdict(sentence) for sentence in entry.sentences],
        )
        for passage, vector in zip(entry.passages, entry.vectors, strict=True):
            row = self._db.execute(
                'INSERT INTO passages (id, article, start, "end", kind, day) VALUES (?, ?, ?, ?, ?, ?)',
                (passage.id, passage.article, passage.start, passage.end, passage.kind, day_number(passage.date)),
            ).lastrowid
            self._db.execute("INSERT INTO vectors VALUES (?, ?)", (row, vector.astype(np.float16).tobytes()))
            self._db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (row, passage.text))


def _any(words: Sequence[str]) -> str:
    """An FTS5 expression: any of the words. In quotation marks none is an operator."""
    return " OR ".join(f'"{word}"' for word in words)


def _from_bytes(held: bytes, rows: int = 1) -> NDArray[np.float32]:
    """Vectors as they are kept, in half precision: a cosine is off by a ten-thousandth."""
    return np.frombuffer(held, np.float16).reshape(rows, -1 if rows else 0).astype(np.float32)


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


def _as_json(skipped: Iterable[Skipped]) -> str:
    return json.dumps([(each.path, each.reason) for each in skipped])


def _skipped(told: str) -> list[Skipped]:
    return [Skipped(*pair) for pair in json.loads(told)]


@contextmanager
def _transaction(db: sqlite3.Connection, kind: str) -> Iterator[None]:
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has rolled back by itself when the disk is full
            db.execute("ROLLBACK")
        raise


def _article(columns: Sequence[str | None]) -> Article:
    id, title, text, day, source, url, author, spans = columns
    parts = json.loads(spans or "{}")
    return Article(
        id=id or "",
        title=title or "",
        text=text or "",
        date=_day(day),
        source=source,
        url=url,
        author=author,
        caption_spans=tuple(Span(*pair) for pair in parts["captions"]),
        aside_spans=tuple(Span(*pair) for pair in parts["asides"]),
        page_starts=tuple(parts["pages"]),
    )


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def _kind(kind: str) -> Kind:
    return "caption" if kind == "caption" else "prose"
