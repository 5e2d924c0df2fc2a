"""Questions to begin with, made from the corpus itself."""

from __future__ import annotations

import re
from collections import Counter

from index.store import ArticleIndex
from rag.mentions import names_in

_ARTICLES = 30
_QUESTIONS = 4
_ADJECTIVE = re.compile(r"^\S+(?:ian|ean|ish|ese)$")  # "Syrian" is no name to ask about


def examples(articles: ArticleIndex) -> list[str]:
    """A few questions that the articles say something about: on the names that most of them mention most."""
    mentioned: Counter[str] = Counter()
    for article in map(articles.article, articles.article_ids()[:_ARTICLES]):
        names = Counter(
            name.bare
            for name in names_in(article.text, article.text)
            if name.kind != "unknown" and not _ADJECTIVE.search(name.bare)
        )
        mentioned.update(dict(names.most_common(5)))
    asked = [f"What do the articles say about {name}?" for name, _ in mentioned.most_common(_QUESTIONS - 1)]
    return ["Summarise the articles.", *asked]
