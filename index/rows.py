"""Records in rows: .json, .jsonl, .csv and .tsv files -> an Extract each, whatever the names of their fields."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from index.decode import MAX_ARTICLE_CHARS, Unreadable, decode, one_at_most, read_bytes, too_long
from index.fields import field_names, from_fields, records
from index.formats import Extract, Found

MAX_FILE_BYTES = 100_000_000
MAX_LINE_BYTES = 16_000_000
_CUT = re.compile(r"\[\+\d+ chars\]\s*$")  # how NewsAPI ends what it gives of an article


# --- JSON


def read_json(path: Path) -> list[Found]:
    """One article, or the numbered articles of a list, wherever it stands in it; or JSON lines misnamed."""
    limit = Unreadable(f"larger than {MAX_FILE_BYTES // 1_000_000} MB: make it a .jsonl file with an article a line")
    text = decode(read_bytes(path, MAX_FILE_BYTES, limit))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        extra = isinstance(error, json.JSONDecodeError) and error.msg == "Extra data" and error.pos
        if extra and "\n" in text[:extra] and "\n" not in text[:extra].strip():  # one in a line of its own, and more
            return _numbered(_parse(line) for line in text.split("\n") if line.strip())
        raise _not_json(error, "line {0.lineno}, ") from error
    listed = records(content)
    if listed is None:
        return _told([("", _record(content))])
    if not listed:
        raise Unreadable("empty: there is no article in its list")
    return _numbered(_record(item) for item in listed)


def read_jsonl(path: Path) -> list[Found]:
    """An article a line, numbered from 0; blank lines are no records, broken ones keep their number."""
    with path.open("rb") as file:
        marked = file.read(4).startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"))
    if marked:  # UTF-16 or -32, whose lines are not lines of bytes
        found = _numbered(_parse(line) for line in _json_text(path).split("\n") if line.strip())
    else:
        found = _numbered(_parse_bytes(line) for line in _byte_lines(path))
    if not found:
        raise Unreadable("empty")
    return found


def _json_text(path: Path) -> str:
    limit = Unreadable(f"larger than {MAX_FILE_BYTES // 1_000_000} MB: save it as UTF-8")
    return decode(read_bytes(path, MAX_FILE_BYTES, limit))


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
    kind = content.get("@type")
    if isinstance(kind, str) and not kind.endswith(("Article", "Posting", "Report", "CreativeWork")):
        return Unreadable(f"a {kind}, not an article")
    try:
        with one_at_most():
            return from_fields(content)
    except Unreadable as trouble:
        return trouble


def _not_json(error: Exception, where: str) -> Unreadable:
    if isinstance(error, json.JSONDecodeError):
        return Unreadable("not valid JSON at " + where.format(error) + f"column {error.colno}")
    return Unreadable("not valid JSON")


def _numbered(found: Iterable[Extract | Unreadable]) -> list[Found]:
    return _told([(f"#{number}", one) for number, one in enumerate(found)])


def _told(found: list[Found]) -> list[Found]:
    """What was found and, of records that say that they are only the beginning of an article, that they are."""
    cut = [mark for mark, one in found if isinstance(one, Extract) and _CUT.search(one.text[-30:])]
    return [*found, *((mark, Unreadable("only its beginning is in this file: get the whole article")) for mark in cut)]


# --- CSV


def read_csv(path: Path) -> list[Found]:
    """An article a row below the row of heads, numbered from 0; blank rows are no records."""
    limit = Unreadable(f"larger than {MAX_FILE_BYTES // 1_000_000} MB: split it")
    lines = list(io.StringIO(decode(read_bytes(path, MAX_FILE_BYTES, limit)), newline=""))
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:  # blanks of other scripts, which are no white space among bytes
        raise Unreadable("empty")
    told = re.fullmatch(r"sep=(.)\s*", lines[0], re.I)  # Excel's own line above the heads
    mark = told[1] if told else max("\t,;|", key=lines[0].count)
    lines = lines[1:] if told else lines
    with _long_fields():
        rows = _rows(lines, mark)
        heads = next(rows, [])
        if isinstance(heads, Unreadable) or "text" not in field_names(heads):
            raise Unreadable(
                "no column looks like an article's text: give it a row of heads, one of them text, body or content"
            )
        found = _numbered(_cells(heads, row) for row in rows)
    if not found:
        raise Unreadable("empty: there is no row below its heads")
    return found


@contextmanager
def _long_fields() -> Iterator[None]:
    """Lets a field be as long as an article may be; the limit is the whole process's."""
    before = csv.field_size_limit(MAX_ARTICLE_CHARS + 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _rows(lines: list[str], mark: str) -> Iterator[list[str] | Unreadable]:
    """The rows that are not blank. One whose quotes do not close costs its own line, not the rest of the file."""
    at = 0
    while at < len(lines):
        reader = csv.reader(islice(lines, at, None), delimiter=mark, strict=True)
        done = 0
        try:
            for row in reader:
                done = reader.line_num
                if any(cell.strip() for cell in row):
                    yield row
            return
        except csv.Error:
            yield Unreadable(f"its quotation marks do not pair (line {at + done + 1}): write one inside a cell twice")
        at += done + 1


def _cells(heads: list[str], row: list[str] | Unreadable) -> Extract | Unreadable:
    if isinstance(row, Unreadable):
        return row
    if any(cell.strip() for cell in row[len(heads) :]):
        return Unreadable("it has more cells than there are heads: put quotation marks around its text")
    return _record({head: cell for head, cell in zip(heads, row, strict=False) if cell.strip()})
