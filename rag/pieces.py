"""A full answer: what a question asks for that a sentence does not tell, in the words of the articles.

Statements are scored by a logistic regression over what the judge and the search say of them, neighbours are joined,
and the best are taken one after the other, none too like another (maximal marginal relevance: Carbonell and Goldstein
1998). A model of 1.5 billion parameters, asked to retell them, invents every other time (docs/decisions.md, "Full
answers are quotes").
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.static import StaticEmbedder
from index.store import ArticleIndex
from index.types import Hit
from rag.crossencoder import CrossEncoder
from rag.days import time_of
from rag.evidence import Evidence, is_copy, likeliest, share_of, whole_articles
from rag.types import Length
from rag.words import SOMEBODY_SAYS

PIECES = 8
"""Of which an answer is made; a list has two more."""
PASSAGES = 20
"""Of the search, whose articles are read."""
_READ = 100  # statements that the judge reads for the question and each of its parts
_LONGEST = 420  # characters of two neighbours that are shown as one piece
_LONGEST_ALONE = 600  # of one statement
_FEWEST_WORDS = 5  # that carry meaning
_NEW = 0.25  # of a statement's words that all before it must not have said
_SAME = 0.7  # of a statement's words that one other has, from which it repeats it
_GAP = 3  # characters between neighbours
_JOINING = 0.1  # taken from the score of two: more words to read
_OPENING = 600  # characters of an article's text that say what it is about
_SHORTEST = 3  # words of a part of a question
_PART = re.compile(r"[,;:]|\band\b|(?<=\?)")
_ALIKE, _SAME_ARTICLE = 0.5, 0.1  # taken from the score of a piece: for its cosine with one that is there, and for each
_CHRONOLOGY = r"chronolog\w*|time ?line|in order\b|step by step|stages?|over time|course of|what happened when"
_COMPARISON = r"compare|comparison|differ|differences?|contrast|versus|for and against"
_ASKS = re.compile(
    rf"\b(?:summari[sz]e|summary|overview|explain|{_CHRONOLOGY}|{_COMPARISON}|tell me (?:all |more )?about"
    r"|what (?:is|was) known)\b|^\W*(?:please )?(?:list|enumerate|describe)\b",
    re.IGNORECASE,
)
_ORDERED = re.compile(rf"\b(?:{_CHRONOLOGY})\b", re.IGNORECASE)
_LISTS = re.compile(
    r"^\W*(?:please )?(?:list|enumerate|name)\b|^\W*(?:which|what) (?!is\b|was\b|does\b|has\b)\w+s\b", re.IGNORECASE
)
_SIDES = re.compile(rf"\b(?:{_COMPARISON}|each|both|who (?:\w+ed|was for|was against))\b", re.IGNORECASE)


def length_of(question: str) -> Length:
    """How long an answer the question's own words ask for."""
    return "full" if _ASKS.search(question) else "short"


def in_order(question: str) -> bool:
    """Whether it asks what came after what."""
    return _ORDERED.search(question) is not None


