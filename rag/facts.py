"""The hard half of the check: every number, date and name of a sentence must stand in what it cites."""

from __future__ import annotations

from collections.abc import Sequence

from rag.days import Day, find_days, spell_with_weekday
from rag.evidence import Evidence
from rag.words import content_words, find_names, find_numbers, name_stands_in


def lacking(sentence: str, cited: Sequence[Evidence], question: str = "") -> str | None:
    """The first number, date or name of `sentence` that stands in none of `cited`, as a reason; else None.

    `question` is what was asked: what it says itself need not be proved again.
    """
    numbers = [number for item in cited for number in find_numbers(item.quote)]
    days = [day for item in cited for day in days_of(item)]
    said_days = _answer_days(sentence, cited)
    for day in said_days:
        if not any(day.same(other) for other in days):
            return f"the date {sentence[day.start : day.end]} is in no article found"
    for number in find_numbers(_without(sentence, said_days)):
        if not number.stands_in(numbers) and not _is_year_of(number.value, days):
            return f"the number {number.value:g} is in no article found"
    spelled = [spell_with_weekday(resolved) for day in days if (resolved := day.as_date())]
    text = "\n".join([*(f"{item.title}\n{item.quote}" for item in cited), *spelled])
    for name in find_names(_without(sentence, said_days)):
        if not name_stands_in(name, text):
            return f"the name {name} is in no article found"
    return None


def days_of(item: Evidence) -> list[Day]:
    """The days that a statement names, read as written on the day of its article."""
    return find_days(item.quote, item.date)


def day_words(day: Day) -> list[str]:
    """The content words of a day written out with its weekday; empty if its year is unknown."""
    resolved = day.as_date()
    return content_words(spell_with_weekday(resolved)) if resolved else []


def _answer_days(sentence: str, cited: Sequence[Evidence]) -> list[Day]:
    """Days of the answer; "Thursday" in it means what it means in the article it cites."""
    anchor = next((item.date for item in cited if item.date), None)
    return find_days(sentence, anchor)


def _is_year_of(value: float, days: Sequence[Day]) -> bool:
    return any(day.year == value for day in days)


def _without(sentence: str, days: Sequence[Day]) -> str:
    """`sentence` with the days blanked out, so that their digits are not taken for numbers."""
    for day in days:
        sentence = sentence[: day.start] + " " * (day.end - day.start) + sentence[day.end :]
    return sentence
