"""Days named in a text, and the calendar date each one means.

News says "on Thursday"; the reader asks for the date. Both the prompt and the check of an answer need the same reading
of such words, so it is done here once, from the date of the article.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date
from typing import Self

from rag.words import NUMBER_WORDS

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
CALENDAR_WORDS = frozenset([*_WEEKDAYS, *map(str.lower, _MONTHS)])
"""Capitalised like names, but said by an article's date as well as by its words."""

_MONTH_NUMBERS = {key: n for n, name in enumerate(_MONTHS, 1) for key in (name[:3].lower(), f"{n:02}")}
_MONTH = "|".join([r"Ju(?:ne|ly)\.?", r"Sept\.?", *_MONTHS, *(rf"{name[:3]}\.?" for name in _MONTHS if name != "May")])
_DAY, _ORDINAL, _YEAR = r"0?[1-9]|[12]\d|3[01]", r"(?:st|nd|rd|th)", r"[12]\d{3}"
_NAMED = re.compile(
    rf"\b(?:(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2])-(?P<day>{_DAY})\b"
    rf"|(?P<day_>{_DAY}){_ORDINAL}?(?: of)? (?P<month_>{_MONTH})(?:,? (?P<year_>{_YEAR}))?(?!\w)"
    rf"|(?P<month__>{_MONTH}) (?P<day__>{_DAY}){_ORDINAL}?(?:,? (?P<year__>{_YEAR}))?(?!\w)"
    rf"|(?P<relative>(?i:(?:(?P<which>last|next|this|coming|previous)\s+)?(?P<weekday>{'|'.join(_WEEKDAYS)})\b"
    r"|(?P<word>today|tonight|yesterday|tomorrow|this (?:morning|afternoon|evening))\b)))"
)
# a weekday is another day, or none, beside another word of the calendar ("Monday week", "every Friday", "the Sunday
# before Easter", "Friday the 13th") or as a part of a name ("Black Friday", "the Sunday Times")
_UNIT = r"(?:day|night|week|weekend|fortnight|month|year)s?"
_CHANGED_BEFORE = re.compile(
    rf"\b(?:{_UNIT}|every|each|other|first|second|third|two|three)\s+(?:(?:on|of|before|after|since)\s+)*$"
    r"|\b(?:the|an?|one)\s+(?:[a-z]+\s+)?$|\bor\s+$"
    r"|(?<![.!?\"“]\s)(?<!^)\b(?!On|Since|Late|Early|By|Until|And|But|In)[A-Z]\w+\s+$",
)
_CHANGED_BEHIND = re.compile(
    rf"s\b|\s*[-–/]|,?\s+(?:the\s+\d|\d{{1,2}}{_ORDINAL}?\s+(?:of\s+)?(?:{_MONTH}))|\s+the\s+[\w-]+{_ORDINAL}\b|\s+or\b"
    rf"|\s+(?:in|of|before|after|to)\s+(?:(?:the|last|next|this)\s+)*(?:{_UNIT}|{_MONTH}|[MTWFS]\w+day\b)"
    rf"|\s+(?:of|before|after)\s+[A-Z]|\s+(?!night\b)(?:(?:last|next|this)\s+)?(?:{_UNIT}|[A-Z]\w+)|(?:\s+\w+){{1,3}}\s+ago\b"
    r"|,?(?!\s+(?:morning|afternoon|evening) after\b)(?:\s+\w+){1,3}\s+(?:before|after|earlier|later)\b"
)
_OPENS = re.compile(r"(?>(?:.*[.!?]\s)?\W*)(?:(?:On|By|Late|Early)\s++)?(?:on\s++)?", re.DOTALL)
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
    word: str = ""
    """ "thursday", "yesterday": what means a date only on a certain day. Where it does not show which Thursday, the
    last or the coming, month and day are 0."""

    def same(self, other: Self) -> bool:
        """Whether both can mean one date; a missing year agrees with any, a weekday without a date with that word."""
        if not (self.month and other.month):
            return self.word == other.word != ""
        years = {self.year, other.year} - {None}
        return (self.month, self.day) == (other.month, other.day) and len(years) < 2

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
    matches = _NAMED.finditer(text)
    found = (_relative(match, anchor) if match["relative"] else _explicit(match, anchor) for match in matches)
    return [day for day in found if day]


