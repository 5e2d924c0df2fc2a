"""Word processors' other formats, and books: .rtf by striprtf, .odt and .epub by zipfile and lxml."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from index.dates import dateline, parse_date
from index.decode import MAX_ARTICLE_CHARS, Unreadable, decode, legible, read_bytes, too_long
from index.formats import Extract, Found, check_unpacked, own_title, quiet, unended, word
from index.tables import table_lines
from index.webpage import visible_text

MAX_RTF_BYTES = 100_000_000

_RTF_TITLE = re.compile(r"\{\\title\s([^{}]*+)\}")
_RTF_AUTHOR = re.compile(r"\{\\author\s([^{}]*+)\}")
_RTF_BRACE = re.compile(r"\\[\\{}]|([{}])")
_RTF_MADE = re.compile(r"\{\\creatim\\yr(\d+)\\mo(\d+)\\dy(\d+)")


# --- RTF


def read_rtf(path: Path) -> list[Found]:
    """The text of a Rich Text file, and what it says of itself."""
    from striprtf import striprtf

    to_text: Callable[..., str] = striprtf.rtf_to_text
    source = decode(read_bytes(path, MAX_RTF_BYTES, Unreadable(f"larger than {MAX_RTF_BYTES // 1_000_000} MB")))
    if not source.lstrip().startswith("{\\rtf"):
        raise Unreadable("damaged, or not a Rich Text file")
    with _fenced("a Rich Text file"):
        text = to_text(source, errors="replace")
        title, author = (
            word(to_text(f"{{\\rtf1\\ansi {found[1]}}}", errors="replace")) if (found := field.search(source)) else None
            for field in (_RTF_TITLE, _RTF_AUTHOR)
        )
    lines = (line.strip() for line in text.split("\n"))
    text = legible("\n\n".join(filter(None, lines)))
    made = _RTF_MADE.search(source)
    day = dateline(text, parse_date("-".join(made.groups())) if made else None)
    braces = Counter(found[1] for found in _RTF_BRACE.finditer(source))
    told: list[Found] = [("", unended("it ends amid the text"))] if braces["{"] > braces["}"] else []
    return [("", Extract(text, own_title(title), day, author=author)), *told]


# --- OpenDocument


def read_odt(path: Path) -> list[Found]:
    """Paragraphs and tables of an OpenDocument text in their order; a table's row is a line."""
    with _unpacked(path, "an OpenDocument text") as archive:
        if b"encryption-data" in _member(archive, "META-INF/manifest.xml"):
            raise Unreadable("encrypted: save it without a password")
        body = _xml(archive.read("content.xml"))
        blocks = list(_odt_blocks(body))
        about = _xml(_member(archive, "meta.xml") or b"<none/>")
        told = {_name(element): "".join(element.itertext()) for element in about.iter() if len(element) == 0}
    text = legible("\n\n".join(block for block, _ in blocks if block.strip()))
    heading = next(filter(None, (word(block) for block, is_heading in blocks if is_heading)), None)
    author = word(told.get("initial-creator")) or word(told.get("creator"))
    title = own_title(told.get("title")) or heading
    return [("", Extract(text, title, dateline(text, parse_date(told.get("creation-date"))), author=author))]


def _odt_blocks(parent: Any) -> Iterator[tuple[str, bool]]:
    """(text, whether it is a heading of the first level) of each block; what was deleted or is a remark is none."""
    for child in parent:
        name = _name(child)
        if name in ("h", "p"):
            level = next((value for key, value in child.items() if key.endswith("}outline-level")), "1")
            style = next((value for key, value in child.items() if key.endswith("}style-name")), "")
            yield "".join(_odt_inline(child)).strip(), style == "Title" or (name == "h" and level == "1")
            for inner in child.iter():  # text boxes and footnotes stand inside of the paragraph that they hang on
                if _name(inner) in ("text-box", "note-body"):
                    yield from _odt_blocks(inner)
        elif name == "table":
            rows = list(_odt_rows(child))
            yield "\n\n".join(table_lines([cells for cells, _ in rows], sum(is_head for _, is_head in rows))), False
        elif name not in ("tracked-changes", "annotation"):
            yield from _odt_blocks(child)


