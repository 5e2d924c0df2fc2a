"""A refusal says what was looked for, and what the articles do say instead, cited and marked as no answer."""

import pytest
from evidence_helpers import evidence_set, statement

from evals.refusing import reads_as_refusal
from rag.evidence import EvidenceSet
from rag.refusal import _LISTED, REFUSAL, refuse
from rag.reply import Reply

QUESTION = "When did the insurgents capture Homs?"
TARGET = "The next target of the insurgents is likely to be the central city of Homs."
TWO = ("Latakia", "Ur")


@pytest.mark.parametrize(
    ("question", "evidence", "told"),
    [
        (QUESTION, evidence_set([]), ""),
        (QUESTION, evidence_set([statement("The army withdrew from Hama.", title="Syria")]), ""),  # of something else
        (QUESTION, evidence_set([statement("The army withdrew.", title="Homs")]), ""),  # only its headline tells of it
        (QUESTION, evidence_set([statement(TARGET, odds=-9.0)]), ""),  # far from any answer
        (QUESTION, evidence_set([statement(TARGET)], absent=TWO[:1]), " The passages found do not mention Latakia."),
        (QUESTION, evidence_set([statement(TARGET)], absent=TWO), " The passages found do not mention Latakia or Ur."),
        (
            "Who left New Zealand?", evidence_set([], absent=("New", "Zealand")),
            " The passages found do not mention New Zealand.",
        ),
        (
            QUESTION, evidence_set([statement("Hama fell."), statement(TARGET, 2, start=9)]),
            f" Nearest, but no answer: of Homs they say, on 5 December 2024: “{TARGET}” [1]",
        ),
        *((f"{asks}?", None, f" {_LISTED}") for asks in ("How many articles name Ur", "Which is the oldest article")),
        *((f"{asks}?", None, "") for asks in ("Which article 5 rights are named", "What did the first man say")),
    ],
)  # fmt: skip
def test_it_tells_what_articles_have_for_the_question(question: str, evidence: EvidenceSet | None, told: str) -> None:
    reply = Reply(question, question, evidence=[evidence] if evidence else [], unanswered=[question])
    assert refuse(reply) == f"{REFUSAL} “{question}”{told}"
    assert [one.quote for one in reply.cited.values()] == [TARGET] * told.count("[1]")
    assert [sentence.citations for sentence in reply.sentences] == [(1,)] * told.count("[1]")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("velle harbour\n cost", "“velle harbour cost”."),
        (f"Who said {'that ' * 99}?", f"“Who said {'that ' * 38}…”"),
    ],
)
def test_it_says_on_one_line_and_not_at_length_what_was_looked_for(question: str, said: str) -> None:
    text = refuse(Reply(question, question))
    assert text == f"{REFUSAL} {said}"
    assert reads_as_refusal(text)
