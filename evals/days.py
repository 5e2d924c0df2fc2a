"""Days as texts name them: 5 December 2024, Dec. 5, 2024-12-05, the fifth of December."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from evals.numbers import CARDINALS, ORDINALS

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

    def same(self, other: Day) -> bool:
        """Whether both can mean one date."""
        alike = (self.month, self.day) == (other.month, other.day)
        return alike and (self.year == other.year or None in (self.year, other.year))

    def near(self, published: date) -> Day:
        """With the year that is meant in an article of that day, if none is named."""
        apart = self.month - published.month
        return Day(self.month, self.day, self.year or published.year - (apart > 6) + (apart < -6))

    def weekday(self) -> str | None:
        """Its name; None without a year, and for a day that no calendar has."""
        try:
            return WEEKDAYS[date(self.year or 0, self.month, self.day).weekday()]
        except ValueError:
            return None


def meant(text: str, published: date) -> set[Day]:
    """The days that "on Thursday", "yesterday" or "that day" may mean in an article of that day: of a weekday, the last
    and the next."""
    days: set[date] = set()
    for word in (match.group().lower() for match in _RELATIVE.finditer(text)):
        shift = _SHIFTS.get(word, 0)
        if word in WEEKDAYS:
            shift = (WEEKDAYS.index(word) - published.weekday()) % -7
            days.add(published + timedelta(days=shift + 7))
        days.add(published + timedelta(days=shift))
    return {Day(day.month, day.day, day.year) for day in days}


def replace_days(text: str, with_what: Callable[[Day], str]) -> str:
    """`text` with every day in it replaced."""

    def replaced(match: re.Match[str]) -> str:
        found = {name.rstrip("_"): value for name, value in match.groupdict().items() if value}
        month = int(found["number"]) if "number" in found else _SHORT.index(found["month"][:3]) + 1
        day, year = int(found["day"]), int(found["year"]) if "year" in found else None
        return with_what(Day(month, day, year)) if 1 <= month <= 12 and 1 <= day <= 31 else match.group()

    return _NAMED.sub(replaced, _in_digits(text))


_SHIFTS = {"yesterday": -1, "tomorrow": 1}
_RELATIVE = re.compile(
    rf"\b(?:{'|'.join([*WEEKDAYS, *_SHIFTS])}|today|tonight|(?:that|same|in the) day"
    r"|this (?:morning|afternoon|evening))\b",
    re.IGNORECASE,
)
_SHORT = [name[:3] for name in MONTHS]
_ANY = "|".join(MONTHS)
_MONTH = rf"(?:{_ANY}|(?:{'|'.join(_SHORT)}|Sept)\.?)"
_OF_MONTH, _YEAR = r"[0-3]?\d", r"[12]\d{3}"
_NAMED = re.compile(
    rf"\b(?:(?P<year>{_YEAR})-(?P<number>[01]\d)-(?P<day>[0-3]\d)\b"
    rf"|(?P<day_>{_OF_MONTH})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})(?:,? (?P<year_>{_YEAR}))?(?!\w)"
    rf"|(?P<month_>{_MONTH}) (?P<day__>{_OF_MONTH})(?:st|nd|rd|th)?(?:,? (?P<year__>{_YEAR}))?(?!\w))(?![.,]\d)"
)  # "in December 5,000 people" names no day
_SPELLED = {word: n for word, n in ORDINALS.items() if n <= 30} | {
    f"{tens}{join}{word}": CARDINALS[tens] + n
    for tens in ("twenty", "thirty") for word, n in ORDINALS.items() for join in "- "
    if n < 10 and CARDINALS[tens] + n <= 31
}  # fmt: skip
_ANY_SPELLED = "|".join(sorted(_SPELLED, key=len, reverse=True))
_SPELLED_DAYS = re.compile(
    rf"\b(?P<day>{_ANY_SPELLED})(?: day)?(?: of)? (?P<month>{_ANY})\b"
    rf"|\b(?P<month_>{_ANY}) (?:the )?(?P<day_>{_ANY_SPELLED})\b",
    re.IGNORECASE,
)
# "may" alone is mostly the verb: a capital is given only beside a number
_LOWER_MONTHS = re.compile(rf"\b(?!may\b)(?:{_ANY})\b|(?<=\d )may\b|\bmay(?= \d)", re.IGNORECASE)


def _in_digits(text: str) -> str:
    """Months with a capital, and days and years beside them in one order of marks."""
    text = _LOWER_MONTHS.sub(lambda match: match.group().capitalize(), text)
    text = _SPELLED_DAYS.sub(
        lambda match: f"{_SPELLED[(match['day'] or match['day_']).lower()]} {match['month'] or match['month_']}", text
    )
    text = re.sub(rf"\b({_ANY})(?:,| of|, of) (?=[12]\d{{3}}\b)", r"\1 ", text)
    text = re.sub(rf"\b({_ANY}) the (?=\d{{1,2}}(?:st|nd|rd|th)\b)", r"\1 ", text)
    return re.sub(r"(?<=\d),(?=[12]\d{3}\b)", ", ", text)
