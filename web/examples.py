"""Questions to begin with, made from the corpus itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice

from index.store import ArticleIndex

_ARTICLES = 30
_NAMES = 5  # of an article
_QUESTIONS = 4
_CALLED = r"[A-Z]\w+(?:[ -](?:al-)?[A-Z]\w+)*"
_WHERE = re.compile(rf"\bin (?P<name>{_CALLED})")
_WHO_SAID = re.compile(
    rf"\b(?:said|says) (?P<name>[A-Z]\w+ {_CALLED})"
    rf"|(?P<who>[A-Z]\w+ {_CALLED})[^.!?“”\"\n]{{0,60}} (?:said|says|told)\b"
)
_NO_PLACE = re.compile(
    r"(?:ian|ean|ish|ese)$|^(?:January|February|March|April|May|June|July|August|September|October|November|December)$"
)


def examples(articles: ArticleIndex) -> list[str]:
    """A few questions on what most of the newest articles tell of; each finds a passage that tells of it."""
    newest = sorted(articles.listed(), key=lambda one: one.date or date.min, reverse=True)[:_ARTICLES]
    covered: Counter[tuple[str, str]] = Counter()
    for text in (articles.article(one.id).text for one in newest):
        told = Counter(_questions(text))
        covered.update(dict.fromkeys((one for one, _ in told.most_common(_NAMES)), 1))
    asked = (question for (question, name), _ in covered.most_common() if _finds(articles, question, name))
    return ["Summarise the articles.", *islice(asked, _QUESTIONS - 1)]


def _questions(text: str) -> Iterator[tuple[str, str]]:
    """What the text says something about, once each time it does: what happened in a place, what a person said."""
    for match in _WHERE.finditer(text):
        if not _NO_PLACE.search(match["name"]):
            yield f"What happened in {match['name']}?", match["name"]
    for match in _WHO_SAID.finditer(text):
        name = match["name"] or match["who"]
        yield f"What did {name} say?", name


def _finds(articles: ArticleIndex, question: str, name: str) -> bool:
    return any(name in hit.passage.text for hit in articles.search(question, 1, mode="bm25"))
