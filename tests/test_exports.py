"""index/exports.py: files of many articles, as news databases export them, through read_file."""

import html
import io
import random
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from index_helpers import DATA, cases, read
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate
from test_documents import p, word_file

from index.formats import Extract
from index.read import read_file
from index.types import Skipped

ONE = "The ferry to Skarnholm stopped on Monday. Captain Ines Torvald said the hull leaks."
TWO = "The ferry sails again.\n\nIt cost 40,000 crowns: a third of that was paint."
THREE = "The ferry was sold on Friday. Title deeds go to Oskar Lund."
STORIES = [
    Extract(ONE, "Ferry stops", date(2019, 3, 5), "Skarn Gazette", author="Ada Brook"),
    Extract(TWO, "Ferry sails again", date(2021, 10, 12), "Skarn Gazette", author="Ada Brook"),
    Extract(THREE, "Ferry sold", date(2023, 6, 30), "The Evening Post", author="Ada Brook"),
]
LAYOUTS = {
    f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") + "\n" for path in DATA.glob("exports*/*.txt")
}
"""How one article stands in an export, with {fields} for what differs."""
NEXIS = LAYOUTS["exports_of_fifty/Nexis"]
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()


def laid_out(layout: str, stories: list[Extract]) -> str:
    nameless = re.sub(r"(BY\n|Byline: By |Author: )?\{author\}\n+", "", layout)  # it has no line for him
    content = ""
    for number, one in enumerate(stories, 1):
        lead, _, rest = one.text.partition("\n\n")
        day = f"{'1er' if one.date.day == 1 else one.date.day} {MONTHS[one.date.month - 1]} {one.date.year}"
        content += (layout if one.author else nameless).format(
            **{"title": one.title, "day": one.date, "source": one.source, "author": one.author, "text": one.text},
            **{"number": number, "lead": lead, "rest": f"TD\n{rest}\n" if rest else ""},
            jour=f"{WEEKDAYS[one.date.weekday()]} {day}",
            edition=("", "Final Edition\n\n", "1st Edition\n\n")[number % 3],
            page=("", f"{number}\n\n")[number % 2],
            place=("", f", p. {number}", f" {number} mots, p. {number}")[number % 3],
        )
    return content


def saved(suffix: str, content: str) -> bytes:
    """The file as the database's own export makes it: made on the day of the export."""
    lines = [html.escape(line) for line in content.split("\n") if line]
    if suffix == ".docx":
        return word_file("".join(p(line) for line in lines), created=datetime(2026, 11, 2, 8))
    if suffix == ".html":
        content = "<html><body>{}</body></html>".format("".join(f"<p>{line}</p>" for line in lines))
    elif suffix == ".rtf":
        letters = "".join(c if c.isascii() else "\\'" + c.encode("cp1252").hex() for c in content)
        made = "{\\rtf1\\ansi\\ansicpg1252{\\info{\\creatim\\yr2026\\mo11\\dy2}}"
        content = made + letters.replace("\n", "\\par\n") + "}"
    elif suffix == ".pdf":
        style = getSampleStyleSheet()["Normal"]
        style.spaceAfter = 6
        SimpleDocTemplate(buffer := io.BytesIO()).build([Paragraph(line, style) for line in lines])
        return buffer.getvalue()
    return content.encode()


SOURCES = ("Skarn Gazette", "The Evening Post", "Norby, Tellby and Oxmoor News", "Le Courrier de Brume (site web)")
WRITERS = ("Ada Brook", "Oskar Lund and Ines Torvald", "Una Faber, Science Editor", None)
SUFFIXES = (".docx", ".rtf", ".txt", ".html", ".pdf")
EXPORTS = [(name, each) for name in sorted(LAYOUTS) for each in SUFFIXES if each != ".pdf" or "fifty" in name]
TITLES, PARAGRAPHS = cases("titles.txt"), [line.replace("¦", "\n") for line in cases("paragraphs.txt")]


def fifty(seed: int) -> list[Extract]:
    """Stories as unlike each other as a newsroom's, whose words look like labels."""
    chance = random.Random(seed)
    return [
        Extract(
            title=chance.choice(TITLES),
            date=date(1998, 1, 1) + timedelta(days=chance.randrange(10_000)),
            source=chance.choice(SOURCES),
            author=chance.choice(WRITERS),
            text="\n\n".join(["The ferry stopped, the harbour said.", *chance.sample(PARAGRAPHS, chance.randrange(6))]),
        )
        for _ in range(50)
    ]


@pytest.mark.parametrize(("layout", "suffix"), EXPORTS)
def test_an_export_comes_apart_without_loss(tmp_path: Path, layout: str, suffix: str) -> None:
    stories = fifty(seed=len(suffix)) if "fifty" in layout else STORIES
    around = [DATA / f"{layout}.{place}" for place in ("before", "after")]
    before, after = (path.read_text(encoding="utf-8") if path.exists() else "" for path in around)
    content = before + laid_out(LAYOUTS[layout], stories) + after
    articles, skipped = read(tmp_path, f"export{suffix}", saved(suffix, content))
    assert [one.id for one in articles] == [f"export{suffix}#{number}" for number in range(len(stories))]
    assert skipped == []
    for one, article in zip(stories, articles, strict=True):
        about = (article.title, article.date, article.source, article.author)
        assert about == (one.title, one.date, one.source, one.author)
        assert article.text.split() == one.text.split()  # a PDF has lines where its paper ends
        assert suffix == ".pdf" or article.text.replace("\n\n", "\n") == one.text.replace("\n\n", "\n")


@pytest.mark.parametrize("layout", sorted((DATA / "archives").iterdir()), ids=lambda path: path.stem)
def test_an_archive_of_ones_own_is_taken_apart_by_what_repeats(tmp_path: Path, layout: Path) -> None:
    articles, skipped = read(tmp_path, "export.txt", laid_out(layout.read_text(encoding="utf-8"), STORIES))
    facts = [(one.title, one.date, one.text, one.source) for one in articles]
    assert facts == [(one.title, one.date, one.text, "Skarn Gazette") for one in STORIES] and skipped == []


def test_an_export_of_one_article_keeps_its_name_and_has_its_own_day(tmp_path: Path) -> None:
    content = laid_out(NEXIS, STORIES[1:2])
    for suffix in (".docx", ".txt"):
        (article,), skipped = read(tmp_path, f"export{suffix}", saved(suffix, content))
        about = (article.id, article.title, article.date)
        assert (about, skipped) == ((f"export{suffix}", "Ferry sails again", STORIES[1].date), [])
    aside = {at for span in article.aside_spans for at in range(span.start, span.end)}
    assert article.text == content  # the plain text stays as it is, with its frame set aside
    assert "".join(content[at] for at in range(len(content)) if at not in aside) == STORIES[1].text


def test_what_cannot_be_taken_apart_is_told(tmp_path: Path) -> None:
    articles, skipped = read(tmp_path, "export.txt", laid_out(NEXIS, STORIES).replace(TWO, ""))
    assert [one.id for one in articles] == ["export.txt#0", "export.txt#2"]
    assert skipped == [Skipped("export.txt#1", "there is no text in this article of the export")]
    content = laid_out("{title}\nLoad-Date: November 1, 2026\n{text}\n", STORIES)
    (article,), (told,) = read(tmp_path, "export.docx", saved(".docx", content))
    assert (article.id, article.date, told.path) == ("export.docx", None, "export.docx")  # no date of the export's
    assert ONE in article.text and THREE in article.text
    assert told.reason.startswith("it looks like a news database's export that can")


@pytest.mark.parametrize("path", sorted((DATA / "no_exports").iterdir()), ids=lambda path: path.name)
def test_what_is_no_export_stays_whole(path: Path) -> None:
    (article,), skipped = read_file(path, path.name)
    assert (article.id, article.source, skipped) == (path.name, None, [])
    assert ONE in article.text and (path.suffix == ".html" or article.text == path.read_text(encoding="utf-8"))
