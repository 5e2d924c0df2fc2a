"""A probability from a few signals; the weights come with Dateline."""

from dataclasses import replace

import pytest

from rag.support import Regression, Signals, Support

GOOD = Signals(answers=7.0, confidence=-0.05)
BAD = Signals(answers=-7.0, confidence=-0.8)


def test_the_weights_that_come_with_dateline_know_good_from_bad() -> None:
    support = Support.load()
    for weights in (support.draft, support.quote):
        assert weights.probability(BAD) < 0.5 < weights.probability(GOOD)
    assert support.evidence.probability(BAD) < support.hopeless < support.evidence.probability(GOOD)


def test_a_logistic_regression_is_what_it_says() -> None:
    weights = Regression.of({"bias": -1.0, "answers": 0.5})
    assert weights.probability(Signals(answers=2.0)) == 0.5
    assert weights.probability(Signals(answers=-1000.0)) < 1e-20


def test_a_signal_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such signal: vibes"):
        Regression.of({"bias": 0.0, "vibes": 1.0})


def test_other_weights_have_another_fingerprint() -> None:
    support = Support.load()
    assert support.fingerprint() == Support.load().fingerprint()
    assert support.fingerprint() != replace(support, hopeless=support.hopeless + 0.01).fingerprint()
