"""An engine for the length of one question, which another thread can call off."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import Any

from llama_index.core.llms import ChatMessage
from llama_index.core.llms.llm import LLM

from rag.engines.base import Completion, Engine
from rag.errors import Stopped


class Stoppable:
    """`engine`, until `stop` is set: then the model stops at its next sign of life, and every call raises Stopped."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self._engine = engine
        self._stop = stop

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def model(self) -> str:
        return self._engine.model

    @property
    def context_tokens(self) -> int:
        return self._engine.context_tokens

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        from_cache: bool = False,
    ) -> Generator[str, None, Completion]:
        self._check()
        writing = self._engine.stream(messages, max_tokens=max_tokens, schema=schema, from_cache=from_cache)
        try:
            while True:
                piece = next(writing)
                self._check()
                yield piece
        except StopIteration as end:
            completion: Completion = end.value
            return completion
        finally:
            writing.close()

    def yes_minus_no(self, messages: Sequence[ChatMessage]) -> tuple[float, Completion]:
        self._check()
        return self._engine.yes_minus_no(messages)

    def count_tokens(self, text: str) -> int:
        self._check()
        return self._engine.count_tokens(text)

    def llm(self) -> LLM:
        return self._engine.llm()

    def close(self) -> None:
        """The engine stays open: it is another question's too."""

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped
