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


def begun(path: Path, *rows: Row, **changed: Any) -> Path:
    """A run at `path` with these rows, or gone on with by them."""
    with writing(path, a_header(**changed)) as writer:
        for row in rows:
            writer.add(row)
    return path


def ids(path: Path) -> list[str]:
    return [row.case.id for row in read(path).rows]


def test_what_is_written_is_read_again_but_for_a_line_that_was_cut_short(tmp_path: Path) -> None:
    rows = [a_row("one"), Row(case(id="two"), Outcome("dateline", None, error="the engine died"))]
    path = begun(tmp_path / "runs" / "r.jsonl", *rows)
    assert (list(read(path).rows), read(path).complete) == (rows, True)
    path.write_bytes(path.read_bytes()[:-5])
    assert (ids(path), read(path).complete) == (["one"], False)


def test_an_interrupted_run_is_gone_on_with(tmp_path: Path) -> None:
    path = begun(tmp_path / "r.jsonl", a_row("one"))
    with path.open("a") as file:
        file.write('{"case": {"id": "tw')  # the power went
    with writing(path, a_header(created="later", machine={"cores": 3})) as writer:
        assert writer.done == {("dateline", "one")}
    assert ids(begun(path, a_row("two"))) == ["one", "two"]


def test_a_run_is_not_mixed_with_another_nor_written_twice(tmp_path: Path) -> None:
    path = begun(tmp_path / "r.jsonl")
    with pytest.raises(RunError, match=r"another run \(its commit differ\): name another file with --out"):
        begun(path, commit="def")
    with writing(path, a_header()):
        with pytest.raises(RunError, match="Another process is writing"):
            begun(path)


def test_a_complete_run_is_left_and_an_interrupted_one_is_taken(tmp_path: Path) -> None:
    first = begun(place_for(tmp_path, "seeds", a_header()), a_row("one"))
    second = tmp_path / "seeds-2.jsonl"
    assert place_for(tmp_path, "seeds", a_header()) == first
    assert place_for(tmp_path, "seeds", a_header(commit="def")) == second
    begun(first, a_row("two"))
    assert place_for(tmp_path, "seeds", a_header()) == second
    second.write_text("no run")
    assert place_for(tmp_path, "seeds", a_header()) == tmp_path / "seeds-3.jsonl"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not a run of dateline eval"),
        ('{"id": 1}\n', "is not a run of dateline eval"),
        ('{"dateline_run": 99}\n', "another version"),
        ('{"dateline_run": 1, "cases": 1, "systems": {}}\n{"case": 3}\n', "line 2, case: Input should be"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_run_is_said(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "r.jsonl").write_text(content)
    with pytest.raises(RunError, match=message):
        read(tmp_path / "r.jsonl")
