"""Half of a statement is no answer to a question about the other half.

"… with Russia preoccupied with its war in Ukraine, and Iran politically weakened by Israel …" has the words war, Russia
and Iran, and does not say that Russia is at war with Iran. Clauses that are joined, each with a subject of its own, are
told apart by their form; where that is not plain, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.split import split_sentences
from rag.words import content_words, find_names, name_stands_in

# a comma and a conjunction before a name, or before the article of a new subject
_JOIN = re.compile(r"[,;] (?:and|but|while|whereas) (?=[A-Z“\"]|(?:the|a|an|its|his|her|their) )")
_VERB = re.compile(
    r"(?<!-)\b(?:\w+(?:ed|ing)|is|are|was|were|be|been|has|have|had|will|would|can|could|may|might|do|does|did"
    r"|said|says|fell|took|takes|left|led|leads|won|lost|made|went|came|began|became|held|told|met|kept)\b"
)


def joined_apart(sentence: str, quote: str, question: str) -> str | None:
    """Why `sentence` may not stand on `quote`: the names that it adds to `question` stand in one clause, and what was
    asked about only in another. None if nothing speaks against it."""
    asked = set(content_words(question))
    new = [name for name in find_names(sentence, question=True) if not name_stands_in(name, question, loosely=True)]
    if not new:
        return None
    clauses = [part for span in split_sentences(quote) for part in _clauses(quote[span.start : span.end])]
    return f"the article says it of something else than {_listed(new)}" if _apart(new, asked, clauses) else None


def _apart(names: Sequence[str], asked: set[str], clauses: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether no clause with one of `names` has a word of the question, and a clause joined to one of them has."""
    joined = False
    for clause, others in clauses:
        if any(name_stands_in(name, clause) for name in names):
            if asked & set(content_words(clause)):
                return False
            joined = joined or any(asked & set(content_words(other)) for other in others)
    return joined


def _clauses(sentence: str) -> list[tuple[str, Sequence[str]]]:
    """The joined clauses of a sentence, each with those it is joined to; all one if a part has no verb of its own."""
    parts = _JOIN.split(sentence)
    if not all(_VERB.search(part) for part in parts):
        parts = [sentence]
    return [(part, [other for other in parts if other is not part]) for part in parts]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
