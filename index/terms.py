"""The words of a text as a full text index of our own has them: without case, diacritics and English endings.

What FTS5 does for SQLite ("porter unicode61 remove_diacritics 2") is done here for PostgreSQL. Its own parser and
dictionaries differ from server to server (the extension unaccent may be missing), leave common words out, and read
"3.5", "a-b" and "2024-12-05" in ways of their own; and what is found is to be marked by the same rules.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from index.types import Span

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")  # an accent may stand behind its letter
_LONGEST = 100  # characters of a word; PostgreSQL takes 2,046 bytes
_stemming = threading.Lock()  # the stemmers keep the word in hand in themselves


def fold(text: str) -> str:
    """Lower case, no diacritics, straight quotes: the form in which spellings are compared."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def small(word: str) -> str:
    """Without case, letter by letter, as FTS5 takes it: "Straße" stays as long as it is, or it would not be found."""
    if word.isascii():
        return word.lower()
    forms = ((letter.casefold(), letter.lower(), letter) for letter in word)
    return "".join(next(form for form in of_it if len(form) == 1) for of_it in forms)


def spelled(name: str) -> str:
    """A name as it is looked up: its words, folded, each between spaces; empty for none."""
    return f" {' '.join(_WORD.findall(fold(name)))} " if name.strip() else ""


def terms(text: str) -> Iterator[tuple[str, Span]]:
    """Each word of the text as it is looked up, and where it stands."""
    for found in _WORD.finditer(text):
        yield _term(found[0]), Span(*found.span())


def term(word: str) -> str:
    """The word as it is looked up."""
    return _term(word)


def tsvector(text: str) -> tuple[str, int]:
    """The text's words with their places, as PostgreSQL reads a tsvector; and how many there are."""
    places = dict[str, list[str]]()
    count = 0
    for count, (word, _) in enumerate(terms(text), 1):
        places.setdefault(word, []).append(str(count))
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items()), count


def tsquery(words: Iterable[str], between: str) -> str:
    """The words, with this operator between them, as PostgreSQL reads a tsquery."""
    return f" {between} ".join(f"'{term(word)}'" for word in words)


@lru_cache(200_000)
def _term(word: str) -> str:
    plain = small(word)
    if not plain.isascii():
        apart = unicodedata.normalize("NFD", plain)
        plain = small("".join(letter for letter in apart if not unicodedata.combining(letter)))
    plain = plain[:_LONGEST]
    if not 3 <= len(plain.encode()) <= 64:  # FTS5 leaves these as they are
        return plain
    with _stemming:
        stem: str = _stemmer().stemWord(plain)
    return stem


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("porter")


def marks(text: str, words: Sequence[str]) -> tuple[Span, ...]:
    """Where any of the words stands in the text, in whatever form."""
    wanted = {term(word) for word in words}
    return tuple(place for found, place in terms(text) if found in wanted)
