"""What a later article takes back: "four people were injured, not fourteen" does not stand beside "fourteen" as one of
two voices, it stands before it."""

import re
from collections.abc import Sequence

from rag.evidence import Evidence
from rag.names import find_names
from rag.numbers import Number, denies, find_numbers

# how the genre opens: "Correction:", "Corrections and clarifications", "Editor's note:"
_NOTE = re.compile(r"\W*(?:corrections?|clarifications?|corrected|errat(?:um|a)|editor['’]s note)\b", re.IGNORECASE)
_SAME_MATTER = 5.0  # log-odds that a correction may be behind the corrected statement as an answer to the question


def correction(
    sentence: str, question: str, cited: Sequence[Evidence], pool: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    """The statements of a later article that take back what `sentence` adds to `question`; empty if none does.

    They deny its number or name ("not fourteen", "wrongly said that fourteen"), or stand in a correction and give
    another number.
    """
    newest = max((item.date for item in cited if item.date), default=None)
    sure = max((item.odds for item in cited), default=0.0)
    added = _added(sentence, question)
    for item in pool:
        later = newest is None or item.date is None or item.date >= newest
        another = not any(item.article in known.carriers for known in cited)
        if not (later and another and item.odds >= sure - _SAME_MATTER):
            continue
        kin = [other for other in pool if other.article == item.article]
        if takes_back(item.quote, sentence, question):
            following = [other for other in kin if other.start >= item.end]
            gives = any(not number.denied for number in find_numbers(item.quote))  # and does not only take back
            return (item,) if gives or not following else (item, min(following, key=lambda other: other.start))
        there = _added(item.quote, question)
        replaces = there and added and not any(number.stands_in(there) for number in added)
        if replaces and any(_NOTE.match(text) for other in kin for text in (other.title, other.quote)):
            return (item,)
    return ()


def takes_back(quote: str, sentence: str, question: str) -> bool:
    """Whether `quote` denies a number or a name that `sentence` adds to `question`."""
    there, added = find_numbers(quote), _added(sentence, question)
    if any(other.denied and other.equals(number) for number in added for other in there):
        return not any(number.stands_in(there) for number in added)
    named = set(find_names(sentence)) - set(find_names(question, question=True))
    return any(
        denies(quote, match.start()) for name in named for match in re.finditer(rf"\b{re.escape(name)}\b", quote)
    )


def _added(text: str, question: str) -> list[Number]:
    known = find_numbers(question)
    return [number for number in find_numbers(text) if not number.stands_in(known)]
