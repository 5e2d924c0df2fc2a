"""The gate: shut as soon as one score falls below its bar."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_helpers import answer, case, outcome, unanswerable

from evals.gate import BARS, Gate
from evals.runs import Run
from evals.types import Outcome, Row
from index.errors import DatelineError

RIGHT = Row(case(id="a"), outcome("It is Homs."))
WRONG = Row(case(id="b"), outcome("It is Aleppo."))
ANSWERED = Row(unanswerable(id="c"), outcome("It is Aleppo."))
REFUSED = Row(unanswerable(id="d"), outcome(answer("The articles do not answer this question.", abstained=True)))


def failures(
    *rows: Row, at_least: dict[str, float] | None = None, at_most: dict[str, float] | None = None
) -> list[str]:
    run = Run(Path("r.jsonl"), {"systems": {"dateline": ""}, "cases": len(rows)}, rows)
    return Gate(len(rows), at_least or {}, at_most or {}).failures(run)


def test_it_is_open_at_its_bar() -> None:
    assert failures(RIGHT, WRONG, at_least={"correct": 0.5}) == []


def test_it_is_shut_below_its_bar() -> None:
    assert failures(RIGHT, WRONG, at_least={"correct": 0.6}) == ["correct is 0.500, the bar 0.6"]


def test_it_is_shut_above_its_bar() -> None:
    said = failures(REFUSED, ANSWERED, at_most={"answered_unanswerable": 0.4})
    assert said == ["answered_unanswerable is 0.500, the bar 0.4"]


def test_a_score_that_nobody_got_keeps_it_shut() -> None:
    assert failures(RIGHT, at_least={"refusal_recall": 0.1}) == ["refusal_recall has no score"]


def test_a_case_that_failed_keeps_it_shut() -> None:
    failed = Row(case(id="e"), Outcome("dateline", None, error="out of memory"))
    assert failures(RIGHT, failed, at_least={"correct": 0.5}) == ["e failed (out of memory)"]


def test_the_projects_own_gate_asks_at_least_25_cases_and_names_every_kind_of_score() -> None:
    gate = Gate.load(BARS)
    assert gate.cases >= 25
    assert {"correct", "refusal_recall", "citation_recall", "citation_precision", "quote_exact"} <= set(gate.at_least)
    assert "refused_answerable" in gate.at_most


@pytest.mark.parametrize("text", ["cases = 30", "cases = [", "cases = 30\nat_least = 3\nat_most = 4"])
def test_a_file_that_is_no_gate_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(DatelineError, match="is not a gate"):
        Gate.load(path)
