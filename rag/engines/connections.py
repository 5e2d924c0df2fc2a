"""The connections on which an engine is waited for: whoever has them can cut them, from any thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rag.errors import Stopped

Trace = Callable[[str, dict[str, Any]], None]
"""What httpx tells of a request's connection (its extension `trace`)."""


class Connections:
    """The sockets of the requests under way. Once they have been cut, no request begins any more."""

    def __init__(self, over: Callable[[], Exception] = Stopped) -> None:
        """`over` makes the error that a request raises after the cut."""
        self._error = over
        self._changed = threading.Condition()
        self._connecting = 0
        self._open: set[socket.socket] = set()
        self._over = False

    def check(self) -> None:
        """Raises the error of `over` if they have been cut."""
        if self._over:
            raise self._error()

    @contextmanager
    def one(self, also: Trace | None = None) -> Iterator[Trace]:
        """For the length of one request; yields the `trace` that httpx tells of its connection. `also` is told too."""
        mine: list[socket.socket] = []

        def trace(event: str, told: dict[str, Any]) -> None:
            if also:
                also(event, told)
            # TLS goes on in a socket of its own
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                with self._changed:
                    self._connecting -= not mine
                    mine.append(told["return_value"].get_extra_info("socket"))
                    self._open.update(mine)
                    if self._over:
                        _break(mine[-1])
                    self._changed.notify_all()

        with self._changed:
            self.check()
            self._connecting += 1
        try:
            yield trace
        finally:
            with self._changed:
                self._connecting -= not mine
                self._open.difference_update(mine)
                self._changed.notify_all()

    def cut(self, patience: float = 0.0) -> None:
        """Breaks what is open at once, and the rest as soon as it is connected; waits `patience` seconds for that."""
        with self._changed:
            self._over = True
            self._changed.wait_for(lambda: not self._connecting, timeout=patience)
            for connection in self._open:
                _break(connection)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
