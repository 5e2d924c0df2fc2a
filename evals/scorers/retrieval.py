"""Did the search find what the answer stands on? Recall, MRR and nDCG, by article and by quote."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from evals.types import Case, GoldQuote, Outcome, Place, Score, Scorer

_RECALL_AT = (1, 5, 10)
_DEPTH = 10  # of MRR and nDCG


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A fact and the places of which any one says it; none if the articles do not have it."""

    label: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A fact and the place in the ranking, from 1, where it is first found; None if nowhere."""

    label: str
    rank: int | None


def retrieval(case: Case, outcome: Outcome) -> list[Score]:
    """`{mode}.{unit}.{measure}` for every ranking that the outcome has; answerable cases with evidence only.

    By `article`, the ranking is that of the distinct articles in order of first appearance; by `quote`, that of the
    passages, and a passage holds a quote if it has at least half of its characters. recall@k is the share of the facts
    found in the first k; MRR@10 the reciprocal rank of the first fact (Voorhees 1999), 0 if there is none in 10;
    nDCG@10 (Järvelin & Kekäläinen 2002) gains once for every fact, where it is first found.
    """
    if not (case.answerable and case.evidence):
        return []
    by_article = _wanted(case, outcome, quotes_only=False)
    by_quote = _wanted(case, outcome, quotes_only=True)
    quoted = any(gold.quote is not None for gold in case.evidence)
    scores: list[Score] = []
    for mode, ranking in outcome.rankings.items():
        scores += _measures(f"{mode}.article", by_article, _first_of_each_article(ranking), _same_article)
        if quoted:
            scores += _measures(f"{mode}.quote", by_quote, ranking, _holds)
    return scores


def _wanted(case: Case, outcome: Outcome, *, quotes_only: bool) -> list[_Wanted]:
    """The case's facts, in order; without places if none of their evidence stands in the articles."""
    labels: dict[int, str] = {}
    places: dict[int, list[Place]] = {}
    for gold, place in zip_longest(case.evidence, outcome.gold[: len(case.evidence)]):
        if gold.quote is not None or not quotes_only:
            labels.setdefault(gold.fact, _label(gold))
            places.setdefault(gold.fact, []).extend([] if place is None else [place])
    return [_Wanted(labels[fact], tuple(places[fact])) for fact in sorted(labels)]


def _label(gold: GoldQuote) -> str:
    if gold.quote is None:
        return gold.article
    return f"“{gold.quote if len(gold.quote) <= 60 else gold.quote[:59] + '…'}” of {gold.article}"


def _first_of_each_article(ranking: Sequence[Place]) -> list[Place]:
    first: dict[str, Place] = {}
    for place in ranking:
        first.setdefault(place.article, place)
    return list(first.values())


def _same_article(passage: Place, gold: Place) -> bool:
    return passage.article == gold.article


def _holds(passage: Place, gold: Place) -> bool:
    return gold.end > gold.start and 2 * passage.shared(gold) >= gold.end - gold.start


def _measures(
    prefix: str, wanted: Sequence[_Wanted], ranking: Sequence[Place], holds: Callable[[Place, Place], bool]
) -> list[Score]:
    names = [*(f"recall@{k}" for k in _RECALL_AT), f"mrr@{_DEPTH}", f"ndcg@{_DEPTH}"]
    # what is not in the articles can't be found by any search
    found = [_Found(fact.label, _rank(fact, ranking, holds)) for fact in wanted if fact.places]
    absent = "".join(f"; {fact.label}: not in the articles, left out" for fact in wanted if not fact.places)
    if not found:
        return [Score(f"{prefix}.{name}", None, f"nothing to find{absent}") for name in names]
    ranks = sorted(fact.rank for fact in found if fact.rank is not None)
    values = [*(_recall(ranks, len(found), k) for k in _RECALL_AT), _mrr(ranks), _ndcg(ranks, len(found))]
    explanation = _explain(found, len(ranking)) + absent
    return [Score(f"{prefix}.{name}", value, explanation) for name, value in zip(names, values, strict=True)]


def _rank(fact: _Wanted, ranking: Sequence[Place], holds: Callable[[Place, Place], bool]) -> int | None:
    hits = (rank for rank, item in enumerate(ranking, 1) if any(holds(item, place) for place in fact.places))
    return next(hits, None)


def _recall(ranks: Sequence[int], facts: int, k: int) -> float:
    return sum(rank <= k for rank in ranks) / facts


def _mrr(ranks: Sequence[int]) -> float:
    return 1 / ranks[0] if ranks and ranks[0] <= _DEPTH else 0.0


def _ndcg(ranks: Sequence[int], facts: int) -> float:
    """`ranks` ascending. The ideal has a fact at each rank from the first on. A passage can hold two facts, which would
    be better than ideal: so the n-th fact found counts at its rank, but at the n-th at best."""
    positions = [max(rank, order) for order, rank in enumerate(ranks, 1)]
    return _gain(positions) / _gain(range(1, facts + 1))


def _gain(positions: Sequence[int]) -> float:
    return sum(1 / math.log2(position + 1) for position in positions if position <= _DEPTH)


def _explain(found: Sequence[_Found], items: int) -> str:
    return "; ".join(
        f"{fact.label}: {f'rank {fact.rank}' if fact.rank is not None else f'not among {items}'}" for fact in found
    )


SCORERS: tuple[Scorer, ...] = (retrieval,)
