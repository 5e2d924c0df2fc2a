"""The catalog of one index: articles, sentences, passages with their vectors, and their words for BM25.

It alone decides what is in the index. Whatever a transaction brings in is ready to be searched when the
transaction ends. Rows of passages ascend and are never used again: Chroma has those up to one of them, and the vectors
of later ones are read from here. What SQLite and PostgreSQL both understand stands here; `index.sqlite` and
`index.postgres` add how each is opened, and how words are found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from index.columns import (
    article_columns,
    article_of,
    day_of,
    file_columns,
    kind_of,
    passage_columns,
    skipped_as_json,
    skipped_of,
    vectors_of,
)
from index.records import Counts, Entry, FileState, Narrow, Stored, day_number
from index.terms import spelled
from index.types import Article, Listed, Passage, Sentence, Skipped, Span

_PAGE = 2000  # vectors that are read at once


class Catalog(ABC):
    """One open connection. Close it soon: readers see what was committed when they opened it."""

    name: str
    """The index's own, among those of its database."""
    directory: Path | None = None
    """Where what belongs to it can be kept beside it."""

    _AMONG: ClassVar[str]
    """The condition that a column is one of what :{} lists, as `_listed` gives it."""
    _IN_THIS_ORDER: ClassVar[str] = "JOIN"
    """A join whose first table is to be read first."""

    # what each database has its own way for

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _rows(self, sql: str, **values: Any) -> list[Any]:
        """What a query finds; `values` stand in it as :name."""

    @abstractmethod
    def _do(self, sql: str, each: Sequence[Mapping[str, Any]]) -> None:
        """A statement, once for each of these values."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[None]: ...

    @abstractmethod
    def _listed(self, values: Collection[Any]) -> Any: ...

    @abstractmethod
    def _new_rows(self, count: int) -> list[int]:
        """So many rows that no passage ever had, ascending."""

    @abstractmethod
    def _put_words(self, texts: Mapping[int, str]) -> None:
        """Makes the words of passages, by row, ready to be searched."""

    @abstractmethod
    def _take_words_out(self, rows: str, ids: Any) -> None:
        """Those of the passages that the query `rows` finds, in which `ids` stands."""

    @abstractmethod
    def bm25(self, finding: Sequence[str], others: Sequence[str], limit: int, narrow: Narrow) -> list[int]:
        """Rows of the passages with any of the words `finding`, best first by BM25 (k1 = 1.2, b = 0.75) of them all."""

    @abstractmethod
    def marks(self, words: Sequence[str], rows: Collection[int]) -> dict[int, tuple[Span, ...]]:
        """Where the words stand in the text of these passages, in whatever form; a row without any may be left out."""

    @abstractmethod
    def astray(self, *, mend: bool = False) -> list[str]:
        """What is wrong of words and rows, by phrases: see `index.integrity`; with `mend` it is made right."""

    @abstractmethod
    def matching(self, phrase: Sequence[str]) -> int:
        """In how many passages these words stand one behind the other."""

    @abstractmethod
    def having(self, phrase: Sequence[str]) -> set[str]:
        """The ids of the articles in whose text these words stand one behind the other."""

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # what is in it

    def meta(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = :key", key=key)
        return str(rows[0][0]) if rows else ""

    @property
    def generation(self) -> int:
        return int(self.meta("generation"))

    @property
    def read_at(self) -> datetime | None:
        """When the folder was last read to its end, as `note_read` was told."""
        told = self.meta("read_at")
        return datetime.fromisoformat(told) if told else None

    @property
    def vectors(self) -> str:
        """The directory beside this or the collection on a server, where Chroma has the vectors; empty for neither."""
        return self.meta("vectors")

    @property
    def collection(self) -> str:
        """The Chroma server's collection of the vectors; empty where they are in a directory, or nowhere yet."""
        return "" if self.vectors.startswith("vectors-") else self.vectors

    @property
    def vectors_to(self) -> int:
        """The last row of which Chroma has been told: its vectors are of rows up to this one."""
        return int(self.meta("vectors_to"))

    def counts(self) -> Counts:
        ((articles, undated, oldest, newest),) = self._rows(
            "SELECT count(*), count(*) - count(date), min(date), max(date) FROM articles"
        )
        return Counts(
            articles,
            undated,
            self._number("SELECT count(*) FROM sentences"),
            self.size(),
            day_of(oldest),
            day_of(newest),
            self.meta("folder"),
            self.meta("embedder"),
            self.meta("fingerprint"),
            self.generation,
            self.read_at,
        )

    def files(self) -> dict[str, FileState]:
        """Every file that articles are from; one that was not read to its end has no hash."""
        held = dict(self._rows("SELECT file, count(*) FROM articles GROUP BY file"))
        known = {
            path: FileState(path, sha256, reading, tuple(skipped_of(told)), stamp, held.get(path, 0))
            for path, sha256, reading, told, stamp in self._rows(
                "SELECT path, sha256, reading, skipped, stamp FROM files"
            )
        }
        return {path: FileState(path, "", "", articles=count) for path, count in held.items()} | known

    def skipped(self) -> list[Skipped]:
        """What was skipped when the folder was last read, as `note_skipped` was told."""
        return skipped_of(self.meta("skipped") or "[]")

    def digests(self, file: str) -> dict[str, str]:
        """Article id -> digest, for the articles of one file."""
        return dict(self._rows("SELECT id, digest FROM articles WHERE file = :file ORDER BY id", file=file))

    def size(self) -> int:
        """How many passages it holds."""
        return self._number("SELECT count(*) FROM passages")

    def is_empty(self) -> bool:
        return not self._rows("SELECT 1 FROM passages LIMIT 1")

    def article_ids(self) -> list[str]:
        return [id for (id,) in self._rows("SELECT id FROM articles ORDER BY id")]

    def listed(self, narrow: Narrow | None = None) -> list[Listed]:
        """The articles that may be returned, newest first, those without a date last."""
        narrow = narrow or Narrow()
        condition, values = self._within(narrow)
        passing = f"WHERE id IN (SELECT p.article FROM passages p WHERE {condition})" if narrow.narrows else ""
        rows = self._rows(
            f"SELECT id, title, date, source, length(text), file, author FROM articles {passing} "
            "ORDER BY coalesce(date, '') DESC, id",
            **values,
        )
        return [Listed(id, title, day_of(day), *others) for id, title, day, *others in rows]

    def openings(self, articles: Collection[str], characters: int) -> dict[str, str]:
        """How the text of each of these articles begins, by id."""
        begin = f"SELECT id, substr(text, 1, {characters}) FROM articles WHERE id {self._AMONG.format('ids')}"
        return dict(self._rows(begin, ids=self._listed(articles)))

    def file_of(self, article: str) -> str | None:
        found = self._rows("SELECT file FROM articles WHERE id = :id", id=article)
        return found[0][0] if found else None

    def undated(self) -> list[str]:
        return [id for (id,) in self._rows("SELECT id FROM articles WHERE date IS NULL ORDER BY id")]

    def article(self, id: str) -> Article | None:
        columns = "id, title, text, date, source, url, author, spans"
        rows = self._rows(f"SELECT {columns} FROM articles WHERE id = :id", id=id)
        return article_of(rows[0]) if rows else None

    def sentences(self, article: str) -> list[Sentence]:
        rows = self._rows(
            'SELECT article, number, start, "end", kind, paragraph FROM sentences WHERE article = :article '
            "ORDER BY number",
            article=article,
        )
        return [Sentence(*row) for row in rows]

    def sentences_in(self, passages: Collection[str]) -> dict[str, list[Sentence]]:
        """The sentences of each passage, by passage id, in their order."""
        rows = self._rows(
            'SELECT p.id, s.article, s.number, s.start, s."end", s.kind, s.paragraph FROM passages p JOIN sentences s '
            'ON s.article = p.article AND s.start >= p.start AND s."end" <= p."end" '
            f"WHERE p.id {self._AMONG.format('ids')} ORDER BY p.row, s.number",
            ids=self._listed(passages),
        )
        found: dict[str, list[Sentence]] = {id: [] for id in passages}
        for id, *sentence in rows:
            found[id].append(Sentence(*sentence))
        return found

    # search

    def named(self, kind: str, words: str) -> tuple[int, ...]:
        """The numbers of the names of this kind, "source" or "author", in which the words stand, as `spelled`."""
        found = self._rows(
            "SELECT number FROM names WHERE kind = :kind AND name LIKE :words", kind=kind, words=f"%{words}%"
        )
        return tuple(number for (number,) in found)

    def passing(self, rows: Collection[int], narrow: Narrow) -> set[int]:
        """Those of Chroma's `rows` that the catalog still has, and that may be returned."""
        condition, values = self._within(narrow, by_row=True)
        among = self._AMONG.format("rows")
        found = self._rows(
            f"SELECT p.row FROM passages p WHERE {condition} AND p.row {among}", rows=self._listed(rows), **values
        )
        return {row for (row,) in found}

    def passing_count(self, narrow: Narrow, most: int) -> int:
        """How many passages may be returned; it is not counted further than `most`."""
        condition, values = self._within(narrow)
        within = f"SELECT 1 FROM passages p WHERE {condition} LIMIT :some"
        return self._number(f"SELECT count(*) FROM ({within}) AS found", some=most, **values)

    def vectors_held(self, narrow: Narrow, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        """Rows behind `after` of the passages that may be returned, and their vectors."""
        condition, values = self._within(narrow, by_row=after > 0)
        order = "+p.row"  # by "+", which hides the row: else SQLite looks at every row for the few of some days
        if after:
            condition, values, order = f"p.row > :after AND {condition}", {"after": after, **values}, "p.row"
        found = self._rows(
            f"SELECT v.row, v.vector FROM passages p {self._IN_THIS_ORDER} vectors v ON v.row = p.row "
            f"WHERE {condition} ORDER BY {order}",
            **values,
        )
        return [row for row, _ in found], vectors_of(b"".join(vector for _, vector in found), len(found))

    def stored(self, rows: Collection[int]) -> dict[int, Stored]:
        """The passages of these rows, with their vectors."""
        found = self._rows(
            'SELECT p.row, p.id, p.article, a.title, a.date, t.text, p.start, p."end", p.kind, v.vector '
            "FROM passages p JOIN articles a ON a.id = p.article JOIN texts t ON t.row = p.row "
            f"JOIN vectors v ON v.row = p.row WHERE p.row {self._AMONG.format('rows')}",
            rows=self._listed(rows),
        )
        return {
            row: Stored(
                Passage(id, article, title, day_of(day), text, start, end, kind_of(kind)), vectors_of(vector)[0]
            )
            for row, id, article, title, day, text, start, end, kind, vector in found
        }

    def vectors_after(self, row: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The rows behind this one, ascending, each with its vector."""
        page = f"SELECT row, vector FROM vectors WHERE row > :row ORDER BY row LIMIT {_PAGE}"
        while found := self._rows(page, row=row):
            for row, vector in found:
                yield row, vectors_of(vector)[0]

    def last_row(self) -> int:
        """The last passage's; 0 if there is none."""
        return self._number("SELECT coalesce(max(row), 0) FROM passages")

    def waiting(self) -> int:
        """How many passages Chroma does not have yet."""
        return self._number("SELECT count(*) FROM passages WHERE row > :told", told=self.vectors_to)

    def dead(self) -> list[int]:
        """Rows that Chroma has, or may have, and the catalog no longer."""
        return [row for (row,) in self._rows("SELECT row FROM dead")]

    # writing: each call is one transaction, and one generation

    def write(
        self, entries: Iterable[Entry] = (), *, read: Iterable[FileState] = (), gone: Collection[str] = ()
    ) -> None:
        """Puts articles in (in place of older versions), takes those `gone` out, notes files as read to their end."""
        with self._change():
            entries = list(entries)
            self._take_out([*gone, *(entry.article.id for entry in entries)])
            self._put_in(entries)
            self._do(
                "INSERT INTO files (path, sha256, reading, skipped, stamp) "
                "VALUES (:path, :sha256, :reading, :skipped, :stamp) ON CONFLICT (path) DO UPDATE SET "
                "sha256 = excluded.sha256, reading = excluded.reading, skipped = excluded.skipped, "
                "stamp = excluded.stamp",
                [file_columns(file) for file in read],
            )

    def note_skipped(self, skipped: Sequence[Skipped]) -> None:
        """Keeps what was skipped; no generation, for no answer changes by it."""
        if list(skipped) != self.skipped():
            self._note("skipped", skipped_as_json(skipped))

    def note_stamps(self, stamps: Mapping[str, str]) -> None:
        """Keeps by what each file is known to be unchanged; no generation either."""
        if stamps:
            with self._transaction():
                self._do(
                    "UPDATE files SET stamp = :stamp WHERE path = :path",
                    [{"path": path, "stamp": stamp} for path, stamp in stamps.items()],
                )

    def note_read(self, at: datetime) -> None:
        """Keeps when the folder was read to its end; no generation, as above."""
        self._note("read_at", at.isoformat(timespec="seconds"))

    def forget_file(self, path: str) -> None:
        """Takes out a file and its articles."""
        with self._change():
            self._take_out(list(self.digests(path)))
            self._do("DELETE FROM files WHERE path = :path", [{"path": path}])

    def use_vectors(self, name: str, *, told: int) -> None:
        """From now on Chroma has the vectors up to the row `told` in `name`; an empty one for nowhere."""
        with self._change():
            self._do("UPDATE meta SET value = :name WHERE key = 'vectors'", [{"name": name}])
            self._do("UPDATE meta SET value = :told WHERE key = 'vectors_to'", [{"told": str(told)}])
            self._do("DELETE FROM dead", [{}])

    def _note(self, key: str, value: str) -> None:
        with self._transaction():
            self._do("DELETE FROM meta WHERE key = :key", [{"key": key}])
            self._do("INSERT INTO meta (key, value) VALUES (:key, :value)", [{"key": key, "value": value}])

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._transaction():
            yield
            self._do("UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'generation'", [{}])

    # all of a group at once: with a server each statement is a way there and back

    def _take_out(self, articles: Collection[str]) -> None:
        among, ids = self._AMONG.format("ids"), self._listed(articles)
        # a collection that is written in place may have been told of more than it is known to have
        told = "" if self.collection else " AND row <= :told"
        rows = f"SELECT row FROM passages WHERE article {among}"
        self._do(f"INSERT INTO dead (row) {rows}{told}", [{"ids": ids, "told": self.vectors_to}])
        self._take_words_out(rows, ids)
        self._do(f"DELETE FROM vectors WHERE row IN ({rows})", [{"ids": ids}])
        for table, column in (("passages", "article"), ("sentences", "article"), ("articles", "id")):
            self._do(f"DELETE FROM {table} WHERE {column} {among}", [{"ids": ids}])

    def _put_in(self, entries: Sequence[Entry]) -> None:
        self._do(
            "INSERT INTO articles (id, file, digest, title, text, date, source, url, author, spans) "
            "VALUES (:id, :file, :digest, :title, :text, :date, :source, :url, :author, :spans)",
            [article_columns(entry) for entry in entries],
        )
        self._do(
            'INSERT INTO sentences (article, number, start, "end", kind, paragraph) '
            "VALUES (:article, :number, :start, :end, :kind, :paragraph)",
            [asdict(sentence) for entry in entries for sentence in entry.sentences],
        )
        passages = [passage for entry in entries for passage in entry.passages]
        known = self._names_of(entries)
        names = [known[entry.article.id] for entry in entries for _ in entry.passages]
        rows = self._new_rows(len(passages))
        self._do(
            'INSERT INTO passages (row, id, article, start, "end", kind, day, source, author) '
            "VALUES (:row, :id, :article, :start, :end, :kind, :day, :source, :author)",
            [passage_columns(row, passage, *of_it) for row, passage, of_it in zip(rows, passages, names, strict=True)],
        )
        vectors = (vector.astype(np.float16).tobytes() for entry in entries for vector in entry.vectors)
        self._do(
            "INSERT INTO vectors (row, vector) VALUES (:row, :vector)",
            [{"row": row, "vector": vector} for row, vector in zip(rows, vectors, strict=True)],
        )
        self._put_words({row: passage.text for row, passage in zip(rows, passages, strict=True)})

    def _names_of(self, entries: Sequence[Entry]) -> dict[str, tuple[int, int]]:
        """By article the numbers of its source and of its author, each name being kept once; 0 for none."""
        sources = self._numbers("source", {e.article.id: spelled(e.article.source or "") for e in entries})
        authors = self._numbers("author", {e.article.id: spelled(e.article.author or "") for e in entries})
        return {article: (number, authors[article]) for article, number in sources.items()}

    def _numbers(self, kind: str, names: Mapping[str, str]) -> dict[str, int]:
        wanted = {*names.values()} - {""}
        among = f"kind = :kind AND name {self._AMONG.format('names')}"
        known = dict(self._rows(f"SELECT name, number FROM names WHERE {among}", kind=kind, names=self._listed(wanted)))
        last = self._number("SELECT coalesce(max(number), 0) FROM names WHERE kind = :kind", kind=kind)
        new = {name: number for number, name in enumerate(sorted(wanted - known.keys()), last + 1)}
        self._do(
            "INSERT INTO names (kind, name, number) VALUES (:kind, :name, :number)",
            [{"kind": kind, "name": name, "number": number} for name, number in new.items()],
        )
        numbers = known | new | {"": 0}
        return {article: numbers[name] for article, name in names.items()}

    def _number(self, sql: str, **values: Any) -> int:
        return int(self._rows(sql, **values)[0][0])

    def _within(self, narrow: Narrow, *, by_row: bool = False) -> tuple[str, dict[str, Any]]:
        """The condition on the table `passages p` that `narrow` makes, and its values.

        `by_row`: few rows are given, and it is only to be seen whether they pass. Left to itself SQLite would go
        through all that pass instead; a "+" hides the column from its indexes.
        """
        p = "+p" if by_row else "p"
        condition, values = "1 = 1", dict[str, Any]()
        if narrow.bounded:
            # one range: of two lower bounds SQLite seeks by the first that it is given
            condition = f"{p}.day BETWEEN :since AND :until"
            values = {"since": narrow.since or 1, "until": narrow.until or day_number(date.max)}
        if narrow.bounded and narrow.undated:
            condition = f"({condition} OR {p}.day = 0)"
        for column, numbers in (("source", narrow.sources), ("author", narrow.authors)):
            if numbers is not None:
                condition += f" AND {p}.{column} {self._AMONG.format(column)}"
                values[column] = self._listed(numbers)
        if narrow.exclude:
            condition += f" AND NOT (p.article {self._AMONG.format('exclude')})"
            values["exclude"] = self._listed(narrow.exclude)
        return condition, values
