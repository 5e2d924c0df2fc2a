"""index/read.py and decode.py: the folder, text in any encoding, Markdown, titles, and what goes wrong with files."""

import codecs
import os
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from index_helpers import article_of, cases, read, written

from index.decode import decode
from index.errors import CorpusError
from index.read import MAX_ARTICLE_CHARS, find_files, read_file
from index.types import Skipped

FIFTH = date(2024, 12, 5)
TOO_LONG = "longer than 2,000,000 characters, the limit for one article: split it"
FORMATS = "atom csv docx eml epub htm html json jsonl mbox md mht mhtml odt pdf rss rtf tsv txt xml".split()
FRONT = "---\ntitle: Hama falls\nDate: 2024-12-05\nurl: javascript:alert(1)\n---\n"
NATIVE, CAFE = " date 2024-12-05 ", "The regime’s fall – café\r\n"
LONG = "Syrian insurgents have entered the central city of Hama after days of intense"


def found(folder: Path) -> tuple[list[str], dict[str, str]]:
    files, skipped = find_files(folder)
    return list(files), {one.path: one.reason for one in skipped}


@pytest.mark.parametrize(
    ("name", "content", "title", "day", "aside"),
    [
        ("a.txt", f"\ufeff{NATIVE}Hama fell.\r\n\r\nIt is over.\r\n", "Hama fell.", FIFTH, [NATIVE]),
        ("a.txt", "Hama fell on 5 December 2024.", "Hama fell on 5 December 2024.", None, []),
        ("سوريا/حماة.txt", "سقطت المدينة. انسحب الجيش.", "سقطت المدينة.", None, []),
        ("deep/photos.txt", "Rebels in Hama (Omar Albam/AP)", "photos.txt", None, ["(Omar Albam/AP)"]),  # no caption
        ("a.txt", f"{NATIVE}Smoke (Omar Albam/AP)\n\nIt fell.", "It fell.", FIFTH, [NATIVE, "(Omar Albam/AP)"]),
        ("a.txt", LONG + " fighting.", LONG + "…", None, []),
        ("a.txt", "哈" * 200, "哈" * 79 + "…", None, []),
        ("a.md", FRONT + "\n# Another heading\n\nIt is over.\n", "Hama falls", FIFTH, [FRONT]),
        ("a.md", "---\r\ntitle: Hama: why\r\ndate: 2024-12-05\r\n---\r\nx", "Hama: why", FIFTH, None),  # no YAML
        ("a.md", "---\ntitle: Hama\ndate: 2024-13-45\n---\nOver.\n", "Hama", None, None),
        ("a.md", f"---\ndate: 2020-01-01\n---\n{NATIVE}Over.", "Over.", FIFTH, None),  # the native line wins
        ("a.md", "---\nHama fell on Thursday.\n\n---\nIt is over.\n", "Hama fell on Thursday.", None, []),  # two rules
        ("a.md", "# Hama falls #\n\nOver.", "Hama falls", None, []),
        ("a.md", "Intro.\n\n# Hama falls\n", "Hama falls", None, []),
        ("a.md", "## Hama falls\n\nOver.", "Hama falls", None, []),
        ("a.md", "Hama falls\r\n===\r\nx.", "Hama falls", None, []),
        ("a.md", "Hama fell.\n\n## Background\n\nLong ago.", "Hama fell.", None, []),  # amid the text
    ],
)
def test_the_title_and_the_day_are_the_files_own(
    tmp_path: Path, name: str, content: str, title: str, day: date | None, aside: list[str] | None
) -> None:
    article = article_of(tmp_path, name, content)
    told = (article.id, article.title, article.date, article.text, article.url)
    assert told == (name, title, day, content.removeprefix("\ufeff"), None)  # an address is of the web, or none
    assert aside is None or [article.text[span.start : span.end] for span in article.aside_spans] == aside
    assert found(tmp_path)[0] == [name]


