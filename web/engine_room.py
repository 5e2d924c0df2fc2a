"""The engine that all readers share: getting it, changing it, whether it is there, and whose turn it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from rag.assistant import Assistant
from rag.engines import EngineChoice, available, served, suggested
from rag.engines.ollama_server import is_running
from rag.errors import DatelineError, EngineError, EngineUnavailable, ModelMissing, SettingsError, Stopped
from rag.settings import Settings
from web.errors import TooManyQuestions
from web.queue import FairQueue

Phase = Literal["fetching", "loading", "paused", "ready", "lost"]
_LOOK_AGAIN = 2.0
"""Seconds for which what Ollama or the server said counts: many pages ask."""


@dataclass(frozen=True, slots=True)
class State:
    """How it is with the engine."""

    phase: Phase
    engine: str = ""
    model: str = ""
    done: int = 0
    """Bytes of the model that are here, while it is fetched."""
    total: int = 0
    trouble: str = ""
    """What is wrong, with the remedy; or why it is not ready yet."""
    getting: str = ""
    """Another model, that is being fetched while this one answers."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What could answer, as it was at `time` (of the monotonic clock)."""

    time: float
    offers: tuple[EngineChoice, ...]
    suggested: tuple[EngineChoice, ...]
    gone: Mapping[str, str]
    """Why an engine cannot answer, by its name; those that can are not in it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The question stands in the queue before the engine; place 1 is next."""

    place: int


@dataclass(frozen=True, slots=True)
class Preparing:
    """The question waits for the engine itself."""

    phase: Phase
    percent: int
    """Of the model, that is here; while it is fetched."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The wait is over."""


Told = Waiting | Preparing | Entered


