"""What a run's scores come to, and how they are shown."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from eval_helpers import answer, case, outcome, unanswerable
from rich.console import Console
from run_helpers import ABOUT, broken, refused, right, run_of, wrong

from evals.runs import Run
from evals.scoring import LABELS, SCORERS, by_kind, figure, score, summarise
from evals.table import plain_or_terminal, print_table, to_json
from evals.types import GoldQuote, Place, Row
from rag.types import Timings, Usage


def test_a_mean_is_over_the_cases_to_which_a_score_applies() -> None:
    rows = [right("a"), wrong("b"), refused("c", answerable=False)]
    correct = summarise(rows, ["dateline"])["dateline"]["correct"]
    assert (correct.mean, correct.scored, correct.unscored) == (0.5, 2, 0)


def test_a_failed_case_is_counted_as_unscored_and_is_not_a_zero() -> None:
    correct = summarise([right("a"), broken("b")], ["dateline"])["dateline"]["correct"]
    assert (correct.mean, correct.scored, correct.unscored) == (1.0, 1, 1)


def test_where_nothing_could_be_scored_there_is_no_mean() -> None:
    correct = summarise([broken("a")], ["dateline"])["dateline"]["correct"]
    assert (correct.mean, correct.low, correct.high, correct.unscored) == (None, None, None, 1)


def test_the_interval_holds_the_mean() -> None:
    correct = summarise([right("a"), wrong("b"), right("c")], ["dateline"])["dateline"]["correct"]
    assert correct.low is not None and correct.mean is not None and correct.high is not None
    assert 0 < correct.low < correct.mean < correct.high < 1


def test_systems_are_not_mixed() -> None:
    found = summarise([right("a"), wrong("a", system="peer")], ["dateline", "peer"])
    assert (found["dateline"]["correct"].mean, found["peer"]["correct"].mean) == (1.0, 0.0)


def test_kinds_are_not_mixed() -> None:
    found = by_kind([right("a", kind="who"), wrong("b", kind="when")], ["dateline"])["dateline"]
    assert (found["who"]["correct"].mean, found["when"]["correct"].mean) == (1.0, 0.0)


def test_times_have_their_median_and_95th_percentile() -> None:
    rows = [Row(case(id=str(ms)), outcome(answer("Homs.", timings=Timings(0, 5, ms)))) for ms in range(1, 102)]
    total = summarise(rows, ["dateline"])["dateline"]["total_ms"]
    assert (total.p50, total.p95) == (51.0, 96.0)


def test_every_score_has_a_label() -> None:
    given = answer(
        "They captured Homs [1].", [("a.txt", 0, 4, "Homs")], usage=Usage(9, 1, 2), timings=Timings(1, 2, 3, 4)
    )
    full = outcome(
        given,
        rankings={mode: (Place("a.txt", 0, 9),) for mode in ("bm25", "dense", "fused")},
        gold=(Place("a.txt", 0, 4),),
        stood={1: "Homs"},
        verdict="Yes",
        memory_mb=100.0,
    )
    asked = case(evidence=(GoldQuote("a.txt", "Homs"),), several=True, wrong=("Aleppo",))
    rows = [Row(asked, full), refused("b", answerable=False)]
    names = {given.name for row in rows for given in score(row)}
    assert names == set(LABELS)


def test_scores_come_in_the_order_of_the_labels() -> None:
    names = [given.name for given in score(right())]
    assert names == [name for name in LABELS if name in names]
    assert len(names) == sum(len(scorer(right().case, right().outcome)) for scorer in SCORERS)


def test_a_run_that_only_searched_has_no_failures() -> None:
    asked = case(evidence=(GoldQuote("a.txt", None),))
    row = Row(asked, outcome(None, rankings={"bm25": (Place("a.txt", 0, 9),)}, gold=(Place("a.txt", 0, 9),)))
    assert {given.name.split(".")[0] for given in score(row)} == {"bm25"}
    text = printed(run_of(row))
    assert "Retrieval by article" in text
    assert "failed" not in text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.8254, "%", "82.5"), (2984.0, "s", "2.98"), (12345.6, "tokens", "12,346"), (None, "%", "–")],
)
def test_figures_are_short(value: float | None, unit: str, shown: str) -> None:
    assert figure(value, unit) == shown


def test_the_table_says_what_was_run() -> None:
    text = printed(run_of(right("a"), wrong("a", system="peer")))
    assert "seeds · dev · 1 cases · 22 November 2026" in text
    assert "commit abc1234 · embedded tiny · A processor · 2 cores" in text
    assert f"peer: {ABOUT}" in text


def test_the_table_shows_mean_interval_and_number_for_each_system() -> None:
    text = printed(run_of(right("a"), right("b"), wrong("a", system="peer"), right("b", system="peer")))
    (line,) = (line for line in text.splitlines() if "right answers" in line)
    assert line.split() == ["right", "answers,", "%", "100", "[34–100]", "n=2", "50", "[9–91]", "n=2"]


def test_a_tenth_of_a_per_cent_is_shown_where_it_means_something() -> None:
    text = printed(run_of(*(right(f"r{n}") for n in range(150)), *(wrong(f"w{n}") for n in range(51))))
    assert "74.6 [" in text and "n=201" in text


def test_unscored_cases_are_shown_where_there_are_any() -> None:
    text = printed(run_of(right("a"), broken("b")))
    assert "100 [21–100] n=1 (+1)" in text
    assert [line.split()[-1] for line in text.splitlines() if "cases that failed" in line] == ["1"]


def test_the_judges_sentence_stands_beside_the_citation_scores() -> None:
    given = answer("They captured Homs [1].", [("a.txt", 0, 4, "Homs")])
    run = run_of(Row(case(), outcome(given, stood={1: "Homs"})), judge="support judge: AUC 0.88")
    assert "Citations  support judge: AUC 0.88" in printed(run)


def test_an_interrupted_run_says_how_much_of_it_there_is() -> None:
    assert "1 of 7 cases" in printed(run_of(right(), cases=7))


@pytest.mark.parametrize("systems", [1, 3, 5])
def test_no_line_is_longer_than_the_console(systems: int) -> None:
    rows = [
        replace(row, outcome=replace(row.outcome, system=f"a-system-{n}"))
        for n in range(systems)
        for row in (right("a", kind="a kind of question with a long name"), broken("b"))
    ]
    assert max(map(len, printed(run_of(*rows)).splitlines())) <= 100


def test_piped_output_is_plain() -> None:
    text = printed(run_of(right()))
    assert "\x1b" not in text
    assert not set(text) & set("│─┃━┏┓")


def test_square_brackets_in_names_stay() -> None:
    text = printed(run_of(right(kind="[bold]kind", system="[red]peer")))
    assert "[bold]kind" in text
    assert "[red]peer: " in text


def test_output_that_is_no_terminal_is_100_columns_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert plain_or_terminal().width == 100
    assert plain_or_terminal(5).width == 118


def test_the_three_ways_of_searching_stand_side_by_side() -> None:
    gold = Place("a.txt", 0, 10)
    rankings = {"bm25": (gold,), "dense": (Place("b.txt", 0, 10), gold), "fused": (gold,)}
    row = Row(case(evidence=(GoldQuote("a.txt", "ten letter"),)), outcome("Homs.", rankings=rankings, gold=(gold,)))
    lines = printed(run_of(row)).splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("Retrieval by quote"))
    assert lines[head].split()[-3:] == ["bm25", "dense", "fused"]
    assert lines[head + 1].split()[1::3] == ["100", "0", "100"]


def test_json_has_every_score_overall_and_by_kind() -> None:
    run = run_of(right("a"), broken("b"), refused("c", answerable=False, kind="absent"))
    found = json.loads(json.dumps(to_json(run)))
    assert found["header"]["commit"] == "abc1234"
    dateline = found["systems"]["dateline"]
    assert (dateline["about"], dateline["cases"], dateline["failed"]) == (ABOUT, 3, 1)
    assert (dateline["scores"]["correct"]["mean"], dateline["scores"]["correct"]["unscored"]) == (1.0, 1)
    assert dateline["by_kind"]["absent"]["refusal_recall"]["mean"] == 1.0


def test_an_unanswerable_case_that_was_answered_is_shown_as_such() -> None:
    row = Row(unanswerable(), outcome("Two to one."))
    (line,) = (line for line in printed(run_of(row)).splitlines() if "unanswerable: answered" in line)
    assert "100 [21–100]" in line


def printed(run: Run) -> str:
    """What print_table writes where there is no terminal."""
    out = io.StringIO()
    print_table(run, Console(file=out, width=100))
    return out.getvalue()
