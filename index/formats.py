"""What a reader of files finds: Extracts; and the reader of .json and .jsonl files. The others: pdf, word, webpage.

The libraries raise whatever they like on bad content, so each call into one is fenced: what comes out
of here is an Extract, an Unreadable with its reason, or the file system's own OSError.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from index.dates import parse_date
from index.decode import Unreadable, decode, one_at_most, read_bytes, storable, too_long
from index.types import Span

MAX_JSON_BYTES = 100_000_000
MAX_LINE_BYTES = 16_000_000

_NO_TITLE = re.compile(r"untitled.*|\(?anonymous\)?|\(unspecified\)|microsoft word - .*|.*\.(docx?|indd|qxd)", re.I)


@dataclass(frozen=True, slots=True)
class Extract:
    """What a file, or one of its records, says of itself; not yet an Article."""

    text: str
    title: str | None = None
    date: date | None = None
    source: str | None = None
    url: str | None = None
    asides: tuple[Span, ...] = ()
    page_starts: tuple[int, ...] = ()


Found = tuple[str, Extract | Unreadable]
"""An Extract or why there is none, and what its id has after the file's path: "", "#12", "#page=3"."""


def word(value: object) -> str | None:
    """A field's text in one line; None for what is blank or not text."""
    return storable(" ".join(value.split())) or None if isinstance(value, str) else None


def web_address(value: object) -> str | None:
    """A field's http(s) address; None for any other scheme, which an app must not show as a link."""
    text = word(value)
    return text if text and re.match(r"https?://\S+$", text, re.I) else None


def from_fields(text: str, fields: dict[str, Any]) -> Extract:
    """An Extract of a text and its title, date, source and url fields, where they are of use."""
    return Extract(
        text,
        title=word(fields.get("title")),
        date=parse_date(fields.get("date")),
        source=word(fields.get("source")),
        url=web_address(fields.get("url")),
    )


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


def own_title(value: object) -> str | None:
    """A title from metadata, unless the program that made the file invented it."""
    title = word(value)
    return None if title is None or _NO_TITLE.fullmatch(title) else title


# --- JSON


def read_json(path: Path) -> list[Found]:
    """One article, or the numbered articles of a list or of {"articles": [...]}; or JSON lines misnamed."""
    limit = Unreadable(f"larger than {MAX_JSON_BYTES // 1_000_000} MB: make it a .jsonl file with an article a line")
    text = decode(read_bytes(path, MAX_JSON_BYTES, limit))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data" and error.lineno > 1:
            return _numbered(_parse(line) for line in text.split("\n") if line.strip())
        raise _not_json(error, "line {0.lineno}, ") from error
    if isinstance(content, dict) and "text" not in content and isinstance(content.get("articles"), list):
        content = content["articles"]
    if not isinstance(content, list):
        return [("", _record(content))]
    if not content:
        raise Unreadable("empty: there is no article in its list")
    return _numbered(_record(item) for item in content)


def read_jsonl(path: Path) -> list[Found]:
    """An article a line, numbered from 0; blank lines are no records, broken ones keep their number."""
    with path.open("rb") as file:
        marked = file.read(4).startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"))
    if marked:  # UTF-16 or -32, whose lines are not lines of bytes
        return _numbered(_parse(line) for line in _json_text(path).split("\n") if line.strip())
    found = _numbered(_parse_bytes(line) for line in _byte_lines(path))
    if not found:
        raise Unreadable("empty")
    return found


def _json_text(path: Path) -> str:
    limit = Unreadable(f"larger than {MAX_JSON_BYTES // 1_000_000} MB: save it as UTF-8")
    return decode(read_bytes(path, MAX_JSON_BYTES, limit))


def _byte_lines(path: Path) -> Iterator[bytes]:
    """The lines that are not blank; of one beyond any article's size only the beginning."""
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE_BYTES):
            rest = line
            while len(rest) == MAX_LINE_BYTES and not rest.endswith(b"\n"):
                rest = file.readline(MAX_LINE_BYTES)
            if line.strip(b"\xef\xbb\xbf \t\r\n"):
                yield line


def _parse_bytes(line: bytes) -> Extract | Unreadable:
    if len(line) == MAX_LINE_BYTES:
        return too_long()
    try:
        return _parse(decode(line))
    except Unreadable as trouble:
        return trouble


def _parse(line: str) -> Extract | Unreadable:
    try:
        return _record(json.loads(line))
    except (ValueError, RecursionError) as error:
        return _not_json(error, "")


def _record(content: object) -> Extract | Unreadable:
    if not isinstance(content, dict):
        return Unreadable("not a JSON object")
    text = content.get("text")
    if not isinstance(text, str):
        return Unreadable('it has no "text"' if text is None else 'its "text" is not a string')
    try:
        with one_at_most():
            return from_fields(storable(text), content)
    except Unreadable as trouble:
        return trouble


def _not_json(error: Exception, where: str) -> Unreadable:
    if isinstance(error, json.JSONDecodeError):
        return Unreadable("not valid JSON at " + where.format(error) + f"column {error.colno}")
    return Unreadable("not valid JSON")


def _numbered(records: Iterator[Extract | Unreadable]) -> list[Found]:
    return [(f"#{number}", record) for number, record in enumerate(records)]
