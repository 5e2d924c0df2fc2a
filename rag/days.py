"""Days named in a text, and the calendar date each one means.

News says "on Thursday"; the reader asks for the date. Both the prompt and the check of an answer need
the same reading of such words, so it is done here once, from the date of the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from rag.weekdays import is_changed, is_plain, tense_of

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
    r"(?-i: (?:morning|afternoon|evening|night)(?!\w))?"
    r"|\b(?P<word>today|tonight|yesterday|tomorrow|this (?:morning|afternoon|evening))\b",
    re.IGNORECASE,
)
_SHIFT = {"yesterday": -1, "tomorrow": 1}

_PART_OF = re.compile(
    r"(?:the )?(?:(?P<time>evening|morning|afternoon|night)|(?P<end>end)|(?P<start>beginning|start)) of ", re.IGNORECASE
)
_PART_BEHIND = re.compile(r"(?:morning|afternoon|evening|night|tonight)$", re.IGNORECASE)
_JOINT = re.compile(r",? (?:the )?")
_DAYS_OF_ONE_MONTH = re.compile(
    r"(?:the )?(?P<first>[0-3]?\d)(?:st|nd|rd|th)? ?(?:-|–|to) ?(?=[0-3]?\d(?:st|nd|rd|th)? )"
)
_DAY_OF_MONTH = re.compile(rf"(?:the )?{_DAY}")
_WHOLE_MONTH = re.compile(rf"(?:the month of )?{_MONTH}(?:,? (?:of )?{_YEAR})?(?![\w-]| \d)")
_WHOLE_YEAR = re.compile(rf"(?:the year )?{_YEAR}(?![\w-]|[.,]\d)")
_CALENDAR_SPAN = re.compile(r"(?P<which>this|last|(?:the )?previous) (?P<unit>week|month|year)\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:the )?(?:last|past|previous) (?:(?P<count>\d{1,3}|[a-z]+|couple of) )?(?P<unit>hour|day|week|month|year)s?\b",
    re.IGNORECASE,
)
_AGO = re.compile(r"(?P<count>\d{1,3}|[a-z]+) (?P<unit>day|week|month|year)s? ago\b", re.IGNORECASE)
_COUNTS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
} | {"a": 1, "an": 1, "couple of": 2}
_LENGTH = {"hour": 1, "day": 1, "week": 7, "month": 31, "year": 366}
_ANY_MONTH = re.compile(_MONTH, re.IGNORECASE)


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
    weekday: str | None = None
    """The word, of a weekday without a date: which one is meant, the last or the coming, does not show. Its month and
    day are 0."""

    def same(self, other: Day) -> bool:
        """Whether both can mean one date; a missing year agrees with any, a weekday without a date with that word."""
        if not (self.month and other.month):
            return self.weekday is not None and self.weekday == other.weekday
        return (self.month, self.day) == (other.month, other.day) and (
            self.year is None or other.year is None or self.year == other.year
        )

    def as_date(self) -> date | None:
        try:
            return date(self.year, self.month, self.day) if self.year else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a text names at characters [start, end), first to last: a day, a month, "last week"."""

    start: int
    end: int
    first: date
    last: date
    unit: str
    """day, part (of a day), month, year, span (weeks, some days), or edge: the beginning or end of a longer one."""
    doubtful: bool = False
    """The text gives no year, and the coming one may be meant as well as the past."""


def find_days(text: str, anchor: date | None) -> list[Day]:
    """Every day named in `text`, in order, read as written on the day `anchor`.

    A weekday means the last one up to the anchor where its clause is told in the past, the coming one where it looks
    ahead ("will meet on"); else it has no date. One with more words to it ("Monday week", "every Friday") is left out
    (`rag.weekdays`). A date without a year takes the year that brings it nearest to the anchor. Without an anchor
    relative words are left out.
    """
    found = _explicit_days(text, anchor)
    if anchor:
        found += [day for match in _RELATIVE.finditer(text) if (day := _relative(text, match, anchor))]
    return _apart(found)


