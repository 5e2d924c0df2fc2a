"""A question stands alone before it is looked for, and knows the days that it points at."""

from datetime import date

import pytest

from rag.question import Message, parts, pointed_at, standalone
from rag.refusal import REFUSAL

ASKED = "Who leads the Lenn port union?"
BEFORE: list[Message] = [
    {"role": "user", "content": ASKED},
    {"role": "assistant", "content": "Ana Torp leads it [1]."},
]


@pytest.mark.parametrize(
    ("question", "written", "accepted"),
    [
        ("How old is she?", "How old is Ana Torp?", True),
        ("And why?", "Why does Ana Torp lead the union?", True),
        ("Where is her office?", "Where does Ivar Stolt work?", False),  # a name from nowhere
        ("How old is she?", "Ana Torp is 47.", False),  # a number from nowhere
        ("How old is she?", "", False),
    ],
)
def test_what_leans_on_a_conversation_is_written_out_in_its_words(question: str, written: str, accepted: bool) -> None:
    asked = standalone(question, BEFORE, lambda turns, last: written)
    assert asked == (written if accepted else f"{ASKED} {question}")


def test_what_stands_alone_costs_no_call() -> None:
    for question, history in (("Who bought the harbour of Lenn?", BEFORE), ("How old is she?", [])):
        assert standalone(question, history, lambda turns, last: pytest.fail("the model was asked")) == question


def test_a_refusal_gives_no_words() -> None:
    told = list[tuple[str, str]]()
    refused: Message = {"role": "assistant", "content": f"{REFUSAL} “Did Boreal buy it?” Nearest: of Velle they say …"}
    asked = "Did Boreal buy it?"

    def written(turns: list[tuple[str, str]], last: str) -> str:
        told.extend(turns)
        return "When did Velle buy it?"

    history: list[Message] = [{"role": "user", "content": asked}, refused]
    assert standalone("And when was that?", history, written) == f"{asked} And when was that?"
    assert told == [("user", asked), ("assistant", REFUSAL)]


PARTS = {
    "Who founded it? What does it do?": ["Who founded it?", "What does it do?"],
    "When did it begin, and who called it?": ["When did it begin?", "Who called it?"],
    "how many sat there and how many agreed": ["How many sat there?", "How many agreed?"],
    "Which two ran, and in which cities did they?": ["Which two ran?", "In which cities did they?"],
} | {
    one: [one]
    for one in (
        "When and where did it happen?", "Which countries and which group helped Assad?",
        "Is the town where he lives big?", "Did the port, which lies south of Lenn, close?",
    )
}  # fmt: skip


def test_questions_asked_in_one_breath_are_told_apart() -> None:
    assert {question: list(parts(question)) for question in PARTS} == PARTS


def test_a_question_points_at_days_by_its_own_words_some_only_on_the_day_it_is_asked() -> None:
    for question, today, meant in (
        ("what happened yesterday?", date(2024, 12, 5), "2024-12-04 2024-12-05"),
        ("How many fled in March?", date(2024, 12, 5), "2024-03-01 2024-04-07"),
        ("May he speak?", date(2024, 12, 5), None),
        ("What happened yesterday, in March?", None, None),
        ("What was said on 3 November 2023?", None, "2023-11-03 2023-11-10"),
    ):
        days = pointed_at(question, today)
        assert (days and f"{days[0]} {days[1]}") == meant, question
