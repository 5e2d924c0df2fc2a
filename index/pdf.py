"""A PDF -> its text in reading order, column after column, without running heads, page feet and page numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from index.dates import dateline, parse_date
from index.decode import MAX_ARTICLE_CHARS, Unreadable, too_long
from index.exports import is_edge
from index.formats import Extract, Found, own_title, quiet, unended
from index.layout import Line, page_lines

_SENTENCE_ENDS = (".", "!", "?", "”", '"', "。")
_MARGIN = 0.13  # of a page's height, above and below, where running heads and page feet stand
_NEAR, _MANY_PAGES = 4, 10
_DAMAGED = Unreadable("this page is damaged")
_HYPHENS = "-\u2010\u00ad"
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|p|pg|seite|página|pagina)\.? ?)?\d{1,4}(?: ?(?:/|of|von|de|sur) ?\d{1,4})?\W*", re.I
)


def read_pdf(path: Path) -> list[Found]:
    """The pages of a PDF, one after the other, with the offset of each; a damaged page is named."""
    if path.stat().st_size == 0:
        raise Unreadable("empty")
    with path.open("rb") as file, quiet("pdfminer"):
        try:
            from pdfminer.pdfdocument import PDFDocument, PDFPasswordIncorrect
            from pdfminer.pdfparser import PDFParser

            try:
                document = PDFDocument(PDFParser(file))
            except PDFPasswordIncorrect as error:
                raise Unreadable("encrypted: it needs a password") from error
            pages = list(_pages(document))
            told = _told_pages(document)
            title, made = _metadata(document)
        except (Unreadable, MemoryError):
            raise
        except Exception as error:  # pdfminer raises nearly every builtin on nearly-PDFs
            raise Unreadable("damaged, or not a PDF") from error
    if not pages:
        raise Unreadable("damaged, or not a PDF")
    if all(page is _DAMAGED for page in pages):
        raise Unreadable("damaged: none of its pages can be read")
    lines, heads = _without_running([[] if isinstance(page, Unreadable) else page for page in pages])
    text, starts = _joined(lines)
    if not text.strip():
        raise Unreadable("no text in it: a scan?")
    raw = "\n".join(line.text for page in lines for line in page)
    unread = [(f"#page={number}", page) for number, page in enumerate(pages, 1) if isinstance(page, Unreadable)]
    if not told:
        unread.append(("", unended("its list of pages is damaged")))
    elif told > len(pages):
        unread.append(("", unended(f"{told - len(pages)} of its {told} pages cannot be found")))
    return [("", Extract(text, title, dateline(raw, made, heads), page_starts=starts)), *unread]


def _told_pages(document: Any) -> int:
    """How many pages the document says that it has; 0 if it does not say."""
    from pdfminer.pdftypes import dict_value, resolve1

    count = resolve1(dict_value(document.catalog.get("Pages") or {}).get("Count"))
    return count if isinstance(count, int) else 0


def _pages(document: Any) -> Iterator[list[Line] | Unreadable]:
    """The lines of each page in reading order, or why there are none."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=LAParams(all_texts=True, boxes_flow=None))
    interpreter = PDFPageInterpreter(resources, device)
    for page in PDFPage.create_pages(document):
        try:
            interpreter.process_page(page)
            lines = page_lines(result := device.get_result())
            if not lines and any(True for _ in _pictures(result)):
                yield Unreadable("no text on this page: a scan?")
            else:
                yield lines if lines or not _is_lost(page) else _DAMAGED
        except MemoryError:
            raise
        except Exception:  # one bad page must not lose the others
            yield _DAMAGED


def _pictures(container: Any) -> Iterator[Any]:
    from pdfminer.layout import LTFigure, LTImage

    for element in container:
        if isinstance(element, LTImage):
            yield element
        elif isinstance(element, LTFigure):
            yield from _pictures(element)


def _is_lost(page: Any) -> bool:
    """Whether an empty page has content that cannot be found or unpacked."""
    from pdfminer.pdftypes import resolve1, stream_value

    streams = [stream_value(content) for content in page.contents]
    blank = any(stream.get_data() or resolve1(stream.attrs.get("Length")) == 0 for stream in streams)
    return "Contents" in page.attrs and not blank


def _without_running(pages: list[list[Line]]) -> tuple[list[list[Line]], list[str]]:
    """The pages' lines without those that stand in the margin of several pages, or number them; and these."""
    seen: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for number, page in enumerate(pages):
        for key in {key for line in page for key in _keys(line, number)}:
            seen[key].add(number)
    kept, running = [], []
    for number, lines in enumerate(pages):
        out = [line for line in lines if _runs(line, number, seen, len(pages)) or _is_number(line, lines)]
        if len(out) < len(lines):  # a page of nothing else says just that
            running += [line.text for line in out]
            lines = [line for line in lines if line not in out]
        kept.append(lines)
    return kept, running


