"""Hits -> the few sentences that most likely answer, as the judge reads them: what the model is given, and may cite.

Passages are for finding; sentences are for proving. A sentence that leans on the one before it is read with it;
near-copies (shared wire copy) are folded into one.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import islice
from textwrap import shorten
from typing import Self

from index.static import StaticEmbedder
from index.store import ArticleIndex
from index.types import Article, Hit, Kind, Sentence
from rag.crossencoder import CrossEncoder
from rag.days import CALENDAR_WORDS, annotate, find_days
from rag.names import find_names, foreign_names, name_stands_in, resembles_word_in
from rag.numbers import find_numbers
from rag.types import Citation
from rag.words import content_words

READ = 48
"""Statements that the judge reads for one question: those that words, cosine and passage make the likeliest."""
PASSAGES = 2
"""Times as many passages are looked through for statements as are shown: what answers is often in a lower one."""
BEHIND = 2.0
"""Relevance behind the best statement from which one is left out: it rarely answers, and costs time."""
_COPY = 0.6  # Jaccard of the content words from which two sentences count as one; wire copy is edited lightly
_LEAST = 4  # statements that are taken if there are as many, however sure the judge is of the first
_ABOUT = 160  # characters of what an article is about; the judge reads 160 tokens in all
_LEAST_WEIGHT = 0.1  # of a word that every passage has
_CLOSING = " \n”’\"')]"
_WORD = re.compile(r"\w+(?:['’]\w+)?")
# "It lies 25 miles south" says nothing without the sentence before it
_LEANS = re.compile(
    r"(?:[“\"'‘]?)(?:it|its|he|his|she|her|they|their|them|this|these|those|that|there|here|such|both|the former"
    r"|the latter|also|but|and|however|instead|meanwhile)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence(Citation):
    """A statement of an article, as it may be cited: one sentence, with the one before it if it leans on that."""

    about: str
    """What its article is about: the headline, or the first sentence; empty for the statement that says so itself."""
    kind: Kind
    passage: str
    """The id of the passage that it was found in."""
    similarity: float
    """Cosine of question and passage; 0 where the dense search did not find it."""
    nearness: float
    """Cosine of question and statement, by the static embedding."""
    opens: bool
    """Whether it is among the first two sentences of its article, where news says what matters."""
    words: frozenset[str] = field(repr=False, compare=False)
    copies: tuple[Evidence, ...] = field(default=(), repr=False, compare=False)
    """The near-copies that were folded into it."""
    odds: float = 0.0
    """The judge's log-odds that it answers the question."""
    relevance: float = 0.0
    """The same, fused with what words, cosines and passage say: larger is better."""

    def overlaps(self, other: Citation) -> bool:
        """Whether both have some of the same characters."""
        return self.article == other.article and self.start < other.end and other.start < self.end

    @property
    def line(self) -> str:
        """The quote on one line."""
        return " ".join(self.quote.split())

    @property
    def told(self) -> str:
        """The quote as the model reads it: "on Thursday" with its date, a table's row with its article's title."""
        title = f"({self.title}) " if self._is_row else ""
        return title + annotate(self.line.replace(" | ", ", "), self.date)

    @property
    def read(self) -> str:
        """The quote as the judge reads it: behind what its article is about."""
        return f"({self.about}) {self.told}" if self.about and not self._is_row else self.told

    @property
    def _is_row(self) -> bool:
        return " | " in self.quote


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """What a question has to go on."""

    items: tuple[Evidence, ...]
    """What the model reads, in that order."""
    pool: tuple[Evidence, ...]
    """Every statement that the judge read, likeliest first; `items` come from it."""
    names: tuple[str, ...]
    """The question's."""
    missing_names: tuple[str, ...]
    """Those of them that stand nowhere in the articles found."""
    passages_left_out: int = 0
    """Passages found whose best sentences did not fit the budget."""

    def within(self, budget: int, cost: Callable[[Evidence], int]) -> Self:
        """The same with what fits `budget` tokens, numbered from 1; the best statement always fits."""
        chosen, left = list[Evidence](), budget
        for item in self.items:
            price = cost(item)
            if not chosen or price <= left:
                chosen.append(item)
                left -= price
        left_out = {item.passage for item in self.items} - {item.passage for item in chosen}
        items = tuple(replace(item, number=number) for number, item in enumerate(chosen, 1))
        return replace(self, items=items, passages_left_out=len(left_out))


def gather(
    question: str,
    hits: Sequence[Hit],
    articles: ArticleIndex,
    judge: CrossEncoder,
    embedder: StaticEmbedder,
    *,
    limit: int,
) -> EvidenceSet:
    """At most `limit` statements that are not far behind the one that most likely answers; `within` cuts to a budget.

    At least one statement is taken if there is any.
    """
    read = likeliest(question, hits, articles, embedder)
    odds = judge.log_odds(question, [item.read for item in read])
    scored = [
        replace(item, odds=of_it, relevance=of_it + item.relevance) for item, of_it in zip(read, odds, strict=True)
    ]
    ranked = fold_copies(sorted(scored, key=lambda item: -item.relevance))
    near = [
        item for at, item in enumerate(ranked[:limit]) if at < _LEAST or item.relevance >= ranked[0].relevance - BEHIND
    ]
    names = [name for name in find_names(question, question=True) if name.lower() not in CALENDAR_WORDS]
    found = articles.with_sentences(dict.fromkeys(hit.passage.article for hit in hits)) if names else {}
    missing = missing_names(names, [article for article, _ in found.values()])
    return EvidenceSet(tuple(near), tuple(ranked), tuple(names), tuple(missing))


