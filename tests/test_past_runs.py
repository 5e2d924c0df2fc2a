"""The page of past runs: what stands in the list, and which reports open."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_helpers import kept, refused, right, run_of, wrong

from evals.runs import RunError
from web.runs import Runs


def test_runs_are_listed_with_their_scores_as_they_are_now_and_only_these_open(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    assert "dateline eval" in runs.html()
    kept(tmp_path, "opal.jsonl", run_of(right("q1"), wrong("q2"), refused("q3"), refused("q4")))
    (tmp_path / "<b>.jsonl").write_text("nothing", encoding="utf-8")
    for told in (
        'href="reports?run=opal.jsonl"', "seeds · dev · 4 cases · 22 November 2026", "<td>25.0</td>",
        '<td class="wide">50.0</td>', "&lt;b&gt;.jsonl is not a run of dateline eval",
    ):  # fmt: skip
        assert told in runs.html()
    (tmp_path / "opal.jsonl").unlink()
    for name in ("opal.jsonl", "jade.jsonl"):
        kept(tmp_path, name, run_of(right("q1")))
    assert runs.html().count("<td>100.0</td>") == 2
    page = runs.report(["opal.jsonl", "jade.jsonl"])
    assert ("opal" in page, "jade" in page) == (True, True)
    for name in ("none.jsonl", "../runs/opal.jsonl", "/etc/passwd", str(tmp_path / "opal.jsonl")):
        with pytest.raises(RunError, match="There is no run"):
            runs.report([name])
