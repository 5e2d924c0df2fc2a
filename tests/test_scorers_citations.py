"""Citation scores: every way a citation can be wrong must cost something, and nothing else may."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import pytest
from eval_helpers import answer, case, citation, failed, outcome, unanswerable

from evals.scorers.citations import SCORERS, citations, decided_by_gold, needed_judgements
from evals.types import Case, GoldQuote, Outcome, Place, Score, Support
from rag.types import Citation

BEFORE = "Fighting went on in the north."
GOLD = "The insurgents seized Homs at dawn"
AFTER = "Residents celebrated in its streets."
TEXT = f"{BEFORE} {GOLD}. {AFTER}"
ASKED = case(evidence=(GoldQuote("a.txt", GOLD),))
PLACES = (Place("a.txt", TEXT.index(GOLD), TEXT.index(GOLD) + len(GOLD)),)


def cite(number: int, quote: str, article: str = "a.txt", carriers: tuple[str, ...] = ()) -> Citation:
    """A citation of `quote` where it stands in TEXT."""
    start = TEXT.index(quote)
    return citation(number, article, start, start + len(quote), quote, carriers)


def said(
    text: str, *cited: Citation, support: tuple[Support, ...] = (), gold: tuple[Place | None, ...] = PLACES
) -> Outcome:
    """An outcome whose citations are exact and whose gold quote was found."""
    given = replace(answer(text), citations=cited)
    return outcome(given, gold=gold, support=support, stood={one.number: one.quote for one in cited})


def judged(sentence: int, cited: tuple[int, ...], supported: bool | None) -> Support:
    return Support(sentence, cited, None if supported is None else float(supported), supported, "the judge read it")


def scores(asked: Case, observed: Outcome) -> dict[str, Score]:
    return {score.name: score for score in citations(asked, observed)}


def value(name: str, asked: Case, observed: Outcome) -> float | None:
    return scores(asked, observed)[name].value


# --------------------------------------------------------------------------------------------- the gold quote


def test_the_accepted_answer_with_the_gold_quote_is_perfect_without_any_judge() -> None:
    observed = said("The insurgents captured Homs [1].", cite(1, GOLD))
    assert {name: score.value for name, score in scores(ASKED, observed).items()} == {
        "citation_recall": 1,
        "citation_precision": 1,
        "quote_exact": 1,
        "gold_cited": 1,
    }
    assert needed_judgements(ASKED, observed) == []


@pytest.mark.parametrize("neighbour", [BEFORE, AFTER])
def test_the_neighbouring_sentence_is_not_the_gold_quote(neighbour: str) -> None:
    observed = said("The insurgents captured Homs [1].", cite(1, neighbour), support=(judged(0, (1,), False),))
    found = {name: score.value for name, score in scores(ASKED, observed).items()}
    assert found == {"citation_recall": 0, "citation_precision": 0, "quote_exact": 1, "gold_cited": 0}
    assert needed_judgements(ASKED, observed) == [(0, (1,))]


def test_the_right_words_at_the_offsets_of_the_neighbour_are_not_the_gold_quote() -> None:
    moved = replace(cite(1, AFTER), quote=GOLD)
    observed = replace(said("Homs [1].", moved, support=(judged(0, (1,), False),)), stood={1: AFTER})
    found = scores(ASKED, observed)
    assert found["gold_cited"].value == found["quote_exact"].value == found["citation_recall"].value == 0


def test_a_wrong_answer_with_the_gold_quote_is_left_to_the_judge() -> None:
    observed = said("The insurgents captured Hama [1].", cite(1, GOLD), support=(judged(0, (1,), False),))
    assert needed_judgements(ASKED, observed) == [(0, (1,))]
    assert value("citation_recall", ASKED, observed) == 0
    assert value("gold_cited", ASKED, observed) == 1


def test_a_true_sentence_that_does_not_answer_is_left_to_the_judge() -> None:
    assert needed_judgements(ASKED, said("The insurgents took it at dawn [1].", cite(1, GOLD))) == [(0, (1,))]


def test_gold_decides_nothing_where_the_articles_do_not_answer() -> None:
    observed = said("The insurgents captured Homs [1].", cite(1, GOLD))
    assert needed_judgements(replace(ASKED, answerable=False), observed) == [(0, (1,))]


@pytest.mark.parametrize(
    "text", ["Insurgents led by Jolani captured Homs [1].", "The 40,000 insurgents captured Homs [1]."]
)
def test_a_name_or_number_beyond_the_gold_quote_is_left_to_the_judge(text: str) -> None:
    assert needed_judgements(ASKED, said(text, cite(1, GOLD))) == [(0, (1,))]


def test_a_known_wrong_answer_beside_the_right_one_is_left_to_the_judge() -> None:
    asked = replace(ASKED, wrong=("the north",))
    text = "The insurgents captured Homs and the north [1]."
    assert needed_judgements(asked, said(text, cite(1, GOLD))) == [(0, (1,))]
    assert needed_judgements(ASKED, said(text, cite(1, GOLD))) == []


def test_half_of_the_gold_quote_is_enough_and_less_is_not() -> None:
    place = PLACES[0]
    assert len(GOLD) % 2 == 0
    half = place.start + len(GOLD) // 2
    enough = citation(1, "a.txt", place.start, half, TEXT[place.start : half])
    short = citation(1, "a.txt", place.start, half - 1, TEXT[place.start : half - 1])
    assert value("gold_cited", ASKED, said("Homs [1].", enough)) == 1
    assert value("gold_cited", ASKED, said("Homs [1].", short)) == 0


def test_parts_of_the_gold_quote_in_two_citations_add_up() -> None:
    place = PLACES[0]
    cuts = (place.start, place.start + len(GOLD) // 3, place.start + 2 * len(GOLD) // 3)
    parts = [citation(n, "a.txt", a, b, TEXT[a:b]) for n, (a, b) in enumerate([cuts[:2], cuts[1:]], 1)]
    assert value("gold_cited", ASKED, said("Homs [1][2].", *parts)) == 1
    assert value("gold_cited", ASKED, said("Homs [1].", parts[0])) == 0


def test_the_gold_offsets_in_another_article_are_not_the_gold_quote() -> None:
    elsewhere = replace(cite(1, GOLD), article="b.txt", carriers=("b.txt",))
    assert value("gold_cited", ASKED, said("Homs [1].", elsewhere)) == 0


def test_a_copy_in_an_article_that_carries_the_same_words_is_the_gold_quote() -> None:
    copy = citation(1, "b.txt", 900, 960, "Insurgents captured the city of Homs at dawn.", ("b.txt", "a.txt"))
    assert value("gold_cited", ASKED, said("Homs [1].", copy)) == 1
    assert needed_judgements(ASKED, said("The insurgents captured Homs [1].", copy)) == []


def test_the_neighbouring_sentence_of_a_copy_is_not_the_gold_quote() -> None:
    copy = citation(1, "b.txt", 900, 960, AFTER, ("b.txt", "a.txt"))
    assert value("gold_cited", ASKED, said("Homs [1].", copy)) == 0


def test_a_made_up_quote_does_not_make_a_copy() -> None:
    copy = citation(1, "b.txt", 900, 960, GOLD, ("b.txt", "a.txt"))
    observed = replace(said("Homs [1].", copy), stood={1: AFTER})
    assert value("gold_cited", ASKED, observed) == 0


def test_any_quote_of_a_fact_is_enough() -> None:
    asked = case(evidence=(GoldQuote("z.txt", GOLD), GoldQuote("a.txt", GOLD)))
    observed = said("Homs [1].", cite(1, GOLD), gold=(Place("z.txt", 0, len(GOLD)), *PLACES))
    assert value("gold_cited", asked, observed) == 1


JOINED = case(
    accepted=[("Homs", "celebrated")], evidence=(GoldQuote("a.txt", GOLD, fact=0), GoldQuote("a.txt", AFTER, fact=1))
)
BOTH = (*PLACES, Place("a.txt", TEXT.index(AFTER), len(TEXT)))


def test_a_joined_answer_needs_the_quotes_of_all_facts() -> None:
    text = "They captured Homs and residents celebrated [1][2]."
    observed = said(text, cite(1, GOLD), cite(2, AFTER), gold=BOTH)
    assert decided_by_gold(JOINED, observed, 0, (1, 2))
    assert not decided_by_gold(JOINED, observed, 0, (1,))
    assert value("citation_recall", JOINED, observed) == 1
    assert value("gold_cited", JOINED, said(text, cite(1, GOLD), gold=BOTH)) == 0.5


def test_an_article_without_a_quote_decides_nothing() -> None:
    asked = case(evidence=(GoldQuote("a.txt"),))
    observed = said("The insurgents captured Homs [1].", cite(1, GOLD), gold=(Place("a.txt", 0, len(TEXT)),))
    assert needed_judgements(asked, observed) == [(0, (1,))]
    assert "gold_cited" not in scores(asked, observed)


def test_a_fact_that_names_an_article_only_leaves_the_whole_to_the_judge() -> None:
    asked = case(evidence=(GoldQuote("a.txt", GOLD, fact=0), GoldQuote("b.txt", fact=1)))
    observed = said("The insurgents captured Homs [1].", cite(1, GOLD), gold=(*PLACES, Place("b.txt", 0, 99)))
    assert needed_judgements(asked, observed) == [(0, (1,))]
    assert scores(asked, observed)["gold_cited"].explanation == "1 of 1 gold quotes are cited"


def test_gold_quotes_that_were_not_found_are_unscored() -> None:
    assert value("gold_cited", ASKED, said("Homs [1].", cite(1, GOLD), gold=(None,))) is None
    assert value("gold_cited", ASKED, said("Homs [1].", cite(1, GOLD), gold=())) is None


def test_a_gold_quote_that_was_not_found_is_left_out_and_counted_aloud() -> None:
    found = scores(JOINED, said("Homs [1].", cite(1, GOLD), gold=(*PLACES, None)))["gold_cited"]
    assert found.value == 1
    assert "1 more not found" in found.explanation


def test_an_answer_without_citations_cites_no_gold_quote() -> None:
    found = scores(ASKED, said("The insurgents captured Homs."))
    assert found["gold_cited"].value == 0
    assert found["citation_recall"].value == 0
    assert "citation_precision" not in found and "quote_exact" not in found


def test_the_missed_gold_quote_and_what_was_cited_instead_are_named() -> None:
    explanation = scores(ASKED, said("Homs [1].", cite(1, BEFORE)))["gold_cited"].explanation
    assert GOLD in explanation and f"[1] a.txt 0-{len(BEFORE)}" in explanation


# -------------------------------------------------------------------------------------- recall and precision


def test_a_sentence_without_a_citation_is_not_supported() -> None:
    observed = said("The insurgents captured Homs [1]. It was dawn.", cite(1, GOLD))
    found = scores(ASKED, observed)
    assert found["citation_recall"].value == 0.5
    assert found["citation_precision"].value == 1
    assert "sentence 2 not supported: it cites nothing" in found["citation_recall"].explanation


def test_without_the_judges_word_it_is_unscored() -> None:
    for support in ((), (judged(0, (1,), None),), (judged(1, (1,), True),), (judged(0, (1, 2), True),)):
        found = scores(ASKED, said("Hama fell [1].", cite(1, AFTER), support=support))
        assert found["citation_recall"].value is None
        assert found["citation_precision"].value is None
        assert "sentence 1 [1]" in found["citation_recall"].explanation


def test_a_citation_beside_the_one_that_says_it_all_is_not_needed() -> None:
    text = "The insurgents captured Homs [1][2]."
    observed = said(text, cite(1, GOLD), cite(2, AFTER), support=(judged(0, (2,), False),))
    assert needed_judgements(ASKED, observed) == [(0, (2,))]
    found = scores(ASKED, observed)
    assert found["citation_recall"].value == 1
    assert found["citation_precision"].value == 0.5
    assert "[2] of sentence 1 does not count: not needed beside [1]" in found["citation_precision"].explanation


def test_two_citations_that_each_say_it_both_count() -> None:
    text = "The insurgents captured Homs [1][2]."
    observed = said(text, cite(1, GOLD), cite(2, AFTER), support=(judged(0, (2,), True),))
    assert value("citation_precision", ASKED, observed) == 1


NO_GOLD = case(evidence=())


def words(whole: bool, alone: tuple[bool, bool]) -> tuple[Support, ...]:
    return (judged(0, (1, 2), whole), judged(0, (1,), alone[0]), judged(0, (2,), alone[1]))


@pytest.mark.parametrize(
    ("whole", "alone", "recall", "precision"),
    [
        (True, (False, False), 1, 1),  # they say it together only: both are needed
        (True, (True, False), 1, 0.5),
        (True, (True, True), 1, 1),
        (False, (True, False), 0, 0),  # whatever the judge says of one: ALCE asks for the whole first
    ],
)
def test_two_citations_as_alce_counts_them(
    whole: bool, alone: tuple[bool, bool], recall: float, precision: float
) -> None:
    observed = said("It fell [1][2].", cite(1, GOLD), cite(2, AFTER), support=words(whole, alone))
    assert value("citation_recall", NO_GOLD, observed) == recall
    assert value("citation_precision", NO_GOLD, observed) == precision


def test_of_three_citations_the_one_that_the_others_do_without_is_irrelevant() -> None:
    three = [cite(1, BEFORE), cite(2, GOLD), cite(3, AFTER)]
    supported = {(1, 2, 3): True, (2, 3): True, (1, 2): False, (1, 3): False, (1,): False, (2,): False, (3,): False}
    support = tuple(judged(0, group, verdict) for group, verdict in supported.items())
    observed = said("It fell [1][2][3].", *three, support=support)
    assert value("citation_precision", NO_GOLD, observed) == pytest.approx(2 / 3)
    assert set(needed_judgements(NO_GOLD, observed)) == {(0, group) for group in supported}


def test_the_order_in_which_the_judge_was_asked_does_not_matter() -> None:
    observed = said("It fell [2][1].", cite(1, GOLD), cite(2, AFTER), support=(judged(0, (2, 1), True),))
    assert value("citation_recall", NO_GOLD, observed) == 1


def test_a_citation_of_two_sentences_counts_in_each() -> None:
    support = (judged(0, (1,), True), judged(1, (1,), False))
    observed = said("It fell [1]. It rained [1].", cite(1, GOLD), support=support)
    assert value("citation_precision", NO_GOLD, observed) == 0.5
    assert value("citation_recall", NO_GOLD, observed) == 0.5


def test_the_same_number_twice_is_one_citation() -> None:
    observed = said("The insurgents captured Homs [1][2][2].", cite(1, GOLD), cite(2, AFTER))
    assert needed_judgements(ASKED, observed) == [(0, (2,))]
    observed = replace(observed, support=(judged(0, (2,), False),))
    assert value("citation_precision", ASKED, observed) == 0.5


def test_a_number_that_does_not_exist_supports_nothing() -> None:
    beside = said("The insurgents captured Homs [1][9].", cite(1, GOLD))
    assert value("citation_precision", ASKED, beside) == 0.5
    assert value("citation_recall", ASKED, beside) == 1
    alone = said("The insurgents captured Homs [9].", cite(1, GOLD))
    assert value("citation_precision", ASKED, alone) == 0
    assert value("citation_recall", ASKED, alone) == 0
    assert needed_judgements(ASKED, alone) == []


def test_an_answer_to_an_unanswerable_question_is_judged_without_gold() -> None:
    observed = said("Homs won it [1].", cite(1, GOLD), support=(judged(0, (1,), False),))
    found = scores(unanswerable(evidence=ASKED.evidence), observed)
    assert found["citation_recall"].value == found["citation_precision"].value == 0
    assert "gold_cited" not in found


@pytest.mark.parametrize("gold", [PLACES, (None,)])
@pytest.mark.parametrize("text", ["Homs fell [1][2][3].", "It fell [1][2]. Homs [2][3]. Rain.", "It fell [3][1]."])
def test_the_needed_judgements_are_all_that_the_scores_need(text: str, gold: tuple[Place | None, ...]) -> None:
    asked = said(text, cite(1, BEFORE), cite(2, GOLD), cite(3, AFTER), gold=gold)
    needed = needed_judgements(ASKED, asked)
    assert len(needed) == len(set(needed)) > 0
    # whatever subset of them the judge supports, nothing is left unscored
    for supported in chain.from_iterable(combinations(needed, size) for size in range(len(needed) + 1)):
        observed = replace(asked, support=tuple(judged(*pair, pair in supported) for pair in needed))
        found = scores(ASKED, observed)
        assert found["citation_recall"].value is not None
        assert found["citation_precision"].value is not None


# ---------------------------------------------------------------------------------------------- exact quotes


def test_one_changed_character_is_not_exact_and_is_shown() -> None:
    observed = replace(
        said("Homs [1][2].", cite(1, GOLD), cite(2, AFTER)), stood={1: GOLD, 2: AFTER.replace("its", "the")}
    )
    found = scores(ASKED, observed)["quote_exact"]
    assert found.value == 0.5
    assert "[2] says “…dents celebrated in its streets.”" in found.explanation
    assert "in the streets." in found.explanation


def test_a_quote_of_an_article_that_does_not_exist_is_not_exact() -> None:
    observed = replace(said("Homs [1].", cite(1, GOLD)), stood={1: ""})
    assert value("quote_exact", ASKED, observed) == 0


def test_an_empty_quote_is_not_exact() -> None:
    observed = replace(said("Homs [1].", citation(1, "a.txt", 5, 5, "")), stood={1: ""})
    assert value("quote_exact", ASKED, observed) == 0


def test_a_quote_that_nobody_looked_up_is_unscored() -> None:
    observed = replace(said("Homs [1][2].", cite(1, GOLD), cite(2, AFTER)), stood={1: GOLD})
    found = scores(ASKED, observed)["quote_exact"]
    assert found.value is None
    assert "[2]" in found.explanation


# ------------------------------------------------------------------------------------------ what is not scored


def test_a_refusal_has_no_citation_scores_even_if_it_cites() -> None:
    refusal = replace(answer("The articles do not say. Homs fell [1].", abstained=True), citations=(cite(1, AFTER),))
    observed = outcome(refusal, gold=PLACES, stood={1: AFTER})
    assert citations(ASKED, observed) == []
    assert needed_judgements(ASKED, observed) == []


def test_a_system_that_failed_is_unscored_with_its_error() -> None:
    found = scores(ASKED, failed())
    assert set(found) == {"citation_recall", "citation_precision", "quote_exact", "gold_cited"}
    assert {score.value for score in found.values()} == {None}
    assert all("ollama serve" in score.explanation for score in found.values())
    assert "gold_cited" not in scores(unanswerable(), failed())
    assert needed_judgements(ASKED, failed()) == []


def test_a_run_of_searches_alone_has_no_citation_scores() -> None:
    assert SCORERS[0](ASKED, Outcome("search", None, gold=PLACES)) == []
