"""index/pdf.py: reading order, running lines and broken words, on pages that are drawn with letters."""

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

FALL = "Syrian insurgents have entered the city of Hama after days of fighting."


def pdf(*pages: str | None, title: str = "", password: str | None = None, made: str = "") -> bytes:
    """A PDF of pages as they are drawn: a letter is 5 points wide, a line 14 high, and four blanks part columns.

    The lines are in it as they come, across all columns. None is a picture.
    """
    canvas = Canvas(buffer := io.BytesIO())
    canvas.setTitle(title)
    for page in pages:
        if page is None:
            canvas.drawImage(ImageReader(Image.new("L", (40, 40), 90)), 60, 300, 400, 400)
        lines = (page or "").removesuffix("\n").split("\n")
        canvas.setPageSize((595, 842 if page is None else 14 * len(lines) + 14))
        for row, line in enumerate(lines):
            for words in re.finditer(r"\S+(?: {1,3}\S+)*", line):
                canvas.setFont("Helvetica", 15 if words[0].startswith("#") else 11)
                canvas.drawString(60 + 5 * words.start(), 14 * (len(lines) - row), words[0])
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
def test_a_pdf_is_read_in_a_readers_order(tmp_path: Path, path: Path) -> None:
    drawing, _, expected = path.read_text(encoding="utf-8").partition("=== is read as\n")
    article = article_of(tmp_path, "a.pdf", pdf(*drawing.split("=== page\n")))
    text = article.text
    for start in reversed(article.page_starts):
        text = f"{text[:start]}¶{text[start:]}"
    assert [" ".join(block.split()) for block in text.split("\n\n")] == expected.splitlines()
    assert article.page_of(len(article.text) - 1) == len(article.page_starts)


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
    article = article_of(tmp_path, "a.pdf", pdf(line, title=own, made="D:20241205233000-05'00'"))
    assert (article.title, article.date) == (title, day)


def test_a_pdf_locked_for_printing_only_is_read(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.pdf", pdf(FALL, password="")).text == FALL


def test_a_pdf_cut_short_anywhere_is_told_or_read(tmp_path: Path) -> None:
    whole = pdf(FALL, FALL)
    before = logging.getLogger("pdfminer").level
    assert all(any(read(tmp_path, "cut.pdf", whole[:length])) for length in range(50, len(whole), 150))
    assert logging.getLogger("pdfminer").level == before  # the library may log again
