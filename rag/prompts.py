"""Every prompt, in one place, and why each is as it is.

Measured on the default model (docs/decisions.md, its first entry): asked to refuse by itself it declines questions
that it can answer, and answers the rest worse. So it always writes a sentence; code decides what is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rag.days import spell_with_weekday
from rag.evidence import Evidence

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage

INSTRUCTIONS = (
    "You answer questions about news articles, using only the statements taken from them. "
    "Answer in one short, complete sentence."
)
_RETELL = (
    "You answer questions about news articles, using only the statements taken from them. Answer in at most eight "
    "short, complete sentences, each with a fact that the others do not have. Say who says what. Add nothing."
)
YES_OR_NO = "Question: {question}\nAnswer Yes or No."
_REWRITE = (
    "Rewrite the last question of a conversation so that it can be understood without the conversation: replace "
    "words such as he, it, there or that by what they stand for. Change nothing else. Write only the question."
)

_SPECIAL = re.compile(r"<(?=[|｜]|/?\w+\|?>)|(?<=\[)(?=/?[A-Z_]+\])")
_FROM, _TURNS = "Statements from", "Conversation:"


def answer(question: str, evidence: Sequence[Evidence], form: str = "Question: {question}") -> list[ChatMessage]:
    """Asks for the answer, in one short sentence; in the `form` YES_OR_NO, for that word."""
    return _messages(INSTRUCTIONS, f"{statements(evidence)}\n\n{form.format(question=question)}")


def full(question: str, evidence: Sequence[Evidence]) -> list[ChatMessage]:
    """Asks a larger model for all that the evidence tells."""
    return _messages(_RETELL, f"{statements(evidence)}\n\nQuestion: {question}")


def answer_begins() -> list[ChatMessage]:
    """What every `answer` begins with."""
    return _messages(INSTRUCTIONS, _FROM)


def rewrite(history: Sequence[tuple[str, str]], question: str) -> list[ChatMessage]:
    """Asks for a question that stands alone; `history` is (role, text) pairs, oldest first."""
    return _messages(_REWRITE, f"{_conversation(history)} {question}")


def rewrite_begins(history: Sequence[tuple[str, str]] = ()) -> list[ChatMessage]:
    """What every `rewrite` after this `history` begins with; without one, what all of them do."""
    return _messages(_REWRITE, _conversation(history) if history else _TURNS)


def statements(evidence: Sequence[Evidence]) -> str:
    """The evidence as the model reads it: by date, with "on Thursday" spelled out as a date."""
    lines = list[str]()
    for day, group in groupby(evidence, key=lambda item: item.date):
        source = f"articles of {spell_with_weekday(day)}" if day else "undated articles"
        lines += [f"{_FROM} {source}:", *map(statement, group)]
    return "\n".join(lines)


def statement(item: Evidence) -> str:
    """One line of evidence; a photo caption is called one, since a caption is not reporting."""
    return f"[{item.number}] {'(photo caption) ' if item.kind == 'caption' else ''}{item.told}"


def fingerprint() -> str:
    """Changes when the words of any prompt change."""
    return hashlib.sha256("\0".join((INSTRUCTIONS, _RETELL, YES_OR_NO, _REWRITE)).encode()).hexdigest()[:12]


def _conversation(history: Sequence[tuple[str, str]]) -> str:
    turns = "\n".join(f"{'Reader' if role == 'user' else 'Archive'}: {text}" for role, text in history)
    return f"{_TURNS}\n{turns}\nLast question:"


def _messages(system: str, user: str) -> list[ChatMessage]:
    from llama_index.core.llms import ChatMessage, MessageRole  # a second's work, that a search can do without

    # "<|im_start|>" or "<end_of_turn>" in an article or a question would be a turn of its own in a chat template
    user = _SPECIAL.sub(lambda found: f"{found[0]} ", user)
    return [ChatMessage(role=MessageRole.SYSTEM, content=system), ChatMessage(role=MessageRole.USER, content=user)]
