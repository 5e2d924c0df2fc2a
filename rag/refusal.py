"""What a reader is told when the articles do not answer."""

from __future__ import annotations

import re

from rag.evidence import EvidenceSet
from rag.words import STOPWORDS, fold

REFUSAL = "The articles do not answer this question."


def refusal_text(question: str, evidence: EvidenceSet, articles: int) -> str:
    """The refusal, with what was looked for and, where it is known, what the articles never mention."""
    text = REFUSAL
    if evidence.missing_names:
        text += f" The passages found do not mention {_listed(evidence.missing_names)}."
    looked_for = [word for word in dict.fromkeys(re.findall(r"\w[\w’'-]*", question)) if fold(word) not in STOPWORDS]
    if looked_for:
        text += f" Looked for: {', '.join(looked_for[:12])}, in {articles} article{'s' if articles != 1 else ''}."
    return text


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
