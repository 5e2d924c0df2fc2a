"""An answer on its way: what is seen of it, by all pages that show it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from index.split import split_sentences
from index.types import Hit
from rag.types import Answer, AnswerDone, AnswerSentence, EvidenceFound, SentenceChecked, TextDelta
from web.asking import Asking
from web.engine_room import Entered, Preparing, Waiting
from web.render import live_html

_READING = "Reading these passages …"
_SEARCH = 0.25
"""Seconds that a search may take before the page says that it is searching."""
_PAUSE = 0.1
"""Seconds between two updates of the page: each sends the whole turn."""


@dataclass
class LiveTurn:
    """What is on the page while a question is being answered."""

    question: str
    hits: tuple[Hit, ...] = ()
    status: str = "Searching …"
    draft: str = ""
    checked: list[tuple[AnswerSentence | None, str]] = field(default_factory=list)

    def take(self, event: object) -> bool:
        """Takes in an event; True if a reader should see that at once."""
        match event:
            case EvidenceFound(hits):
                self.hits, self.status = hits, _READING
                return True
            case Entered():
                self.status = _READING
                return True
            case Preparing(phase, percent):
                there = f", {percent} % of which is here" if phase == "fetching" else ""
                self.status = f"Waiting for the model{there} …"
                return True
            case Waiting(place):
                self.status = f"Waiting: {place - 1} before you" if place > 1 else "Waiting: you are next"
                return True
            case TextDelta(text):
                self.draft += text
                self.status = "Writing a draft; every sentence is checked before it stands …"
            case SentenceChecked(_, sentence, reason):
                self.checked.append((sentence, reason or ""))
                self.status = "Checking the next sentence …" if self.rest() else "Checked."
                return True
        return False

    def html(self) -> str:
        return live_html(self.question, self.hits, self.status, self.checked, self.rest())

    def rest(self) -> str:
        """The draft after the sentences that were checked."""
        if not self.checked:
            return self.draft
        after = split_sentences(self.draft)[len(self.checked) :]
        return self.draft[after[0].start :] if after else ""


class AnswerStream:
    """A question that is being answered. It belongs to one event loop, and goes on while a page is loaded anew."""

    def __init__(self, asking: Asking, patience: float) -> None:
        """`patience`: seconds after which the model is stopped when no page shows the answer any more."""
        self.live = LiveTurn(asking.question)
        self._asking = asking
        self._patience = patience
        self._pages: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._over = False

    async def answer(self) -> Answer:
        """Asks, once. Raises what `Asking.events` raises."""
        published = 0.0
        async with aclosing(self._asking.events()) as events:
            async for event in events:
                if isinstance(event, AnswerDone):
                    return event.answer
                if self.live.take(event) or time.monotonic() - published > _PAUSE:
                    published = time.monotonic()
                    self._publish()
        raise AssertionError("events end with AnswerDone")

    def tell(self, status: str) -> None:
        """Has all pages that show it say this."""
        self.live.status = status
        self._publish()

    def over(self) -> None:
        """Lets those go who watch: what came of it has been kept."""
        self._over = True
        self._publish()

    def stop(self) -> None:
        """Stops the model."""
        self._asking.stop.set()

    async def watch(self, page: str) -> AsyncGenerator[str]:
        """The live turn as HTML, whenever it has changed, until it is over; nothing if this page watches already."""
        if page in self._pages:
            return
        self._pages.add(page)
        try:
            if not self.live.hits:  # one update with the passages is sooner on the screen than two
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), _SEARCH)
            while True:
                news = self._news  # what comes while the page is sent must not be missed
                yield self.live.html()
                if self._over:
                    return
                await news.wait()
        finally:
            self._leave(page)

    def leave(self, page: str) -> None:
        """This page is gone, also if nobody has closed what it watched. From any thread."""
        self._loop.call_soon_threadsafe(self._leave, page)

    def _leave(self, page: str) -> None:
        self._pages.discard(page)
        if not self._pages and not self._over:
            self._loop.call_later(self._patience, self._stop_if_alone)

    def _publish(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _stop_if_alone(self) -> None:
        if not self._pages:
            self.stop()
