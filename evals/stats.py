"""How sure is a mean, and is a difference more than chance? Deterministic: the same values give the same figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4_000_000  # values drawn at once, so that ten thousand cases do not need a gigabyte


@dataclass(frozen=True, slots=True)
class Paired:
    """How two systems differ over the same cases, in the scores' own unit."""

    difference: float
    """mean(a) - mean(b)."""
    low: float
    high: float
    p: float
    """Two-sided: how often chance alone, with no difference between the systems, gives one this large."""


def interval(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the mean, by the method that `interval_method` names.

    Raises ValueError without values, or if one is not a number.
    """
    if _all_zero_or_one(_checked(values)):
        return wilson_interval(round(sum(values)), len(values), level=level)
    return bootstrap_interval(values, level=level)


def interval_method(values: Sequence[float]) -> str:
    """What `interval` does with these values, in words for a table's foot."""
    if _all_zero_or_one(_checked(values)):
        return "Wilson's score interval"
    return "percentile bootstrap"


def wilson_interval(successes: int, cases: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927).

    For yes-or-no scores: 20 right of 20 does not prove that all will be right, yet every resample of them says so.
    """
    if not 0 <= successes <= cases or cases == 0:
        raise ValueError(f"{successes} of {cases} is not a share.")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / cases
    scale = 1 + z * z / cases
    middle = (share + z * z / (2 * cases)) / scale
    margin = z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases)) / scale
    # the formula's ends are exactly 0 and 1 there; floating point is not
    low = 0.0 if successes == 0 else middle - margin
    high = 1.0 if successes == cases else middle + margin
    return low, high


def bootstrap_interval(
    values: Sequence[float], *, draws: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap of the mean (Efron 1979; Efron & Tibshirani 1993, chapter 13).

    Values that are all the same give (value, value): nothing can be learnt from resampling them.
    Raises ValueError without values, or if one is not a number.
    """
    array = _checked(values)
    if np.all(array == array[0]):
        return float(array[0]), float(array[0])
    return _percentiles(_resampled_means(array, draws, seed), level)


def paired_bootstrap(
    a: Sequence[float], b: Sequence[float], *, draws: int = 2000, seed: int = 0, level: float = 0.95
) -> Paired:
    """How much better `a` is than `b`; `a[i]` and `b[i]` are scores of the same case.

    The interval is the percentile bootstrap over cases (Koehn 2004). p is that of the paired randomization test
    (Noreen 1989; Riezler & Maxwell 2005): under no difference, each case's scores might as well be swapped. Resampling
    would call a single case's difference certain; this says p = 1 there, and 0.06 for five of five.
    Raises ValueError if the lengths differ, without values, or if one is not a number.
    """
    if len(a) != len(b):
        raise ValueError(f"Paired scores need the same cases: {len(a)} and {len(b)} were given.")
    differences = _checked(a) - _checked(b)
    low, high = bootstrap_interval(differences.tolist(), draws=draws, seed=seed, level=level)
    return Paired(float(differences.mean()), low, high, _randomization_p(differences, draws, seed))


def roc_auc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Area under the ROC curve: the chance that a true one scores above a false one, ties counting half
    (Mann & Whitney 1947; Fawcett 2006).

    Raises ValueError if the lengths differ, a score is not a number, or only one class is there.
    """
    truth = _classes(labels, len(scores))
    array = np.asarray(scores, dtype=np.float64)
    if np.isnan(array).any():
        raise ValueError("A score is not a number.")
    positives, negatives = array[truth], np.sort(array[~truth])
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).mean() / 2 / len(negatives))


def balanced_accuracy(labels: Sequence[bool], predictions: Sequence[bool]) -> float:
    """Mean of the share of true ones predicted true and the share of false ones predicted false; 0.5 is chance.

    Raises ValueError if the lengths differ or only one class is there.
    """
    truth = _classes(labels, len(predictions))
    predicted = np.asarray(predictions, dtype=bool)
    return float((predicted[truth].mean() + (~predicted[~truth]).mean()) / 2)


def _checked(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("There are no values.")
    if not np.isfinite(array).all():
        raise ValueError("A value is not a number.")
    return array


def _classes(labels: Sequence[bool], others: int) -> NDArray[np.bool_]:
    if len(labels) != others:
        raise ValueError(f"There are {len(labels)} labels for {others} predictions.")
    truth = np.asarray(labels, dtype=bool)
    if truth.all() or not truth.any():  # also where there are none at all
        raise ValueError("Both classes are needed: true labels and false ones.")
    return truth


def _all_zero_or_one(values: NDArray[np.float64]) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _resampled_means(values: NDArray[np.float64], draws: int, seed: int) -> NDArray[np.float64]:
    """Means of `draws` resamples of `values`, each as long as `values`, with replacement."""
    random = np.random.default_rng(seed)
    cases = len(values)
    at_once = max(1, _BLOCK // cases)
    blocks = [min(at_once, draws - done) for done in range(0, draws, at_once)]
    return np.concatenate([values[random.integers(0, cases, (rows, cases))].mean(axis=1) for rows in blocks])


def _percentiles(means: NDArray[np.float64], level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return float(low), float(high)


def _randomization_p(differences: NDArray[np.float64], draws: int, seed: int) -> float:
    """Share of the ways to swap the two systems in some cases that give a sum at least as far from zero.

    All ways where that is less work than drawing; else `draws` random ones, the observed one counted among them.
    """
    sizes = np.abs(differences[differences != 0])  # swapping equal scores changes nothing
    if sizes.size == 0:
        return 1.0
    # sums that are equal on paper differ in the last bits
    observed = abs(float(differences.sum())) - 1e-9 * float(sizes.sum())
    if 2**sizes.size <= draws:
        ways = np.arange(2**sizes.size)[:, None] >> np.arange(sizes.size) & 1
        return float((np.abs((2 * ways - 1) @ sizes) >= observed).mean())
    random = np.random.default_rng(seed)
    at_once = max(1, _BLOCK // sizes.size)
    as_far = 0
    for done in range(0, draws, at_once):
        signs = 2 * random.integers(0, 2, (min(at_once, draws - done), sizes.size)) - 1
        as_far += int((np.abs(signs @ sizes) >= observed).sum())
    return (as_far + 1) / (draws + 1)
