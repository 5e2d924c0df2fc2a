"""The statistics against figures worked out by hand or taken from the literature, and by what must hold of any."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run
from run_helpers import kept, right, run_of, wrong

from evals.stats import interval, paired_bootstrap, roc_auc
from web.runs import Runs


@pytest.mark.parametrize(
    ("values", "expected", "within"),
    [
        # Newcombe 1998, table I: Wilson's interval of 81 of 263 and 0 of 20; 20 of 20 are not certain
        ([1] * 81 + [0] * 182, (0.2553, 0.3662), 1e-4),
        ([0] * 20, (0.0, 0.1611), 1e-4),
        ([1] * 20, (1 - 0.1611, 1.0), 1e-4),
        # uniform on 0 to 1: the normal interval, with the standard error sqrt(1/12/200) = 0.0205
        ([n / 199 for n in range(200)], (0.5 - 1.96 * 0.0205, 0.5 + 1.96 * 0.0205), 0.004),
        # the mean of two is one of them with probability 1/4 each, more than the 2.5 % cut off
        ([0.2, 0.8], (0.2, 0.8), 1e-9),
        ([0.1], (0.1, 0.1), 0),
        ([0.1] * 7, (0.1, 0.1), 0),
    ],
)
def test_the_interval_of_a_mean(values: list[float], expected: tuple[float, float], within: float) -> None:
    low, high = found = interval(values)
    assert found == pytest.approx(expected, abs=within)
    assert 0 <= low <= sum(values) / len(values) + 1e-12 and sum(values) / len(values) - 1e-12 <= high <= 1
    assert interval(values) == found


@pytest.mark.parametrize(
    ("a", "b", "difference", "p"),
    [
        ([1] * 5, [0] * 5, 1, 2 / 32),
        ([1], [0], 1, 1),
        ([1] * 45, [0] * 5 + [1] * 40, 5 / 45, 2 / 32),  # ties do not make it surer
        ([1, 1, 1, 0], [0, 0, 0, 1], 0.5, 10 / 16),  # the sum is at least 2 away from 0 in 2 * (1 + 4) of 16 ways
        # 0.1 + 0.2 - 0.3 + 0.4 and -0.1 - 0.2 + 0.3 + 0.4 differ in the last bit
        ([0.1, 0.2, 0.0, 0.4], [0.0, 0.0, 0.3, 0.0], 0.1, 10 / 16),
        ([0.1, 0.2, 0.0], [0.0, 0.0, 0.3], 0, 1),
        ([0, 1, 0.5], [0, 1, 0.5], 0, 1),
    ],
)
def test_a_difference_and_how_likely_chance_is(a: list[float], b: list[float], difference: float, p: float) -> None:
    found, back = paired_bootstrap(a, b), paired_bootstrap(b, a)
    assert (found.difference, found.p) == pytest.approx((difference, p))
    assert (back.difference, back.p) == pytest.approx((-difference, p))
    assert found.low <= found.difference + 1e-12
    assert found.difference <= found.high + 1e-12


def test_many_cases_agree_with_the_exact_sign_test_and_p_is_never_zero() -> None:
    # 15 wins, 5 losses: the two-sided binomial probability is 0.0414
    assert paired_bootstrap([1] * 15 + [0] * 5, [0] * 15 + [1] * 5).p == pytest.approx(0.0414, abs=0.01)
    assert 0 < paired_bootstrap([1] * 200, [0] * 200).p < 0.001


def test_the_area_under_the_curve() -> None:
    assert roc_auc([True, True, False, False], [0.9, 0.4, 0.6, 0.1]) == 0.75
    assert roc_auc([True, True, False], [0.8, 0.3, 0.3]) == 0.75  # ties count half
    assert roc_auc([True, False, False], [-1.0, 0.2, 0.9]) == 0


@pytest.mark.parametrize(
    ("compute", "told"),
    [
        (lambda: interval([]), "no values"),
        (lambda: interval([0.5, math.nan]), "not a number"),
        (lambda: interval([math.inf]), "not a number"),
        (lambda: paired_bootstrap([1, 0], [1]), "2 and 1"),
        (lambda: roc_auc([], []), "Both classes"),
        (lambda: roc_auc([True, True], [0.5, 0.5]), "Both classes"),
        (lambda: roc_auc([True, False], [math.nan, 0.1]), "not a number"),
    ],
)
def test_what_can_not_be_computed_is_an_error(compute: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        compute()


def test_what_is_not_installed_is_said(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept(tmp_path, "run.jsonl", run_of(right(), wrong("b")))
    for name in ("scipy.stats", "sklearn.metrics", "sklearn.preprocessing"):
        monkeypatch.setitem(sys.modules, name, None)
    for arguments in (["--rescore", path], ["--data-dir", tmp_path], ["report", path], ["marker", path]):
        code, _, said = run("eval", *map(str, arguments))
        assert (code, said.count("\n")) == (1, 1), said
        name = "sklearn" if "marker" in arguments else "scipy"
        assert said.endswith(f"with {name}, which is not here. Get it with: pip install 'dateline[eval]'\n")
    assert "pip install" in Runs(tmp_path).html()


def test_no_command_waits_for_the_libraries_of_the_evals() -> None:
    heavy = ("scipy", "sklearn", "plotly")
    check = f"import sys, evals.cli, web.runs; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"
