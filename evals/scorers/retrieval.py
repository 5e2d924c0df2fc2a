"""Did the search find what the answer stands on? Recall, MRR and nDCG, by article and by quote."""

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from evals.types import Case, GoldQuote, Outcome, Place, Score

_RECALL_AT = (1, 5, 10)
_DEPTH = 10  # of MRR and nDCG
_NAMES = (*(f"recall@{k}" for k in _RECALL_AT), f"mrr@{_DEPTH}", f"ndcg@{_DEPTH}")
_Ranks = list[int | None]  # of each fact that the articles have, where it is first found, from 1; None if nowhere


def retrieval(case: Case, outcome: Outcome) -> list[Score]:
    """`{mode}.{unit}.{measure}` for every ranking that the outcome has; answerable cases with evidence only.

    By `article`, the ranking is that of the distinct articles in order of first appearance; by `quote`, that of the
    passages, and a passage holds a quote if it has at least half of its characters. recall@k is the share of the facts
    found in the first k; MRR@10 the reciprocal rank of the first fact (Voorhees 1999), 0 if there is none in 10;
    nDCG@10 (Järvelin & Kekäläinen 2002) gains once for every fact, where it is first found."""
    scores = []
    for name, ranks, told in _searched(case, outcome):
        found = sorted(rank for rank in ranks if rank is not None and rank <= _DEPTH)
        values: list[float | None] = [None] * len(_NAMES)  # what is not in the articles can't be found by any search
        if ranks:
            first = 1 / found[0] if found else 0.0
            values = [*(_recall(ranks, k) for k in _RECALL_AT), first, _ndcg(found, len(ranks))]
        scores += [Score(f"{name}.{measure}", value, told) for measure, value in zip(_NAMES, values, strict=True)]
    return scores


def recalls(case: Case, outcome: Outcome, depths: Sequence[int]) -> dict[str, list[float]]:
    """`{mode}.{unit}` -> recall at each of `depths`, of what the articles have."""
    return {name: [_recall(ranks, k) for k in depths] for name, ranks, _ in _searched(case, outcome) if ranks}


def _searched(case: Case, outcome: Outcome) -> Iterator[tuple[str, _Ranks, str]]:
    """Of each ranking and unit: its name, the ranks of the facts, and where each was found in words."""
    for mode, ranking in outcome.rankings.items() if case.answerable else ():
        articles = tuple({place.article: place for place in ranking}.values())
        for unit, items in (("article", articles), ("quote", ranking)):
            ranks, told, absent = _Ranks(), list[str](), list[str]()
            for fact in by_fact(case, outcome, quoted_only=unit == "quote"):
                gold, places = fact[0][0], [place for _, place in fact if place]
                label = f"{shortened(gold.quote)} of {gold.article}" if gold.quote else gold.article
                if not places:
                    absent.append(f"{label}: not in the articles, left out")
                    continue
                held = (n for n, item in enumerate(items, 1) if any(_holds(item, place, unit) for place in places))
                ranks.append(next(held, None))
                told.append(f"{label}: {f'rank {ranks[-1]}' if ranks[-1] else f'not among {len(items)}'}")
            if told or absent:
                yield f"{mode}.{unit}", ranks, "; ".join([*(told or ["nothing to find"]), *absent])


def by_fact(case: Case, outcome: Outcome, *, quoted_only: bool) -> list[list[tuple[GoldQuote, Place | None]]]:
    """For each fact, in order, the gold that says it (`quoted_only`: not an article alone), and where that stands."""
    facts: dict[int, list[tuple[GoldQuote, Place | None]]] = {}
    for gold, place in zip_longest(case.evidence, outcome.gold[: len(case.evidence)]):
        if gold.quote is not None or not quoted_only:
            facts.setdefault(gold.fact, []).append((gold, place))
    return [facts[number] for number in sorted(facts)]


def shortened(text: str, start: int = 0) -> str:
    """Sixty characters of `text` in quotation marks, from `start` on."""
    end = start + 60
    return f"“{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}”"


def _holds(item: Place, gold: Place, unit: str) -> bool:
    if unit == "article":
        return item.article == gold.article
    return gold.end > gold.start and 2 * item.shared(gold) >= gold.end - gold.start


def _recall(ranks: _Ranks, k: int) -> float:
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def _ndcg(ranks: Sequence[int], facts: int) -> float:
    """`ranks` ascending. The ideal has a fact at each rank from the first on. A passage can hold two facts, which would
    be better than ideal: so the n-th fact found counts at its rank, but at the n-th at best."""
    gains = sum(1 / math.log2(max(rank, order) + 1) for order, rank in enumerate(ranks[:_DEPTH], 1))
    return gains / sum(1 / math.log2(order + 1) for order in range(1, min(facts, _DEPTH) + 1))