def _runs(line: Line, page: int, seen: dict[tuple[str, int], set[int]], pages: int) -> bool:
    """Whether a line stands on pages near its own as well; in a long document, where chance has room, on two.

    So the lines that frame the articles of an export, one of which comes to stand at every other page's edge, are text.
    """
    if is_edge(" ".join(line.text.split())):
        return False
    near = {page + step for step in range(-_NEAR, _NEAR + 1) if step}
    return any(len(near & seen[key]) > (pages > _MANY_PAGES) for key in _keys(line, page))


def _keys(line: Line, page: int) -> list[tuple[str, int]]:
    """By what a running line is known on another page: its place and words, one number counted from the page's."""
    if not _is_marginal(line):
        return []
    place, numbers = round(line.bottom * 100), list(re.finditer(r"\d{1,4}", line.text))
    texts = [line.text] + [
        f"{line.text[: found.start()]}\x00{int(found[0]) - page}\x00{line.text[found.end() :]}" for found in numbers
    ]
    return [(" ".join(text.split()), near) for text in texts for near in (place, place + 1)]


def _is_marginal(line: Line) -> bool:
    return not _MARGIN < line.bottom < 1 - _MARGIN and not line.is_row


def _is_number(line: Line, lines: list[Line]) -> bool:
    """Whether a line is a page's number: in the margin, with no other line above, or below."""
    bottoms = [other.bottom for other in lines]
    outermost = line.bottom in (min(bottoms), max(bottoms)) and _is_marginal(line)
    return outermost and bool(_PAGE_NUMBER.fullmatch(line.text))


def _joined(pages: list[list[Line]]) -> tuple[str, tuple[int, ...]]:
    """All lines as one text and the offset at which each page begins; words broken at a line's end are whole."""
    words = set(re.findall(r"\w+(?:-\w+)*", " ".join(line.text for page in pages for line in page).lower()))
    text, starts = "", []
    before: Line | None = None
    for page in pages:
        full: dict[int, int] = {}
        for line in page:
            full[line.block] = max(full.get(line.block, 0), len(line.text))
        for line in page:
            said = " ".join(line.text.split())
            if before is None:
                gap = ""
            elif text[-1] in _HYPHENS and text[-2:-1].isalnum() and line.text[0].isalnum():
                text, gap = text[: len(text) - _is_break(text, line.text, words)], ""
            elif _ends_block(before, line, 0 if line is page[0] else full[before.block]):
                gap = "\n\n"
            else:
                gap = "\n"
            text += gap
            if line is page[0]:
                starts.append(len(text))
            text += said
            before = line
        if not page:
            starts.append(len(text))
        if len(text) > MAX_ARTICLE_CHARS:
            raise too_long()
    return text, tuple(starts)


def _is_break(text: str, following: str, words: set[str]) -> bool:
    """Whether the hyphen at the end of `text` only breaks a word: "fire-|man", not "Franco-|German".

    A compound that is written with its hyphen elsewhere in the text keeps it.
    """
    if text.endswith("\u00ad"):
        return True
    left, right = re.split(r"[^\w-]", text[-60:-1])[-1].lower(), re.split(r"[^\w-]", following, maxsplit=1)[0].lower()
    compound = f"{left}-{right}" in words and left + right not in words
    same_case = following[0].islower() or (following[0].isupper() and text[-2].isupper())
    return same_case and text[-2].isalpha() and not compound


def _ends_block(line: Line, following: Line, full: int) -> bool:
    """Whether a blank line belongs between two lines: after headings and paragraphs, whose last line is mostly short.

    `full` is the length of a full line; 0 at a page's end, where only a sentence's end tells.
    """
    ends = line.text.endswith(_SENTENCE_ENDS)
    if not full:
        return ends
    if line.is_row or following.is_row:
        return True
    drop, size = line.bottom - following.bottom, line.height / (following.height or 1)
    if line.block != following.block and (ends or drop > 1.8 * following.height):
        return True
    begins = following.text.lstrip(" “\"'‘(")[:1]
    is_last = len(line.text) < 0.75 * full and (ends or line.text.endswith(":") or begins.isupper())
    return is_last or not 0.85 < size < 1.18


def _metadata(document: Any) -> tuple[str | None, date | None]:
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    try:
        fields = [resolve1(document.info[0].get(name) or b"") for name in ("Title", "CreationDate")]
        title, made = map(decode_text, fields)
    except Exception:  # no metadata, or none in a known form: the text is still good
        return None, None
    day = re.match(r"(?:D:)?(\d{8})", made)
    return own_title(title), parse_date(day[1]) if day else None
