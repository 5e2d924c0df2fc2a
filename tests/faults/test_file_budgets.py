"""Small files that are made to take gigabytes or minutes cost their budget and themselves, and nothing else."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from index_helpers import written, zipped
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject
from reportlab.pdfgen.canvas import Canvas

from index.embed import TextEmbedder
from index.store import ArticleIndex

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def _docx(folder: Path, body: str) -> None:
    types = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_KIND}"/></Types>'
    )
    parts = (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}" '
        'Target="word/document.xml"/></Relationships>'
    )
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    members = {"[Content_Types].xml": types, "_rels/.rels": parts, "word/document.xml": document}
    (folder / "hostile.docx").write_bytes(zipped(**members))


def _two_million_paragraphs(folder: Path) -> None:
    _docx(folder, "<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 2_000_000)


def _a_cell_over_a_hundred_million_columns(folder: Path) -> None:
    cell = '<w:tc><w:tcPr><w:gridSpan w:val="100000000"/></w:tcPr><w:p><w:r><w:t>A mill.</w:t></w:r></w:p></w:tc>'
    _docx(folder, f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>")


def _tags_in_tags(folder: Path) -> None:
    written(folder, "hostile.html", "<i>" * 200_000 + "The mill burned." + "</i>" * 200_000)


def _paragraphs_without_end(folder: Path) -> None:
    written(folder, "hostile.html", "<p>" * 650_000 + "The mill burned.")


def _a_stream_of_a_hundred_pages(folder: Path) -> None:
    drawn = BytesIO()
    canvas = Canvas(drawn)
    for number in range(4_000):
        canvas.drawString(50 + number % 500, 20 + number * 7 % 800, f"The mill burned {number}.")
    canvas.showPage()
    canvas.save()
    writer = PdfWriter()
    first = writer.add_page(PdfReader(drawn).pages[0])
    for _ in range(99):
        page = writer.add_blank_page(612, 792)
        page[NameObject("/Contents")], page[NameObject("/Resources")] = first.raw_get("/Contents"), first["/Resources"]
    writer.write(folder / "hostile.pdf")


def _odd_times(folder: Path) -> None:
    times = "".join(f"<time>{'9' * 40} {number} foo 12 bar</time>" for number in range(2_000))
    written(folder, "hostile.html", f"<p>The mill burned.</p>{times}")


def _punycode(folder: Path) -> None:
    body = b"<p>The mill burned.</p>" + b"ab-" * 600_000
    (folder / "hostile.html").write_bytes(b'<html><head><meta charset="punycode"></head>' + body + b"</html>")


def _carriage_returns(folder: Path) -> None:
    (folder / "hostile.txt").write_bytes(b"The mill burned." + b"\r" * 1_900_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hostile", "most"),
    [
        (_two_million_paragraphs, "1.0 GB of memory"),
        (_a_cell_over_a_hundred_million_columns, "1.0 GB of memory"),
        (_tags_in_tags, "24 s"),
        (_paragraphs_without_end, "30 s"),
        (_a_stream_of_a_hundred_pages, "10 s"),
        (_odd_times, ""),
        (_punycode, ""),
        (_carriage_returns, ""),
    ],
)
def test_a_hostile_file_is_read_within_its_budget_or_given_up_and_the_others_are_indexed(
    hostile: Callable[[Path], None], most: str, embedding: TextEmbedder, tmp_path: Path
) -> None:
    folder = written(tmp_path / "news", "good.txt", "The mill burned.").parent
    hostile(folder)
    with ArticleIndex(tmp_path / "data", embedding) as index:
        report = index.sync(folder)
        read = index.article_ids()
    assert "good.txt" in read
    if most:
        ((name, reason),) = report.skipped
        assert name.startswith("hostile.") and reason == f"reading it takes more than {most}: split it"
    else:
        assert (len(read), report.skipped) == (2, [])
