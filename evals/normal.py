"""A text as the tokens in which answers are compared: words, numbers and days, however they were written.

A reading of its own: what scores an answer must not share the slips of what checked it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from evals.days import MONTHS, WEEKDAYS, Day, replace_days
from evals.numbers import PAUSE, Piece, read_number


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a day. `form` is folded: lower case, no diacritics, numbers as digits."""

    form: str
    stem: str = ""
    """The word without its plural ending; `form` itself for anything but a word."""
    number: float | None = None
    ordinal: bool = False
    unit: bool = False
    """A known unit: "25 km" is no other way to write "25 miles"."""
    day: Day | None = None
    capital: bool = False
    pause: bool = False
    """Punctuation or the end of the text follows."""

    @property
    def is_word(self) -> bool:
        return self.number is None and self.day is None

    def means(self, other: Token) -> bool:
        """Whether both can mean the same. A plural is its singular, but "Williams" is not "William"."""
        if self.day or other.day:
            return bool(self.day and other.day and self.day.same(other.day))
        if self.number is not None or other.number is not None:
            return self.number == other.number and self.ordinal == other.ordinal
        return self.form == other.form or (self.stem == other.stem and not (self.capital and other.capital))


@lru_cache(maxsize=8192)
def tokens(text: str, *, coarse: bool = False) -> tuple[Token, ...]:
    """`text` without articles, "and", "al-" and citation marks; a day is one token, whatever its form.

    `coarse` reads a day as its month and year, so that "March 2011" is found in "15 March 2011".
    """
    days: list[Day] = []

    def apart(day: Day) -> str:
        days.append(day)
        return f"{MONTHS[day.month - 1]} {day.year or ''}" if coarse else _DAY

    text = replace_days(_plain(text), apart)
    raw = _raw(united(text), days)
    read = list(_with_units(list(_with_numbers(raw))))
    return tuple(_kept(read)) or tuple(read)  # a text of such words only, the band The The, keeps them


# ------------------------------------------------------------------------------------- spelling

_MARKS = re.compile(r"\[(?:\d+(?:\s*[,;–-]\s*\d+)*|citation needed)\]")
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "ʿ": "", "ʾ": "", "ʻ": "", "ø": "o", "Ø": "O", "ł": "l",
     "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "Ae", "œ": "oe", "ð": "d", "þ": "th", "‐": "-", "‑": "-"}
)  # fmt: skip
_NAMES = [  # full names and abbreviations of one thing; case matters, "us" is a pronoun
    (re.compile(r"\b(?:U\.K\.?|UK|United Kingdom|Great Britain|Britain)(?!\w)"), "Unitedkingdom"),
    (re.compile(r"\bUS(?=\$)"), ""),
    (
        re.compile(
            r"\b(?:U\.S\.(?:A\.)?|U\.S\b|USA?|United States(?: of America)?)(?!\w)"
            r"|(?<!South )(?<!North )(?<!Latin )(?<!Central )\bAmerica\b"
        ),
        "Unitedstates",
    ),
    (re.compile(r"\b(?:U\.N\.?|UN|United Nations)(?!\w)"), "Unitednations"),
    (re.compile(r"\b(?:E\.U\.?|EU|European Union)(?!\w)"), "Europeanunion"),
    (re.compile(r"\bTurkiye\b"), "Turkey"),
]
_SPELLINGS = {
    "centre": "center", "defence": "defense", "offence": "offense", "theatre": "theater", "programme": "program",
    "labour": "labor", "harbour": "harbor", "colour": "color", "grey": "gray", "aeroplane": "airplane",
}  # fmt: skip


def without_marks(text: str) -> str:
    """`text` without its citation marks such as [1] or [2, 3]."""
    return _MARKS.sub("", text)


def plain(text: str) -> str:
    """`text` without citation marks and diacritics, with straight quotes and single spaces; case is kept."""
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}\b)", "", without_marks(text))  # 1 500, as some print it
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_PLAIN)


