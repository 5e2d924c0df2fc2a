"""Weights are fitted on signals alone, tell right from wrong on cases held out, and come from files in the tree."""

import json
import random
from importlib.resources import files
from pathlib import Path

import pytest

import evals
from evals.fit import SIGNALS, fit, fit_all, save
from evals.signals import Observation, SignalsError, read
from rag.support import Signals
from rag.verify import Form

FITTED_ON = Path(evals.__file__).parent / "fit_on"


def seen(number: int, form: Form, right: bool, relevance: float) -> Observation:
    return Observation(f"case-{number}", form, right, Signals(answers=relevance, confidence=-0.5))


def cases(count: int = 60, noise: float = 0.5, form: Form = "draft", gap: float = 2.0) -> list[Observation]:
    """The right ones are supported by `gap` more in log-odds, give or take."""
    dice = random.Random(1)
    return [seen(n, form, n % 2 == 0, (n % 2 == 0) * gap + dice.gauss(0, noise)) for n in range(count)]


def test_a_signal_that_tells_gets_weight_and_noise_does_not_tell_held_out_cases_apart() -> None:
    found = fit(cases(), ("answers", "confidence"))
    assert found.regression.weights["answers"] > 1.0
    assert found.regression.weights["confidence"] == 0.0  # it never changes
    assert found.auc > 0.95
    assert (found.right, found.wrong) == (30, 30)
    assert 0.35 < fit(cases(200, gap=0.0), ("answers",)).auc < 0.65


def test_a_higher_threshold_shows_fewer() -> None:
    noisy = fit(cases(200, 1.5), ("answers",))
    assert all(bold > strict for bold, strict in zip(noisy.shown(0.3), noisy.shown(0.7), strict=True))


def test_a_case_and_the_same_without_its_gold_are_held_out_together() -> None:
    twins = [seen(n, "draft", True, 1.0) for n in range(20)]
    # the same signals, the other verdict: nothing can be learned
    twins += [Observation(f"{one.id}-without-gold", "draft", False, one.signals) for one in twins]
    assert fit(twins, ("answers",)).auc == 0.5


@pytest.mark.parametrize("few", [[], cases(8), [seen(n, "draft", True, 1.0) for n in range(20)]])
def test_without_enough_of_both_verdicts_nothing_can_be_fitted(few: list[Observation]) -> None:
    with pytest.raises(SignalsError, match="gather more with `dateline eval --signals FILE`"):
        fit(few, ("answers",))


def test_each_form_is_fitted_alone(tmp_path: Path) -> None:
    fits = fit_all([one for form in SIGNALS for one in cases(form=form)])  # type: ignore[arg-type]
    assert {name: one.right for name, one in fits.items()} == dict.fromkeys(SIGNALS, 30)
    stored = json.loads(save(fits, ["a", "b"], tmp_path / "support.json").read_text("utf-8"))
    assert stored["fitted"]["on"] == ["a", "b"]
    assert [*stored["quote"]] == ["bias", *SIGNALS["quote"]]
    # few of the questions with an answer at hand are given up
    right = [p for p, is_right in fits["evidence"].held_out if is_right]
    assert 0 < stored["hopeless"] < sorted(right)[len(right) // 10]


def test_the_weights_in_use_are_those_that_the_files_in_the_tree_give_which_hold_no_text(tmp_path: Path) -> None:
    kept = [json.loads(line) for file in FITTED_ON.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    assert kept and {name for line in kept for name in line} <= {"id", "form", "right", "signals"}
    assert not any(" " in line["id"] for line in kept)
    used = json.loads(files("rag").joinpath("support.json").read_text("utf-8"))
    on = used["fitted"]["on"]
    assert on, "weights that were set by hand: fit them with `dateline eval fit`"
    fits = fit_all([one for name in on for one in read(FITTED_ON / f"{name}.jsonl")])
    again = json.loads(save(fits, on, tmp_path / "support.json").read_text("utf-8"))
    for form in SIGNALS:  # another processor may round otherwise
        assert used[form] == pytest.approx(again[form], abs=0.005)
    assert used["hopeless"] == pytest.approx(again["hopeless"], abs=0.005)
