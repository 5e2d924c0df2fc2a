"""index/fields.py, rows.py, mail.py, documents.py and feeds.py: what newsrooms keep articles in, through read_file."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest

from index import formats
from index.read import read_file
from index.types import Article, Skipped

DAY = date(2023, 5, 9)
TEXT = "The ferry to Skarnholm stopped on Monday. Captain Ines Torvald said the hull leaks."
PAGE = f"<html><body><article><h1>Ferry stops</h1><p>{TEXT}</p></article></body></html>"


def read(folder: Path, name: str, content: str | bytes) -> tuple[list[Article], list[Skipped]]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, name)


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def told(article: Article) -> tuple[object, ...]:
    return article.title, article.date, article.source, article.author, article.url


# --- the names of fields, in every format that has fields

FULL = ("Ferry stops", DAY, "Skarn Gazette", "Ada Brook", "https://gazette.example/ferry")
RECORDS = {
    "NewsAPI": {
        "source": {"id": None, "name": "Skarn Gazette"}, "author": "Ada Brook", "title": "Ferry stops",
        "description": "A leak.", "url": FULL[4], "publishedAt": "2023-05-09T04:00:00Z", "content": TEXT,
    },
    "Guardian": {
        "id": "world/ferry", "webTitle": "Ferry stops", "webPublicationDate": "2023-05-09T04:00:00Z", "webUrl": FULL[4],
        "fields": {"bodyText": TEXT, "byline": "Ada Brook", "publication": "Skarn Gazette", "trailText": "A leak."},
    },
    "NYT": {
        "headline": {"main": "Ferry stops", "kicker": None}, "pub_date": "2023-05-09T04:00:00+0000", "web_url": FULL[4],
        "lead_paragraph": TEXT, "byline": {"original": "By Ada Brook", "person": [{"lastname": "Brook"}]},
        "source": "Skarn Gazette", "multimedia": [{"caption": "A ferry."}],
    },
    "schema.org": {
        "@type": "NewsArticle", "headline": "Ferry stops", "datePublished": "2023-05-09", "articleBody": TEXT,
        "dateModified": "2024-01-01", "author": [{"@type": "Person", "name": "Ada Brook"}],
        "publisher": {"name": "Skarn Gazette"}, "mainEntityOfPage": {"@type": "WebPage", "@id": FULL[4]},
    },
    "a database": {
        "title": "Ferry stops", "date": {"$date": "2023-05-09T04:00:00Z"}, "text": TEXT, "source": "Skarn Gazette",
        "author": "Ada Brook", "url": FULL[4],
    },
    "WordPress": {
        "title": {"rendered": "Ferry stops"}, "date": "2023-05-09T04:00:00", "link": FULL[4],
        "content": {"rendered": f"<p>{TEXT}</p>"}, "publisher": "Skarn Gazette", "author": "Ada Brook",
    },
    "a search engine": {
        "_index": "news",
        "_source": {"hed": "Ferry stops", "published_at": "2023-05-09 06:00", "body": [TEXT], "byline": "by Ada Brook",
                    "outlet": "Skarn Gazette", "permalink": FULL[4]},
    },
}  # fmt: skip


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_of_any_news_service_has_its_fields(tmp_path: Path, record: dict[str, object]) -> None:
    (article,), skipped = read(tmp_path, "a.json", json.dumps(record))
    assert (article.id, told(article), article.text, skipped) == ("a.json", FULL, TEXT, [])


@pytest.mark.parametrize(
    "wrap",
    [
        lambda records: records,
        lambda records: {"status": "ok", "articles": records},
        lambda records: {"response": {"status": "ok", "results": records}},
        lambda records: {"response": {"docs": records, "meta": {"hits": 9}}},
        lambda records: {"title": "A feed", "description": "Of ours", "data": {"feeds": [{"items": records}]}},
        lambda records: {"response": {"content": {"id": "x", "list": records}}},
        lambda records: {"days": {"first": records[0], "second": records[1], "third": records[2]}},
    ],
)
def test_records_are_found_where_a_service_puts_them(tmp_path: Path, wrap: object) -> None:
    records = [{"title": "One", "body": "It rains."}, {"title": "Bare"}, {"title": "Two", "body": "It snows."}]
    articles, skipped = read(tmp_path, "a.json", json.dumps(wrap(records)))  # type: ignore[operator]
    assert [(one.id, one.text) for one in articles] == [("a.json#0", "It rains."), ("a.json#2", "It snows.")]
    assert skipped == [Skipped("a.json#1", 'it has no "text"')]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", json.dumps(RECORDS["NewsAPI"])),
        (
            "a.csv",
            "id,Headline,Publication,Author,Published At,Body,URL\r\n"
            f'1,Ferry stops,Skarn Gazette,Ada Brook,2023-05-09,"{TEXT}",{FULL[4]}\r\n',
        ),
        ("a.tsv", f"title\tdate\tsource\tbyline\turl\tcontent\nFerry stops\t9 May 2023\tSkarn Gazette\tBy Ada Brook\t"
                  f"{FULL[4]}\t{TEXT}\n"),
        ("a.csv", f"\ufeffsep=;\r\ntitle;date;source;author;link;body\nFerry stops;09.05.2023;Skarn Gazette;Ada Brook;"
                  f"{FULL[4]};{TEXT}\n"),
        ("a.md", "---\nheadline: Ferry stops\npublished: 2023-05-09\nauthor:\n  - \"[[Ada Brook]]\"\n"
                 f"publication: Skarn Gazette\nsource: {FULL[4]}\ncreated: 2024-02-02\n---\n{TEXT}"),
        ("a.md", '+++\ntitle = "Ferry stops"\ndate = 2023-05-09T04:00:00Z\nauthors = ["Ada Brook"]\n'
                 f'publisher = "Skarn Gazette"\nurl = "{FULL[4]}"\n[build]\nlist = "always"\n+++\n{TEXT}'),
        (
            "a.rss",
            '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:c="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Skarn Gazette</title><item>'
            "<media:title>A ferry</media:title><title>Ferry stops</title><dc:creator>Ada Brook</dc:creator>"
            f"<pubDate>Tue, 09 May 2023 04:00:00 GMT</pubDate><link>{FULL[4]}</link><description>A leak.</description>"
            f"<c:encoded><![CDATA[<p>{TEXT}</p>]]></c:encoded></item></channel></rss>",
        ),
        (
            "a.xml",
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Skarn Gazette'
            "</title><entry><title>Ferry stops</title><author><name>Ada Brook</name><uri>https://x.example</uri>"
            f'</author><link rel="self" href="https://x.example"/><link href="{FULL[4]}"/><updated>2024-01-01T00:00:00Z'
            f"</updated><published>2023-05-09T04:00:00Z</published><summary>A leak.</summary>"
            f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{TEXT}</p></div></content></entry></feed>',
        ),
    ],
)  # fmt: skip
def test_the_same_names_hold_in_every_format(tmp_path: Path, name: str, content: str) -> None:
    (article,), skipped = read(tmp_path, name, content)
    assert (told(article), skipped) == (FULL, [])
    assert article.text[article.aside_spans[0].end if article.aside_spans else 0 :] == TEXT


def test_an_article_that_is_cut_by_its_service_is_told(tmp_path: Path) -> None:
    cut = {"title": "Ferry stops", "content": "The ferry stopped, and… [+2412 chars]"}
    reason = "only its beginning is in this file: get the whole article"
    for content, path in ((cut, "a.json"), ({"articles": [cut]}, "a.json#0")):
        (article,), skipped = read(tmp_path, "a.json", json.dumps(content))
        assert (article.id, skipped) == (path, [Skipped(path, reason)])


def test_a_row_costs_itself_at_most(tmp_path: Path) -> None:
    long = "It rains. " * 30_000
    rows = [
        "title,text",
        'One,"It rains.\nIt pours, too."',
        "",
        'Two,"the "mayor", they say", no',
        "Three,",
        "Four,It snows, and more",
        f"Five,{long}",
        'Six,"It thaws.',
        "Seven,It blows.",
    ]
    articles, skipped = read(tmp_path, "a.csv", "\n".join(rows))
    assert [(one.id, one.text) for one in articles] == [
        ("a.csv#0", "It rains.\nIt pours, too."), ("a.csv#4", long), ("a.csv#6", "It blows."),
    ]  # fmt: skip
    pairs = "its quotation marks do not pair (line {}): write one inside a cell twice"
    assert [(one.path, one.reason) for one in skipped] == [
        ("a.csv#1", pairs.format(5)),
        ("a.csv#2", 'it has no "text"'),
        ("a.csv#3", "it has more cells than there are heads: put quotation marks around its text"),
        ("a.csv#5", pairs.format(9)),
    ]


def test_a_table_without_text_is_told(tmp_path: Path) -> None:
    for content in ("year,budget\n2023,100\n", "2023,100\n2024,120\n"):
        articles, (skipped,) = read(tmp_path, "a.csv", content)
        assert articles == [] and skipped.reason.startswith("no column looks like an article's text: give it a row")
    assert read(tmp_path, "b.csv", "title,text\n")[1] == [Skipped("b.csv", "empty: there is no row below its heads")]


# --- mail and saved pages


def mail(body: str, subtype: str = "plain", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(body, subtype)
    return message


LETTER = {
    "From": "Ada Brook <ada@gazette.example>",
    "Subject": "Förry stops",
    "Date": "Tue, 09 May 2023 06:00:00 +0200",
}


def test_a_mail_is_an_article_and_its_attachments_are_told(tmp_path: Path) -> None:
    message = mail("It rains. Ça va.\n", **LETTER, Organization="Skarn Gazette")
    message.add_alternative("<p>It rains in colour.</p>", "html")
    message.add_attachment(b"%PDF", "application", "pdf", filename="plan.pdf")
    (article,), skipped = read(tmp_path, "a.eml", message.as_bytes())
    assert told(article) == ("Förry stops", DAY, "Skarn Gazette", "Ada Brook", None)
    assert article.text == "It rains. Ça va.\n"
    assert skipped == [Skipped("a.eml#plan.pdf", "an attachment is not read: save it in the folder")]


def test_a_mail_in_html_alone_is_read(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, "a.eml", mail(PAGE, "html", **LETTER).as_bytes())
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
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://gazette.example/ferry\nSubject: Ferry\n"
        'Date: Tue, 5 Mar 2024 08:00:00 -0000\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n'
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}\n--b--\n"
    )
    (article,), _ = read(tmp_path, "a.mht", page.format(PAGE))
    assert told(article) == ("Ferry stops", None, None, None, "https://gazette.example/ferry") and TEXT in article.text
    dated = PAGE.replace(
        "<body>", '<head><meta property=3D"article:published_time" content=3D"2023-05-09"></head><body>'
    )
    (article,), _ = read(tmp_path, "b.mhtml", page.format(dated))
    assert article.date == DAY


# --- word processors and books

ODT = (
    '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:b="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:d="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"><o:body><o:text>'
    "<t:tracked-changes><t:p>The mayor lied.</t:p></t:tracked-changes>"
    '<t:h t:outline-level="1">Ferry stops</t:h>'
    "<t:p>It<t:s/>rains<o:annotation><t:p>check this</t:p></o:annotation> a <t:span>lot</t:span>."
    "<d:frame><d:text-box><t:p>In the box.</t:p></d:text-box></d:frame></t:p>"
    "<b:table><b:table-header-rows><b:table-row><b:table-cell><t:p>Town</t:p></b:table-cell><b:table-cell><t:p>Rain"
    "</t:p></b:table-cell></b:table-row></b:table-header-rows><b:table-row><b:table-cell><t:p>Norby</t:p>"
    "</b:table-cell><b:table-cell><t:p>much</t:p></b:table-cell></b:table-row></b:table></o:text></o:body></o:document-content>"
)
META = (
    '<o:document-meta xmlns:o="urn:o" xmlns:m="urn:m" xmlns:dc="http://purl.org/dc/elements/1.1/"><o:meta>'
    "<m:creation-date>2023-05-09T08:00:00</m:creation-date><m:initial-creator>Ada Brook</m:initial-creator>"
    "</o:meta></o:document-meta>"
)
OPF = (
    '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
    "<dc:title>The ferry book</dc:title><dc:creator>Ada Brook</dc:creator><dc:date>2023-05-09</dc:date>"
    "<dc:publisher>Skarn Press</dc:publisher></metadata><manifest>"
    '<item id="a" href="text/z%20one.xhtml"/><item id="b" href="text/a.xhtml"/></manifest>'
    '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
)
CHAPTERS = {"OPS/text/z one.xhtml": "<body><h1>One</h1><p>It rains.</p></body>", "OPS/text/a.xhtml": "<p>It snows.</p>"}


@pytest.mark.parametrize(
    ("name", "content", "text", "expected"),
    [
        (
            "a.odt", zipped(**{"content.xml": ODT, "meta.xml": META}),
            "Ferry stops\n\nIt rains a lot.\n\nIn the box.\n\nTown | Rain\n\nNorby | Rain: much",
            ("Ferry stops", None, None, "Ada Brook", None),
        ),
        (
            "a.epub",
            zipped(**CHAPTERS, **{
                "META-INF/container.xml": '<c><rootfile full-path="OPS/book.opf"/></c>', "OPS/book.opf": OPF
            }),
            "One\n\nIt rains.\n\nIt snows.", ("The ferry book", DAY, "Skarn Press", "Ada Brook", None),
        ),
        (
            "a.rtf",
            rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Ferry stops}{\author Ada Brook}"
            rb"{\creatim\yr2023\mo5\dy9\hr8}}\f0 It rains in Sk\'e5rn, \u8220?a lot\u8221?.\par\par It snows.\par}",
            "It rains in Skårn, “a lot”.\n\nIt snows.", ("Ferry stops", None, None, "Ada Brook", None),
        ),
    ],
)  # fmt: skip
def test_a_document_gives_its_text_in_order(
    tmp_path: Path, name: str, content: bytes, text: str, expected: tuple[object, ...]
) -> None:
    (article,), skipped = read(tmp_path, name, content)
    assert (article.text, told(article), skipped) == (text, expected, [])


LOCKED = {"META-INF/manifest.xml": "<m><encryption-data/></m>", "content.xml": "\x00"}
ENTITY = '<!DOCTYPE d [<!ENTITY a "boom">]><d><p>&a;</p></d>'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.odt", b"PK nonsense", "damaged, or not an OpenDocument text"),
        ("b.odt", zipped(**LOCKED), "encrypted: save it without a password"),
        ("c.odt", zipped(**{"content.xml": ENTITY}), "empty"),
        ("a.epub", zipped(mimetype="x"), "damaged: there is no chapter in it"),
        ("a.rtf", b"It rains.", "damaged, or not a Rich Text file"),
        (
            "a.xml",
            "<nitf><body>It rains.</body></nitf>",
            "neither an RSS nor an Atom feed, the XML files that are read",
        ),
        ("a.json", '{"@type": "WebSite", "description": "News."}', "a WebSite, not an article"),
        ("a.rss", "<rss><channel><title>x</title></channel></rss>", "empty: there is no item in this feed"),
        ("a.eml", "\n\nIt rains.", "damaged, or not a mail: it has no headers"),
        ("a.mbox", "It rains.", "damaged, or not an mbox mailbox: it does not begin with a line “From …”"),
        ("a.mhtml", "Subject: x\n\nIt rains.", "damaged, or not a saved page: there is no HTML in it"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    assert read(tmp_path, name, content) == ([], [Skipped(name, reason)])


@pytest.mark.parametrize(("name", "member"), [("a.odt", "content.xml"), ("a.epub", "a.xhtml")])
def test_a_zip_bomb_is_refused_at_once(tmp_path: Path, name: str, member: str) -> None:
    bomb = zipped(**{member: "<p>" + " " * formats.MAX_UNPACKED_BYTES})
    before = time.process_time()
    articles, (skipped,) = read(tmp_path, name, bomb)
    assert articles == [] and skipped.reason == "unpacks to more than 200 MB"
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "title,text\n" + 'One,"It rains.\n' * 5_001),
        ("a.json", "[" + '{"a":' * 400 + '{"text": "It rains."}' + "}" * 400 + ', {"text": "It rains."}]'),
        ("a.rtf", "{\\rtf1 " + "{" * 50_000 + "It rains."),
        ("a.txt", "8 " * 900_000 + "\n" * 100_000),
        ("a.txt", "End of Document\n" * 100_000),
        ("a.html", "<p>" + "8 " * 900_000 + "</p>"),
        ("a.rss", "<rss><![CDATA[" + "<![CDATA[" * 200_000),
        ("a.xml", "<rss>" + "<item><description>It rains.</description></item>" * 5_000 + "</rss>"),
    ],
)
def test_odd_content_takes_no_longer_than_its_length(tmp_path: Path, name: str, content: str) -> None:
    before = time.process_time()
    articles, skipped = read(tmp_path, name, content)
    assert articles or skipped
    assert time.process_time() - before < 5
