"""What goes into the catalog and comes out of it, and which part of it a search may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from index.types import Article, Passage, Sentence, Skipped


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when its articles were last read."""

    path: str
    sha256: str
    reading: str
    """Version of the code that read it."""
    skipped: tuple[Skipped, ...] = ()
    """Its records that could not be read."""
    stamp: str = ""
    """Its size and times: as long as they are the same, so are its bytes. Empty if they cannot tell yet."""
    articles: int = 0
    """How many of its articles the index holds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An article with all that is derived from it, ready to be written."""

    article: Article
    file: str
    digest: str
    sentences: Sequence[Sentence]
    passages: Sequence[Passage]
    vectors: Sequence[NDArray[np.float32]]
    """A unit vector for each passage."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A passage as the catalog holds it."""

    passage: Passage
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which passages a search may return. Days are numbers YYYYMMDD, 0 for no date; bounds are inclusive."""

    since: int | None = None
    until: int | None = None
    undated: bool = False
    """Whether passages without a date pass the bounds."""
    sources: tuple[int, ...] | None = None
    authors: tuple[int, ...] | None = None
    """The catalog's numbers of names of which one is the article's source, and its author; None lets all pass."""
    exclude: tuple[str, ...] = ()

    @property
    def bounded(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def selects(self) -> bool:
        """Whether it may keep most of them out."""
        return self.bounded or self.sources is not None or self.authors is not None

    @property
    def narrows(self) -> bool:
        """Whether there is anything that it keeps out."""
        return self.selects or bool(self.exclude)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an index holds."""

    articles: int
    undated: int
    sentences: int
    passages: int
    oldest: date | None
    newest: date | None
    folder: str
    embedder: str
    fingerprint: str
    generation: int
    read_at: datetime | None
    """When the folder was last read to its end, in UTC; None if that was before it was noted."""


def day_number(day: date | None) -> int:
    """YYYYMMDD, which sorts as the days do; 0 for no date."""
    return day.year * 10000 + day.month * 100 + day.day if day else 0
