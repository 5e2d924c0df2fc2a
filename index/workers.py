"""Work done ahead by other processes, where there is enough of it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TypeVar

from index.errors import CorpusError

_Kept = TypeVar("_Kept")
_Given = TypeVar("_Given")
_Done = TypeVar("_Done")

_AHEAD = 4  # pieces of work for each process; no more is in memory


@contextmanager
def processes(*, worthwhile: bool) -> Iterator[Executor | None]:
    """As many processes as there are cores; None where it is not `worthwhile`, or there is one core only.

    Raises CorpusError if one of them is ended by the system.
    loky's: the standard library's import the caller's own script anew, which then must be written for that.
    """
    if not worthwhile or cores() == 1:
        yield None
        return
    from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

    pool = ProcessPoolExecutor(cores(), initializer=_end_with, initargs=(os.getpid(),))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise CorpusError(
            "The system ended a process that was reading articles, most likely for want of memory: close other "
            "programs, then run the same command again; nothing indexed so far is lost."
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def ahead(
    pool: Executor | None, work: Callable[[_Given], _Done], items: Iterable[tuple[_Kept, _Given]]
) -> Iterator[tuple[_Kept, _Done]]:
    """For each item what is kept of it here, and what `work` makes of what is given, in the order of the items.

    A few of them are worked on ahead. Without a pool each is worked on here, when it is asked for.
    """
    if pool is None:
        for kept, given in items:
            yield kept, work(given)
        return
    asked: deque[tuple[_Kept, Future[_Done]]] = deque()
    for kept, given in items:
        asked.append((kept, pool.submit(work, given)))
        if len(asked) > _AHEAD * cores():
            kept, done = asked.popleft()
            yield kept, done.result()
    for kept, done in asked:
        yield kept, done.result()


def _end_with(parent: int) -> None:
    """Ends this process when `parent` has ended, however that did: else it would wait for ever."""
    import psutil

    def wait() -> None:
        # another parent is given where there are orphans; elsewhere the number of the old one stays
        while os.getppid() == parent and psutil.pid_exists(parent):
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def cores() -> int:
    """How many this process may use: in a container often fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
