"""index/pdf.py, word.py and webpage.py: documents are read as a person sees them, in that order and nothing else."""

import io
import logging
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from index_helpers import DATA, article_of, cases, read
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.types import Skipped

FIFTH = date(2024, 12, 5)
FALL = "Syrian insurgents have entered the central city of Hama after days of intense fighting with the army."


def pdf(*pages: str | None, title: str = "", password: str | None = None, made: str = "") -> bytes:
    """A PDF of pages as they are drawn: a letter is 5 points wide, a line 14 high, and three blanks part columns.
    The lines are in it as they come, across all columns. None is a picture."""
    locked = None if password is None else StandardEncryption(password, "owner")
    canvas = Canvas(buffer := io.BytesIO(), encrypt=locked)
    canvas.setTitle(title)
    canvas.setDateFormatter(lambda *_: made)
    for page in pages:
        if page is None:
            canvas.drawImage(ImageReader(Image.new("L", (40, 40), 90)), 60, 300, 400, 400)
        lines = (page or "").removesuffix("\n").split("\n")
        canvas.setPageSize((595, 842 if page is None else 14 * len(lines) + 14))
        for row, line in enumerate(lines):
            for words in re.finditer(r"\S+(?: {1,2}\S+)*", line):
                canvas.setFont("Helvetica", 15 if words[0].startswith("#") else 11)
                canvas.drawString(60 + 5 * words.start(), 14 * (len(lines) - row), words[0])
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize("path", sorted((DATA / "pdf").iterdir()), ids=lambda path: path.stem)
def test_a_pdf_is_read_in_a_readers_order(tmp_path: Path, path: Path) -> None:
    drawing, _, expected = path.read_text(encoding="utf-8").partition("=== is read as\n")
    article = article_of(tmp_path, "a.pdf", pdf(*drawing.split("=== page\n")))
    text = article.text
    for start in reversed(article.page_starts):
        text = f"{text[:start]}¶{text[start:]}"
    assert [" ".join(block.split()) for block in text.split("\n\n")] == expected.splitlines()
    assert article.page_of(len(article.text) - 1) == len(article.page_starts)


def test_a_pdf_cut_short_anywhere_is_told_or_read(tmp_path: Path) -> None:
    whole = pdf("Hama fell.", "It is over.")
    before = logging.getLogger("pdfminer").level
    assert all(any(read(tmp_path, "cut.pdf", whole[:length])) for length in range(50, len(whole), 150))
    assert logging.getLogger("pdfminer").level == before  # the library may log again


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


def table(rows: str) -> str:
    """A table of "Town | Rain / Norby | much"; a row that begins with "*" is marked as one of heads."""
    marked = [("<trPr><tblHeader/></trPr>" * row.startswith("*"), row.removeprefix("*")) for row in rows.split(" / ")]
    cells = (head + "".join(f"<tc>{p(cell)}</tc>" for cell in row.split(" | ")) for head, row in marked)
    return f"<tbl>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbl>"


TABLES = [(table(rows), text) for rows, text in (case.split("¦", 1) for case in cases("tables.txt"))]


@pytest.mark.parametrize(("body", "text"), [*(case.split("¦", 1) for case in cases("word.txt")), *TABLES])
def test_a_document_is_read_as_word_shows_it(tmp_path: Path, body: str, text: str) -> None:
    notes = f'<footnote w:id="0">{p("-")}</footnote><footnote w:id="2">{p("A note.")}</footnote>'
    assert article_of(tmp_path, "a.docx", word_file(body, notes)).text == text.replace("¦", "\n\n")


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    chart = '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"/>'
    body = f"{p('A.')}<p><r><drawing>{chart}</drawing></r><r><object/></r><r><object/></r></p>"
    (article,), skipped = read(tmp_path, "a.docx", word_file(body))
    told = "not read: write into the text what is said there"
    assert article.text == "A."
    assert skipped == [Skipped("a.docx#chart", f"1 chart {told}"), Skipped("a.docx#object", f"2 objects {told}")]


_HEADING = p("Hama falls", style='<pPr><pStyle w:val="Heading1"/></pPr>')
_FILLED_IN = '<p><fldSimple w:instr=" DATE "><r><t>4 June 2019</t></r></fldSimple></p>'
LATER = "HAMA, 5 December – It is over."


