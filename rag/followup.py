"""history + question -> a question that stands alone, which is what search and model work with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypedDict

from rag.words import content_words, find_names

_TURNS = 4  # messages of history that are read; older ones are rarely meant and cost time
_POINTS_BACK = re.compile(
    r"\b(?:he|him|his|she|her|hers|it|its|they|them|their|theirs|this|that|these|those|there|then|one|ones|same"
    r"|former|latter|the (?:city|group|army|country|man|woman|company|two|leader|town))\b"
    r"|^(?:and|but|so|why|how come|what about|how about|when|where|who|how many|how much)\b\W*(?:\w+\W*)?$",
    re.IGNORECASE,
)


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


def leans_on_history(question: str) -> bool:
    """Whether the question points back: a pronoun, or too few words of its own to search with."""
    return bool(_POINTS_BACK.search(question)) or len(content_words(question)) < 2


def standalone(question: str, history: Sequence[Message], rewrite: Callable[[list[tuple[str, str]], str], str]) -> str:
    """The question with what it points back to written out.

    `rewrite` asks the model. Its words are used only if they are the conversation's own: a rewrite that
    brings in a name or a number from nowhere is dropped for the plain question with the previous one before it.
    """
    said_so_far = [turn for turn in history if turn["content"].strip()][-_TURNS:]
    turns = [(str(turn["role"]), _without_citations(turn["content"])) for turn in said_so_far]
    if not turns or not leans_on_history(question):
        return question
    rewritten = " ".join(rewrite(turns, question).split()).strip('"“”')
    said = " ".join([question, *(text for _, text in turns)])
    if rewritten and len(rewritten) <= 400 and _only_words_of(rewritten, said):
        return rewritten
    previous = next((text for role, text in reversed(turns) if role == "user"), "")
    return f"{previous} {question}".strip()


def _only_words_of(rewritten: str, said: str) -> bool:
    known = set(content_words(said))
    unknown = [word for word in content_words(rewritten) if word not in known]
    names = {word for name in find_names(rewritten, question=True) for word in content_words(name)}
    return not any(word in names or word.isdigit() for word in unknown) and len(unknown) <= 2


def _without_citations(text: str) -> str:
    return re.sub(r"\s*\[\d+\]", "", text)
