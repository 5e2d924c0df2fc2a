"""The words that Dateline puts around a sentence of an answer: whose words it is in, and how old it is.

They say where a sentence comes from, which its citation shows; what is to be supported is what they frame.
"""

from __future__ import annotations

import re
from datetime import date

from rag.days import spell

_FRAME = re.compile(
    r"(?:Yes|No): "
    r"|As of \d{1,2} \w+ \d{4}: |In the article’s words: |(?:Another|The) article(?:, of \d{1,2} \w+ \d{4},)? says: "
    r"|Corrected(?: on \d{1,2} \w+ \d{4})?: |Before the correction(?:, on \d{1,2} \w+ \d{4})?: "
)


def in_the_articles_words(quote: str) -> str:
    """An article's own words as a sentence of the answer."""
    return f"In the article’s words: {quoted(quote)}"


def yes_or_no(yes: bool, quote: str) -> str:
    """The answer to a question of yes or no, with the words that tell it."""
    return f"{'Yes' if yes else 'No'}: {quoted(quote)}"


def says(sentence: str, day: date | None, *, another: bool = False) -> str:
    """What one article says, told from what others say by its date."""
    return f"{'Another' if another else 'The'} article{f', of {spell(day)},' if day else ''} says: {sentence}"


def corrected(quote: str, day: date | None) -> str:
    """The words that take an earlier article's words back."""
    return f"Corrected{f' on {spell(day)}' if day else ''}: {quoted(quote)}"


def before_correction(sentence: str, day: date | None) -> str:
    """What was taken back since."""
    return f"Before the correction{f', on {spell(day)}' if day else ''}: {sentence}"


def as_of(note: str, sentence: str) -> str:
    """`note` is "as of 5 December 2024"."""
    return f"{note[0].upper()}{note[1:]}: {sentence}"


def quoted(quote: str) -> str:
    """On one line, in quotation marks; words that begin with a mark of their own get no second one."""
    words = " ".join(quote.split())
    return words if words.startswith(("“", '"')) else f"“{words}”"


def without_frames(sentence: str) -> str:
    """What the frames are about."""
    while match := _FRAME.match(sentence):
        sentence = sentence[match.end() :]
    return sentence
