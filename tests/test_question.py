"""A question stands alone before it is looked for, and knows the days that it points at."""

from __future__ import annotations

from datetime import date

import pytest

from rag.question import Message, parts, pointed_at, standalone
from rag.refusal import REFUSAL

TODAY = date(2024, 12, 5)
BEFORE: list[Message] = [
    {"role": "user", "content": "Who leads the Lenn port union?"},
    {"role": "assistant", "content": "Ana Torp leads it [1]."},
]


@pytest.mark.parametrize(
    ("question", "written", "asked"),
    [
        ("How old is she?", "How old is Ana Torp?", "How old is Ana Torp?"),
        ("And why?", "Why does Ana Torp lead the union?", "Why does Ana Torp lead the union?"),
        (
            "Where is her office?",
            "Where does Ivar Stolt work?",
            "Who leads the Lenn port union? Where is her office?",
        ),
        ("How old is she?", "Ana Torp is 47.", "Who leads the Lenn port union? How old is she?"),
        ("How old is she?", "", "Who leads the Lenn port union? How old is she?"),
    ],
    ids=["pronoun", "why", "a-name-from-nowhere", "a-number-from-nowhere", "nothing"],
)
def test_what_leans_on_the_conversation_is_written_out_in_its_own_words(
    question: str, written: str, asked: str
) -> None:
    assert standalone(question, BEFORE, lambda turns, last: written) == asked


@pytest.mark.parametrize("history", [[], BEFORE])
def test_what_stands_alone_costs_no_call(history: list[Message]) -> None:
    def never(turns: list[tuple[str, str]], last: str) -> str:
        raise AssertionError("the model was asked")

    assert standalone("Who bought the harbour of Lenn?", history, never) == "Who bought the harbour of Lenn?"


def test_a_refusal_gives_no_words() -> None:
    told = list[tuple[str, str]]()
    history: list[Message] = [
        {"role": "user", "content": "Did Boreal buy it?"},
        {"role": "assistant", "content": f"{REFUSAL} “Did Boreal buy it?” Nearest: of Velle they say …"},
    ]
    standalone("And when was that?", history, lambda turns, last: told.extend(turns) or "")
    assert told == [("user", "Did Boreal buy it?"), ("assistant", REFUSAL)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who founded it? What does it do?", 2),
        ("When did the strike begin, and who called it?", 2),
        ("how many judges sat on the panel and how many justices agreed", 2),
        ("Which two ran in October, and in which cities did they run?", 2),
        ("When and where did it happen?", 1),
        ("Which countries and which group helped Assad?", 1),
        ("Is the town where he lives big?", 1),
        ("Did the port, which lies south of Lenn, close?", 1),
    ],
)
def test_questions_asked_in_one_breath_are_told_apart(question: str, expected: int) -> None:
    found = parts(question)
    assert len(found) == expected
    assert expected > 1 or found == (question,)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("what happened yesterday?", "2024-12-04", "2024-12-05"),
        ("What was decided on Monday?", "2024-12-02", "2024-12-05"),
        ("Who resigned this week?", "2024-11-28", "2024-12-05"),
        ("What was said on 3 November 2023?", "2023-11-03", "2023-11-10"),
        ("How many fled in March?", "2024-03-01", "2024-04-07"),
        ("What burned in June 2019?", "2019-06-01", "2019-07-07"),
        ("What was built in 2016?", "2016-01-01", "2017-01-07"),
        ("Who was shot three days ago?", "2024-12-01", "2024-12-05"),
        ("May he speak?", None, None),
        ("How long does a march of 20 miles take?", None, None),
    ],
)
def test_a_question_points_at_days_by_its_own_words(question: str, first: str | None, last: str | None) -> None:
    days = pointed_at(question, TODAY)
    assert days == (None if first is None else (date.fromisoformat(first), date.fromisoformat(str(last))))


def test_without_a_day_only_full_dates_are_read() -> None:
    assert pointed_at("What happened yesterday, in March?", None) is None
    assert pointed_at("What was said on 3 November 2023?", None) == (date(2023, 11, 3), date(2023, 11, 10))
