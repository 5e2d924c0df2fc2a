"""index/word.py: what Word shows with all changes accepted, from the document's own XML."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from index.read import read_file
from index.types import Article, Skipped

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


def read(path: Path, body: str, notes: str = "") -> tuple[Article, list[Skipped]]:
    """What is read of a document with this body, and with these footnotes."""
    document = docx.Document()
    for element in parse_xml(f"<w:body {_NAMESPACES}>{body}</w:body>"):
        document.element.body.insert_element_before(element, "w:sectPr")
    if notes:
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
        blob = f"<w:footnotes {_NAMESPACES}>{notes}</w:footnotes>".encode()
        part = Part(PackURI("/word/footnotes.xml"), kind, blob, document.part.package)
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(str(path))
    (article,), skipped = read_file(path, path.name)
    return article, skipped


def r(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


_BOX = f"<w:txbxContent>{p(r('In a box.'))}</w:txbxContent>"
_DELETED = r("old").replace("w:t", "w:delText")
_END_DELETED = '<w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (p(r("It is "), f"<w:del>{_DELETED}</w:del>", f"<w:ins>{r('new')}</w:ins>", r(".")), "It is new."),
        (
            p(f"<w:moveFrom>{r('Moved.')}</w:moveFrom>") + p(r("A.")) + p(f"<w:moveTo>{r('Moved.')}</w:moveTo>"),
            "A.\n\nMoved.",
        ),
        (p(_END_DELETED, r("One ")) + p(r("line.")), "One line."),
        (
            p(r("A."), f"<w:r><w:pict><v:shape><v:textbox>{_BOX}</v:textbox></v:shape></w:pict></w:r>") + p(r("B.")),
            "A.\n\nIn a box.\n\nB.",
        ),
        (
            p(
                r("A."),
                f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'>{_BOX}</mc:Choice>"
                f"<mc:Fallback>{_BOX}</mc:Fallback></mc:AlternateContent></w:r>",
            ),
            "A.\n\nIn a box.",
        ),
        (p(r("By "), f"<w:sdt><w:sdtPr/><w:sdtContent>{r('Ann Poe')}</w:sdtContent></w:sdt>"), "By Ann Poe"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{p(r('In a control.'))}</w:sdtContent></w:sdt>", "In a control."),
        (
            p(r("A."))
            + f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{p(r('Click'))}</w:sdtContent></w:sdt>",
            "A.",
        ),
        (
            p(
                '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>REF a</w:instrText></w:r>',
                f'{r("Page 3")}<w:fldSimple w:instr="REF b">{r(", line 4")}</w:fldSimple>',
            ),
            "Page 3, line 4",
        ),
        (p(r("A"), '<w:r><w:footnoteReference w:id="2"/></w:r>', r("b.")) + p(r("C.")), "Ab.\n\nA note.\n\nC."),
        (p(r("A."), "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r>"), "A."),
    ],
)
def test_a_document_is_read_as_word_shows_it(tmp_path: Path, body: str, text: str) -> None:
    notes = f'<w:footnote w:id="0">{p(r("-"))}</w:footnote><w:footnote w:id="2">{p(r("A note."))}</w:footnote>'
    article, skipped = read(tmp_path / "a.docx", body, notes)
    assert (article.text, skipped) == (text, [])


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    chart = '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"/>'
    body = p(r("A."), f"<w:r><w:drawing>{chart}</w:drawing></w:r><w:r><w:object/></w:r><w:r><w:object/></w:r>")
    article, skipped = read(tmp_path / "a.docx", body)
    assert article.text == "A."
    assert skipped == [
        Skipped("a.docx#chart", "1 chart not read: write into the text what is said there"),
        Skipped("a.docx#object", "2 objects not read: write into the text what is said there"),
    ]


def test_the_day_that_word_fills_in_is_not_the_articles(tmp_path: Path) -> None:
    day = r("4 June 2019")
    assert read(tmp_path / "a.docx", p(day) + p(r("A.")))[0].date == date(2019, 6, 4)
    assert (
        read(tmp_path / "b.docx", p(f'<w:fldSimple w:instr=" DATE ">{day}</w:fldSimple>') + p(r("A.")))[0].date is None
    )
    assert read(tmp_path / "c.docx", table(["Ann Poe", "4 June 2019"]) + p(r("A.")))[0].date is None


def table(*rows: list[str], head: str = "") -> str:
    lines = ["".join(f"<w:tc>{p(r(cell))}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl><w:tr>{head}{lines[0]}</w:tr>{''.join(f'<w:tr>{line}</w:tr>' for line in lines[1:])}</w:tbl>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            table(["Boat", "Club", "Time"], ["Sea Star", "Norby", "6:41"], ["Old Gull", "", "6:55"]),
            "Boat | Club | Time\n\nSea Star | Club: Norby | Time: 6:41\n\nOld Gull | Time: 6:55",
        ),
        (
            table(["", "2020", "2024"], ["Greens", "7", "4"]),
            "2020 | 2024\n\nGreens | 2020: 7 | 2024: 4",
        ),
        (
            table(["City", "Day"], ["Hama", "Thursday"], head="<w:trPr><w:tblHeader/></w:trPr>"),
            "City | Day\n\nHama | Day: Thursday",
        ),
        (
            table(["", "Men", "", "Women", ""], ["Town", "2020", "2024", "2020", "2024"], ["Hama", "4", "5", "6", "7"]),
            "Men | Women\n\nTown | 2020 | 2024 | 2020 | 2024\n\n"
            "Hama | Men 2020: 4 | Men 2024: 5 | Women 2020: 6 | Women 2024: 7",
        ),
        (
            table(["", ""], ["City", "Day"], ["Hama", "Thursday"], head="<w:trPr><w:tblHeader/></w:trPr>"),
            "City | Day\n\nHama | Thursday",  # an empty head names nothing, and no other row is marked
        ),
        (table(["Name", "Ann Poe"], ["Age", "64"]), "Name | Ann Poe\n\nAge | 64"),  # names at the left, no heads
        (table(["1", "2", "3"], ["4", "5", "6"]), "1 | 2 | 3\n\n4 | 5 | 6"),
    ],
)
def test_a_row_is_read_with_its_heads(tmp_path: Path, body: str, text: str) -> None:
    assert read(tmp_path / "a.docx", body)[0].text == text
