from __future__ import annotations

import pytest
from eval_helpers import answer, case, failed, outcome, unanswerable

from evals.scorers.answer import SCORERS, answers_given, correct, f1, judge_agrees, judged_correct, wrong_stated
from evals.types import Case, Outcome

BOTH = case("Who composed it?", ["Johannes Brahms", "Wolfgang Amadeus Mozart"], several=True)
DISPUTED = case("When was he born?", ["8 February 1900"], wrong=("15 July 1905", "1 May 1901"))


def scores(asked: Case, given: Outcome) -> dict[str, float | None]:
    return {score.name: score.value for scorer in SCORERS for score in scorer(asked, given)}


def test_a_right_answer_in_other_words_scores_one() -> None:
    (score,) = correct(case("How far is it?", ["25 miles"]), outcome("It lies about twenty-five miles away [1]."))
    assert (score.value, score.explanation) == (1.0, 'says "25 miles", which is accepted')


def test_a_wrong_answer_with_a_similar_number_scores_zero() -> None:
    (score,) = correct(case("How far is it?", ["25 miles"]), outcome("It lies 125 miles away [1]."))
    assert (score.value, score.explanation) == (0.0, 'says none of: "25 miles"')


def test_an_answer_that_quotes_the_question_scores_zero() -> None:
    asked = case("Did the insurgents capture Homs or Hama?", ["Hama"])
    assert correct(asked, outcome("The insurgents did capture Homs or Hama."))[0].value == 0.0


def test_a_refusal_that_names_the_answer_is_still_a_refusal() -> None:
    given = outcome("The articles do not say which city was captured. They mention only Homs.")
    assert scores(case(), given) == {"correct": 0.0, "f1": 0.0}
    assert correct(case(), given)[0].explanation == "refused, though the articles answer it"


def test_an_abstained_answer_is_not_right_whatever_it_cites() -> None:
    assert (
        correct(case(), outcome(answer("It was Homs [1].", [("a.txt", 0, 4, "Homs")], abstained=True)))[0].value == 0.0
    )


def test_an_empty_answer_scores_zero() -> None:
    assert scores(case(), outcome("")) == {"correct": 0.0, "f1": 0.0}


def test_an_unanswerable_question_has_no_answer_scores() -> None:
    assert scores(unanswerable(), outcome("Homs.", verdict="Yes")) == {}


def test_a_failure_is_unscored_and_says_why() -> None:
    asked = case("Who?", ["Homs", "Hama"], several=True, wrong=("Aleppo",))
    assert scores(asked, failed()) == {"correct": None, "f1": None, "answers_given": None, "wrong_stated": None}
    assert correct(asked, failed("The server is gone."))[0].explanation == "failed: The server is gone."


def test_an_answerable_case_that_accepts_nothing_is_unscored() -> None:
    assert correct(case(accepted=[]), outcome("Homs."))[0].value is None


def test_f1_falls_with_every_needless_word() -> None:
    short, long = f1(case(), outcome("Homs")), f1(case(), outcome("They have captured Homs"))
    assert short[0].value == 1.0
    assert long[0].value == pytest.approx(0.4)


def test_f1_of_an_answer_that_gives_all_valid_ones_is_full() -> None:
    assert f1(BOTH, outcome("Johannes Brahms and Wolfgang Amadeus Mozart"))[0].value == 1.0


def test_f1_does_not_apply_where_only_a_pattern_is_accepted() -> None:
    assert f1(case(accepted=[], patterns=("homs",)), outcome("Homs")) == []


def test_the_share_of_valid_answers_is_counted() -> None:
    (score,) = answers_given(BOTH, outcome("Johannes Brahms."))
    assert (score.value, score.explanation) == (0.5, 'gives 1 of 2, lacks "Wolfgang Amadeus Mozart"')
    assert answers_given(case(), outcome("Homs.")) == []
    assert answers_given(BOTH, outcome("Not stated."))[0].value == 0.0


def test_a_known_wrong_answer_is_found_in_any_form() -> None:
    (score,) = wrong_stated(DISPUTED, outcome("He was born on July 15, 1905."))
    assert (score.value, score.explanation) == (1.0, 'states "15 July 1905", which is wrong')


def test_an_answer_can_be_right_and_state_a_wrong_one_too() -> None:
    given = outcome("Either 8 February 1900 or 15 July 1905.")
    assert (correct(DISPUTED, given)[0].value, wrong_stated(DISPUTED, given)[0].value) == (1.0, 1.0)


def test_no_wrong_answer_is_stated_by_denying_it_or_by_refusing() -> None:
    assert wrong_stated(DISPUTED, outcome("8 February 1900, not 15 July 1905."))[0].value == 0.0
    assert wrong_stated(DISPUTED, outcome("The articles do not say. They mention 15 July 1905."))[0].value == 0.0


def test_wrong_answers_that_are_accepted_too_leave_the_case_unscored() -> None:
    asked = case("What sport?", ["Ice hockey"], wrong=("Ice Hockey",))
    assert wrong_stated(asked, outcome("Ice hockey"))[0].value is None


@pytest.mark.parametrize("verdict", ["Yes", "**Yes.** Both say Homs.", "  yes, it does", "YES"])
def test_a_judge_that_begins_with_yes_says_yes(verdict: str) -> None:
    assert judged_correct(case(), outcome(verdict=verdict))[0].value == 1.0


@pytest.mark.parametrize("verdict", ["No", "no.", '"No", it names Hama.', "- No"])
def test_a_judge_that_begins_with_no_says_no(verdict: str) -> None:
    assert judged_correct(case(), outcome(verdict=verdict))[0].value == 0.0


@pytest.mark.parametrize(
    "verdict", ["", "Homs", "The answer is yes", "Not sure", "Yesterday", "Yes or No", "yes/no", "Nothing", "42"]
)
def test_a_judge_that_answers_nonsense_is_unscored_and_never_zero(verdict: str) -> None:
    for scorer in (judged_correct, judge_agrees):
        (score,) = scorer(case(), outcome(verdict=verdict))
        assert score.value is None
        assert "neither yes nor no" in score.explanation


def test_without_a_judge_there_is_no_judged_score() -> None:
    assert set(scores(case(), outcome("Homs."))) == {"correct", "f1"}


def test_the_judge_agrees_if_its_word_is_that_of_the_match() -> None:
    right, wrong = outcome("Homs.", verdict="Yes"), outcome("Hama.", verdict="Yes")
    (agrees,), (differs,) = judge_agrees(case(), right), judge_agrees(case(), wrong)
    assert (agrees.value, differs.value) == (1.0, 0.0)
    assert differs.explanation == 'the judge model says right; the match: says none of: "Homs"'
    assert judge_agrees(case(), outcome("Hama.", verdict="No"))[0].value == 1.0
