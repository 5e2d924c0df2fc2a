"""index/pdf.py: reading order, running lines and broken words, on pages whose lines are placed by hand."""

from __future__ import annotations

import io
import logging
import re
from datetime import date
from pathlib import Path

import pytest
from index_helpers import DATA, article_of, read
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Line = tuple[int, int, str]
FALL = "Syrian insurgents have entered the city of Hama after days of fighting."


def pdf(*pages: list[Line] | None, title: str = "", password: str | None = None, made: str = "") -> bytes:
    """A PDF with each line at its place (from the left, from the bottom), drawn in this order; for None, a picture."""
    canvas = Canvas(buffer := io.BytesIO(), pagesize=(595, 842))
    canvas.setTitle(title)
    for page in pages:
        if page is None:
            canvas.drawImage(ImageReader(Image.new("L", (40, 40), 90)), 60, 300, 400, 400)
        for left, bottom, line in page or ():
            canvas.setFont("Helvetica", 15 if line.startswith("#") else 11)
            canvas.drawString(left, bottom, line)
        canvas.showPage()
    canvas.save()
    if made or password is not None:
        writer = PdfWriter(clone_from=PdfReader(buffer))
        writer.add_metadata({"/CreationDate": made})
        if password is not None:
            writer.encrypt(user_password=password, owner_password="owner")
        writer.write(buffer := io.BytesIO())
    return buffer.getvalue()


@pytest.mark.parametrize("path", sorted((DATA / "pdf").iterdir()), ids=lambda path: path.stem)
def test_a_page_is_read_in_a_readers_order(tmp_path: Path, path: Path) -> None:
    drawing, _, text = path.read_text(encoding="utf-8").partition("=== is read as\n")
    lines = [  # a letter is five points wide and a line 14 high; what four blanks part stands apart
        (60 + 5 * cell.start(), 770 - 14 * row, cell[0])
        for row, line in enumerate(drawing.split("\n"))
        for cell in re.finditer(r"\S+(?: {1,3}\S+)*", line)
    ]
    blocks = article_of(tmp_path, "a.pdf", pdf(lines)).text.split("\n\n")
    assert [" ".join(block.split()) for block in blocks] == text.splitlines()


def test_running_heads_feet_and_page_numbers_are_in_no_sentence(tmp_path: Path) -> None:
    texts = ["The bridge was closed by the ma-", "yor and it stays closed.", "It is old."]
    pages = [
        [
            *((60, 800, f"Aldmoor Post, no. 51, page {number}"), (60, 700, text), (60, 400, "Told by 12")),
            *((60, 50, "www.post.example"), (290, 30, f"- {number} -")),
        ]
        for number, text in enumerate(texts, 7)
    ]
    article = article_of(tmp_path, "a.pdf", pdf(*pages))
    assert "closed by the ma" in article.text and not any(word in article.text for word in ("Post", "www", "8"))
    assert article.text.count("Told by 12") == 3  # at the same place, but within the page
    assert [article.page_of(article.text.index(words)) for words in ("bridge", "stays", "is old")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("pages", "text", "starts"),
    [
        (["They asked the ma-", "yor again."], "They asked the mayor again.", (0, 17)),  # a word over the page's end
        (["The army said it had", "withdrawn."], "The army said it had\nwithdrawn.", (0, 21)),  # a sentence
        (["It fell.", "", "It is over."], "It fell.\n\nIt is over.", (0, 8, 10)),  # a page without words
        (["Closed.", "Closed."], "Closed.\n\nClosed.", (0, 9)),  # no running line, where there is nothing else
    ],
)
def test_a_text_goes_on_from_page_to_page(tmp_path: Path, pages: list[str], text: str, starts: tuple[int, ...]) -> None:
    article = article_of(tmp_path, "a.pdf", pdf(*([(60, 600, line)] for line in pages)))
    assert (article.text, article.page_starts) == (text, starts)


@pytest.mark.parametrize(
    ("line", "own", "title", "day"),
    [
        (FALL, "The fall of Hama", "The fall of Hama", None),
        (FALL, "Microsoft Word - draft3.docx", FALL, None),  # a program made it up
        (FALL, "", FALL, None),
        ("HAMA, 5 December – It is over.", "Hama", "Hama", date(2024, 12, 5)),
        ("28 November 2024", "Hama", "Hama", date(2024, 11, 28)),
    ],
)
def test_it_has_its_own_title_and_a_dateline(tmp_path: Path, line: str, own: str, title: str, day: date | None) -> None:
    made = pdf([(60, 700, line)], title=own, made="D:20241205233000-05'00'")
    article = article_of(tmp_path, "a.pdf", made)
    assert (article.title, article.date) == (title, day)


def test_a_pdf_locked_for_printing_only_is_read(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.pdf", pdf([(60, 700, FALL)], password="")).text == FALL


def test_a_pdf_cut_short_anywhere_is_told_or_read(tmp_path: Path) -> None:
    whole = pdf([(60, 700, FALL)], [(60, 700, FALL)])
    before = logging.getLogger("pdfminer").level
    assert all(any(read(tmp_path, "cut.pdf", whole[:length])) for length in range(50, len(whole), 150))
    assert logging.getLogger("pdfminer").level == before  # the library may log again
