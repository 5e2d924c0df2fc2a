"""Dateline's embedding model as LlamaIndex takes one: the peers embed with the same."""

from __future__ import annotations

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr

from index.embed import TextEmbedder


class LlamaEmbedding(BaseEmbedding):
    """`inner`, behind LlamaIndex's interface."""

    _inner: TextEmbedder = PrivateAttr()

    def __init__(self, inner: TextEmbedder) -> None:
        super().__init__(model_name=inner.name, embed_batch_size=256)
        self._inner = inner

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._inner.get_query_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._inner.get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._inner.get_text_embedding_batch([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._inner.get_text_embedding_batch(texts)
