"""Processes that read and split: what takes too much is ended, and costs nothing else."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import psutil
import pytest

from index.errors import UnforeseenWarning
from index.workers import Budget, TooMuch, ahead, workers

SMALL = Budget(seconds=1, memory=500_000_000)


def work(what: str) -> str:
    """What the processes are given in these tests."""
    match what:
        case "for ever":
            while True:
                pass
        case "memory":
            hoard = list[bytes]()
            while True:
                hoard.append(b"x" * 10_000_000)
        case "crash":
            os._exit(1)
        case "error":
            raise ValueError("mine")
        case "warn":
            warnings.warn("look", UnforeseenWarning, stacklevel=1)
    print("what is printed does no harm")
    return what


def told(*asked: str) -> list[str]:
    with workers() as pool:
        items = ((None, one) for one in asked)
        return [str(done) for _, done in ahead(pool, work, items, lambda _: SMALL, lambda: None)]


def test_what_takes_too_much_is_ended_and_the_rest_is_done_in_its_order() -> None:
    first, second, third, fourth, fifth = told("a", "for ever", "memory", "crash", "b")
    assert (first, fifth) == ("a", "b")
    assert second == "reading it takes more than 1 s: split it"
    assert third == "reading it takes more than 0.5 GB of memory: split it"
    assert fourth.startswith("what reads it broke down")


def test_what_the_work_raises_and_warns_of_comes_here() -> None:
    with pytest.raises(ValueError, match="mine"):
        told("error")
    with pytest.warns(UnforeseenWarning, match="look"):
        assert told("warn") == ["warn"]


def test_who_waits_can_call_it_off_and_no_process_stays() -> None:
    def enough() -> None:
        raise TooMuch("called off")

    before, begun = set(psutil.Process().children()), time.monotonic()
    with pytest.raises(TooMuch, match="called off"), workers() as pool:
        list(ahead(pool, work, [(None, "for ever")], lambda _: Budget(60, 10**9), enough))
    assert time.monotonic() - begun < 5
    assert set(psutil.Process().children()) == before


def test_they_find_what_this_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere_named.py").write_text("def work(given):\n    return given + 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    from elsewhere_named import work as add  # type: ignore[import-not-found]

    with workers() as pool:
        assert pool.submit(add, 1, SMALL).result() == 2
