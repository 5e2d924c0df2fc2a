"""A folder with a file of every format, and broken ones of every kind: each is read whole, or what is lost is named."""

import io
import json
import os
import re
import sys
import warnings
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest
from index_helpers import DATA, packed, written, zipped
from test_documents import p, pdf, word_file

from index import formats
from index.read import read_file
from index.split import sentences_of
from index.store import ArticleIndex

ONE = "The herons of Marlby nest on the old signal box, and nobody minds."
TWO = "On Sunday the council counted forty-one of them, twice as many as before."
THREE = "The railway asks visitors to bring glasses, not bread."
STORY = (ONE, TWO, THREE)


def cut_inside(data: bytes, cut: str, *, keep: bool = True) -> bytes:
    """A ZIP archive whose member `cut` ends before the second sentence, or is left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    whole = members.pop(cut)
    return zipped(**members, **({cut: whole[: whole.find(TWO.encode())]} if keep else {}))


TEXTS = {path.name: path.read_text(encoding="utf-8") for path in (DATA / "everything").glob("good*")}
PLAIN, PAGE, RTF, RSS, ATOM, JSON, LINES, ROWS, MHT, MBOX = (
    TEXTS[f"good.{suffix}"] for suffix in "txt html rtf rss atom json jsonl csv mht mbox".split()
)
TWO_PARTS = TEXTS["good in two parts.eml"]
RECORDS = json.loads(JSON)["articles"]
FIRST, SECOND = re.split("(?m)^(?=From una)", MBOX)[1:3]
WORD, ODT, BOOK = word_file("".join(map(p, STORY))), packed("everything.odt"), packed("everything.epub")
PDF = pdf(*STORY)
STREAMS = PDF.split(b">>\nstream\n")
BOMB = "<p>" + " " * formats.MAX_UNPACKED_BYTES

GOOD: dict[str, str | bytes] = {
    **TEXTS, "good.htm": PAGE, "good.mhtml": MHT, "good.xml": RSS, "good.pdf": PDF, "good.docx": WORD, "good.odt": ODT,
    "good.epub": BOOK, "good html.eml": f"From: Una\nContent-Type: text/html\n\n{PAGE}",
}  # fmt: skip
BROKEN: dict[str, str | bytes] = {
    "blank.txt": " \n\n ", "blank le.txt": b"\xff\xfe \x00\n\x00", "only a day.txt": " date 2024-12-05 \n",
    **{f"zeroed.{suffix}": bytes(500) for suffix in "txt docx pdf eml mbox html rss csv".split()},
    **{f"word.{suffix}": WORD for suffix in "md json eml html pdf odt rtf".split()},
    **{f"text.{suffix}": PLAIN for suffix in "pdf rtf odt epub json jsonl csv eml mbox mht rss".split()},
    "half zeroed.txt": PLAIN.encode()[:100] + bytes(200), "binary.txt": bytes(range(256)) * 20, "pdf.csv": PDF,
    "pdf.docx": PDF, "page.docx": PAGE, "rtf.docx": RTF, "book.docx": BOOK, "odt.epub": ODT, "page.xml": PAGE,
    "png.txt": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "gz.txt": b"\x1f\x8b\x08\x08\1\2\3abc",
    "bomb.docx": zipped(**{"word/document.xml": BOMB}), "bomb.odt": zipped(**{"content.xml": BOMB}),
    "bomb.epub": zipped(**{"a.xhtml": BOMB}), "deep.json": "[" * 100_000,
    "entity.odt": zipped(**{"content.xml": '<!DOCTYPE d [<!ENTITY a "boom">]><d><p>&a;</p></d>'}),
    "locked.pdf": pdf(*STORY, password="heron"), "locked.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "locked.odt": zipped(**{"META-INF/manifest.xml": "<m><encryption-data/></m>", "content.xml": b"\x07"}),
    "unmarked le.txt": PLAIN.encode("utf-16-le"), "unmarked be.txt": PLAIN.encode("utf-16-be"),
    "cut.docx": WORD[: len(WORD) // 2], "cut inside.docx": cut_inside(WORD, "word/document.xml"),
    "lost.docx": cut_inside(WORD, "word/document.xml", keep=False),
    "cut.pdf": PDF[: len(PDF) // 2], "cut late.pdf": PDF[:-400],
    "no xref.pdf": re.sub(rb"startxref\s+\d+", b"startxref\n7", PDF),
    "unpacked.pdf": b">>\nstream\n".join([*STREAMS[:2], b"z" * 40 + STREAMS[2][40:], *STREAMS[3:]]),
    "pictures.pdf": pdf(None, None), "a picture.pdf": pdf(ONE, None, TWO),
    "lost page.pdf": re.sub(rb"/Kids \[ (\d+) 0 R", b"/Kids [ 99 0 R", PDF, count=1),
    "cut.rtf": RTF[: RTF.find(TWO) + 20], "cut late.rtf": RTF.removesuffix("}"),
    "cut.odt": ODT[: len(ODT) // 2], "no content.odt": zipped(mimetype="x"),
    "cut inside.odt": cut_inside(ODT, "content.xml"),
    "a chapter less.epub": cut_inside(BOOK, "c1.xhtml", keep=False), "cut.epub": BOOK[:400],
    "no package.epub": cut_inside(BOOK, "b.opf", keep=False), "no chapter.epub": zipped(mimetype="x"),
    "cut.json": JSON[:-80], "trailing.json": json.dumps(RECORDS[0]) + " and so on",
    "trailing line.json": json.dumps({"text": PLAIN}, indent=1) + "\nand so on",
    "odd.json": json.dumps([*RECORDS, 7, None, {"title": "x"}]), "number.json": "7",
    "oops.json": '{"text":\n oops}', "no article.json": "[]",
    "site.json": '{"@type": "WebSite", "description": "News."}',
    "cut.jsonl": LINES[:-20], "cut.csv": ROWS[:-30], "no text.csv": "day,town\n2023-05-09,Marlby\n",
    "numbers.csv": "2023,100\n2024,120\n", "only heads.csv": "title,text\n",
    "cut.eml": TWO_PARTS[: TWO_PARTS.find(TWO)], "no body.eml": "From: Una\nSubject: Herons\n\n",
    "cut html.eml": TWO_PARTS[: TWO_PARTS.find("<html") + 60], "headless.eml": f"\n\n{PLAIN}",
    "broken.mbox": FIRST + MBOX.split("\n")[0] + "\n\x00\x01\x02\n\n" + SECOND,
    "cut.mbox": (FIRST + MBOX.split("\n")[0] + f"\n{TWO_PARTS}")[:-200],
    "menu.html": "<html><body><nav><a href='/'>Home</a> <a href='/n'>News</a></nav></body></html>",
    "cut.html": PAGE[: PAGE.find(TWO) + 20], "script.html": "<html><body><script>1</script></body></html>",
    "as xml.html": f"<?xml version='1.0' encoding='utf-8'?>{PAGE}".replace("</html>", ""),  # libraries warn of it
    "no page.mht": MHT.replace("text/html", "image/png"),
    "cut.mht": MHT[:-60].replace("</html>", ""), "end lost.mht": MHT.removesuffix("--b--\n"),
    "cut.rss": RSS[: RSS.find(THREE)], "ill.rss": RSS.replace(TWO, TWO + " <b>Heron & sons"), "cut.atom": ATOM[:-120],
    "marked.rss": RSS.replace("Echo", "Echo &amp; Post").encode("utf-16"),
    "no item.rss": "<rss><channel><title>x</title></channel></rss>",
    "letters.rss": RSS.replace("nobody minds", "nobody minds&hellip; caf&eacute; &amp; B&B"),
}  # fmt: skip

# Which of the three sentences are read of a broken file: none, but of these.
READ = {
    "marked.rss": "111", "unmarked le.txt": "111", "unmarked be.txt": "111", "no xref.pdf": "111", "letters.rss": "011",
    "a picture.pdf": "110", "lost page.pdf": "011", "unpacked.pdf": "101", "cut.rtf": "100", "cut late.rtf": "111",
    "a chapter less.epub": "101", "no package.epub": "111", "odd.json": "111", "cut.jsonl": "110", "cut.csv": "110",
    "cut.eml": "100", "cut html.eml": "111", "broken.mbox": "110", "cut.mbox": "111", "cut.html": "100",
    "cut.mht": "110", "end lost.mht": "111", "cut.rss": "110", "ill.rss": "111", "cut.atom": "110",
    "as xml.html": "111",
}  # fmt: skip
UNHARMED = {"as xml.html", "marked.rss", "unmarked le.txt", "unmarked be.txt", "no xref.pdf", "letters.rss"}
_NO_PDF, _NO_WORD, _NO_TEXT = "damaged, or not a PDF", "damaged, or not a Word document", "binary, not text"
_NO_FEED, _BOMB = "neither an RSS nor an Atom feed, the XML files that are read", "unpacks to more than 200 MB"
_NO_MAILBOX = "damaged, or not an mbox mailbox: it does not begin with a line “From …”"
_NO_COLUMN = "no column looks like an article's text: give it a row of heads, one of them text, body or content"
WHY = {
    "blank.txt": "empty", "blank le.txt": "empty", "entity.odt": "empty", "binary.txt": _NO_TEXT, "png.txt": _NO_TEXT,
    "gz.txt": _NO_TEXT, "only a day.txt": "empty: there is no text in it", "bomb.docx": _BOMB, "bomb.odt": _BOMB,
    "bomb.epub": _BOMB, "text.rtf": "damaged, or not a Rich Text file",
    "text.odt": "damaged, or not an OpenDocument text",
    "locked.odt": "encrypted: save it without a password", "no chapter.epub": "damaged: there is no chapter in it",
    "page.xml": _NO_FEED, "no item.rss": "empty: there is no item in this feed", "text.mbox": _NO_MAILBOX,
    "headless.eml": "damaged, or not a mail: it has no headers", "no text.csv": _NO_COLUMN, "numbers.csv": _NO_COLUMN,
    "no page.mht": "damaged, or not a saved page: there is no HTML in it", "site.json": "a WebSite, not an article",
    "only heads.csv": "empty: there is no row below its heads", "oops.json": "not valid JSON at line 2, column 2",
    "no article.json": "empty: there is no article in its list", "deep.json": "not valid JSON",
    "zeroed.pdf": _NO_PDF, "text.pdf": _NO_PDF, "cut.docx": _NO_WORD, "book.docx": _NO_WORD,
    "pictures.pdf": "no text in it: a scan?", "locked.pdf": "encrypted: it needs a password",
    "locked.docx": "encrypted, or in Word's old format: save it as .docx without a password",
    "script.html": "empty: there is no text in this page",
}  # fmt: skip
# What no person should have to read: an exception's or a type's name, an object or bytes as Python shows them.
_PYTHON = re.compile(r"Error|Exception|Errno|Traceback|None\b|\bb['\"]|<\w+[ .>]|\b0x|\w\(\)|\{|mistake")


def test_each_file_is_read_whole_or_what_is_lost_is_named(
    index: ArticleIndex, folder: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for name, content in {**GOOD, **BROKEN, "a folder.txt/within.txt": PLAIN}.items():
        written(folder, name, content)
    (folder / "link.txt").symlink_to("nowhere.txt")
    odd = b"h\xe9ron.txt" if sys.platform == "linux" else b"heron.docm"  # no UTF-8; elsewhere no file can be called so
    (folder / os.fsdecode(odd)).write_text(PLAIN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = index.sync(folder)
    texts, told = defaultdict(str), defaultdict(list)
    for id in index.article_ids():
        texts[re.split("[#/]", id)[0]] += " ".join(index.article(id).text.split())
    for path, reason in report.skipped:
        told[path.partition("#")[0]].append(reason)
    whole, broken = [*GOOD, "a folder.txt"], [*BROKEN, "link.txt", odd.decode(errors="replace")]
    read = {name: "".join("01"[said in texts[name]] for said in STORY) for name in [*whole, *broken]}
    assert read == {**dict.fromkeys(broken, "000"), **dict.fromkeys(whole, "111"), **READ}
    assert told.keys() == set(broken) - UNHARMED
    assert [reason for reasons in told.values() for reason in reasons if _PYTHON.search(reason)] == []
    assert {name: told[name] for name in WHY} == {name: [reason] for name, reason in WHY.items()}
    assert len(told["trailing line.json"]) == 1  # not one for each of its lines
    assert "café & B&B" in texts["letters.rss"]
    assert index.article("marked.rss#0").source == "Marlby Echo & Post"
    (mail,), _ = read_file(folder / "good.eml", "good.eml")  # what is indexed is what was read
    assert (index.article(mail.id), index.sentences(mail.id)) == (mail, sentences_of(mail))
    assert [one.author for one in index.listed() if one.id == mail.id] == [mail.author] == ["Una Faber"]
    assert (mail.source, index.article("good.mht").date) == ("Una Faber", None)  # that day it was saved
    assert index.sync(folder).skipped == report.skipped
    assert (tuple(capfd.readouterr()), caplog.records) == (("", ""), [])