def missing_names(names: Sequence[str], articles: Sequence[Article]) -> list[str]:
    """Those of `names` that stand nowhere in the articles; days and months are none."""
    wanted = (name for name in names if name.lower() not in CALENDAR_WORDS)
    return [name for name in wanted if not any(_has(article, name) for article in articles)]


def likeliest(
    question: str, hits: Sequence[Hit], articles: ArticleIndex, embedder: StaticEmbedder, *, most: int = READ
) -> list[Evidence]:
    """Of the statements of the passages found, those that the judge is to read, with what the search says of them."""
    found = statements(hits, articles, frozenset(content_words(question)))
    vectors = embedder.get_text_embedding_batch([question, *(item.line for item in found)])
    weights = [(content_words(word), weight) for word, weight in rarity(question, articles).items()]
    whole = sum(weight for _, weight in weights) or 1.0
    headlines = {hit.passage.article: frozenset(content_words(hit.passage.title)) for hit in hits}
    rank = {hit.passage.id: place for place, hit in enumerate(hits)}
    weighed = list[tuple[float, Evidence]]()
    for item, nearness in zip(found, (vectors[1:] @ vectors[0]).tolist(), strict=True):
        words, at = item.words | headlines[item.article], rank[item.passage]
        # what share of the question's words, the rare ones counting for more, statement and headline have
        said = sum(weight for asked, weight in weights if words.issuperset(asked)) / whole
        # where the judge is unsure, this decides (evals/RESULTS.md)
        relevance = 2.0 * said + item.similarity + nearness - 0.2 * at
        chance = 2.0 * said + 4.0 * nearness - 0.1 * at
        weighed.append((chance, replace(item, nearness=nearness, relevance=relevance)))
    return [item for _, item in sorted(weighed, key=lambda one: -one[0])[:most]]


def whole_articles(hits: Sequence[Hit]) -> list[Hit]:
    """One hit for each article of `hits`, the whole of it, in the place of its best."""
    best = {hit.passage.article: hit for hit in reversed(hits)}
    found = dict.fromkeys(hit.passage.article for hit in hits)
    return [replace(best[id], passage=replace(best[id].passage, start=0, end=sys.maxsize)) for id in found]


def statements(hits: Sequence[Hit], articles: ArticleIndex, asked: frozenset[str] = frozenset()) -> list[Evidence]:
    """Every sentence of the passages found, best passage first, each once; none that only asks what is `asked`."""
    found: dict[tuple[str, int], Evidence] = {}
    known = articles.with_sentences({hit.passage.article for hit in hits})
    for hit in (hit for hit in hits if hit.passage.article in known):
        article, sentences = known[hit.passage.article]
        for at, sentence in enumerate(sentences):
            place = article.id, sentence.start
            if hit.passage.start <= sentence.start and sentence.end <= hit.passage.end and place not in found:
                found[place] = statement(article, sentences, at, hit, asked)
    return [one for one in found.values() if not _asks(one.quote, asked)]


def statement(
    article: Article,
    sentences: Sequence[Sentence],
    at: int,
    hit: Hit | None = None,
    asked: frozenset[str] = frozenset(),
) -> Evidence:
    """The sentence `at` of all the article's, as it was found in the passage of `hit`.

    A question of these words, as `asked`, stands neither before it nor for what the article is about: it would make
    any statement behind it the likeliest.
    """
    sentence, start = sentences[at], _begin(article, sentences, at, asked)
    opening = list(islice((one for one in sentences if one.kind != "caption"), 2))
    about, told_at = _about(article, opening)
    if _asks(about, asked):
        about, told_at = "", -1
    quote = article.text[start : sentence.end]
    return Evidence(
        number=0,
        article=article.id,
        title=article.title,
        about="" if start <= told_at < sentence.end else about,
        date=article.date,
        page=article.page_of(start),
        start=start,
        end=sentence.end,
        quote=quote,
        kind=sentence.kind,
        carriers=(article.id,),
        passage=hit.passage.id if hit else "",
        similarity=(hit.similarity or 0.0) if hit else 0.0,
        nearness=0.0,
        opens=sentence in opening,
        words=frozenset(content_words(quote)),
    )


def _about(article: Article, opening: Sequence[Sentence]) -> tuple[str, int]:
    """What the article is about, and where in its text that stands: -1 for a headline.

    A title that is only the beginning of the text tells less than the sentence that it was taken from.
    """
    if opening:
        first = " ".join(article.text[opening[0].start : opening[0].end].split())
        if first.startswith(article.title.removesuffix("…").rstrip()):
            return shorten(first, _ABOUT, placeholder="…"), opening[0].start
    return article.title, -1


