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
from index_helpers import article_of, cases, read

from index.types import Skipped

_NAMESPACES = (
    'xmlns="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
_NOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"


def word_file(body: str, notes: str = "", **properties: Any) -> bytes:
    """A document with this body, and with these footnotes."""
    document = docx.Document()
    for element in parse_xml(f"<body {_NAMESPACES}>{body}</body>"):
        document.element.body.insert_element_before(element, "w:sectPr")
    if notes:
        blob = f"<footnotes {_NAMESPACES}>{notes}</footnotes>".encode()
        part = Part(PackURI("/word/footnotes.xml"), _NOTES, blob, document.part.package)
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    document.save(buffer := io.BytesIO())
    return buffer.getvalue()


def p(said: str, style: str = "") -> str:
    return f'<p>{style}<r><t xml:space="preserve">{said}</t></r></p>'


def table(*rows: list[str], head: str = "") -> str:
    lines = ["".join(f"<tc>{p(cell)}</tc>" for cell in row) for row in rows]
    return f"<tbl><tr>{head}{lines[0]}</tr>{''.join(f'<tr>{line}</tr>' for line in lines[1:])}</tbl>"


_HEAD = "<trPr><tblHeader/></trPr>"
_TURNOUT = [["", "Men", "", "Women", ""], ["Town", "2020", "2024", "2020", "2024"], ["Hama", "4", "5", "6", "7"]]
_TURNOUT_ROW = "Hama | Men 2020: 4 | Men 2024: 5 | Women 2020: 6 | Women 2024: 7"
TABLES = [  # a row is read with its heads, where there are heads
    (
        table(["Boat", "Club", "Time"], ["Sea Star", "Norby", "6:41"], ["Old Gull", "", "6:55"]),
        "Boat | Club | Time¦Sea Star | Club: Norby | Time: 6:41¦Old Gull | Time: 6:55",
    ),
    (table(["", "2020", "2024"], ["Greens", "7", "4"]), "2020 | 2024¦Greens | 2020: 7 | 2024: 4"),
    (table(["City", "Day"], ["Hama", "Thursday"], head=_HEAD), "City | Day¦Hama | Day: Thursday"),
    (table(["City", "Day"], ["Hama", "Thursday"]), "City | Day¦Hama | Thursday"),
    (table(*_TURNOUT), f"Men | Women¦Town | 2020 | 2024 | 2020 | 2024¦{_TURNOUT_ROW}"),
    (table(["", ""], ["City", "Day"], ["Hama", "Thursday"], head=_HEAD), "City | Day¦Hama | Thursday"),
    (table(["Name", "Ann Poe"], ["Age", "64"]), "Name | Ann Poe¦Age | 64"),  # names at the left, no heads
    (table(["1", "2", "3"], ["4", "5", "6"]), "1 | 2 | 3¦4 | 5 | 6"),
]


@pytest.mark.parametrize(("body", "text"), [*(case.split("¦", 1) for case in cases("word.txt")), *TABLES])
def test_a_document_is_read_as_word_shows_it(tmp_path: Path, body: str, text: str) -> None:
    notes = f'<footnote w:id="0">{p("-")}</footnote><footnote w:id="2">{p("A note.")}</footnote>'
    assert article_of(tmp_path, "a.docx", word_file(body, notes)).text == text.replace("¦", "\n\n")


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    chart = '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"/>'
    body = f"{p('A.')}<p><r><drawing>{chart}</drawing></r><r><object/></r><r><object/></r></p>"
    (article,), skipped = read(tmp_path, "a.docx", word_file(body))
    assert article.text == "A."
    assert skipped == [
        Skipped("a.docx#chart", "1 chart not read: write into the text what is said there"),
        Skipped("a.docx#object", "2 objects not read: write into the text what is said there"),
    ]


_HEADING = p("Hama falls", style='<pPr><pStyle w:val="Heading1"/></pPr>')


@pytest.mark.parametrize(
    ("body", "own", "title", "day"),
    [
        (p("A.") + _HEADING, "", "Hama falls", None),
        (p("A.") + _HEADING, "The fall", "The fall", None),
        (p("4 June 2019"), "The fall", "The fall", date(2019, 6, 4)),
        (p("HAMA, 5 December – It is over."), "The fall", "The fall", date(2024, 12, 5)),  # made in that year
        ('<p><fldSimple w:instr=" DATE "><r><t>4 June 2019</t></r></fldSimple></p>', "A", "A", None),  # Word fills it
        (table(["Ann Poe", "4 June 2019"]), "The fall", "The fall", None),
    ],
)
def test_it_has_its_own_title_and_a_dateline(tmp_path: Path, body: str, own: str, title: str, day: date | None) -> None:
    file = word_file(body + p("A."), title=own, created=datetime(2024, 12, 5, 9))
    article = article_of(tmp_path, "a.docx", file)
    assert (article.title, article.date) == (title, day)
