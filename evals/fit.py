"""Fits the weights of `rag/support.json` on files of signals: logistic regression with a ridge penalty.

Signals are scaled to unit spread for the penalty; the weights that are written are for signals as they come.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from evals.signals import Observation, SignalsError
from evals.stats import library, roc_auc
from index.datadir import write_whole
from rag.support import Regression

SIGNALS = {
    "evidence": ("answers", "search"),
    "draft": ("answers", "search", "confidence"),
    "quote": ("answers", "search"),
}
"""What is weighed for each form."""
_GIVEN_UP = 0.06
"""Share of the questions with an answer at hand that may be refused before the model is asked: next to none of them
would have got it."""
_FOLDS = 10


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
    """Fits `names` on `observations`. Raises SignalsError where they are too few."""
    signals = np.array([[asdict(one.signals)[name] for name in names] for one in observations], dtype=np.float64)
    right = [one.right for one in observations]
    cases = [one.id.removesuffix("-without-gold") for one in observations]  # held out together with its twin
    scaler = library("sklearn.preprocessing").StandardScaler()
    # to the last digit that is kept; the penalty is that of one squared weight
    learner = library("sklearn.linear_model").LogisticRegression(C=1.0, tol=1e-8, max_iter=1000)
    model = library("sklearn.pipeline").make_pipeline(scaler, learner)
    choosing = library("sklearn.model_selection")
    folds = choosing.GroupKFold(_FOLDS)
    try:
        held_out = choosing.cross_val_predict(model, signals, right, groups=cases, cv=folds, method="predict_proba")
        auc = roc_auc(right, held_out[:, 1].tolist())
    except ValueError as error:
        raise SignalsError(
            f"Several right and wrong observations of {_FOLDS} cases or more are needed to fit anything ({error}): "
            "gather more with `dateline eval --signals FILE`."
        ) from None
    model.fit(signals, right)
    weights = learner.coef_[0] / scaler.scale_
    bias = round(float(learner.intercept_[0] - weights @ scaler.mean_), 3)
    found = Regression(bias, {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)})
    wrong = len(right) - sum(right)
    return Fit(found, sum(right), wrong, auc, tuple(zip(held_out[:, 1].tolist(), right, strict=True)))


def fit_all(observations: Sequence[Observation]) -> dict[str, Fit]:
    """The regressions for the evidence, for drafts and for quotes."""
    return {form: fit([one for one in observations if one.form == form], names) for form, names in SIGNALS.items()}


def save(fits: dict[str, Fit], fitted_on: Sequence[str], path: Path | None = None) -> Path:
    """Writes the weights where Dateline reads them, with what they were fitted on."""
    place = path or Path(str(files("rag").joinpath("support.json")))
    stored: dict[str, Any] = {
        form: {"bias": found.regression.bias, **found.regression.weights} for form, found in fits.items()
    }
    # below it lie as few of the right ones as may be given up
    right = sorted(p for p, is_right in fits["evidence"].held_out if is_right)
    stored["hopeless"] = round(right[int(_GIVEN_UP * len(right))], 3)
    stored["fitted"] = {
        "on": list(fitted_on),
        "by": "dateline eval fit",
        **{name: {"right": one.right, "wrong": one.wrong, "auc": round(one.auc, 3)} for name, one in fits.items()},
    }
    write_whole(place, (json.dumps(stored, indent=2) + "\n").encode())
    return place
