"""Did the search find what the answer stands on? Recall, MRR and nDCG, by article and by quote."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from evals.types import Case, GoldQuote, Outcome, Place, Score, Scorer

_RECALL_AT = (1, 5, 10)
_DEPTH = 10  # of MRR and nDCG
_NAMES = (*(f"recall@{k}" for k in _RECALL_AT), f"mrr@{_DEPTH}", f"ndcg@{_DEPTH}")


@dataclass(slots=True)
class _Fact:
    """What the articles must say, the places of which any one says it, and where it is first found."""

    label: str
    places: list[Place]
    """None if the articles do not have it."""
    rank: int | None = None
    """In the ranking, from 1; None if nowhere."""


def retrieval(case: Case, outcome: Outcome) -> list[Score]:
    """`{mode}.{unit}.{measure}` for every ranking that the outcome has; answerable cases with evidence only.

    By `article`, the ranking is that of the distinct articles in order of first appearance; by `quote`, that of the
    passages, and a passage holds a quote if it has at least half of its characters. recall@k is the share of the facts
    found in the first k; MRR@10 the reciprocal rank of the first fact (Voorhees 1999), 0 if there is none in 10;
    nDCG@10 (Järvelin & Kekäläinen 2002) gains once for every fact, where it is first found.
    """
    return [score for name, facts, items in _searched(case, outcome) for score in _measures(name, facts, items)]


def recalls(case: Case, outcome: Outcome, depths: Sequence[int]) -> dict[str, list[float]]:
    """`{mode}.{unit}` -> recall at each of `depths`, of what the articles have."""
    found = {name: [fact.rank for fact in facts if fact.places] for name, facts, _ in _searched(case, outcome)}
    return {name: [_recall(ranks, depth) for depth in depths] for name, ranks in found.items() if ranks}


def _searched(case: Case, outcome: Outcome) -> Iterator[tuple[str, list[_Fact], int]]:
    """Of each ranking and unit: its name, the facts with their ranks, and how many items were found."""
    if not (case.answerable and case.evidence):
        return
    for mode, ranking in outcome.rankings.items():
        firsts: dict[str, Place] = {}
        for place in ranking:
            firsts.setdefault(place.article, place)
        for unit, items in (("article", list(firsts.values())), ("quote", ranking)):
            if facts := list(map(_fact, by_fact(case, outcome, quoted_only=unit == "quote"))):
                for fact in facts:
                    ranks = (n for n, item in enumerate(items, 1) if any(_holds(item, p, unit) for p in fact.places))
                    fact.rank = next(ranks, None)
                yield f"{mode}.{unit}", facts, len(items)


def by_fact(case: Case, outcome: Outcome, *, quoted_only: bool) -> list[list[tuple[GoldQuote, Place | None]]]:
    """For each fact, in order, the gold that says it, and where that stands. `quoted_only` leaves out gold that names
    an article only."""
    facts: dict[int, list[tuple[GoldQuote, Place | None]]] = {}
    for gold, place in zip_longest(case.evidence, outcome.gold[: len(case.evidence)]):
        if gold.quote is not None or not quoted_only:
            facts.setdefault(gold.fact, []).append((gold, place))
    return [facts[number] for number in sorted(facts)]


def _fact(stated: list[tuple[GoldQuote, Place | None]]) -> _Fact:
    gold, _ = stated[0]
    quote = gold.quote if gold.quote is None or len(gold.quote) <= 60 else f"{gold.quote[:59]}…"
    return _Fact(
        f"“{quote}” of {gold.article}" if quote else gold.article, [place for _, place in stated if place is not None]
    )


def _holds(item: Place, gold: Place, unit: str) -> bool:
    if unit == "article":
        return item.article == gold.article
    return gold.end > gold.start and 2 * item.shared(gold) >= gold.end - gold.start


def _measures(name: str, facts: Sequence[_Fact], items: int) -> list[Score]:
    # what is not in the articles can't be found by any search
    there = [fact for fact in facts if fact.places]
    absent = "".join(f"; {fact.label}: not in the articles, left out" for fact in facts if not fact.places)
    if not there:
        return [Score(f"{name}.{measure}", None, f"nothing to find{absent}") for measure in _NAMES]
    ranks = [fact.rank for fact in there]
    found = sorted(rank for rank in ranks if rank is not None and rank <= _DEPTH)
    values = [*(_recall(ranks, k) for k in _RECALL_AT), 1 / found[0] if found else 0.0, _ndcg(found, len(there))]
    each = (f"{fact.label}: {f'rank {fact.rank}' if fact.rank else f'not among {items}'}" for fact in there)
    explanation = "; ".join(each) + absent
    return [Score(f"{name}.{measure}", value, explanation) for measure, value in zip(_NAMES, values, strict=True)]


def _recall(ranks: Sequence[int | None], k: int) -> float:
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def _ndcg(ranks: Sequence[int], facts: int) -> float:
    """`ranks` ascending. The ideal has a fact at each rank from the first on. A passage can hold two facts, which would
    be better than ideal: so the n-th fact found counts at its rank, but at the n-th at best."""
    gains = sum(1 / math.log2(max(rank, order) + 1) for order, rank in enumerate(ranks[:_DEPTH], 1))
    return gains / sum(1 / math.log2(order + 1) for order in range(1, min(facts, _DEPTH) + 1))


SCORERS: tuple[Scorer, ...] = (retrieval,)
