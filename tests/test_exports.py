"""index/exports.py: files of many articles, as news databases export them, through read_file."""

from __future__ import annotations

import html
from datetime import date, datetime
from pathlib import Path

import docx
import pytest

from index.read import read_file
from index.types import Article, Skipped

ONE = "The ferry to Skarnholm stopped on Monday. Captain Ines Torvald said the hull leaks."
TWO = "The ferry sails again.\n\nIt cost 40,000 crowns: a third of that was paint."
THREE = "The ferry was sold on Friday. Title deeds go to Oskar Lund."
EXPECTED = [
    ("Ferry stops", date(2019, 3, 5), "Skarn Gazette", "Ada Brook", ONE),
    ("Ferry sails again", date(2021, 10, 12), "Skarn Gazette", "Ada Brook", TWO),
    ("Ferry sold", date(2023, 6, 30), "The Evening Post", "Ada Brook", THREE),
]

NEXIS_COVER = (
    "User Name: desk\n\nDate and Time: Monday, November 2, 2026 9:00 AM CET\n\nJob Number: 12\n\nDocuments (3)\n\n"
    "1. Ferry stops\n\nClient/Matter: -None-\n\nSearch Terms: ferry\n\n"
)
NEXIS = (
    "{title}\n\n{source}\n\n{day:%B} {day.day}, {day:%Y} {day:%A}\n\nFinal Edition\n\n"
    "Copyright {day:%Y} {source} Ltd.\n\nAll Rights Reserved\n\nSection: LOCAL; Pg. B1\n\n"
    "Length: 17 words\n\nByline: By {author}\n\nHighlight: A boat.\n\n"
    "Body\n\n{text}\n\nGraphic\n\nA ferry, at sea.\n\nLoad-Date: November 1, 2026\n\nEnd of Document\n\n"
)
NEXIS_BEFORE = (
    "        {number} of 3 DOCUMENTS\n\n\n         {source}\n\n     {day:%B} {day.day}, {day:%Y} {day:%A}\n        "
    "Late Edition - Final\n\n{title}\n\nBYLINE: {author}\n\nSECTION: Section A; Pg. 4\n\nLENGTH: 1,017 "
    "words\n\nDATELINE: SKARN\n\n{text}\n\nURL: http://www.gazette.example\n\nLOAD-DATE: November 1, 2026\n\n"
    "LANGUAGE: ENGLISH\n\n          Copyright {day:%Y} {source}\n             All Rights Reserved\n\n"
)
FACTIVA = (
    "SE\nNews\nHD\n{title}\nBY\nBy {author}\nWC\n17 words\nPD\n{day.day} {day:%B} {day:%Y}\nET\n06:00\nSN\n{source}\n"
    "SC\nSKGZ\nLA\nEnglish\nCY\n(c) {day:%Y} {source}\nLP\n{text}\nCO\nskarn : Skarn Ferries\nIN\ni74 : Shipping\n"
    "AN\nDocument SKGZ0000{day:%Y%m%d}ef340000{number}\n\n"
)
FACTIVA_TABLE = (
    "HD | {title}\n\nBY | By {author}\n\nWC | 17 words\n\nPD | {day.day} {day:%B} {day:%Y}\n\nSN | {source}\n\n"
    "TD | {text}\n\nIN | i74 : Shipping\n\nAN | Document SKGZ0000{day:%Y%m%d}ef340000{number}\n\n"
)
FACTIVA_BARE = (
    "{title}\n\n{author}\n\n17 words\n\n{day.day} {day:%B} {day:%Y}\n\n06:00\n\n{source}\n\nSKGZ\n\nEnglish\n\n"
    "Copyright {day:%Y}. All rights reserved.\n\n{text}\n\nDocument SKGZ0000{day:%Y%m%d}ef340000{number}\n\n"
)
FACTIVA_END = "Search Summary\n\nText\n\nferry\n\nDate\n\nAll Dates\n"
PROQUEST = (
    "____________________________________________________________\n\nDocument {number} of 3\n\nTitle: {title}\n\n"
    "Author: {author}\n\nPublication info: {source} ; Skarn [Skarn]{day: %d %b %Y}.\n\nAbstract: A boat.\n\n"
    "Links: https://x.example\n\nFull text: {text}\n\nSubject: Ferries; Boats\n\nTitle: {title}\n\n"
    "Publication title: {source}\n\nPublication year: {day:%Y}\n\nPublication date: {day:%b} {day.day}, {day:%Y}\n\n"
    "Last updated: 2026-11-01\n\nDatabase: ProQuest Central\n\n"
)
PROQUEST_BARE = (
    "Document {number} of 3\n\n{title}\n\nAuthor: {author}\n\nFull text: {text}\n\nPublication title: {source}\n\n"
    "Publication date: {day:%b} {day.day}, {day:%Y}\n\n"
)
NEXIS_LABELS = (
    "{number} of 3 DOCUMENTS\n\nCopyright {day:%Y} {source}\n\nAll Rights Reserved\n\n{source}\n\n"
    "{day:%B} {day.day}, {day:%Y} {day:%A} 10:30 AM GMT\n\nLENGTH: 40 words\n\nHEADLINE: {title}\n\n"
    "BYLINE: {author}\n\nBODY:\n\n{text}\n\nLOAD-DATE: November 1, 2026\n\n"
)
LABELLED = "TITLE: {title}\nSOURCE: {source}\nDATE: {day}\nAUTHOR: {author}\nTEXT: {text}\n--------------------\n"
EUROPRESSE_BULLETS = (
    "{source}, no. 123\n\n• p. 4\n\n• 300 mots\n\nTuesday {day.day} {day:%B} {day:%Y}\n\n{title}\n\n{author}\n\n"
    "{text}\n\nTous droits réservés : {source}\n\nnews·{day:%Y%m%d}·SG·1{number}\n\n"
)
EUROPRESSE = (
    "{source}\n\nFrance, {day.day} {day:%B} {day:%Y}, p. 12\n\n{title}\n\n{author}\n\n{text}\n\n"
    "© {day:%Y} {source}. Tous droits réservés.\n\nnews·{day:%Y%m%d}·SG·1{number}\n\n"
)


