"""All that the app writes into the index: what readers ask for, and what the folder's changes ask for."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from index.sync import Progress
from index.types import SyncReport
from index.watch import follow
from rag.assistant import Assistant
from rag.errors import DatelineError, IndexBusy, Stopped
from rag.printing import say

_LAST_WORDS = 5.0  # seconds in which a round that is under way ends by itself when the app does
_LOOK_AGAIN = 10.0  # seconds after which it is seen whether there is an index to follow again


class Writer:
    """Readers come first: for them a round of the watching breaks off, and is made anew afterwards.

    Safe to use from several threads.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._round = threading.Lock()  # held while the folder is read for the watching
        self._counting = threading.Lock()
        self._readers = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, files: Mapping[str, Path], progress: Progress) -> SyncReport:
        """As `Assistant.add`."""
        with self._first():
            return self._assistant.add(files, progress=progress)

    def anew(self, progress: Progress, *, shrink: bool = False) -> SyncReport:
        """As `Assistant.index`, of the folder that is indexed."""
        with self._first():
            folder = self._assistant.articles.counts().folder
            return self._assistant.index(folder, shrink=shrink, progress=progress)

    def remove(self, article: str) -> int:
        """As `Assistant.remove`."""
        with self._first():
            return self._assistant.remove(article)

    def watch(self) -> None:
        """Keeps the index equal to its folder, in a thread of its own, until `close`."""
        self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the watching, if it was begun."""
        self._stop.set()
        if self._thread:
            self._thread.join(_LAST_WORDS)

    @contextmanager
    def _first(self) -> Iterator[None]:
        with self._counting:
            self._readers += 1
        try:
            with self._round:
                pass  # the next one waits for the last reader
            yield
        finally:
            with self._counting:
                self._readers -= 1

    def _watch(self) -> None:
        told = ""
        while not self._stop.is_set():
            try:
                for step in follow(self._assistant.articles, self._read, self._stop, patience=math.inf):
                    if isinstance(step, DatelineError):
                        told = _told(step, told)
            except DatelineError as error:
                told = _told(error, told)
            self._stop.wait(_LOOK_AGAIN)

    def _read(self, folder: Path) -> SyncReport:
        def unless_wanted(done: int, total: int, what: str) -> None:
            if self._readers or self._stop.is_set():
                raise Stopped

        with self._round:
            unless_wanted(0, 0, "")
            return self._assistant.index(folder, progress=unless_wanted)


def _told(trouble: DatelineError, before: str) -> str:
    """Says on the terminal what is wrong, unless that was said before; that somebody else writes is nothing wrong."""
    if isinstance(trouble, IndexBusy | Stopped) or str(trouble) == before:
        return before
    say(f"The index is not kept up to date: {trouble}", err=True)
    return str(trouble)
