"""index/fields.py, rows.py, mail.py, documents.py and feeds.py: what newsrooms keep articles in, through read_file."""

from __future__ import annotations

import json
import time
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from index_helpers import DATA, zipped

from index import formats
from index.read import MAX_ARTICLE_CHARS, read_file
from index.types import Article, Skipped

DAY = date(2023, 5, 9)
TEXT = "The ferry to Skarnholm stopped on Monday. Captain Ines Torvald said the hull leaks."
PAGE = f"<html><body><article><h1>Ferry stops</h1><p>{TEXT}</p></article></body></html>"
URL = "https://gazette.example/ferry"
ONE_ARTICLE = sorted((DATA / "one_article").iterdir())


def read(folder: Path, name: str, content: str | bytes) -> tuple[list[Article], list[Skipped]]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, name)


def told(article: Article) -> tuple[object, ...]:
    return article.title, article.date, article.source, article.author, article.url


def mail(body: str, subtype: str = "plain", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(body, subtype)
    return message


def mailbox() -> bytes:
    """Three letters, the second of which is a ZIP archive without subject and date."""
    letters = [mail(f"Letter {number}.\n", **LETTER) for number in range(3)]
    del letters[1]["Subject"], letters[1]["Date"]
    letters[1].set_content(b"x", "application", "zip")
    return b"".join(b"From ada Tue May  9 06:00:00 2023\n" + letter.as_bytes() + b"\n" for letter in letters)


LETTER = {
    "From": "Ada Brook <ada@gazette.example>", "Subject": "Förry stops", "Date": "Tue, 09 May 2023 06:00:00 +0200"
}  # fmt: skip
RAINS = [{"title": "One", "body": "It rains."}, {"title": "Bare"}, {"title": "Two", "body": "It snows."}]
LONG, TOO_LONG = "It rains. " * 30_000, "longer than 2,000,000 characters, the limit for one article: split it"
NO_TEXT, PAIRS = 'it has no "text"', "its quotation marks do not pair (line {}): write one inside a cell twice"
CELLS = "it has more cells than there are heads: put quotation marks around its text"
CUT = {"title": "Ferry stops", "content": "The ferry stopped, and… [+2412 chars]"}
OVER = {"#0": "It’s over.", "#1": "L’été."}
LINES = ['{"text": "One."}', "", '{"text": "Tw', '{"text": "Three.", "date": 1683590400}', "\r", "[" * 100_000]
ROWS = [
    "title,text", 'One,"It rains.\nIt pours, too."', "", 'Two,"the "mayor", they say", no', "Three,",
    "Four,It snows, and more", f"Five,{LONG}", 'Six,"It thaws.', "Seven,It blows.",
]  # fmt: skip
NO_COLUMN = "no column looks like an article's text: give it a row of heads, one of them text, body or content"
ENTITY = '<!DOCTYPE d [<!ENTITY a "boom">]><d><p>&a;</p></d>'
BOMB = "<p>" + " " * formats.MAX_UNPACKED_BYTES


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
        *(
            ("a.jsonl", '{"text": "It’s over."}\n{"text": "L’été."}'.encode(of), OVER, {})
            for of in ("utf-8-sig", "utf-16", "cp1252")
        ),
        ("a.json", '{"text": "a\\u0000b\\ud83dc"}', {"": "a\ufffdb\ufffdc"}, {}),  # what no database takes
        (
            "a.csv", "\n".join(ROWS), {"#0": "It rains.\nIt pours, too.", "#4": LONG, "#6": "It blows."},
            {"#1": PAIRS.format(5), "#2": NO_TEXT, "#3": CELLS, "#5": PAIRS.format(9)},
        ),
        (
            "a.json", json.dumps({"articles": [CUT]}), {"#0": CUT["content"]},
            {"#0": "only its beginning is in this file: get the whole article"},
        ),
        ("a.mbox", mailbox(), {"#0": "Letter 0.\n", "#2": "Letter 2.\n"}, {"#1": "there is no text in this mail"}),
        *(
            (name, content, {}, {"": reason})
            for name, content, reason in (
                ("a.odt", b"PK nonsense", "damaged, or not an OpenDocument text"),
                ("a.odt", zipped(**{"META-INF/manifest.xml": "<m><encryption-data/></m>"}), "encrypted: save it "),
                ("a.odt", zipped(**{"content.xml": ENTITY}), "empty"),
                ("a.odt", zipped(**{"content.xml": BOMB}), "unpacks to more than 200 MB"),
                ("a.epub", zipped(**{"a.xhtml": BOMB}), "unpacks to more than 200 MB"),
                ("a.epub", zipped(mimetype="x"), "damaged: there is no chapter in it"),
                ("a.rtf", b"It rains.", "damaged, or not a Rich Text file"),
                ("a.xml", "<nitf><body>It rains.</body></nitf>", "neither an RSS nor an Atom feed, the XML files "),
                ("a.rss", "<rss><channel><title>x</title></channel></rss>", "empty: there is no item in this feed"),
                ("a.eml", "\n\nIt rains.", "damaged, or not a mail: it has no headers"),
                ("a.mbox", "It rains.", "damaged, or not an mbox mailbox: it does not begin with a line “From …”"),
                ("a.mhtml", "Subject: x\n\nIt rains.", "damaged, or not a saved page: there is no HTML in it"),
                ("a.csv", "year,budget\n2023,100\n", NO_COLUMN),
                ("a.csv", "2023,100\n2024,120\n", NO_COLUMN),
                ("a.csv", "title,text\n", "empty: there is no row below its heads"),
                ("a.json", '{"@type": "WebSite", "description": "News."}', "a WebSite, not an article"),
                ("a.json", '{"text":\n oops}', "not valid JSON at line 2, column 2"),
                ("a.json", "[]", "empty: there is no article in its list"),
                ("a.json", "[" * 100_000, "not valid JSON"),
            )
        ),
    ],
)  # fmt: skip
def test_a_record_costs_itself_at_most_and_what_cannot_be_read_says_why_at_once(
    tmp_path: Path, name: str, content: str | bytes, texts: dict[str, str], lost: dict[str, str]
) -> None:
    before = time.process_time()
    articles, skipped = read(tmp_path, name, content)
    assert texts or time.process_time() - before < 1
    assert {one.id: one.text for one in articles} == {f"{name}{mark}": text for mark, text in texts.items()}
    assert [one.path for one in sorted(skipped, key=lambda one: one.path)] == [f"{name}{mark}" for mark in lost]
    assert all(one.reason.startswith(lost[one.path.removeprefix(name)]) for one in skipped)