@pytest.mark.parametrize(
    ("name", "content", "own", "title", "day"),
    [
        ("a.pdf", "Hama fell.", "The fall", "The fall", None),
        ("a.pdf", "Hama fell.", "Microsoft Word - draft3.docx", "Hama fell.", None),  # a program made it up
        ("a.pdf", "Hama fell.", "", "Hama fell.", None),
        ("a.pdf", LATER, "Hama", "Hama", FIFTH),  # made in that year
        ("a.pdf", "28 November 2024", "Hama", "Hama", date(2024, 11, 28)),
        ("a.docx", p("A.") + _HEADING, "", "Hama falls", None),
        ("a.docx", p("A.") + _HEADING, "The fall", "The fall", None),
        ("a.docx", p(LATER), "Hama", "Hama", FIFTH),
        ("a.docx", p("4 June 2019"), "Hama", "Hama", date(2019, 6, 4)),
        ("a.docx", _FILLED_IN, "Hama", "Hama", None),  # by Word, on the day it is looked at
        ("a.docx", table("Ann Poe | 4 June 2019"), "Hama", "Hama", None),
    ],
)
def test_title_and_day_are_its_own(tmp_path: Path, name: str, content: str, own: str, title: str, day: Any) -> None:
    if name == "a.pdf":
        file = pdf(content, title=own, made="D:20241205233000-05'00'", password="")  # locked for printing only
    else:
        file = word_file(content + p("A."), title=own, created=datetime(2024, 12, 5, 9))
    article = article_of(tmp_path, name, file)
    assert (article.title, article.date) == (title, day)


def test_a_news_page_gives_its_article_and_fields(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.html", (DATA / "pages" / "news.html").read_bytes())
    assert (article.title, article.date, article.source) == ("Hama falls", FIFTH, "The Wire")
    assert article.url == "https://wire.example/hama"
    assert f"{FALL}\n\nThe army said it had withdrawn from the city.\n\n{FALL} Again." in article.text
    assert "Home" not in article.text and "rights reserved" not in article.text


BROKEN = '{"@type": "NewsArticle", "description": "one\ntwo", "datePublished": "2024-12-05"}'
GIVEN = [*cases("pages/dated.txt"), f'<script type="application/ld+json">//<![CDATA[\n{BROKEN}\n//]]></script>']
DATES = [*((one, FIFTH) for one in GIVEN), *((one, None) for one in cases("pages/guessed.txt"))]


@pytest.mark.parametrize(("marks", "day"), DATES)
def test_the_date_is_what_the_page_says_and_never_guessed(tmp_path: Path, marks: str, day: date | None) -> None:
    head = marks if marks.startswith(("<meta", "<script", "<title", "<link")) else ""
    page = f"<html><head>{head}</head><body><p>{FALL}</p>{'' if head else marks}</body></html>"
    assert article_of(tmp_path, "a.html", page).date == day


def test_a_page_that_trafilatura_gives_up_or_cuts_is_read_all_the_same(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.html", "<p>Hama <b>fell</b>.").text == "Hama fell."
    rows = "".join(f"<div><span>City {n}</span><!-- no --><div>fell on Thursday</div></div>" for n in range(9))
    text = article_of(tmp_path, "a.html", f"<html><body>{rows}<script>var x</script></body></html>").text
    assert all(f"City {n}" in text for n in range(9))  # a short page is not cut to its menu
    assert "var x" not in text and "no" not in text.split()


@pytest.mark.parametrize(("charset", "text"), [("windows-1251", "Армия ушла."), ("iso-2022-jp", "軍は撤退した。")])
def test_a_declared_charset_is_used(tmp_path: Path, charset: str, text: str) -> None:
    content = f'<html><head><meta charset="{charset}"></head><body><p>{text}</p></body></html>'
    assert text in article_of(tmp_path, "a.html", content.encode(charset)).text


STORY = "<h1>Bakery shut</h1><p>The bakery of Oxmoor was shut on Monday.</p><p>Its owner retires to the coast.</p>"


@pytest.mark.parametrize("around", cases("pages/around.txt"))
def test_walls_offers_and_menus_are_not_the_article(tmp_path: Path, around: str) -> None:
    article = article_of(tmp_path, "a.html", f"<html><body>{around}<div>{STORY}</div>{around}</body></html>")
    story = ["The bakery of Oxmoor was shut on Monday.", "Its owner retires to the coast."]
    assert article.title == "Bakery shut"  # without a title, the heading
    assert [line for line in article.text.split("\n\n") if line != "Bakery shut"] == story


@pytest.mark.parametrize("story", cases("pages/about.txt"))
def test_articles_about_such_things_stay(tmp_path: Path, story: str) -> None:
    words = story.replace("<", ">").split(">")
    text = article_of(tmp_path, "a.html", f"<html><body><h1>News</h1>{story}</body></html>").text
    assert all(line in text for line in words if " " in line and "=" not in line)
    assert text != "News"


@pytest.mark.parametrize("case", cases("pages/tables.txt"))
def test_a_row_is_read_with_its_heads(tmp_path: Path, case: str) -> None:
    markup, *rows = case.split("¦")
    page = f"<html><body><article>{STORY}{markup}</article></body></html>"
    assert "\n\n".join(rows) in article_of(tmp_path, "a.html", page).text
