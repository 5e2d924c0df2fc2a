"""Better, worse or noise: two runs, or two systems, over the same cases."""

from collections.abc import Callable
from functools import partial

import pytest
from eval_helpers import answer, case, outcome
from run_helpers import broken, printed, refused, right, run_of, wrong

from evals.compare import CompareError, compare, print_comparison
from evals.runs import Run
from evals.types import Row
from rag.types import Timings

told = partial(printed, print_comparison)


def timed(milliseconds: float) -> Callable[[str], Row]:
    return lambda id: Row(case(id=id), outcome(answer("Homs.", timings=Timings(0, 5, milliseconds + int(id)))))


def of(made: Callable[[str], Row], count: int = 8) -> Run:
    return run_of(*(made(str(n)) for n in range(count)))


@pytest.mark.parametrize(
    ("before", "after", "name", "difference", "verdict"),
    [
        (of(wrong), of(right), "correct", 1.0, "better"),
        (of(right), of(refused), "refused_answerable", 1.0, "worse"),
        (of(timed(4000)), of(timed(2000)), "total_ms", -2000, "better"),
        (of(wrong, 5), of(right, 5), "correct", 1.0, "noise"),  # five of five prove nothing
    ],
)
def test_what_moves_is_better_or_worse(before: Run, after: Run, name: str, difference: float, verdict: str) -> None:
    for a, b, moved, said in (
        (before, after, difference, verdict),
        (after, before, -difference, {"better": "worse", "worse": "better"}.get(verdict, verdict)),
        (after, after, 0, "same"),
    ):
        found = {one.name: one for one in compare(a, b).differences}[name]
        assert (found.paired.difference, found.b - found.a, found.n) == (moved, moved, len(before.rows))
        assert found.verdict == said
        assert found.paired.p < 0.05 or said in ("noise", "same")


def test_a_run_is_the_same_as_itself_in_whatever_order_its_cases_are() -> None:
    rows = right("a"), wrong("b"), refused("c", answerable=False)
    comparison = compare(run_of(*rows), run_of(*reversed(rows), commit="def5678", created="2026-11-23T00:00:00"))
    assert {one.verdict for one in comparison.differences} == {"same"}
    assert comparison.warnings == ()
    assert all(f"{what}: 0 cases" in told(comparison) for what in ("Better", "Worse", "Answered in other words"))
    # where both refuse, both are right or both wrong: the pairs of this score could not differ
    assert "refusal_precision" not in {one.name for one in comparison.differences}


def test_what_is_on_one_side_only_or_asks_something_else_is_left_out_and_counted_aloud() -> None:
    first = run_of(right("both"), right("hidden"), right("gone"), right("asked"), wrong("broke"))
    second = run_of(
        wrong("both"), right("hidden", exclude=("a.txt",)), right("new"), right("newer"),
        right("asked", accepted=("Hama",)), broken("broke"),
    )  # fmt: skip
    comparison = compare(first, second)
    assert {one.n for one in comparison.differences if one.name == "correct"} == {2}
    for line in (
        "3 cases in both.",
        "1 case in the first only, left out: gone",
        "2 cases in the second only, left out: new, newer",
        "1 case with another question or another right answer on either side, left out: asked",
        "1 case failed in the second, scored on neither side: broke",
    ):
        assert line in told(comparison)


def test_the_cases_that_moved_are_named_with_the_scores_that_moved_and_the_words_that_changed() -> None:
    quoting = Row(case(id="words"), outcome(answer("Homs [1].", [("a.txt", 0, 4, "Homs")])))
    first = run_of(right("a"), wrong("b"), wrong("c"), right("words"), right("same"))
    second = run_of(wrong("a"), right("b"), refused("c"), quoting, right("same"))
    lines = [line.strip() for line in told(compare(first, second)).splitlines()]
    better, others = lines.index("Better: 1 case"), lines.index("Answered in other words: 4 cases")
    question = right().case.question
    assert lines[better + 1 : others - 1] == [
        f"b: {question}", "right answers 0 -> 1", "", "Worse: 2 cases", f"a: {question}", "right answers 1 -> 0",
        f"c: {question}", "answerable: refused 0 -> 1",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[others:] if line.endswith(question)] == ["a", "b", "c", "words"]
    assert {"They captured Homs.", "-> They captured Hama.", "-> Homs [1]."} <= set(lines[others:])


def test_what_else_differs_between_the_runs_is_named() -> None:
    dataset = {"name": "seeds", "articles": 3}
    other = run_of(right(), model="large", settings={"threshold": "0.5"}, dataset=dataset, split=None)
    comparison = compare(run_of(right()), other)
    assert comparison.warnings == (
        "model differs: tiny / large",
        "dataset articles differs: 2 / 3",
        "split differs: dev / not given",
        "settings threshold differs: 0.65 / 0.5",
    )
    assert all(f"Note: {warning}" in told(comparison) for warning in comparison.warnings)


def test_two_systems_of_one_run_can_be_compared_and_what_can_not_is_an_error() -> None:
    run = run_of(*(row for n in range(8) for row in (wrong(str(n)), right(str(n), system="peer"))))
    comparison = compare(run, run, "dateline", "peer")
    assert {one.name: one.verdict for one in comparison.differences}["correct"] == "better"
    assert comparison.warnings == ()
    assert comparison.b.startswith("peer · a.jsonl")
    with pytest.raises(CompareError, match=r"runs/a\.jsonl has no answers of 'other': name one of dateline, peer\."):
        compare(run, run, "other")
    with pytest.raises(CompareError, match="share no case"):
        compare(run_of(right("a")), run_of(right("b")))


def test_the_table_shows_both_means_the_difference_and_the_verdict_within_its_width() -> None:
    text = told(compare(of(wrong), run_of(*of(right).rows, model="another model with a long name " * 4)))
    (line,) = (line for line in text.splitlines() if line.startswith("  right answers"))
    assert line.split()[3:] == ["0.0", "100.0", "+100.0", "[+100.0,", "+100.0]", "0.008", "8", "better"]
    assert max(map(len, text.splitlines())) <= 100