def _odt_rows(parent: Any, is_head: bool = False) -> Iterator[tuple[list[str], bool]]:
    """(cells, whether they are heads) of each row; a cell that another covers is there, and empty."""
    for child in parent:
        if _name(child) == "table-row":
            yield [" ".join(block for block, _ in _odt_blocks(cell)) for cell in child], is_head
        elif _name(child).endswith(("-rows", "row-group")):
            yield from _odt_rows(child, is_head or _name(child) == "table-header-rows")


def _odt_inline(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = _name(child)
        if name in ("s", "tab", "line-break"):
            yield {"s": " ", "tab": "\t", "line-break": "\n"}[name]
        elif isinstance(child.tag, str) and name not in ("annotation", "note", "frame", "custom-shape"):
            yield from _odt_inline(child)
        yield child.tail or ""


# --- EPUB


def read_epub(path: Path) -> list[Found]:
    """The chapters of a book in the order of its spine, as one article; without a spine, in that of their names."""
    with _unpacked(path, "an EPUB book") as archive:
        if _member(archive, "META-INF/rights.xml"):
            raise Unreadable("locked by its seller: an unlocked copy can be read")
        package, base = _package(archive)
        told = {_name(element): "".join(element.itertext()) for element in package.iter() if len(element) == 0}
        spine = list(_spine(package, base))
        files = spine or sorted(
            name for name in archive.namelist() if name.lower().endswith((".xhtml", ".html", ".htm"))
        )
        chapters, size = [], 0
        there = set(archive.namelist())
        lost: list[Found] = [
            (f"#{name}", Unreadable("this chapter is missing from the book: get the file anew"))
            for name in files
            if name not in there
        ]
        if not spine:
            lost.append(("", unended("its list of chapters is missing")))
        for name in files:
            chapters.append(visible_text(decode(data)) if (data := _member(archive, name)).strip() else "")
            size += len(chapters[-1])
            if size > MAX_ARTICLE_CHARS:
                raise too_long()
    if not files:
        raise Unreadable("damaged: there is no chapter in it")
    text = "\n\n".join(filter(None, chapters))
    title, author, publisher = own_title(told.get("title")), word(told.get("creator")), word(told.get("publisher"))
    return [
        ("", Extract(legible(text), title, parse_date(told.get("date")), source=publisher, author=author)),
        *lost,
    ]


def _package(archive: zipfile.ZipFile) -> tuple[Any, str]:
    """The package document and the folder that its paths begin in; an empty one where the book has none."""
    container = _xml(_member(archive, "META-INF/container.xml") or b"<none/>")
    for element in container.iter():
        if name := element.get("full-path"):
            return _xml(_member(archive, name) or b"<none/>"), posixpath.dirname(name)
    return container, ""


def _spine(package: Any, base: str) -> Iterator[str]:
    paths = {element.get("id"): element.get("href", "") for element in package.iter() if _name(element) == "item"}
    for element in package.iter():
        if _name(element) == "itemref":
            name = element.get("idref", "")  # which no file has where the list of files lacks it
            yield posixpath.normpath(posixpath.join(base, unquote(paths.get(name, name))))


# --- both


@contextmanager
def _unpacked(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    if path.stat().st_size == 0:
        raise Unreadable("empty")
    with _fenced(what), zipfile.ZipFile(path) as archive:
        check_unpacked(archive)
        yield archive


@contextmanager
def _fenced(what: str) -> Iterator[None]:
    """Whatever a library raises for bad content becomes one reason."""
    with quiet("bs4"):
        try:
            yield
        except (Unreadable, OSError, MemoryError):
            raise
        except Exception as error:  # zipfile's, lxml's and striprtf's errors for damaged files
            raise Unreadable(f"damaged, or not {what}") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of the archive; nothing if it has none of that name."""
    return archive.read(name) if name in archive.namelist() else b""


def _xml(data: bytes) -> Any:
    """The root of an XML file, which can have nothing fetched or unfolded."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(data, parser)


def _name(element: Any) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
