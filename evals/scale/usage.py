"""What a command costs: seconds by the clock and of the processors, and memory."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from index.errors import DatelineError

_LOOK = 0.25  # seconds between two looks at the memory


class MeasureError(DatelineError):
    """A figure could not be taken."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Of a command with all that it started."""

    wall: float = 0.0
    """Seconds by the clock."""
    cpu: float = 0.0
    """Seconds of all processors together."""
    peak: int = 0
    """Bytes of memory at the highest, of all its processes together."""

    def and_then(self, later: Self) -> "Spent":
        """Both, one after the other."""
        return Spent(self.wall + later.wall, self.cpu + later.cpu, max(self.peak, later.peak))


def spend(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    quiet: bool = False,
    told: Callable[[Spent], object] = lambda spent: None,
) -> tuple[Spent, str]:
    """Runs a command to its end; what it cost, and what it printed. `told` hears of the cost meanwhile.

    `quiet` keeps its stderr off the terminal unless it fails. Raises MeasureError if it does.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=out, stderr=err if quiet else None
        )
        watch = _Watch(process.pid, started, told)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            watch.end()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            why = err.read().decode(errors="replace").strip()[-2000:] if quiet else "see above"
            raise MeasureError(
                f"`{' '.join(map(str, command[:4]))} …` ended with {process.returncode} ({why}): mend that, and run it "
                "again."
            )
        # Linux counts ru_maxrss in KiB, and of the largest process alone
        spent = Spent(wall, usage.ru_utime + usage.ru_stime, max(watch.peak, usage.ru_maxrss * 1024))
        return spent, out.read().decode()


class _Watch:
    """Looks at the memory of a process and of all below it until told to end."""

    def __init__(self, pid: int, started: float, told: Callable[[Spent], object]) -> None:
        self.peak = 0
        self._pid, self._started, self._told = pid, started, told
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            try:
                process = psutil.Process(self._pid)
                family = [process, *process.children(recursive=True)]
                self.peak = max(self.peak, sum(one.memory_info().rss for one in family))
                cpu = sum(one.cpu_times().user + one.cpu_times().system for one in family)
            except psutil.Error:
                continue  # one of them has just ended
            self._told(Spent(time.monotonic() - self._started, cpu, self.peak))


def size_of(folder: Path) -> int:
    """Bytes of the files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
