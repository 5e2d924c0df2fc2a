"""A conversation to take away: Markdown to read, JSON with everything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rag.markup import literal
from rag.wording import about, in_words, origin
from web.conversations import Turn


def as_json(title: str, turns: Sequence[Turn]) -> str:
    """The title, and for each turn the question and the whole answer with its citations."""
    return json.dumps({"title": title, "turns": [turn.to_dict() for turn in turns]}, ensure_ascii=False, indent=2)


def as_markdown(title: str, turns: Sequence[Turn]) -> str:
    """Questions as headings, answers with [n], and the quotes below each, with article and date."""
    parts = [f"# {literal(title)}"]
    for turn in turns:
        parts.append(f"## {literal(turn.question)}")
        if turn.answer is None:
            parts.append(f"*{literal(turn.trouble or '')}*")
            continue
        parts.append(literal(turn.answer["text"]))
        parts += [_quote(citation) for citation in turn.answer["citations"]]
        parts += [f"*{literal(note)}*" for note in turn.answer["notes"]]
        parts.append(f"*{turn.answer['model']}, {in_words(turn.asked.date())}, {turn.asked:%H:%M} UTC*")
    return "\n\n".join(parts) + "\n"


def _quote(citation: dict[str, Any]) -> str:
    told = [*about(citation), origin(citation["carriers"])]
    words = literal(" ".join(citation["quote"].split()))
    return f"> **\\[{citation['number']}\\]** {words}\n>\n> {literal(', '.join(filter(None, told)))}"
