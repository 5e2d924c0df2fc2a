"""An engine as a LlamaIndex LLM that keeps count of what it is made to read and write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.llms import ChatMessage

from rag.engines.base import Completion
from rag.engines.embedded import EmbeddedLLM
from rag.types import Usage


class MeteredLLM(EmbeddedLLM):
    """`MeteredLLM(engine=engine)`, with any `rag.engines.base.Engine`: make one for each question.

    Beside `engine.llm()` it counts tokens, and with Ollama it raises the engine's errors, not the client's. The
    same model reads the same messages and writes as long a text (512 tokens).
    """

    # An Ollama engine does as well, but a Protocol is nothing that pydantic could check.
    engine: Any = Field(exclude=True)
    _usage: Usage = PrivateAttr(default_factory=Usage)

    @property
    def usage(self) -> Usage:
        """Tokens over all calls that came to their end."""
        return self._usage

    def _pieces(self, messages: Sequence[ChatMessage], kwargs: dict[str, Any]) -> Iterator[str]:
        longest = kwargs.get("max_tokens", self.max_tokens)
        end: Completion = yield from self.engine.stream(messages, max_tokens=longest, from_cache=True)
        self._usage = Usage(
            self._usage.prompt_tokens + end.prompt_tokens,
            self._usage.cached_tokens + end.cached_tokens,
            self._usage.completion_tokens + end.completion_tokens,
        )