def export(record: str) -> str:
    rows = enumerate(EXPECTED, 1)
    return "".join(
        record.format(number=number, title=title, day=day, source=source, author=author, text=text)
        for number, (title, day, source, author, text) in rows
    )


def saved(folder: Path, suffix: str, content: str) -> Path:
    """A file as the database's own export makes it: made on the day of the export."""
    path = folder / f"export{suffix}"
    if suffix == ".docx":
        document = docx.Document()
        for paragraph in filter(None, content.split("\n")):
            document.add_paragraph(paragraph)
        document.core_properties.created = datetime(2026, 11, 2, 8)
        document.save(str(path))
    elif suffix == ".rtf":
        letters = (c if c.isascii() else "\\'" + c.encode("cp1252").hex() for c in content)
        body = "".join(letters).replace("\n", "\\par\n")
        path.write_text(
            "{\\rtf1\\ansi\\ansicpg1252{\\info{\\creatim\\yr2026\\mo11\\dy2}}" + body + "}", encoding="ascii"
        )
    elif suffix == ".html":
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in content.split("\n") if line)
        path.write_text(f"<html><body>{lines}</body></html>", encoding="utf-8")
    else:
        path.write_text(content, encoding="utf-8")
    return path


def facts(article: Article) -> tuple[object, ...]:
    return article.title, article.date, article.source, article.author, article.text.replace("\n\n", "\n")


LAYOUTS = {
    "Nexis": NEXIS_COVER + export(NEXIS),
    "Nexis, before": export(NEXIS_BEFORE),
    "Nexis, with a label each": export(NEXIS_LABELS),
    "Factiva": export(FACTIVA) + FACTIVA_END,
    "Factiva in a table": export(FACTIVA_TABLE) + FACTIVA_END,
    "Factiva without codes": export(FACTIVA_BARE) + FACTIVA_END,
    "ProQuest": export(PROQUEST),
    "ProQuest without a title's label": export(PROQUEST_BARE),
    "labels in words": export(LABELLED),
    "Europresse": export(EUROPRESSE),
    "Europresse with bullets": export(EUROPRESSE_BULLETS),
}


@pytest.mark.parametrize("suffix", [".docx", ".rtf", ".txt", ".html"])
@pytest.mark.parametrize("content", LAYOUTS.values(), ids=LAYOUTS)
def test_an_export_is_taken_apart(tmp_path: Path, content: str, suffix: str) -> None:
    path = saved(tmp_path, suffix, content)
    articles, skipped = read_file(path, path.name)
    assert [facts(one) for one in articles] == [(*known, text.replace("\n\n", "\n")) for *known, text in EXPECTED]
    assert [one.id for one in articles] == [f"{path.name}#{number}" for number in range(3)] and skipped == []


