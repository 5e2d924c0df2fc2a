"""Runs on disk: a header, then one line for each case and system, written as they come.

A run holds observations only. Scores are computed whenever it is read: a mended scorer mends every run there is."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from evals.records import text_of, valid
from evals.types import Row
from index.datadir import write_whole
from index.errors import DatelineError

VERSION = 1
_ROW = TypeAdapter(Row)
_OF_THE_MOMENT = {"dateline_run", "created", "machine"}  # may differ between two sittings of one run


class RunError(DatelineError):
    """A run can't be read, or not be gone on with."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run's file holds."""

    path: Path
    header: dict[str, Any]
    rows: tuple[Row, ...]

    @property
    def systems(self) -> tuple[str, ...]:
        return tuple(self.header["systems"])

    @property
    def complete(self) -> bool:
        return len(self.rows) >= int(self.header["cases"]) * len(self.systems)

    def of(self, system: str) -> tuple[Row, ...]:
        """The rows of one system, in the order of the cases."""
        return tuple(row for row in self.rows if row.outcome.system == system)

    def failed(self, system: str) -> list[Row]:
        """Those on which it gave an error. One that only searches has no answers, and does not fail."""
        return [row for row in self.of(system) if row.outcome.error is not None]


@dataclass(frozen=True, slots=True)
class Writer:
    """A run that is being written."""

    path: Path
    done: set[tuple[str, str]]  # (system, case id) of every row that was there already

    def add(self, row: Row) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_ROW.dump_json(row).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.done.add((row.outcome.system, row.case.id))


def read(path: Path) -> Run:
    """Reads a run, also an interrupted one: a last line that was cut short is left out. Raises RunError."""
    first, *lines = text_of(path, RunError, "a .jsonl file that `dateline eval` wrote").split("\n")
    where = f"{path} is not a run of dateline eval: name a .jsonl file that it wrote"
    try:
        header = json.loads(first)
    except json.JSONDecodeError:
        raise RunError(f"{where}.") from None
    if not isinstance(header, dict) or header.get("dateline_run") != VERSION:
        raise RunError(f"{where}, and not another version of it.")
    # what follows the last newline is empty or cut short
    rows = [valid(_ROW, line, f"{path}, line {number}", RunError) for number, line in enumerate(lines[:-1], 2)]
    return Run(path, header, tuple(rows))


@contextmanager
def writing(path: Path, header: dict[str, Any]) -> Iterator[Writer]:
    """Begins or goes on with the run at `path`. Raises RunError if another one is there, or is being written there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(f"Another process is writing {path}: wait for it, or name another file with --out.") from None
    try:
        yield Writer(path, _begun(path, header))
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def place_for(folder: Path, stem: str, header: dict[str, Any]) -> Path:
    """Where to write: the run of this very header that was interrupted, else a name that is not taken."""
    for number in range(1, 10_000):
        path = folder / (f"{stem}.jsonl" if number == 1 else f"{stem}-{number}.jsonl")
        if not path.exists():
            return path
        try:
            run = read(path)
        except RunError:
            continue
        if not run.complete and not _differing(run.header, header):
            return path
    raise RunError(f"{folder} is full of runs named {stem}: delete some.")


def _begun(path: Path, header: dict[str, Any]) -> set[tuple[str, str]]:
    if not path.exists() or not path.stat().st_size:
        line = json.dumps({"dateline_run": VERSION} | header, ensure_ascii=False)
        write_whole(path, f"{line}\n".encode())
        return set()
    run = read(path)
    if differing := _differing(run.header, header):
        raise RunError(f"{path} holds another run (its {', '.join(differing)} differ): name another file with --out.")
    with path.open("r+b") as file:  # without a last line that was cut short
        file.truncate(file.read().rfind(b"\n") + 1)
    return {(row.outcome.system, row.case.id) for row in run.rows}


def _differing(there: dict[str, Any], header: dict[str, Any]) -> list[str]:
    """What says that these are two runs."""
    known = {**header, **there}.keys() - _OF_THE_MOMENT
    return sorted(key for key in known if there.get(key) != header.get(key))
