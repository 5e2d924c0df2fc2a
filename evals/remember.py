"""An engine that remembers what it said: the same prompts cost nothing the second time.

What the rules around the model are worth is seen by asking the same questions with other rules; most prompts are the
same then. Greedy, with a fixed seed, the model gives the same words again; only its times mean nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.assistant import Assistant
from rag.engines import Progress
from rag.engines.base import Completion, Engine
from rag.engines.connections import Connections

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage


class RememberingAssistant(Assistant):
    """`Assistant`, over a file of what its model has said so far; the model is loaded for what is new."""

    def __init__(self, memory: Path, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._memory = memory
        self._remembered: Engine | None = None

    def _opened(self, *listeners: Progress | None) -> Engine:
        if self._remembered is None:
            behind = partial(super()._opened, *listeners)
            self._remembered = _Remembered(self._memory, self.choice.engine, self.choice.model, behind)
        return self._remembered


class _Remembered:
    """An `Engine`; `opened` gives the one behind it."""

    def __init__(self, memory: Path, name: str, model: str, opened: Callable[[], Engine]) -> None:
        self.name, self.model, self._opened = name, model, opened
        self._lock = threading.Lock()
        memory.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(memory, check_same_thread=False, isolation_level=None)
        self._database.execute("CREATE TABLE IF NOT EXISTS said (asked TEXT PRIMARY KEY, answer TEXT) WITHOUT ROWID")

    @property
    def context_tokens(self) -> int:
        return int(self._recall(["window"], lambda: self._opened().context_tokens))

    def load(self, connections: Connections | None = None) -> None:
        """Nothing yet: perhaps all is remembered."""

    def stream(self, messages: Sequence[ChatMessage], *, max_tokens: int, **_: Any) -> Generator[str, None, Completion]:
        def ask() -> list[Any]:
            pieces, writing = list[str](), self._opened().stream(messages, max_tokens=max_tokens)
            while True:
                try:
                    pieces.append(next(writing))
                except StopIteration as end:
                    return ["".join(pieces), asdict(end.value)]

        text, completion = self._recall(["stream", _plain(messages), max_tokens, None], ask)
        yield text
        return Completion(**completion)

    def read_ahead(self, beginning: Sequence[ChatMessage], connections: Connections | None = None) -> None:
        """Nothing: the model may never be needed."""

    def yes_minus_no(self, messages: Sequence[ChatMessage], **_: Any) -> tuple[float, Completion]:
        def ask() -> list[Any]:
            log_odds, completion = self._opened().yes_minus_no(messages)
            return [log_odds, asdict(completion)]

        log_odds, completion = self._recall(["yes", _plain(messages)], ask)
        return log_odds, Completion(**completion)

    def count_tokens(self, text: str) -> int:
        return int(self._recall(["tokens", text], lambda: self._opened().count_tokens(text)))

    def close(self) -> None:
        self._database.close()

    def _recall(self, asked: list[Any], ask: Callable[[], Any]) -> Any:
        key = hashlib.sha256(json.dumps([self.name, self.model, *asked]).encode()).hexdigest()
        with self._lock:
            if row := self._database.execute("SELECT answer FROM said WHERE asked = ?", (key,)).fetchone():
                return json.loads(row[0])
            answer = ask()
            self._database.execute("INSERT INTO said VALUES (?, ?)", (key, json.dumps(answer)))
            return answer


def _plain(messages: Sequence[ChatMessage]) -> list[list[str]]:
    return [[message.role.value, str(message.content)] for message in messages]
