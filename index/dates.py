"""The date of an article, where it is plainly given. An invented date is worse than none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from index.types import Span

_NATIVE = re.compile(r"[\ufeff\s]*date[ \t]+(\d{4}-\d{2}-\d{2})(?:[ \t]+|(?=[\r\n])|\Z)")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T\s]\s*\d{1,2}[:.h].*)?", re.DOTALL)
_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4}.*)?", re.DOTALL)
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[T,\s]\s*\d{1,2}[:.h].*)?", re.DOTALL)
_SECONDS = re.compile(r"(?:[1-9]\d{8}|1\d{9})(?:\.\d+)?")  # 1973 to 2033: 2024120510 is not one
_MILLISECONDS = re.compile(r"1\d{12}")
# "5 December 2024": one number of four digits and at least one of one or two. Whatever has less names no
# day, and is not worth dateparser's search through 200 languages.
_IN_WORDS = re.compile(r"(?=.*(?<!\d)\d{4}(?!\d))(?=.*(?<!\d)\d{1,2}(?!\d)).*[^\W\d_].*", re.DOTALL)
# A dateline: a line that says no more than a day, or the place in capitals and the day before a dash.
_HEAD_LINES, _TAIL_LINES, _LINE_CHARS = 8, 4, 100
_LABEL = re.compile(
    r"(?:first |date )?(?:published|posted|issued|publication date|issue date|date)(?: on)?[:,]? ", re.I
)
_CHANGED = re.compile(r"[,;(|]? ?(?:last )?(?:updated|modified|changed)\b.*", re.I)
_BEFORE_DASH = re.compile(r"([^\W\d_]{2,}[^–—]{4,80}?) ?(?:[–—]|--?) ")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?![\d.])")
_SEGMENT = re.compile(r"\s{2,}|\t|\s[|·•]\s")
_YEARLESS = re.compile(r"(?=.*(?<!\d)\d{1,2}(?!\d))(?!.*\d{3}).*[^\W\d_]{3}.*")
_EARLIEST, _LATEST = date(1600, 1, 1), date(2200, 1, 1)


def native_date(text: str, at: int = 0) -> tuple[date | None, Span | None]:
    """The date line ` date YYYY-MM-DD ` at offset `at` and the span of that prefix, or (None, None).

    A line with an impossible date has its span, and no date.
    """
    line = _NATIVE.match(text, at)
    if not line:
        return None, None
    return parse_date(line[1]), Span(at, line.end())


def parse_date(value: object) -> date | None:
    """The calendar day that a field gives, as it was written there (in its own time zone); else None.

    Takes dates, ISO 8601, RFC 2822, "5 December 2024" in the languages that dateparser knows, and epoch
    seconds or milliseconds (UTC). What leaves day, month or year open, as "05/12/2024", gives None.
    """
    if isinstance(value, datetime):
        return _plausible(value.date())
    if isinstance(value, date):
        return _plausible(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return _parse_text(str(value).strip()[:100])


def dateline(text: str, made: date | None = None, heads: Sequence[str] = ()) -> date | None:
    """The day that a text itself gives as its own, in a dateline among its first or last lines or in running `heads`.

    The day on which its file was `made` is only another witness: it adds the year that "LONDON, 3 June –" leaves
    open. Another day in a line of the same form makes it a file of many articles, which has no day of its own.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    edges = [*lines[:_HEAD_LINES], *lines[_HEAD_LINES:][-_TAIL_LINES:], *heads]
    for line in edges:
        if day := _dateline(line, made):
            form = _form(line)
            others = (_dateline(other, made) for other in [*lines, *heads] if _form(other) == form)
            return day if all(other in (day, None) for other in others) else None
    return None


def _dateline(line: str, made: date | None) -> date | None:
    """The day of a line of its own, as "Published: Saturday 7 March 1998", or before a text, as "LONDON, 3 June –"."""
    if words := _placed(line):
        days = {_witnessed(" ".join(words[at:]), made) for at in range(1, len(words))}
    elif len(line) <= _LINE_CHARS:
        parts = _SEGMENT.split(_CHANGED.sub("", line))
        days = {_alone(part, made) for part in parts}
    else:
        return None
    days.discard(None)
    return days.pop() if len(days) == 1 else None


def _alone(words: str, made: date | None) -> date | None:
    """The day of words that are no more than it. The minute in which a file was made is when it was printed."""
    label = _LABEL.match(words)
    day = _witnessed(words[label.end() :] if label else words, made)
    return None if day and day == made and not label and _CLOCK.search(words) else day


def _placed(line: str) -> list[str]:
    """The words before the dash of a line that begins with a place in capitals; agencies in brackets left out."""
    opening = _BEFORE_DASH.match(line)
    words = re.sub(r" ?\([^)]*\)", "", opening[1]).split() if opening else []
    return words if words and words[0].isupper() else []


def _witnessed(words: str, made: date | None) -> date | None:
    """The day in words that are nothing but a day; one without its year is that on which the file was made, or none."""
    words = words.strip(" ,.()")
    if len(words.split()) > 6:
        return None
    if made and _YEARLESS.fullmatch(words):
        return made if parse_date(f"{words} {made.year}") == made else None
    return parse_date(words) if re.search(r"(?<!\d)\d{4}(?!\d)", words) else None


def _form(line: str) -> str:
    """What lines of one form have in common: where digits and where words stand, up to the place's dash."""
    opening = " ".join(_placed(line)) or line[:_LINE_CHARS]
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", opening))


def _parse_text(text: str) -> date | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if _SECONDS.fullmatch(text):
        return _plausible(datetime.fromtimestamp(float(text), UTC).date())
    if _MILLISECONDS.fullmatch(text):
        return _plausible(datetime.fromtimestamp(int(text) / 1000, UTC).date())
    if match := _BASIC.fullmatch(text):
        return _day(*match.groups())
    if match := _YEAR_LAST.fullmatch(text):
        return _parse_year_last(match)
    if _IN_WORDS.fullmatch(text):
        return _parse_words(text)
    return None


def _parse_year_last(match: re.Match[str]) -> date | None:
    """05.12.2024 has the day first wherever dots are used; 05/12/2024 is two dates, 25/12/2024 is one."""
    first, mark, second, year = match.groups()
    if mark == "." or int(first) > 12 or first == second:
        return _day(year, second, first)
    if int(second) > 12:
        return _day(year, first, second)
    return None


def _parse_words(text: str) -> date | None:
    if re.search(r"\d[/.-]\d{1,2}[/.-]\d", text):  # numbers whose order would be a guess
        return None
    import dateparser  # type: ignore[import-untyped]

    strict = {
        "PARSERS": ["absolute-time"],
        "STRICT_PARSING": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
    }
    try:
        found = dateparser.parse(text, settings=strict)
    except (ValueError, OverflowError):  # numbers that fit no calendar
        return None
    return _plausible(found.date()) if found else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return _plausible(date(int(year), int(month), int(day)))
    except ValueError:
        return None


def _plausible(day: date) -> date | None:
    """None for what stands in a field when nobody filled it: year 1, the first second of the epoch, 9999."""
    return day if _EARLIEST <= day < _LATEST else None
