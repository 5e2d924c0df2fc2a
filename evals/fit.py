"""What speaks for each draft and each quote, with whether it is right; and the weights of `rag/support.json`, fitted on
that by logistic regression with a ridge penalty.

Signals are scaled to unit spread for the penalty; the weights that are written are for signals as they come."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from evals.matching import matches
from evals.progress import Progress
from evals.records import numbered, text_of
from evals.stats import library, roc_auc
from evals.types import Case
from index.datadir import write_whole
from rag.assistant import Assistant
from rag.errors import DatelineError
from rag.question import Message
from rag.reply import Form, Reply
from rag.support import Regression, Signals

_BOTH = ("answers", "search")
SIGNALS = {"evidence": _BOTH, "draft": (*_BOTH, "confidence"), "quote": _BOTH}  # what is weighed for each form
# share of the questions with an answer at hand that may be refused before the model is asked: next to none got it
_GIVEN_UP = 0.06
_FOLDS = 10


class SignalsError(DatelineError):
    """A file of signals that cannot be read."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A sentence that could be shown, what speaks for it, and whether it is right. No text of anyone is kept."""

    id: str  # the case's
    form: Form
    right: bool
    signals: Signals


def read(path: Path) -> list[Observation]:
    """The observations of a file that `write` made. Raises SignalsError."""
    try:
        lines = [json.loads(line) for _, line in numbered(text_of(path, SignalsError, "a file of signals"))]
        return [Observation(**{**line, "signals": Signals(**line["signals"])}) for line in lines if "signals" in line]
    except (ValueError, TypeError) as error:
        made = "make one with `dateline eval --signals FILE`"
        raise SignalsError(f"{path} is no file of signals ({error}): {made}.") from error


def write(path: Path, assistant: Assistant, cases: Sequence[Case], told: Progress) -> None:
    """Asks every case that is not in the file yet, and appends what was seen; a case is written whole or not at all."""
    known = {json.loads(line)["id"] for _, line in numbered(path.read_text("utf-8"))} if path.exists() else set()
    with path.open("a", encoding="utf-8") as file:
        for number, case in enumerate(cases, 1):
            if case.id not in known:
                found = [asdict(one) for one in observe(assistant, case)]
                for line in found:
                    line["signals"] = {name: round(value, 4) for name, value in line["signals"].items()}
                # a case that nothing is known about is kept too, or it would be asked again
                file.write("".join(f"{json.dumps(line)}\n" for line in found or [{"id": case.id}]))
                file.flush()
            told(number, len(cases), "signals")


def observe(assistant: Assistant, case: Case) -> list[Observation]:
    """The signals of each sentence that was weighed, as the question is answered by `watched(assistant)`."""
    reply, history = Reply(question=case.question), cast("Sequence[Message]", case.history)
    for _ in assistant.events(reply, lambda: assistant.engine, history, {"as_of": case.as_of, "exclude": case.exclude}):
        pass
    return [
        Observation(case.id, one.form, case.answerable and bool(matches(one.text, case)), cast(Signals, one.signals))
        for one in reply.verdicts
    ]


def watched(assistant: Assistant) -> Assistant:
    """The same, weighing everything: no sentence holds, so that the quotes are weighed too."""
    assistant.support = replace(assistant.support, hopeless=0.0)
    assistant.settings = replace(assistant.settings, threshold=1.1)
    return assistant


class Fit(NamedTuple):
    """A regression, and how well it tells right from wrong on cases that it was not fitted on."""

    regression: Regression
    right: int
    wrong: int
    auc: float  # area under the ROC curve of the held-out folds; all observations of a case are in one fold
    held_out: tuple[tuple[float, bool], ...]  # (probability, right) of each, from the fold that had not seen its case

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
        form: {"bias": (its := found.regression).bias, **its.weights} for form, found in fits.items()
    }
    # below it lie as few of the right ones as may be given up
    right = sorted(p for p, is_right in fits["evidence"].held_out if is_right)
    stored["hopeless"] = round(right[int(_GIVEN_UP * len(right))], 3)
    told = {name: {"right": one.right, "wrong": one.wrong, "auc": round(one.auc, 3)} for name, one in fits.items()}
    stored["fitted"] = {"on": list(fitted_on), "by": "dateline eval fit", **told}
    write_whole(place, (json.dumps(stored, indent=2) + "\n").encode())
    return place
