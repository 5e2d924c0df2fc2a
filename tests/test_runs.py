"""Runs on disk: what is written is read again, interrupted ones are gone on with, others are not mixed in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eval_helpers import answer, case, outcome

from evals.runs import RunError, place_for, read, writing
from evals.types import GoldQuote, Outcome, Place, Row, Support

HEADER = {"created": "2026-01-01T00:00:00+00:00", "commit": "abc", "cases": 2, "systems": {"dateline": "us"}}
ONE = Row(
    case(
        id="one", evidence=(GoldQuote("a.txt", "Homs"),), as_of=date(2024, 12, 5),
        history=({"role": "user", "content": "Hi"},),
    ),
    outcome(
        answer("It is Homs [1].", cites=[("a.txt", 10, 14, "Homs")]), rankings={"bm25": (Place("a.txt", 0, 20),)},
        support=(Support(0, (1,), 0.5, False, "no"),),
    ),
)  # fmt: skip
TWO = Row(case(id="two"), Outcome("dateline", None, error="the engine died"))


def begun(path: Path, *rows: Row, **changed: Any) -> Path:
    """A run at `path` with these rows, or gone on with by them."""
    with writing(path, HEADER | changed) as writer:
        for row in rows:
            writer.add(row)
    return path


def test_what_is_written_is_read_again_and_an_interrupted_run_is_gone_on_with(tmp_path: Path) -> None:
    path = begun(tmp_path / "runs" / "r.jsonl", ONE, TWO)
    assert (read(path).rows, read(path).complete) == ((ONE, TWO), True)
    path.write_bytes(path.read_bytes()[:-5])  # the power went
    assert (read(path).rows, read(path).complete) == ((ONE,), False)
    with writing(path, HEADER | {"created": "later", "machine": {"cores": 3}}) as writer:
        assert writer.done == {("dateline", "one")}
    assert read(begun(path, TWO)).rows == (ONE, TWO)


def test_a_run_is_not_mixed_with_another_nor_written_twice(tmp_path: Path) -> None:
    path = begun(tmp_path / "r.jsonl")
    with pytest.raises(RunError, match=r"another run \(its commit, judge differ\): name another file with --out"):
        begun(path, commit="def", judge="a judge")
    with writing(path, HEADER):
        with pytest.raises(RunError, match="Another process is writing"):
            begun(path)


def test_a_complete_run_is_left_and_an_interrupted_one_is_taken(tmp_path: Path) -> None:
    first = begun(place_for(tmp_path, "seeds", HEADER), ONE)
    second = tmp_path / "seeds-2.jsonl"
    assert place_for(tmp_path, "seeds", HEADER) == first
    assert place_for(tmp_path, "seeds", HEADER | {"commit": "def"}) == second
    begun(first, TWO)
    assert place_for(tmp_path, "seeds", HEADER) == second
    second.write_text("no run")
    assert place_for(tmp_path, "seeds", HEADER) == tmp_path / "seeds-3.jsonl"


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
