"""What a request may send: as much as its route takes, and in time, whether it says before how much that is or not."""

from __future__ import annotations

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.access import path_of
from web.corpus import MOST_FILES, MOST_MEGABYTES
from web.gate import UPLOAD

_LONGEST = 2 * 2**20
"""Bytes of a question with its conversation, and of what is written into the boxes of the page."""
_FILES = (MOST_FILES * MOST_MEGABYTES + 1) * 2**20
_GRACE, _SLOWEST = 20.0, 16 * 2**10
"""Seconds in which a body has to be there, and one more for each so many of its bytes that are."""


class _Refused(Exception):
    """The rest of this body is not heard."""


class Bodies:
    """Stands before the app, which hears nothing beyond the limits; whoever goes beyond gets 413 or 408."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _FILES if path_of(scope) == UPLOAD else _LONGEST
        await _Body(limit, _announced(scope), receive, send).heard_by(self._app, scope)


class _Body:
    """The body of one request."""

    def __init__(self, limit: int, announced: int, receive: Receive, send: Send) -> None:
        self._limit, self._receive, self._send = limit, receive, send
        self._length, self._begun, self._over, self._started = 0, asyncio.get_running_loop().time(), False, False
        self._refusal = self._too_long() if announced > limit else None

    async def heard_by(self, app: ASGIApp, scope: Scope) -> None:
        try:
            if self._refusal is None:
                await app(scope, self._hear, self._answer)
        except Exception:  # whatever the app made of it
            if self._refusal is None or self._started:
                raise
        if self._refusal is not None and not self._started:
            self._refusal.headers["connection"] = "close"  # what else was sent need not be read
            await self._refusal(scope, self._receive, self._send)

    async def _hear(self) -> Message:
        if self._over:
            return await self._receive()
        left = self._begun + _GRACE + self._length / _SLOWEST - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError:
            told = "This came too slowly: send it again over a faster connection."
            self._refusal = PlainTextResponse(told, status_code=408)
            raise _Refused from None
        self._length += len(message.get("body", b""))
        self._over = not message.get("more_body", False)
        if self._length > self._limit:
            self._refusal = self._too_long()
            raise _Refused
        return message

    async def _answer(self, message: Message) -> None:
        """Of a request that was refused nothing is answered but that."""
        if self._refusal is None or self._started:
            self._started = True
            await self._send(message)

    def _too_long(self) -> PlainTextResponse:
        told = f"This is too long: send up to {self._limit // 2**20:,} MB at once."
        return PlainTextResponse(told, status_code=413)


def _announced(scope: Scope) -> int:
    """Bytes that are to come, as far as the request says so."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
