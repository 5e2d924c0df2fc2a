"""The gate: shut as soon as one score falls below its bar."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_helpers import broken, refused, right, run_of, wrong

from evals.gate import BARS, Gate
from evals.types import Row
from index.errors import DatelineError

ANSWERED, REFUSED = wrong("c", answerable=False), refused("d", answerable=False)


@pytest.mark.parametrize(
    ("rows", "at_least", "at_most", "said"),
    [
        ([right("a"), wrong("b")], {"correct": 0.5}, {}, []),
        ([right("a"), wrong("b")], {"correct": 0.6}, {}, ["correct is 0.500, the bar 0.6"]),
        ([REFUSED, ANSWERED], {}, {"answered_unanswerable": 0.5}, []),
        ([REFUSED, ANSWERED], {}, {"answered_unanswerable": 0.4}, ["answered_unanswerable is 0.500, the bar 0.4"]),
        ([right()], {"refusal_recall": 0.1}, {}, ["refusal_recall has no score"]),
        ([right(), broken("e")], {"correct": 0.5}, {}, ["e failed (The model server does not answer.)"]),
    ],
)
def test_it_is_shut_by_a_score_beyond_its_bar_by_one_that_nobody_got_and_by_a_failure(
    rows: list[Row], at_least: dict[str, float], at_most: dict[str, float], said: list[str]
) -> None:
    assert Gate(len(rows), at_least, at_most).failures(run_of(*rows)) == said


def test_the_projects_own_gate_asks_at_least_25_cases_and_names_every_kind_of_score() -> None:
    gate = Gate.load(BARS)
    assert gate.cases >= 25
    assert {"correct", "refusal_recall", "citation_recall", "citation_precision", "quote_exact"} <= set(gate.at_least)
    assert "refused_answerable" in gate.at_most


@pytest.mark.parametrize("text", ["cases = 30", "cases = [", "cases = 30\nat_least = 3\nat_most = 4"])
def test_a_file_that_is_no_gate_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(DatelineError, match="is not a gate"):
        Gate.load(tmp_path / "gate.toml")
