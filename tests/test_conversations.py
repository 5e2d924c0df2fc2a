"""Conversations are kept, found, and nobody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from web.conversations import UNFINISHED, Conversations
from web.errors import ConversationMissing

ANSWER: dict[str, Any] = {"text": "Rami Abdurrahman heads it [1].", "abstained": False}


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.db")


def test_the_first_question_names_a_conversation(kept: Conversations) -> None:
    id = kept.begin("anna")
    kept.ask("anna", id, "Who heads the Observatory?")
    kept.ask("anna", id, "Since when?")
    assert [one.title for one in kept.listed("anna")] == ["Who heads the Observatory?"]


def test_a_long_question_is_shortened_to_a_title(kept: Conversations) -> None:
    kept.ask("anna", kept.begin("anna"), "word " * 50)
    (one,) = kept.listed("anna")
    assert len(one.title) <= 60
    assert one.title.endswith("word…")


def test_an_answer_comes_back_whole_in_another_process(kept: Conversations, tmp_path: Path) -> None:
    id = kept.begin("anna")
    kept.answered("anna", kept.ask("anna", id, "Who?"), ANSWER)
    (turn,) = Conversations(tmp_path / "conversations.db").turns("anna", id)
    assert (turn.question, turn.answer, turn.trouble) == ("Who?", ANSWER, None)


def test_a_turn_that_nobody_finished_says_so(kept: Conversations) -> None:
    id = kept.begin("anna")
    kept.ask("anna", id, "Who?")
    assert kept.turns("anna", id)[0].trouble == UNFINISHED


def test_a_failed_turn_keeps_its_draft(kept: Conversations) -> None:
    id = kept.begin("anna")
    kept.failed("anna", kept.ask("anna", id, "Who?"), "Ollama went away.", "Rami Abd")
    (turn,) = kept.turns("anna", id)
    assert (turn.trouble, turn.draft, turn.answer) == ("Ollama went away.", "Rami Abd", None)


def test_another_readers_conversation_is_not_there(kept: Conversations) -> None:
    id = kept.begin("anna")
    turn = kept.ask("anna", id, "Who?")
    assert kept.listed("boris") == []
    for attempt in (
        lambda: kept.turns("boris", id),
        lambda: kept.turn("boris", turn),
        lambda: kept.ask("boris", id, "And?"),
        lambda: kept.answered("boris", turn, ANSWER),
        lambda: kept.judged("boris", turn, "up", None),
        lambda: kept.back_to("boris", turn),
        lambda: kept.rename("boris", id, "Mine"),
        lambda: kept.delete("boris", id),
    ):
        with pytest.raises(ConversationMissing, match="not there any more"):
            attempt()
    assert [one.title for one in kept.listed("anna")] == ["Who?"]


def test_going_back_takes_that_turn_and_all_after_it(kept: Conversations) -> None:
    id = kept.begin("anna")
    first, second, _ = (kept.ask("anna", id, question) for question in ("One?", "Two?", "Three?"))
    assert kept.back_to("anna", second).question == "Two?"
    assert [turn.id for turn in kept.turns("anna", id)] == [first]


def test_conversations_are_found_by_words_of_questions_and_answers(kept: Conversations) -> None:
    about_hama, about_rates = kept.begin("anna"), kept.begin("anna")
    kept.answered("anna", kept.ask("anna", about_hama, "Who heads the Observatory?"), ANSWER)
    kept.ask("anna", about_rates, "By 50%_or so?")
    assert [one.id for one in kept.listed("anna", "abdurrahman who")] == [about_hama]
    assert [one.id for one in kept.listed("anna", "50%_")] == [about_rates]
    assert kept.listed("anna", "5%") == []


def test_the_last_changed_conversation_comes_first(kept: Conversations) -> None:
    old, new = kept.begin("anna"), kept.begin("anna")
    assert [one.id for one in kept.listed("anna")] == [new, old]
    kept.ask("anna", old, "Still there?")
    assert [one.id for one in kept.listed("anna")] == [old, new]


def test_a_deleted_conversation_takes_its_words_from_the_disk(kept: Conversations, tmp_path: Path) -> None:
    id = kept.begin("anna")
    kept.answered("anna", kept.ask("anna", id, "A very secret question?"), ANSWER)
    kept.delete("anna", id)
    assert kept.listed("anna") == []
    assert b"secret" not in (tmp_path / "conversations.db").read_bytes()


def test_a_verdict_stays_with_its_turn(kept: Conversations) -> None:
    id = kept.begin("anna")
    turn = kept.ask("anna", id, "Who?")
    kept.judged("anna", turn, "down", "He left in 2020.")
    assert (kept.turn("anna", turn).verdict, kept.turn("anna", turn).comment) == ("down", "He left in 2020.")


def test_a_name_of_blanks_changes_nothing(kept: Conversations) -> None:
    id = kept.begin("anna")
    kept.rename("anna", id, "Observatory")
    kept.rename("anna", id, "  ")
    assert kept.listed("anna")[0].title == "Observatory"