@pytest.mark.parametrize(("encoding", "text"), [line.split("\t") for line in cases("encodings.tsv")])
@pytest.mark.parametrize("times", [1, 20])
def test_news_in_an_old_encoding_comes_out_as_it_was_written(encoding: str, text: str, times: int) -> None:
    assert decode((text + "\r\n" * (times > 1)).encode(encoding) * times) == (text + "\r\n" * (times > 1)) * times


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        *((CAFE.encode(f"utf-{form}"), None, CAFE) for form in ("8", "8-sig", "16", "32", "16-le", "16-be")),
        (codecs.BOM_UTF16_BE + "Хама".encode("utf-16-be"), None, "Хама"),
        ("A – ".encode() + b"\xff\xfe " + "– the café".encode(), None, "A – \ufffd\ufffd – the café"),
        ("ハマ".encode("iso2022_jp"), "iso-2022-jp", "ハマ"),
        ("été".encode(), "ascii", "été"),  # it is believed where it fits
        (b"plain", "no-such-encoding", "plain"),
    ],
)
def test_a_mark_or_what_is_declared_is_believed_where_it_fits(data: bytes, declared: str | None, text: str) -> None:
    assert decode(data, declared) == text


@pytest.mark.parametrize("name", [f"a.{each}" for each in FORMATS])
def test_a_file_of_any_format_that_is_empty_or_has_vanished_says_so(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name, b"") == ([], [Skipped(name, "empty")])
    assert read_file(tmp_path / "gone" / name, name) == ([], [Skipped(name, "it has vanished")])


@pytest.mark.parametrize("more", ["", "é", "\x00" * 50_000_000])
def test_two_million_characters_are_read_and_more_are_refused_at_once(tmp_path: Path, more: str) -> None:
    path = written(tmp_path, "a.txt", "é " * (MAX_ARTICLE_CHARS // 2) + more)  # characters, not bytes
    before = time.process_time()
    articles, skipped = read_file(path, "a.txt")
    assert time.process_time() - before < 1
    assert (len(articles), skipped) == ((0, [Skipped("a.txt", TOO_LONG)]) if more else (1, []))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt")
    path.chmod(0)
    assert read_file(path, "a.txt") == ([], [Skipped("a.txt", "no permission to read it")])


def test_files_come_sorted_and_what_is_no_article_is_told(tmp_path: Path) -> None:
    articles = ["Sources say.txt", "a.md", "a/b/c.html", "a/z.TXT", "b.txt", "news.jsonl", "readme.txt"]
    hidden = [".git/a.txt", ".DS_Store", "x/.a.txt", "~$a.docx"]  # without a word
    about = ["README", "README.md", "README.de.md", "SOURCES.md", "LICENSE", "LICENSE-MIT.txt", "x/SOURCES.txt"]
    for name in [*articles, *hidden, *about, "a.xlsx"]:
        written(tmp_path, name)
    unknown = f".xlsx files are not read, only .{', .'.join(FORMATS)}"
    told = {"a.xlsx": unknown, **dict.fromkeys(about, "describes the folder, not an article")}
    assert (found(tmp_path), read(tmp_path, "a.xlsx", "x")) == ((articles, told), ([], [Skipped("a.xlsx", unknown)]))


def test_links_are_followed_once_and_a_loop_ends(tmp_path: Path) -> None:
    elsewhere, corpus = tmp_path / "elsewhere", tmp_path / "corpus"
    written(elsewhere, "a.txt")
    written(corpus, "x/b.txt")
    links = {"link": elsewhere, "file.txt": elsewhere / "a.txt", "x/loop": corpus, "up": tmp_path, "self": "self"}
    for name, target in links.items():
        (corpus / name).symlink_to(target)
    (elsewhere / "again").symlink_to(elsewhere)
    reason = "a link to a folder that is read anyway, or to one around it"
    told = {"self": "a link that leads nowhere", **dict.fromkeys(["link/again", "up", "x/loop"], reason)}
    assert found(corpus) == (["file.txt", "link/a.txt", "x/b.txt"], told)
    with pytest.raises(CorpusError, match=r"self cannot be listed \(.*\). Name the folder .*: dateline index FOLDER"):
        find_files(corpus / "self")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode, and there are no FIFOs")
def test_odd_entries_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    told = {"caf\ufffd.txt": "its name is not valid UTF-8: rename it", "pipe.txt": "not a regular file"}
    assert found(tmp_path) == ([], told)
    assert read_file(tmp_path / "pipe.txt", "pipe.txt")[1] == [Skipped("pipe.txt", "not a regular file")]