def spell(day: date) -> str:
    """A date as a person writes it: 5 December 2024."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def spell_with_weekday(day: date) -> str:
    """A date with its weekday: Thursday 5 December 2024."""
    return f"{_WEEKDAYS[day.weekday()].capitalize()} {spell(day)}"


def spell_span(first: date, last: date) -> str:
    """A day, a month or a year as a person writes it; of any other span its first and last day."""
    if first == last:
        return spell(first)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return str(first.year)
    if first.day == 1 and last == _month_end(first):
        return f"{_MONTHS[first.month - 1]} {first.year}"
    return f"{spell(first)} to {spell(last)}"


def shifted(day: date, by: int) -> date:
    """`day` so many days later; where the calendar ends, its first day or its last."""
    return date.fromordinal(min(max(day.toordinal() + by, 1), date.max.toordinal()))


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def annotate(text: str, anchor: date | None, form: str = " ({})") -> str:
    """`text` with the date written behind each relative day: "on Thursday (5 December 2024)"."""
    for day in reversed(find_days(text, anchor)):
        if day.word and (resolved := day.as_date()):
            text = text[: day.end] + form.format(spell(resolved)) + text[day.end :]
    return text


def _explicit(match: re.Match[str], anchor: date | None) -> Day:
    given = {name.rstrip("_"): part for name, part in match.groupdict().items() if part}
    month, day = _MONTH_NUMBERS[given["month"][:3].lower()], int(given["day"])
    year = int(given["year"]) if "year" in given else None
    if anchor and not year:
        # 29 February does not exist in every year; its neighbour is near enough to compare
        year = min(_years_around(anchor), key=lambda year: abs(date(year, month, min(day, 28)) - anchor))
    return Day(*match.span(), month, day, year)


def _relative(match: re.Match[str], anchor: date | None) -> Day | None:
    before, behind = match.string[: match.start()][-240:], match.string[match.end() :][:240]
    if not anchor or re.search(r"\bago\s+(?:on\s+)?$", before, re.IGNORECASE):
        return None  # "a week ago today", "a year ago last Friday"
    which, word = (match["which"] or "").lower(), (match["weekday"] or match["word"]).lower()
    meant = _last(match, anchor)
    if match["weekday"]:
        if _CHANGED_BEHIND.match(behind) or (not which and _CHANGED_BEFORE.search(before)):
            return None
        # to some "last Tuesday" is this week's and to others the one before: only where both agree it has a date
        if which == "last" and meant.weekday() >= anchor.weekday():
            meant = shifted(meant, -7 if meant == anchor else 0)
        elif which == "coming" or (which == "next" and meant.weekday() <= anchor.weekday()):
            meant = shifted(meant, 7)
        elif which not in ("", "this") or not _told(before, behind):
            return Day(*match.span(), 0, 0, None, word)
    return Day(*match.span(), meant.month, meant.day, meant.year, word)


def _last(match: re.Match[str], today: date) -> date:
    """The last such weekday up to `today`, or what "yesterday" means."""
    if match["weekday"]:
        # by two letters, which have no i: the pattern takes "Frıday" too
        weekday = [name[:2] for name in _WEEKDAYS].index(match["weekday"][:2].casefold())
        return shifted(today, -((today.weekday() - weekday) % 7))
    return shifted(today, {"yesterday": -1, "tomorrow": 1}.get(match["word"].lower(), 0))


def _years_around(day: date) -> tuple[int, ...]:
    return tuple(year for year in (day.year - 1, day.year, day.year + 1) if MINYEAR <= year <= MAXYEAR)


def _told(before: str, behind: str) -> bool:
    """Whether the clause between or after these words tells what has happened."""
    opens = _OPENS.fullmatch(before)
    clause = behind if opens else _CLAUSE.split(before)[-1] or _CLAUSE.split(before.rstrip(" ,"))[-1]
    told, ahead = _PAST.search(clause), _AHEAD.search(_PAST.sub(lambda verb: " " * len(verb[0]), clause))
    # "On Friday they voted to leave" was on Friday; "they agreed to leave on Friday" may be either
    return bool(told and (not ahead or (opens and told.start() < ahead.start())))


# ------------------------------------------------------------------------------------- what a question points at

_SPAN = re.compile(
    r"\b(?:(?P<which>this|last|past|previous)(?! day| \w+s\b)"
    r"|(?:(?:last|past|previous) (?P<many>\d{1,3}|[a-z]+)|(?P<count>\d{1,3}|[a-z]+)(?= \w+ ago\b))(?! weekend))"
    r" (?P<unit>weekend|day|week|month|year)s?\b",
    re.IGNORECASE,
)
_COUNTS = NUMBER_WORDS | {"a": 1, "this": 1, "last": 2, "past": 2, "previous": 2}
_LENGTHS = {"weekend": 3, "day": 1, "week": 7, "month": 31, "year": 366}
_WHOLE_MONTH = re.compile(
    r"(?:\b(?:in|of|during|since|until|last|this|early|late|mid)[ -]|\b(?=\w+\.?,? (?:of )?[12]\d{3}\b))"
    rf"(?P<month>{_MONTH})(?:,? (?:of )?(?P<year>{_YEAR}))?(?![\w-])",
    re.IGNORECASE,
)
_WHOLE_YEAR = re.compile(rf"\b(?:in|of|during|since) ({_YEAR})\b")


def periods(question: str, today: date | None) -> Iterator[tuple[date, date]]:
    """First and last day of each time that `question` names, as one speaks of the past on the day `today`.

    Days first, then spans ("last week", "the past ten days"), months, years. Without `today` only what needs none.
    """
    for day in find_days(question, None):
        year = day.year or _last_year(day.month, day.day, today)
        if year and (meant := replace(day, year=year).as_date()):
            yield meant, meant
    if today:
        for match in _NAMED.finditer(question):
            if match["relative"]:
                yield _last(match, today), _last(match, today)
        for match in _SPAN.finditer(question):
            word = (match["which"] or match["many"] or match["count"]).lower()
            if count := int(word) if word.isdigit() else _COUNTS.get(word):
                length = int(count) * _LENGTHS[match["unit"].lower()] + (not match["which"])
                yield shifted(today, -length), today
    for match in _WHOLE_MONTH.finditer(question):
        month = _MONTH_NUMBERS[match["month"][:3].casefold()]
        if year := int(match["year"] or 0) or _last_year(month, 1, today):
            first = date(year, month, 1)
            yield first, _month_end(first)
    for match in _WHOLE_YEAR.finditer(question):
        yield date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)


def _last_year(month: int, day: int, today: date | None) -> int | None:
    return today.year - ((month, day) > (today.month, today.day)) if today else None


def without_days(question: str) -> str:
    """`question` without the words that name days, weeks, months or years."""
    for pattern in (_NAMED, _SPAN, _WHOLE_MONTH, _WHOLE_YEAR):
        question = pattern.sub(" ", question)
    return question


# ------------------------------------------------------------------------------------------- when something happened


@dataclass(frozen=True, slots=True)
class Time:
    """A time named in a text at characters [start, end): from its first day to its last."""

    start: int
    end: int
    first: date
    last: date


_SAID = re.compile(r"“[^“”]*”|\"[^\"]*\"")
# in ASCII: without its case "six" has a form with a long s, and one with a dotless i, by which no number is known
_COUNT = rf"(?ai:\d{{1,3}}|a|an|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})"
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
_BACK = re.compile(
    rf"\b(?P<which>last|past|previous) (?P<alone>week|month|year|weekend)\b"
    rf"|\b(?:last|past|previous) (?P<lately>{_COUNT}) (?P<unit>day|week|month|year)s\b"
    rf"|\b(?P<count>{_COUNT}) (?P<unit_>day|week|month|year)s? ago\b"
    rf"|\b(?P<long>{_COUNT}) (?P<unit__>day|week|month)s of\b"
    r"|\b(?P<this>this|earlier this) (?P<now>week|month|year)\b",
    re.IGNORECASE,
)
_MONTH_THEN = re.compile(
    rf"\b(?i:in|of|during|since|by|before|after|until|early|late|mid|last|this|from)[ -](?P<month>{_MONTH})"
    rf"(?:,? (?P<year>{_YEAR}))?(?![\w-]| \d{{1,2}}\b)"
)
_YEAR_THEN = re.compile(
    rf"\b(?i:in|of|during|since|by|before|after|until|from|early|late) (?:early |late |mid-)?(?P<year>{_YEAR})\b(?!s)"
)


def find_times(text: str, anchor: date | None) -> list[Time]:
    """The days, weeks, months and years that `text` names, in order, read as written on the day `anchor`.

    Days as in `find_days`, and months without a year likewise; "three weeks ago" is a day, "last
    week" and "three days of talks" are the days before the anchor. Without an anchor only what names a year.
    """
    found = [Time(day.start, day.end, whole, whole) for day in find_days(text, anchor) if (whole := day.as_date())]
    for match in _MONTH_THEN.finditer(text):
        month = _MONTH_NUMBERS[match["month"][:3].casefold()]
        if year := int(match["year"] or 0) or _year_of(month, match, anchor):
            first = date(year, month, 1)
            found.append(Time(match.start("month"), match.end(), first, _month_end(first)))
    for match in _YEAR_THEN.finditer(text):
        year = int(match["year"])
        found.append(Time(match.start("year"), match.end(), date(year, 1, 1), date(year, 12, 31)))
    if anchor:
        found += [Time(*match.span(), *_back(match, anchor)) for match in _BACK.finditer(text)]
    apart = list[Time]()
    for time in sorted(found, key=lambda time: (time.start, -time.end)):
        if not apart or apart[-1].end <= time.start:
            apart.append(time)
    return apart


def _year_of(month: int, named: re.Match[str], anchor: date | None) -> int | None:
    """Of a month without one: the last up to the anchor where its clause is told in the past, else the nearest."""
    if not anchor or _told(named.string[: named.start()][-240:], named.string[named.end() :][:240]):
        return _last_year(month, 1, anchor)
    return min(_years_around(anchor), key=lambda year: abs(date(year, month, 15) - anchor))


def _back(match: re.Match[str], today: date) -> tuple[date, date]:
    """First and last day of what `match` of `_BACK` names."""
    monday = shifted(today, -today.weekday())
    unit = (match["alone"] or match["now"] or "").lower()
    if unit == "weekend":
        return shifted(monday, -2), shifted(monday, -1)
    if unit == "week":
        monday = shifted(monday, -7 if match["alone"] else 0)
        return monday, min(shifted(monday, 6), today) if match["now"] else shifted(monday, 6)
    if unit == "month":
        last = today if match["now"] else shifted(today.replace(day=1), -1)
        return last.replace(day=1), last
    if unit == "year":
        year = max(today.year - (not match["now"]), MINYEAR)
        return date(year, 1, 1), today if match["now"] else date(year, 12, 31)
    count = (match["lately"] or match["count"] or match["long"]).lower()
    many = int(count) if count.isdigit() else int({"a": 1, "an": 1}.get(count) or NUMBER_WORDS[count])
    first = shifted(today, -many * _UNITS[(match["unit"] or match["unit_"] or match["unit__"]).lower()])
    return first, first if match["count"] else today


def time_of(text: str, day: date | None) -> Time | None:
    """The first day that a sentence names, else its first month or longer time; none in what somebody says.

    "Today" in somebody's words is the day on which they were said; "this year" is when nothing happened.
    """
    said = [found.span() for found in _SAID.finditer(text)]
    times = [
        time
        for time in find_times(text, day)
        if not any(start <= time.start < end for start, end in said) and "year" not in text[time.start : time.end]
    ]
    return next((time for time in times if time.first == time.last), times[0] if times else None)
