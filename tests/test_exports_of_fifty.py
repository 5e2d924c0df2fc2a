"""index/exports.py: exports of fifty articles, as unlike each other as a newsroom's, come apart without loss."""

from __future__ import annotations

import html
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate
from test_exports import facts, saved

from index.read import read_file

SOURCES = ("Skarn Gazette", "The Evening Post", "Norby, Tellby and Oxmoor News", "Le Courrier de Brume (site web)")
WRITERS = ("Ada Brook", "Oskar Lund and Ines Torvald", "Una Faber, Science Editor", None)
TITLES = (
    "Who pays for the ferry?", "Ferry: the long goodbye", "Skarn Gazette", "“We will sail,” says captain",
    "5 March 2019: the day the ferry stopped", "Ferry sold; crew stays", "Copyright law and the ferry", "Ferry stops",
    "Correction", "Length matters, says shipwright", "The ferry that came in from the cold - and went out again",
)  # fmt: skip
PARAGRAPHS = (
    "Title deeds go to Oskar Lund, who paid 40,000 crowns for them.",
    "Length: the bridge is longer than the ferry, he said.",
    "Body of water or not, the strait froze.",
    "Date: nobody could agree on one.",
    "Subject: to change, as ever.",
    "“Section by section, we take it apart,” she said.",
    "- paint: 300 crowns\n- oars: 20 crowns\n- a bell",
    "On 12 October 2021 the council met again; on June 30, 2023 it met for the last time.",
    "Copyright was not at issue, the court held, since all rights reserved to the builder had lapsed.",
    "The memo's last line was “End of Document”, in capitals.",
    "Load-Date is what the database calls it.",
    "Language: he would not repeat it.",
    "Company officials: none came.",
    "Photo: the ferry in 1954 (Harbour Museum)",
    "Classification of the wreck took 20 words.",
    "By Monday it was gone.",
    "Source: the harbour office.",
    "The strait is deep",
    "Author of the report: unknown.",
    "Who knew? Nobody.",
)
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()


@dataclass(frozen=True)
class Story:
    title: str
    day: date
    source: str
    author: str | None
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


def stories(seed: int) -> list[Story]:
    chance = random.Random(seed)
    return [
        Story(
            chance.choice(TITLES),
            date(1998, 1, 1) + timedelta(days=chance.randrange(10_000)),
            chance.choice(SOURCES),
            chance.choice(WRITERS),
            ("The ferry stopped, the harbour said.", *chance.sample(PARAGRAPHS, chance.randrange(6))),
        )
        for _ in range(50)
    ]


def nexis(one: Story, number: int) -> str:
    byline = f"Byline: By {one.author}\n\n" if one.author else ""
    edition = ("", "Final Edition\n\n", "1st Edition\n\n")[number % 3]
    return (
        f"{one.title}\n\n{one.source}\n\n{one.day:%B} {one.day.day}, {one.day:%Y} {one.day:%A}\n\n{edition}"
        f"Copyright {one.day:%Y} {one.source} All Rights Reserved\n\nSection: NEWS; Pg. {number}\n\n"
        f"Length: {number} words\n\n{byline}Body\n\n{one.text}\n\n"
        f"Classification\n\nLanguage: ENGLISH\n\nPublication-Type: Newspaper\n\n"
        f"Subject: FERRIES (90%)\n\nLoad-Date: {one.day:%B} {one.day.day}, {one.day:%Y}\n\nEnd of Document\n\n"
    )


def factiva(one: Story, number: int) -> str:
    byline = f"{one.author}\n\n" if one.author else ""
    page = ("", f"{number}\n\n")[number % 2]
    return (
        f"{one.title}\n\n{byline}{number + 5} words\n\n{one.day.day} {one.day:%B} {one.day:%Y}\n\n"
        f"{one.source}\n\nSKGZ\n\n{page}English\n\n"
        f"Copyright {one.day:%Y} {one.source}. All rights reserved.\n\n{one.text}\n\n"
        f"Document SKGZ0000{one.day:%Y%m%d}ef34{number:05}\n\n"
    )


