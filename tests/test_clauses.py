"""What one clause says is not said by another."""

from __future__ import annotations

import pytest

from rag.clauses import by_another, joined_apart, of_another_place
from rag.mentions import namesake

RUSSIA = (
    "However, with Russia preoccupied with its war in Ukraine, and Iran politically weakened by Israel decimating much "
    "of Hezbollah's leadership and the re-election of Donald Trump, opposition forces have taken advantage of the "
    "opportunity, with renewed fighting beginning on November 27."
)
BACKERS = "Intervention by Russia, Iran and Hezbollah, and other militant groups has allowed Assad to remain in power."
MINES = "The mayor closed the mine in Ardal, and Ms Haug, a geologist, warned that the dam at Lysne was leaking."


@pytest.mark.parametrize(
    ("question", "sentence", "quote"),
    [
        ("Which country is at war with Russia?", "Russia is at war with Iran.", RUSSIA),
        ("Which country is at war with Russia?", "Russia is at war with Iran.", f"{BACKERS} {RUSSIA}"),
        ("Who is preoccupied with a war in Ukraine?", "Iran is preoccupied with its war in Ukraine.", RUSSIA),
        ("When was Donald Trump re-elected?", "Donald Trump was re-elected on November 27.", RUSSIA),
        ("Who closed the mine?", "Ms Haug closed the mine.", MINES),
    ],
)
def test_what_the_other_clause_says_is_no_answer(question: str, sentence: str, quote: str) -> None:
    assert "something else" in (joined_apart(sentence, quote, question) or "")


@pytest.mark.parametrize(
    ("question", "sentence", "quote"),
    [
        ("Which country is at war with Russia?", "Russia is at war with Ukraine.", RUSSIA),
        ("Who weakened Iran?", "Israel weakened Iran.", RUSSIA),
        ("When did renewed fighting begin?", "It began on November 27, 2024.", RUSSIA),
        ("When did the war in Ukraine begin?", "Russia's war began with the re-election.", RUSSIA),
        ("Which allies were distracted or weakened?", "Russia and Iran were distracted or weakened.", RUSSIA),
        ("Who kept Assad in power?", "Russia, Iran and Hezbollah kept Assad in power.", BACKERS),
        ("Where was the dam leaking?", "The dam at Lysne was leaking.", MINES),
        ("Who warned of a leaking dam?", "Ms Haug, a geologist, warned of it.", MINES),
        ("Who became its president?", "Smith became its president.", "Smith founded it, and became its president."),
        ("When did it close?", "It closed on Monday.", "Haug spoke on Sunday, and the mine closed on Monday."),
    ],
)
def test_what_the_same_clause_says_is(question: str, sentence: str, quote: str) -> None:
    assert joined_apart(sentence, quote, question) is None


GATE = (
    "The insurgents' next target is likely to be the central city of Homs, the country’s third largest. "
    "It lies about 25 miles south of Hama and is the gate to the capital Damascus and the coastal region."
)
SEAT = "It is about 200 kilometres (125 miles) north of the capital, Damascus, which is Mr Assad’s seat of power."


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Hama is about 25 miles south of Damascus.", GATE),
        ("Hama is 25 miles from Damascus.", GATE),
        ("Homs is about 25 miles south of Damascus.", GATE),
        ("The depot is 3 km away from Ardal.", "The depot is 3 km from Lysne, on the road that leads to Ardal."),
    ],
)
def test_how_something_lies_to_one_place_is_not_said_of_another(sentence: str, quote: str) -> None:
    assert of_another_place(sentence, [quote]) == "the article says it of another place"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Homs is about 25 miles south of Hama.", GATE),
        ("Hama is about 25 miles north of Homs.", GATE),
        ("Hama is 25 miles from Homs.", GATE),
        ("Hama is about 125 miles north of Damascus.", SEAT),
        ("The camp is 5 miles north of Ardal.", "The camp lies 5 miles north of the city."),
        ("Homs is the gate to Damascus.", GATE),
        ("Hama is in Syria.", SEAT),
    ],
)
def test_the_same_place_may_be_named_before_or_behind(sentence: str, quote: str) -> None:
    assert of_another_place(sentence, [quote]) is None


LED = (
    "The offensive is being led by the jihadi group Hayat Tahrir al-Sham, as well as an umbrella group of "
    "Turkish-backed Syrian militias called the Syrian National Army."
)


@pytest.mark.parametrize("doer", ["the Syrian government", "Russia", "the president", "a Kurdish alliance"])
def test_what_was_done_by_one_is_not_said_of_another(doer: str) -> None:
    assert (
        by_another(f"Hayat Tahrir al-Sham is a jihadi group led by {doer}.", [LED])
        == "the article says that of another"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "The offensive is led by the jihadi group Hayat Tahrir al-Sham.",
        "The offensive is led by Hayat Tahrir al-Sham and Turkish-backed militias.",
        "The offensive is led by the Syrian National Army.",
        "The city was captured by the insurgents.",
        "Losses increased by a fifth.",
    ],
)
def test_the_same_doer_and_another_deed_are_let_through(sentence: str) -> None:
    assert by_another(sentence, [LED]) is None


TWO = "Minister Ada Holm of Sund spoke first. Captain Jens Holm has sixty men in Sund. Nils Berg was there."


@pytest.mark.parametrize(
    ("question", "quote", "another"),
    [
        ("How many men does Minister Holm have?", "Captain Jens Holm has sixty men in Sund.", True),
        ("How many men does Ada Holm have?", "Captain Jens Holm has sixty men in Sund.", True),
        ("How many men does Captain Holm have?", "Captain Jens Holm has sixty men in Sund.", False),
        ("How many men does Holm have?", "Captain Jens Holm has sixty men in Sund.", False),
        ("What did Minister Holm do?", "Minister Ada Holm of Sund spoke first.", False),
        ("What did Minister Holm do?", "Holm spoke first.", False),
        ("Who met Minister Holm?", "Minister Ada Holm met Captain Jens Holm.", False),
        ("Was Minister Holm with Nils Berg?", "Nils Berg was there.", False),
    ],
)
def test_a_namesake_does_not_answer(question: str, quote: str, another: bool) -> None:
    assert namesake(question, quote, f"{TWO} {quote}") == ("the article says it of another Holm" if another else None)
