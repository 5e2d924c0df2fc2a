"""index/fields.py, rows.py, mail.py, documents.py and feeds.py: what newsrooms keep articles in, through read_file."""

from __future__ import annotations

import json
import time
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from index_helpers import DATA, zipped

from index import formats
from index.read import MAX_ARTICLE_CHARS, read_file
from index.types import Article, Skipped

DAY = date(2023, 5, 9)
TEXT = "The ferry to Skarnholm stopped on Monday. Captain Ines Torvald said the hull leaks."
PAGE = f"<html><body><article><h1>Ferry stops</h1><p>{TEXT}</p></article></body></html>"


def read(folder: Path, name: str, content: str | bytes) -> tuple[list[Article], list[Skipped]]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, name)


def told(article: Article) -> tuple[object, ...]:
    return article.title, article.date, article.source, article.author, article.url


# --- the names of fields, in every format that has fields

URL = "https://gazette.example/ferry"
ONE_ARTICLE = sorted((DATA / "one_article").iterdir())


@pytest.mark.parametrize("path", ONE_ARTICLE, ids=lambda path: path.name)
def test_the_same_article_is_read_from_every_news_service_and_in_every_format(path: Path) -> None:
    (article,), skipped = read_file(path, path.name)
    assert (told(article), skipped) == (("Ferry stops", DAY, "Skarn Gazette", "Ada Brook", URL), [])
    assert article.text[article.aside_spans[0].end if article.aside_spans else 0 :].rstrip() == TEXT


@pytest.mark.parametrize(
    "wrap",
    [
        lambda records: records,
        lambda records: {"status": "ok", "articles": records},
        lambda records: {"response": {"docs": records, "meta": {"hits": 9}}},
        lambda records: {"title": "A feed", "description": "Of ours", "data": {"feeds": [{"items": records}]}},
        lambda records: {"response": {"content": {"id": "x", "list": records}}},
        lambda records: {"days": {str(number): record for number, record in enumerate(records)}},
    ],
)
def test_records_are_found_where_a_service_puts_them(tmp_path: Path, wrap: Any) -> None:
    records = [{"title": "One", "body": "It rains."}, {"title": "Bare"}, {"title": "Two", "body": "It snows."}]
    articles, skipped = read(tmp_path, "a.json", json.dumps(wrap(records)))
    assert [(one.id, one.text) for one in articles] == [("a.json#0", "It rains."), ("a.json#2", "It snows.")]
    assert skipped == [Skipped("a.json#1", 'it has no "text"')]


LONG, TOO_LONG = "It rains. " * 30_000, "longer than 2,000,000 characters, the limit for one article: split it"
PAIRS = "its quotation marks do not pair (line {}): write one inside a cell twice"
CELLS = "it has more cells than there are heads: put quotation marks around its text"
CUT = {"title": "Ferry stops", "content": "The ferry stopped, and… [+2412 chars]"}
ONE_AND_TWO = '{"text": "One."}\n{"text": "Two."}\n'
LINES = ['{"text": "One."}', "", '{"text": "Tw', '{"text": "Three.", "date": 1683590400}', "\r", "[" * 100_000]
ROWS = [
    "title,text", 'One,"It rains.\nIt pours, too."', "", 'Two,"the "mayor", they say", no', "Three,",
    "Four,It snows, and more", f"Five,{LONG}", 'Six,"It thaws.', "Seven,It blows.",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "texts", "lost"),
    [
        (
            "a.json",
            json.dumps([{"text": "One."}, "x", {"text": 5}, {"text": " "}, {"text": "x" * (MAX_ARTICLE_CHARS + 1)}]),
            {0: "One."},
            {1: "not a JSON object", 2: 'its "text" is not a string', 3: "empty", 4: TOO_LONG},
        ),
        (
            "a.jsonl", "\n".join(LINES), {0: "One.", 2: "Three."},
            {1: "not valid JSON at column 13", 3: "not valid JSON"},
        ),
        ("a.jsonl", '{"text": "' + "x" * 40_000_000 + '"}\n{"text": "Two."}\n', {1: "Two."}, {0: TOO_LONG}),
        ("a.json", ONE_AND_TWO, {0: "One.", 1: "Two."}, {}),  # JSON lines by another name
        *(
            ("a.jsonl", '{"text": "It’s over."}\n{"text": "L’été."}'.encode(of), {0: "It’s over.", 1: "L’été."}, {})
            for of in ("utf-8-sig", "utf-16", "cp1252")
        ),
        (
            "a.csv", "\n".join(ROWS), {0: "It rains.\nIt pours, too.", 4: LONG, 6: "It blows."},
            {1: PAIRS.format(5), 2: 'it has no "text"', 3: CELLS, 5: PAIRS.format(9)},
        ),
        (
            "a.json", json.dumps({"articles": [CUT]}), {0: CUT["content"]},
            {0: "only its beginning is in this file: get the whole article"},
        ),
    ],
)  # fmt: skip
def test_a_record_costs_itself_at_most(
    tmp_path: Path, name: str, content: str | bytes, texts: dict[int, str], lost: dict[int, str]
) -> None:
    articles, skipped = read(tmp_path, name, content)
    assert {one.id: one.text for one in articles} == {f"{name}#{at}": text for at, text in texts.items()}
    assert {one.path: one.reason for one in skipped} == {f"{name}#{at}": reason for at, reason in lost.items()}


