"""The page of past runs: what stands in the list, and which reports open."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from app_helpers import client, served
from checking import CheckedAssistant
from run_helpers import kept, refused, right, run_of, wrong

from evals.runs import RunError
from web.runs import Runs


def test_runs_are_listed_with_their_scores_as_they_are_now_and_open_side_by_side(tmp_path: Path) -> None:
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


def test_only_a_report_that_is_listed_is_served(seeds_dir: Path, tmp_path: Path) -> None:
    (seeds_dir / "runs").mkdir(exist_ok=True)
    mine = kept(seeds_dir / "runs", "mine.jsonl", run_of(right("q1")))
    for name in ("none.jsonl", "../mine.jsonl", "/etc/passwd", str(mine)):
        with pytest.raises(RunError, match="There is no run"):
            Runs(mine.parent).report([name])
    with CheckedAssistant(seeds_dir, "embedded") as dateline, served(dateline) as url, client(url) as http:
        reports = httpx.URL("/reports")
        assert "Dateline eval" in http.get(reports, params={"run": "mine.jsonl"}).text
        missing = http.get(reports, params={"run": "<script>"})
        assert (missing.status_code, "<script>" in missing.text) == (404, False)
        assert http.get(reports).status_code == 404
