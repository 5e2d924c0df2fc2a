"""Every date, number and name of a sentence stands in what it cites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from rag.literal import foreign, lacking


@dataclass(frozen=True)
class Words:
    quote: str
    title: str = "The port of Lenn"
    date: date | None = date(2024, 12, 5)


@pytest.mark.parametrize(
    ("sentence", "quote", "missing"),
    [
        ("It has 1,500 berths.", "The port has fifteen hundred berths.", None),
        ("It has 1,500 berths.", "The port has 1,400 berths.", "1,500"),
        ("It is 25 km away.", "It lies 25 miles off.", "25"),
        ("It closed on Wednesday 4 December 2024.", "It closed on Wednesday, police said.", None),
        ("It closed on 3 December.", "It closed on Wednesday, police said.", "3 December"),
        ("It closed on 5 December 2024.", "It closed later the same day.", None),
        ("It closed in 2023.", "It closed on 3 May 2023.", None),
        ("Ana Torp runs it.", "The port is run by Torp, who is called Ana.", None),
        ("The British firm runs Lenn.", "A company from the United Kingdom runs it.", None),
        ("Ana Torp runs it.", "The port is run by Ivar Torp.", "Ana"),
        ("The LPU struck.", "The Lenn Port Union struck.", None),
        ("The first ship came.", "A ship came.", None),
        ("The third ship came.", "A ship came.", "third"),
        ("Four were hurt.", "Fourteen were hurt, not four.", "Four"),
    ],
)
def test_a_sentence_says_no_date_number_or_name_that_its_quotes_do_not_have(
    sentence: str, quote: str, missing: str | None
) -> None:
    reason = lacking(sentence, [Words(quote)])
    assert (reason is None) if missing is None else (reason is not None and missing.lower() in reason.lower())


def test_several_quotes_carry_a_sentence_together_and_a_number_of_the_question_is_given() -> None:
    one, two = Words("Ana Torp spoke."), Words("Forty ships lay in the port.")
    assert lacking("Ana Torp spoke of forty ships.", [one])
    assert lacking("Ana Torp spoke of forty ships.", [one, two]) is None
    assert lacking("Ana Torp spoke of forty ships.", [one], "Who spoke of 40 ships?") is None


def test_what_a_rewriting_brings_from_nowhere_is_seen() -> None:
    assert foreign("How old is Ivar Stolt?", "How old is he? Ana Torp is here.")
    assert foreign("Who counted 40 ships?", "Who counted the ships?")
    assert not foreign("How old is Ana Torp?", "How old is she? Ana Torp is here.")
