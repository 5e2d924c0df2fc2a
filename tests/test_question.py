"""A question stands alone before it is looked for, and knows the days that it points at; a refusal says what was looked
for, and what the articles do say instead, cited and marked as no answer."""

from datetime import date

import pytest
from evidence_helpers import evidence_set, statement

from evals.refusing import reads_as_refusal
from rag.evidence import Evidence
from rag.question import Message, parts, pointed_at, standalone
from rag.refusal import _LISTED, REFUSAL, refuse
from rag.reply import Reply

LED = ("Who leads the Lenn port union?", "Ana Torp leads it [1].", "Ana Torp leads it.")
REFUSED = ("Did Boreal buy it?", f"{REFUSAL} “Did Boreal buy it?” Nearest: of Velle they say …", REFUSAL)


def talk(asked: str, answer: str, read: str) -> list[Message]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


@pytest.mark.parametrize(
    ("before", "question", "written", "accepted"),
    [
        (LED, "How old is she?", "How old is Ana Torp?", True),
        (LED, "And why?", "Why does Ana Torp lead the union?", True),
        (LED, "Where is her office?", "Where does Ivar Stolt work?", False),  # a name from nowhere
        (LED, "How old is she?", "Ana Torp is 47.", False),  # a number from nowhere
        (LED, "How old is she?", "", False),
        (REFUSED, "And when was that?", "When did Velle buy it?", False),  # a refusal gives no words
    ],
)
def test_what_leans_on_a_conversation_is_written_out_in_its_words(
    before: tuple[str, str, str], question: str, written: str, accepted: bool
) -> None:
    asked, _, answer_read = before

    def rewrite(turns: list[tuple[str, str]], last: str) -> str:
        assert (turns, last) == ([("user", asked), ("assistant", answer_read)], question)
        return written

    assert standalone(question, talk(*before), rewrite) == (written if accepted else f"{asked} {question}")


def test_what_stands_alone_costs_no_call() -> None:
    for question, history in (("Who bought the harbour of Lenn?", talk(*LED)), ("How old is she?", [])):
        assert standalone(question, history, lambda turns, last: pytest.fail("the model was asked")) == question


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


# refusals


ASKED = "When did the insurgents capture Homs?"
TARGET = "The next target of the insurgents is likely to be the central city of Homs."
NEAREST = f" Nearest, but no answer: of Homs they say, on 5 December 2024: “{TARGET}” [1]"
NOWHERE = " The passages found do not mention"
TWO = ("Latakia", "Ur")


@pytest.mark.parametrize(
    ("question", "found", "absent", "told"),
    [
        (ASKED, [], (), ""),
        (ASKED, [statement("The army withdrew from Hama.", title="Syria")], (), ""),  # of something else
        (ASKED, [statement("The army withdrew.", title="Homs")], (), ""),  # only its headline tells of it
        (ASKED, [statement(TARGET, odds=-9.0)], (), ""),  # far from any answer
        (ASKED, [statement(TARGET)], TWO[:1], f"{NOWHERE} Latakia."),
        (ASKED, [statement(TARGET)], TWO, f"{NOWHERE} Latakia or Ur."),
        ("Who left New Zealand?", [], ("New", "Zealand"), f"{NOWHERE} New Zealand."),
        (ASKED, [statement("Hama fell."), statement(TARGET, 2, start=9)], (), NEAREST),
        ("How many articles name Ur?", [], (), f" {_LISTED}"),
        ("Which is the oldest article?", [], (), f" {_LISTED}"),
        ("Which article 5 rights are named?", [], (), ""),
        ("What did the first man say?", [], (), ""),
    ],
)
def test_a_refusal_tells_what_articles_have_for_the_question(
    question: str, found: list[Evidence], absent: tuple[str, ...], told: str
) -> None:
    reply = Reply(question, question, evidence=[evidence_set(found, absent)], unanswered=[question])
    assert refuse(reply) == f"{REFUSAL} “{question}”{told}"
    assert [one.quote for one in reply.cited.values()] == [TARGET] * told.count("[1]")
    assert [sentence.citations for sentence in reply.sentences] == [(1,)] * told.count("[1]")


def test_a_refusal_says_on_one_line_and_not_at_length_what_was_looked_for() -> None:
    long = f"Who said {'that ' * 99}?", f"“Who said {'that ' * 38}…”"
    for question, said in (("velle harbour\n cost", "“velle harbour cost”."), long):
        text = refuse(Reply(question, question))
        assert text == f"{REFUSAL} {said}"
        assert reads_as_refusal(text)
