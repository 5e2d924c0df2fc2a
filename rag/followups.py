"""Questions to go on with, made without a model from what the evidence says besides the answer."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from index.store import ArticleIndex
from index.terms import fold
from index.types import Hit
from rag.crossencoder import CrossEncoder
from rag.evidence import Evidence, statements
from rag.words import SAYING

_MOST = 3
_TRIED = 6  # questions that are searched for
_SURE = 0.0  # log-odds of a statement's answering it, from which a question is offered
_CALLED = r"(?>[A-Z]\w+(?:[ -](?:al-)?[A-Z]\w+)*)"
_WHERE = re.compile(rf"\bin (?P<name>{_CALLED})(?![’'\w-])")
_WHO_SAID = re.compile(
    rf"\b(?:said|says|added) (?P<name>[A-Z]\w++ {_CALLED})"
    rf"|(?P<who>[A-Z]\w++ {_CALLED})[^.!?“”\"\n]{{0,60}} (?:{SAYING})\b"
)
_NO_PLACE = re.compile(
    r"(?:ian|ean|ish|ese)$|^(?:January|February|March|April|May|June|July|August|September|October|November|December)$"
)


def questions(text: str) -> Iterator[tuple[str, str]]:
    """What the text says something about, once each time it does: what happened in a place, what a person said.

    Each with the name that it asks about.
    """
    for match in _WHERE.finditer(text):
        if not _NO_PLACE.search(match["name"]):
            yield f"What happened in {match['name']}?", match["name"]
    for match in _WHO_SAID.finditer(text):
        name = match["name"] or match["who"]
        yield f"What did {name} say?", name


def followups(
    asked: str,
    besides: Sequence[Evidence],
    about: Collection[str],
    find: Callable[[str, int], Sequence[Hit]],
    articles: ArticleIndex,
    judge: CrossEncoder,
) -> tuple[str, ...]:
    """Up to three questions about names of which `asked` says nothing, from the statements `besides`.

    Each is answered by a passage of the articles `about`, which a search, `find(question, 1)`, has first.
    """
    told, found = fold(asked), dict[str, str]()
    for item in besides:
        for question, name in questions(item.line) if item.article in about else ():
            if not any(fold(word) in told for word in name.split()):
                found.setdefault(question, name)
    offered = list[str]()
    for question, name in list(found.items())[:_TRIED]:
        hits = [hit for hit in find(question, 1) if hit.passage.article in about]
        having = [item.read for item in statements(hits, articles) if name in item.quote]
        if len(offered) < _MOST and max(judge.log_odds(question, having), default=-10.0) >= _SURE:
            offered.append(question)
    return tuple(offered)
