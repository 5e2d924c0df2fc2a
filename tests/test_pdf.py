"""index/pdf.py: reading order, running lines and broken words, on pages whose lines are placed by hand."""

from __future__ import annotations

import io
import logging
from datetime import date
from pathlib import Path

import pytest
from index_helpers import article_of, read
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


def text_of(folder: Path, *pages: list[Line]) -> str:
    return article_of(folder, "a.pdf", pdf(*pages)).text


def test_columns_are_read_one_after_the_other_and_broken_words_are_whole(tmp_path: Path) -> None:
    left = ["The trams of Aldmoor, which have run", "since the year 1950, will go to a mu-", "seum; their well-"]
    right = ["known bells were sold to an Anglo-", "Norse club. Well-known drivers will", "come with them in spring."]
    lines = [(60, 770, "Trams retire")]
    for number, (one, other) in enumerate(zip(left, right, strict=True)):  # the file has them across both columns
        lines += [(60, 700 - 14 * number, one), (290, 700 - 14 * number, other)]
    text = text_of(tmp_path, lines)
    assert text.startswith("Trams retire\n\nThe trams")
    assert " ".join(text.split()).endswith(
        "The trams of Aldmoor, which have run since the year 1950, will go to a museum; their well-known bells "
        "were sold to an Anglo-Norse club. Well-known drivers will come with them in spring."
    )


def test_each_heading_has_its_own_columns_under_it(tmp_path: Path) -> None:
    page = []
    for number, head in enumerate(["# First story", "# Second story, with a head across the columns", "# Third"]):
        top = 770 - 130 * number
        page += [(60, top, head), (60, top - 40, "one two three four five"), (290, top - 40, "one and seven again")]
        page += [(60, top - 54, "two six and seven again"), (290, top - 54, "three and eight again")]
    lines = text_of(tmp_path, page).split("\n")
    assert [line.partition(" ")[0] for line in lines if line] == ["#", "one", "two", "one", "three"] * 3


def test_a_line_stretched_to_its_columns_width_is_one(tmp_path: Path) -> None:
    page = [(60, 700, "Harbour   of Norby said it"), (60, 686, "never"), (140, 686, "closes"), (60, 672, "in winter.")]
    other = [(290, 700 - 14 * number, "in this column all is well") for number in range(3)]
    assert text_of(tmp_path, page + other).startswith("Harbour of Norby said it\nnever closes\nin winter.")


def test_a_row_of_numbers_is_read_with_its_heads(tmp_path: Path) -> None:
    rows = [["Party", "Seats 2020", "Seats 2024"], ["Green Alliance", "7", "4"], ["Farmers", "", "6"]]
    lines = [(60, 760, "Results"), (60, 600, "It is over.")]
    for number, row in enumerate(rows):
        lines += [(left, 700 - 18 * number, cell) for left, cell in zip((60, 200, 266), row, strict=True) if cell]
    assert text_of(tmp_path, lines) == (
        "Results\n\nParty | Seats 2020 | Seats 2024\n\nGreen Alliance | Seats 2020: 7 | Seats 2024: 4\n\n"
        "Farmers | Seats 2024: 6\n\nIt is over."
    )


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
