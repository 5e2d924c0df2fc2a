"""How long a search takes in one warm process, what filters and other readers cost, and what it finds."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from threading import Barrier

import numpy as np
import psutil

from evals.cases import spread
from evals.scale.corpus import Needle
from evals.scale.exact import ExactSearch, found
from index.static import StaticEmbedder
from index.types import Hit, Listed
from rag import Assistant
from rag.crossencoder import CrossEncoder
from rag.evidence import PASSAGES, gather
from rag.find import Filters, find

K = 10
READERS = 8
_OTHERS = 60  # queries besides the needles' questions
_JUDGED = 60
_EXCLUDED = 20  # articles that are left out, of those found
_MONTH = timedelta(days=15)

Figures = dict[str, float]


def searches(assistant: Assistant, needles: Sequence[Needle]) -> Figures:
    """Each figure by its name, in seconds unless the name says otherwise (see evals.scale.bars)."""
    needles_asked = [needle.question for needle in needles]
    queries = needles_asked + _others(assistant)
    for query in queries[-10:]:
        find(assistant.articles, query, K)  # loads what is loaded once
    return {
        **_filtered(assistant, needles, queries),
        **_judged(assistant, spread(queries, _JUDGED)),
        **_together(assistant, queries),
        "search memory": psutil.Process().memory_info().rss,
        **_recall(assistant, needles),  # the last: to look at every vector takes memory that a search does not
    }


def _others(assistant: Assistant) -> list[str]:
    """Headlines, which have many words, and authors, which have few."""
    listed = spread(assistant.articles.listed(), _OTHERS)
    return [one.title if at % 2 else one.author or one.title for at, one in enumerate(listed)]


def _filtered(assistant: Assistant, needles: Sequence[Needle], queries: Sequence[str]) -> Figures:
    """The same queries without and with each filter, in turn, so that what else the machine does falls on all."""
    days, listed = [needle.date for needle in needles], spread(assistant.articles.listed(), _OTHERS)
    times: dict[str, list[float]] = {"search": []}
    for at, query in enumerate(queries):
        hits, seconds = _timed(assistant, query, Filters())
        times["search"].append(seconds)
        for name, filters in _filters(days[at % len(days)], listed[at % len(listed)], hits):
            times.setdefault(name, []).append(_timed(assistant, query, filters)[1])
    figures = {f"{name} p{part}": _percentile(of, part) for name, of in times.items() for part in (50, 95)}
    plain = figures["search p95"]
    return figures | {f"{name} ratio": figures[f"{name} p95"] / plain for name in times if name != "search"}


def _filters(day: date, one: Listed, hits: Sequence[Hit]) -> Iterator[tuple[str, Filters]]:
    yield "month", Filters(since=day - _MONTH, until=day + _MONTH)
    yield "years", Filters(since=date(day.year - 1, 1, 1), until=date(day.year + 1, 12, 31))
    yield "until", Filters(until=day)
    yield "source", Filters(source=one.source)
    yield "author", Filters(author=one.author)
    yield "exclude", Filters(exclude=list(dict.fromkeys(hit.passage.article for hit in hits))[:_EXCLUDED])


def _timed(assistant: Assistant, query: str, filters: Filters) -> tuple[list[Hit], float]:
    started = time.perf_counter()
    hits = find(assistant.articles, query, K, **filters)
    return hits, time.perf_counter() - started


def _judged(assistant: Assistant, queries: Sequence[str]) -> Figures:
    judge, table = CrossEncoder(), StaticEmbedder()
    times = list[float]()
    for query in (queries[-1], *queries):
        started = time.perf_counter()
        hits = find(assistant.articles, query, PASSAGES * K)
        gather(query, hits, assistant.articles, judge, table, limit=assistant.settings.evidence_sentences)
        times.append(time.perf_counter() - started)
    return {f"judged p{part}": _percentile(times[1:], part) for part in (50, 95)}  # the first loads the judge


def _together(assistant: Assistant, queries: Sequence[str]) -> Figures:
    """`READERS` in one process, as the page has them, each with queries of their own."""
    start = Barrier(READERS)

    def read(reader: int) -> tuple[list[float], float, float]:
        mine = queries[reader::READERS]
        start.wait()
        began = time.perf_counter()
        times = [_timed(assistant, query, Filters())[1] for query in mine]
        return times, began, time.perf_counter()

    with ThreadPoolExecutor(READERS) as pool:
        read_by = list(pool.map(read, range(READERS)))
    times = [seconds for mine, _, _ in read_by for seconds in mine]
    lasted = max(ended for _, _, ended in read_by) - min(began for _, began, _ in read_by)
    return {"readers p95": _percentile(times, 95), "readers per second": len(times) / lasted}


def _recall(assistant: Assistant, needles: Sequence[Needle]) -> Figures:
    """The share of needles among the first `K` hits: of the search, and of one that looks at every vector."""
    ours, best, alike = 0, 0, 0.0
    with closing(ExactSearch(assistant.articles)) as exact:
        for needle in needles:
            [vector] = assistant.embed([needle.question])
            hits = [hit.passage for hit in find(assistant.articles, needle.question, K)]
            marks = exact.nearest(needle.question, vector, K)
            ours += found(hits, needle.article, needle.sentence)
            best += found(marks, needle.article, needle.sentence)
            alike += len({hit.id for hit in hits} & {mark.id for mark in marks}) / max(len(marks), 1)
    count = len(needles)
    return {
        "recall": ours / count,
        "exact recall": best / count,
        "recall ratio": ours / best if best else 0.0,
        "same hits": alike / count,
    }


def _percentile(seconds: Sequence[float], part: int) -> float:
    return float(np.percentile(seconds, part))
