"""The one honest check by code: every date, number and name of a sentence stands in what it cites.

A number that the articles do not have, or a name, is how a small model's inventions show themselves. Whether the
quotes say the sentence is for the judge (`rag.crossencoder`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from rag.days import CALENDAR_WORDS, Day, find_days, spell_with_weekday
from rag.names import find_names, name_stands_in
from rag.numbers import find_numbers
from rag.words import content_words

_ABSENT = "is in no article found"
_SAME_DAY = re.compile(
    r"\b(?:(?:that|the same) (?:day|morning|afternoon|evening|night)|today|tonight)\b", re.IGNORECASE
)


class Quote(Protocol):
    """Words of an article, with its title and the day on which it was published."""

    @property
    def quote(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def date(self) -> date | None: ...


def lacking(sentence: str, cited: Sequence[Quote], question: str = "") -> str | None:
    """Why `cited` cannot carry `sentence`: the first date, number or name that stands in none of them; else None.

    A number of `question` need not stand there again.
    """
    anchor = next((item.date for item in cited if item.date), None)
    said, days = find_days(sentence, anchor), [day for item in cited for day in find_days(item.quote, item.date)]
    published = {item.date for item in cited if item.date and _SAME_DAY.search(item.quote)}
    for day in said:
        if not any(day.same(other) for other in days) and not any(_is(day, other) for other in published):
            return f"the date {sentence[day.start : day.end]} {_ABSENT}"
    plain = _without(sentence, said)
    numbers = find_numbers("\n".join([*(item.quote for item in cited), question]))
    for number in find_numbers(plain):
        first = number.ordinal and number.value == 1  # "came first" is no count
        if not (first or number.stands_in(numbers) or any(day.year == number.value for day in days)):
            return f"the number {number.written} {_ABSENT}"
    dates = {resolved for day in days if (resolved := day.as_date())} | published
    text = "\n".join([*(f"{item.title}\n{item.quote}" for item in cited), *map(spell_with_weekday, dates)])
    names = [name for name in find_names(plain) if name.lower() not in CALENDAR_WORDS]
    missing = (name for name in names if not name_stands_in(name, text))
    return next((f"the name {name} {_ABSENT}" for name in missing), None)


def repeats(sentence: str, question: str) -> bool:
    """Whether `sentence` only says the question again; one that offers a choice ("Homs or Hama?") is answered so."""
    return not re.search(r"\bor\b", question) and set(content_words(sentence)) <= set(content_words(question))


def foreign(written: str, said: str) -> bool:
    """Whether `written` has a name or a number that `said` has not."""
    numbers = find_numbers(said)
    return any(not number.stands_in(numbers) for number in find_numbers(written)) or any(
        not name_stands_in(name, said) for name in find_names(written, question=True)
    )


def _is(day: Day, other: date) -> bool:
    return (day.month, day.day) == (other.month, other.day) and day.year in (None, other.year)


def _without(sentence: str, days: Sequence[Day]) -> str:
    """`sentence` with the days blanked out, so that their digits are not taken for numbers."""
    for day in days:
        sentence = sentence[: day.start] + " " * (day.end - day.start) + sentence[day.end :]
    return sentence
