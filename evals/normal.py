"""A text as the tokens in which answers are compared: words, numbers and days, however they were written.

A reading of its own: what scores an answer must not share the slips of what checked it."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import zip_longest
from typing import Self

from evals.stats import library

MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or in every year if `year` is None."""

    month: int
    day: int
    year: int | None

    def __str__(self) -> str:
        return f"{self.day} {MONTHS[self.month - 1]} {self.year or ''}".rstrip()

    def same(self, other: Self) -> bool:
        """Whether both can mean one date."""
        alike = (self.month, self.day) == (other.month, other.day)
        return alike and (self.year == other.year or None in (self.year, other.year))

    def near(self, published: date) -> "Day":
        """With the year that is meant in an article of that day, if none is named."""
        apart = self.month - published.month
        return Day(self.month, self.day, self.year or published.year - (apart > 6) + (apart < -6))

    def weekday(self) -> str | None:
        """Its name; None without a year, and for a day that no calendar has."""
        try:
            return WEEKDAYS[date(self.year or 0, self.month, self.day).weekday()]
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a day."""

    form: str
    """Folded: lower case, no diacritics, one spelling; a number as its digits, an ordinal with "th" behind them."""
    stem: str  # the word without its plural ending; `form` itself for anything but a word
    day: Day | None = None
    unit: bool = False  # a known unit: "25 km" is no other way to write "25 miles"
    capital: bool = False
    pause: bool = False  # punctuation or the end of the text follows

    @property
    def is_number(self) -> bool:
        return self.form.removesuffix("th").replace(".", "", 1).isdecimal()

    @property
    def is_word(self) -> bool:
        return not self.is_number and self.day is None

    def means(self, other: Self) -> bool:
        """Whether both can mean the same. A plural is its singular, but "Williams" is not "William"."""
        if self.day or other.day:
            return bool(self.day and other.day and self.day.same(other.day))
        return self.form == other.form or (self.stem == other.stem and not (self.capital and other.capital))


@lru_cache(maxsize=8192)
def tokens(text: str, *, coarse: bool = False) -> tuple[Token, ...]:
    """`text` without articles, "and", "al-" and citation marks; a day is one token, whatever its form. `coarse` reads a
    day as its month and year, so that "March 2011" is found in "15 March 2011"."""
    days: list[Day] = []

    def apart(day: Day) -> str:
        days.append(day)
        return f"{MONTHS[day.month - 1]} {day.year or ''}" if coarse else _DAY

    text = _with_units(united(replace_days(_plain(text), apart)))
    found, remaining = list(_TOKEN.finditer(text)), iter(days)
    read = []
    for here, following in zip_longest(found, found[1:]):
        pause = following is None or _PAUSE.search(text, here.end(), following.start()) is not None
        read.append(_token(here.group(), next(remaining) if here.group() == _DAY else None, pause))
    return tuple(_kept(read)) or tuple(read)  # a text of such words only, the band The The, keeps them


_MARKS = re.compile(r"\[(?:\d+(?:\s*[,;–-]\s*\d+)*|citation needed)\]")
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "ʿ": "", "ʾ": "", "ʻ": "", "ø": "o", "Ø": "O", "ł": "l",
     "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "Ae", "œ": "oe", "ð": "d", "þ": "th", "‐": "-", "‑": "-"}
)  # fmt: skip
_ONE_FORM = [  # of names (case matters, "us" is a pronoun), of contractions and of possessives
    (re.compile(pattern), form)
    for pattern, form in (
        (r"\bUS(?=\$)|\b(?:U\.S\.|US|American) (?=dollar)", ""),
        (r"\b(?:U\.K\.?|UK|United Kingdom|Great Britain|Britain)(?!\w)", "Unitedkingdom"),
        (
            r"\b(?:U\.S\.(?:A\.)?|U\.S\b|USA?|United States(?: of America)?)(?!\w)"
            r"|(?<!South )(?<!North )(?<!Latin )(?<!Central )\bAmerica\b",
            "Unitedstates",
        ),
        (r"\b(?:U\.N\.?|UN|United Nations)(?!\w)", "Unitednations"),
        (r"\b(?:E\.U\.?|EU|European Union)(?!\w)", "Europeanunion"),
        (r"\b([Cc]an)(?:'t|not)\b", r"\1 not"),
        (r"n't\b", " not"),
        (r"'s\b|(?<=\w)'(?=\w)", ""),  # Sana'a, O'Brien
        (r"\b([A-Z])-(?=\d)", r"\1"),  # T-72: its 72 is no number
    )
]
_SPELLINGS = {
    "centre": "center", "defence": "defense", "theatre": "theater", "programme": "program", "labour": "labor",
    "harbour": "harbor", "colour": "color", "grey": "gray", "turkiye": "turkey",
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
    for pattern, form in _ONE_FORM:
        text = pattern.sub(form, text)
    return text


def _singular(word: str) -> str:
    """Harman's S-stemmer ("How effective is suffixing?", 1991): plurals only, nothing else is conflated."""
    if len(word) < 4 or not word.isalpha() or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12}
