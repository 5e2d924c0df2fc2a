"""A Word document -> its text as Word shows it with all changes accepted."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from index.dates import dateline, parse_date
from index.decode import Unreadable, legible
from index.formats import Extract, Found, check_unpacked, own_title, quiet, word
from index.tables import table_lines

# python-docx writes this moment into every document that it makes from its own template.
_TEMPLATE_MADE = datetime(2013, 12, 23, 23, 15)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# What Word does not show: deletions, the old place of what was moved, properties, a field's instruction.
_UNSEEN = frozenset("del moveFrom delText instrText delInstrText rPr pPr sdtPr sdtEndPr tcPr trPr tblPr rt".split())
_TODAY = re.compile(r"\s*(?:DATE|TIME|PRINTDATE|SAVEDATE|CREATEDATE)\b", re.I)
_SPACES = {"tab": "\t", "cr": "\n", "br": "\n", "noBreakHyphen": "-"}
_OBJECTS = {"object": "object", "altChunk": "document"}
_GRAPHICS = {"chart": "chart", "chartex": "chart", "diagram": "diagram"}


def read_docx(path: Path) -> list[Found]:
    """Paragraphs, notes, text boxes and tables of a Word document in their order; what is not read is named."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise Unreadable("empty")
    if start.startswith(b"\xd0\xcf\x11\xe0"):  # OLE: what Word makes of both
        raise Unreadable("encrypted, or in Word's old format: save it as .docx without a password")
    with quiet("docx"):
        try:
            return _extract(path)
        except (Unreadable, OSError, MemoryError):
            raise
        except Exception as error:  # zipfile's, lxml's and python-docx's errors for damaged files
            raise Unreadable("damaged, or not a Word document") from error


def _extract(path: Path) -> list[Found]:
    import docx

    with zipfile.ZipFile(path) as archive:
        check_unpacked(archive)
    document = docx.Document(str(path))
    reader = _Reader(document, _notes(document))
    blocks = [(text, style) for text, style in reader.blocks(document.element.body) if text.strip()]
    text = legible("\n\n".join(block for block, _ in blocks))
    headings = (word(block) for block, style in blocks if style in ("Title", "Heading 1"))
    properties = document.core_properties
    made = properties.created
    if made is not None and made.replace(tzinfo=None) == _TEMPLATE_MADE:
        made = None
    title = own_title(properties.title) or next(filter(None, headings), None)
    unread = [
        (
            f"#{what}",
            Unreadable(f"{number} {what}{'s' * (number > 1)} not read: write into the text what is said there"),
        )
        for what, number in reader.unread.items()
    ]
    lines = "\n".join(block for block, style in blocks if style)  # not tables, nor today's date
    return [("", Extract(text, title, dateline(lines, parse_date(made)))), *unread]


def _notes(document: Any) -> dict[tuple[str, str], Any]:
    """("footnote" or "endnote", its id) -> the note's element."""
    from docx.oxml import parse_xml

    found = {}
    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in ("footnotes", "endnotes") and not relation.is_external:
            for note in parse_xml(relation.target_part.blob):
                found[kind[:-1], note.get(f"{_W}id")] = note
    return found


@dataclass
class _Line:
    """What a paragraph has come to: its text, and what hangs on it and is read after it."""

    text: str = ""
    hanging: list[Any] = field(default_factory=list)


@dataclass
class _Reader:
    document: Any
    notes: dict[tuple[str, str], Any]
    unread: dict[str, int] = field(default_factory=dict)

    def blocks(self, parent: Any) -> Iterator[tuple[str, str | None]]:
        """(text, style) of each paragraph and table, and of the text boxes and notes after their paragraph.

        What Word fills in with today's date has no style, as tables have none: its day is not the article's.
        """
        from docx.text.paragraph import Paragraph

        line = _Line()
        for child in parent.iterchildren(tag="{*}*"):
            name = _name(child)
            if name == "p":
                self._read(child, line)
                if child.find(f"{_W}pPr/{_W}rPr/{_W}del") is not None:  # its end is deleted: the next joins it
                    continue
                style = None if _has_todays_date(child) else Paragraph(child, self.document).style
                yield line.text, style.name if style else None
                yield from self._hanging(line)
                line = _Line()
            elif name == "tbl":
                yield self._table(child), None
            elif name in _OBJECTS:
                self._miss(_OBJECTS[name])
            elif name not in _UNSEEN and not _is_prompt(child):
                yield from self.blocks(child)
        yield line.text, None
        yield from self._hanging(line)

    def _hanging(self, line: _Line) -> Iterator[tuple[str, str | None]]:
        for element in line.hanging:
            yield from self.blocks(element)

    def _read(self, parent: Any, line: _Line) -> None:
        """Adds the text within a paragraph, insertions, fields' results and content controls included."""
        for child in parent.iterchildren(tag="{*}*"):
            name = _name(child)
            if name == "t":
                line.text += child.text or ""
            elif name in _SPACES:
                line.text += _SPACES[name] if child.get(f"{_W}type") in (None, "textWrapping") else ""
            elif name == "txbxContent":
                line.hanging.append(child)
            elif name in ("footnoteReference", "endnoteReference"):
                note = self.notes.pop((name.removesuffix("Reference"), child.get(f"{_W}id")), None)
                line.hanging += [] if note is None else [note]
            elif name == "AlternateContent":  # the same thing for newer and for older programs
                self._read(child[0], line)
            elif name not in _UNSEEN and not _is_hidden(child) and not _is_prompt(child):
                kind = _OBJECTS.get(name) or _GRAPHICS.get(str(child.get("uri")).rpartition("/")[2])
                if kind:
                    self._miss(kind)
                self._read(child, line)

    def _table(self, table: Any) -> str:
        """A line a row; a cell merged with that above has its text, one over several columns is read once."""
        rows: list[list[str]] = []
        elements = [row for row in table.iter(f"{_W}tr") if next(row.iterancestors(f"{_W}tbl")) is table]
        elements = [row for row in elements if row.find(f"{_W}trPr/{_W}del") is None]
        for row in elements:
            cells: list[str] = []
            for cell in row.iter(f"{_W}tc"):
                if next(cell.iterancestors(f"{_W}tr")) is not row:
                    continue
                text = " ".join(block for block, _ in self.blocks(cell)).strip()
                merged = cell.find(f"{_W}tcPr/{_W}vMerge")
                if merged is not None and merged.get(f"{_W}val") != "restart" and rows and len(rows[-1]) > len(cells):
                    text = rows[-1][len(cells)]
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                cells += [text, *[""] * (int(span.get(f"{_W}val")) - 1 if span is not None else 0)]
            rows.append(cells)
        heads = takewhile(lambda row: row.find(f"{_W}trPr/{_W}tblHeader") is not None, elements)
        return "\n\n".join(table_lines(rows, len(list(heads))))

    def _miss(self, kind: str) -> None:
        self.unread[kind] = self.unread.get(kind, 0) + 1


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _has_todays_date(paragraph: Any) -> bool:
    instructions = [field.text for field in paragraph.iter(f"{_W}instrText")]
    instructions += [field.get(f"{_W}instr") for field in paragraph.iter(f"{_W}fldSimple")]
    return any(_TODAY.match(instruction or "") for instruction in instructions)


def _is_hidden(run: Any) -> bool:
    hidden = run.find(f"{_W}rPr/{_W}vanish")
    return hidden is not None and hidden.get(f"{_W}val") not in ("0", "false", "off")


def _is_prompt(control: Any) -> bool:
    """Whether a content control holds only "Click here to enter text"."""
    return control.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None
