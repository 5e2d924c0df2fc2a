"""How likely it is that a sentence may be shown: a small logistic regression over what speaks for it.

Its weights stand in `support.json`, with what they were fitted on; `evals/fit.py` fits them. No signal is good enough
alone, and they make different mistakes (docs/decisions.md, "Support").
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from typing import Self

TYPICAL = -0.17
"""The mean log-probability of a token in the default model's drafts."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for a sentence; log-odds are log p(Yes) - log p(No) of the model itself, cut to ±10."""

    answer_words: float
    """Share (0 to 1) of the sentence's content words that stand in the quotes."""
    question_words: float
    """Share (0 to 1) of the question's words, rare ones weighing more, that stand in the quotes."""
    similarity: float
    """Cosine of the question and the nearest of the quotes."""
    closeness: float
    """Cosine of the sentence and the nearest of the quotes."""
    answered: float
    """Log-odds over the quotes: do they say the answer to the question?"""
    confidence: float
    """Mean log-probability of the tokens of the draft; `TYPICAL` where the engine does not tell."""
    brings: float
    """1 if the sentence has something of the kind that the question asks for (a person, a time …), else 0."""
    further: float
    """How many quotes it takes beyond the first; each is a chance to have joined what does not belong together."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Weights of a logistic regression, by the name of the signal; a signal without one is not used."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, signals: Signals) -> float:
        """Estimated probability, 0 to 1."""
        values = asdict(signals)
        score = self.bias + sum(weight * values[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, score))))

    @classmethod
    def of(cls, stored: Mapping[str, float]) -> Self:
        """From {"bias": …, signal: weight …}. Raises ValueError for a signal that there is not."""
        known = {field.name for field in fields(Signals)}
        if unknown := set(stored) - known - {"bias"}:
            raise ValueError(f"no such signal: {', '.join(sorted(unknown))}")
        return cls(stored["bias"], {name: weight for name, weight in stored.items() if name != "bias"})


@dataclass(frozen=True, slots=True)
class Support:
    """The two questions that are asked of a sentence before it is shown."""

    draft: Regression
    """For a sentence of the model's: do the quotes say it, and does it answer the question?"""
    quote: Regression
    """For the article's own words: do they answer the question?"""

    @classmethod
    def load(cls) -> Self:
        """The fitted weights that come with Dateline."""
        stored = json.loads(files("rag").joinpath("support.json").read_text("utf-8"))
        return cls(Regression.of(stored["draft"]), Regression.of(stored["quote"]))

    def fingerprint(self) -> str:
        """Changes when any weight changes."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]
