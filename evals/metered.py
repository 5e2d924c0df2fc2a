"""Dateline's models as LlamaIndex takes them: an embedder, and an engine that counts what it reads and writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.generic_utils import (
    chat_response_to_completion_response,
    stream_chat_response_to_completion_response,
)
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.bridge.pydantic import ConfigDict, Field
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
    usage: Usage = Field(default_factory=Usage)
    """Tokens over all calls that came to their end."""

    @property
    def metadata(self) -> LLMMetadata:
        context, name = self.engine.context_tokens, self.engine.model
        return LLMMetadata(context_window=context, num_output=self.max_tokens, is_chat_model=True, model_name=name)

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
        names = ("prompt_tokens", "cached_tokens", "completion_tokens")
        self.usage = Usage(*(getattr(self.usage, name) + getattr(end, name) for name in names))


class LlamaEmbedding(BaseEmbedding):
    """`LlamaEmbedding(inner=embedder)`, with any `index.embed.TextEmbedder`: the peers embed with Dateline's."""

    inner: Any = Field(exclude=True)
    embed_batch_size: int = 256

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.inner.get_query_embedding(query)  # type: ignore[no-any-return]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self.inner.get_text_embedding_batch(texts)  # type: ignore[no-any-return]
