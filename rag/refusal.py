"""What a reader is told when the articles do not answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.days import spell
from rag.evidence import Evidence, EvidenceSet
from rag.frames import quoted
from rag.mentions import names_in
from rag.reply import Reply, with_numbers
from rag.types import AnswerSentence
from rag.words import STOPWORDS, content_words, fold

REFUSAL = "The articles do not answer this question."
_RELATED = 0.5  # of the question's words, rare ones weighing more, that a statement must have to be shown as related


def refuse(reply: Reply, articles: int) -> str:
    """The refusal's text: what was looked for, what is never mentioned, and what the articles say instead, cited.

    What they say instead is put into the reply: it is related, and no answer.
    """
    text = REFUSAL
    missing = tuple(dict.fromkeys(name for evidence in reply.evidence for name in evidence.missing_names))
    if missing:
        text += f" The passages found do not mention {_listed(missing)}."
    if looked_for := _looked_for(reply.standalone):
        text += f" Looked for: {', '.join(looked_for)}, in {articles} article{'s' if articles != 1 else ''}."
    if found := _instead(reply.standalone, reply.evidence):
        item, about = found
        sentence = AnswerSentence(_said(item, about), (reply.cite(item),), 1.0)
        reply.sentences.append(sentence)
        text += f" Related, but no answer: {with_numbers(sentence)}"
    return text


def _instead(question: str, evidence: Sequence[EvidenceSet]) -> tuple[Evidence, str] | None:
    """The statement that comes nearest, and the name of the question that it is about, if one is near enough.

    A false premise ("When did the insurgents capture Homs?") is answered by what is said of the same name.
    """
    names = [name.bare for name in names_in(question, question)]
    best: tuple[Evidence, str] | None = None
    for found in evidence:
        if found.missing_names:
            continue  # then it is not about what was asked
        for item in found.pool:
            about = [name for name in names if set(content_words(name)) <= item.words]
            if about and item.coverage >= _RELATED and (best is None or item.relevance > best[0].relevance):
                best = item, about[-1]
    return best


def _said(item: Evidence, about: str) -> str:
    day = f", on {spell(item.date)}" if item.date else ""
    return f"of {about} they say{day}: {quoted(item.quote)}"


def _looked_for(question: str) -> list[str]:
    words = dict.fromkeys(re.findall(r"\w[\w’'-]*", question))
    return [word for word in words if fold(word) not in STOPWORDS][:12]


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
