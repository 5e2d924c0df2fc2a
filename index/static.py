"""Text -> vector by a table: every wordpiece has a vector, and a text's is their sum, of unit length.

How the table was learned: evals/train/table.py. It reads a hundred passages in the time in which a transformer reads
one, and once the judge has read what was found, nearly as much is found (evals/RESULTS.md, "A static embedding").
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed import unit
from index.wordpieces import TOKENIZER_FILE, data_file, wordpiece

TABLE_FILE = "static-256.npz"
_BATCH = 1000  # texts; their tokens' vectors are in memory at once


class StaticEmbedder:
    """256 dimensions, unit length: the dot product of two vectors is their cosine.

    Nothing is loaded before the first text. Safe to call from several threads; the tokenizer uses all cores. A text
    without any known wordpiece has a vector of zeros. Raises EmbedderError if a file is missing.
    """

    name = "dateline-static-256"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, NDArray[np.float32]] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the table and of the tokenizer."""
        return hashlib.sha256(data_file(TABLE_FILE) + data_file(TOKENIZER_FILE)).hexdigest()

    def get_query_embedding(self, query: str) -> list[float]:
        return self.get_text_embedding_batch([query])[0].tolist()  # type: ignore[no-any-return]

    def get_text_embedding_batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokenizer, table = self._load()
        rows = [np.empty((0, table.shape[1]), np.float32)]
        for start in range(0, len(texts), _BATCH):
            encoded = tokenizer.encode_batch_fast(texts[start : start + _BATCH], add_special_tokens=False)
            rows.append(np.array([table[one.ids].sum(axis=0) for one in encoded], np.float32))
        return unit(np.concatenate(rows))

    def _load(self) -> tuple[Any, NDArray[np.float32]]:
        with self._lock:
            if self._loaded is None:
                with np.load(io.BytesIO(data_file(TABLE_FILE))) as kept:
                    codes, centres = kept["codes"], kept["centres"].astype(np.float32)
                    table = centres[np.arange(len(centres)), codes].reshape(len(codes), -1)
                    table *= kept["lengths"].astype(np.float32)[:, None]
                self._loaded = (wordpiece(), table)
            return self._loaded