class EngineRoom:
    """The door to the engine, for all who ask. Safe to use from several threads."""

    def __init__(self, assistant: Assistant, questions_per_minute: int = 0) -> None:
        """`questions_per_minute` that one reader may ask; 0: as many as they like."""
        self.assistant = assistant
        self._first = assistant.settings  # names the file that the program was begun with
        self._queue = FairQueue()
        self._rate = RateLimitItemPerMinute(questions_per_minute) if questions_per_minute else None
        self._asked = MovingWindowRateLimiter(MemoryStorage())
        self._changed = threading.Condition()
        self._working: threading.Thread | None = None
        self._calling_off = threading.Event()
        self._ready = self._paused = False
        self._trouble: DatelineError | None = None
        self._bytes = (0, 0)
        self._notice = self._getting = ""
        self._seen: _Seen | None = None

    # ----------------------------------------------------------------------------------- getting it

    def prepare(self) -> None:
        """Begins to fetch and load the engine, in a thread of its own, unless that is being done already."""
        self._begin(lambda: None)

    def pause(self) -> None:
        """Calls the fetching off; what has arrived is kept, and `prepare` goes on from there."""
        with self._changed:
            working = self._working
        if working:
            self._calling_off.set()
            working.join()

    def use(self, engine: str, model: str) -> None:
        """Changes to one of `offers` or `suggested`, once the answer that is being written is done.

        One that is not here is fetched first, and the one that is ready answers meanwhile. Raises ModelMissing.
        """
        all_that_are = (*self.offers(), *self.suggested())
        chosen = next((one for one in all_that_are if (one.engine, one.model) == (engine, model)), None)
        if chosen is None:
            raise ModelMissing(f"There is no {model} on this machine now: choose another, or get it first.")

        def change() -> None:
            if getting:
                chosen.fetch(self._told)
                with self._changed:
                    self._ready, self._getting = False, ""
            with self._queue.enter("", self._calling_off, lambda place: None) as entered:
                if not entered:
                    raise Stopped
                self.assistant.use(chosen.engine, chosen.asked_for)

        self.pause()
        with self._changed:
            getting = model if self._ready and chosen.to_fetch() else ""
        self._begin(change, getting)

    def _begin(self, first: Callable[[], None], getting: str = "") -> None:
        """`getting` a model: what is ready stays so until `first` has fetched it."""

        def work() -> None:
            trouble: DatelineError | None = EngineUnavailable("The engine did not start: the terminal says why.")
            try:
                first()
                self.assistant.prepare(self._told, stop=self._calling_off)
                trouble = None
            except DatelineError as error:
                trouble = error
            finally:
                with self._changed:
                    self._ready |= trouble is None
                    self._paused = isinstance(trouble, Stopped) and not self._ready
                    self._trouble = None if isinstance(trouble, Stopped) else trouble
                    self._working, self._seen, self._notice, self._getting = None, None, "", ""
                    self._changed.notify_all()

        with self._changed:
            if self._working:
                return
            self._calling_off.clear()
            self._ready, self._paused = bool(getting), False
            self._trouble, self._bytes, self._notice, self._getting = None, (0, 0), "", getting
            self._working = threading.Thread(target=work, name="preparing", daemon=True)
            self._working.start()

    def _told(self, what: str, done: int, total: int) -> None:
        if self._calling_off.is_set():
            raise Stopped
        with self._changed:
            self._bytes, self._notice = (done, total), "" if total else what
            self._changed.notify_all()

    # --------------------------------------------------------------------------------- how it is with it

    def state(self) -> State:
        """How it is with the engine now; asks Ollama, or the server, if that is what answers."""
        with self._changed:
            phase, trouble, (done, total) = self._phase(), self._trouble, self._bytes
            notice, getting = self._notice, self._getting
        try:
            choice = self.assistant.choice
        except DatelineError as error:
            return State("lost", trouble=str(error))
        if phase == "ready" and choice.engine != "embedded" and (gone := self._look().gone.get(choice.engine)):
            return State("lost", choice.engine, choice.model, done, total, gone, getting)
        told = str(trouble) if trouble else notice
        return State(phase, choice.engine, choice.model, done, total, told, getting)

    def offers(self) -> tuple[EngineChoice, ...]:
        """What the readers can choose from."""
        return self._look().offers

    def suggested(self) -> tuple[EngineChoice, ...]:
        """What would write better than those, and is not here."""
        return self._look().suggested

    def _phase(self) -> Phase:
        if self._ready:
            return "ready"
        if self._working:
            done, total = self._bytes
            return "fetching" if done < total else "loading"
        if self._paused:
            return "paused"
        return "lost" if self._trouble else "ready"

    def _look(self) -> _Seen:
        with self._changed:
            seen = self._seen
        if seen is None or time.monotonic() - seen.time > _LOOK_AGAIN:
            seen = _look(self._first)
            with self._changed:
                self._seen = seen
        return seen

    # --------------------------------------------------------------------------------------- asking it

    def admit(self, reader: str) -> None:
        """Counts a question of this reader. Raises TooManyQuestions."""
        if self._rate and not self._asked.hit(self._rate, reader):
            wait = self._asked.get_window_stats(self._rate, reader).reset_time - time.time()
            raise TooManyQuestions(max(1, round(wait)))

    @contextmanager
    def enter(self, reader: str, stop: threading.Event, tell: Callable[[Told], None]) -> Iterator[None]:
        """Waits for the engine, and for the reader's turn at it.

        `tell` is called with what it waits for, whenever that changes, and with Entered. Raises Stopped as soon as
        `stop` is set, and EngineError or StorageError if there is no engine to wait for.
        """
        while True:
            self.until_ready(stop, tell)
            with self._queue.enter(reader, stop, lambda place: tell(Waiting(place))) as entered:
                if not entered:
                    raise Stopped
                with self._changed:
                    ready = self._ready
                if ready:
                    tell(Entered())
                    yield
                    return

    def until_ready(self, stop: threading.Event, tell: Callable[[Told], None]) -> None:
        """Waits until the engine is there, and has it fetched if nobody has. Raises as `enter` does."""
        with self._changed:
            if self._paused:
                raise EngineUnavailable(
                    "The model is not here yet, and fetching it is paused. Go on with it under the engine's name, at "
                    "the top of the page, or choose another model there."
                )
            asked_for = self._ready or self._working
        if not asked_for:
            self.prepare()
        told = None
        with self._changed:
            while self._working and not self._ready:
                if stop.is_set():
                    raise Stopped
                done, total = self._bytes
                if (now := (self._phase(), 100 * done // max(total, 1))) != told:
                    told = now
                    tell(Preparing(*now))
                self._changed.wait(0.2)
            if self._trouble and not self._ready:
                raise self._trouble


def _look(settings: Settings) -> _Seen:
    host, gone = settings.ollama_host, dict[str, str]()
    try:
        if not (running := is_running(host)):
            told = f"Ollama does not answer at {host}. Start it with `ollama serve`, or choose another model here."
            gone["ollama"] = told
        offers = available(settings, ollama=running)
    except (EngineError, SettingsError) as error:  # the latter: its address or proxy
        offers, gone["ollama"] = available(settings, ollama=False), str(error)
    try:
        offers += served(settings)
    except (EngineError, SettingsError) as error:
        gone["openai"] = str(error)
    return _Seen(time.monotonic(), tuple(offers), tuple(suggested(settings, offers)), gone)
