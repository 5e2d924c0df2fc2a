from __future__ import annotations

from eval_helpers import answer, case, failed, outcome, unanswerable

from evals.scorers.refusal import SCORERS, refused
from evals.types import Case, Outcome


def scores(asked: Case, given: Outcome) -> dict[str, float | None]:
    return {score.name: score.value for scorer in SCORERS for score in scorer(asked, given)}


def test_a_refusal_of_an_unanswerable_question_is_right() -> None:
    assert scores(unanswerable(), outcome("The articles do not mention football.")) == {
        "refusal_recall": 1.0,
        "refusal_precision": 1.0,
        "answered_unanswerable": 0.0,
    }


def test_an_answer_to_an_unanswerable_question_is_wrong() -> None:
    assert scores(unanswerable(), outcome("Homs won.")) == {"refusal_recall": 0.0, "answered_unanswerable": 1.0}


def test_a_refusal_of_an_answerable_question_is_wrong() -> None:
    assert scores(case(), outcome("Not stated.")) == {"refusal_precision": 0.0, "refused_answerable": 1.0}


def test_an_answer_to_an_answerable_question_is_no_refusal_even_if_wrong() -> None:
    assert scores(case(), outcome("Aleppo.")) == {"refused_answerable": 0.0}


def test_what_a_system_calls_a_refusal_is_one_whatever_its_text() -> None:
    given = answer("It was not Homs but Hama [1].", [("a.txt", 0, 9, "Hama fell")], abstained=True)
    assert refused(given)
    assert scores(case(), outcome(given))["refused_answerable"] == 1.0


def test_a_refusal_in_words_counts_although_the_system_does_not_say_so() -> None:
    assert refused(answer("The articles do not say where he fled; they only say he was in power.", abstained=False))


def test_a_negative_answer_is_no_refusal() -> None:
    assert not refused(answer("The army did not say how many soldiers died."))


def test_an_empty_answer_is_a_refusal() -> None:
    assert scores(unanswerable(), outcome(""))["refusal_recall"] == 1.0


def test_a_failure_is_unscored_and_says_why() -> None:
    assert scores(unanswerable(), failed()) == {"refusal_recall": None, "answered_unanswerable": None}
    assert scores(case(), failed()) == {"refused_answerable": None}
    (score,) = SCORERS[0](unanswerable(), failed("The server is gone."))
    assert score.explanation == "failed: The server is gone."


def test_the_explanations_quote_what_was_said() -> None:
    said = {
        score.name: score.explanation for scorer in SCORERS for score in scorer(unanswerable(), outcome("Homs won."))
    }
    assert said["refusal_recall"] == 'answered, though the articles do not answer it: "Homs won."'
    (score,) = SCORERS[3](case(), outcome("Not stated."))
    assert score.explanation == 'refused, though the articles answer it: "Not stated."'