def _explicit_days(text: str, anchor: date | None) -> list[Day]:
    return [day for pattern in _EXPLICIT for match in pattern.finditer(text) if (day := _explicit(match, anchor))]


def _apart(found: list[Day]) -> list[Day]:
    found.sort(key=lambda day: (day.start, -day.end))
    kept: list[Day] = []
    for day in found:
        if not kept or day.start >= kept[-1].end:
            kept.append(day)
    return kept


def read_period(text: str, at: int, today: date | None) -> Period | None:
    """The period named from character `at` on, as one speaks of the past on the day `today`; None if none is.

    Without a year the last such day or month is meant, or a day within the coming month. "The last three days"
    takes in a day more than it says. Without `today` only what needs none is read.
    """
    part = _PART_OF.match(text, at)
    if not part:
        return _whole_period(text, at, today)
    whole = _whole_period(text, part.end(), today)
    if not whole or (part["time"] and whole.unit != "day") or (not part["time"] and whole.unit == "day"):
        return None
    first = whole.last if part["end"] else whole.first
    last = whole.first if part["start"] else whole.last
    return Period(at, whole.end, first, last, "part" if part["time"] else "edge", whole.doubtful)


def read_range(text: str, at: int, joint: re.Pattern[str], today: date | None) -> Period | None:
    """From one period to another, with words between them that `joint` matches: "3 and 5 December".

    The first takes its month and year from the second where it names none.
    """
    match = joint.search(text, at, at + 40)
    end = read_period(text, match.end(), today) if match else None
    if not match or not end or end.unit == "edge":
        return None
    number = _DAY_OF_MONTH.fullmatch(text, at, match.start())
    if number:
        day = int(number["day"])
        first = end.first.replace(day=day) if end.unit == "day" and 1 <= day <= end.first.day else None
    else:
        begin = read_period(text, at, end.last)
        first = begin.first if begin and begin.end == match.start() and begin.unit != "edge" else None
    return Period(at, end.end, first, end.last, end.unit, end.doubtful) if first else None


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


def _relative(text: str, match: re.Match[str], anchor: date) -> Day | None:
    if not match["weekday"]:
        return None if is_changed(text, match) else _shifted(match, anchor, _SHIFT.get(match["word"].lower(), 0))
    if not is_plain(text, match, named=bool(match["which"])):
        return None
    back = (anchor.weekday() - _weekday(match)) % 7
    which = (match["which"] or "this").lower()
    tense = tense_of(text, match) if which == "this" else None
    # to some "last Tuesday" is this week's and to others the one before: only where both agree it has a date
    if which == "last" and _weekday(match) >= anchor.weekday():
        return _shifted(match, anchor, -(back or 7))
    if which == "coming" or (which == "next" and _weekday(match) <= anchor.weekday()):
        return _shifted(match, anchor, 7 - back)
    if tense == "past":
        return _shifted(match, anchor, -back)
    if tense == "ahead":
        return _shifted(match, anchor, -back % 7)
    return Day(match.start(), match.end(), 0, 0, None, relative=True, weekday=_WEEKDAYS[_weekday(match)])


def _relative_to_today(text: str, match: re.Match[str], today: date) -> Day | None:
    """As a question means it: what is asked about has been, unless it says "next"."""
    if is_changed(text, match):
        return None
    if not match["weekday"]:
        return _shifted(match, today, _SHIFT.get(match["word"].lower(), 0))
    back, which = (today.weekday() - _weekday(match)) % 7, (match["which"] or "").lower()
    if which in ("next", "coming"):
        return _shifted(match, today, 7 - back)
    return _shifted(match, today, -(back or (7 if which in ("last", "previous") else 0)))


def _weekday(match: re.Match[str]) -> int:
    return next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(match["weekday"].lower()))


def _shifted(match: re.Match[str], anchor: date, days: int) -> Day:
    meant = anchor + timedelta(days=days)
    weekday = _WEEKDAYS[_weekday(match)] if match["weekday"] else None
    return Day(match.start(), match.end(), meant.month, meant.day, meant.year, relative=True, weekday=weekday)


