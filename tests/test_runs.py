"""Runs on disk: what is written is read again, interrupted ones are gone on with, others are not mixed in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eval_helpers import answer, case, outcome

from evals.runs import RunError, place_for, read, writing
from evals.types import GoldQuote, Outcome, Place, Row, Support

HI = {"role": "user", "content": "Hi"}


def a_header(**changed: Any) -> dict[str, Any]:
    return {
        "created": "2026-01-01T00:00:00+00:00",
        "commit": "abc",
        "cases": 2,
        "systems": {"dateline": "us"},
    } | changed


def a_row(id: str, text: str = "It is Homs [1].") -> Row:
    cited = answer(text, cites=[("a.txt", 10, 14, "Homs")])
    return Row(
        case(id=id, evidence=(GoldQuote("a.txt", "Homs"),), as_of=date(2024, 12, 5), history=(HI,)),
        outcome(cited, rankings={"bm25": (Place("a.txt", 0, 20),)}, support=(Support(0, (1,), 0.5, False, "no"),)),
    )  # fmt: skip


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [a_row("one"), Row(case(id="two"), Outcome("dateline", None, error="the engine died"))]
    with writing(tmp_path / "runs" / "r.jsonl", a_header()) as writer:
        for row in rows:
            writer.add(row)
    run = read(tmp_path / "runs" / "r.jsonl")
    assert list(run.rows) == rows
    assert run.complete


def test_an_interrupted_run_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with writing(path, a_header()) as writer:
        writer.add(a_row("one"))
    with path.open("a") as file:
        file.write('{"case": {"id": "tw')  # the power went
    with writing(path, a_header(created="later", machine={"cores": 3})) as writer:
        assert writer.done == {("dateline", "one")}
        writer.add(a_row("two"))
    assert [row.case.id for row in read(path).rows] == ["one", "two"]


def test_a_row_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with writing(path, a_header()) as writer:
        writer.add(a_row("one"))
        writer.add(a_row("two"))
    path.write_bytes(path.read_bytes()[:-5])
    run = read(path)
    assert [row.case.id for row in run.rows] == ["one"]
    assert not run.complete


def test_another_run_is_not_written_into(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with writing(path, a_header()):
        pass
    with pytest.raises(RunError, match=r"another run \(its commit differ\): name another file with --out"):
        with writing(path, a_header(commit="def")):
            pass


def test_a_run_that_is_being_written_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with writing(path, a_header()):
        with pytest.raises(RunError, match="Another process is writing"):
            with writing(path, a_header()):
                pass


def test_a_complete_run_is_left_and_an_interrupted_one_is_taken(tmp_path: Path) -> None:
    first = place_for(tmp_path, "seeds", a_header())
    with writing(first, a_header()) as writer:
        writer.add(a_row("one"))
    assert place_for(tmp_path, "seeds", a_header()) == first
    assert place_for(tmp_path, "seeds", a_header(commit="def")) == tmp_path / "seeds-2.jsonl"
    with writing(first, a_header()) as writer:
        writer.add(a_row("two"))
    assert place_for(tmp_path, "seeds", a_header()) == tmp_path / "seeds-2.jsonl"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not a run of dateline eval"),
        ('{"id": 1}\n', "is not a run of dateline eval"),
        ('{"dateline_run": 99}\n', "another version"),
        ('{"dateline_run": 1, "cases": 1, "systems": {}}\n{"case": 3}\n', "line 2, is not a row"),
    ],
)
def test_what_is_no_run_is_said(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(content)
    with pytest.raises(RunError, match=message):
        read(path)
