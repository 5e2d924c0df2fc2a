"""Connections that send nothing, or hardly anything, are ended: they must not take the place of those who ask.

uvicorn ends one that is idle after an answer, and waits for ever for the first request, and for the end of each.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from web.seal import HEADERS

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as _Protocol
else:
    _Protocol = AutoHTTPProtocol  # httptools', where that is installed; h11's has the same parts

_GRACE = 0.1
"""Seconds in which what has come already is read, before an idle connection is closed."""
_HEAD = 10.0
"""Seconds in which the head of a request has to be there."""
_WAITING = 64
"""How many connections of one address may wait for a request to come, or to be complete."""


class Patient(_Protocol):
    """A connection, with an end to patience."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        self._looking = self.loop.call_later(_HEAD, self._look)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._waits_since = self.loop.time()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Closes once more has been waited for: where the process stood still, the next request may be there unread.

        uvloop runs what is due before it reads again, and closing on unread bytes resets the connection.
        """
        self.timeout_keep_alive_task = self.loop.call_later(_GRACE, super().timeout_keep_alive_handler)

    def send_400_response(self, msg: str) -> None:
        headers = HEADERS | {"content-type": "text/plain; charset=utf-8", "content-length": str(len(msg))}
        lines = [f"{name}: {value}\r\n" for name, value in {**headers, "connection": "close"}.items()]
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{''.join(lines)}\r\n{msg}".encode("ascii"))
        self.transport.close()

    def _look(self) -> None:
        left = _HEAD
        if self._awaits_head():
            left = self._waits_since + _HEAD - self.loop.time()
            if left <= 0:
                self.transport.abort()
                return
        self._looking = self.loop.call_later(max(left, 0.1), self._look)

    def _awaits_head(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _awaits_more(self) -> bool:
        return self._awaits_head() or self.cycle.more_body

    def _make_room(self) -> None:
        """One that waits goes for a new one, of the same address if that has too many; none goes that is answered."""
        others: list[Any] = [one for one in self.connections if one is not self and not one.transport.is_closing()]
        same = [one for one in others if one.client and self.client and one.client[0] == self.client[0]]
        most = _most()
        idle = [one for one in same if one._awaits_more()]
        if len(idle) >= _WAITING or len(same) >= most // 2:
            self._instead_of(idle)
        elif len(others) >= most:
            self._instead_of([one for one in others if one._awaits_more()])

    def _instead_of(self, waiting: list[Any]) -> None:
        gone = min(waiting, key=lambda one: one._waits_since, default=self)
        gone.transport.abort()


def _most() -> int:
    """How many connections there may be: a quarter of the files that this process may open is left for others."""
    if sys.platform == "win32":
        return 1024
    import resource

    return max(16, min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[0]) * 3 // 4)
