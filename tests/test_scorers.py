"""What an answer is worth: right or wrong, refused or not, what it cost, and what the search had found for it."""

import math
from typing import Any

import pytest
from eval_helpers import answer, case, failed, outcome, unanswerable

from evals.scorers.answer import answers
from evals.scorers.cost import cost
from evals.scorers.refusal import refusals
from evals.scorers.retrieval import recalls, retrieval
from evals.types import Case, GoldQuote, Outcome, Place, Score
from rag.types import Timings, Usage

BOTH = case("Who composed it?", ["Johannes Brahms", "Wolfgang Amadeus Mozart"], several=True)
DISPUTED = case("When was he born?", ["8 February 1900"], wrong=("15 July 1905", "1 May 1901"))
SPORT = case("What sport?", ["Ice hockey"], wrong=("Ice Hockey",))
PLAYER = case("What is he?", ["Ice hockey player"], wrong=("hockey",))
MILES = case("How far is it?", ["25 miles"])
SURE = outcome(answer("It was not Homs but Hama [1].", [("a.txt", 0, 9, "Hama fell")], abstained=True))
"""What a system calls a refusal is one, whatever its text."""


def scored(room: Any, asked: Case, given: Outcome) -> dict[str, Score]:
    return {score.name: score for score in room(asked, given)}


def values(room: Any, asked: Case, given: Outcome) -> dict[str, float | None]:
    return {name: score.value for name, score in scored(room, asked, given).items()}


@pytest.mark.parametrize(
    ("asked", "said", "name", "value", "explanation"),
    [
        (MILES, "It lies about twenty-five miles away [1].", "correct", 1, 'says "25 miles", which is accepted'),
        (MILES, "It lies 125 miles away [1].", "correct", 0, 'says none of: "25 miles"'),
        (case(), "The articles do not say. They mention only Homs.", "correct", 0, "refused, though the articles"),
        (case(accepted=[]), "Homs.", "correct", None, "the case names no accepted answer"),
        (case(), "Homs", "f1", 1, 'nearest to "Homs"'),
        (case(), "They have captured Homs", "f1", 0.4, "nearest"),  # every needless word costs
        (MILES, "Homs, twenty-five miles away", "f1", 2 / 3, "nearest"),
        (case(accepted=[("the prison", "the air base")]), "prison and air base", "f1", 1, "nearest"),
        (case(accepted=["5 December 2024"]), "December 5", "f1", 0.8, "nearest"),  # without its year it is a part
        (case(), "Hama", "f1", 0, "shares no word"),
        (case(), "", "f1", 0, "refused"),
        (BOTH, "Johannes Brahms and Wolfgang Amadeus Mozart", "f1", 1, "Brahms and Wolfgang"),
        (BOTH, "By Brahms and Wolfgang Amadeus Mozart", "answers_given", 0.5, 'gives 1 of 2, lacks "Johannes Brahms"'),
        (BOTH, "Haydn.", "answers_given", 0, "gives 0 of 2"),
        (DISPUTED, "Either 8 February 1900 or 15 July 1905.", "correct", 1, "8 February"),
        (DISPUTED, "Either 8 February 1900 or 15 July 1905.", "wrong_stated", 1, 'states "15 July 1905", which is'),
        (DISPUTED, "8 February 1900, not 15 July 1905.", "wrong_stated", 0, "states none"),
        (DISPUTED, "The articles do not say. They mention 15 July 1905.", "wrong_stated", 0, "refused, and so"),
        (SPORT, "Ice hockey", "wrong_stated", None, "also an accepted one"),
        (PLAYER, "An ice hockey player", "wrong_stated", 0, "states none"),  # a part of the right one
        (PLAYER, "He plays hockey.", "wrong_stated", 1, 'states "hockey"'),
    ],
)
def test_an_answer_is_right_or_wrong(asked: Case, said: str, name: str, value: float | None, explanation: str) -> None:
    found = scored(answers, asked, outcome(said))[name]
    assert found.value == pytest.approx(value)
    assert explanation in found.explanation


