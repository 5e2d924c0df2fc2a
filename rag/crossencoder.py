"""The judge: a small transformer that reads a question and a sentence together, and says whether they fit.

A cross-encoder (Nogueira and Cho 2019, "Passage Re-ranking with BERT"; MiniLM, Wang et al. 2020) of six layers, int8,
on onnxruntime. How it was made: evals/train, and the model card beside its weights.
"""

import json
import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

import numpy as np

from index.minilm import onnx_session
from index.wordpieces import wordpiece
from rag.errors import DatelineError

LONGEST = 160
"""Tokens of question, answer and sentence together; the longer of both is cut at its end."""


class CrossEncoder:
    """Probabilities (0 to 1), calibrated. Loads its weights at the first use; safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, dict[str, list[float]]] | None = None

    def answers(self, question: str, sentences: Sequence[str]) -> list[float]:
        """For each of `sentences`: the probability that it answers `question`."""
        return self._probabilities("answers", question, sentences)

    def log_odds(self, question: str, sentences: Sequence[str]) -> list[float]:
        """For each of `sentences`: log p - log(1 - p), within ±10, where p is the probability that it answers."""
        clipped = (min(max(p, 5e-5), 1 - 5e-5) for p in self.answers(question, sentences))
        return [math.log(p / (1 - p)) for p in clipped]

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
            read = {"input_ids": one.ids, "attention_mask": one.attention_mask, "token_type_ids": one.type_ids}
            logit = float(session.run(None, {name: np.array([ids], np.int64) for name, ids in read.items()})[0][0, 0])
            return 1.0 / (1.0 + math.exp(-(slope * logit + offset)))

        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(probability, encoded))

    def _load(self) -> tuple[Any, Any, dict[str, list[float]]]:
        with self._lock:
            if self._loaded is None:
                data = resources.files("rag") / "data"
                try:
                    weights = (data / "judge.onnx").read_bytes()
                    calibration = json.loads((data / "judge.json").read_text(encoding="utf-8"))
                except (OSError, ValueError) as error:
                    raise DatelineError(
                        f"The judge's file is missing or damaged ({error}): install Dateline again."
                    ) from error
                tokenizer = wordpiece()
                tokenizer.enable_truncation(LONGEST, strategy="longest_first")
                self._loaded = (onnx_session(weights), tokenizer, calibration)
            return self._loaded


def with_answer(question: str, answer: str) -> str:
    """The question with an answer behind it, as the judge was taught to read them."""
    return f"{question} answer: {answer}"
