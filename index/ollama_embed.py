"""An embedding model that Ollama serves."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import httpx

from index.errors import EmbedderError
from index.network import default_host, http_options
from index.ollama_library import ollama

from llama_index.embeddings.ollama import OllamaEmbedding  # isort: skip  after the library it imports


class OllamaEmbedder(OllamaEmbedding):
    """An embedding model served by Ollama. The digest of the model's blobs is its fingerprint.

    Raises EmbedderError if Ollama does not answer or does not have the model, SettingsError if `host` is no address.
    """

    def __init__(self, model: str, *, host: str | None = None) -> None:
        address = default_host({"OLLAMA_HOST": host or ""})
        super().__init__(model_name=model, base_url=address, embed_batch_size=8, client_kwargs=http_options(address))

    @property
    def name(self) -> str:
        return f"ollama:{self.model_name}"

    @cached_property
    def fingerprint(self) -> str:
        models = self._answer(self._client.list).models
        tagged = self.model_name if ":" in self.model_name else f"{self.model_name}:latest"
        for model in models:
            if model.model == tagged and model.digest:
                return str(model.digest)
        raise self._missing()

    def get_general_text_embedding(self, texts: str) -> list[float]:
        return self._answer(super().get_general_text_embedding, texts)  # type: ignore[no-any-return]

    def get_general_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._answer(super().get_general_text_embeddings, texts)  # type: ignore[no-any-return]

    def _answer(self, call: Any, *args: Any) -> Any:
        try:
            return call(*args)
        except (ConnectionError, httpx.ConnectError) as error:
            raise EmbedderError(f"No Ollama answers at {self.base_url}: start it with `ollama serve`.") from error
        except httpx.HTTPError as error:
            raise EmbedderError(
                f"Ollama at {self.base_url} broke off ({error}): run the same command again."
            ) from error
        except ollama.ResponseError as error:
            if error.status_code == 404:
                raise self._missing() from error
            raise EmbedderError(
                f"Ollama cannot embed with '{self.model_name}' ({error.error}): "
                "choose an embedding model, such as `ollama pull nomic-embed-text`."
            ) from error

    def _missing(self) -> EmbedderError:
        return EmbedderError(
            f"Embedding model '{self.model_name}' is not on the Ollama server at {self.base_url}. "
            f"Get it with: ollama pull {self.model_name}"
        )
