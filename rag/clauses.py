"""Half of a statement is no answer to a question about the other half.

"… with Russia preoccupied with its war in Ukraine, and Iran politically weakened by Israel …" has the words war, Russia
and Iran, and does not say that Russia is at war with Iran. "… the re-election of Donald Trump, opposition forces …,
with renewed fighting beginning on November 27" does not date the re-election. Clauses that are joined, each with a
subject of its own, are told apart by their form; where that is not plain, nothing is said. "It lies about 25 miles
south of Hama and is the gate to the capital Damascus" says nothing of what is south of Damascus.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.split import split_sentences
from rag.words import Number, content_words, find_names, find_numbers, name_stands_in

# a comma and a conjunction before a name, or before the article of a new subject; or ", with fighting resumed"
_JOIN = re.compile(r"[,;] (?:and|but|while|whereas) (?=[A-Z“\"]|(?:the|a|an|its|his|her|their) )|, with (?=\w)")
_VERB = re.compile(
    r"(?<!-)\b(?:\w+(?:ed|ing)|is|are|was|were|be|been|has|have|had|will|would|can|could|may|might|do|does|did"
    r"|said|says|fell|took|takes|left|led|leads|won|lost|made|went|came|began|became|held|told|met|kept)\b"
)


# "25 miles (40 km) south of …", "kilometres away from …"
_WHERE = re.compile(
    r"\b(?:(?:north|south)?-?(?:north|south|east|west)|miles?|kilomet(?:er|re)s?|km)\)?(?: away)? (?:of|from) ", re.I
)
_PLACE_ENDS = re.compile(
    r"[.;:(–—]| (?:and|but|which|that|who|where|while|when|is|are|was|were|has|had|on|in|by|after|before) "
)


def of_another_place(sentence: str, quotes: Sequence[str]) -> str | None:
    """Why `sentence` may not stand on `quotes`: it says how something lies to a place, which they say of another only.

    Distances and directions may be turned round: then the place comes before them. None if nothing speaks against it.
    """
    told = [
        (quote[: match.start()], _place(quote[match.end() :])) for quote in quotes for match in _WHERE.finditer(quote)
    ]
    if not told or not all(find_names(place, question=True) for _, place in told):
        return None  # "north of the city" may be any
    for match in _WHERE.finditer(sentence):
        names = find_names(_place(sentence[match.end() :]), question=True)
        if names and not any(name_stands_in(name, before + place) for name in names for before, place in told):
            return "the article says it of another place"
    return None


# "led by the …", "captured by Russia": a deed and, as its doer, a name or what has an article
_BY = re.compile(
    r"\b([\w-]+ed|led|held|built|made|won|hit|struck|run|shot|sent|taken|driven) by (?=[A-Z]|(?:the|an?) )"
)


def by_another(sentence: str, quotes: Sequence[str]) -> str | None:
    """Why `sentence` may not stand on `quotes`: it says by whom something was done, and they say that very deed of
    others only. None if nothing speaks against it."""
    for match in _BY.finditer(sentence):
        doer = re.split(r"[,;]", _place(sentence[match.end() :]))[0].strip()
        told = [
            re.split(r"[.;:]", quote[one.end() :])[0]
            for quote in quotes
            for one in _BY.finditer(quote)
            if one[1] == match[1]
        ]
        words = content_words(doer)
        if not told or not words or find_numbers(doer):
            continue
        if doer.split()[-1][0].isupper():
            same = any(name_stands_in(name, there, loosely=True) for name in find_names(f"by {doer}") for there in told)
        else:
            same = any(words[-1] in content_words(there) for there in told)
        if not same:
            return "the article says that of another"
    return None


def _place(text: str) -> str:
    return _PLACE_ENDS.split(f"{text} ", maxsplit=1)[0]


def joined_apart(sentence: str, quote: str, question: str) -> str | None:
    """Why `sentence` may not stand on `quote`: the names and numbers that it adds to `question` stand in one clause,
    and what was asked about only in another. None if nothing speaks against it."""
    names = [name for name in find_names(sentence, question=True) if not name_stands_in(name, question, loosely=True)]
    known = find_numbers(question)
    numbers = [number for number in find_numbers(sentence) if not number.stands_in(known)]
    asked = set(content_words(question))
    named = {word for name in find_names(question, question=True) for word in content_words(name)}
    about = asked - named or asked  # Russia stands beside many names; "war" says what is asked about it
    joined = False
    for span in split_sentences(quote):
        for clause, others in _clauses(quote[span.start : span.end]):
            if not _has_any(clause, names, numbers):
                continue
            if (asked if others else about) & set(content_words(clause)):
                return None
            joined = joined or any(about & set(content_words(other)) for other in others)
    return "the article says it of something else" if joined else None


def _has_any(clause: str, names: Sequence[str], numbers: Sequence[Number]) -> bool:
    there = find_numbers(clause)
    return any(name_stands_in(name, clause) for name in names) or any(number.stands_in(there) for number in numbers)


def _clauses(sentence: str) -> list[tuple[str, Sequence[str]]]:
    """The joined clauses of a sentence, each with those it is joined to; a part without a verb is none."""
    parts: list[str] = []
    for part in _JOIN.split(sentence):
        if parts and not (_VERB.search(parts[-1]) and _VERB.search(part)):
            parts[-1] = f"{parts[-1]}, {part}"
        else:
            parts.append(part)
    return [(part, [other for other in parts if other is not part]) for part in parts]
