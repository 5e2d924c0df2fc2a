"""What an answer cost: milliseconds, tokens, memory. Refusals cost too, so they are counted like answers."""

from __future__ import annotations

import math

from evals.scorers.refusal import unscored
from evals.types import Case, Outcome, Score

_ALWAYS = ("first_token_ms", "total_ms", "prompt_tokens", "cached_tokens", "completion_tokens")


def cost(case: Case, outcome: Outcome) -> list[Score]:
    """`first_token_ms` and `total_ms` from the question's arrival; `checking_ms` for a sentence; `prompt_tokens`
    (`cached_tokens` of them were not read again) and `completion_tokens` over all calls of the model; `memory_mb`, the
    process's largest so far, with what Ollama holds its model in."""
    scores = [unscored(name, outcome) for name in _ALWAYS] if outcome.error is not None else []
    measured = [("memory_mb", outcome.memory_mb, "MB of resident memory at most")]
    if answer := outcome.answer:
        timings, usage = answer.timings, answer.usage
        measured += [
            # no first token: the model wrote nothing, which takes no time at all
            ("first_token_ms", timings.first_token, "ms until the model's first character"),
            ("total_ms", timings.total, "ms until the whole answer"),
            ("checking_ms", timings.checking, "ms to check a sentence"),
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
    for name, value, what in measured:
        if value is not None:
            sound = math.isfinite(value) and value > 0
            told = f"{value:,.0f} {what}" if sound else f"was not measured: {value:g}"
            scores.append(Score(name, value if sound else None, told))
    return scores
