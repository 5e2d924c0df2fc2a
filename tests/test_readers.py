"""index/fields.py, rows.py, mail.py, documents.py and feeds.py: what newsrooms keep articles in, through read_file."""

import json
import time
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from index_helpers import DATA, article_of, packed, read

from index.read import MAX_ARTICLE_CHARS, read_file
from index.types import Article, Skipped

DAY = date(2023, 5, 9)
TEXT = "The ferry to Skarnholm stopped on Monday. Captain Ines Torvald said the hull leaks."
URL = "https://gazette.example/ferry"
ONE_ARTICLE = sorted((DATA / "one_article").iterdir())


def told(article: Article) -> tuple[object, ...]:
    return article.title, article.date, article.source, article.author, article.url


RAINS = [{"title": "One", "body": "It rains."}, {"title": "Bare"}, {"title": "Two", "body": "It snows."}]
LONG, TOO_LONG = "It rains. " * 30_000, "longer than 2,000,000 characters, the limit for one article: split it"
NO_TEXT, PAIRS = 'it has no "text"', "its quotation marks do not pair (line {}): write one inside a cell twice"
CELLS = "it has more cells than there are heads: put quotation marks around its text"
CUT = {"title": "Ferry stops", "content": "The ferry stopped, and… [+2412 chars]"}
LETTERS = ["Subject: a\n\nIt rains.", "Content-Type: application/zip\n\nx", "Subject: b\n\nIt snows."]
OVER, QUOTED = {"#0": "It’s over.", "#1": "L’été."}, ['{"text": "It’s over."}', '{"text": "L’été."}']
LINES = ['{"text": "One."}', "", '{"text": "Tw', '{"text": "Three.", "date": 1683590400}', "\r", "[" * 100_000]
ROWS = [
    "title,text", 'One,"It rains.\nIt pours, too."', "", 'Two,"the "mayor", they say", no', "Three,",
    "Four,It snows, and more", f"Five,{LONG}", 'Six,"It thaws.', "Seven,It blows.",
]  # fmt: skip


@pytest.mark.parametrize("path", ONE_ARTICLE, ids=lambda path: path.name)
def test_the_same_article_is_read_from_every_news_service_and_in_every_format(path: Path) -> None:
    (article,), skipped = read_file(path, path.name)
    assert (told(article), skipped) == (("Ferry stops", DAY, "Skarn Gazette", "Ada Brook", URL), [])
    assert article.text[article.aside_spans[0].end if article.aside_spans else 0 :].rstrip() == TEXT


@pytest.mark.parametrize(
    ("name", "content", "texts", "lost"),
    [
        *(  # records are found where a service puts them
            ("a.json", json.dumps(held), {"#0": "It rains.", "#2": "It snows."}, {"#1": NO_TEXT})
            for held in (
                RAINS,
                {"status": "ok", "articles": RAINS},
                {"response": {"docs": RAINS, "meta": {"hits": 9}}},
                {"title": "A feed", "description": "Of ours", "data": {"feeds": [{"items": RAINS}]}},
                {"response": {"content": {"id": "x", "list": RAINS}}},
                {"days": {str(number): record for number, record in enumerate(RAINS)}},
            )
        ),
        (
            "a.json",
            json.dumps([{"text": "One."}, "x", {"text": 5}, {"text": " "}, {"text": "x" * (MAX_ARTICLE_CHARS + 1)}]),
            {"#0": "One."},
            {"#1": "not a JSON object", "#2": 'its "text" is not a string', "#3": "empty", "#4": TOO_LONG},
        ),
        (
            "a.jsonl", "\n".join(LINES), {"#0": "One.", "#2": "Three."},
            {"#1": "not valid JSON at column 13", "#3": "not valid JSON"},
        ),
        ("a.jsonl", '{"text": "' + "x" * 40_000_000 + '"}\n{"text": "Two."}\n', {"#1": "Two."}, {"#0": TOO_LONG}),
        ("a.json", '{"text": "One."}\n{"text": "Two."}\n', {"#0": "One.", "#1": "Two."}, {}),  # lines by another name
        *(("a.jsonl", "\n".join(QUOTED).encode(of), OVER, {}) for of in ("utf-8-sig", "utf-16", "cp1252")),
        ("a.json", '{"text": "a\\u0000b\\ud83dc"}', {"": "a\ufffdb\ufffdc"}, {}),  # what no database takes
        (
            "a.csv", "\n".join(ROWS), {"#0": "It rains.\nIt pours, too.", "#4": LONG, "#6": "It blows."},
            {"#1": PAIRS.format(5), "#2": NO_TEXT, "#3": CELLS, "#5": PAIRS.format(9)},
        ),
        (
            "a.json", json.dumps({"articles": [CUT]}), {"#0": CUT["content"]},
            {"#0": "only its beginning is in this file: get the whole article"},
        ),
        (
            "a.mbox", "".join(f"From ada Tue May  9 06:00:00 2023\n{letter}\n\n" for letter in LETTERS),
            {"#0": "It rains.\n", "#2": "It snows.\n"}, {"#1": "there is no text in this mail"},
        ),
    ],
)  # fmt: skip
def test_a_record_costs_itself_at_most(tmp_path: Path, name: str, content: Any, texts: Any, lost: Any) -> None:
    articles, skipped = read(tmp_path, name, content)
    assert {one.id: one.text for one in articles} == {f"{name}{mark}": text for mark, text in texts.items()}
    assert [one.path for one in sorted(skipped, key=lambda one: one.path)] == [f"{name}{mark}" for mark in lost]
    assert all(one.reason.startswith(lost[one.path.removeprefix(name)]) for one in skipped)