def test_one_record_alone_has_the_name_of_its_file_and_no_character_that_no_database_takes(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, "a.json", '{"text": "a\\u0000b\\ud83dc", "date": 1683590400}')
    assert (article.id, article.text, article.date) == ("a.json", "a\ufffdb\ufffdc", DAY)


# --- mail and saved pages


def mail(body: str, subtype: str = "plain", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(body, subtype)
    return message


LETTER = {
    "From": "Ada Brook <ada@gazette.example>", "Subject": "Förry stops", "Date": "Tue, 09 May 2023 06:00:00 +0200"
}  # fmt: skip


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


def test_a_mailbox_gives_its_messages_by_number(tmp_path: Path) -> None:
    letters = [mail(f"Letter {number}.\n", **LETTER) for number in range(3)]
    del letters[1]["Subject"], letters[1]["Date"]
    letters[1].set_content(b"x", "application", "zip")
    box = b"".join(b"From ada Tue May  9 06:00:00 2023\n" + letter.as_bytes() + b"\n" for letter in letters)
    articles, skipped = read(tmp_path, "a.mbox", box)
    assert [(one.id, one.text.strip()) for one in articles] == [("a.mbox#0", "Letter 0."), ("a.mbox#2", "Letter 2.")]
    assert skipped == [Skipped("a.mbox#1", "there is no text in this mail")]


def test_a_saved_page_is_not_dated_on_the_day_of_saving(tmp_path: Path) -> None:
    page = (
        f"From: <Saved by Blink>\nSnapshot-Content-Location: {URL}\nSubject: Ferry\nDate: Tue, 5 Mar 2024 08:00:00 "
        '-0000\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n'
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}\n--b--\n"
    )
    published = '<head><meta property=3D"article:published_time" content=3D"2023-05-09"></head><body>'
    for head, day in (("<body>", None), (published, DAY)):
        (article,), _ = read(tmp_path, "a.mht", page.format(PAGE.replace("<body>", head)))
        assert told(article) == ("Ferry stops", day, None, None, URL) and TEXT in article.text


# --- word processors and books


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


@pytest.mark.parametrize(
    ("name", "content", "text", "expected"),
    [
        ("a.odt", packed("odt"), ODT_TEXT, UNDATED),
        (
            "a.epub", packed("epub"), "One\n\nIt rains.\n\nIt snows.",
            ("The ferry book", DAY, "Skarn Press", "Ada Brook", None),
        ),
        ("a.rtf", RTF, "It rains in Skårn, “a lot”.\n\nIt snows.", UNDATED),
    ],
)  # fmt: skip
def test_a_document_gives_its_text_in_order(
    tmp_path: Path, name: str, content: bytes, text: str, expected: tuple[object, ...]
) -> None:
    (article,), skipped = read(tmp_path, name, content)
    assert (article.text, told(article), skipped) == (text, expected, [])


NO_COLUMN = "no column looks like an article's text: give it a row"
ENTITY = '<!DOCTYPE d [<!ENTITY a "boom">]><d><p>&a;</p></d>'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.odt", b"PK nonsense", "damaged, or not an OpenDocument text"),
        ("a.odt", zipped(**{"META-INF/manifest.xml": "<m><encryption-data/></m>"}), "encrypted: save it without a"),
        ("a.odt", zipped(**{"content.xml": ENTITY}), "empty"),
        ("a.odt", zipped(**{"content.xml": "<p>" + " " * formats.MAX_UNPACKED_BYTES}), "unpacks to more than 200 MB"),
        ("a.epub", zipped(**{"a.xhtml": "<p>" + " " * formats.MAX_UNPACKED_BYTES}), "unpacks to more than 200 MB"),
        ("a.epub", zipped(mimetype="x"), "damaged: there is no chapter in it"),
        ("a.rtf", b"It rains.", "damaged, or not a Rich Text file"),
        ("a.xml", "<nitf><body>It rains.</body></nitf>", "neither an RSS nor an Atom feed, the XML files that are"),
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
    ],
)
def test_what_cannot_be_read_says_why_at_once(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    before = time.process_time()
    articles, (skipped,) = read(tmp_path, name, content)
    assert (articles, skipped.path) == ([], name) and skipped.reason.startswith(reason)
    assert time.process_time() - before < 1


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
