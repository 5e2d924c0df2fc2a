"""What an answer cost: milliseconds, tokens, memory. Refusals cost too, so they are counted like answers."""

from __future__ import annotations

import math

from evals.scorers.refusal import unscored
from evals.types import Case, Outcome, Score, Scorer

_ALWAYS = ("first_token_ms", "total_ms", "prompt_tokens", "cached_tokens", "completion_tokens")


def cost(case: Case, outcome: Outcome) -> list[Score]:
    """`first_token_ms` and `total_ms` from the question's arrival; `checking_ms` for a sentence; `prompt_tokens`
    (`cached_tokens` of them were not read again) and `completion_tokens` over all calls of the model; `memory_mb`, the
    process's largest so far, with what Ollama holds its model in."""
    scores = []
    if answer := outcome.answer:
        timings, usage = answer.timings, answer.usage
        scores = [
            # no first token: the model wrote nothing, which takes no time at all
            *_measured("first_token_ms", timings.first_token, "ms until the model's first character"),
            *_measured("total_ms", timings.total, "ms until the whole answer"),
            *_measured("checking_ms", timings.checking, "ms to check a sentence"),
        ]
        # no call of the model costs no tokens; but one that wrote has read something
        counted = timings.first_token is None or usage.prompt_tokens > 0
        for name, tokens, what in (
            ("prompt_tokens", usage.prompt_tokens, "tokens in the prompts"),
            ("cached_tokens", usage.cached_tokens, "of them kept from before"),
            ("completion_tokens", usage.completion_tokens, "tokens written"),
        ):
            told = f"{tokens} {what}" if counted else "the model wrote, and nobody counted its tokens"
            scores.append(Score(name, float(tokens) if counted else None, told))
    elif outcome.error is not None:
        scores = [unscored(name, outcome) for name in _ALWAYS]
    return [*scores, *_measured("memory_mb", outcome.memory_mb, "MB of resident memory at most")]


def _measured(name: str, value: float | None, what: str) -> list[Score]:
    if value is None:
        return []
    if not (math.isfinite(value) and value > 0):
        return [Score(name, None, f"was not measured: {value:g}")]
    return [Score(name, value, f"{value:,.0f} {what}")]


SCORERS: tuple[Scorer, ...] = (cost,)