def _whole_period(text: str, at: int, today: date | None) -> Period | None:
    # a month may be written small, where a time is expected
    named = text[at : at + 60]
    named = _ANY_MONTH.sub(lambda match: match.group().capitalize(), named)
    for read in (_days_of_one_month, _day, _month, _year, _span):
        if period := read(named, today):
            return Period(at, at + period.end, period.first, period.last, period.unit, period.doubtful)
    return None


def _days_of_one_month(text: str, today: date | None) -> Period | None:
    match = _DAYS_OF_ONE_MONTH.match(text)
    last = _day(text[match.end() :], today) if match else None
    if not match or not last or not 1 <= int(match["first"]) < last.last.day:
        return None
    return Period(
        0, match.end() + last.end, last.last.replace(day=int(match["first"])), last.last, "span", last.doubtful
    )


def _day(text: str, today: date | None) -> Period | None:
    at = len("the ") if text[:4].lower() == "the " else 0
    relative = _RELATIVE.match(text, at)
    behind = _JOINT.match(text, relative.end()) if relative else None
    days = {day.start: day for day in reversed(_apart(_explicit_days(text, today)))}
    day = days.get(behind.end() if behind else at)  # "Thursday, 5 December"
    if not day and relative and today:
        day = _relative_to_today(text, relative, today)
    if not day:
        return None
    without_anchor = next((other for other in find_days(text, None) if other.start == day.start), day)
    meant, doubtful = day.as_date(), False
    if without_anchor.year is None and not day.relative:
        meant, doubtful = _lately(day.month, day.day, today, ahead=31)
    unit = "part" if _PART_BEHIND.search(text[: day.end]) else "day"
    return Period(0, day.end, meant, meant, unit, doubtful) if meant else None


def _month(text: str, today: date | None) -> Period | None:
    match = _WHOLE_MONTH.match(text)
    if not match:
        return None
    month, doubtful = _month_number(match["month"]), False
    if match["year"]:
        first: date | None = date(int(match["year"]), month, 1)
    else:
        first, doubtful = _lately(month, 1, today, ahead=0)
    if not first:
        return None
    return Period(0, match.end(), first, _end_of_month(first), "month", doubtful)


def _year(text: str, today: date | None) -> Period | None:
    match = _WHOLE_YEAR.match(text)
    if not match:
        return None
    year = int(match["year"])
    return Period(0, match.end(), date(year, 1, 1), date(year, 12, 31), "year")


def _span(text: str, today: date | None) -> Period | None:
    if not today:
        return None
    if match := _CALENDAR_SPAN.match(text):
        first, last = _calendar_span(today, match["unit"].lower(), this=match["which"].lower() == "this")
        return Period(0, match.end(), first, last, "span")
    for pattern in (_COUNTED, _AGO):
        if match := pattern.match(text):
            word = (match["count"] or "one").lower()
            count = int(word) if word.isdigit() else _COUNTS.get(word)
            if not count:
                return None
            unit = match["unit"].lower()
            length = -(-count // 24) if unit == "hour" else count * _LENGTH[unit]
            first = today - timedelta(days=min(length, today.toordinal() - 1))
            if pattern is _COUNTED:
                return Period(0, match.end(), first, today, "span")
            # only days are counted exactly when they are ago
            return Period(0, match.end(), first, first, "day") if unit == "day" else None
    return None


def _calendar_span(today: date, unit: str, this: bool) -> tuple[date, date]:
    """The week (from Monday), month or year that `today` is in, up to today, or the whole one before it."""
    first = {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit]
    if this:
        return first, today
    last = first - timedelta(days=1)
    return _calendar_span(last, unit, this=True)


def _end_of_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _lately(month: int, day: int, today: date | None, ahead: int) -> tuple[date | None, bool]:
    """The last such date up to `today` and `ahead` days more, and whether the next one may be meant as well."""
    if not today:
        return None, False
    dates = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            dates.append(date(year, month, day))
        except ValueError:
            continue
    past = max((date for date in dates if (date - today).days <= ahead), default=None)
    coming = min((date for date in dates if (date - today).days > ahead), default=None)
    doubtful = bool(past and coming and coming - today < today - past)
    return past, doubtful