def lists(question: str) -> bool:
    """Whether it asks for several of a kind."""
    return _LISTS.search(question) is not None


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for a statement of its being told in a full answer."""

    answers: float
    """The judge's log-odds that it answers the question."""
    part: float
    """Those for the part of the question that it answers best, in standard deviations above the mean of all."""
    story: float
    """The mean of the first for the three best statements of its article."""
    place: float
    """Its own among the article's statements, from 0; at most 15."""
    opens: float
    """1 if it is among the first two, where news says what matters, else 0."""
    about: float
    """Share of the question's words, the rare ones counting for more, with which its article begins."""
    dated: float
    """1 if it names a time and the question asks what came after what, else 0."""
    speaks: float
    """1 if somebody speaks in it and the question asks for sides, else 0."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the two regressions; `evals/pieces.py` fits them."""

    bias: float
    weights: Mapping[str, float]
    """Of a statement's signals."""
    worth: Mapping[str, float]
    """Of whether there is a full answer at all (`odds_and_best`): "bias", "evidence", "pieces"; and the probability
    "least" from which on it is told."""

    def score(self, signals: Signals) -> float:
        return self.bias + sum(weight * float(getattr(signals, name)) for name, weight in self.weights.items())

    def answers(self, likelihood: float, found: Sequence[Scored]) -> bool:
        """Whether what was found is told at all; `likelihood` is that of a short answer (0 to 1)."""
        odds, best = odds_and_best(likelihood, [one.score for one in found])
        score = self.worth["bias"] + self.worth["evidence"] * odds + self.worth["pieces"] * best
        return 1 / (1 + math.exp(-score)) >= self.worth["least"]

    @classmethod
    def load(cls) -> Self:
        """The fitted ones that come with Dateline."""
        stored = json.loads(files("rag").joinpath("pieces.json").read_text("utf-8"))
        return cls(stored["bias"], stored["weights"], stored["worth"])


def odds_and_best(likelihood: float, scores: Sequence[float]) -> tuple[float, float]:
    """What says whether there is a full answer: the log-odds of a short one, and the mean score of the best pieces,
    for of what happened in a war no single sentence tells all. `scores` from the highest on."""
    likelihood = min(max(likelihood, 1e-3), 1 - 1e-3)
    return math.log(likelihood / (1 - likelihood)), float(np.mean(scores[:PIECES] or [-9]))


@dataclass(frozen=True, slots=True)
class Scored:
    """A statement, or two neighbours, that may be told."""

    item: Evidence
    score: float
    vector: NDArray[np.float32]
    """Of its words, by the static embedding; a unit vector."""
    joined: tuple[Evidence, ...] = ()
    """The statements that it is made of, if they are two, neither a part of the other."""

    @property
    def parts(self) -> tuple[Evidence, ...]:
        return self.joined or (self.item,)


def scored(
    question: str,
    hits: Sequence[Hit],
    articles: ArticleIndex,
    judge: CrossEncoder,
    embedder: StaticEmbedder,
    weights: Weights,
) -> list[Scored]:
    """The statements of the articles of `hits` that may be told, the likeliest first."""
    read = signals(question, hits, articles, judge, embedder)
    vectors = embedder.get_text_embedding_batch([item.line for item, _ in read])
    found = [Scored(item, weights.score(of), vector) for (item, of), vector in zip(read, vectors, strict=True)]
    return sorted(found, key=lambda one: -one.score)


def pieces(question: str, found: Sequence[Scored], articles: ArticleIndex) -> list[Evidence]:
    """What of the statements `found` answers the question together, by the day of each; in the order of the events,
    where that is asked for."""
    ordered = in_order(question)

    def place(item: Evidence) -> tuple[object, ...]:
        day = when(item) if ordered else (item.date or date.max,)
        return (*day, item.article, item.start)

    return _apart([*found, *_joined(found, articles)], PIECES + 2 * lists(question), place)


def when(item: Evidence) -> tuple[date, date]:
    """The time that a statement tells of, else its article's day: the first day and the last."""
    time = time_of(item.line, item.date)
    return (time.first, time.last) if time else (item.date or date.max, item.date or date.max)


