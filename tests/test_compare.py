"""Better, worse or noise: two runs, or two systems, over the same cases."""

from __future__ import annotations

import io

import pytest
from eval_helpers import answer, case, outcome
from rich.console import Console
from run_helpers import broken, refused, right, run_of, wrong

from evals.compare import CompareError, Comparison, Difference, compare, print_comparison
from evals.runs import Run
from evals.types import Row
from rag.types import Timings


def test_a_score_that_rises_in_many_cases_is_better() -> None:
    found = difference(
        run_of(*(wrong(str(n)) for n in range(8))), run_of(*(right(str(n)) for n in range(8))), "correct"
    )
    assert (found.a, found.b, found.difference, found.n, found.verdict) == (0.0, 1.0, 1.0, 8, "better")


def test_a_score_that_falls_in_many_cases_is_worse() -> None:
    found = difference(
        run_of(*(right(str(n)) for n in range(8))), run_of(*(wrong(str(n)) for n in range(8))), "correct"
    )
    assert (found.difference, found.verdict) == (-1.0, "worse")


def test_more_refusals_of_what_is_answerable_are_worse() -> None:
    a, b = run_of(*(right(str(n)) for n in range(8))), run_of(*(refused(str(n)) for n in range(8)))
    assert difference(a, b, "refused_answerable").verdict == "worse"


def test_less_time_is_better() -> None:
    assert difference(timed(4000), timed(2000), "total_ms").verdict == "better"
    assert difference(timed(2000), timed(4000), "total_ms").verdict == "worse"


def test_five_cases_of_five_prove_nothing() -> None:
    found = difference(
        run_of(*(wrong(str(n)) for n in range(5))), run_of(*(right(str(n)) for n in range(5))), "correct"
    )
    assert (found.p, found.verdict) == (0.0625, "noise")


def test_a_run_is_the_same_as_itself() -> None:
    run = run_of(right("a"), wrong("b"), refused("c", answerable=False))
    comparison = compare(run, run)
    assert {one.verdict for one in comparison.differences} == {"same"}
    assert (comparison.better, comparison.worse, comparison.answers, comparison.warnings) == ((), (), (), ())


def test_cases_are_paired_by_their_ids_not_by_their_places() -> None:
    comparison = compare(run_of(right("a"), wrong("b")), run_of(wrong("b"), right("a")))
    assert (comparison.better, comparison.worse) == ((), ())


def test_cases_of_one_run_only_are_left_out_and_counted() -> None:
    comparison = compare(run_of(right("a"), right("b")), run_of(wrong("b"), right("c"), right("d")))
    assert (comparison.paired, comparison.only_a, comparison.only_b) == (1, ("a",), ("c", "d"))
    assert "2 cases in the second only, left out: c, d" in printed(comparison)


def test_a_case_whose_right_answer_was_changed_is_left_out_and_counted() -> None:
    a, b = run_of(right("a"), right("b")), run_of(right("a", accepted=("Hama",)), right("b"))
    comparison = compare(a, b)
    assert (comparison.paired, comparison.changed_gold) == (1, ("a",))


def test_hiding_other_articles_leaves_a_case_comparable() -> None:
    assert compare(run_of(right("a")), run_of(right("a", exclude=("a.txt",)))).changed_gold == ()


def test_a_failed_case_is_counted_aloud_and_scored_on_neither_side() -> None:
    comparison = compare(run_of(wrong("a"), right("b")), run_of(broken("a"), right("b")))
    assert comparison.failed_b == ("a",)
    assert {one.n for one in comparison.differences if one.name == "correct"} == {1}
    assert "1 case failed in the second, scored on neither side: a" in printed(comparison)


def test_the_cases_that_moved_are_named_with_the_scores_that_moved() -> None:
    comparison = compare(run_of(right("a"), wrong("b")), run_of(wrong("a"), right("b")))
    assert [(change.case.id, change.scores) for change in comparison.better] == [("b", (("correct", 0.0, 1.0),))]
    assert [(change.case.id, change.scores) for change in comparison.worse] == [("a", (("correct", 1.0, 0.0),))]


