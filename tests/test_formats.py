"""index/formats.py: PDF, Word and JSON files, through read_file."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from index.read import MAX_ARTICLE_CHARS, read_file
from index.types import Article, Skipped

FIFTH = date(2024, 12, 5)
FALL = "Syrian insurgents have entered the central city of Hama after days of intense fighting with the army. "


def only(path: Path) -> Article:
    (article,), skipped = read_file(path, path.name)
    assert skipped == []
    return article


def reason(path: Path) -> str:
    articles, (skipped,) = read_file(path, path.name)
    assert articles == [] and skipped.path == path.name
    return skipped.reason


# --- PDF


def pdf(path: Path, *pages: list[str], title: str | None = None) -> Path:
    style = getSampleStyleSheet()["Normal"]
    story: list[Any] = []
    for page in pages:
        story += [*(Paragraph(text, style) for text in page), PageBreak()]
    SimpleDocTemplate(str(path), title=title).build(story)
    return path


def with_metadata(path: Path, password: str | None = None, **fields: str) -> Path:
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.add_metadata({f"/{name}": value for name, value in fields.items()})
    if password is not None:
        writer.encrypt(user_password=password, owner_password="owner")
    writer.write(path)
    return path


def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    path = pdf(
        tmp_path / "a.pdf", ["Hama falls", FALL * 3, "It is over."], [], ["Second page."], title="The fall of Hama"
    )
    article = only(path)
    assert article.title == "The fall of Hama"
    assert article.text.startswith("Hama falls\n\nSyrian insurgents have entered")
    assert article.text.endswith("the army.\nIt is over.\n\nSecond page.")
    assert article.page_of(article.text.index("It is over")) == 1
    assert article.page_of(article.text.index("Second page")) == len(article.page_starts)


def test_a_sentence_may_run_over_the_end_of_a_page(tmp_path: Path) -> None:
    article = only(pdf(tmp_path / "a.pdf", ["The army said that it had"], ["withdrawn from Hama."]))
    assert article.text == "The army said that it had\nwithdrawn from Hama."
    assert article.page_starts == (0, 26)


def test_a_title_that_a_program_made_up_is_not_taken(tmp_path: Path) -> None:
    assert only(pdf(tmp_path / "a.pdf", ["Hama falls"], title="Microsoft Word - draft3.docx")).title == "Hama falls"
    assert only(pdf(tmp_path / "b.pdf", ["Hama falls"])).title == "Hama falls"


def test_a_locked_pdf_needs_its_password(tmp_path: Path) -> None:
    locked = with_metadata(pdf(tmp_path / "a.pdf", [FALL]), password="secret")
    assert reason(locked) == "encrypted: it needs a password"


def test_a_pdf_locked_for_printing_only_is_read(tmp_path: Path) -> None:
    assert only(with_metadata(pdf(tmp_path / "a.pdf", [FALL]), password="")).text.startswith("Syrian insurgents")


def test_a_pdf_of_pictures_says_so(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.rect(100, 100, 200, 200)
    canvas.showPage()
    canvas.save()
    assert reason(tmp_path / "a.pdf") == "no text in it: a scan?"


@pytest.mark.parametrize("content", [b"x", b"%PDF-1.7\nnonsense", b"\x00" * 5000])
def test_a_damaged_pdf_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    assert reason(path) == "damaged, or not a PDF"


def test_a_pdf_cut_short_is_told_or_read_but_never_raises(tmp_path: Path) -> None:
    whole = pdf(tmp_path / "a.pdf", [FALL], [FALL]).read_bytes()
    for length in range(50, len(whole), 150):
        path = tmp_path / "cut.pdf"
        path.write_bytes(whole[:length])
        articles, skipped = read_file(path, "cut.pdf")
        assert articles or skipped


def test_reading_writes_nothing_to_the_terminal(tmp_path: Path) -> None:
    whole = pdf(tmp_path / "a.pdf", [FALL], [FALL]).read_bytes()
    (tmp_path / "a.pdf").write_bytes(whole.replace(b"startxref", b"startxxxx"))
    (tmp_path / "a.html").write_text('<?xml version="1.0" encoding="utf-8"?><html><body><p>Hama')
    code = (
        "import sys; from pathlib import Path; from index.read import read_file\n"
        "for name in sys.argv[1:]: read_file(Path(name), Path(name).name)"
    )
    files = [str(tmp_path / name) for name in ("a.pdf", "a.html")]
    done = subprocess.run(
        [sys.executable, "-c", code, *files],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_the_libraries_may_log_again_afterwards(tmp_path: Path) -> None:
    before = logging.getLogger("pypdf").level
    only(pdf(tmp_path / "a.pdf", [FALL]))
    assert logging.getLogger("pypdf").level == before


# --- Word


def word_file(path: Path, **properties: Any) -> Path:
    document = docx.Document()
    document.add_heading("Hama falls", level=1)
    document.add_paragraph(FALL)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [c for row in table.rows for c in row.cells], ["City", "Day", "Hama", "Thursday"], strict=True
    ):
        cell.text = text
    document.add_paragraph("It is over.")
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    document.save(str(path))
    return path


def test_a_word_document_gives_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    article = only(word_file(tmp_path / "a.docx"))
    assert article.text == f"Hama falls\n\n{FALL}\n\nCity | Day\n\nHama | Thursday\n\nIt is over."
    assert article.title == "Hama falls"


def test_the_documents_own_title_comes_first(tmp_path: Path) -> None:
    assert only(word_file(tmp_path / "a.docx", title="The fall")).title == "The fall"


def test_the_day_on_which_a_template_was_made_is_no_date(tmp_path: Path) -> None:
    assert only(word_file(tmp_path / "a.docx")).date is None


def test_a_merged_cell_is_read_once(tmp_path: Path) -> None:
    document = docx.Document()
    row = document.add_table(rows=1, cols=2).rows[0]
    row.cells[0].merge(row.cells[1]).text = "Hama"
    document.save(str(tmp_path / "a.docx"))
    assert only(tmp_path / "a.docx").text == "Hama"


def test_damaged_word_documents_say_so(tmp_path: Path) -> None:
    path = word_file(tmp_path / "a.docx")
    path.write_bytes(path.read_bytes()[:2000])
    assert reason(path) == "damaged, or not a Word document"
    with zipfile.ZipFile(tmp_path / "b.docx", "w") as archive:
        archive.writestr("hello.txt", "not Word")
    assert reason(tmp_path / "b.docx") == "damaged, or not a Word document"


def test_an_encrypted_word_document_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    assert reason(path) == "encrypted, or in Word's old format: save it as .docx without a password"


# --- the day


@pytest.mark.parametrize(
    ("line", "day"),
    [("Hama falls", None), ("HAMA, 5 December – It is over.", FIFTH), ("28 November 2024", date(2024, 11, 28))],
)
def test_the_day_on_which_a_file_was_made_is_not_its_articles(tmp_path: Path, line: str, day: date | None) -> None:
    document = docx.Document()
    document.add_paragraph(line)
    document.core_properties.created = datetime(2024, 12, 5, 9)
    document.save(str(tmp_path / "a.docx"))
    made = with_metadata(pdf(tmp_path / "a.pdf", [line]), CreationDate="D:20241205233000-05'00'")
    assert [only(path).date for path in (tmp_path / "a.docx", made)] == [day, day]


# --- JSON


def json_file(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_one_object_is_one_article_with_its_fields(tmp_path: Path) -> None:
    fields = {
        "text": " Hama\r\nfell.",
        "title": "The fall",
        "date": "2024-12-05",
        "source": "AP",
        "url": "https://x.example",
    }
    assert only(json_file(tmp_path / "a.json", fields)) == Article(
        "a.json", "The fall", " Hama\r\nfell.", FIFTH, "AP", "https://x.example"
    )


@pytest.mark.parametrize("wrap", [lambda records: records, lambda records: {"articles": records}])
def test_a_list_gives_numbered_articles(tmp_path: Path, wrap: Any) -> None:
    content = wrap([{"text": "One fell."}, {"title": "no text"}, "x", {"text": 5}, {"text": " "}, {"text": "Two."}])
    articles, skipped = read_file(json_file(tmp_path / "n.json", content), "n.json")
    assert [(article.id, article.title) for article in articles] == [("n.json#0", "One fell."), ("n.json#5", "Two.")]
    assert skipped == [
        Skipped("n.json#1", 'it has no "text"'),
        Skipped("n.json#2", "not a JSON object"),
        Skipped("n.json#3", 'its "text" is not a string'),
        Skipped("n.json#4", "empty"),
    ]


def test_broken_lines_are_told_and_the_others_read(tmp_path: Path) -> None:
    lines = ['{"text": "One."}', "", '{"text": "Tw', '{"text": "Three.", "date": 1733356800}', "\r", "[" * 100_000]
    articles, skipped = read_file(json_file(tmp_path / "n.jsonl", "\n".join(lines)), "n.jsonl")
    assert [(article.id, article.date) for article in articles] == [("n.jsonl#0", None), ("n.jsonl#2", FIFTH)]
    assert skipped == [
        Skipped("n.jsonl#1", "not valid JSON at column 13"),
        Skipped("n.jsonl#3", "not valid JSON"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_lines_in_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "n.jsonl"
    path.write_bytes('{"text": "It’s over."}\n{"text": "L’été est fini."}\n'.encode(encoding))
    articles, skipped = read_file(path, "n.jsonl")
    assert [article.text for article in articles] == ["It’s over.", "L’été est fini."] and skipped == []


def test_a_line_beyond_any_size_does_not_lose_the_next(tmp_path: Path) -> None:
    path = json_file(tmp_path / "n.jsonl", '{"text": "' + "x" * 40_000_000 + '"}\n{"text": "Two."}\n')
    articles, (skipped,) = read_file(path, "n.jsonl")
    assert [article.id for article in articles] == ["n.jsonl#1"]
    assert skipped == Skipped("n.jsonl#0", "longer than 2,000,000 characters, the limit for one article: split it")


def test_a_record_may_be_longer_than_the_limit_by_none(tmp_path: Path) -> None:
    path = json_file(tmp_path / "a.json", {"text": "x" * (MAX_ARTICLE_CHARS + 1)})
    assert reason(path).startswith("longer than 2,000,000 characters")


def test_json_lines_named_json_are_read(tmp_path: Path) -> None:
    articles, _ = read_file(json_file(tmp_path / "n.json", '{"text": "One."}\n{"text": "Two."}\n'), "n.json")
    assert [article.id for article in articles] == ["n.json#0", "n.json#1"]


def test_json_that_is_none_says_where(tmp_path: Path) -> None:
    assert reason(json_file(tmp_path / "a.json", '{"text":\n oops}')) == "not valid JSON at line 2, column 2"
    assert reason(json_file(tmp_path / "b.json", "[]")) == "empty: there is no article in its list"
    assert reason(json_file(tmp_path / "c.json", "[" * 100_000)) == "not valid JSON"


def test_characters_that_no_database_takes_are_replaced_one_for_one(tmp_path: Path) -> None:
    assert only(json_file(tmp_path / "a.json", '{"text": "a\\u0000b\\ud83dc"}')).text == "a\ufffdb\ufffdc"