def united(text: str) -> str:
    """Names, contractions and possessives in one form each."""
    for pattern, name in _NAMES:
        text = pattern.sub(name, text)
    text = re.sub(r"\b([Cc]an)(?:'t|not)\b", r"\1 not", text)
    text = re.sub(r"n't\b", " not", text)
    text = re.sub(r"'s\b", "", text)
    text = re.sub(r"(?<=\w)'(?=\w)", "", text)  # Sana'a, O'Brien
    return re.sub(r"\b([A-Z])-(?=\d)", r"\1", text)  # T-72: its 72 is no number


def _singular(word: str) -> str:
    """Harman's S-stemmer ("How effective is suffixing?", 1991): plurals only, nothing else is conflated."""
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def _word(form: str, *, capital: bool = False, pause: bool = False, unit: bool = False) -> Token:
    form = _SPELLINGS.get(form, form)
    form = re.sub(r"is(ations?|ing|ed|e)$", r"iz\1", form) if len(form) > 6 else form
    return Token(form, form if unit else _singular(form), unit=unit, capital=capital, pause=pause)


# -------------------------------------------------------------------------------------- numbers

_DAY = "\ue000"
_SHORT_MONTHS = {name[:3].lower(): name.lower() for name in MONTHS if name not in ("March", "May")} | {
    "sept": "september"
}
_TAILS = {"m": 1e6, "mn": 1e6, "bn": 1e9, "k": 1e3}
_RAW = re.compile(
    rf"(?P<day>{_DAY})|(?P<clock>\d{{1,2}}:\d\d)(?!\w)"
    r"|(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<tail>st|nd|rd|th|bn|mn|m|k|km2?|kms|mi|ft|kg|mph|kph|cm|mm)?(?!\w)"
    rf"|(?P<sign>[$€£¥%])|(?P<word>[^\W{_DAY}]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Raw(Piece):
    token: Token


def _raw(text: str, days: list[Day]) -> list[_Raw]:
    found: list[_Raw] = []
    matches = list(_RAW.finditer(text))
    remaining = iter(days)
    for here, following in zip_longest(matches, matches[1:]):
        after = text[here.end() : following.start()] if following else "."
        gap = text[matches[len(found) - 1].end() : here.start()] if found else ""
        pause, low = bool(PAUSE.search(after)), here.group().casefold()
        capital = here.group()[0].isupper()
        if here["day"]:
            token = Token("", day=next(remaining), pause=pause)
        elif here["digits"]:
            token = _digits(here["digits"], (here["tail"] or "").casefold(), pause)
        else:
            token = _word(_SHORT_MONTHS.get(low, low) if capital else low, capital=capital, pause=pause)
        found.append(_Raw(low, gap, token.number, may_go_on=bool(here["digits"] and not here["tail"]), token=token))
    return _tails_apart(found, matches)


def _tails_apart(raw: list[_Raw], matches: list[re.Match[str]]) -> list[_Raw]:
    """ "25km" is two tokens."""
    apart: list[_Raw] = []
    for item, match in zip(raw, matches, strict=True):
        apart.append(item)
        tail = (match["tail"] or "").casefold()
        if tail and tail not in _TAILS and not item.token.ordinal:
            apart.append(_Raw(tail, "", None, may_go_on=False, token=_word(tail, pause=item.token.pause)))
    return apart


def _digits(digits: str, tail: str, pause: bool) -> Token:
    value = float(digits.replace(",", "")) * _TAILS.get(tail, 1.0)
    return _number(value, ordinal=tail in ("st", "nd", "rd", "th"), pause=pause)


def _number(value: float, *, ordinal: bool, pause: bool) -> Token:
    value = round(value, 6)
    form = f"{value:.12g}" + ("th" if ordinal else "")
    return Token(form, form, number=value, ordinal=ordinal, pause=pause)


def _with_numbers(raw: list[_Raw]) -> Iterator[_Raw]:
    """`raw` with numbers in words, and the million after a number, read as numbers."""
    at = 0
    while at < len(raw):
        found = read_number(raw, at)
        if found is None:
            yield raw[at]
            at += 1
        else:
            token = _number(found.value, ordinal=found.ordinal, pause=raw[found.end - 1].token.pause)
            yield _Raw(token.form, raw[at].gap, found.value, may_go_on=False, token=token)
            at = found.end


# ---------------------------------------------------------------------------------------- units

_UNITS = {
    word: unit
    for unit, words in {
        "km": "km kms kilometre kilometres kilometer kilometers", "mile": "mile miles",
        "metre": "metre metres meter meters", "foot": "foot feet ft", "inch": "inch inches",
        "cm": "cm centimetre centimetres centimeter centimeters", "mm": "mm millimetre millimetres",
        "yard": "yard yards", "kg": "kg kilogram kilograms kilo kilos", "tonne": "tonne tonnes ton tons",
        "pound": "lb lbs", "acre": "acre acres", "hectare": "hectare hectares", "litre": "litre litres liter liters",
        "%": "% percent pct", "$": "$ dollar dollars usd", "€": "€ euro euros eur", "£": "£ gbp", "¥": "¥ yen",
        "year": "year years", "month": "month months", "week": "week weeks", "day": "day days", "hour": "hour hours",
        "minute": "minute minutes", "second": "seconds", "degree": "degree degrees",
    }.items()
    for word in words.split()
}  # fmt: skip
_AFTER_NUMBER = {
    "mi": "mile", "m": "metre", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute",
    "sec": "second", "secs": "second", "second": "second", "ha": "hectare", "yr": "year", "yrs": "year",
    "pound": "£", "pounds": "£",
}  # fmt: skip
_TWO_UNITS = {"mph": ("mile", "hour"), "kph": ("km", "hour"), "kmh": ("km", "hour"), "km2": ("square", "km")}
_CURRENCIES = frozenset("$€£¥")


def _with_units(raw: list[_Raw]) -> Iterator[Token]:
    """Units in one form each, a currency behind its number: "$25m" is "25 million dollars"."""
    numeric, waiting = False, None
    for at, item in enumerate(raw):
        low, token = item.low, item.token
        following = raw[at + 1].token if at + 1 < len(raw) else None
        unit = _UNITS.get(low) or (_AFTER_NUMBER.get(low) if numeric else None)
        if unit in _CURRENCIES and following and following.number is not None and not numeric:
            waiting = unit
            continue
        if low == "cent" and at and raw[at - 1].low == "per":
            unit = "%"
        if (
            numeric
            and low in ("unitedstates", "american")
            and at + 1 < len(raw)
            and raw[at + 1].low.startswith("dollar")
        ):
            continue
        if low in _TWO_UNITS:
            first, second = _TWO_UNITS[low]
            yield _word(first, unit=True)
            yield _word(second, unit=True, pause=token.pause)
        elif unit:
            yield _word(unit, unit=True, pause=token.pause)
        elif low == "sq":
            yield _word("square", unit=True)
        else:
            yield token
        if waiting and token.number is not None:
            yield _word(waiting, unit=True, pause=token.pause)
            waiting = None
        numeric = token.number is not None or low in ("sq", "square")


# --------------------------------------------------------------------------------- what is kept

DROPPED = frozenset("a an the and al el per".split())
_ROUGHLY = frozenset("about around approximately roughly some nearly almost circa c ca".split())


def _kept(read: list[Token]) -> Iterator[Token]:
    for before, token, following in zip([None, *read], read, [*read[1:], None], strict=False):
        counted = bool(following and following.number is not None)
        dated = bool((following and following.day) or (before and before.day))
        redundant = token.form in DROPPED or (token.form in _ROUGHLY and counted) or (token.form in WEEKDAYS and dated)
        if not (token.is_word and redundant):
            yield token
