"""Questions to begin with, made from the corpus itself."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import islice

from index.store import ArticleIndex
from rag.followups import questions

_ARTICLES = 30
_NAMES = 5  # of an article
_QUESTIONS = 4


def examples(articles: ArticleIndex) -> list[str]:
    """A few questions on what most of the newest articles tell of; each finds a passage that tells of it."""
    newest = sorted(articles.listed(), key=lambda one: one.date or date.min, reverse=True)[:_ARTICLES]
    covered: Counter[tuple[str, str]] = Counter()
    for text in (articles.article(one.id).text for one in newest):
        told = Counter(questions(text))
        covered.update(dict.fromkeys((one for one, _ in told.most_common(_NAMES)), 1))
    asked = (question for (question, name), _ in covered.most_common() if _finds(articles, question, name))
    return ["Summarise the articles.", *islice(asked, _QUESTIONS - 1)]


def _finds(articles: ArticleIndex, question: str, name: str) -> bool:
    return any(name in hit.passage.text for hit in articles.search(question, 1, mode="bm25"))
