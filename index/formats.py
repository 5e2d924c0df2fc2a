"""What a reader of files finds: an Extract; and what several readers share.

The libraries raise whatever they like on bad content, so each call into one is fenced: what comes out
of here is an Extract, an Unreadable with its reason, or the file system's own OSError.
"""

from __future__ import annotations

import logging
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from index.decode import Unreadable, legible
from index.types import Span

MAX_UNPACKED_BYTES = 200_000_000

_NO_TITLE = re.compile(r"untitled.*|\(?anonymous\)?|\(unspecified\)|microsoft word - .*|.*\.(docx?|indd|qxd)", re.I)


@dataclass(frozen=True, slots=True)
class Extract:
    """What a file, or one of its records, says of itself; not yet an Article."""

    text: str
    title: str | None = None
    date: date | None = None
    source: str | None = None
    url: str | None = None
    author: str | None = None
    asides: tuple[Span, ...] = ()
    page_starts: tuple[int, ...] = ()


Found = tuple[str, Extract | Unreadable]
"""An Extract or why there is none, and what its id has after the file's path: "", "#12", "#page=3"."""


def word(value: object) -> str | None:
    """A field's text in one line; None for what is blank or not text."""
    return legible(" ".join(value.split())) or None if isinstance(value, str) else None


def web_address(value: object) -> str | None:
    """A field's http(s) address; None for any other scheme, which an app must not show as a link."""
    text = word(value)
    return text if text and re.match(r"https?://\S+$", text, re.I) else None


@contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """Keeps these libraries' log lines and all warnings from the terminal, for as long as it lasts."""
    levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in loggers]
    for logger, _ in levels:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)


def check_unpacked(archive: zipfile.ZipFile) -> None:
    """Raises Unreadable for a ZIP bomb, before anything of it is unpacked."""
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
        raise Unreadable(f"unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")


def unended(what: str) -> Unreadable:
    """Why a file that is read, but shows that it was cut, is told all the same."""
    return Unreadable(f"{what}: a part of it may be missing; get the file anew")


def own_title(value: object) -> str | None:
    """A title from metadata, unless the program that made the file invented it."""
    title = word(value)
    return None if title is None or _NO_TITLE.fullmatch(title) else title
