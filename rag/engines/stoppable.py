"""A question that another thread can call off, whatever it waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

from rag.engines.base import Completion, Engine
from rag.engines.connections import Connections
from rag.errors import Stopped

if TYPE_CHECKING:  # LlamaIndex takes a second to load
    from llama_index.core.llms import ChatMessage

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
    """`engine`, for one question: once its `connections` are cut, every call raises their error."""

    def __init__(self, engine: Engine, connections: Connections) -> None:
        self._engine = engine
        self._connections = connections

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def model(self) -> str:
        return self._engine.model

    @property
    def context_tokens(self) -> int:
        return self._engine.context_tokens

    def load(self, connections: Connections | None = None) -> None:
        self._engine.load(connections or self._connections)

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        from_cache: bool = False,
        connections: Connections | None = None,
    ) -> Generator[str, None, Completion]:
        under = connections or self._connections
        return self._engine.stream(messages, max_tokens=max_tokens, from_cache=from_cache, connections=under)

    def yes_minus_no(
        self, messages: Sequence[ChatMessage], *, connections: Connections | None = None
    ) -> tuple[float, Completion]:
        return self._engine.yes_minus_no(messages, connections=connections or self._connections)

    def count_tokens(self, text: str) -> int:
        self._connections.check()
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """The engine stays open: it is another question's too."""
