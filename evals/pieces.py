"""Fits the weights that choose the pieces of a full answer, on gold questions whose points have quotes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from evals.progress import Progress
from evals.types import Case
from index.datadir import write_whole
from rag import pieces
from rag.assistant import Assistant
from rag.evidence import Evidence

_HALF = 0.5  # of a gold quote's characters that a statement must have to tell its point
_STRENGTH = 0.1  # sklearn's C: the smaller, the nearer to zero are the weights
Row = tuple[dict[str, float], bool]
"""The signals of a statement by name, and whether it tells a point of the gold."""


def observed(assistant: Assistant, cases: Sequence[Case], told: Progress) -> list[Row]:
    """What the statements that could be told have, over all cases."""
    rows = list[Row]()
    for done, case in enumerate(cases, 1):
        hits = assistant.search(case.question, pieces.PASSAGES, as_of=case.as_of, exclude=case.exclude)
        for item, signals in assistant.signals(case.question, hits):
            rows.append((asdict(signals), _tells(item, case, assistant)))
        told(done, len(cases), "signals")
    return rows


def fit(rows: Sequence[Row]) -> pieces.Weights:
    """A logistic regression; the weights are of the signals as they are, not standardised."""
    from sklearn.linear_model import LogisticRegression

    names = [field.name for field in fields(pieces.Signals)]
    values = np.array([[signals[name] for name in names] for signals, _ in rows])
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    model = LogisticRegression(C=_STRENGTH, max_iter=1000)
    model.fit((values - mean) / spread, [tells for _, tells in rows])
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - weights @ mean)
    told = {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}
    return pieces.Weights(round(bias, 4), told, pieces.Weights.load().worth)


def save(weights: pieces.Weights, fitted_on: Sequence[str]) -> Path:
    """Writes rag/pieces.json; gives its path."""
    path = Path(pieces.__file__).with_name("pieces.json")
    write_whole(path, (json.dumps({**asdict(weights), "fitted_on": [*fitted_on]}, indent=2) + "\n").encode())
    return path


def _tells(item: Evidence, case: Case, assistant: Assistant) -> bool:
    text = assistant.article(item.article).text
    for gold in case.evidence:
        if gold.article == item.article and gold.quote:
            start = text.find(gold.quote)
            shared = min(item.end, start + len(gold.quote)) - max(item.start, start)
            if start >= 0 and shared >= _HALF * len(gold.quote):
                return True
    return False
