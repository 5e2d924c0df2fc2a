"""A later article that takes an answer back leads; what it took back stands behind it, as what was said before."""

from datetime import date

import pytest
from evidence_helpers import statement

from rag.corrections import correction, takes_back

LEFT = "when the tram left the rails"
FIRST = statement(f"Eleven people were hurt {LEFT} in Sundvik, the tramway said.", date=date(2024, 6, 2))
NOT_ELEVEN = f"Three people were hurt {LEFT}, not eleven."


def taking_back(*later: str, **changed: object) -> int:
    """How many statements of a later article lead, which says all this."""
    fields = {"article": "b.txt", "date": date(2024, 6, 4)} | changed
    pool = [statement(text, start=400 * n, end=400 * n + len(text), **fields) for n, text in enumerate(later)]
    answer, asked = f"Eleven people were hurt {LEFT}.", f"How many people were hurt {LEFT}?"
    return len(correction(answer, asked, [FIRST], [FIRST, *reversed(pool)]))


@pytest.mark.parametrize(
    ("later", "leads"),
    [
        ([NOT_ELEVEN], 1),
        ([f"Three people, rather than eleven, were hurt {LEFT}."], 1),
        ([f"It was wrongly reported that eleven people were hurt {LEFT}.", "There were three."], 2),
        (["An earlier version of this report put at eleven the people hurt in the tram.", "It was three."], 2),
        (["Correction: a report gave a wrong number.", f"Three people were hurt {LEFT}."], 1),
        # no correction: another figure alone, the same figure, another matter
        ([f"Three people were hurt {LEFT}."], 0),
        ([f"Eleven people, not three, were hurt {LEFT}."], 0),
        (["Correction: a name was misspelt.", f"Eleven people were hurt {LEFT}."], 0),
        ([f"The driver had mistakenly braked eleven times before {LEFT.removeprefix('when ')}."], 0),
    ],
)
def test_what_takes_the_answer_back_leads(later: list[str], leads: int) -> None:
    assert taking_back(*later) == leads


@pytest.mark.parametrize("changed", [{"date": date(2024, 6, 1)}, {"article": "a.txt"}, {"odds": -9.0}])
def test_an_older_article_the_same_one_or_one_of_something_else_takes_nothing_back(changed: dict[str, object]) -> None:
    assert taking_back(NOT_ELEVEN, **changed) == 0


def test_a_name_is_taken_back_too() -> None:
    for quote, taken in (
        ("The head of the museum is Tove Lind, not Ivar Stolt.", True),
        ("The museum is led by Tove Lind instead of Ivar Stolt.", True),
        ("Ivar Stolt leads the museum, not the gallery.", False),
        ("Not only Ivar Stolt applied.", False),
    ):
        assert takes_back(quote, "Ivar Stolt leads the museum.", "Who leads the museum?") is taken, quote
