"""Fits the weights of full answers on gold questions whose points have quotes: which statements are told, and whether
anything is."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from evals.progress import Progress
from evals.types import Case
from index.datadir import write_whole
from rag import pieces
from rag.assistant import Assistant
from rag.evidence import Evidence
from rag.reply import Reply
from rag.verify import Verifier

_HALF = 0.5  # of a gold quote's characters that a statement must have to tell its point
_STRENGTH = 0.1  # sklearn's C: the smaller, the nearer to zero are the weights
_LOST = 0.05  # of the questions that the articles answer, the share that may be refused for it


@dataclass(frozen=True)
class Observed:
    """What was found for a question."""

    answerable: bool
    """False if its gold articles were kept away."""
    likelihood: float
    """Of a short answer."""
    signals: list[pieces.Signals]
    """Of each statement."""
    tells: list[bool]
    """Whether it tells a point of the gold."""


def observed(assistant: Assistant, cases: Sequence[Case], told: Progress) -> list[Observed]:
    """Each case with its gold articles and without them; those whose names no article found has are left out."""
    found = list[Observed]()
    for done, case in enumerate(cases, 1):
        for without in ((), {gold.article for gold in case.evidence}):
            reply, exclude = Reply(case.question), (*case.exclude, *sorted(without))
            for _ in assistant.events(reply, lambda: assistant.engine, [], {"length": "full", "exclude": exclude}):
                pass
            (evidence,) = reply.evidence
            hits = assistant.search(case.question, pieces.PASSAGES, exclude=exclude)
            if not evidence.missing_names and (read := assistant.signals(case.question, hits)):
                likelihood = Verifier(reply, assistant.settings.threshold, assistant.support).likelihood(evidence)
                tells = [_tells(item, case, assistant) for item, _ in read]
                found.append(Observed(not without, likelihood, [signals for _, signals in read], tells))
        told(done, len(cases), "signals")
    return found


def fit(found: Sequence[Observed]) -> pieces.Weights:
    """Two logistic regressions; the weights are of the signals as they are, not standardised."""
    answered = [one for one in found if one.answerable]
    names = [field.name for field in fields(pieces.Signals)]
    values = [[float(getattr(signals, name)) for name in names] for one in answered for signals in one.signals]
    bias, fitted = _regression(values, [tells for one in answered for tells in one.tells])
    weights = pieces.Weights(bias, dict(zip(names, fitted, strict=True)), {})
    sums = [
        pieces.odds_and_best(one.likelihood, sorted(map(weights.score, one.signals), reverse=True)) for one in found
    ]
    bias, (evidence, best) = _regression(sums, [one.answerable for one in found])
    odds = [bias + evidence * a + best * b for (a, b), one in zip(sums, found, strict=True) if one.answerable]
    least = round(1 / (1 + float(np.exp(-np.quantile(odds, _LOST)))), 3)
    worth = {"bias": bias, "evidence": evidence, "pieces": best, "least": least}
    return pieces.Weights(weights.bias, weights.weights, worth)


def save(weights: pieces.Weights, fitted_on: Sequence[str]) -> Path:
    """Writes rag/pieces.json; gives its path."""
    path = Path(pieces.__file__).with_name("pieces.json")
    write_whole(path, (json.dumps({**asdict(weights), "fitted_on": [*fitted_on]}, indent=2) + "\n").encode())
    return path


def _regression(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> tuple[float, list[float]]:
    from sklearn.linear_model import LogisticRegression

    values = np.array(rows)
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    model = LogisticRegression(C=_STRENGTH, max_iter=1000).fit((values - mean) / spread, right)
    weights = model.coef_[0] / spread
    return round(float(model.intercept_[0] - weights @ mean), 4), [round(float(weight), 4) for weight in weights]


def _tells(item: Evidence, case: Case, assistant: Assistant) -> bool:
    text = assistant.article(item.article).text
    for gold in case.evidence:
        if gold.article == item.article and gold.quote:
            start = text.find(gold.quote)
            shared = min(item.end, start + len(gold.quote)) - max(item.start, start)
            if start >= 0 and shared >= _HALF * len(gold.quote):
                return True
    return False
