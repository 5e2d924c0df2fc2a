"""The plain values that pass between the rooms of `index`, and out of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

Kind = Literal["prose", "caption"]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to, not including, `end` of an article's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it was read. Every offset anywhere counts the characters of `text`."""

    id: str
    title: str
    text: str
    date: datetime.date | None = None
    source: str | None = None
    url: str | None = None
    caption_spans: tuple[Span, ...] = ()
    """Photo captions inside `text`, without their credits."""
    aside_spans: tuple[Span, ...] = ()
    """What is nobody's words: the date line, front matter, photo credits."""
    page_starts: tuple[int, ...] = ()
    """Offset of each page's first character, for formats that have pages; else empty."""
    author: str | None = None

    @property
    def captions(self) -> tuple[str, ...]:
        """The text of each photo caption, without its credit."""
        return tuple(self.text[s.start : s.end] for s in self.caption_spans)

    def page_of(self, offset: int) -> int | None:
        """The page (from 1) on which the character at `offset` stands; None without pages."""
        if not self.page_starts:
            return None
        return max(1, sum(1 for start in self.page_starts if start <= offset))


@dataclass(frozen=True, slots=True)
class Listed:
    """An article as a list of articles shows it."""

    id: str
    title: str
    date: datetime.date | None
    source: str | None
    characters: int
    file: str
    """The file it comes from: relative to the folder, or "uploads/NAME"."""
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of prose, or one of a caption, in the order of the article."""

    article: str
    number: int
    """Position among the article's sentences, from 0."""
    start: int
    end: int
    kind: Kind
    paragraph: int
    """Number of the paragraph it stands in, from 0."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of neighbouring sentences of one kind: the unit that is embedded and searched."""

    id: str
    """Unique to this version of the article: a changed article gets new passage ids."""
    article: str
    title: str
    date: datetime.date | None
    text: str
    """Exactly `article.text[start:end]`."""
    start: int
    end: int
    kind: Kind = "prose"


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found."""

    passage: Passage
    score: float
    """Fused score (RRF): larger is better, comparable within one search only."""
    bm25_rank: int | None
    """Place among the BM25 hits, from 1; None if BM25 did not find it."""
    similarity: float | None
    """Cosine of query and passage; None if the dense search did not find it."""
    marks: tuple[Span, ...] = ()
    """Where the query's words stand in `passage.text`, in whatever form BM25 takes for the same word."""

    def to_dict(self) -> dict[str, Any]:
        return dict(as_json(self))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a record of a file, that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What `sync` did, counted in articles."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """(path, reason) for every file or record that was not indexed afresh."""
    undated: list[str] = field(default_factory=list)
    """Ids of the articles in the index that carry no date."""

    def to_dict(self) -> dict[str, Any]:
        return dict(as_json(self))


def as_json(value: Any) -> Any:
    """`value` in JSON's types: a dataclass as its fields, a `Span` as [start, end], a date as 2024-12-31."""
    if isinstance(value, Span):
        return [value.start, value.end]
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
