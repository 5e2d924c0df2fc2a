"""What a reader gives, an Extract; and the readers of .pdf and .docx files, by well-kept libraries.

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
from datetime import date, datetime
from pathlib import Path
from typing import Any

from index.dates import parse_date
from index.decode import MAX_ARTICLE_CHARS, Unreadable, storable, too_long
from index.types import Span

MAX_UNPACKED_BYTES = 200_000_000

# python-docx writes this moment into every document that it makes from its own template.
_DOCX_TEMPLATE_MADE = datetime(2013, 12, 23, 23, 15)
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
    return storable(" ".join(value.split())) or None if isinstance(value, str) else None


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


# --- PDF


def read_pdf(path: Path) -> list[Found]:
    """The pages of a PDF, one after the other, with the offset of each; a damaged page is named."""
    if path.stat().st_size == 0:
        raise Unreadable("empty")
    with path.open("rb") as file, quiet("pypdf"):
        try:
            from pypdf import PdfReader

            reader = PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                raise Unreadable("encrypted: it needs a password")
            pages = [_page_text(page) for page in reader.pages]
            title, made = _pdf_metadata(reader)
        except (Unreadable, MemoryError):
            raise
        except Exception as error:  # pypdf raises nearly every builtin on nearly-PDFs
            raise Unreadable("damaged, or not a PDF") from error
    if all(page is None for page in pages):
        raise Unreadable("damaged: none of its pages can be read")
    text, starts = _join_pages([page or "" for page in pages])
    if not text.strip():
        raise Unreadable("no text in it: a scan?")
    damaged = [number for number, page in enumerate(pages, 1) if page is None]
    return [
        ("", Extract(text, title, made, page_starts=starts)),
        *((f"#page={number}", Unreadable("this page is damaged")) for number in damaged),
    ]


def _page_text(page: Any) -> str | None:
    try:
        text: str = page.extract_text()
    except Exception:  # one bad page must not lose the others
        return None
    return _mark_paragraphs(storable(text).replace("\u00ad\n", "").strip())


def _mark_paragraphs(page: str) -> str:
    """Blank lines after headings and paragraphs: pypdf gives lines only, and a short one ends a block."""
    lines = page.split("\n")
    full = sorted(map(len, lines))[len(lines) * 9 // 10]
    marked = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        ends = line.rstrip().endswith((".", "!", "?", "”", '"', ":", "。"))
        begins = following.lstrip(" “\"'‘(")[:1]
        is_last = len(line) < 0.75 * full and (ends or begins.isupper())
        marked.append(line + "\n" if is_last and following else line)
    return "\n".join(marked)


def _join_pages(pages: list[str]) -> tuple[str, tuple[int, ...]]:
    """All pages' text and the offset at which each begins; a sentence may run over a page's end."""
    text, starts = "", []
    for page in pages:
        if text and page:
            text += "\n\n" if text.endswith((".", "!", "?", "”", '"', "。")) else "\n"
        starts.append(len(text))
        text += page
        if len(text) > MAX_ARTICLE_CHARS:
            raise too_long()
    return text, tuple(starts)


def _pdf_metadata(reader: Any) -> tuple[str | None, date | None]:
    try:
        title, made = reader.metadata.title, reader.metadata.creation_date
    except Exception:  # no metadata, or a date in no known form: the text is still good
        return None, None
    return own_title(title), parse_date(made)


def own_title(value: object) -> str | None:
    """A title from metadata, unless the program that made the file invented it."""
    title = word(value)
    return None if title is None or _NO_TITLE.fullmatch(title) else title


# --- Word


def read_docx(path: Path) -> list[Found]:
    """Paragraphs and tables of a Word document in their order; a table's row is a line, cells apart by " | "."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise Unreadable("empty")
    if start.startswith(b"\xd0\xcf\x11\xe0"):  # OLE: what Word makes of both
        raise Unreadable("encrypted, or in Word's old format: save it as .docx without a password")
    with quiet("docx"):
        try:
            return [("", _extract_docx(path))]
        except (Unreadable, OSError, MemoryError):
            raise
        except Exception as error:  # zipfile's, lxml's and python-docx's errors for damaged files
            raise Unreadable("damaged, or not a Word document") from error


def _extract_docx(path: Path) -> Extract:
    import docx

    with zipfile.ZipFile(path) as archive:
        check_unpacked(archive)
    document = docx.Document(str(path))
    blocks = list(_docx_blocks(document.element.body, document))
    text = storable("\n\n".join(block for block, _ in blocks if block.strip()))
    headings = (word(block) for block, style in blocks if style in ("Title", "Heading 1"))
    properties = document.core_properties
    made = properties.created
    if made is not None and made.replace(tzinfo=None) == _DOCX_TEMPLATE_MADE:
        made = None
    title = own_title(properties.title) or next(filter(None, headings), None)
    return Extract(text, title, parse_date(made))


def _docx_blocks(parent: Any, document: Any) -> Iterator[tuple[str, str | None]]:
    """(text, style) of each paragraph and table, those inside content controls included."""
    from docx.oxml.ns import qn
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    for child in parent.iterchildren():
        if child.tag == qn("w:p"):
            paragraph = Paragraph(child, document)
            yield paragraph.text, paragraph.style.name if paragraph.style else None
        elif child.tag == qn("w:tbl"):
            yield _table_text(Table(child, document), document), None
        elif child.tag in (qn("w:sdt"), qn("w:sdtContent")):
            yield from _docx_blocks(child, document)


def _table_text(table: Any, document: Any) -> str:
    lines = []
    for row in table.rows:
        cells = dict.fromkeys(cell._tc for cell in row.cells)  # a merged cell is listed once a column
        texts = (" ".join(block for block, _ in _docx_blocks(cell, document)).strip() for cell in cells)
        lines.append(" | ".join(filter(None, texts)))
    return "\n".join(filter(None, lines))
