"""The judge: a small transformer that reads a question and a sentence together, and says whether they fit.

A cross-encoder (Nogueira and Cho 2019, "Passage Re-ranking with BERT"; MiniLM, Wang et al. 2020) of six layers, int8,
on onnxruntime. How it was made: evals/train, and the model card beside its weights.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

import numpy as np

from index.embed import onnx_session, wordpiece
from rag.errors import DatelineError

LONGEST = 160
"""Tokens of question, answer and sentence together; the longer of both is cut at its end."""
_MODEL = "judge.onnx"
_CALIBRATION = "judge.json"


class CrossEncoder:
    """Probabilities (0 to 1), calibrated. Loads its weights at the first use; safe to call from several threads."""

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, dict[str, list[float]]] | None = None

    def answers(self, question: str, sentences: Sequence[str]) -> list[float]:
        """For each of `sentences`: the probability that it answers `question`."""
        return self._probabilities("answers", question, sentences)

    def supports(self, question: str, answer: str, sentences: Sequence[str]) -> list[float]:
        """For each of `sentences`: the probability that it shows `answer` to be right for `question`."""
        return self._probabilities("supports", with_answer(question, answer), sentences)

    def _probabilities(self, head: str, asked: str, sentences: Sequence[str]) -> list[float]:
        if not sentences:
            return []
        session, tokenizer, calibration = self._load()
        slope, offset = calibration[head]
        encoded = tokenizer.encode_batch([(asked, sentence) for sentence in sentences])

        def probability(one: Any) -> float:
            # one by one: int8 activations are scaled by what is read together, and nothing is padded
            logit = float(session.run(None, _tensors(one))[0][0, 0])
            return 1.0 / (1.0 + math.exp(-(slope * logit + offset)))

        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(probability, encoded))

    def _load(self) -> tuple[Any, Any, dict[str, list[float]]]:
        with self._lock:
            if self._loaded is None:
                data = resources.files("rag") / "data"
                try:
                    weights = (data / _MODEL).read_bytes()
                    calibration = json.loads((data / _CALIBRATION).read_text(encoding="utf-8"))
                except (OSError, ValueError) as error:
                    raise DatelineError(
                        f"The judge's file is missing or damaged ({error}): install Dateline again."
                    ) from error
                tokenizer = wordpiece()
                tokenizer.enable_truncation(LONGEST, strategy="longest_first")
                self._loaded = (onnx_session(weights), tokenizer, calibration)
            return self._loaded


def log_odds(probability: float) -> float:
    """log p - log(1 - p), within ±10."""
    p = min(max(probability, 5e-5), 1 - 5e-5)
    return math.log(p / (1 - p))


def with_answer(question: str, answer: str) -> str:
    """The question with an answer behind it, as the judge was taught to read them."""
    return f"{question} answer: {answer}"


def _tensors(encoded: Any) -> dict[str, Any]:
    return {
        "input_ids": np.array([encoded.ids], dtype=np.int64),
        "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
        "token_type_ids": np.array([encoded.type_ids], dtype=np.int64),
    }
