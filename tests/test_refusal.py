"""A refusal says what was looked for, and what the articles do say instead, cited and marked as no answer."""

from __future__ import annotations

import pytest
from evidence_helpers import evidence_set, statement

from evals.refusing import reads_as_refusal
from rag.evidence import EvidenceSet
from rag.refusal import REFUSAL, refuse
from rag.reply import Reply

QUESTION = "When did the insurgents capture Homs?"
TARGET = "The next target of the insurgents is likely to be the central city of Homs."


def refused(evidence: EvidenceSet, question: str = QUESTION) -> tuple[str, Reply]:
    reply = Reply(question=question, standalone=question, evidence=[evidence])
    return refuse(reply), reply


def test_it_says_what_was_looked_for() -> None:
    for question, said in (
        (QUESTION, f"“{QUESTION}”"),
        ("velle harbour\n cost", "“velle harbour cost”."),
        (f"Who said {'that ' * 99}?", f"“Who said {'that ' * 38}…”"),
    ):
        text, _ = refused(evidence_set([]), question)
        assert text == f"{REFUSAL} {said}"
        assert reads_as_refusal(text)


def test_a_false_premise_is_met_with_what_the_articles_say_of_the_same_name() -> None:
    text, reply = refused(evidence_set([statement(TARGET)]))
    assert text.endswith(f"Nearest, but no answer: of Homs they say, on 5 December 2024: “{TARGET}” [1]")
    assert [sentence.citations for sentence in reply.sentences] == [(1,)]
    assert reply.cited["a.txt", 0, len(TARGET)].quote == TARGET


@pytest.mark.parametrize(
    "evidence",
    [
        evidence_set([statement("The army withdrew from Hama.", title="Syria")]),  # of something else
        evidence_set([statement(TARGET, odds=-9.0)]),  # far from any answer
        evidence_set([statement(TARGET)], names=("Homs", "Latakia"), absent=("Latakia",)),
    ],
)
def test_what_is_not_about_the_question_is_not_offered(evidence: EvidenceSet) -> None:
    text, reply = refused(evidence)
    assert reply.sentences == []
    assert ("The passages found do not mention Latakia." in text) == bool(evidence.names)


@pytest.mark.parametrize(
    ("question", "listed"),
    [
        ("How many articles mention Hama?", True),
        ("Which articles are about Homs?", True),
        ("Show me the oldest article.", True),
        ("Which article 5 rights are named?", False),
        ("What did the first man say?", False),
    ],
)
def test_a_question_about_the_articles_themselves_is_told_where_they_are_listed(question: str, listed: bool) -> None:
    reply = Reply(question=question, standalone=question, unanswered=[question])
    assert ("“Articles”" in refuse(reply)) is listed
