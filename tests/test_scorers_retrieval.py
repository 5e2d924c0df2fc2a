"""Retrieval scores against figures worked out by hand."""

from __future__ import annotations

import math

import pytest
from eval_helpers import case, outcome, unanswerable

from evals.scorers.retrieval import SCORERS, retrieval
from evals.types import Case, GoldQuote, Outcome, Place


def scores(asked: Case, ranking: list[Place], gold: list[Place | None], mode: str = "fused") -> dict[str, float | None]:
    observed = outcome(rankings={mode: tuple(ranking)}, gold=tuple(gold))
    return {score.name: score.value for score in retrieval(asked, observed)}


def one_fact() -> tuple[Case, list[Place | None]]:
    return case(evidence=(GoldQuote("a.txt", "x" * 40),)), [Place("a.txt", 100, 140)]


def test_a_quote_at_rank_three_is_in_recall_at_5_and_gives_a_third() -> None:
    asked, gold = one_fact()
    ranking = [Place("b.txt", 0, 90), Place("a.txt", 200, 300), Place("a.txt", 90, 200)]
    found = scores(asked, ranking, gold)
    assert (found["fused.quote.recall@1"], found["fused.quote.recall@5"], found["fused.quote.recall@10"]) == (0, 1, 1)
    assert found["fused.quote.mrr@10"] == pytest.approx(1 / 3)
    assert found["fused.quote.ndcg@10"] == pytest.approx(0.5)  # 1 / log2(4)


def test_articles_are_ranked_by_their_first_passage() -> None:
    asked, gold = one_fact()
    ranking = [Place("b.txt", 0, 90), Place("b.txt", 90, 200), Place("a.txt", 500, 600)]
    found = scores(asked, ranking, gold)
    assert found["fused.article.mrr@10"] == 0.5
    assert found["fused.article.ndcg@10"] == pytest.approx(1 / math.log2(3))
    assert found["fused.quote.mrr@10"] == 0


def test_half_of_a_quote_is_held_and_less_than_half_is_not() -> None:
    asked, gold = one_fact()
    assert scores(asked, [Place("a.txt", 120, 300)], gold)["fused.quote.recall@1"] == 1
    assert scores(asked, [Place("a.txt", 121, 300)], gold)["fused.quote.recall@1"] == 0


def test_the_same_offsets_of_another_article_are_not_the_quote() -> None:
    asked, gold = one_fact()
    found = scores(asked, [Place("b.txt", 100, 140)], gold)
    assert set(found.values()) == {0}


def test_what_is_found_at_rank_11_counts_nowhere() -> None:
    asked, gold = one_fact()
    ranking = [Place(f"{n}.txt", 0, 50) for n in range(10)] + [Place("a.txt", 100, 140)]
    assert set(scores(asked, ranking, gold).values()) == {0}


def two_facts() -> tuple[Case, list[Place | None]]:
    evidence = (GoldQuote("a.txt", "x" * 40, fact=0), GoldQuote("b.txt", "y" * 20, fact=1))
    return case(evidence=evidence), [Place("a.txt", 100, 140), Place("b.txt", 0, 20)]


def test_one_of_two_facts_is_half_the_recall() -> None:
    asked, gold = two_facts()
    found = scores(asked, [Place("c.txt", 0, 50), Place("b.txt", 0, 50)], gold)
    assert found["fused.quote.recall@1"] == 0
    assert found["fused.quote.recall@5"] == 0.5
    assert found["fused.quote.mrr@10"] == 0.5
    # 1/log2(3) of an ideal 1/log2(2) + 1/log2(3)
    assert found["fused.quote.ndcg@10"] == pytest.approx(0.6309 / 1.6309, abs=1e-4)


def test_facts_at_ranks_one_and_three() -> None:
    asked, gold = two_facts()
    found = scores(asked, [Place("b.txt", 0, 50), Place("c.txt", 0, 50), Place("a.txt", 90, 150)], gold)
    assert (found["fused.quote.recall@1"], found["fused.quote.recall@5"]) == (0.5, 1)
    assert found["fused.quote.mrr@10"] == 1
    assert found["fused.quote.ndcg@10"] == pytest.approx(1.5 / 1.6309, abs=1e-4)