def test_a_mail_is_an_article_and_its_attachments_are_told(tmp_path: Path) -> None:
    message = mail("It rains. Ça va.\n", **LETTER, Organization="Skarn Gazette")
    message.add_alternative("<p>It rains in colour.</p>", "html")
    message.add_attachment(b"%PDF", "application", "pdf", filename="plan.pdf")
    (article,), skipped = read(tmp_path, "a.eml", message.as_bytes())
    assert told(article) == ("Förry stops", DAY, "Skarn Gazette", "Ada Brook", None)
    assert article.text == "It rains. Ça va.\n"
    assert skipped == [Skipped("a.eml#plan.pdf", "an attachment is not read: save it in the folder")]
    (article,), _ = read(tmp_path, "b.eml", mail(PAGE, "html", **LETTER).as_bytes())  # in HTML alone
    assert TEXT in article.text and "<" not in article.text
    assert (article.title, article.source) == ("Förry stops", "Ada Brook")


@pytest.mark.parametrize("sender", ["<", "[", "=?x?q?\xff?="])
def test_a_sender_that_no_program_should_have_written_costs_the_sender_alone(tmp_path: Path, sender: str) -> None:
    (article,), skipped = read(tmp_path, "a.eml", f"From: {sender}\nDate: 9 May 2023\nSubject: Ferry\n\n{TEXT}")
    assert (article.title, article.date, article.text, skipped) == ("Ferry", DAY, TEXT, [])


def test_a_saved_page_is_not_dated_on_the_day_of_saving(tmp_path: Path) -> None:
    saved = (
        f"From: <Saved by Blink>\nSnapshot-Content-Location: {URL}\nSubject: Ferry\nDate: Tue, 5 Mar 2024 08:00:00 "
        '-0000\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n'
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}\n--b--\n"
    )
    published = '<head><meta property=3D"article:published_time" content=3D"2023-05-09"></head><body>'
    for head, day in (("<body>", None), (published, DAY)):
        (article,), _ = read(tmp_path, "a.mht", saved.format(PAGE.replace("<body>", head)))
        assert told(article) == ("Ferry stops", day, None, None, URL) and TEXT in article.text


def packed(kind: str) -> bytes:
    """The files of data/KIND in a ZIP archive, as documents are."""
    paths = [path for path in sorted((DATA / kind).rglob("*")) if path.is_file()]
    return zipped(**{path.relative_to(DATA / kind).as_posix(): path.read_bytes() for path in paths})


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Ferry stops}{\author Ada Brook}"
    rb"{\creatim\yr2023\mo5\dy9\hr8}}\f0 It rains in Sk\'e5rn, \u8220?a lot\u8221?.\par\par It snows.\par}"
)
ODT_TEXT = "Ferry stops\n\nIt rains a lot.\n\nIn the box.\n\nTown | Rain\n\nNorby | Rain: much"
UNDATED = ("Ferry stops", None, None, "Ada Brook", None)
BOOK = ("The ferry book", DAY, "Skarn Press", "Ada Brook", None)


@pytest.mark.parametrize(
    ("name", "content", "text", "expected"),
    [
        ("a.odt", packed("odt"), ODT_TEXT, UNDATED),
        ("a.epub", packed("epub"), "One\n\nIt rains.\n\nIt snows.", BOOK),
        ("a.rtf", RTF, "It rains in Skårn, “a lot”.\n\nIt snows.", UNDATED),
        ("a.json", '{"text": "It rains.", "date": 1683590400}', "It rains.", ("It rains.", DAY, None, None, None)),
    ],
)
def test_a_document_gives_its_text_in_order(
    tmp_path: Path, name: str, content: bytes, text: str, expected: tuple[object, ...]
) -> None:
    (article,), skipped = read(tmp_path, name, content)
    assert (article.text, told(article), skipped) == (text, expected, [])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "title,text\n" + 'One,"It rains.\n' * 5_001),
        ("a.json", "[" + '{"a":' * 400 + '{"text": "It rains."}' + "}" * 400 + ', {"text": "It rains."}]'),
        ("a.rtf", "{\\rtf1 " + "{" * 50_000 + "It rains."),
        ("a.txt", "8 " * 900_000 + "\n" * 100_000),
        ("a.txt", "End of Document\n" * 100_000),
        ("a.txt", " date 2024-12-05 " + " " * 1_000_000 + "x"),
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
