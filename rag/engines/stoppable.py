"""A question that another thread can call off, whatever it waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from functools import partial
from typing import TypeVar

from rag.engines.base import Engine
from rag.engines.connections import Connections
from rag.errors import Stopped

T = TypeVar("T")

_LOOK = 0.05
"""Seconds between two looks whether it was called off: an event can't be waited for beside something else."""


def stoppable(
    steps: Generator[T, None, None], stop: threading.Event, connections: Connections
) -> Generator[T, None, None]:
    """The `steps`, until `stop` is set: then `connections` are cut and Stopped is raised, though a step still works.

    A generator that waits cannot be closed from outside. So each step is made in a thread of its own, which is left
    to itself when it is called off; it ends with its connection, or at its next request.
    """
    step: Future[T | None] = Future()
    step.set_result(None)
    try:
        while not stop.is_set():
            step = _begun(lambda: next(steps, None))
            if (made := _made(step, stop)) is None:
                return
            yield made
        raise Stopped
    finally:
        if not step.done():
            connections.cut()
        step.add_done_callback(lambda _: steps.close())  # at once, if it is done


def until_stopped(call: Callable[[], T], stop: threading.Event, connections: Connections) -> T:
    """What `call` gives, waited for until `stop` is set: then `connections` are cut and Stopped is raised."""
    made = _begun(call)
    try:
        return _made(made, stop)
    finally:
        if not made.done():
            connections.cut()


def _begun(call: Callable[[], T]) -> Future[T]:
    made: Future[T] = Future()

    def work() -> None:
        try:
            made.set_result(call())
        except BaseException as error:
            made.set_exception(error)

    # not from a pool, whose threads hold Python's end up
    threading.Thread(target=work, name="engine", daemon=True).start()
    return made


def _made(coming: Future[T], stop: threading.Event) -> T:
    while not wait([coming], _LOOK).done and not stop.is_set():
        pass
    if stop.is_set():
        raise Stopped
    return coming.result()


class Stoppable:
    """`engine`, for one question: once its `connections` are cut, every call raises Stopped."""

    def __init__(self, engine: Engine, connections: Connections) -> None:
        self._engine, self._connections = engine, connections
        self.name, self.model = engine.name, engine.model
        self.load = partial(engine.load, connections)
        self.stream = partial(engine.stream, connections=connections)
        self.read_ahead = partial(engine.read_ahead, connections=connections)
        self.yes_minus_no = partial(engine.yes_minus_no, connections=connections)

    @property
    def context_tokens(self) -> int:
        return self._engine.context_tokens

    def count_tokens(self, text: str) -> int:
        self._connections.check()
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """The engine stays open: it is another question's too."""
