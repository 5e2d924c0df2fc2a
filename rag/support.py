"""How likely it is that a sentence may be shown: small logistic regressions over what speaks for it.

Its weights stand in `support.json`, with what they were fitted on; `evals/fit.py` fits them. No signal is good enough
alone, and they make different mistakes (docs/decisions.md, "Support").
"""

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
    """What speaks for a sentence."""

    answers: float
    """The judge's log-odds that the best of the quotes answers the question."""
    search: float = 0.0
    """What the search says of that quote (`rag.evidence`), larger where its passage came first."""
    confidence: float = TYPICAL
    """Mean log-probability of the tokens of the draft; `TYPICAL` where the engine does not tell."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Weights of a logistic regression, by the name of the signal; a signal without one is not used."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, signals: Signals) -> float:
        """Estimated probability, 0 to 1."""
        score = self.bias + sum(weight * getattr(signals, name) for name, weight in self.weights.items())
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
    """What is asked before the model writes, and of a sentence before it is shown; each by its `rag.reply.Form`."""

    evidence: Regression
    """Do the likeliest statements hold an answer?"""
    hopeless: float
    """Probability of that below which the model is not asked."""
    draft: Regression
    """For a sentence of the model's: is it right?"""
    quote: Regression
    """For the article's own words: do they answer the question?"""

    @classmethod
    def load(cls) -> Self:
        """The fitted weights that come with Dateline."""
        stored = json.loads(files("rag").joinpath("support.json").read_text("utf-8"))
        evidence, draft, quote = (Regression.of(stored[form]) for form in ("evidence", "draft", "quote"))
        return cls(evidence, stored["hopeless"], draft, quote)

    def fingerprint(self) -> str:
        """Changes when any weight changes."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]
