"""The connections on which an engine is waited for: whoever has them can cut them, from any thread."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from rag.errors import Stopped


class Connections:
    """The sockets of one question's requests. Once they have been cut, no request begins any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = False

    def check(self) -> None:
        """Raises Stopped if they have been cut."""
        if self._over:
            raise Stopped

    def trace(self, event: str, told: dict[str, Any]) -> None:
        """Hears what httpx tells of a request's connection (its extension `trace`)."""
        # TLS goes on in a socket of its own
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._sockets.append(told["return_value"].get_extra_info("socket"))
                if self._over:
                    _break(self._sockets[-1])

    def cut(self) -> None:
        """Breaks what is open at once, and the rest as soon as it is connected."""
        with self._lock:
            self._over = True
            for connection in self._sockets:
                _break(connection)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # it was closed before
        connection.shutdown(socket.SHUT_RDWR)
