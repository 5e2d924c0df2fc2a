"""Questions to begin with, made from the corpus itself."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import islice

from index.store import ArticleIndex
from rag.mentions import IN, Name, names_in

_ARTICLES = 30
_NAMES = 5  # of an article
_QUESTIONS = 4
_ADJECTIVE = re.compile(r"^\S+(?:ian|ean|ish|ese)$")  # "Syrian" is no name to ask about


def examples(articles: ArticleIndex) -> list[str]:
    """A few questions on what most of the newest articles tell of; each finds a passage that tells of it."""
    newest = sorted(articles.listed(), key=lambda one: one.date or date.min, reverse=True)[:_ARTICLES]
    covered: Counter[tuple[str, str]] = Counter()
    for text in (articles.article(one.id).text for one in newest):
        names = Counter(name for name in (_bare(name) for name in names_in(text, text)) if name)
        for (name, kind), _ in names.most_common(_NAMES):
            if question := _question(name, kind, text):
                covered[question, name] += 1
    asked = (question for (question, name), _ in covered.most_common() if _finds(articles, question, name))
    return ["Summarise the articles.", *islice(asked, _QUESTIONS - 1)]


def _bare(name: Name) -> tuple[str, str] | None:
    return None if name.kind == "unknown" or _ADJECTIVE.search(name.bare) else (name.bare, name.kind)


def _question(name: str, kind: str, text: str) -> str | None:
    """What the text says something about: what a person said, what happened in a place."""
    called = re.escape(name)
    if kind == "person" and " " in name:
        near = '[^.!?“”"\\n]{0,60}'
        said = rf"\b{called}{near} (?:said|says|told)\b|\b(?:said|says) (?:{near} )?{called}\b"
        return f"What did {name} say?" if re.search(said, text) else None
    if kind == "place" and re.search(rf"\b{IN} {called}\b", text):
        return f"What happened in {name}?"
    return None


def _finds(articles: ArticleIndex, question: str, name: str) -> bool:
    return any(name in hit.passage.text for hit in articles.search(question, 1, mode="bm25"))
