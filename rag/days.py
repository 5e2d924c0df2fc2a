"""Days named in a text, and the calendar date each one means.

News says "on Thursday"; the reader asks for the date. Both the prompt and the check of an answer need
the same reading of such words, so it is done here once, from the date of the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
CALENDAR_WORDS = frozenset(_WEEKDAYS + _MONTHS)
"""Capitalised like names, but said by an article's date as well as by its words."""

_MONTH = (
    r"(?P<month>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"
_EXPLICIT = [
    re.compile(rf"\b{_YEAR}-(?P<monthnumber>[01]\d)-(?P<day>[0-3]\d)\b"),
    re.compile(rf"\b{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?(?!\w)"),
    re.compile(rf"\b{_MONTH} {_DAY}(?:,? {_YEAR})?(?!\w)"),
]
_RELATIVE = re.compile(
    r"\b(?:(?P<which>last|next|this|coming|previous)\s+)?(?P<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"(?: (?:morning|afternoon|evening|night))?"
    r"|\b(?P<word>today|tonight|yesterday|tomorrow|this (?:morning|afternoon|evening))\b",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    r"\b(?:will|due on|due to (?:be|meet|hold|begin|start|vote|visit|arrive|speak)|expected to|scheduled|planned for"
    r"|upcoming|set to)\b[^.!?]{0,80}$",
    re.IGNORECASE,
)
_SHIFT = {"yesterday": -1, "tomorrow": 1}


@dataclass(frozen=True, slots=True)
class Day:
    """A day named in a text at characters [start, end)."""

    start: int
    end: int
    month: int
    day: int
    year: int | None
    """None where the text gives no year and there is no article date to take it from."""
    relative: bool
    """True for "Thursday", "yesterday": words that mean a date only on a certain day."""

    def same(self, other: Day) -> bool:
        """Whether both can mean one date; a missing year agrees with any."""
        return (self.month, self.day) == (other.month, other.day) and (
            self.year is None or other.year is None or self.year == other.year
        )

    def as_date(self) -> date | None:
        try:
            return date(self.year, self.month, self.day) if self.year else None
        except ValueError:
            return None


def find_days(text: str, anchor: date | None) -> list[Day]:
    """Every day named in `text`, in order, read as written on the day `anchor`.

    A weekday means the last one up to the anchor, unless the words before it look ahead ("will meet on",
    "due on", "next"). A date without a year takes the year that brings it nearest to the anchor. Without an
    anchor relative words are left out.
    """
    found = [day for pattern in _EXPLICIT for match in pattern.finditer(text) if (day := _explicit(match, anchor))]
    if anchor:
        found += [
            _relative(match, anchor, ahead=bool(_AHEAD.search(text[: match.start()])))
            for match in _RELATIVE.finditer(text)
        ]
    found.sort(key=lambda day: (day.start, -day.end))
    kept: list[Day] = []
    for day in found:
        if not kept or day.start >= kept[-1].end:
            kept.append(day)
    return kept


def spell(day: date) -> str:
    """A date as a person writes it: 5 December 2024."""
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"


def spell_with_weekday(day: date) -> str:
    """A date with its weekday: Thursday 5 December 2024."""
    return f"{_WEEKDAYS[day.weekday()].capitalize()} {spell(day)}"


def annotate(text: str, anchor: date | None) -> str:
    """`text` with the date written behind each relative day: "on Thursday (5 December 2024)"."""
    pieces, at = [], 0
    for day in find_days(text, anchor):
        resolved = day.as_date()
        if day.relative and resolved:
            pieces += [text[at : day.end], f" ({spell(resolved)})"]
            at = day.end
    return "".join(pieces) + text[at:]


def _explicit(match: re.Match[str], anchor: date | None) -> Day | None:
    groups = match.groupdict()
    name = groups.get("month")
    month = int(groups["monthnumber"]) if name is None else _month_number(name)
    day, year = int(groups["day"]), int(groups["year"]) if groups["year"] else None
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if year is None and anchor:
        year = _nearest_year(month, day, anchor)
    return Day(match.start(), match.end(), month, day, year, relative=False)


def _month_number(name: str) -> int:
    prefix = name.lower().rstrip(".")[:3]
    return next(number for number, full in enumerate(_MONTHS, 1) if full.startswith(prefix))


def _nearest_year(month: int, day: int, anchor: date) -> int:
    def distance(year: int) -> int:
        # 29 February does not exist in every year; its neighbour is near enough to compare
        return abs((date(year, month, min(day, 28)) - anchor).days)

    return min((anchor.year - 1, anchor.year, anchor.year + 1), key=distance)


def _relative(match: re.Match[str], anchor: date, ahead: bool) -> Day:
    if match["weekday"]:
        wanted = next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(match["weekday"].lower()))
        which = (match["which"] or "").lower()
        back = (anchor.weekday() - wanted) % 7
        if which in ("next", "coming") or (ahead and which not in ("last", "previous")):
            # "next Thursday" on a Thursday is a week away; "will meet on Thursday" may be today
            shift = (wanted - anchor.weekday()) % 7 or (7 if which else 0)
        else:
            shift = -(back or (7 if which in ("last", "previous") else 0))
    else:
        shift = _SHIFT.get(match["word"].lower(), 0)
    meant = anchor + timedelta(days=shift)
    return Day(match.start(), match.end(), meant.month, meant.day, meant.year, relative=True)
