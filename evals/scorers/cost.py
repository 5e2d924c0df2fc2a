"""What an answer cost: milliseconds, tokens, memory. Refusals cost too, so they are counted like answers."""

from __future__ import annotations

import math

from evals.scorers.refusal import unscored
from evals.types import Case, Outcome, Score, Scorer
from rag.types import Answer


def cost(case: Case, outcome: Outcome) -> list[Score]:
    """`first_token_ms` and `total_ms` from the question's arrival; `checking_ms` for a sentence; `prompt_tokens`
    (`cached_tokens` of them were not read again) and `completion_tokens` over all calls of the model; `memory_mb`, the
    process's largest so far, with what Ollama holds its model in."""
    return [*_of_answer(outcome), *_memory(outcome)]


def _of_answer(outcome: Outcome) -> list[Score]:
    names = ("first_token_ms", "total_ms", "prompt_tokens", "cached_tokens", "completion_tokens")
    if outcome.answer is not None:
        return [*_times(outcome.answer), *_tokens(outcome.answer)]
    if outcome.error is not None:
        return [unscored(name, outcome) for name in names]
    return []


def _times(answer: Answer) -> list[Score]:
    first, total = answer.timings.first_token, answer.timings.total
    scores = [_measured("total_ms", total, "ms until the whole answer")]
    if first is not None:  # else the model wrote nothing, which takes no time at all
        scores.insert(0, _measured("first_token_ms", first, "ms until the model's first character"))
    if answer.timings.checking is not None:
        scores.append(_measured("checking_ms", answer.timings.checking, "ms to check a sentence"))
    return scores


def _tokens(answer: Answer) -> list[Score]:
    usage = answer.usage
    # no call of the model costs no tokens; but one that wrote has read something
    uncounted = answer.timings.first_token is not None and not usage.prompt_tokens
    if uncounted:
        names = ("prompt_tokens", "cached_tokens", "completion_tokens")
        return [Score(name, None, "the model wrote, and nobody counted its tokens") for name in names]
    return [
        Score("prompt_tokens", float(usage.prompt_tokens), f"{usage.prompt_tokens} tokens in the prompts"),
        Score("cached_tokens", float(usage.cached_tokens), f"{usage.cached_tokens} of them kept from before"),
        Score("completion_tokens", float(usage.completion_tokens), f"{usage.completion_tokens} tokens written"),
    ]


def _memory(outcome: Outcome) -> list[Score]:
    if outcome.memory_mb is None:
        return []
    return [_measured("memory_mb", outcome.memory_mb, "MB of resident memory at most")]


def _measured(name: str, value: float, what: str) -> Score:
    if not (math.isfinite(value) and value > 0):
        return Score(name, None, f"was not measured: {value:g}")
    return Score(name, value, f"{value:,.0f} {what}")


SCORERS: tuple[Scorer, ...] = (cost,)
