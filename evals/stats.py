"""How sure is a mean, and is a difference more than chance? Deterministic: the same values give the same figures.

SciPy and scikit-learn do the work, and are loaded where they are used: they take a second, and only evals need them."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.runs import RunError

_DRAWS = 2000
_SWAPS = 9_999
_AT_ONCE = 100  # draws, so that ten thousand cases do not need a gigabyte
_LEVEL = 0.95


class ExtraMissing(RunError):
    """What the evals compute with is not installed; where runs are shown, this is shown in the place of one."""


class Paired(NamedTuple):
    """How two systems differ over the same cases, in the scores' own unit."""

    difference: float  # mean(a) - mean(b)
    low: float
    high: float
    p: float  # two-sided: how often chance alone, with no difference between the systems, gives one this large


def library(name: str) -> Any:
    """A module of the extra `eval`. Raises ExtraMissing."""
    try:
        return import_module(name)
    except ImportError:
        raise ExtraMissing(
            f"The evals compute with {name.split('.')[0]}, which is not here. Get it with: pip install 'dateline[eval]'"
        ) from None


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % confidence interval of the mean: Wilson's where all are 0 or 1, else the percentile bootstrap. Wilson's
    (1927) since 20 right of 20 do not prove that all will be right, yet every resample says so. ValueError without
    values, or if one is not a number."""
    array = _checked(values)
    if not np.isin(array, (0.0, 1.0)).all():
        return _bootstrap(array)
    share = library("scipy.stats").binomtest(int(array.sum()), array.size).proportion_ci(_LEVEL, method="wilson")
    return float(share.low), float(share.high)


def _bootstrap(array: NDArray[np.float64]) -> tuple[float, float]:
    """Percentile bootstrap of the mean (Efron 1979); values that are all the same have no width."""
    if np.all(array == array[0]):
        return float(array[0]), float(array[0])
    found = library("scipy.stats").bootstrap(
        (array,), np.mean, confidence_level=_LEVEL, n_resamples=_DRAWS, batch=_AT_ONCE, method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    return float(found.low), float(found.high)


def paired_bootstrap(a: Sequence[float], b: Sequence[float]) -> Paired:
    """How much better `a` is than `b`; `a[i]` and `b[i]` are scores of the same case.

    The interval is the percentile bootstrap over cases (Koehn 2004). p is that of the paired randomization test
    (Noreen 1989; Riezler & Maxwell 2005): under no difference, each case's scores might as well be swapped. All ways to
    swap are tried where they are few enough. Resampling would call a single case's difference certain; this says p = 1
    there, and 0.06 for five of five. Raises ValueError if the lengths differ, or as `interval` does."""
    if len(a) != len(b):
        raise ValueError(f"Paired scores need the same cases: {len(a)} and {len(b)} were given.")
    differences = _checked(a) - _checked(b)
    sizes, p = differences[differences != 0], 1.0  # swapping equal scores changes nothing
    if sizes.size > 1:
        p = library("scipy.stats").permutation_test(
            (sizes,), np.mean, permutation_type="samples", n_resamples=_SWAPS, batch=_AT_ONCE, vectorized=True,
            rng=np.random.default_rng(0),
        ).pvalue  # fmt: skip
    return Paired(float(differences.mean()), *_bootstrap(differences), float(p))


def roc_auc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Area under the ROC curve: the chance that a true one scores above a false one, ties counting half. Raises
    ValueError if the lengths differ, a score is not a number, or only one class is there."""
    if len(set(labels)) != 2:  # scikit-learn only warns
        raise ValueError("Both classes are needed: true labels and false ones.")
    return float(library("sklearn.metrics").roc_auc_score(list(labels), _checked(scores)))


def _checked(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0 or not np.isfinite(array).all():
        raise ValueError("A value is not a number." if array.size else "There are no values.")
    return array
