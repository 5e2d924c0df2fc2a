"""Fits the weights of `rag/support.json` on files of signals: logistic regression, ridge penalty, Newton's method.

(Iteratively reweighted least squares: McCullagh and Nelder, "Generalized Linear Models", 1989.) Signals are scaled to
unit spread for the penalty; the weights that are written are for signals as they come.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.signals import Observation, of_form
from evals.stats import roc_auc
from index.datadir import write_whole
from rag.support import Regression

DRAFT = ("answer_words", "similarity", "closeness", "answered", "confidence", "brings", "further")
QUOTE = ("question_words", "answered")
_PENALTY = 1.0
_FOLDS = 10

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """A regression, and how well it tells right from wrong on cases that it was not fitted on."""

    regression: Regression
    right: int
    wrong: int
    auc: float
    """Area under the ROC curve of the held-out folds; all observations of a case are in one fold."""
    held_out: tuple[tuple[float, bool], ...]
    """(probability, right) of every observation, from the fold that had not seen its case."""

    def shown(self, threshold: float) -> tuple[float, float]:
        """(share of the right ones shown, share of the wrong ones shown) at `threshold`, both 0 to 1."""
        right = [p >= threshold for p, is_right in self.held_out if is_right]
        wrong = [p >= threshold for p, is_right in self.held_out if not is_right]
        return sum(right) / len(right), sum(wrong) / len(wrong)


def fit(observations: Sequence[Observation], names: Sequence[str]) -> Fit:
    """Fits `names` on `observations`. Raises ValueError if all are right, or none."""
    signals = np.array([[asdict(one.signals)[name] for name in names] for one in observations], dtype=np.float64)
    right = np.array([one.right for one in observations], dtype=np.float64)
    if not 0 < right.sum() < len(right):
        raise ValueError("right and wrong observations are needed to fit anything")
    folds = _folds([one.id for one in observations])
    held_out = np.zeros(len(right))
    for fold in range(_FOLDS):
        rest = folds != fold
        if not rest.all():
            bias, weights = _newton(signals[rest], right[rest])
            held_out[~rest] = _sigmoid(signals[~rest] @ weights + bias)
    bias, weights = _newton(signals, right)
    return Fit(
        Regression(round(bias, 3), {name: round(float(w), 3) for name, w in zip(names, weights, strict=True)}),
        int(right.sum()),
        int(len(right) - right.sum()),
        roc_auc((right > 0).tolist(), held_out.tolist()),
        tuple(zip(held_out.tolist(), (right > 0).tolist(), strict=True)),
    )


def fit_all(observations: Sequence[Observation]) -> dict[str, Fit]:
    """The regression for drafts and the one for quotes."""
    return {
        "draft": fit(of_form(observations, "draft"), DRAFT),
        "quote": fit(of_form(observations, "quote"), QUOTE),
    }


def save(fits: dict[str, Fit], fitted_on: Sequence[str], path: Path | None = None) -> Path:
    """Writes the weights where Dateline reads them, with what they were fitted on."""
    place = path or Path(str(files("rag").joinpath("support.json")))
    stored: dict[str, object] = {
        name: {"bias": one.regression.bias, **one.regression.weights} for name, one in fits.items()
    }
    stored["fitted"] = {
        "on": list(fitted_on),
        "by": "dateline eval fit",
        **{name: {"right": one.right, "wrong": one.wrong, "auc": round(one.auc, 3)} for name, one in fits.items()},
    }
    write_whole(place, (json.dumps(stored, indent=2) + "\n").encode())
    return place


def _newton(signals: Vector, right: Vector) -> tuple[float, Vector]:
    centre, spread = signals.mean(axis=0), signals.std(axis=0)
    spread[spread == 0] = 1.0
    design = np.column_stack([np.ones(len(right)), (signals - centre) / spread])
    penalty = np.diag([0.0, *[_PENALTY] * signals.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        p = _sigmoid(design @ weights)
        gradient = design.T @ (right - p) - penalty @ weights
        step = np.linalg.solve((design.T * (p * (1 - p))) @ design + penalty, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    scaled = weights[1:] / spread
    return float(weights[0] - scaled @ centre), scaled


def _folds(ids: Sequence[str]) -> NDArray[np.int64]:
    """A fold for each observation; a case with and without its gold article is in one."""
    cases = {id: n % _FOLDS for n, id in enumerate(sorted({id.removesuffix("-without-gold") for id in ids}))}
    return np.array([cases[id.removesuffix("-without-gold")] for id in ids])


def _sigmoid(scores: Vector) -> Vector:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -50.0, 50.0))))
