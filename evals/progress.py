"""How far a run is, and how long it will take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars

from rag.printing import say
from rag.terminal import Console

Progress = Callable[[int, int, str], None]  # told(done, total, system)
_EVERY = 20.0  # seconds between two lines where there is no terminal


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar with the time left on a terminal, else a line now and then, on stderr."""
    console, said = Console(stderr=True), time.monotonic()

    def line(done: int, total: int, system: str) -> None:
        nonlocal said
        if done == total or time.monotonic() - said > _EVERY:
            said = time.monotonic()
            say(f"{system}: {done} of {total}", err=True)

    if not console.is_terminal:
        yield line
        return
    with bars.Progress(
        bars.TextColumn("{task.fields[system]}", markup=False), bars.BarColumn(), bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(), bars.TextColumn("· left"), bars.TimeRemainingColumn(),
        console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("eval", total=None, system="")
        yield lambda done, total, system: bar.update(task, completed=done, total=total, system=system)
