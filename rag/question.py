"""history + question -> questions that stand alone, and the days that their own words point at.

A first, plain question costs no call of the model. One that leans on the conversation is written out by the model,
which is held to the words that were said; what it may not write out is asked with the question before it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Literal, TypedDict

from rag.days import periods, shifted
from rag.literal import foreign
from rag.refusal import REFUSAL
from rag.words import content_words

_TURNS = 4  # messages of the conversation that the model reads; older ones are rarely meant and cost time
_LONGEST = 400  # characters of a question that was written out
_LEANS = re.compile(
    r"\b(?:he|him|his|she|hers?|it|its|they|them|theirs?|there|this|that|these|those|such|then|else)\b(?!\s+\d)"
    r"|^\W*(?:and|but|so|or|what about|how about)\b",
    re.IGNORECASE,
)
_FEW = 2  # words that carry meaning; a question with no more says too little by itself: "Who scored?", "And why?"
_NEXT_QUESTION = re.compile(
    r"(?:\?\s+(?:and\s+)?|;\s+(?:and\s+)?|,?\s+and\s+(?:also\s+)?)"
    r"(?=(?:(?:in|on|at|by|for|from|to|with)\s)?(?:who|whom|whose|what|when|where|why|which|how)\s)",
    re.IGNORECASE,
)
_SHORTEST = 3  # words of a question of its own: "When and where did …" is one
_MOST = 3
_AFTERWARDS = 7  # days: news of a day is written on it and in the week behind it


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


def standalone(
    question: str, history: Sequence[Message], rewrite: Callable[[list[tuple[str, str]], str], Iterable[str]]
) -> str:
    """The question, with what it points back to written out by `rewrite`, in pieces, if it points back.

    A refusal in the history is no source of words; the question that it refused still is.
    """
    turns = _turns(history)
    asked = [text for role, text in turns if role == "user"]
    leans = _LEANS.search(question) or len(content_words(question)) <= _FEW
    if not asked or not leans:
        return question
    turns = turns[-_TURNS:]
    written = " ".join("".join(rewrite([*turns], question)).split()).strip('"“”')
    said = "\n".join([question, *(text for _, text in turns if text != REFUSAL)])
    if written and len(written) <= _LONGEST and not foreign(written, said):
        return written
    return f"{asked[-1]} {question}"


def lately(history: Sequence[Message]) -> list[tuple[str, str]]:
    """The turns that the model reads to write a question out, as (role, text)."""
    return _turns(history)[-_TURNS:]


def _turns(history: Sequence[Message]) -> list[tuple[str, str]]:
    # without marks of evidence
    turns = [(turn["role"], re.sub(r"(?<!\s)\s*\[\d+\]", "", turn["content"]).strip()) for turn in history]
    return [(role, REFUSAL if text.startswith(REFUSAL) else text) for role, text in turns if text]


def parts(question: str) -> tuple[str, ...]:
    """The questions that a text asks one after the other, each with a question word of its own; at most three."""
    pieces = [piece.strip(" ,;") for piece in _NEXT_QUESTION.split(question)]
    if not 1 < len(pieces) <= _MOST or any(len(piece.split()) < _SHORTEST for piece in pieces):
        return (question,)
    return tuple(f"{piece[:1].upper()}{piece[1:].rstrip('?')}?" for piece in pieces)


def pointed_at(question: str, today: date | None) -> tuple[date, date] | None:
    """The days in which articles about what `question` names were written: "in March", "yesterday", "this week".

    Read as said on the day `today`, without which only full dates are. None if it names no day.
    """
    named = next(periods(question, today), None)
    if not named:
        return None
    first, behind = named[0], shifted(named[1], _AFTERWARDS)
    return first, min(behind, today) if today and first <= today else behind
