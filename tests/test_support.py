"""A probability from a few signals; the weights come with Dateline."""

from dataclasses import replace

import pytest

from rag.support import Regression, Signals, Support, Weights

GOOD = Signals(answers=4.0, supports=4.0, words=1.0, confidence=-0.05, answered=3.0)
BAD = Signals(answers=-5.0, supports=-5.0, words=0.1, confidence=-0.8, answered=-3.0)


@pytest.mark.parametrize("form", ["draft", "quote"])
def test_the_weights_that_come_with_dateline_know_good_from_bad(form: str) -> None:
    weights: Weights = getattr(Support.load(), form)
    for answered in ({}, {"answered": None}):
        good, bad = (weights.probability(replace(one, **answered)) for one in (GOOD, BAD))
        assert bad < 0.5 < good


def test_a_logistic_regression_is_what_it_says_and_the_one_that_fits_what_is_known_is_used() -> None:
    weights = Weights.of({"alone": {"bias": -1.0, "supports": 0.5}, "asked": {"bias": 50.0, "answered": 1.0}})
    assert weights.probability(Signals(answers=9.0, supports=2.0)) == 0.5
    assert weights.probability(Signals(answers=9.0, supports=2.0, answered=-50.0)) == 0.5
    assert weights.probability(Signals(answers=9.0, supports=-1000.0)) < 1e-20


def test_a_signal_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such signal: vibes"):
        Regression.of({"bias": 0.0, "vibes": 1.0})


def test_other_weights_have_another_fingerprint() -> None:
    support = Support.load()
    assert support.fingerprint() == Support.load().fingerprint()
    assert support.fingerprint() != replace(support, open_to=support.open_to + 0.01).fingerprint()