def signals(
    question: str, hits: Sequence[Hit], articles: ArticleIndex, judge: CrossEncoder, embedder: StaticEmbedder
) -> list[tuple[Evidence, Signals]]:
    """The likeliest statements of the articles of `hits`, with what speaks for each."""
    items = [
        item
        for item in likeliest(question, whole_articles(hits), articles, embedder, most=_READ)
        if item.kind != "caption" and len(item.quote) <= _LONGEST_ALONE and len(item.words) >= _FEWEST_WORDS
    ]
    known = articles.with_sentences(dict.fromkeys(item.article for item in items))
    ends = {id: [sentence.end for sentence in sentences] for id, (_, sentences) in known.items()}
    # an article that was written anew since it was searched is read as it is at the next question
    items = [item for item in items if item.article in known and item.end in ends[item.article]]
    if not items:
        return []
    parts = [part for part in _PART.split(question) if len(part.split()) >= _SHORTEST]
    asked = [np.array(judge.log_odds(one, [item.read for item in items])) for one in (question, *parts)]
    part = np.max([(odds - odds.mean()) / (odds.std() + 0.1) for odds in asked[1:] or asked], axis=0)
    best_of = dict[str, list[float]]()
    for odds, item in sorted(zip(asked[0].tolist(), items, strict=True), key=lambda one: -one[0]):
        best_of.setdefault(item.article, []).append(odds)
    share = share_of(question, articles)
    about = {id: share(f"{article.title}\n{article.text[:_OPENING]}") for id, (article, _) in known.items()}
    ordered, sides = in_order(question), _SIDES.search(question) is not None
    return [
        (
            item,
            Signals(
                answers=float(odds),
                part=float(best),
                story=float(np.mean(best_of[item.article][:3])),
                place=float(min(ends[item.article].index(item.end), 15)),
                opens=float(ends[item.article].index(item.end) < 2),
                about=about[item.article],
                dated=float(ordered and time_of(item.line, item.date) is not None),
                speaks=float(sides and SOMEBODY_SAYS.search(item.line) is not None),
            ),
        )
        for item, odds, best in zip(items, asked[0], part, strict=True)
    ]


def _joined(scored: Sequence[Scored], articles: ArticleIndex) -> Iterator[Scored]:
    """Each statement with the one that follows it, where both are short enough to be read as one."""
    known = articles.with_sentences({one.item.article for one in scored})
    for one in scored:
        behind = (
            other
            for other in scored
            if other.item.article == one.item.article
            and one.item.end < other.item.end <= one.item.start + _LONGEST
            and other.item.start - one.item.end <= _GAP
        )
        if other := min(behind, key=lambda other: other.item.end, default=None):
            start, end = one.item.start, other.item.end
            quote = known[one.item.article][0].text[start:end] if one.item.article in known else ""
            if not (quote.startswith(one.item.quote) and quote.endswith(other.item.quote)):
                continue  # written anew meanwhile
            item = replace(one.item, end=end, quote=quote, words=one.item.words | other.item.words)
            vector = one.vector + other.vector
            score = float(np.logaddexp(one.score, other.score)) - _JOINING
            parts = () if one.item.overlaps(other.item) else (one.item, other.item)
            yield Scored(item, score, vector / np.linalg.norm(vector), parts)


def _apart(scored: Sequence[Scored], most: int, place: Callable[[Evidence], Any]) -> list[Evidence]:
    """The best, each the best of what is left when its likeness to those before it is taken off; sorted by `place`,
    and in that order none repeats the others."""
    chosen, left = list[Scored](), sorted(scored, key=lambda one: -one.score)

    def worth(one: Scored) -> float:
        nearest = max((float(one.vector @ other.vector) for other in chosen), default=0.0)
        beside = sum(other.item.article == one.item.article for other in chosen)
        return one.score - _ALIKE * nearest - _SAME_ARTICLE * beside

    while left and len(chosen) < most:
        best = left.pop(max(range(len(left)), key=lambda at: worth(left[at])))
        if not _repeat(sorted((part for one in (*chosen, best) for part in one.parts), key=place)):
            chosen.append(best)
            left = [one for one in left if not one.item.overlaps(best.item)]
    return sorted((one.item for one in chosen), key=place)


def _repeat(told: Sequence[Evidence]) -> bool:
    """Whether one of the statements, told in this order, says what those before it said."""
    said = set[str]()
    for at, item in enumerate(told):
        if len(item.words - said) < _NEW * len(item.words) or any(
            len(item.words & other.words) >= _SAME * min(len(item.words), len(other.words)) or is_copy(item, other)
            for other in told[:at]
        ):
            return True
        said |= item.words
    return False
