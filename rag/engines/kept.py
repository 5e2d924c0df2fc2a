"""The engine of an assistant: chosen once, opened at the first need, read ahead while nobody asks."""

import threading
from collections.abc import Sequence
from contextlib import suppress

from rag import prompts
from rag.engines import EngineChoice, Progress, choose_engine
from rag.engines.base import Engine
from rag.engines.connections import Connections
from rag.errors import DatelineError
from rag.question import Message, lately
from rag.settings import Settings


class KeptEngine:
    """Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._engine_lock = threading.Lock()
        self._choice: EngineChoice | None = None
        self._engine: Engine | None = None
        self._ahead = Connections()

    def close(self) -> None:
        """Frees the engine; the next use opens one again."""
        self._replace(self._settings, None)

    def use(self, settings: Settings) -> None:
        """Another model from now on. Raises SettingsError, EngineError: then all stays."""
        self._replace(settings, choose_engine(settings))

    @property
    def choice(self) -> EngineChoice:
        """Asks Ollama, or the server, what it has; fetches nothing."""
        with self._lock:
            if self._choice is None:
                self._choice = choose_engine(self._settings)
            return self._choice

    def opened(self, *listeners: Progress | None) -> Engine:
        """The engine, for somebody who waits: what is read ahead gives way."""
        self._ahead.cut()
        return self._open(*listeners)

    def read_ahead(self, history: Sequence[Message]) -> None:
        """See `Assistant.read_ahead`."""
        self._ahead.cut()
        self._ahead = connections = Connections()

        def read() -> None:
            with suppress(DatelineError):
                if self.choice.to_fetch():
                    return
                engine = self._open()
                if turns := lately(history):
                    engine.read_ahead(prompts.rewrite_begins(turns), connections)
                    return
                for beginning in (prompts.rewrite_begins(), prompts.answer_begins()):
                    engine.read_ahead(beginning, connections)

        threading.Thread(target=read, name="reading ahead", daemon=True).start()

    def _open(self, *listeners: Progress | None) -> Engine:
        def told(what: str, done: int, total: int) -> None:
            for one in filter(None, listeners):
                one(what, done, total)

        with self._engine_lock:  # held while a gigabyte is fetched; searching goes on meanwhile
            if self._engine is None:
                self._engine = self.choice.open(told)
            return self._engine

    def _replace(self, settings: Settings, choice: EngineChoice | None) -> None:
        self._ahead.cut()
        with self._engine_lock, self._lock:
            if self._engine:
                self._engine.close()
            self._settings, self._choice, self._engine = settings, choice, None