def _begin(article: Article, sentences: Sequence[Sentence], at: int, asked: frozenset[str]) -> int:
    """Where the statement begins: at the sentence, or up to two sentences earlier if it leans on them."""
    first = at
    while at - first < 2 and first > 0 and _LEANS.match(article.text, sentences[first].start):
        before = sentences[first - 1]
        if before.kind != sentences[at].kind or sentences[at].end - before.start > 600:
            break
        if _asks(article.text[before.start : before.end], asked):
            break
        first -= 1
    return sentences[first].start


def fold_copies(ranked: Sequence[Evidence]) -> list[Evidence]:
    """Near-copies become one statement that names all its carriers; the best-ranked wording stays."""
    kept: list[Evidence] = []
    for item in ranked:
        for place, other in enumerate(kept):
            if item.overlaps(other):
                break  # a part of what is there already
            if is_copy(item, other):
                carriers = tuple(dict.fromkeys((*other.carriers, item.article)))
                kept[place] = replace(other, carriers=carriers, copies=(*other.copies, item))
                break
        else:
            kept.append(item)
    return kept


def carriers(item: Evidence, search: Callable[[str, int], Sequence[Hit]], articles: ArticleIndex) -> tuple[str, ...]:
    """Every article that has the words of `item`, lightly edited or not, its own first.

    `search(words, k)` ranks by shared words over all articles; it is asked for more while the last ones are copies.
    """
    found, k = dict.fromkeys(item.carriers), 20
    while True:
        hits = search(item.line, k)
        copies = {other.article for other in statements(hits, articles) if is_copy(other, item)}
        found |= dict.fromkeys(hit.passage.article for hit in hits if hit.passage.article in copies)
        if len(hits) < k or not any(hit.passage.article in copies for hit in hits[-k // 2 :]):
            return tuple(found)
        k *= 4


def is_copy(a: Evidence, b: Evidence) -> bool:
    """Whether two statements are the same words, lightly edited: no number or day apart, no name in another's place."""
    if not a.words or not b.words:
        return a.quote == b.quote
    if not alike(a.words, b.words):
        return False
    days = find_days(a.quote, a.date), find_days(b.quote, b.date)
    if all(days) and not any(one.same(other) for one in days[0] for other in days[1]):
        return False
    short, long = sorted((find_numbers(a.quote), find_numbers(b.quote)), key=len)
    return all(number.stands_in(long) for number in short) and not _renamed(a.line.split(), b.line.split())


def _asks(text: str, asked: frozenset[str]) -> bool:
    """Whether a text does nothing but ask what is `asked`, by its words."""
    return text.rstrip(_CLOSING).endswith(("?", "？", "؟")) and alike(frozenset(content_words(text)), asked)


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether these are nearly the same words, as those of near-copies are; of none, no."""
    return bool(one and other) and len(one & other) >= _COPY * len(one | other)


def _renamed(one: Sequence[str], two: Sequence[str]) -> bool:
    """Whether a name or number stands in the place of another, and neither anywhere in the other words."""
    return any(
        tag == "replace" and _foreign(one[i:j], two) and _foreign(two[k:m], one)
        for tag, i, j, k, m in SequenceMatcher(None, one, two, autojunk=False).get_opcodes()
    )


def _foreign(words: Sequence[str], others: Sequence[str]) -> bool:
    part, text = " ".join(words), " ".join(others)
    return bool(foreign_names(part, text)) or any(not one.stands_in(find_numbers(text)) for one in find_numbers(part))


def share_of(question: str, articles: ArticleIndex) -> Callable[[str], float]:
    """Tells of a text which share of the question's words it has (0 to 1), the rare ones counting for more.

    Of words that no article has, only names count: what is told in other words is not told less.
    """
    known = articles.words_known(_WORD.findall(question))
    weights = [
        (frozenset(content_words(word)), max(weight, _LEAST_WEIGHT))
        for word, weight in rarity(question, articles).items()
        if known.get(word) or not word.islower()
    ]
    whole = sum(weight for _, weight in weights) or 1.0

    def share(text: str) -> float:
        words = set(content_words(text))
        return sum(weight for asked, weight in weights if asked <= words) / whole

    return share


def rarity(question: str, articles: ArticleIndex) -> dict[str, float]:
    """Of each of the question's telling words: 1 if no passage of the index has it, towards 0 the more have it.

    Inverse document frequency (Spärck Jones 1972), its highest value being 1.
    """
    words = [word for word in _WORD.findall(question) if content_words(word) and word.lower() not in CALENDAR_WORDS]
    passages, known = articles.counts().passages, articles.words_known(words)
    highest = math.log((passages + 1) / 0.5)
    return {word: max(0.0, math.log((passages + 1) / (known[word] + 0.5)) / highest) for word in words}


def _has(article: Article, name: str) -> bool:
    """Whether the name stands, in some form, in the article, its title, source or day."""
    text = "\n".join(filter(None, (article.title, article.source, article.url, str(article.date or ""), article.text)))
    words = set(content_words(name))
    return words <= set(content_words(text)) or name_stands_in(name, text) or resembles_word_in(name, text)