def factiva_codes(one: Story, number: int) -> str:
    lead, *rest = one.paragraphs
    byline = f"BY\n{one.author}\n" if one.author else ""
    body = f"LP\n{lead}\n" + ("TD\n" + "\n\n".join(rest) + "\n" if rest else "")
    return (
        f"HD\n{one.title}\n{byline}WC\n{number + 5} words\nPD\n{one.day.day} {one.day:%B} {one.day:%Y}\n"
        f"SN\n{one.source}\nSC\nSKGZ\nLA\nEnglish\nCY\nCopyright {one.day:%Y} {one.source}\n{body}"
        f"IN\ni74 : Shipping\nNS\ngcat : News\nRE\nskar : Skarn\n"
        f"PUB\nSkarn Press\nAN\nDocument SKGZ0000{one.day:%Y%m%d}ef34{number:05}\n\n"
    )


def proquest(one: Story, number: int) -> str:
    author = f"Author: {one.author}\n\n" if one.author else ""
    return (
        f"{'_' * 60}\n\nDocument {number} of 50\n\n{one.title}\n\n{author}"
        f"ProQuest document link\n\nFull text: {one.text}\n\nSubject: Ferries; Boats\n\nLocation: Skarn\n\n"
        f"Title: {one.title}\n\nPublication title: {one.source}\n\nPages: A.{number}\n\n"
        f"Publication year: {one.day:%Y}\n\n"
        f"Publication date: {one.day:%b} {one.day.day}, {one.day:%Y}\n\nSection: News\n\nPublisher: Skarn Press\n\n"
        f"Place of publication: Skarn\n\nISSN: 01234567\n\nSource type: Newspaper\n\nDocument type: News\n\n"
        f"ProQuest document ID: 98765{number}\n\nCopyright: Copyright {one.day:%Y} {one.source}\n\n"
        f"Last updated: 2026-11-01\n\nDatabase: ProQuest Central\n\n"
    )


def europresse(one: Story, number: int) -> str:
    number_of_day = "1er" if one.day.day == 1 else one.day.day
    day = f"{WEEKDAYS[one.day.weekday()]} {number_of_day} {MONTHS[one.day.month - 1]} {one.day.year}"
    place = ("", f", p. {number}", f" {number} mots, p. {number}")[number % 3]
    author = f"{one.author}\n\n" if one.author else ""
    return (
        f"{one.source}\n\n{day}{place}\n\n{one.title}\n\n{author}{one.text}\n\n"
        f"© {one.day:%Y} {one.source}. Tous droits réservés.\n\nnews·{one.day:%Y%m%d}·SG·1{number:03}\n\n"
    )


LAYOUTS: dict[str, Callable[[Story, int], str]] = {
    "Nexis": nexis, "Factiva": factiva, "Factiva, codes": factiva_codes, "ProQuest": proquest, "Europresse": europresse,
}  # fmt: skip


def printed(folder: Path, content: str) -> Path:
    """A PDF with a paragraph a line of the content, as many on a page as there is room for."""
    style = getSampleStyleSheet()["Normal"]
    style.spaceAfter = 6
    path = folder / "export.pdf"
    lines = [Paragraph(html.escape(line), style) for line in content.split("\n") if line]
    SimpleDocTemplate(str(path)).build(lines)
    return path


@pytest.mark.parametrize("suffix", [".docx", ".rtf", ".txt", ".html", ".pdf"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_fifty_articles_come_apart(tmp_path: Path, layout: Callable[[Story, int], str], suffix: str) -> None:
    known = stories(seed=len(suffix))
    content = "".join(layout(one, number) for number, one in enumerate(known, 1))
    path = printed(tmp_path, content) if suffix == ".pdf" else saved(tmp_path, suffix, content)
    articles, skipped = read_file(path, path.name)
    assert skipped == [] and len(articles) == 50
    for one, article in zip(known, articles, strict=True):
        *about, text = facts(article)
        assert about == [one.title, one.day, one.source, one.author]
        assert str(text).split() == one.text.split()  # a PDF has lines where its paper ends
        assert suffix == ".pdf" or text == one.text.replace("\n\n", "\n")