def test_a_fact_found_again_gains_nothing() -> None:
    asked, gold = two_facts()
    again = [Place("a.txt", 90, 150), Place("a.txt", 95, 160), Place("a.txt", 100, 170)]
    found = scores(asked, again, gold)
    assert found["fused.quote.recall@10"] == 0.5
    assert found["fused.quote.ndcg@10"] == pytest.approx(1 / 1.6309, abs=1e-4)


def test_a_passage_that_holds_both_facts_is_ideal_and_no_more() -> None:
    asked = case(evidence=(GoldQuote("a.txt", "x" * 40, fact=0), GoldQuote("a.txt", "y" * 20, fact=1)))
    found = scores(asked, [Place("a.txt", 90, 200)], [Place("a.txt", 100, 140), Place("a.txt", 150, 170)])
    assert set(found.values()) == {1.0}


def test_any_quote_of_a_fact_finds_it() -> None:
    asked = case(evidence=(GoldQuote("a.txt", "x" * 40), GoldQuote("copy.txt", "x" * 40)))
    found = scores(asked, [Place("copy.txt", 0, 40)], [Place("a.txt", 100, 140), Place("copy.txt", 0, 40)])
    assert set(found.values()) == {1.0}


def test_evidence_that_names_an_article_only_is_scored_by_article_alone() -> None:
    asked = case(evidence=(GoldQuote("a.txt"),))
    found = scores(asked, [Place("a.txt", 0, 50)], [Place("a.txt", 0, 5000)])
    assert {name.split(".")[1] for name in found} == {"article"}
    assert found["fused.article.recall@1"] == 1


def test_evidence_that_is_not_in_the_articles_is_unscored() -> None:
    asked, _ = one_fact()
    found = scores(asked, [Place("a.txt", 0, 50)], [None])
    assert len(found) == 10
    assert set(found.values()) == {None}


def test_a_fact_that_is_not_in_the_articles_is_left_out_and_named() -> None:
    asked, _ = two_facts()
    observed = outcome(rankings={"bm25": (Place("b.txt", 0, 50),)}, gold=(None, Place("b.txt", 0, 20)))
    recall = {score.name: score for score in retrieval(asked, observed)}["bm25.quote.recall@1"]
    assert recall.value == 1
    assert "a.txt: not in the articles, left out" in recall.explanation


def test_a_search_that_finds_nothing_scores_zero() -> None:
    asked, gold = one_fact()
    assert set(scores(asked, [], gold).values()) == {0}


def test_no_ranking_and_no_answer_to_find_give_no_score() -> None:
    asked, gold = one_fact()
    assert retrieval(asked, outcome(gold=tuple(gold))) == []
    assert scores(unanswerable(evidence=asked.evidence), [Place("a.txt", 100, 140)], gold) == {}
    assert scores(case(), [Place("a.txt", 100, 140)], []) == {}


def test_a_run_of_searches_alone_is_scored() -> None:
    asked, gold = one_fact()
    searched = Outcome("search", None, rankings={"dense": (Place("a.txt", 100, 140),)}, gold=tuple(gold))
    assert {score.name: score.value for score in retrieval(asked, searched)}["dense.quote.recall@1"] == 1


def test_each_search_has_scores_of_its_own_that_say_the_rank() -> None:
    asked, gold = one_fact()
    rankings = {"bm25": (Place("a.txt", 100, 140),), "dense": (Place("b.txt", 0, 9),)}
    found = {score.name: score for score in SCORERS[0](asked, outcome(rankings=rankings, gold=tuple(gold)))}
    assert len(found) == 20
    assert found["bm25.quote.recall@1"].explanation.endswith("of a.txt: rank 1")
    assert found["dense.quote.recall@1"].explanation.endswith("of a.txt: not among 1")
