"""Statements as `rag.evidence` would find them, for tests that need no index."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from rag.evidence import Evidence, EvidenceSet
from rag.words import content_words

DAY = date(2024, 12, 5)


def statement(quote: str, number: int = 1, article: str = "a.txt", **other: Any) -> Evidence:
    """A statement of article "a.txt", of 5 December 2024, that may well answer, unless told otherwise."""
    fields: dict[str, Any] = {
        "title": "Hama", "about": "", "date": DAY, "page": None, "start": 0, "end": len(quote), "kind": "prose",
        "carriers": (article,), "passage": f"{article}:0", "similarity": 0.6, "nearness": 0.6, "opens": False,
        "words": frozenset(content_words(quote)), "odds": 1.0, "relevance": 1.0,
    }  # fmt: skip
    return Evidence(number=number, article=article, quote=quote, **(fields | other))


def evidence_set(items: Sequence[Evidence], absent: Sequence[str] = ()) -> EvidenceSet:
    """The statements as the model reads them; the `absent` names of the question are in none of their articles."""
    return EvidenceSet(tuple(items), tuple(items), (), tuple(absent))
