"""index/read.py: the folder, plain text and Markdown, titles, and everything that goes wrong with files."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from index.errors import CorpusError, FolderMissing
from index.read import MAX_ARTICLE_CHARS, find_files, hash_file, read_file
from index.types import Article, Skipped

FIFTH = date(2024, 12, 5)
SEEDS = Path(__file__).parent.parent / "seeds"
TOO_LONG = "longer than 2,000,000 characters, the limit for one article: split it"


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def article_of(folder: Path, name: str, content: str | bytes) -> Article:
    articles, skipped = read_file(written(folder, name, content), name)
    assert skipped == []
    return articles[0]


def reason_for(folder: Path, name: str, content: str | bytes) -> str:
    articles, skipped = read_file(written(folder, name, content), name)
    assert articles == [] and skipped[0].path == name
    return skipped[0].reason


SUFFIXES = (
    ".atom .csv .docx .eml .epub .htm .html .json .jsonl .mbox .md .mht .mhtml .odt .pdf .rss .rtf .tsv .txt .xml"
).split()


def asides(article: Article) -> list[str]:
    return [article.text[span.start : span.end] for span in article.aside_spans]


def found(folder: Path) -> tuple[list[str], dict[str, str]]:
    files, skipped = find_files(folder)
    return [file.relative_to(folder).as_posix() for file in files], {one.path: one.reason for one in skipped}


# --- native form and plain text


def test_a_seed_is_read_with_its_date_its_captions_and_every_byte() -> None:
    path = SEEDS / "000_cd28b6654e9fce99.txt"
    (article,), skipped = read_file(path, path.name)
    assert skipped == []
    assert (article.id, article.date) == ("000_cd28b6654e9fce99.txt", FIFTH)
    assert article.text.encode() == path.read_bytes()
    assert article.title == "Syrian insurgents have entered the central city of Hama after days of intense…"
    assert asides(article) == [" date 2024-12-05 ", "Credit: AP", "Credit: AP"]
    assert article.captions[1] == "Smoke billowing in the edges Hama as rebel forces fight Syria's military."


def test_a_caption_is_not_a_title() -> None:
    path = SEEDS / "001_8034130e071ff64c.txt"
    (article,), _ = read_file(path, path.name)
    assert article.title == "The Syrian army says it has withdrawn from the central city of Hama after…"


def test_newlines_stay_and_the_byte_order_mark_goes(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.txt", b"\xef\xbb\xbf date 2024-12-05 Hama fell.\r\n\r\nIt is over.\r\n")
    assert article.text == " date 2024-12-05 Hama fell.\r\n\r\nIt is over.\r\n"
    assert (article.date, article.title, asides(article)) == (FIFTH, "Hama fell.", [" date 2024-12-05 "])


def test_an_article_without_a_date_is_an_article(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.txt", "On 5 December 2024 Hama fell.").date is None


def test_non_latin_names_and_texts_are_read(tmp_path: Path) -> None:
    article = article_of(tmp_path, "سوريا/حماة.txt", "أعلن الجيش السوري انسحابه من مدينة حماة. سقطت المدينة.")
    assert (article.id, article.title) == ("سوريا/حماة.txt", "أعلن الجيش السوري انسحابه من مدينة حماة.")
    assert found(tmp_path)[0] == ["سوريا/حماة.txt"]


def test_a_text_in_cp1252_is_read(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.txt", "It’s over.".encode("cp1252")).text == "It’s over."


def test_a_text_of_captions_only_is_called_by_its_file(tmp_path: Path) -> None:
    article = article_of(tmp_path, "deep/photos.txt", "Rebels stand in the city of Hama on Thursday (Omar Albam/AP)")
    assert article.captions
    assert article.title == "photos.txt"


def test_a_title_without_spaces_is_cut_to_its_length(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.txt", "哈" * 200).title == "哈" * 79 + "…"


# --- Markdown


def test_front_matter_gives_the_fields_and_is_set_aside(tmp_path: Path) -> None:
    block = "---\ntitle: Hama falls\nDate: 2024-12-05\nsource: The Wire\nurl: https://wire.example/hama\n---\n"
    article = article_of(tmp_path, "a.md", block + "\n# Another heading\n\nIt is over.\n")
    assert (article.title, article.date, article.source) == ("Hama falls", FIFTH, "The Wire")
    assert (article.url, asides(article)) == ("https://wire.example/hama", [block])
    assert article.text.startswith("---\ntitle")


def test_front_matter_that_is_not_yaml_is_read_line_by_line(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.md", "---\r\ntitle: Hama: what next\r\ndate: 2024-12-05\r\n---\r\nOver.\r\n")
    assert (article.title, article.date) == ("Hama: what next", FIFTH)


def test_front_matter_with_an_impossible_date_has_none(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.md", "---\ntitle: Hama\ndate: 2024-13-45\n---\nOver.\n")
    assert (article.title, article.date) == ("Hama", None)


def test_the_native_line_beats_front_matter(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.md", "---\ndate: 2020-01-01\n---\n date 2024-12-05 Hama fell.\n")
    assert article.date == FIFTH
    assert asides(article) == ["---\ndate: 2020-01-01\n---\n", " date 2024-12-05 "]


def test_prose_between_two_rules_is_not_front_matter(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.md", "---\nHama fell on Thursday.\n---\nIt is over.\n")
    assert article.aside_spans == ()


@pytest.mark.parametrize(
    "text", ["# Hama falls #\n\nOver.", "Intro.\n\n# Hama falls\n", "## Hama falls\n\nOver.", "Hama falls\r\n===\r\nx."]
)
def test_the_heading_is_the_title(tmp_path: Path, text: str) -> None:
    assert article_of(tmp_path, "a.md", text).title == "Hama falls"


def test_a_lower_heading_amid_the_text_is_not_the_title(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.md", "Hama fell.\n\n## Background\n\nLong ago.").title == "Hama fell."


def test_an_address_that_is_not_of_the_web_is_dropped(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.md", "---\nurl: javascript:alert(1)\n---\nOver.").url is None


# --- what goes wrong in a file


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    assert reason_for(tmp_path, "a.txt", "") == "empty"
    assert reason_for(tmp_path, "b.txt", " \r\n\t\n") == "empty"
    assert reason_for(tmp_path, "c.txt", b"\xff\xfe \x00\n\x00") == "empty"
    assert reason_for(tmp_path, "d.txt", " date 2024-12-05 \n") == "empty: there is no text in it"


@pytest.mark.parametrize("name", ["a" + suffix for suffix in SUFFIXES])
def test_an_empty_file_of_any_format_says_so(tmp_path: Path, name: str) -> None:
    assert reason_for(tmp_path, name, b"") == "empty"


def test_a_binary_named_txt_says_so(tmp_path: Path) -> None:
    assert reason_for(tmp_path, "a.txt", bytes(range(256)) * 9) == "binary, not text"


def test_fifty_megabytes_in_one_line_are_refused_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", b"")
    with path.open("r+b") as file:
        file.truncate(50_000_000)
    before = time.perf_counter()
    assert read_file(path, "a.txt") == ([], [Skipped("a.txt", TOO_LONG)])
    assert time.perf_counter() - before < 0.1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", "# " + " #" * 100_000 + "x"),
        ("a.md", "---\n" + "a: b\n" * 50_000),
        ("a.txt", " date 2024-12-05 " + " " * 1_000_000 + "x"),
        ("a.html", "<p>" + "<br>Hama" * 5_000),
    ],
)
def test_odd_content_takes_no_longer_than_its_length(tmp_path: Path, name: str, content: str) -> None:
    before = time.process_time()
    assert article_of(tmp_path, name, content).text
    assert time.process_time() - before < 5


def test_the_limit_counts_characters(tmp_path: Path) -> None:
    assert len(article_of(tmp_path, "a.txt", "é " * (MAX_ARTICLE_CHARS // 2)).text) == MAX_ARTICLE_CHARS
    assert reason_for(tmp_path, "b.txt", "é " * (MAX_ARTICLE_CHARS // 2) + "é") == TOO_LONG


def test_a_file_that_has_vanished_says_so(tmp_path: Path) -> None:
    for name in ("a" + suffix for suffix in SUFFIXES):
        assert read_file(tmp_path / name, name) == ([], [Skipped(name, "it has vanished")])


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", "x")
    path.chmod(0)
    assert read_file(path, "a.txt") == ([], [Skipped("a.txt", "no permission to read it")])


def test_an_unknown_suffix_says_what_is_read(tmp_path: Path) -> None:
    known = f"only {', '.join(SUFFIXES)}"
    assert reason_for(tmp_path, "a.xlsx", "x") == f".xlsx files are not read, {known}"
    assert found(tmp_path)[1] == {"a.xlsx": f".xlsx files are not read, {known}"}


# --- the folder


def test_files_come_sorted_by_their_relative_path(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.TXT", "a.md", "news.jsonl", "a/b/c.html"):
        written(tmp_path, name, "x")
    assert found(tmp_path) == (["a.md", "a/b/c.html", "a/z.TXT", "b.txt", "news.jsonl"], {})


def test_hidden_things_are_ignored_without_a_word(tmp_path: Path) -> None:
    for name in (".git/a.txt", ".DS_Store", "x/.a.txt", "~$a.docx"):
        written(tmp_path, name, "x")
    assert found(tmp_path) == ([], {})


def test_pages_about_the_folder_are_not_articles(tmp_path: Path) -> None:
    about = ("README", "README.md", "README.de.md", "SOURCES.md", "LICENSE", "LICENSE-MIT.txt", "x/SOURCES.txt")
    for name in (*about, "Sources say.txt", "readme.txt"):
        written(tmp_path, name, "x")
    assert found(tmp_path) == (
        ["Sources say.txt", "readme.txt"],
        dict.fromkeys(about, "describes the folder, not an article"),
    )


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    written(tmp_path, "x/a.txt", "x")
    (tmp_path / "x" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "up").symlink_to(tmp_path.parent, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    reason = "a link to a folder that is read anyway, or to one around it"
    assert found(tmp_path) == (
        ["x/a.txt"],
        {"self": "a link that leads nowhere", "up": reason, "x/loop": reason},
    )


def test_a_link_to_a_folder_elsewhere_is_followed_once(tmp_path: Path) -> None:
    written(tmp_path, "elsewhere/a.txt", "x")
    (tmp_path / "elsewhere" / "again").symlink_to(tmp_path / "elsewhere")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "link").symlink_to(tmp_path / "elsewhere")
    (corpus / "file.txt").symlink_to(tmp_path / "elsewhere" / "a.txt")
    files, skipped = found(corpus)
    assert files == ["file.txt", "link/a.txt"]
    assert list(skipped) == ["link/again"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode, and there are no FIFOs")
def test_odd_entries_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    assert found(tmp_path) == (
        [],
        {"caf\ufffd.txt": "its name is not valid UTF-8: rename it", "pipe.txt": "not a regular file"},
    )
    assert read_file(tmp_path / "pipe.txt", "pipe.txt")[1] == [Skipped("pipe.txt", "not a regular file")]


def test_a_missing_folder_names_the_command(tmp_path: Path) -> None:
    file = written(tmp_path, "a.txt", "x")
    remedy = "Name the folder with your articles: dateline index FOLDER"
    with pytest.raises(FolderMissing) as missing:
        find_files(tmp_path / "nowhere")
    assert str(missing.value) == f"There is no folder {tmp_path / 'nowhere'}. {remedy}"
    with pytest.raises(FolderMissing) as no_folder:
        find_files(file)
    assert str(no_folder.value) == f"{file} is not a folder. {remedy}"


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to(tmp_path / "self")
    with pytest.raises(CorpusError, match="cannot be listed"):
        find_files(tmp_path / "self")


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    assert hash_file(written(tmp_path, "a.txt", b"a\r\n")) == hashlib.sha256(b"a\r\n").hexdigest()
    with pytest.raises(FileNotFoundError):
        hash_file(tmp_path / "b.txt")
