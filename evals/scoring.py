"""Every score of a row, the names that people read for them, and what they come to for each system."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evals.scorers.answer import answers, cost, refusals
from evals.scorers.citations import citations
from evals.scorers.retrieval import retrieval
from evals.stats import interval
from evals.types import Row, Score, Scorer

SCORERS: tuple[Scorer, ...] = (answers, refusals, citations, retrieval, cost)


class Label(NamedTuple):
    """How a score is shown."""

    text: str
    unit: str  # "%" of a share from 0 to 1, "s" of milliseconds; "tokens" and "MB" as they are
    higher_is_better: bool | None  # None where more is neither better nor worse


MODES = ("bm25", "dense", "fused")
UNITS = ("article", "quote")
MEASURES = {name: name for name in ("recall@1", "recall@5", "recall@10")} | {"mrr@10": "MRR@10", "ndcg@10": "nDCG@10"}
GROUPS: Mapping[str, Mapping[str, Label]] = {
    "Answers": {
        "correct": Label("right answers", "%", True),
        "f1": Label("word overlap (F1)", "%", True),
        "answers_given": Label("valid answers given", "%", True),
        "wrong_stated": Label("states a wrong answer", "%", False),
        "repeated": Label("sentences that repeat", "%", False),
    },
    "Refusals": {
        "refusal_recall": Label("unanswerable: refused", "%", True),
        "answered_unanswerable": Label("unanswerable: answered", "%", False),
        "refused_answerable": Label("answerable: refused", "%", False),
        "refusal_precision": Label("refusals that are right", "%", True),
    },
    "Citations": {
        "citation_recall": Label("citation recall", "%", True),
        "citation_precision": Label("citation precision", "%", True),
        "quote_exact": Label("exact quotes", "%", True),
        "gold_cited": Label("gold quote cited", "%", True),
    },
    "Retrieval": {
        f"{mode}.{unit}.{measure}": Label(f"{mode}, {unit}, {text}", "%", True)
        for unit in UNITS
        for measure, text in MEASURES.items()
        for mode in MODES
    },
    "Cost": {
        "first_token_ms": Label("first token", "s", False),
        "total_ms": Label("whole answer", "s", False),
        "checking_ms": Label("checking a sentence", "s", False),
        "prompt_tokens": Label("prompt tokens", "tokens", False),
        "cached_tokens": Label("of them cached", "tokens", None),
        "completion_tokens": Label("written tokens", "tokens", False),
        "memory_mb": Label("memory", "MB", False),
    },
}
# in the order of the tables
LABELS: Mapping[str, Label] = {name: label for group in GROUPS.values() for name, label in group.items()}
QUALITY = (*GROUPS["Answers"], *GROUPS["Refusals"], *GROUPS["Citations"])  # what an answer is judged by
VERDICTS = ("correct", "refusal_recall")  # between them they say of every case whether the system did the right thing


@dataclass(frozen=True, slots=True)
class Summary:
    """One score of one system: the mean over the cases that could be scored, with its 95 % interval."""

    name: str
    mean: float | None  # None if nothing was scored; so are all the other figures then
    low: float | None
    high: float | None
    scored: int  # cases to which the score applies and that could be judged
    unscored: int  # cases to which it applies and that could not
    p50: float | None = None
    p95: float | None = None


def label(name: str) -> Label:
    """A score that nobody has named yet is shown by its own name."""
    return LABELS.get(name, Label(name, "", None))


def figure(value: float | None, unit: str) -> str:
    """`value` as tables show it, without its unit."""
    if value is None:
        return "–"
    if unit == "%":
        return f"{100 * value:.1f}"
    return f"{value / 1000:.2f}" if unit == "s" else f"{value:,.0f}" if unit else f"{value:.3f}"


def score(row: Row) -> list[Score]:
    """Every score that applies to this row, in the order of LABELS."""
    searched_only = row.outcome.answer is None and row.outcome.error is None
    scorers = (retrieval,) if searched_only else SCORERS  # what was not asked did not fail to answer
    found = {given.name: given for scorer in scorers for given in scorer(row.case, row.outcome)}
    return [found[name] for name in in_order(found)]


def in_order(names: Iterable[str]) -> list[str]:
    """As LABELS has them; those that it has not, last."""
    order = {name: place for place, name in enumerate(LABELS)}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def summarise(
    rows: Iterable[Row], systems: Sequence[str], names: Collection[str] | None = None
) -> dict[str, dict[str, Summary]]:
    """Each of `systems` -> score name -> its Summary, of the scores (of `names`) that apply to any of its rows."""
    values: dict[str, dict[str, list[float | None]]] = {system: {} for system in systems}
    for row in rows:
        if row.outcome.system in values:
            for given in score(row):
                if names is None or given.name in names:
                    values[row.outcome.system].setdefault(given.name, []).append(given.value)
    return {system: {name: _summary(name, found[name]) for name in in_order(found)} for system, found in values.items()}


def by_kind(
    rows: Sequence[Row], systems: Sequence[str], names: Collection[str] = QUALITY
) -> dict[str, dict[str, dict[str, Summary]]]:
    """Each of `systems` -> kind of question, as they come -> score name -> its Summary."""
    kinds = dict.fromkeys(row.case.kind for row in rows)
    found = {kind: summarise([row for row in rows if row.case.kind == kind], systems, names) for kind in kinds}
    return {system: {kind: found[kind][system] for kind in kinds} for system in systems}


def _summary(name: str, values: Sequence[float | None]) -> Summary:
    known = [value for value in values if value is not None]
    unscored = len(values) - len(known)
    if not known:
        return Summary(name, None, None, None, 0, unscored)
    shares = [float(value) for value in np.percentile(known, [50, 95])] if name in GROUPS["Cost"] else []
    return Summary(name, float(np.mean(known)), *interval(known), len(known), unscored, *shares)
