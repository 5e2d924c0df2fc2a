"""The one honest check by code: every date, number and name of a sentence stands in what it cites.

A number that the articles do not have, or a name, is how a small model's inventions show themselves. Whether the
quotes say the sentence is for the judge (`rag.crossencoder`).
"""

import re
from collections.abc import Sequence

from rag.days import CALENDAR_WORDS, Day, find_days, spell_with_weekday
from rag.evidence import Evidence
from rag.names import find_names, foreign_names, name_stands_in
from rag.numbers import find_numbers
from rag.words import content_words

_ABSENT = "is in no article found"
_SAME_DAY = re.compile(r"\b(?:that|the same) (?:day|morning|afternoon|evening|night)\b", re.IGNORECASE)


def lacking(sentence: str, cited: Sequence[Evidence], question: str = "") -> str | None:
    """Why `cited` cannot carry `sentence`: the first date, number or name that stands in none of them; else None.

    A number of `question` need not stand there again.
    """
    days = [day for item in cited for day in find_days(item.quote, item.date)]
    same_days = [item.date for item in cited if item.date and _SAME_DAY.search(item.quote)]
    days += [Day(0, 0, meant.month, meant.day, meant.year) for meant in same_days]
    anchor = next((item.date for item in cited if item.date), None)
    plain = sentence  # without its days, whose digits are no numbers
    for day in find_days(sentence, anchor):
        if not any(map(day.same, days)):
            return f"the date {sentence[day.start : day.end]} {_ABSENT}"
        plain = plain[: day.start] + " " * (day.end - day.start) + plain[day.end :]
    numbers = find_numbers("\n".join([*(item.quote for item in cited), question]))
    for number in find_numbers(plain):
        first = number.ordinal and number.value == 1  # "came first" is no count
        if not (first or number.stands_in(numbers) or any(day.year == number.value for day in days)):
            return f"the number {number.written} {_ABSENT}"
    dates = {spell_with_weekday(resolved) for day in days if (resolved := day.as_date())}
    text = "\n".join([*(f"{item.title}\n{item.quote}" for item in cited), *dates])
    names = [name for name in find_names(plain) if name.lower() not in CALENDAR_WORDS]
    missing = (name for name in names if not name_stands_in(name, text))
    return next((f"the name {name} {_ABSENT}" for name in missing), None)


def repeats(sentence: str, question: str) -> bool:
    """Whether `sentence` only says the question again; one that offers a choice ("Homs or Hama?") is answered so."""
    return not re.search(r"\bor\b", question) and set(content_words(sentence)) <= set(content_words(question))


def foreign(written: str, said: str) -> bool:
    """Whether `written` has a name or a number that `said` has not."""
    numbers = find_numbers(said)
    return bool(foreign_names(written, said)) or any(not one.stands_in(numbers) for one in find_numbers(written))
