"""What happened when: the sentences about a topic that name a day of their own, in the order of what they tell.

No model is called, and the judge is not asked: which sentences belong to the topic is decided by the words that they,
and the beginning of their article, share with it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.static import StaticEmbedder
from index.store import ArticleIndex
from index.types import Hit
from rag.days import find_times, spell, spell_span
from rag.evidence import Evidence, fold_copies, share_of, statement
from rag.markup import cell, literal
from rag.numbers import find_numbers
from rag.wording import quoted
from rag.words import content_words

PASSAGES = 80
"""Passages of the search whose articles are read."""
_OPENING = 600  # characters of an article's text that say what it is about
_BIAS, _OF_ARTICLE, _OF_SENTENCE, _NEAR = -1.5, 1.5, 1.0, 2.0
_SAME_EVENT = 0.4  # Jaccard of the words of two sentences about one day that tell the same


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened, in the exact words of an article: `article.text[start:end] == quote`, always."""

    first: date
    """The day of the event; the first of its days, where it has several."""
    last: date
    """The same day, or the last: "in March 2011" is a month."""
    reported: date | None
    """The article's day."""
    quote: str
    article: str
    title: str
    start: int
    end: int
    carriers: tuple[str, ...]
    """Every article known to carry the same words, this one included. Copies do not confirm each other."""
    differs: tuple[int, ...] = ()
    """Places in the list, from 0, of entries that tell the same of that day with other figures."""

    @property
    def when(self) -> str:
        """The day, month or year as a person writes it; the first and last day of any other span."""
        return spell_span(self.first, self.last)


def timeline(
    topic: str,
    hits: Sequence[Hit],
    articles: ArticleIndex,
    embedder: StaticEmbedder,
    *,
    since: date | None = None,
    until: date | None = None,
) -> list[TimelineEntry]:
    """What the articles of `hits`, which a search for `topic` found, tell of it, by the first day of each event.

    Near-copies are one entry. A sentence that names several times stands at the first of them. `since` and `until`
    bound the events, inclusive.
    """
    dated = _dated(topic, hits, articles, embedder)
    told = {(item.article, item.start, item.end): times for item, times in dated}
    items = fold_copies([item for item, _ in dated])
    entries = list[TimelineEntry]()
    for item in items:
        first, last = told[item.article, item.start, item.end]
        if (since and last < since) or (until and until < first):
            continue
        entries.append(
            TimelineEntry(
                first, last, item.date, item.quote, item.article, item.title, item.start, item.end, item.carriers
            )
        )
    entries.sort(key=lambda one: (one.first, one.last, str(one.reported), one.article, one.start))
    return _compared(entries)


def _dated(
    topic: str, hits: Sequence[Hit], articles: ArticleIndex, embedder: StaticEmbedder
) -> list[tuple[Evidence, tuple[date, date]]]:
    """The statements that belong to the topic and name a time, each with its first and last day."""
    share = share_of(topic, articles)
    found = list[tuple[float, float, Evidence, tuple[date, date]]]()
    known = articles.with_sentences(dict.fromkeys(hit.passage.article for hit in hits))
    for article, sentences in known.values():
        about = share(f"{article.title}\n{article.text[:_OPENING]}")
        for at, sentence in enumerate(sentences):
            if times := find_times(article.text[sentence.start : sentence.end], article.date):
                item = statement(article, sentences, at)
                found.append((about, share(item.quote), item, (times[0].first, times[0].last)))
    if not found:
        return []
    vectors = embedder.get_text_embedding_batch([topic, *(item.read for _, _, item, _ in found)])
    nearness = (vectors[1:] @ vectors[0]).tolist()
    return [
        (replace(item, nearness=near, relevance=near), times)
        for (about, said, item, times), near in zip(found, nearness, strict=True)
        if belongs(about, said, near)
    ]


def belongs(about: float, said: float, near: float) -> bool:
    return _BIAS + _OF_ARTICLE * about + _OF_SENTENCE * said + _NEAR * near > 0


def _compared(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """With the places of those that tell the same of the same day with other figures."""
    words = [set(content_words(one.quote)) for one in entries]
    figures = [{number.value for number in find_numbers(one.quote)} for one in entries]
    compared = list[TimelineEntry]()
    for at, one in enumerate(entries):
        others = tuple(
            other
            for other, entry in enumerate(entries)
            if other != at
            and (one.first, one.last) == (entry.first, entry.last)
            and figures[at] - figures[other]
            and figures[other] - figures[at]
            and len(words[at] & words[other]) >= _SAME_EVENT * len(words[at] | words[other])
        )
        compared.append(replace(one, differs=others))
    return compared


def as_csv(entries: Sequence[TimelineEntry]) -> str:
    """A row for each entry, below a head."""
    told = io.StringIO()
    rows = csv.writer(told, lineterminator="\n")
    rows.writerow(
        ["first", "last", "reported", "quote", "title", "article", "start", "end", "carriers", "differs from"]
    )
    for one in entries:
        others = " ".join(entries[other].article for other in one.differs)
        carriers = " ".join(one.carriers)
        row = [one.first, one.last, one.reported or "", one.quote, one.title, one.article, one.start, one.end]
        rows.writerow([cell(str(value)) for value in (*row, carriers, others)])
    return told.getvalue()


def as_markdown(topic: str, entries: Sequence[TimelineEntry]) -> str:
    """A heading, and below it a list of days with their quotes."""
    lines = [f"# {literal(topic)}", ""]
    for one in entries:
        reported = f", reported {spell(one.reported)}" if one.reported else ""
        lines.append(f"- **{one.when}**: {literal(quoted(one.quote))} ({literal(one.title)}{reported})")
    return "\n".join(lines) + "\n"
