"""index/pdf.py: reading order, running lines and broken words, on pages whose lines are placed by hand."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from index_helpers import ROOT
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from index.read import read_file
from index.types import Article, Skipped

Line = tuple[int, int, str]
FALL = "Syrian insurgents have entered the city of Hama after days of fighting."


def pdf(path: Path, *pages: list[Line], title: str = "", password: str | None = None, made: str = "") -> Path:
    """A PDF with each line at its place (from the left, from the bottom), drawn in the order given."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    canvas.setTitle(title)
    for page in pages:
        for left, bottom, line in page:
            canvas.setFont("Helvetica", 15 if line.startswith("#") else 11)
            canvas.drawString(left, bottom, line)
        canvas.showPage()
    canvas.save()
    if made or password is not None:
        writer = PdfWriter(clone_from=PdfReader(path))
        writer.add_metadata({"/CreationDate": made})
        if password is not None:
            writer.encrypt(user_password=password, owner_password="owner")
        writer.write(path)
    return path


def only(path: Path) -> Article:
    (article,), skipped = read_file(path, path.name)
    assert skipped == []
    return article


def article_of(path: Path, *pages: list[Line]) -> Article:
    return only(pdf(path, *pages))


def test_columns_are_read_one_after_the_other_and_broken_words_are_whole(tmp_path: Path) -> None:
    left = ["The trams of Aldmoor, which have run", "since the year 1950, will go to a mu-", "seum; their well-"]
    right = ["known bells were sold to an Anglo-", "Norse club. Well-known drivers will", "come with them in spring."]
    across = [  # the file has them line by line, across both columns
        (edge, 700 - 14 * number, line)
        for number, both in enumerate(zip(left, right, strict=True))
        for edge, line in zip((60, 290), both, strict=True)
    ]
    article = article_of(tmp_path / "a.pdf", [(60, 770, "Trams retire"), *across])
    assert article.text.startswith("Trams retire\n\nThe trams")
    assert " ".join(article.text.split()).endswith(
        "The trams of Aldmoor, which have run since the year 1950, will go to a museum; their well-known bells "
        "were sold to an Anglo-Norse club. Well-known drivers will come with them in spring."
    )


def test_each_heading_has_its_own_columns_under_it(tmp_path: Path) -> None:
    page = []
    for number, head in enumerate(["# First story", "# Second story, with a head across the columns", "# Third"]):
        top = 770 - 130 * number
        page += [(60, top, head), (60, top - 40, "one two three four five"), (290, top - 40, "one and seven again")]
        page += [(60, top - 54, "two six and seven again"), (290, top - 54, "three and eight again")]
    lines = article_of(tmp_path / "a.pdf", page).text.split("\n")
    assert [line.partition(" ")[0] for line in lines if line] == ["#", "one", "two", "one", "three"] * 3


def test_a_line_stretched_to_its_columns_width_is_one(tmp_path: Path) -> None:
    page = [(60, 700, "Harbour   of Norby said it"), (60, 686, "never"), (140, 686, "closes"), (60, 672, "in winter.")]
    other = [(290, 700 - 14 * number, "in this column all is well") for number in range(3)]
    text = article_of(tmp_path / "a.pdf", page + other).text
    assert text.startswith("Harbour of Norby said it\nnever closes\nin winter.")


def test_a_row_of_numbers_is_read_with_its_heads(tmp_path: Path) -> None:
    rows = [["Party", "Seats 2020", "Seats 2024"], ["Green Alliance", "7", "4"], ["Farmers", "", "6"]]
    lines = [(60, 760, "Results"), (60, 600, "It is over.")]
    for number, row in enumerate(rows):
        lines += [(left, 700 - 18 * number, cell) for left, cell in zip((60, 200, 266), row, strict=True) if cell]
    assert article_of(tmp_path / "a.pdf", lines).text == (
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
    article = article_of(tmp_path / "a.pdf", *pages)
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
def test_a_text_goes_on_over_the_ends_of_its_pages(
    tmp_path: Path, pages: list[str], text: str, starts: tuple[int, ...]
) -> None:
    article = article_of(tmp_path / "a.pdf", *([(60, 600, line)] for line in pages))
    assert (article.text, article.page_starts) == (text, starts)


@pytest.mark.parametrize(
    ("own", "title"), [("The fall of Hama", "The fall of Hama"), ("Microsoft Word - draft3.docx", FALL), ("", FALL)]
)
def test_the_title_is_the_files_own_unless_a_program_made_it_up(tmp_path: Path, own: str, title: str) -> None:
    article = only(pdf(tmp_path / "a.pdf", [(60, 700, FALL)], title=own))
    assert (article.title, article.date) == (title, None)


@pytest.mark.parametrize(
    ("line", "day"), [("Hama falls", None), ("HAMA, 5 December – It is over.", 5), ("28 November 2024", 28)]
)
def test_the_day_on_which_a_file_was_made_is_a_witness_and_not_its_date(
    tmp_path: Path, line: str, day: int | None
) -> None:
    made = pdf(tmp_path / "a.pdf", [(60, 700, line)], made="D:20241205233000-05'00'")
    assert only(made).date == (day and date(2024, 12 if day == 5 else 11, day))


def test_only_a_password_that_is_asked_for_locks(tmp_path: Path) -> None:
    assert only(pdf(tmp_path / "a.pdf", [(60, 700, FALL)], password="")).text == FALL  # locked for printing only
    locked = pdf(tmp_path / "b.pdf", [(60, 700, FALL)], password="secret")
    assert read_file(locked, "b.pdf") == ([], [Skipped("b.pdf", "encrypted: it needs a password")])


@pytest.mark.parametrize("content", [b"x", b"%PDF-1.7\nnonsense", b"\x00" * 5000, None])
def test_a_damaged_pdf_and_one_of_pictures_say_so(tmp_path: Path, content: bytes | None) -> None:
    path, reason = pdf(tmp_path / "a.pdf", []), "no text in it: a scan?"
    if content:
        path.write_bytes(content)
        reason = "damaged, or not a PDF"
    assert read_file(path, "a.pdf") == ([], [Skipped("a.pdf", reason)])


def test_a_pdf_cut_short_anywhere_is_told_or_read(tmp_path: Path) -> None:
    whole = pdf(tmp_path / "a.pdf", [(60, 700, FALL)], [(60, 700, FALL)]).read_bytes()
    before = logging.getLogger("pdfminer").level
    for length in range(50, len(whole), 150):
        (tmp_path / "cut.pdf").write_bytes(whole[:length])
        assert any(read_file(tmp_path / "cut.pdf", "cut.pdf"))
    assert logging.getLogger("pdfminer").level == before  # the library may log again


def test_reading_writes_nothing_to_the_terminal(tmp_path: Path) -> None:
    broken = pdf(tmp_path / "a.pdf", [(60, 700, FALL)])
    broken.write_bytes(broken.read_bytes().replace(b"startxref", b"startxxxx"))
    (tmp_path / "a.html").write_text('<?xml version="1.0" encoding="utf-8"?><html><body><p>Hama')
    code = (
        "import sys; from pathlib import Path; from index.read import read_file\n"
        "for name in ('a.pdf', 'a.html'): read_file(Path(sys.argv[1], name), name)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
