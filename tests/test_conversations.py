"""Conversations are kept, found, and nobody else's."""

from pathlib import Path
from typing import Any

import pytest

from index.errors import StorageError
from web.conversations import UNFINISHED, Conversations
from web.errors import ConversationMissing

ANSWER: dict[str, Any] = {"text": "Rami Abdurrahman heads it [1].", "abstained": False}


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.db")


def test_what_became_of_each_question_is_there_in_another_process(kept: Conversations, tmp_path: Path) -> None:
    here = kept.begin("anna")
    first, second, third = (kept.ask("anna", here, question) for question in ("word " * 50, "Why?", "And then?"))
    kept.answered("anna", first, ANSWER)
    kept.failed("anna", second, "Ollama went away.", "Rami Abd")
    kept.judged("anna", first, "down", "He left in 2020.")
    again = Conversations(tmp_path / "conversations.db")
    assert [(turn.id, turn.answer, turn.trouble, turn.draft, turn.comment) for turn in again.turns("anna", here)] == [
        (first, ANSWER, None, "", "He left in 2020."),
        (second, None, "Ollama went away.", "Rami Abd", None),
        (third, None, UNFINISHED, "", None),
    ]
    assert len(again.title("anna", here)) <= 60 and again.title("anna", here).endswith("word…")
    assert again.back_to("anna", second).question == "Why?"
    assert [turn.id for turn in kept.turns("anna", here)] == [first]


def test_another_readers_conversation_is_not_there_whatever_is_asked_of_it(kept: Conversations) -> None:
    here = kept.begin("anna")
    turn = kept.ask("anna", here, "Who?")
    for call, *given in (
        (kept.title, here), (kept.turns, here), (kept.turn, turn), (kept.ask, here, "And?"), (kept.delete, here),
        (kept.answered, turn, ANSWER), (kept.failed, turn, "", ""), (kept.judged, turn, "up", None),
        (kept.back_to, turn), (kept.rename, here, "Mine"),
    ):  # fmt: skip
        with pytest.raises(ConversationMissing, match="not there any more"):
            call("boris", *given)
    assert (kept.listed("boris"), kept.delete_all("boris")) == ([], [])
    assert [one.title for one in kept.listed("anna")] == ["Who?"]


def test_the_last_changed_comes_first_and_words_find_questions_answers_and_names(kept: Conversations) -> None:
    about_rates, about_hama = kept.begin("anna"), kept.begin("anna")
    kept.answered("anna", kept.ask("anna", about_hama, "Who heads the Observatory?"), ANSWER)
    kept.ask("anna", about_rates, "By 50%_or so?")
    kept.rename("anna", about_hama, "Hama")
    kept.rename("anna", about_hama, "  ")  # which changes nothing
    assert [one.title for one in kept.listed("anna")] == ["By 50%_or so?", "Hama"]
    for words, found in (("abdurrahman who HAMA", [about_hama]), ("50%_", [about_rates]), ("5%", [])):
        assert [one.id for one in kept.listed("anna", words)] == found


def test_what_is_deleted_leaves_the_disk_and_what_is_damaged_is_told(kept: Conversations, tmp_path: Path) -> None:
    here = kept.begin("anna")
    kept.answered("anna", kept.ask("anna", here, "A very secret question?"), ANSWER)
    kept.delete("anna", here)
    assert kept.listed("anna") == []
    assert b"secret" not in (tmp_path / "conversations.db").read_bytes()
    (tmp_path / "conversations.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="move that file away"):
        kept.listed("anna")
