"""Work on hostile or merely large input, done ahead by processes that are ended when it takes too much.

Our own: the standard library's imports the caller's script anew, and no executor tells which of its processes took too
much, or ends that one alone.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import psutil

_Kept = TypeVar("_Kept")
_Given = TypeVar("_Given")
_Done = TypeVar("_Done")

_AHEAD = 4  # pieces of work for each process; no more is in memory
_LOOK = 0.05  # seconds between two looks at what a process has used
_BEAT = 0.2  # seconds after which who waits is told so
_PATIENCE = 10  # times its time on a processor that work may take by the clock: disks wait, and other programs run
# the paths are the parent's, whatever it made of them; what is printed goes where errors go
_BEGIN = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from index.workers import _serve; _serve()"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a piece of work may use."""

    seconds: float
    """On a processor."""
    memory: int
    """Bytes."""


class TooMuch(Exception):
    """The work was ended; `str(error)` says why, in plain words."""


class Workers:
    """As many processes as there are cores, each begun at its first work. Safe to use from several threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="worker")
        self._processes = [_Process() for _ in range(cores())]
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue()  # the one that is warm comes first
        for process in self._processes:
            self._idle.put(process)
        self._closed = False

    def submit(self, work: Callable[[_Given], _Done], given: _Given, budget: Budget) -> Future[_Done]:
        """`work(given)`, to be awaited; may raise TooMuch. `work` is a function of a module; all is pickled."""
        return self._threads.submit(self._run, work, given, budget)

    def close(self) -> None:
        """Ends the processes, whatever they are at."""
        self._closed = True
        for process in self._processes:
            process.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, work: Callable[[_Given], _Done], given: _Given, budget: Budget) -> _Done:
        process = self._idle.get()
        try:
            if self._closed:
                raise TooMuch("it was called off")
            done: _Done = process.run(work, given, budget)
            return done
        finally:
            self._idle.put(process)


@contextmanager
def workers() -> Iterator[Workers]:
    pool = Workers()
    try:
        yield pool
    finally:
        pool.close()


def ahead(
    pool: Workers,
    work: Callable[[_Given], _Done],
    items: Iterable[tuple[_Kept, _Given]],
    budget: Callable[[_Given], Budget],
    waiting: Callable[[], object],
) -> Iterator[tuple[_Kept, _Done | TooMuch]]:
    """For each item what is kept of it here, and what `work` makes of what is given, in the order of the items.

    A few of them are worked on ahead. `waiting` is called now and then while nothing is done; what it raises ends it.
    """
    asked: deque[tuple[_Kept, Future[_Done]]] = deque()
    for kept, given in items:
        asked.append((kept, pool.submit(work, given, budget(given))))
        if len(asked) > _AHEAD * cores():
            kept, future = asked.popleft()
            done = _result(future, waiting)
            yield kept, done
    for kept, future in asked:
        done = _result(future, waiting)
        yield kept, done


def _result(future: Future[_Done], waiting: Callable[[], object]) -> _Done | TooMuch:
    while True:
        try:
            return future.result(_BEAT)
        except TooMuch as trouble:
            return trouble
        except TimeoutError:
            if future.done():
                raise  # the work's own
            waiting()


class _Process:
    """One of the processes, as its parent sees it; for one thread at a time, but for `end`."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None
        self._replies: queue.SimpleQueue[tuple[Any, bool, list[tuple[str, type[Warning]]]] | None]

    def run(self, work: Callable[[Any], Any], given: Any, budget: Budget) -> Any:
        running = self._running or self._begin()
        try:
            watched = psutil.Process(running.pid)
            used, since = _processor_time(watched), time.monotonic()
            assert running.stdin is not None
            _send(running.stdin, (work, given))
            while True:
                with suppress(queue.Empty):
                    reply = self._replies.get(timeout=_LOOK)
                    break
                if _processor_time(watched) - used > budget.seconds or (
                    time.monotonic() - since > _PATIENCE * budget.seconds
                ):
                    raise TooMuch(f"reading it takes more than {budget.seconds:.0f} s: split it")
                if watched.memory_info().rss > budget.memory:
                    raise TooMuch(f"reading it takes more than {budget.memory / 1e9:.1f} GB of memory: split it")
        except (psutil.Error, OSError, TooMuch) as trouble:
            self.end()
            raise trouble if isinstance(trouble, TooMuch) else _broken() from trouble
        if reply is None:
            self.end()
            raise _broken()
        done, fine, warned = reply
        for text, kind in warned:
            warnings.warn(text, kind, stacklevel=2)
        if not fine:
            raise done
        return done

    def end(self) -> None:
        """At once; the next work begins another."""
        running, self._running = self._running, None
        if running:
            running.kill()
            running.wait()
            for pipe in (running.stdin, running.stdout):
                with suppress(OSError):
                    pipe.close() if pipe else None

    def _begin(self) -> subprocess.Popen[bytes]:
        running = subprocess.Popen([sys.executable, "-c", _BEGIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._running, self._replies = running, queue.SimpleQueue()
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write(pickle.dumps(sys.path))
        running.stdin.flush()
        arguments = running.stdout, self._replies
        threading.Thread(target=_listen, args=arguments, name="worker's replies", daemon=True).start()
        return running


def _broken() -> TooMuch:
    return TooMuch("what reads it broke down: the file is damaged, or made to do that")


def _processor_time(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _listen(replies: IO[bytes], heard: queue.SimpleQueue[Any]) -> None:
    """Puts what a process says into the queue; None when it has ended."""
    try:
        while True:
            heard.put(pickle.load(replies))
    except (EOFError, OSError, ValueError, pickle.UnpicklingError):
        heard.put(None)


def _send(pipe: IO[bytes], what: Any) -> None:
    pipe.write(pickle.dumps(what))
    pipe.flush()


def _serve() -> None:
    """What such a process does: one piece of work after another, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair, which then ends this one
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(EOFError):
        while True:
            work, given = pickle.load(sys.stdin.buffer)
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")  # which are told is for the parent
                try:
                    done, fine = work(given), True
                except Exception as error:
                    done, fine = error, False
            _send(replies, (done, fine, [(str(one.message), one.category) for one in warned]))


def _end_with(parent: int) -> None:
    """Ends this process when `parent` has ended, however that did: it may be at work on what never ends."""
    # another parent is given where there are orphans; elsewhere the number of the old one stays
    while os.getppid() == parent and psutil.pid_exists(parent):
        time.sleep(0.5)
    os._exit(1)


def cores() -> int:
    """How many this process may use: in a container often fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