@pytest.mark.parametrize(
    "record",
    [
        "{title}\n{source}\n{day.day} {day:%B} {day:%Y}\n{text}\nCopyright {source}. All Rights Reserved\n",
        "Document {number} of 3\n\n{title}\n{source}, {day.day} {day:%B} {day:%Y}\n\n{text}\n\n",
    ],
)
def test_an_archive_of_ones_own_is_taken_apart_by_what_repeats(tmp_path: Path, record: str) -> None:
    path = saved(tmp_path, ".txt", export(record.replace("{source}", "Skarn Gazette")))
    articles, skipped = read_file(path, path.name)
    assert [(one.title, one.date, one.text) for one in articles] == [(t, d, text) for t, d, _, _, text in EXPECTED]
    assert {one.source for one in articles} == {"Skarn Gazette"} and skipped == []


def test_an_export_of_one_article_keeps_its_name_and_has_its_own_day(tmp_path: Path) -> None:
    title, day, source, author, text = EXPECTED[0]
    content = NEXIS.format(title=title, day=day, source=source, author=author, text=text)
    path = saved(tmp_path, ".docx", content)
    (article,), skipped = read_file(path, path.name)
    assert (article.id, facts(article), skipped) == ("export.docx", EXPECTED[0], [])


def test_a_text_of_one_article_stays_as_it_is_with_its_frame_set_aside(tmp_path: Path) -> None:
    title, day, source, author, text = EXPECTED[1]
    content = NEXIS.format(title=title, day=day, source=source, author=author, text=text)
    path = saved(tmp_path, ".txt", content)
    (article,), _ = read_file(path, path.name)
    assert (article.text, article.title, article.date) == (content, title, day)
    aside = {at for span in article.aside_spans for at in range(span.start, span.end)}
    assert "".join(content[at] for at in range(len(content)) if at not in aside) == text


def test_a_web_page_with_rights_below_is_no_export(tmp_path: Path) -> None:
    foot = "Skarn Gazette. All rights reserved"
    path = saved(tmp_path, ".html", f"Home\n{foot}\nFerry stops\n5 March 2019\n17 words\n{ONE}\n{foot}\n17 words\n")
    (article,), skipped = read_file(path, path.name)
    assert (article.id, ONE in article.text, skipped) == ("export.html", True, [])


def test_an_article_without_text_costs_itself_alone(tmp_path: Path) -> None:
    path = saved(tmp_path, ".txt", export(NEXIS).replace(TWO, ""))
    articles, skipped = read_file(path, path.name)
    assert [one.id for one in articles] == ["export.txt#0", "export.txt#2"]
    assert skipped == [Skipped("export.txt#1", "there is no text in this article of the export")]


def test_an_export_that_cannot_be_taken_apart_is_told_and_has_no_date(tmp_path: Path) -> None:
    content = "".join(f"{title}\nLoad-Date: November 1, 2026\n{text}\n" for title, *_, text in EXPECTED)
    path = saved(tmp_path, ".docx", content)
    (article,), (skipped,) = read_file(path, path.name)
    assert (article.id, article.date) == ("export.docx", None) and all(line in article.text for line in (ONE, THREE))
    assert skipped.path == "export.docx" and skipped.reason.startswith(
        "it looks like a news database's export that can"
    )


@pytest.mark.parametrize(
    "content",
    [
        f"Title: a film\n\n{ONE}\n\nTitle: a book\n\n{THREE}\n",
        f"Ferry stops\n\nBy Ada Brook\n\n5 March 2019\n\n17 words\n\n{ONE}\n",
        f"Ferry stops\n\n5 March 2019\n\n{ONE}\n\nSkarn Gazette. All Rights Reserved\n",
        f"Title: a film\n\n5 March 2019\n\nOskar Lund\n\n{ONE}\n",
        f"Ferry stops\n\n17 words\n\n{ONE}\n",
        f"Ferry stops\n\n----------\n\n5 March 2019\n\n{ONE}\n\n----------\n\nTitle: a film\n\n{THREE}\n",
        f"Ferry stops\n\n1 of 2\n\n5 March 2019\n\n2 of 2\n\nSection: Boats\n\n{THREE}\n",
        f" date 2019-03-05 Ferry stops\n\nDocument 1 of 2\n\n{ONE}\n\nDocument 2 of 2\n\nMarch 5, 2020\n\n{THREE}\n",
    ],
)
def test_what_is_no_export_stays_whole(tmp_path: Path, content: str) -> None:
    path = saved(tmp_path, ".txt", content)
    (article,), skipped = read_file(path, path.name)
    assert (article.id, article.text, article.source, skipped) == ("export.txt", content, None, [])
