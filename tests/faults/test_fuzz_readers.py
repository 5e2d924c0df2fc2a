"""Whatever bytes a file of any format holds, reading it ends soon, with articles that can be kept or with reasons."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from index_helpers import DATA, written, zipped
from test_folder_of_everything import BROKEN, GOOD

from faults.fuzzing import PIECES, examples
from index.dates import parse_date
from index.decode import MAX_ARTICLE_CHARS, storable
from index.read import read_file
from index.reading import split
from index.types import Article, Skipped

SECONDS = 5  # of the processor, for files of a few kilobytes
FORMATS = sorted({Path(name).suffix for name in GOOD} | {".tsv"})
PACKED = (".docx", ".odt", ".epub")
_BYTES = {name: content.encode() if isinstance(content, str) else content for name, content in GOOD.items()}
_MORE = [DATA / "one_article", DATA / "exports", DATA / "archives"]
FILES = sorted(
    [
        *((Path(name).suffix, content) for name, content in _BYTES.items()),
        *((path.suffix, path.read_bytes()) for home in _MORE for path in home.iterdir()),
        *(
            (Path(name).suffix, c.encode() if isinstance(c, str) else c)
            for name, c in BROKEN.items()
            if len(c) < 20_000
        ),
    ]
)
_TOKENS = [
    *(piece.encode("utf-8", "surrogatepass") for piece in PIECES),
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\x1b", b"\x80\x80", b"\xed\xa0\x80", b"\r", b"\n\n"),
    *(b"<", b">", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]>"),
    *(b"&b;", b"&#0;"),
    *(b"&#xD800;", b"&#x110000;", b"<table><tr><td colspan=9 rowspan=9>", b"</td>", b"</tr>", b"<svg>", b"<template>"),
    *(b"<script type='application/ld+json'>[[{\"datePublished\": 1}]]</script>", b"<meta charset=utf-7>"),
    *(b"<h1>", b"<time>"),
    *(b'"', b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b"null", b"1e999", b"NaN", b"-", b"true"),
    b'""',
    *(b"\\", b"{\\rtf1", b"\\'", b"\\u-1 ", b"\\u55357 ", b"\\bin9 ", b"\\par", b"{\\*", b"\\ansicpg99999", b"\\uc9 "),
    *(b"\nFrom ", b"\nFrom: ", b"\nContent-Type: ", b"text/html; charset=", b"multipart/mixed; boundary=b"),
    *(b"\n--b\n", b"\n--b--"),
    *(b"\nContent-Transfer-Encoding: base64\n\n", b"=?utf-8?B?////?=", b"=?utf-7?Q?+AAA-?=", b"\nDate: "),
    *(b"utf-16", b"idna", b"hex"),
    *(b"endobj", b"stream\n", b"/Length -1", b"/Kids [1 0 R]", b"/Count 99999", b"trailer", b"xref", b"%%EOF"),
    *(b"R", b"0 0 0"),
    *(b"w:gridSpan", b"w:val='9'", b"w:p>", b"xmlns:w=''", b"outline-level='x'", b"full-path", b"href='%00'"),
    b"idref='../..'",
    *(b"0", b"99999999999999999999", b"-1", b"2024-13-45", b"0000-00-00", b"1e5", b"\xd9\xa3"),
]  # fmt: skip

Change = tuple[str, float, float, bytes]
_CHANGES = st.tuples(
    st.sampled_from(["put", "put", "over", "cut", "cut", "twice", "flip", "end", "many", "swap"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.one_of(st.sampled_from(_TOKENS), st.sampled_from(_TOKENS), st.binary(max_size=6)),
)


def changed(data: bytes, change: Change) -> bytes:
    """The data after a change at a place, of about a length."""
    how, place, share, token = change
    at = int(place * len(data))
    upto = at + int(share**3 * (len(data) - at))
    match how:
        case "put":
            return data[:at] + token + data[at:]
        case "over":
            return data[:at] + token + data[at + len(token) :]
        case "cut":
            return data[:at] + data[upto:]
        case "twice":
            return data[:upto] + data[at:]
        case "flip":
            return data[:at] + bytes(byte ^ (1 << int(share * 7)) for byte in data[at : at + 1]) + data[at + 1 :]
        case "end":
            return data[:at]
        case "many":
            return data[:at] + token * int(share * 300) + data[at:]
        case _:
            return data[upto:] + data[at:upto] + data[:at]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A name and a content: a good file of a format, or of another one, with up to six changes; of what is packed
    mostly in one of its parts."""
    suffix, data = draw(st.sampled_from(FILES))
    changes = draw(st.lists(_CHANGES, min_size=1, max_size=6))
    if suffix in PACKED and zipfile.is_zipfile(io.BytesIO(data)) and draw(st.integers(0, 4)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        hit = draw(st.sampled_from(sorted(members, key=lambda name: (-len(members[name]), name))))
        for change in changes:
            members[hit] = changed(members[hit], change)
        data = zipped(**members)
    else:
        for change in changes:
            data = changed(data, change)
    return (suffix if draw(st.integers(0, 9)) else draw(st.sampled_from(FORMATS))), data


@pytest.fixture(autouse=True, scope="module")
def languages_are_loaded() -> None:
    """Whoever reads the first date in words waits for them, three seconds, once."""
    parse_date("9 Nonth 2023")


def assert_readable(suffix: str, data: bytes) -> tuple[list[Article], list[Skipped]]:
    """Reads a file, some twice: the same is found, all of it can be kept, and each of its articles can be split."""
    with TemporaryDirectory() as home:
        path = written(Path(home), f"a{suffix}", data)
        begin = time.process_time()
        found = articles, skipped = read_file(path, path.name)
        assert time.process_time() - begin < SECONDS
        assert len(data) % 3 or read_file(path, path.name) == found
    assert articles or skipped
    for one in articles:
        told = [one.id, one.title, one.text, *filter(None, (one.source, one.url, one.author))]
        assert [storable(each) for each in told] == told
        assert one.id.startswith(path.name) and one.title.strip() and one.text.strip()
        assert "\n" not in one.title and len(one.text) <= MAX_ARTICLE_CHARS
        assert one.url is None or one.url.lower().startswith(("http://", "https://"))
        assert all(0 <= span.start < span.end <= len(one.text) for span in (*one.caption_spans, *one.aside_spans))
        assert list(one.page_starts) == sorted(one.page_starts) and max(one.page_starts, default=0) <= len(one.text)
    assert len({one.id for one in articles}) == len(articles)
    for each in skipped:
        assert storable(each.path) == each.path and each.path.startswith(path.name)
        assert storable(each.reason) == each.reason and each.reason.strip() and "Dateline's" not in each.reason
    for one, parts in zip(articles, split(articles), strict=True):
        assert not isinstance(parts, str)
        sentences, passages = parts
        assert sentences and all(passage.text == one.text[passage.start : passage.end] for passage in passages)
    return articles, skipped


@examples(8_000)
@given(damaged())
@example((".html", b"<table><tr><td>" * 300 + b"It rains."))
def test_a_damaged_file_of_any_format_gives_articles_or_reasons(file: tuple[str, bytes]) -> None:
    assert_readable(*file)


@examples(4_000)
@given(st.sampled_from(FORMATS), st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(_TOKENS)).map(b"".join)))
@example(".csv", "\u3000".encode())
@example(".jsonl", b"\xfe\xff")
@example(".txt", b"(A/AP)")
def test_any_bytes_under_any_name_give_articles_or_reasons(suffix: str, data: bytes) -> None:
    assert_readable(suffix, data)
