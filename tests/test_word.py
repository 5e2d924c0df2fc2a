"""index/word.py: what Word shows with all changes accepted, from the document's own XML."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from index_helpers import article_of, read

from index.types import Skipped

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
_NOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"


def word_file(body: str, notes: str = "", **properties: Any) -> bytes:
    """A document with this body, and with these footnotes."""
    document = docx.Document()
    for element in parse_xml(f"<w:body {_NAMESPACES}>{body}</w:body>"):
        document.element.body.insert_element_before(element, "w:sectPr")
    if notes:
        blob = f"<w:footnotes {_NAMESPACES}>{notes}</w:footnotes>".encode()
        part = Part(PackURI("/word/footnotes.xml"), _NOTES, blob, document.part.package)
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    document.save(buffer := io.BytesIO())
    return buffer.getvalue()


def r(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def table(*rows: list[str], head: str = "") -> str:
    lines = ["".join(f"<w:tc>{p(r(cell))}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl><w:tr>{head}{lines[0]}</w:tr>{''.join(f'<w:tr>{line}</w:tr>' for line in lines[1:])}</w:tbl>"


def control(content: str, about: str = "") -> str:
    return f"<w:sdt><w:sdtPr>{about}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


_BOX = f"<w:txbxContent>{p(r('In a box.'))}</w:txbxContent>"
_TWICE = f"<mc:Choice Requires='wps'>{_BOX}</mc:Choice><mc:Fallback>{_BOX}</mc:Fallback>"
_DELETED = r("old").replace("w:t", "w:delText")
_END_DELETED = '<w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>'
_MERGED = "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>{}</w:tc></w:tr></w:tbl>".format(p(r("Hama")))
_FIELD = '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>REF a</w:instrText></w:r>'
_HEAD = "<w:trPr><w:tblHeader/></w:trPr>"
_TURNOUT = [["", "Men", "", "Women", ""], ["Town", "2020", "2024", "2020", "2024"], ["Hama", "4", "5", "6", "7"]]
_TURNOUT_ROW = "Hama | Men 2020: 4 | Men 2024: 5 | Women 2020: 6 | Women 2024: 7"
SHOWN = [
    # changes, accepted
    (p(r("It is "), f"<w:del>{_DELETED}</w:del>", f"<w:ins>{r('new')}</w:ins>", r(".")), "It is new."),
    (p(f"<w:moveFrom>{r('B.')}</w:moveFrom>") + p(r("A.")) + p(f"<w:moveTo>{r('B.')}</w:moveTo>"), "A.\n\nB."),
    (p(_END_DELETED, r("One ")) + p(r("line.")), "One line."),
    # boxes, controls, fields, notes, and what is hidden
    (p(r("A."), f"<w:r><w:pict><v:shape>{_BOX}</v:shape></w:pict></w:r>") + p(r("B.")), "A.\n\nIn a box.\n\nB."),
    (p(r("A."), f"<w:r><mc:AlternateContent>{_TWICE}</mc:AlternateContent></w:r>"), "A.\n\nIn a box."),
    (p(r("By "), control(r("Ann Poe"))), "By Ann Poe"),
    (control(p(r("In a control."))), "In a control."),
    (p(r("A.")) + control(p(r("Click")), "<w:showingPlcHdr/>"), "A."),
    (p(_FIELD, f'{r("Page 3")}<w:fldSimple w:instr="REF b">{r(", line 4")}</w:fldSimple>'), "Page 3, line 4"),
    (p(r("A"), '<w:r><w:footnoteReference w:id="2"/></w:r>', r("b.")) + p(r("C.")), "Ab.\n\nA note.\n\nC."),
    (p(r("A."), "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r>"), "A."),
    # tables: a row with its heads, where there are heads
    (p(r("A.")) + _MERGED + p(r("B.")), "A.\n\nHama\n\nB."),
    (
        table(["Boat", "Club", "Time"], ["Sea Star", "Norby", "6:41"], ["Old Gull", "", "6:55"]),
        "Boat | Club | Time\n\nSea Star | Club: Norby | Time: 6:41\n\nOld Gull | Time: 6:55",
    ),
    (table(["", "2020", "2024"], ["Greens", "7", "4"]), "2020 | 2024\n\nGreens | 2020: 7 | 2024: 4"),
    (table(["City", "Day"], ["Hama", "Thursday"], head=_HEAD), "City | Day\n\nHama | Day: Thursday"),
    (table(["City", "Day"], ["Hama", "Thursday"]), "City | Day\n\nHama | Thursday"),
    (table(*_TURNOUT), f"Men | Women\n\nTown | 2020 | 2024 | 2020 | 2024\n\n{_TURNOUT_ROW}"),
    (table(["", ""], ["City", "Day"], ["Hama", "Thursday"], head=_HEAD), "City | Day\n\nHama | Thursday"),
    (table(["Name", "Ann Poe"], ["Age", "64"]), "Name | Ann Poe\n\nAge | 64"),  # names at the left, no heads
    (table(["1", "2", "3"], ["4", "5", "6"]), "1 | 2 | 3\n\n4 | 5 | 6"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), SHOWN)
def test_a_document_is_read_as_word_shows_it(tmp_path: Path, body: str, text: str) -> None:
    notes = f'<w:footnote w:id="0">{p(r("-"))}</w:footnote><w:footnote w:id="2">{p(r("A note."))}</w:footnote>'
    assert article_of(tmp_path, "a.docx", word_file(body, notes)).text == text


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    chart = '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"/>'
    body = p(r("A."), f"<w:r><w:drawing>{chart}</w:drawing></w:r><w:r><w:object/></w:r><w:r><w:object/></w:r>")
    (article,), skipped = read(tmp_path, "a.docx", word_file(body))
    assert article.text == "A."
    assert skipped == [
        Skipped("a.docx#chart", "1 chart not read: write into the text what is said there"),
        Skipped("a.docx#object", "2 objects not read: write into the text what is said there"),
    ]


_HEADING = p('<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>', r("Hama falls"))


@pytest.mark.parametrize(
    ("body", "own", "title", "day"),
    [
        (p(r("A.")) + _HEADING, "", "Hama falls", None),
        (p(r("A.")) + _HEADING, "The fall", "The fall", None),
        (p(r("4 June 2019")), "The fall", "The fall", date(2019, 6, 4)),
        (p(r("HAMA, 5 December – It is over.")), "The fall", "The fall", date(2024, 12, 5)),  # made in that year
        (p(f'<w:fldSimple w:instr=" DATE ">{r("4 June 2019")}</w:fldSimple>'), "A", "A", None),  # Word fills it in
        (table(["Ann Poe", "4 June 2019"]), "The fall", "The fall", None),
    ],
)
def test_it_has_its_own_title_and_a_dateline(tmp_path: Path, body: str, own: str, title: str, day: date | None) -> None:
    file = word_file(body + p(r("A.")), title=own, created=datetime(2024, 12, 5, 9))
    article = article_of(tmp_path, "a.docx", file)
    assert (article.title, article.date) == (title, day)
