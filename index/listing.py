"""Which articles there are that have certain words: all of them, exactly, and no ranking."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.catalog import Catalog
from index.records import Narrow
from index.search import telling_words, words_of
from index.terms import term, terms
from index.types import Listed

_PIECE = re.compile(r'"([^"]+)"|“([^”]+)”|(\S+)')
_OPENING = 600  # characters of an article's text, after which it is about something only in passing


def listed(catalog: Catalog, query: str, narrow: Narrow, *, about: bool = False) -> list[Listed]:
    """The articles that have every word of `query` in their text or title, newest first, those without a date last.

    Words in quotation marks must stand one behind the other; of others, case, diacritics and English endings do not
    count, nor do stopwords. `about`: in the title or where the text begins.
    """
    found, wanted = catalog.listed(narrow), phrases(query)
    for phrase in wanted:
        in_text = catalog.having(phrase)
        found = [one for one in found if one.id in in_text or _has(one.title, phrase)]
    if about and wanted:
        begin = catalog.openings([one.id for one in found], _OPENING)
        found = [one for one in found if all(_has(f"{one.title}\n{begin[one.id]}", phrase) for phrase in wanted)]
    return found


def phrases(query: str) -> list[list[str]]:
    """The words that are looked for: those that must stand together in one list."""
    quoted, others = list[list[str]](), list[str]()
    for straight, curly, word in _PIECE.findall(query):
        if straight or curly:
            quoted.append(words_of(straight or curly))
        else:
            others.append(word)
    single = [[word] for word in telling_words(" ".join(others))] if others else []
    return [phrase for phrase in [*quoted, *single] if phrase]


def _has(text: str, phrase: Sequence[str]) -> bool:
    wanted, words = [term(word) for word in phrase], [word for word, _ in terms(text)]
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))
