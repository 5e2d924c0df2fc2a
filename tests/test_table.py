"""What a run's scores come to, and how they are shown."""

import json
from functools import partial

import pytest
from eval_helpers import answer, case, outcome, unanswerable
from run_helpers import ABOUT, broken, printed, refused, right, run_of, wrong

from evals.scoring import LABELS, SCORERS, figure, score, summarise
from evals.table import plain_or_terminal, print_table, to_json
from evals.types import GoldQuote, Place, Row
from rag.types import Timings, Usage

table = partial(printed, print_table)


@pytest.mark.parametrize(
    ("rows", "mean", "scored", "unscored"),
    [
        ([right("a"), wrong("b"), refused("c", answerable=False)], 0.5, 2, 0),  # of those to which it applies
        ([right("a"), broken("b"), wrong("a", system="peer")], 1.0, 1, 1),  # a failure is no zero
        ([broken("a")], None, 0, 1),
    ],
)
def test_a_mean_is_over_what_could_be_scored(rows: list[Row], mean: float | None, scored: int, unscored: int) -> None:
    found = summarise(rows, ["dateline"])["dateline"]["correct"]
    assert (found.mean, found.scored, found.unscored) == (mean, scored, unscored)
    assert (found.low is None) is (found.high is None) is (mean is None)
    assert mean is None or 0 < (found.low or 0) < mean <= (found.high or 0) <= 1


def test_times_have_their_median_and_95th_percentile() -> None:
    rows = [Row(case(id=str(ms)), outcome(answer("Homs.", timings=Timings(0, 5, ms)))) for ms in range(1, 102)]
    total = summarise(rows, ["dateline"])["dateline"]["total_ms"]
    assert (total.p50, total.p95) == (51.0, 96.0)


def full() -> Row:
    """A row with every score there is for an answerable case."""
    given = answer(
        "They captured Homs [1].", [("a.txt", 0, 4, "Homs")], usage=Usage(9, 1, 2), timings=Timings(1, 2, 3, 4)
    )
    rankings = {mode: (Place("a.txt", 0, 9),) for mode in ("bm25", "dense", "fused")}
    seen = outcome(given, rankings=rankings, gold=(Place("a.txt", 0, 4),), stood={1: "Homs"}, memory_mb=100.0)
    return Row(case(evidence=(GoldQuote("a.txt", "Homs"),), several=True, wrong=("Aleppo",)), seen)


def test_every_score_has_a_label_and_its_place() -> None:
    names = [given.name for given in score(full())]
    assert {*names, *(given.name for given in score(refused("b", answerable=False)))} == set(LABELS)
    assert names == [name for name in LABELS if name in names]
    assert len(names) == sum(len(scorer(full().case, full().outcome)) for scorer in SCORERS)


def test_figures_are_short() -> None:
    given = (0.8254, "%"), (2984.0, "s"), (12345.6, "tokens"), (None, "%"), (0.5, "")
    assert [figure(*each) for each in given] == ["82.5", "2.98", "12,346", "–", "0.500"]


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
    text = table(run_of(full(), wrong(system="[red]peer"), judge="support judge: AUC 0.88", cases=7))
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
    gold = Place("a.txt", 0, 10)
    rankings = {"bm25": (gold,), "dense": (Place("b.txt", 0, 10), gold), "fused": (gold,)}
    asked = case(evidence=(GoldQuote("a.txt", "ten letter"),))
    for given in ("Homs.", None):
        text = table(run_of(Row(asked, outcome(given, rankings=rankings, gold=(gold,)))))
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