def test_a_mail_is_an_article_and_its_attachments_are_told(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["Organization"] = "Ada Brook <ada@gazette.example>", "Skarn Gazette"
    message["Subject"], message["Date"] = "Förry stops", "Tue, 09 May 2023 06:00:00 +0200"
    message.set_content("It rains. Ça va.\n")
    message.add_alternative("<p>It rains in colour.</p>", "html")
    message.add_attachment(b"%PDF", "application", "pdf", filename="plan.pdf")
    (article,), skipped = read(tmp_path, "a.eml", message.as_bytes())
    assert told(article) == ("Förry stops", DAY, "Skarn Gazette", "Ada Brook", None)
    assert article.text == "It rains. Ça va.\n"
    assert skipped == [Skipped("a.eml#plan.pdf", "an attachment is not read: save it in the folder")]


@pytest.mark.parametrize("sender", ["<", "[", "=?x?q?\xff?="])
def test_a_sender_that_no_program_should_have_written_costs_the_sender_alone(tmp_path: Path, sender: str) -> None:
    article = article_of(tmp_path, "a.eml", f"From: {sender}\nDate: 9 May 2023\nSubject: Ferry\n\n{TEXT}")
    assert (article.title, article.date, article.text) == ("Ferry", DAY, TEXT)


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Ferry stops}{\author Ada Brook}"
    rb"{\creatim\yr2023\mo5\dy9\hr8}}\f0 It rains in Sk\'e5rn, \u8220?a lot\u8221?.\par\par It snows.\par}"
)
ODT_TEXT = "Ferry stops\n\nIt rains a lot.\n\nIn the box.\n\nTown | Rain\n\nNorby | Rain: much"
UNDATED, SAVED = ("Ferry stops", None, None, "Ada Brook", None), ("Ferry stops", DAY, None, None, URL)


@pytest.mark.parametrize(
    ("name", "content", "text", "facts"),
    [
        ("a.odt", packed("odt"), ODT_TEXT, UNDATED),
        (
            "a.epub",
            packed("epub"),
            "One\n\nIt rains.\n\nIt snows.",
            ("The ferry book", DAY, "Skarn Press", "Ada Brook", None),
        ),
        ("a.rtf", RTF, "It rains in Skårn, “a lot”.\n\nIt snows.", UNDATED),
        ("a.mht", (DATA / "pages" / "saved.mht").read_bytes(), f"Ferry stops\n\n{TEXT}", SAVED),
    ],
)
def test_a_document_gives_its_text_in_order(tmp_path: Path, name: str, content: bytes, text: str, facts: Any) -> None:
    article = article_of(tmp_path, name, content)
    assert (article.text, told(article)) == (text, facts)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "title,text\n" + 'One,"It rains.\n' * 5_001),
        ("a.json", "[" + '{"a":' * 400 + '{"text": "It rains."}' + "}" * 400 + ', {"text": "It rains."}]'),
        ("a.rtf", "{\\rtf1 " + "{" * 50_000 + "It rains."),
        ("a.txt", "8 " * 900_000 + "\n" * 100_000),
        ("a.txt", "End of Document\n" * 100_000),
        ("a.txt", " date 2024-12-05 " + " " * 1_000_000 + "x"),
        ("a.txt", "\n\n".join(["Aa Bb/Cc " * 80, "(" * 790, "Photo: " * 100, "A/" * 390] * 400)),
        ("a.md", "# " + " #" * 100_000 + "x"),
        ("a.md", "---\n" + "a: b\n" * 50_000),
        ("a.html", "<p>" + "8 " * 900_000 + "</p>"),
        ("a.html", "<p>" + "<br>Hama" * 5_000),
        ("a.rss", "<rss><![CDATA[" + "<![CDATA[" * 200_000),
        ("a.xml", "<rss>" + "<item><description>It rains.</description></item>" * 5_000 + "</rss>"),
    ],
)
def test_odd_content_takes_no_longer_than_its_length(tmp_path: Path, name: str, content: str) -> None:
    before = time.process_time()
    assert any(read(tmp_path, name, content))
    assert time.process_time() - before < 5
