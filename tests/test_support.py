"""A probability from a few signals; the weights come with Dateline and say what they were fitted on."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from rag.support import Regression, Signals, Support

GOOD = Signals(1.0, 1.0, 0.8, 0.8, 1.8, -0.08, 1.0, 0.0)


def test_the_weights_that_come_with_dateline_know_good_from_bad() -> None:
    support = Support.load()
    bad = replace(GOOD, question_words=0.3, similarity=0.3, answered=-1.0, confidence=-0.4, brings=0.0)
    for regression in (support.draft, support.quote):
        assert regression.probability(GOOD) > 0.8
        assert regression.probability(bad) < 0.1


def test_a_logistic_regression_is_what_it_says() -> None:
    regression = Regression.of({"bias": -1.0, "answered": 0.5})
    assert regression.probability(replace(GOOD, answered=2.0)) == 0.5
    assert regression.probability(replace(GOOD, answered=-1000.0)) < 1e-20


def test_a_signal_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such signal: vibes"):
        Regression.of({"bias": 0.0, "vibes": 1.0})


def test_the_weights_say_what_they_were_fitted_on() -> None:
    fitted = json.loads(files("rag").joinpath("support.json").read_text("utf-8"))["fitted"]
    assert fitted["on"]
    assert fitted["draft"]["right"] > 50