def test_a_refusal_gained_on_an_answerable_case_is_a_change_for_the_worse() -> None:
    (change,) = compare(run_of(wrong("a")), run_of(refused("a"))).worse
    assert change.scores == (("refused_answerable", 0.0, 1.0),)


def test_precision_of_refusals_is_not_compared_since_its_pairs_cannot_differ() -> None:
    a, b = run_of(refused("a"), refused("b", answerable=False)), run_of(right("a"), refused("b", answerable=False))
    assert "refusal_precision" not in {one.name for one in compare(a, b).differences}


def test_answers_in_other_words_are_listed_also_where_no_score_moved() -> None:
    other = Row(case(id="a"), outcome("Homs was captured."))
    (changed,) = compare(run_of(right("a"), right("b")), run_of(other, right("b"))).answers
    assert changed.case.id == "a"
    text = printed(compare(run_of(right("a")), run_of(other)))
    assert "They captured Homs." in text
    assert "Homs was captured." in text


def test_what_else_differs_between_the_runs_is_named() -> None:
    a = run_of(right())
    b = run_of(right(), model="large", settings={"threshold": "0.5"}, dataset={"name": "seeds", "articles": 3})
    assert compare(a, b).warnings == (
        "model differs: tiny / large",
        "dataset articles differs: 2 / 3",
        "settings threshold differs: 0.65 / 0.5",
    )


def test_another_commit_is_what_is_compared_and_no_warning() -> None:
    assert compare(run_of(right()), run_of(right(), commit="def5678", created="2026-11-23T00:00:00")).warnings == ()


def test_two_systems_of_one_run_can_be_compared() -> None:
    run = run_of(*(row for n in range(8) for row in (wrong(str(n)), right(str(n), system="peer"))))
    comparison = compare(run, run, "dateline", "peer")
    assert {one.name: one.verdict for one in comparison.differences}["correct"] == "better"
    assert comparison.warnings == ()
    assert comparison.b.startswith("peer · a.jsonl")


def test_a_system_that_is_not_in_the_run_is_an_error_that_names_those_that_are() -> None:
    with pytest.raises(CompareError, match=r"runs/a\.jsonl has no answers of 'peer': name one of dateline\."):
        compare(run_of(right()), run_of(right()), "peer")


def test_runs_without_a_common_case_are_an_error() -> None:
    with pytest.raises(CompareError, match="share no case"):
        compare(run_of(right("a")), run_of(right("b")))


def test_numbers_in_square_brackets_are_printed() -> None:
    other = Row(case(), outcome(answer("Homs [1].", [("a.txt", 0, 4, "Homs")])))
    assert "Homs [1]." in printed(compare(run_of(right()), run_of(other)))


def test_the_table_shows_both_means_the_difference_and_the_verdict() -> None:
    a, b = run_of(*(wrong(str(n)) for n in range(8))), run_of(*(right(str(n)) for n in range(8)))
    (line,) = (line for line in printed(compare(a, b)).splitlines() if line.startswith("  right answers"))
    assert line.split()[3:] == ["0.0", "100.0", "+100.0", "[+100.0,", "+100.0]", "0.008", "8", "better"]


def test_no_line_is_longer_than_the_console() -> None:
    a, b = run_of(wrong("a"), right("b")), run_of(right("a"), refused("b"), model="another model with a long name " * 4)
    assert max(map(len, printed(compare(a, b)).splitlines())) <= 100


def timed(milliseconds: float) -> Run:
    given = [answer("Homs.", timings=Timings(0, 5, milliseconds + n)) for n in range(8)]
    return run_of(*(Row(case(id=str(n)), outcome(one)) for n, one in enumerate(given)))


def difference(a: Run, b: Run, name: str) -> Difference:
    return next(one for one in compare(a, b).differences if one.name == name)


def printed(comparison: Comparison) -> str:
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, width=100))
    return out.getvalue()
