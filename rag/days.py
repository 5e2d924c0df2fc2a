"""Days named in a text, and the calendar date each one means.

News says "on Thursday"; the reader asks for the date. Both the prompt and the check of an answer need the same reading
of such words, so it is done here once, from the date of the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_EXPLICIT = (
    re.compile(rf"\b{_YEAR}-(?P<monthnumber>[01]\d)-(?P<day>[0-3]\d)\b"),
    re.compile(rf"\b{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?(?!\w)"),
    re.compile(rf"\b{_MONTH} {_DAY}(?:,? {_YEAR})?(?!\w)"),
)
_WEEKDAY = r"(?P<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_RELATIVE = re.compile(
    rf"\b(?:(?P<which>last|next|this|coming|previous)\s+)?{_WEEKDAY}\b"
    r"|\b(?P<word>today|tonight|yesterday|tomorrow|this (?:morning|afternoon|evening))\b",
    re.IGNORECASE,
)
_SHIFT = {"yesterday": -1, "tomorrow": 1}

_MONTH_NAME = _MONTH.replace("?P<month>", "?:")
# a weekday is another day, or none, beside another word of the calendar ("Monday week", "every Friday", "the Sunday
# before Easter", "Friday the 13th") or as a part of a name ("Black Friday", "the Sunday Times")
_UNIT = r"(?:day|night|week|weekend|fortnight|month|year)s?"
_CHANGED_BEFORE = re.compile(
    rf"\b(?:{_UNIT}|every|each|other|first|second|third|two|three)\s+(?:(?:on|of|before|after|since)\s+)*$"
    r"|\b(?:the|an?|one)\s+(?:[a-z]+\s+)?$|\bor\s+$"
    r"|(?<![.!?\"“]\s)(?<!^)\b(?!On|Since|Late|Early|By|Until|And|But|In)[A-Z]\w+\s+$",
)
_CHANGED_BEHIND = re.compile(
    rf"s\b|\s*[-–/]|,?\s+(?:the\s+\d|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH_NAME})|\s+the\s+[\w-]+(?:th|st|nd|rd)\b"
    rf"|\s+or\b|\s+(?:in|of|before|after|to)\s+(?:(?:the|last|next|this)\s+)*(?:{_UNIT}|{_MONTH_NAME}|[MTWFS]\w+day\b)"
    r"|\s+(?:of|before|after)\s+[A-Z]"
    rf"|\s+(?:(?:last|next|this)\s+)?(?:{_UNIT}|[A-Z]\w+)|(?:\s+\w+){{1,3}}\s+ago\b|,?(?:\s+\w+){{1,3}}\s+(?:before|after|earlier|later)\b"
)
_CLAUSE = re.compile(r"[,;:—–“”\"()]|\b(?:and|but|who|which|that|when|where|while|after|before|as)\b")
_PAST = re.compile(
    r"\b(?:was|were|had|did|said|told|took|came|went|left|held|met|won|lost|fell|rose|began|ran|led|made|gave|got|saw"
    r"|found|hit|shot|fled|sent|died|struck|broke|became|brought|(?:with)?drew|[a-z]+[^e\W]ed)\b"
)
_AHEAD = re.compile(r"\b(?:will|would|shall|should|may|could|to(?!\s+\d)|due|if|until|unless|is|are|be)\b")


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
        """The date, where it is known whole and exists."""
        try:
            return date(self.year, self.month, self.day) if self.year else None
        except ValueError:
            return None


def find_days(text: str, anchor: date | None) -> list[Day]:
    """Every day named in `text`, in order, read as written on the day `anchor`.

    A weekday means the last one up to the anchor where its clause is told in the past; else it has no date. One with
    more words to it ("Monday week", "every Friday") is left out. A date without a year takes the year that brings it
    nearest to the anchor. Without an anchor relative words are left out.
    """
    found = [day for pattern in _EXPLICIT for match in pattern.finditer(text) if (day := _explicit(match, anchor))]
    if anchor:
        found += [day for match in _RELATIVE.finditer(text) if (day := _relative(text, match, anchor))]
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


def annotate(text: str, anchor: date | None, form: str = " ({})") -> str:
    """`text` with the date written behind each relative day: "on Thursday (5 December 2024)"."""
    pieces, at = [], 0
    for day in find_days(text, anchor):
        resolved = day.as_date()
        if day.relative and resolved:
            pieces += [text[at : day.end], form.format(spell(resolved))]
            at = day.end
    return "".join(pieces) + text[at:]


def _explicit(match: re.Match[str], anchor: date | None) -> Day | None:
    groups = match.groupdict()
    month = int(groups["monthnumber"]) if groups.get("month") is None else _month_number(groups["month"])
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
    # 29 February does not exist in every year; its neighbour is near enough to compare
    return min(
        (anchor.year - 1, anchor.year, anchor.year + 1),
        key=lambda year: abs((date(year, month, min(day, 28)) - anchor).days),
    )


def _relative(text: str, match: re.Match[str], anchor: date) -> Day | None:
    if re.search(r"\bago\s+(?:on\s+)?$", text[max(0, match.start() - 20) : match.start()], re.IGNORECASE):
        return None  # "a week ago today", "a year ago last Friday"
    if not match["weekday"]:
        return _shifted(match, anchor, _SHIFT.get(match["word"].lower(), 0))
    before, behind = text[max(0, match.start() - 240) : match.start()], text[match.end() : match.end() + 80]
    which = (match["which"] or "").lower()
    if _CHANGED_BEHIND.match(behind) or (not which and _CHANGED_BEFORE.search(before)):
        return None
    back = (anchor.weekday() - _weekday(match)) % 7
    # to some "last Tuesday" is this week's and to others the one before: only where both agree it has a date
    if which == "last" and _weekday(match) >= anchor.weekday():
        return _shifted(match, anchor, -(back or 7))
    if which == "coming" or (which == "next" and _weekday(match) <= anchor.weekday()):
        return _shifted(match, anchor, 7 - back)
    opens = re.fullmatch(r"(?:.*[.!?]\s+)?\W*(?:(?:On|Late|Early)\s+)?(?:on\s+)?", before, re.DOTALL)
    clause = behind if opens else _CLAUSE.split(before)[-1] or _CLAUSE.split(before.rstrip(" ,"))[-1]
    told, ahead = _PAST.search(clause), _AHEAD.search(_PAST.sub(lambda verb: " " * len(verb[0]), clause))
    # "On Friday they voted to leave" was on Friday; "they agreed to leave on Friday" may be either
    if which in ("", "this") and told and (not ahead or (opens and told.start() < ahead.start())):
        return _shifted(match, anchor, -back)
    return Day(match.start(), match.end(), 0, 0, None, relative=True, weekday=_WEEKDAYS[_weekday(match)])


def _weekday(match: re.Match[str]) -> int:
    return next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(match["weekday"].lower()))


def _shifted(match: re.Match[str], anchor: date, days: int) -> Day:
    meant = anchor + timedelta(days=days)
    weekday = _WEEKDAYS[_weekday(match)] if match["weekday"] else None
    return Day(match.start(), match.end(), meant.month, meant.day, meant.year, relative=True, weekday=weekday)


# ------------------------------------------------------------------------------------- what a question points at

_SPAN = re.compile(r"\b(?P<which>this|last|past|previous) (?P<unit>weekend|week|month|year)\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"\b(?:(?:last|past|previous) (?P<many>\d{1,3}|[a-z]+) (?P<units>day|week|month|year)s"
    r"|(?P<count>\d{1,3}|[a-z]+) (?P<ago>day|week|month|year)s? ago)\b",
    re.IGNORECASE,
)
_COUNTS = {w: n for n, w in enumerate("one two three four five six seven eight nine ten".split(), 1)} | {"a": 1}
_LENGTH = {"weekend": 3, "day": 1, "week": 7, "month": 31, "year": 366}
_WHOLE_MONTH = re.compile(
    rf"(?:\b(?:in|of|during|since|until|last|this|early|late|mid)[ -]|(?=\w+\.?,? (?:of )?[12]\d{{3}}\b)\b){_MONTH}"
    rf"(?:,? (?:of )?{_YEAR})?(?![\w-])",
    re.IGNORECASE,
)
_WHOLE_YEAR = re.compile(rf"\b(?:in|of|during|since) {_YEAR}\b")


def periods(question: str, today: date | None) -> Iterator[tuple[date, date]]:
    """First and last day of each time that `question` names, as one speaks of the past on the day `today`.

    Days first, then spans ("last week", "the past ten days"), months, years. Without `today` only what needs none.
    """
    for day in find_days(question, None):
        year = day.year or (_last_year(day.month, day.day, today) if today else None)
        if year and (meant := Day(0, 0, day.month, day.day, year, relative=False).as_date()):
            yield meant, meant
    if today:
        for match in _RELATIVE.finditer(question):
            back = (today.weekday() - _weekday(match)) % 7 if match["weekday"] else 0
            shift = -back if match["weekday"] else _SHIFT.get(match["word"].lower(), 0)
            yield today + timedelta(shift), today + timedelta(shift)
        for match in _SPAN.finditer(question):
            length = _LENGTH[match["unit"].lower()]
            first = today - timedelta(length if match["which"].lower() == "this" else 2 * length)
            yield first, today
        for match in _COUNTED.finditer(question):
            word = (match["many"] or match["count"]).lower()
            if count := int(word) if word.isdigit() else _COUNTS.get(word):
                length = count * _LENGTH[(match["units"] or match["ago"]).lower()]
                yield today - timedelta(min(length + 1, today.toordinal() - 1)), today
    for match in _WHOLE_MONTH.finditer(question):
        month = _month_number(match["month"])
        year = int(match["year"]) if match["year"] else (_last_year(month, 1, today) if today else None)
        if year:
            first = date(year, month, 1)
            yield first, (first + timedelta(31)).replace(day=1) - timedelta(1)
    for match in _WHOLE_YEAR.finditer(question):
        yield date(int(match["year"]), 1, 1), date(int(match["year"]), 12, 31)


def _last_year(month: int, day: int, today: date) -> int:
    return today.year if (month, day) <= (today.month, today.day) else today.year - 1