_TAILS = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}
_SCALED = re.compile(
    rf"(?<!\d)(\d+(?:\.\d+)?)(?:[ -]?({'|'.join(_SCALES)}|bn|mn)|({'|'.join(_TAILS)}))\b(?!\w)", re.IGNORECASE
)
_NOT_COUNTED = "no any some every each the this that which another".split()  # … one
_NO_NUMBER = re.compile(
    rf"\b(?=(?:{'|'.join(_SCALES)}|second)s\b|one (?:of|another)\b)|(?<=\d )(?=second\b)|"
    + "|".join(rf"(?<=\b{word} )(?=one\b)" for word in _NOT_COUNTED),
    re.IGNORECASE,
)
_APART = "ĸ"  # makes another word of one that is not to be read as a number


def in_digits(text: str) -> str:
    """`text` with its numbers as digits alone: "two hundred and fifty", "1,500", "2.5 million", "a dozen", "fifth"."""
    alpha2digit = library("text_to_num").alpha2digit
    text = re.sub(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)", lambda match: match.group().replace(",", ""), text)
    text = re.sub(rf"\ban? (?=(?:{'|'.join(_SCALES)})\b)", "one ", _NO_NUMBER.sub(_APART, text), flags=re.IGNORECASE)
    text = _SCALED.sub(_multiplied, text)  # or the million of "25 million" would be a number of its own
    text = alpha2digit(text, "en", 0)
    text = re.sub(r"(?<=-)[A-Za-z]+|[A-Za-z]+(?=-)", lambda match: alpha2digit(match.group(), "en", 0), text)
    text = re.sub(r"\bdozen\b", "12", _SCALED.sub(_multiplied, text), flags=re.IGNORECASE)
    return text.replace(_APART, "")


def _multiplied(match: re.Match[str]) -> str:
    scale = (match[2] or match[3]).lower()
    return _shortest(float(match[1]) * (_SCALES | _TAILS)[scale])


def _shortest(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


_MONTH = "|".join([*(f"{name}|{name[:3]}\\.?" for name in MONTHS), r"Sept\.?"])
_ORDINAL, _YEAR = "(?:st|nd|rd|th)?", r"[12]\d{3}"
_DAYS = re.compile(
    rf"\b(?:(?P<year>{_YEAR})-(?P<number>[01]\d)-(?P<day>[0-3]\d)\b"
    rf"|(?P<day_>[0-3]?\d){_ORDINAL}(?: day)?(?: of)? (?P<month>{_MONTH})(?:,? ?(?P<year_>{_YEAR}))?(?!\w)"
    rf"|(?P<month_>{_MONTH}) (?:the )?(?P<day__>[0-3]?\d){_ORDINAL}(?:,? ?(?P<year__>{_YEAR}))?(?!\w))(?![.,]\d)",
    re.IGNORECASE,
)
_OF_YEAR = re.compile(rf"\b({_MONTH})(?:, of|,| of) (?={_YEAR}\b)", re.IGNORECASE)
_NUMBER_OF = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}


def replace_days(text: str, with_what: Callable[[Day], str]) -> str:
    """`text` with every day in it replaced, and its numbers in digits."""

    def replaced(match: re.Match[str]) -> str:
        found = {name.rstrip("_"): value for name, value in match.groupdict().items() if value}
        month = int(found["number"]) if "number" in found else _NUMBER_OF[found["month"][:3].lower()]
        day, year = int(found["day"]), int(found["year"]) if "year" in found else None
        return with_what(Day(month, day, year)) if 1 <= month <= 12 and 1 <= day <= 31 else match.group()

    return _DAYS.sub(replaced, _OF_YEAR.sub(r"\1 ", in_digits(text)))


