"""An embedding model that Ollama serves."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import httpx
import numpy as np

from index.errors import EmbedderError
from index.network import default_host
from index.ollama_library import ollama
from index.patience import patient

from llama_index.embeddings.ollama import OllamaEmbedding  # isort: skip  after the library it imports

_SECONDS = 300.0
"""The longest that a few passages may take, the loading of a large model among it."""


class OllamaEmbedder(OllamaEmbedding):
    """An embedding model served by Ollama. The digest of the model's blobs is its fingerprint.

    Raises EmbedderError if Ollama does not answer or does not have the model, SettingsError if `host` is no address.
    """

    def __init__(self, model: str, *, host: str | None = None, timeout: float = _SECONDS) -> None:
        """`timeout` is the longest wait for an answer in seconds."""
        address = default_host({"OLLAMA_HOST": host or ""})
        super().__init__(
            model_name=model, base_url=address, embed_batch_size=8, client_kwargs=patient(address, timeout)
        )
        self._seconds = timeout

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
        (vector,) = self.get_general_text_embeddings([texts])
        return vector

    def get_general_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._answer(super().get_general_text_embeddings, texts)
        if len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise self._not_ollama()
        return vectors

    def _answer(self, call: Any, *args: Any) -> Any:
        try:
            return call(*args)
        except (ConnectionError, httpx.ConnectError) as error:
            raise EmbedderError(f"No Ollama answers at {self.base_url}: start it with `ollama serve`.") from error
        except httpx.TimeoutException as error:
            raise EmbedderError(
                f"Ollama at {self.base_url} kept us waiting for {self._seconds:g} seconds: restart it with "
                "`ollama serve`, or choose a smaller embedding model; then run the same command again."
            ) from error
        except httpx.TransportError as error:
            raise EmbedderError(
                f"Ollama at {self.base_url} broke off ({error}): run the same command again."
            ) from error
        except ollama.ResponseError as error:
            if error.status_code == 404:
                raise self._missing() from error
            if 300 <= error.status_code < 400:
                raise self._not_ollama() from error
            raise EmbedderError(
                f"Ollama cannot embed with '{self.model_name}' ({error.error}): "
                "choose an embedding model, such as `ollama pull nomic-embed-text`."
            ) from error
        except (httpx.HTTPError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise self._not_ollama() from error

    def _not_ollama(self) -> EmbedderError:
        return EmbedderError(
            f"What answers at {self.base_url} does not embed as Ollama does: correct OLLAMA_HOST, update Ollama, or "
            "use another embedder."
        )

    def _missing(self) -> EmbedderError:
        return EmbedderError(
            f"Embedding model '{self.model_name}' is not on the Ollama server at {self.base_url}. "
            f"Get it with: ollama pull {self.model_name}"
        )
