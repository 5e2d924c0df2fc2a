"""What kind of answer a question asks for, and whether a sentence brings one.

"How many …" answered without a quantity, "Who …" without a name: the draft is beside the question. The kinds are
the coarse classes of question classification (Li and Roth, 2002), read from the question's own words.
"""

from __future__ import annotations

import re
from typing import Literal

from rag.days import CALENDAR_WORDS, find_days
from rag.words import content_words, find_names, find_numbers, fold

Expected = Literal["person", "place", "time", "quantity", "reason", "choice", "other"]

_TIME = re.compile(
    r"\bwhen\b|\b(?:what|which)(?: \w+){0,2} (?:year|date|day|month|decade|century|time|weekday|era|period)\b"
    r"|\bhow (?:long ago|soon|recently)\b|\bsince when\b|\bin what (?:year|month|decade)"
)
_QUANTITY = re.compile(
    r"\bhow (?:many|much|far|long|old|often|big|large|tall|high|deep|fast|heavy|wide|close|near|frequently)\b"
    r"|\bwhat (?:\w+ ){0,3}(?:number|percentage|percent|proportion|share|distance|population|size|age|amount|total"
    r"|rate|rank|ratio|temperature|cost|price|score)\b"
)
_PERSON = re.compile(r"^(?:\W*(?:and|but|by|for|to|with|from|of)\s+)?who(?:m|se)?\b|\bwhose\b|,\s*who(?:m|se)?\b")
_PLACE = re.compile(
    r"\bwhere\b|\b(?:what|which)(?: \w+){0,3} (?:city|cities|country|countries|town|state|province|region|place|river"
    r"|island|continent|village|area|capital|part|location|street|building)\b"
)
_REASON = re.compile(r"\bwhy\b|\bhow come\b|\bwhat (?:\w+ ){0,2}(?:reason|cause|caused|motive)\b")
_CHOICE = re.compile(r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b")
_VAGUE = re.compile(
    r"\b(?:hundreds?|thousands?|millions?|billions?|dozens?|scores|tens|several|few|many|most|all|none|half|third|quarter"
    r"|majority|minority|twice|once|double|triple|week|weeks|month|months|year|years|day|days|hours?|decades?|centur\w+"
    r"|largest|biggest|smallest|second|first)\b"
)
_TIMES = re.compile(
    r"\b(?:1\d{3}|20\d{2}|\d{1,2}(?:st|nd|rd|th)? centur\w+|centur\w+|\d{2,4}s|morning|afternoon|evening|night|noon"
    r"|midnight|spring|summer|autumn|winter|today|yesterday|tomorrow|week|month|year|hours?|minutes?|days?|decades?|ago"
    r"|after|before|during|until|since|while|bc|ad|bce|ce|war|age|era|period|early|late|mid)\b"
)


def expected(question: str) -> Expected:
    """The kind of answer that `question` asks for."""
    folded = fold(question)
    for kind, pattern in (
        ("reason", _REASON),
        ("quantity", _QUANTITY),
        ("time", _TIME),
        ("person", _PERSON),
        ("place", _PLACE),
        ("choice", _CHOICE),
    ):
        if pattern.search(folded):
            return kind  # type: ignore[return-value]
    return "other"


def brings(sentence: str, question: str) -> bool:
    """Whether `sentence` has something of the kind that `question` asks for, beyond what the question says."""
    folded = fold(sentence)
    asked = set(content_words(question))
    new = [word for word in content_words(sentence) if word not in asked]
    match expected(question):
        case "time":
            said = fold(question)
            fresh = any(match.group() not in said for match in _TIMES.finditer(folded))
            days = [day for day in find_days(sentence, None) if sentence[day.start : day.end].lower() not in said]
            named = any(word in CALENDAR_WORDS and word not in said for word in re.findall(r"\w+", folded))
            return bool(days or fresh or named)
        case "quantity":
            values = {number.value for number in find_numbers(question)}
            for day in find_days(sentence, None):  # a date is no quantity
                sentence = sentence[: day.start] + "-" * (day.end - day.start) + sentence[day.end :]
            return any(number.value not in values for number in find_numbers(sentence)) or bool(_VAGUE.search(folded))
        case "person" | "place":
            names = {name.casefold() for name in find_names(question, question=True)}
            return any(name.casefold() not in names for name in find_names(sentence, question=True)) or bool(new)
        case _:
            return bool(new)