def test_a_score_is_there_only_where_it_applies_and_a_failure_is_unscored() -> None:
    assert values(answers, unanswerable(), outcome("Homs.")) == {}
    assert set(values(answers, case(accepted=[], patterns=("homs",)), outcome("Homs."))) == {"correct"}
    assert values(answers, case(), SURE) == {"correct": 0, "f1": 0}
    asked = case("Who?", ["Homs", "Hama"], several=True, wrong=("Aleppo",))
    broke = scored(answers, asked, failed("The server is gone."))
    assert set(broke) == {"correct", "f1", "answers_given", "wrong_stated"}
    assert {(score.value, score.explanation) for score in broke.values()} == {(None, "failed: The server is gone.")}


@pytest.mark.parametrize(
    ("asked", "given", "expected", "explanation"),
    [
        (unanswerable(), outcome("Not stated."), (1, 0, "", 1), 'do not answer it, and it refused: "Not stated."'),
        (unanswerable(), outcome(""), (1, 0, "", 1), "refused: an empty answer"),
        (unanswerable(), outcome("Two."), (0, 1, "", ""), 'answered, though the articles do not answer it: "Two."'),
        (case(), outcome("Not stated."), ("", "", 1, 0), 'refused, though the articles answer it: "Not stated."'),
        (case(), outcome("Aleppo."), ("", "", 0, ""), 'the articles answer it, and it answered: "Aleppo."'),
        (case(), SURE, ("", "", 1, 0), "refused"),
        (unanswerable(), failed("Gone."), (None, None, "", ""), "failed: Gone."),
        (case(), failed("Gone."), ("", "", None, ""), "failed: Gone."),
    ],
)
def test_when_a_refusal_is_right(asked: Case, given: Outcome, expected: Any, explanation: str) -> None:
    names = ("refusal_recall", "answered_unanswerable", "refused_answerable", "refusal_precision")
    found = scored(refusals, asked, given)
    assert tuple(found[name].value if name in found else "" for name in names) == expected
    assert all(explanation in score.explanation for score in found.values())


def measured(first: float | None = 812.4, total: float = 1500.0, usage: Usage | None = None) -> Outcome:
    timings = Timings(20.0, first, total, 600.0)
    return outcome(answer("Homs.", timings=timings, usage=usage or Usage(440, 120, 9)), memory_mb=1210.5)


TOKENS = {"prompt_tokens": 440, "cached_tokens": 120, "completion_tokens": 9}
ALL = {"first_token_ms": 812.4, "total_ms": 1500.0, "checking_ms": 600.0, "memory_mb": 1210.5} | TOKENS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (measured(), ALL),
        # without a call of the model there is no first token, and there are no tokens
        (measured(None, usage=Usage()), {k: v for k, v in ALL.items() if k[0] != "f"} | dict.fromkeys(TOKENS, 0.0)),
        (measured(total=0.0), ALL | {"total_ms": None}),
        (measured(usage=Usage()), ALL | dict.fromkeys(TOKENS)),  # what nobody counted is not zero
        (failed(), dict.fromkeys(("first_token_ms", "total_ms", *TOKENS))),
        (Outcome("search", None, memory_mb=300.0), {"memory_mb": 300.0}),
    ],
)
def test_a_cost_is_never_a_zero_that_was_not_measured(given: Outcome, expected: dict[str, float | None]) -> None:
    assert values(cost, case(), given) == expected


def holding(*gold: tuple[str, int, int, int]) -> tuple[Case, tuple[Place, ...]]:
    """A case with gold quotes (article, start, end, fact), and where they stand."""
    quotes = tuple(GoldQuote(f"{name}.txt", name * (end - start), fact) for name, start, end, fact in gold)
    return case(evidence=quotes), tuple(Place(f"{name}.txt", start, end) for name, start, end, _ in gold)


