"""How far a run is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from rag.printing import say
from rag.terminal import Console

Progress = Callable[[int, int, str], None]
"""told(done, total, system)."""
_EVERY = 20.0  # seconds between two lines where there is no terminal


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar with the time left on a terminal, else a line now and then, on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    with bars.Progress(
        TextColumn("{task.fields[system]}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("· left"), TimeRemainingColumn(), console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("eval", total=None, system="")
        yield lambda done, total, system: bar.update(task, completed=done, total=total, system=system)


def _lines() -> Progress:
    """Progress as lines of text."""
    started = said = time.monotonic()
    before: int | None = None  # cases that an interrupted run had done already

    def told(done: int, total: int, system: str) -> None:
        nonlocal said, before
        now = time.monotonic()
        before = done if before is None else before
        if done < total and now - said < _EVERY:
            return
        said = now
        elapsed = (now - started) / 60
        rate = (done - before) / elapsed if elapsed else 0.0
        left = f", about {(total - done) / rate:.0f} min left" if rate and done < total else ""
        say(f"{system}: {done} of {total}, {elapsed:.1f} min{left}", err=True)

    return told
