"""Weights are fitted on signals alone, tell right from wrong on cases held out, and come from files in the tree."""

from __future__ import annotations

import json
import random
from importlib.resources import files
from pathlib import Path

import pytest

import evals
from evals.fit import DRAFT, QUOTE, fit, fit_all, save
from evals.signals import Observation, SignalsError, read
from rag.support import Regression, Signals, Support

STORED = sorted((Path(evals.__file__).parent / "fit_on").glob("*.jsonl"))


def seen(number: int, form: str, right: bool, answered: float) -> Observation:
    signals = Signals(0.5, 0.5, 0.5, 0.5, answered, -0.1, 1.0, 0.0)
    return Observation(f"case-{number}", form, right, signals)  # type: ignore[arg-type]


def cases(count: int = 60, noise: float = 0.5) -> list[Observation]:
    """The right ones are answered by two more in log-odds, give or take."""
    dice = random.Random(1)
    return [seen(n, "draft", n % 2 == 0, (n % 2 == 0) * 2.0 + dice.gauss(0, noise)) for n in range(count)]


def test_a_signal_that_tells_gets_weight_and_noise_does_not_tell_held_out_cases_apart() -> None:
    found = fit(cases(), ("answered", "brings"))
    assert found.regression.weights["answered"] > 1.0
    assert found.regression.weights["brings"] == 0.0  # it never changes
    assert found.auc > 0.95
    assert (found.right, found.wrong) == (30, 30)
    dice = random.Random(2)
    noise = fit([seen(n, "draft", n % 2 == 0, dice.gauss(0, 1)) for n in range(200)], ("answered",))
    assert 0.35 < noise.auc < 0.65


def test_a_higher_threshold_shows_fewer() -> None:
    found = fit(cases(noise=1.5), ("answered",))
    assert all(bold > strict for bold, strict in zip(found.shown(0.3), found.shown(0.7), strict=True))


def test_a_case_and_the_same_without_its_gold_are_held_out_together() -> None:
    twins = [seen(n, "draft", True, 1.0) for n in range(20)]
    # the same signals, the other verdict: nothing can be learned
    twins += [Observation(f"{one.id}-without-gold", "draft", False, one.signals) for one in twins]
    assert fit(twins, ("answered",)).auc == 0.5


@pytest.mark.parametrize("few", [[], cases(8), [seen(n, "draft", True, 1.0) for n in range(20)]])
def test_without_enough_of_both_verdicts_nothing_can_be_fitted(few: list[Observation]) -> None:
    with pytest.raises(SignalsError, match="gather more with `dateline eval --signals FILE`"):
        fit(few, ("answered",))


def test_what_is_written_is_what_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "signals.jsonl"
    lines = [one.to_json() for one in cases(4)]
    file.write_text("\n".join([*lines, json.dumps({"id": "never-asked"})]) + "\n", "utf-8")
    assert [one.id for one in read(file)] == ["case-0", "case-1", "case-2", "case-3"]
    file.write_text('{"id": "x", "signals": {"vibes": 1}}', "utf-8")
    with pytest.raises(SignalsError, match="dateline eval --signals"):
        read(file)


def test_the_weights_in_use_are_those_that_the_files_in_the_tree_give(tmp_path: Path) -> None:
    observations = [one for file in STORED for one in read(file)]
    fits = fit_all(observations)
    place = save(fits, [file.stem for file in STORED], tmp_path / "support.json")
    used = json.loads(files("rag").joinpath("support.json").read_text("utf-8"))
    again = json.loads(place.read_text("utf-8"))
    assert again["fitted"]["on"] == used["fitted"]["on"]
    for form in ("draft", "quote"):  # another processor may round otherwise
        assert used[form] == pytest.approx(again[form], abs=0.005)
    assert Support.load().draft == Regression.of(used["draft"])
    assert set(used["draft"]) == {"bias", *DRAFT}
    assert set(used["quote"]) == {"bias", *QUOTE}


def test_the_files_hold_no_text_of_anyone() -> None:
    kept = [json.loads(line) for file in STORED for line in file.read_text("utf-8").splitlines()]
    assert {name for line in kept for name in line} == {"id", "form", "right", "signals"}
    assert not any(" " in line["id"] for line in kept)
