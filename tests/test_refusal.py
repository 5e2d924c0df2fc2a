"""A refusal says what was looked for, and what the articles do say instead, cited and marked as no answer."""

from __future__ import annotations

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
    assert reply.citations["a.txt", 0, len(TARGET)].quote == TARGET


def test_a_statement_about_something_else_is_not_offered() -> None:
    _, reply = refused(evidence_set([statement("The army withdrew from Hama.")]))
    assert reply.sentences == []


def test_a_statement_with_few_words_of_the_question_is_not_offered() -> None:
    _, reply = refused(evidence_set([statement(TARGET, coverage=0.2)]))
    assert reply.sentences == []


def test_a_name_that_no_passage_has_is_said_to_be_missing_and_nothing_is_offered() -> None:
    found = evidence_set([statement("Homs is a city.")], missing=("Latakia",), names=2)
    text, reply = refused(found, "Who besieged Homs and Latakia?")
    assert "The passages found do not mention Latakia." in text
    assert reply.sentences == []
