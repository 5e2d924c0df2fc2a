"""What the fuzz tests are fed with: texts that look like news and are none, and how many of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

_SHARE = 100  # of the examples that the profile "fuzz" runs, one is run without it


def examples(many: int) -> settings:
    """So many examples with `--hypothesis-profile fuzz`, else a few."""
    fuzz = settings.get_current_profile_name() == "fuzz"
    return (
        settings(max_examples=many)
        if fuzz
        else settings(settings.get_profile("few"), max_examples=max(5, many // _SHARE))
    )


PIECES = [
    *"aAbZ19éЖжا؟。！।;،:,.!?…-–—'\"“”‘’«»()[]{}「」#*|•_=~/%$€£@&<>\\ \t\n\r\x0b\x0c\x1c\x85\xa0",
    *"\u2028\u2029\u200b\u200f\u202e\u0301\ufeff\u3000\ufffd\U0001f600\0ıİßŉﬁǅ²½Ⅳ๓٣",
    *("\r\n", "\n\n", "\r\n\r\n", ". ", ".\n", "... ", "Mr. ", "U.S. ", "p.m. ", "No. 5", "\n- ", "\n1. ", "\n# "),
    *("\n---\n", ".” ", "?” he ", "(A b.) ", " date 2024-12-05 ", " (Omar Albam/AP)\n\n", " Credit: AP\n\n"),
    *(
        "word ",
        "Word ",
        "x" * 700,
        *(blank * 95 for blank in " \t\xa0"),
        "The minister said ",
        "on Thursday ",
        "last week ",
        "three weeks ago ",
        "in May ",
        "Hama ",
    ),
    *("5 December 2024", "29 February ", "Dec. 31, 2024", "2024-12-05", "31 June 1999 ", "1st of May, ", "tomorrow "),
    *("fifteen hundred", "two hundred and ", "1,500", "12.500", "1,2 million", "3.5bn", "$5", " km ", "%", "3rd "),
    *("not ", "rather than ", "wrongly said ", "Image source, ", "Image caption, ", "Copyright ", "End of Document\n"),
    *("six ", "sixty years ago ", "this week ", "past two weekends ", "Saturday ", "12 days of ", "since August "),
    *("yesterday ", "by 2999 ", "early 1000 ", "last Monday ", "in December ", "the coming Sunday ", "a million ", "-"),
    *(
        "[1]",
        "[99]",
        "[2, 3]",
        "[",
        "]",
        " | ",
        "<p>",
        "</p>",
        "&eacute;",
        "&#0;",
        "https://a.example/ ",
        "“Hama fell,” he said. ",
    ),
]
"""Of which texts are put together: the letters, marks and words on which rules for news turn."""

SURROGATES = st.sampled_from(["\ud800", "\udfff", "\udcff"])


def texts(*, most: int = 60, surrogates: bool = False, longest: int = 1000) -> st.SearchStrategy[str]:
    """Any text: of the pieces that rules turn on, none longer than `longest`, of any characters, or of both."""
    piece: st.SearchStrategy[str] = st.sampled_from([each for each in PIECES if len(each) <= longest])
    kinds = [piece, piece, piece, piece.map(_disguised), st.text(max_size=8), *([SURROGATES] if surrogates else [])]
    return st.lists(st.one_of(kinds), max_size=most).map("".join)


_DISGUISES = str.maketrans({"s": "ſ", "k": "\u212a", "i": "ı", "I": "İ", "1": "١", "5": "５", "a": "а", " ": "\xa0"})


def _disguised(piece: str) -> str:
    """With letters that are others without their case, and digits of other scripts."""
    return piece.translate(_DISGUISES)


RUNS = [
    *"a1.-“\"'([{<|#*&\n \0éا。", "A ", "Mr. ", "U.S. ", "1,", "12.", "1 ", "a.", "A/", "(A ", "“A. ", "?” ", "\r\n",
    *("on Thursday ", "said ", "5 May ", "one hundred and ", "twenty-", "not ", "Photo: ", "(AP) ", "[1]"),
    *("\n\n\n", "a\n", "\n- "),
    *("<p>", "Aa Bb/Cc ", "every ", "and ", "Monday or ", "2024-", "$ ", "\ud800", "e\u0301", "\u0301", "last "),
]  # fmt: skip
"""Short texts which, written over and over, are slow for whoever looks back or ahead."""


NEWS = [
    "The minister said on Thursday that 1,500 people had left Hama.",
    "It lies 40 kilometres north of Homs, the officials told reporters.",
    "“Hama fell,” Rami Abdurrahman said.",
    "The dam broke on 5 December 2024.[2]",
    "On 3 May the mill burned, not the church; two hundred and fifty fled.",
]
"""Sentences in which there is something to find."""


def growth(work: Callable[[str], Any], unit: str, length: int) -> float:
    """By what the time of `work` grows when its text, `unit` over and over, is twice as long; 0 where that is too short
    a time to tell."""
    texts = unit * (length // len(unit)), unit * (2 * length // len(unit))
    once, twice = (min(_seconds(work, text) for _ in range(3)) for text in texts)
    return twice / once if twice > 0.05 else 0.0


def _seconds(work: Callable[[str], Any], text: str) -> float:
    """Of the processor, without what collecting garbage takes, which depends on what else is in memory."""
    gc.disable()
    try:
        begin = time.process_time()
        work(text)
        return time.process_time() - begin
    finally:
        gc.enable()
