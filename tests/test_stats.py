"""The figures of runs: statistics that agree with the literature, how they are shown, and which runs differ."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from commands import Run as Command
from eval_helpers import answer, case, outcome, unanswerable
from run_helpers import ABOUT, broken, kept, printed, refused, right, run_of, wrong

from evals.compare import CompareError, compare, print_comparison
from evals.runs import Run
from evals.scoring import LABELS, MODES, SCORERS, figure, score, summarise
from evals.stats import interval, paired_bootstrap, roc_auc
from evals.table import plain_or_terminal, print_table, to_json
from evals.types import GoldQuote, Place, Row
from rag.types import Timings, Usage
from web.runs import Runs

table, told = partial(printed, print_table), partial(printed, print_comparison)


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
    assert found.low - 1e-12 <= found.difference <= found.high + 1e-12


def test_many_cases_agree_with_the_exact_sign_test_p_is_never_zero_and_the_area_under_a_curve() -> None:
    # 15 wins, 5 losses: the two-sided binomial probability is 0.0414
    assert paired_bootstrap([1] * 15 + [0] * 5, [0] * 15 + [1] * 5).p == pytest.approx(0.0414, abs=0.01)
    assert 0 < paired_bootstrap([1] * 200, [0] * 200).p < 0.001
    assert roc_auc([True, True, False, False], [0.9, 0.4, 0.6, 0.1]) == 0.75
    assert roc_auc([True, True, False], [0.8, 0.3, 0.3]) == 0.75  # ties count half
    assert roc_auc([True, False, False], [-1.0, 0.2, 0.9]) == 0


def test_what_can_not_be_computed_is_an_error() -> None:
    for compute, given, told in (
        (interval, [[]], "no values"),
        (interval, [[0.5, math.nan]], "not a number"),
        (interval, [[math.inf]], "not a number"),
        (paired_bootstrap, [[1, 0], [1]], "2 and 1"),
        (roc_auc, [[], []], "Both classes"),
        (roc_auc, [[True, True], [0.5, 0.5]], "Both classes"),
        (roc_auc, [[True, False], [math.nan, 0.1]], "not a number"),
    ):
        with pytest.raises(ValueError, match=told):
            compute(*given)


def test_what_is_not_installed_is_said(tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_mean_is_over_what_could_be_scored() -> None:
    for rows, mean, scored, unscored in (
        ([right("a"), wrong("b"), refused("c", answerable=False)], 0.5, 2, 0),  # of those to which it applies
        ([right("a"), broken("b"), wrong("a", system="peer")], 1.0, 1, 1),  # a failure is no zero
        ([broken("a")], None, 0, 1),
    ):
        found = summarise(rows, ["dateline"])["dateline"]["correct"]
        assert (found.mean, found.scored, found.unscored) == (mean, scored, unscored)
        assert (found.low is None) is (found.high is None) is (mean is None)
        assert mean is None or 0 < (found.low or 0) < mean <= (found.high or 0) <= 1


def timed(milliseconds: float, id: str) -> Row:
    return Row(case(id=id), outcome(answer("Homs.", timings=Timings(0, 5, milliseconds + int(id)))))


def test_times_have_their_median_and_95th_percentile_and_figures_are_short() -> None:
    total = summarise([timed(1, str(n)) for n in range(101)], ["dateline"])["dateline"]["total_ms"]
    assert (total.p50, total.p95) == (51.0, 96.0)
    given = (0.8254, "%"), (2984.0, "s"), (12345.6, "tokens"), (None, "%"), (0.5, "")
    assert [figure(*each) for each in given] == ["82.5", "2.98", "12,346", "–", "0.500"]


COSTS = {"usage": Usage(9, 1, 2), "timings": Timings(1, 2, 3, 4)}
SEEN = {"rankings": {mode: (Place("a.txt", 0, 9),) for mode in MODES}, "gold": (Place("a.txt", 0, 4),)}
FULL = Row(
    case(evidence=(GoldQuote("a.txt", "Homs"),), several=True, wrong=("Aleppo",)),
    outcome(answer("Homs [1].", [("a.txt", 0, 4, "Homs")], **COSTS), **SEEN, stood={1: "Homs"}, memory_mb=100.0),
)
"""Every score there is for an answerable case."""


def test_every_score_has_a_label_and_its_place() -> None:
    names = [given.name for given in score(FULL)]
    longer = replace(FULL, case=replace(FULL.case, length="full"))
    others = (given.name for row in (longer, refused("b", answerable=False)) for given in score(row))
    assert {*names, *others} == set(LABELS)
    assert names == [name for name in LABELS if name in names]
    assert len(names) == sum(len(scorer(FULL.case, FULL.outcome)) for scorer in SCORERS)


PEER = [right("a"), right("b"), wrong("a", system="peer"), right("b", system="peer")]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (PEER, "right answers, % 100 [34–100] n=2 50 [9–91] n=2"),
        ([right("a"), broken("b")], "right answers, % 100 [21–100] n=1 (+1)"),
        ([right("a"), broken("b")], "cases that failed 1"),
        ([(right if n < 150 else wrong)(str(n)) for n in range(201)], "right answers, % 74.6 [68–80] n=201"),
        ([Row(unanswerable(), outcome("Two to one."))], "unanswerable: answered, % 100 [21–100] n=1"),
        ([right("a", kind="[bold]kind")], "[bold]kind 100 [21–100] n=1"),
        ([refused("a", answerable=False, kind="why")], "why: refused 100 [21–100] n=1"),
    ],
)
def test_the_table_shows_figure_interval_and_number_for_each_system(rows: list[Row], line: str) -> None:
    assert line in [" ".join(shown.split()) for shown in table(run_of(*rows)).splitlines()]


def test_the_table_says_what_was_run_and_what_each_system_is() -> None:
    text = table(run_of(FULL, wrong(system="[red]peer"), judge="support judge: AUC 0.88", cases=7))
    assert text.startswith(
        "seeds · dev · 1 of 7 cases · 22 November 2026\ncommit abc1234 · embedded tiny · A processor · 2 cores\n\n"
    )
    assert "Citations  support judge: AUC 0.88" in text and f"[red]peer: {ABOUT}" in text
    assert not set(text) & set("│─┃━┏┓\x1b")  # piped output is plain


@pytest.mark.parametrize(("systems", "width"), [(1, 100), (3, 100), (5, 118)])
def test_no_line_is_longer_than_the_console(systems: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a-system-{n}" for n in range(systems)]
    rows = [right("a", kind="a kind of question with a long name", system=name) for name in names]
    rows += [broken("b", system=name) for name in names]
    assert max(map(len, table(run_of(*rows)).splitlines())) <= 100
    monkeypatch.setenv("COLUMNS", "40")  # which only a terminal has
    assert plain_or_terminal(systems).width == width


def test_the_three_ways_of_searching_stand_side_by_side_and_a_search_alone_has_no_failures() -> None:
    gold = Place("a.txt", 0, 4)
    rankings = {"bm25": (gold,), "dense": (Place("b.txt", 0, 10), gold), "fused": (gold,)}
    for given in ("Homs.", None):
        text = table(run_of(Row(FULL.case, outcome(given, rankings=rankings, gold=(gold,)))))
        head, first = text[text.index("Retrieval by quote") :].splitlines()[:2]
        assert head.split()[-3:] == ["bm25", "dense", "fused"]
        assert first.split()[1::3] == ["100", "0", "100"]
        assert ("failed" in text) is (given is not None)


def test_json_has_every_score_overall_and_by_kind() -> None:
    run = run_of(right("a"), broken("b"), refused("c", answerable=False, kind="absent"))
    found = json.loads(json.dumps(to_json(run)))
    assert found["header"]["commit"] == "abc1234"
    dateline = found["systems"]["dateline"]
    assert (dateline["about"], dateline["cases"], dateline["failed"]) == (ABOUT, 3, 1)
    assert (dateline["scores"]["correct"]["mean"], dateline["scores"]["correct"]["unscored"]) == (1.0, 1)
    absent = {name: one["mean"] for name, one in dateline["by_kind"]["absent"].items()}
    assert absent == {"refusal_recall": 1.0, "answered_unanswerable": 0.0, "refusal_precision": 1.0}


def of(made: Callable[[str], Row], count: int = 8) -> Run:
    return run_of(*(made(str(n)) for n in range(count)))


@pytest.mark.parametrize(
    ("before", "after", "name", "difference", "verdict"),
    [
        (of(wrong), of(right), "correct", 1.0, "better"),
        (of(right), of(refused), "refused_answerable", 1.0, "worse"),
        (of(partial(timed, 4000)), of(partial(timed, 2000)), "total_ms", -2000, "better"),
        (of(wrong, 5), of(right, 5), "correct", 1.0, "noise"),  # five of five prove nothing
    ],
)
def test_what_moves_is_better_or_worse(before: Run, after: Run, name: str, difference: float, verdict: str) -> None:
    back = {"better": "worse", "worse": "better", "noise": "noise"}[verdict]
    directions = (before, after, difference, verdict), (after, before, -difference, back), (after, after, 0, "same")
    for a, b, moved, said in directions:
        found = {one.name: one for one in compare(a, b).differences}[name]
        assert (found.paired.difference, found.b - found.a, found.n) == (moved, moved, len(before.rows))
        assert found.verdict == said
        assert found.paired.p < 0.05 or said in ("noise", "same")


def test_a_run_is_the_same_as_itself_in_whatever_order_its_cases_are() -> None:
    rows = right("a"), wrong("b"), refused("c", answerable=False)
    comparison = compare(run_of(*rows), run_of(*reversed(rows), commit="def5678", created="2026-11-23T00:00:00"))
    assert {one.verdict for one in comparison.differences} == {"same"}
    assert comparison.warnings == ()
    assert all(f"{what}: 0 cases" in told(comparison) for what in ("Better", "Worse", "Answered in other words"))
    # where both refuse, both are right or both wrong: the pairs of this score could not differ
    assert "refusal_precision" not in {one.name for one in comparison.differences}


def test_what_is_on_one_side_only_or_asks_something_else_is_left_out_and_counted_aloud() -> None:
    first = run_of(right("both"), right("hidden"), right("gone"), right("asked"), wrong("broke"))
    second = run_of(
        wrong("both"), right("hidden", exclude=("a.txt",)), right("new"), right("newer"),
        right("asked", accepted=("Hama",)), broken("broke"),
    )  # fmt: skip
    comparison = compare(first, second)
    assert {one.n for one in comparison.differences if one.name == "correct"} == {2}
    for line in (
        "3 cases in both.",
        "1 case in the first only, left out: gone",
        "2 cases in the second only, left out: new, newer",
        "1 case with another question or another right answer on either side, left out: asked",
        "1 case failed in the second, scored on neither side: broke",
    ):
        assert line in told(comparison)


def test_the_cases_that_moved_are_named_with_the_scores_that_moved_and_the_words_that_changed() -> None:
    quoting = Row(case(id="words"), outcome(answer("Homs [1].", [("a.txt", 0, 4, "Homs")])))
    first = run_of(right("a"), wrong("b"), wrong("c"), right("words"), right("same"))
    second = run_of(wrong("a"), right("b"), refused("c"), quoting, right("same"))
    lines = [line.strip() for line in told(compare(first, second)).splitlines()]
    better, others = lines.index("Better: 1 case"), lines.index("Answered in other words: 4 cases")
    question = right().case.question
    assert lines[better + 1 : others - 1] == [
        f"b: {question}", "right answers 0 -> 1", "", "Worse: 2 cases", f"a: {question}", "right answers 1 -> 0",
        f"c: {question}", "answerable: refused 0 -> 1",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[others:] if line.endswith(question)] == ["a", "b", "c", "words"]
    assert {"They captured Homs.", "-> They captured Hama.", "-> Homs [1]."} <= set(lines[others:])


def test_what_else_differs_between_the_runs_is_named() -> None:
    dataset = {"name": "seeds", "articles": 3}
    other = run_of(right(), model="large", settings={"threshold": "0.5"}, dataset=dataset, split=None)
    comparison = compare(run_of(right()), other)
    assert comparison.warnings == (
        "model differs: tiny / large", "dataset articles differs: 2 / 3", "split differs: dev / not given",
        "settings threshold differs: 0.65 / 0.5",
    )  # fmt: skip
    assert all(f"Note: {warning}" in told(comparison) for warning in comparison.warnings)


def test_two_systems_of_one_run_can_be_compared_and_what_can_not_is_an_error() -> None:
    run = run_of(*(row for n in range(8) for row in (wrong(str(n)), right(str(n), system="peer"))))
    comparison = compare(run, run, "dateline", "peer")
    assert {one.name: one.verdict for one in comparison.differences}["correct"] == "better"
    assert comparison.warnings == () and comparison.b.startswith("peer · a.jsonl")
    with pytest.raises(CompareError, match=r"runs/a\.jsonl has no answers of 'other': name one of dateline, peer\."):
        compare(run, run, "other")
    with pytest.raises(CompareError, match="share no case"):
        compare(run_of(right("a")), run_of(right("b")))


def test_the_table_shows_both_means_the_difference_and_the_verdict_within_its_width() -> None:
    text = told(compare(of(wrong), run_of(*of(right).rows, model="another model with a long name " * 4)))
    (line,) = (line for line in text.splitlines() if line.startswith("  right answers"))
    assert line.split()[3:] == ["0.0", "100.0", "+100.0", "[+100.0,", "+100.0]", "0.008", "8", "better"]
    assert max(map(len, text.splitlines())) <= 100
