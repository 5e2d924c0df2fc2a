"""Statements as `rag.evidence` would find them, for tests that need no index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from rag.evidence import Evidence, EvidenceSet
from rag.words import content_words

DAY = date(2024, 12, 5)


def statement(quote: str, number: int = 1, **other: Any) -> Evidence:
    """A statement of article "a.txt", of 5 December 2024, unless told otherwise."""
    article = other.pop("article", "a.txt")
    fields: dict[str, Any] = {
        "title": "Hama", "date": DAY, "page": None, "start": 0, "end": len(quote), "kind": "prose",
        "carriers": (article,), "similarity": 0.6, "coverage": 0.5,
        "vector": np.array([1.0, 0.0], dtype=np.float32), "words": frozenset(content_words(quote)),
    }  # fmt: skip
    return Evidence(number=number, article=article, quote=quote, **(fields | other))


def evidence_set(
    items: Sequence[Evidence], *, missing: tuple[str, ...] = (), names: int = 1, question: str = "Hama"
) -> EvidenceSet:
    weights = dict.fromkeys(content_words(question), 1.0)
    return EvidenceSet(tuple(items), tuple(items), weights, missing, names, 0)
