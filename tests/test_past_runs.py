"""The page of past runs: what stands in the list, and which reports open."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from app_helpers import served
from checking import CheckedAssistant
from run_helpers import kept, refused, right, run_of, wrong

from evals.runs import RunError
from web.runs import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    kept(tmp_path, "opal.jsonl", run_of(right("q1"), wrong("q2"), refused("q3"), refused("q4")))
    return Runs(tmp_path)


def test_a_run_is_listed_with_its_scores_and_the_way_to_its_report(runs: Runs) -> None:
    html = runs.html()
    assert 'href="reports?run=opal.jsonl"' in html
    assert "seeds · dev · 4 cases · 22 November 2026" in html
    assert "<td>25.0</td>" in html  # right
    assert '<td class="wide">50.0</td>' in html  # refused


def test_a_run_that_goes_on_is_scored_again(runs: Runs) -> None:
    assert "<td>25.0</td>" in runs.html()
    path = runs.folder / "opal.jsonl"
    path.unlink()
    kept(runs.folder, "opal.jsonl", run_of(right("q1")))
    assert "<td>100.0</td>" in runs.html()


def test_a_file_that_is_no_run_says_so_in_its_row(runs: Runs) -> None:
    (runs.folder / "<b>.jsonl").write_text("nothing", encoding="utf-8")
    assert "&lt;b&gt;.jsonl is not a run of dateline eval" in runs.html()


def test_without_a_run_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    assert "dateline eval" in Runs(tmp_path / "none").html()


def test_reports_open_side_by_side(runs: Runs) -> None:
    kept(runs.folder, "jade.jsonl", run_of(right("q1")))
    page = runs.report(["opal.jsonl", "jade.jsonl"])
    assert "opal" in page
    assert "jade" in page


@pytest.mark.parametrize("name", ["none.jsonl", "../opal.jsonl", "/etc/passwd"])
def test_only_what_is_listed_opens(runs: Runs, name: str) -> None:
    with pytest.raises(RunError, match="There is no run"):
        runs.report([name])


def test_the_report_is_served_and_a_missing_one_is_not(seeds_dir: Path) -> None:
    (seeds_dir / "runs").mkdir()
    kept(seeds_dir / "runs", "mine.jsonl", run_of(right("q1")))
    with CheckedAssistant(seeds_dir, "embedded") as dateline, served(dateline) as url:
        with httpx.Client(base_url=url, trust_env=False) as http:
            assert "Dateline eval" in http.get("/reports", params={"run": "mine.jsonl"}).text
            missing = http.get("/reports", params={"run": "<script>"})
            assert (missing.status_code, "<script>" in missing.text) == (404, False)
            assert http.get("/reports").status_code == 404
