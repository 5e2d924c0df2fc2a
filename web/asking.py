"""A question on its way: what the assistant does in a thread of its own, as events that a page or a program awaits.

The search comes at once; only then does the question stand in the queue before the engine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from rag.errors import Stopped
from rag.question import Message
from rag.types import Answer, AnswerDone, Event, EvidenceFound
from web.engine_room import EngineRoom, Told

_Item = Event | Told | BaseException | None


@dataclass(frozen=True, slots=True)
class Asking:
    """One question, and the way to call it off."""

    room: EngineRoom
    reader: str
    question: str
    history: Sequence[Message]
    filters: dict[str, Any]
    stop: threading.Event

    async def events(self) -> AsyncGenerator[Event | Told]:
        """`Assistant.stream()` with what it waits for between. Leaving it, or setting `stop`, stops the model.

        Raises what `stream` raises, Stopped as soon as `stop` is set, and TooManyQuestions.
        """
        loop, ahead = asyncio.get_running_loop(), asyncio.Queue[_Item]()

        def put(item: _Item) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(ahead.put_nowait, item)

        # not from a pool: twenty waiting readers must not use up the threads that others need
        threading.Thread(target=self._work, args=[put], name="asking", daemon=True).start()
        try:
            while (item := await self._next(ahead)) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.stop.set()

    async def _next(self, ahead: asyncio.Queue[_Item]) -> _Item:
        """What comes next; a reader who stops does not wait for the engine to notice."""
        coming = asyncio.ensure_future(ahead.get())
        try:
            while not coming.done():
                if self.stop.is_set():
                    raise Stopped
                await asyncio.wait({coming}, timeout=0.1)
            return coming.result()
        finally:
            coming.cancel()

    async def answer(self, gone: Callable[[], Awaitable[bool]] | None = None) -> Answer:
        """The answer, for a program that waits for it whole. Raises what `events` raises; Stopped if it has `gone`.

        Without `gone`, whoever waits cancels.
        """

        async def watch() -> None:
            while gone is None or not await gone():
                await asyncio.sleep(0.2)
            self.stop.set()

        watching = asyncio.create_task(watch())
        try:
            async with aclosing(self.events()) as events:
                async for event in events:
                    if isinstance(event, AnswerDone):
                        return event.answer
        finally:
            watching.cancel()
        raise AssertionError("events end with AnswerDone")

    def wait(self) -> Answer:
        """The answer, for a thread that waits for it. Raises what `events` raises."""
        came = list[_Item]()
        self._work(came.append)
        for item in came:
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, AnswerDone):
                return item.answer
        raise AssertionError("events end with AnswerDone")

    def _work(self, put: Callable[[_Item], None]) -> None:
        stream = self.room.assistant.stream(self.question, self.history, stop=self.stop, **self.filters)
        try:
            self.room.admit(self.reader)
            if self.history:  # the model may have to read it before the search
                self.room.until_ready(self.stop, put)
            for event in stream:
                put(event)
                if isinstance(event, EvidenceFound):
                    break
            else:  # the catalog has answered: no model is waited for
                put(None)
                return
            with self.room.enter(self.reader, self.stop, put):
                for event in stream:
                    put(event)
            put(None)
        except Exception as error:
            put(error)
        finally:
            stream.close()
