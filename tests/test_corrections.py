"""A later article that takes an answer back leads; what it took back stands behind it, as what was said before."""

from __future__ import annotations

from datetime import date

import pytest
from evidence_helpers import statement

from rag.corrections import correction, takes_back

HURT = "Eleven people were hurt when a tram left the rails in Sundvik, the tramway said."
ASKED = "How many people were hurt when the tram left the rails?"
ANSWER = "Eleven people were hurt when the tram left the rails."


@pytest.mark.parametrize(
    ("later", "leads"),
    [
        (["Three people were hurt when the tram left the rails, not eleven."], 1),
        (["Three people, rather than eleven, were hurt when the tram left the rails."], 1),
        (
            ["It was wrongly reported that eleven people were hurt when the tram left the rails.", "There were three."],
            2,
        ),
        (["An earlier version of this report put at eleven the people hurt in the tram.", "It was three."], 2),
        (["Correction: a report gave a wrong number.", "Three people were hurt when the tram left the rails."], 1),
        # no correction: another figure alone, the same figure, another matter
        (["Three people were hurt when the tram left the rails."], 0),
        (["Eleven people, not three, were hurt when the tram left the rails."], 0),
        (["Correction: a name was misspelt.", "Eleven people were hurt when the tram left the rails."], 0),
        (["The driver had mistakenly braked eleven times before the tram left the rails."], 0),
    ],
)
def test_what_takes_the_answer_back_leads(later: list[str], leads: int) -> None:
    first = statement(HURT, article="a.txt", date=date(2024, 6, 2))
    note = [
        statement(text, article="b.txt", date=date(2024, 6, 4), start=400 * n, end=400 * n + len(text))
        for n, text in enumerate(later)
    ]
    assert len(correction(ANSWER, ASKED, [first], [first, *reversed(note)])) == leads


@pytest.mark.parametrize("changed", [{"date": date(2024, 6, 1)}, {"article": "a.txt"}, {"odds": -9.0}])
def test_an_older_article_the_same_one_or_one_of_something_else_takes_nothing_back(changed: dict[str, object]) -> None:
    first = statement(HURT, article="a.txt", date=date(2024, 6, 2))
    text = "Three people were hurt when the tram left the rails, not eleven."
    fields: dict[str, object] = {"article": "b.txt", "date": date(2024, 6, 4)} | changed
    assert correction(ANSWER, ASKED, [first], [first, statement(text, **fields)]) == ()


@pytest.mark.parametrize(
    ("quote", "taken"),
    [
        ("The head of the museum is Tove Lind, not Ivar Stolt.", True),
        ("The museum is led by Tove Lind instead of Ivar Stolt.", True),
        ("Ivar Stolt leads the museum, not the gallery.", False),
        ("Not only Ivar Stolt applied.", False),
    ],
)
def test_a_name_is_taken_back_too(quote: str, taken: bool) -> None:
    assert takes_back(quote, "Ivar Stolt leads the museum.", "Who leads the museum?") is taken
