"""What an answer cost."""

from __future__ import annotations

from eval_helpers import answer, case, failed, outcome

from evals.scorers.cost import SCORERS, cost
from evals.types import Outcome
from rag.types import Timings, Usage


def scores(observed: Outcome) -> dict[str, float | None]:
    return {score.name: score.value for score in cost(case(), observed)}


def measured(first_token: float | None = 812.4, total: float = 1500.0, usage: Usage | None = None) -> Outcome:
    timings = Timings(search=20.0, first_token=first_token, total=total)
    return outcome(answer("Homs.", timings=timings, usage=usage or Usage(440, 120, 9)), memory_mb=1210.5)


def test_every_cost_is_what_was_measured() -> None:
    assert scores(measured()) == {
        "first_token_ms": 812.4,
        "total_ms": 1500.0,
        "prompt_tokens": 440,
        "cached_tokens": 120,
        "completion_tokens": 9,
        "memory_mb": 1210.5,
    }


def test_without_a_call_of_the_model_there_is_no_first_token_and_no_tokens() -> None:
    found = scores(measured(first_token=None, usage=Usage()))
    assert "first_token_ms" not in found
    assert found["prompt_tokens"] == found["completion_tokens"] == 0
    assert found["total_ms"] == 1500.0


def test_a_total_of_zero_was_not_measured() -> None:
    assert scores(measured(total=0.0))["total_ms"] is None


def test_tokens_that_nobody_counted_are_not_zero_tokens() -> None:
    found = scores(measured(usage=Usage()))
    assert found["prompt_tokens"] is found["cached_tokens"] is found["completion_tokens"] is None


def test_a_system_that_failed_is_unscored() -> None:
    found = scores(failed())
    assert len(found) == 5
    assert set(found.values()) == {None}
    assert all("ollama serve" in score.explanation for score in SCORERS[0](case(), failed()))


def test_a_run_of_searches_alone_costs_memory_only() -> None:
    assert scores(Outcome("search", None)) == {}
    assert scores(Outcome("search", None, memory_mb=300.0)) == {"memory_mb": 300.0}
