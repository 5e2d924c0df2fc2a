"""index/decode.py: bytes of any encoding -> characters."""

from __future__ import annotations

import codecs

import pytest
from index_helpers import cases

from index.decode import Unreadable, decode


@pytest.mark.parametrize(("encoding", "text"), [line.split("\t") for line in cases("encodings.tsv")])
@pytest.mark.parametrize("times", [1, 20])
def test_news_in_an_old_encoding_comes_out_as_it_was_written(encoding: str, text: str, times: int) -> None:
    assert decode((text + "\r\n" * (times > 1)).encode(encoding) * times) == (text + "\r\n" * (times > 1)) * times


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_every_utf_is_read_and_its_mark_dropped(encoding: str) -> None:
    assert decode("The regime’s fall – café\r\n".encode(encoding)) == "The regime’s fall – café\r\n"


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (codecs.BOM_UTF16_BE + "Хама".encode("utf-16-be"), None, "Хама"),
        (
            "A fall –".encode() + b" \xff\xfe " + "– the café".encode(),
            None,
            "A fall – \ufffd\ufffd – the café",
        ),  # a few bad bytes
        ("ハマ".encode("iso2022_jp"), "iso-2022-jp", "ハマ"),
        ("été".encode(), "ascii", "été"),  # it is believed where it fits
        (b"plain", "no-such-encoding", "plain"),
    ],
)
def test_a_mark_or_what_is_declared_is_believed_where_it_fits(data: bytes, declared: str | None, text: str) -> None:
    assert decode(data, declared) == text


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x1f\x8b\x08\x08\x01\x02\x03abc", b"\0" * 99]
)
def test_binary_is_not_text(data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^binary, not text$"):
        decode(data)
