"""An engine as a LlamaIndex LLM that keeps count of what it is made to read and write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr
from llama_index.core.llms import ChatMessage, ChatResponse, ChatResponseGen, CustomLLM, MessageRole
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback

from rag.engines.base import Completion
from rag.types import Usage


class MeteredLLM(CustomLLM):
    """`MeteredLLM(engine=engine)`, with any `rag.engines.base.Engine`: make one for each question.

    Greedy, with the engine's seed. Raises the engine's errors.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    max_tokens: int = 512
    # a Protocol is nothing that pydantic could check
    engine: Any = Field(exclude=True)
    _usage: Usage = PrivateAttr(default_factory=Usage)

    @classmethod
    def class_name(cls) -> str:
        return "MeteredLLM"

    @property
    def usage(self) -> Usage:
        """Tokens over all calls that came to their end."""
        return self._usage

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            context_window=self.engine.context_tokens,
            num_output=self.max_tokens,
            is_chat_model=True,
            model_name=self.engine.model,
        )

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return _chat("".join(self._pieces(messages, kwargs)))

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        return (_chat(text, piece) for text, piece in _growing(self._pieces(messages, kwargs)))

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text="".join(self._pieces([ChatMessage(content=prompt)], kwargs)))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        pieces = _growing(self._pieces([ChatMessage(content=prompt)], kwargs))
        return (CompletionResponse(text=text, delta=piece) for text, piece in pieces)

    def _pieces(self, messages: Sequence[ChatMessage], kwargs: dict[str, Any]) -> Iterator[str]:
        longest = kwargs.get("max_tokens", self.max_tokens)
        end: Completion = yield from self.engine.stream(messages, max_tokens=longest, from_cache=True)
        self._usage = Usage(
            self._usage.prompt_tokens + end.prompt_tokens,
            self._usage.cached_tokens + end.cached_tokens,
            self._usage.completion_tokens + end.completion_tokens,
        )


def _growing(pieces: Iterator[str]) -> Iterator[tuple[str, str]]:
    text = ""
    for piece in pieces:
        text += piece
        yield text, piece


def _chat(text: str, piece: str | None = None) -> ChatResponse:
    return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=piece)
