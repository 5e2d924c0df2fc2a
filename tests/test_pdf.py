"""index/pdf.py: reading order, running lines and broken words, on pages whose lines are placed by hand."""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from index.read import read_file
from index.types import Article

Line = tuple[int, int, str]


def article_of(path: Path, *pages: list[Line]) -> Article:
    """What is read of a PDF with each line at its place (from the left, from the bottom), drawn in the order given."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    for page in pages:
        for left, bottom, line in page:
            canvas.setFont("Helvetica", 15 if line.startswith("#") else 11)
            canvas.drawString(left, bottom, line)
        canvas.showPage()
    canvas.save()
    (article,), skipped = read_file(path, path.name)
    assert skipped == []
    return article


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
    page = [
        (left, 700 - 18 * number, cell)
        for number, row in enumerate(rows)
        for left, cell in zip((60, 200, 266), row, strict=True)
        if cell
    ]
    assert article_of(tmp_path / "a.pdf", [(60, 760, "Results"), *page, (60, 600, "It is over.")]).text == (
        "Results\n\nParty | Seats 2020 | Seats 2024\n\nGreen Alliance | Seats 2020: 7 | Seats 2024: 4\n\n"
        "Farmers | Seats 2024: 6\n\nIt is over."
    )


def test_running_heads_feet_and_page_numbers_are_in_no_sentence(tmp_path: Path) -> None:
    texts = ["The bridge was closed by the ma-", "yor and it stays closed.", "It is old."]
    pages = [
        [
            (60, 800, f"Aldmoor Post, no. 51, page {number + 7}"),
            (60, 700, text),
            (60, 400, "Told by 12"),
            *((60, 50, "www.post.example"), (290, 30, f"- {number + 7} -")),
        ]
        for number, text in enumerate(texts)
    ]
    article = article_of(tmp_path / "a.pdf", *pages)
    assert "closed by the ma" in article.text and not any(word in article.text for word in ("Post", "www", "8"))
    assert article.text.count("Told by 12") == 3  # at the same place, but within the page
    assert [article.page_of(article.text.index(words)) for words in ("bridge", "stays", "is old")] == [1, 2, 3]


def test_a_word_broken_by_a_pages_end_is_whole(tmp_path: Path) -> None:
    article = article_of(tmp_path / "a.pdf", [(60, 600, "They asked the ma-")], [(60, 600, "yor again.")])
    assert (article.text, article.page_starts) == ("They asked the mayor again.", (0, 17))


def test_pages_of_the_same_line_alone_keep_it(tmp_path: Path) -> None:
    assert article_of(tmp_path / "a.pdf", *[[(60, 800, "Closed.")]] * 2).text == "Closed.\n\nClosed."