ONE = holding(("a", 100, 140, 0))
TWO = holding(("a", 100, 140, 0), ("b", 0, 20, 1))
HERE = holding(("a", 100, 140, 0), ("a", 150, 170, 1))
COPIES = holding(("a", 100, 140, 0), ("copy", 0, 40, 0))
ARTICLE = case(evidence=(GoldQuote("a.txt"),)), (Place("a.txt", 0, 5000),)
IDEAL = 1 + 1 / math.log2(3)  # of two facts
NONE, FIRST, SECOND = (0,) * 5, (1,) * 5, (0, 1, 1, 0.5, 1 / math.log2(3))


@pytest.mark.parametrize(
    ("about", "ranking", "by_quote", "by_article"),
    [
        # recall at 1, 5 and 10, MRR, nDCG
        (ONE, [("b", 0, 90), ("a", 200, 300), ("a", 90, 200)], (0, 1, 1, 1 / 3, 0.5), SECOND),
        (ONE, [("b", 0, 90), ("b", 90, 200), ("a", 500, 600)], NONE, SECOND),
        (ONE, [("a", 120, 300)], FIRST, FIRST),  # half of a quote is held
        (ONE, [("a", 121, 300)], NONE, FIRST),  # less is not
        (ONE, [("b", 100, 140)], NONE, NONE),
        (ONE, [*((str(n), 0, 50) for n in range(10)), ("a", 100, 140)], NONE, NONE),  # rank 11
        (ONE, [], NONE, NONE),
        (TWO, [("c", 0, 50), ("b", 0, 50)], (0, 0.5, 0.5, 0.5, 1 / math.log2(3) / IDEAL), None),
        (TWO, [("b", 0, 50), ("c", 0, 50), ("a", 90, 150)], (0.5, 1, 1, 1, 1.5 / IDEAL), None),
        (TWO, [("a", 90, 150), ("a", 95, 160)], (0.5, 0.5, 0.5, 1, 1 / IDEAL), None),  # found again gains nothing
        (HERE, [("a", 90, 200)], FIRST, FIRST),  # a passage with both facts is ideal and no more
        (COPIES, [("copy", 0, 40)], FIRST, FIRST),
        (ARTICLE, [("a", 0, 50)], None, FIRST),
    ],
)
def test_what_is_found_by_hand(about: Any, ranking: list[tuple[str, int, int]], by_quote: Any, by_article: Any) -> None:
    asked, gold = about
    found = tuple(Place(f"{name}.txt", start, end) for name, start, end in ranking)
    observed = outcome(rankings={"fused": found, "bm25": ()}, gold=gold)
    scores = values(retrieval, asked, observed)
    for unit, expected in (("quote", by_quote), ("article", by_article)):
        measures = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
        got = [scores.get(f"fused.{unit}.{name}") for name in measures]
        assert expected is None or got == pytest.approx(expected)
        assert recalls(asked, observed, (1, 5, 10)).get(f"fused.{unit}", [None] * 3) == got[:3]
    assert (by_quote is None) is not any(".quote." in name for name in scores)
    assert all(name.startswith("fused") or not value for name, value in scores.items())


def test_what_is_not_in_the_articles_is_left_out_and_named_and_without_a_search_nothing_is_scored() -> None:
    (asked, gold), (two, places) = ONE, TWO
    ranking = {"bm25": (Place("b.txt", 0, 50),)}
    nothing = values(retrieval, asked, outcome(rankings=ranking, gold=(None,)))
    assert (len(nothing), set(nothing.values())) == (10, {None})
    half = scored(retrieval, two, outcome(rankings=ranking, gold=(None, places[1])))["bm25.quote.recall@1"]
    assert half.value == 1 and half.explanation.startswith(f"“{'b' * 20}” of b.txt: rank 1;")
    assert half.explanation.endswith("a.txt: not in the articles, left out")
    missed = scored(retrieval, asked, outcome(rankings=ranking, gold=gold))["bm25.quote.mrr@10"]
    assert missed.explanation.endswith("of a.txt: not among 1")
    for other, observed in (
        (asked, outcome(gold=gold)),
        (unanswerable(evidence=asked.evidence), outcome(rankings=ranking, gold=gold)),
        (case(), outcome(rankings=ranking)),
    ):
        assert values(retrieval, other, observed) == {}
