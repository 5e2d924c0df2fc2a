"""Small files that are made to take gigabytes or minutes cost their budget and themselves, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from index_helpers import written, zipped

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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hostile", "what"),
    [
        (_two_million_paragraphs, "1.0 GB of memory"),
        (_a_cell_over_a_hundred_million_columns, "1.0 GB of memory"),
        (_tags_in_tags, "24 s"),
    ],
)
def test_a_hostile_file_is_given_up_and_the_others_are_indexed(
    hostile: Callable[[Path], None], what: str, embedding: TextEmbedder, tmp_path: Path
) -> None:
    folder = written(tmp_path / "news", "good.txt", "The mill burned.").parent
    hostile(folder)
    with ArticleIndex(tmp_path / "data", embedding) as index:
        report = index.sync(folder)
        assert index.article_ids() == ["good.txt"]
    ((name, reason),) = report.skipped
    assert name.startswith("hostile.") and reason == f"reading it takes more than {what}: split it"