_UNITS = {
    word: unit
    for unit, words in {
        "km": "kms kilometre kilometres kilometer kilometers", "mile": "miles", "metre": "metres meter meters",
        "foot": "feet ft", "inch": "inches", "cm": "centimetre centimetres centimeter centimeters",
        "mm": "millimetre millimetres", "yard": "yards", "kg": "kilogram kilograms kilo kilos",
        "tonne": "tonnes ton tons", "pound": "lb lbs", "acre": "acres", "hectare": "hectares",
        "litre": "litres liter liters", "%": "percent pct", "$": "dollar dollars usd", "€": "euro euros eur",
        "£": "gbp", "¥": "yen", "year": "years", "month": "months", "week": "weeks", "day": "days", "hour": "hours",
        "minute": "minutes", "second": "seconds", "degree": "degrees",
    }.items()
    for word in (unit, *words.split())
}  # fmt: skip
_AFTER_NUMBER = {
    "mi": "miles", "m": "metres", "h": "hours", "hr": "hours", "hrs": "hours", "min": "minutes", "mins": "minutes",
    "sec": "seconds", "secs": "seconds", "second": "seconds", "ha": "hectares", "yr": "years", "yrs": "years",
    "pound": "£", "pounds": "£", "mph": "mile hour", "kph": "km hour", "kmh": "km hour", "km2": "square km",
}  # fmt: skip
_ABBREVIATED = re.compile(rf"(?<=\d) ?({'|'.join(_AFTER_NUMBER)})\b", re.IGNORECASE)


def _with_units(text: str) -> str:
    """Units written out, and a currency behind its number: "$25" is "25 $"."""
    text = re.sub(r"([$€£¥]|\b(?:usd|eur|gbp)\b) ?(\d+(?:\.\d+)?)", r" \2 \1", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\d)(?=(?:km|kms|ft|kg|cm|mm)\b)", " ", re.sub(r"\bper cent\b", "%", text), flags=re.IGNORECASE)
    text = re.sub(r"\bsq\b\.?", "square", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=square )mi\b", "mile", text)
    return _ABBREVIATED.sub(lambda match: f" {_AFTER_NUMBER[match[1].lower()]}", text)


_DAY = "\ue000"
_TOKEN = re.compile(rf"{_DAY}|\d{{1,2}}:\d\d(?!\w)|\d+(?:\.\d+)?(?:st|nd|rd|th)?(?!\w)|[$€£¥%]|[^\W{_DAY}]+", re.I)
_PAUSE = re.compile(r"[^\s$€£¥%'\-/]")
_SHORT = {name[:3]: name.lower() for name in MONTHS if name not in ("March", "May")} | {"Sept": "september"}
DROPPED = frozenset("a an the and al el per".split())
_ROUGHLY = frozenset("about around approximately roughly some nearly almost circa c ca".split())


def _token(found: str, day: Day | None, pause: bool) -> Token:
    if day:
        return Token("", "", day, pause=pause)
    if number := re.fullmatch(r"(\d+(?:\.\d+)?)(st|nd|rd|th)?", found, re.IGNORECASE):
        form = _shortest(float(number[1])) + ("th" if number[2] else "")
        return Token(form, form, pause=pause)
    form = _SHORT.get(found, found).casefold()
    if unit := _UNITS.get(form):
        return Token(unit, unit, unit=True, pause=pause)
    form = _SPELLINGS.get(form, form)
    form = re.sub(r"is(ations?|ing|ed|e)$", r"iz\1", form) if len(form) > 6 else form
    return Token(form, _singular(form), capital=found[0].isupper(), pause=pause)


def _kept(read: list[Token]) -> Iterator[Token]:
    for before, token, following in zip([None, *read], read, [*read[1:], None], strict=False):
        dated = bool((following and following.day) or (before and before.day))
        counted = token.form in _ROUGHLY and following and following.is_number
        if not token.is_word or not (token.form in DROPPED or counted or (token.form in WEEKDAYS and dated)):
            yield token
