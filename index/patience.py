"""HTTP to servers that may be slow, broken, or not what they should be: nothing is waited for or kept without end.

httpx counts the silence between two bytes, and keeps what comes for as long as it comes. So a byte a second holds it
for ever, and a line without an end fills the memory.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx

from index.network import Sockets, http_options

LONGEST = 16 << 20
"""Bytes of a line, or of an answer in one piece: a hundred times what Ollama says at once."""
_CONNECT_SECONDS = 10.0
_PAUSES = (0.25, 0.75)
"""Seconds before another try, half to one and a half times as long: many may be waiting for the same server."""
_PASSING = (502, 503, 504)
# a head that was not read to its end is nothing that anybody has seen
_AGAIN = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


def patient(
    url: str,
    timeout: float,
    *,
    by_line: bool = False,
    slowest: int = 0,
    retry: bool = True,
    sockets: Sockets | None = None,
) -> dict[str, Any]:
    """What an httpx client for `url` is made with, so that it waits at most `timeout` seconds and follows no redirect.

    That is the longest wait for an answer's head, and then for its body; `by_line`: for each of its lines. A body that
    comes by `slowest` bytes a second or more may be as long as it likes. With `retry` it asks anew, up to twice, where
    nobody answers, the connection breaks before there is an answer, or the answer is that the server is not there for
    a moment (502, 503, 504). Cutting `sockets` ends all that. Raises SettingsError.
    """
    transport = _Transport(url, timeout, by_line, slowest, _PAUSES if retry else (), sockets or Sockets())
    limits = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
    return {"transport": transport, "timeout": limits, "follow_redirects": False, "trust_env": False}


class _Transport(httpx.BaseTransport):
    def __init__(
        self, url: str, timeout: float, by_line: bool, slowest: int, pauses: tuple[float, ...], sockets: Sockets
    ) -> None:
        # a connection for each request: one that was kept may have died, and nobody would hear of its socket
        once = httpx.Limits(max_keepalive_connections=0)
        self._inner = httpx.HTTPTransport(limits=once, **http_options(url))
        self._timeout, self._by_line, self._slowest = timeout, by_line, slowest
        self._pauses, self._sockets = pauses, sockets

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"  # what is unpacked may be a thousand times as long
        for pause in self._pauses:
            with suppress(*_AGAIN):
                response = self._asked(request)
                if response.status_code not in _PASSING:
                    return response
                response.close()
            if self._sockets.cut_within(pause * random.uniform(0.5, 1.5)):
                raise httpx.ReadError("called off", request=request)
        return self._asked(request)

    def close(self) -> None:
        self._inner.close()

    def _asked(self, request: httpx.Request) -> httpx.Response:
        """The answer, once its head is here."""
        late = Sockets()

        def trace(event: str, told: dict[str, Any]) -> None:
            late.trace(event, told)
            self._sockets.trace(event, told)

        request.extensions = {**request.extensions, "trace": trace}
        clock = threading.Timer(self._timeout, late.cut)
        clock.daemon = True
        clock.start()
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            if late.over:
                raise httpx.ReadTimeout("no answer begins in time", request=request) from error
            raise
        finally:
            clock.cancel()
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise httpx.DecodingError("it is packed, unasked", request=request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        by_line = self._by_line and response.status_code == 200
        response.stream = _Bounded(response.stream, self._timeout, by_line, self._slowest, request)
        return response


class _Bounded(httpx.SyncByteStream):
    """A body that, or whose lines or pieces, must be here in time and not too long. What the listener takes is free."""

    def __init__(
        self, body: httpx.SyncByteStream, timeout: float, by_line: bool, slowest: int, request: httpx.Request
    ) -> None:
        self._body, self._timeout, self._by_line, self._request = body, timeout, by_line, request
        self._piece = slowest * timeout  # bytes

    def __iter__(self) -> Iterator[bytes]:
        held, waited, began = 0, 0.0, time.monotonic()
        for part in self._body:
            held, waited = held + len(part), waited + time.monotonic() - began
            if self._by_line and (end := part.rfind(b"\n")) >= 0:
                held, waited = len(part) - end - 1, 0.0
            elif self._piece and held >= self._piece:
                held, waited = 0, 0.0
            if held > LONGEST:
                raise httpx.DecodingError(f"more than {LONGEST:,} bytes without an end", request=self._request)
            if waited > self._timeout:
                raise httpx.ReadTimeout("it comes too slowly", request=self._request)
            yield part
            began = time.monotonic()

    def close(self) -> None:
        self._body.close()
