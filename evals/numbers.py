"""Numbers in words: "two hundred and fifty", "25 million", "a dozen", "twenty-first"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_ORDINAL_ONES = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
CARDINALS = {word: n for n, word in enumerate(_ONES)} | _TENS
ORDINALS = {word: n for n, word in enumerate(_ORDINAL_ONES, 1)} | {
    f"{word[:-1]}ieth": value for word, value in _TENS.items()
}
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_NOT_COUNTED = frozenset("no any some every each the this that which another".split())  # … one
PAUSE = re.compile(r"[^\s$€£¥%'\-/]")
"""Punctuation that ends a phrase."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a number in digits, as it stands in a text."""

    low: str
    """In lower case."""
    gap: str
    """What stands between it and the piece before."""
    value: float | None
    """Of a number in digits."""
    may_go_on: bool
    """A number of which more words may follow: the 25 of "25 million"."""


@dataclass(frozen=True, slots=True)
class Number:
    """Of the pieces up to, not including, `end`."""

    value: float
    ordinal: bool
    end: int


def read_number(pieces: Sequence[Piece], at: int) -> Number | None:
    """The number that begins at piece `at` and has words in it or may have them; None if there is none."""
    if pieces[at].low == "one" and not _counts(pieces, at):
        return None
    total, current, end, largest = 0.0, 0.0, at, float("inf")
    digits = pieces[at].may_go_on
    if digits or _opens_with_a(pieces, at):
        current, end = (pieces[at].value or 0.0) if digits else 1.0, at + 1
    while end < len(pieces) and (end == at or not PAUSE.search(pieces[end].gap)):
        word = pieces[end].low
        small = None if digits else CARDINALS.get(word)
        last = None if digits else ORDINALS.get(word)
        if small is not None and _fits(total + current, small, first=end == at):
            current += small
        elif last is not None and _fits(total + current, last, first=end == at) and _is_ordinal(pieces, at, end):
            return Number(total + current + last, True, end + 1)
        elif word == "dozen" and (0 < current < 100 or end == at):
            return Number((current or 1) * 12, False, end + 1)
        elif word == "hundred" and 0 < current < 100:
            current *= 100
        elif word in _SCALES and current and _SCALES[word] < largest:
            largest = _SCALES[word]
            total, current, digits = total + current * largest, 0.0, False
        elif not (word == "and" and end > at and _links(pieces, end)):
            break
        end += 1
    return Number(total + current, False, end) if end > at else None


def _opens_with_a(pieces: Sequence[Piece], at: int) -> bool:
    """ "a hundred", "a million"."""
    return pieces[at].low == "a" and at + 1 < len(pieces) and pieces[at + 1].low in (*_SCALES, "hundred", "dozen")


def _fits(before: float, value: int, *, first: bool) -> bool:
    """Whether `value` can follow in one number: "twenty" "five", but not "five" "six"."""
    if first:
        return True
    if value == 0 or before == 0:
        return False
    return before % 100 == 0 or (value < 10 and before % 10 == 0 and before % 100 >= 20)


def _is_ordinal(pieces: Sequence[Piece], at: int, end: int) -> bool:
    """ "twenty-second" is an ordinal; "twenty second" is as long as a pause."""
    if pieces[end].low != "second":
        return True
    return pieces[end].gap == "-" if end > at else not (at and pieces[at - 1].value is not None)


def _links(pieces: Sequence[Piece], at: int) -> bool:
    """Whether the "and" at `at` stands inside a number: after hundred or more, before less than a hundred."""
    following = pieces[at + 1].low if at + 1 < len(pieces) else ""
    return pieces[at - 1].low in (*_SCALES, "hundred") and (following in CARDINALS or following in ORDINALS)


def _counts(pieces: Sequence[Piece], at: int) -> bool:
    """Whether "one" is the number and not the pronoun."""
    before = pieces[at - 1].low if at else ""
    after = pieces[at + 1].low if at + 1 < len(pieces) else ""
    return before not in _NOT_COUNTED and after not in ("of", "another")
