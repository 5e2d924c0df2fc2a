"""An engine as a LlamaIndex LLM that keeps count of what it is made to read and write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from llama_index.core.base.llms.generic_utils import (
    chat_response_to_completion_response,
    stream_chat_response_to_completion_response,
)
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr
from llama_index.core.llms import ChatMessage, ChatResponse, ChatResponseGen, CustomLLM, MessageRole

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

    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        *_, last = [ChatResponse(message=ChatMessage(content="")), *self.stream_chat(messages, **kwargs)]
        return last

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        text = ""
        for piece in self._pieces(messages, kwargs.get("max_tokens", self.max_tokens)):
            text += piece
            yield ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=piece)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return chat_response_to_completion_response(self.chat([ChatMessage(content=prompt)], **kwargs))

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        return stream_chat_response_to_completion_response(self.stream_chat([ChatMessage(content=prompt)], **kwargs))

    def _pieces(self, messages: Sequence[ChatMessage], longest: int) -> Iterator[str]:
        end: Completion = yield from self.engine.stream(messages, max_tokens=longest, from_cache=True)
        self._usage = Usage(
            self._usage.prompt_tokens + end.prompt_tokens,
            self._usage.cached_tokens + end.cached_tokens,
            self._usage.completion_tokens + end.completion_tokens,
        )
