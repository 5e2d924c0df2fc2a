"""Small files are written whole or not at all: what is on the disk is what was there before, or all of the new."""

from __future__ import annotations

import ast
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from index_helpers import ROOT

from evals import feedback, fit, runs
from index.datadir import DataDir, write_whole
from rag.support import Regression


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """The disk takes this many bytes of a file, and no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_new_from_its_first_byte_on_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_whole(path, b"the old key", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with room_for(5), pytest.raises(OSError, match="File too large"):
        write_whole(path, b"another key", mode=0o600)
    assert path.read_bytes() == b"the old key"
    write_whole(path, b"another key")
    assert path.read_bytes() == b"another key"
    assert list(tmp_path.iterdir()) == [path]


_ROWS = [{"id": "feedback-1", "question": "Who heads the Observatory?"}]
_FIT = fit.Fit(Regression(0.0, {}), 1, 1, 0.5, ((0.1, False), (0.9, True)))


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: DataDir(folder).publish(folder / "index-12345678"),
        lambda folder: DataDir(folder).keep_upload("a.txt", Path(__file__)),
        lambda folder: feedback.write(_ROWS, folder / "cases.jsonl"),
        lambda folder: fit.save({"evidence alone": _FIT, "quote alone": _FIT}, ["a.jsonl"], folder / "support.json"),
        lambda folder: runs.writing(folder / "run.jsonl", {"model": "any"}).__enter__(),
    ],
    ids=["current", "upload", "feedback", "weights of the check", "header of a run"],
)
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, write: Callable[[Path], object]) -> None:
    with room_for(5), pytest.raises(OSError, match="File too large"):
        write(tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert left == set()


def test_no_other_room_writes_a_file_in_place() -> None:
    # written anew, or compared, at each run
    scratch = {"evals/bench.py", "evals/datasets.py", "evals/injection.py", "evals/train/export.py"}
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ("index", "rag", "evals", "web")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("write_text", "write_bytes")
    }
    assert found == scratch
