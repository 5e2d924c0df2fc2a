"""Readers' verdicts become candidates for gold questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Run
from test_render import answer

from evals.cases import CasesError, load
from evals.feedback import candidates
from web.conversations import Conversations


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    """A good answer, a bad one, a good refusal and a turn without a verdict."""
    kept = Conversations(tmp_path / "conversations.db")
    here = kept.begin("anna")
    refusal = answer("The articles do not answer this question.", abstained=True, citations=[], sentences=[])
    for question, told, verdict in (
        ("Who heads it?", answer(), "up"),
        ("Since when?", answer(), "down"),
        ("Why?", refusal, "up"),
        ("And then?", answer(), None),
    ):
        turn = kept.ask("anna", here, question)
        kept.answered("anna", turn, told)
        kept.judged("anna", turn, verdict, "He left." if verdict == "down" else None)
    return kept


def test_a_verdict_gives_what_is_known_by_it(kept: Conversations, tmp_path: Path) -> None:
    good, bad, refused = candidates(tmp_path)
    assert (good["question"], good["answerable"], good["accepted"]) == ("Who heads it?", True, ["He heads it."])
    assert good["evidence"] == [{"article": "a.txt", "quote": "quote 1"}]
    assert (bad["accepted"], bad["wrong"], bad["note"]) == ([], ["He heads it."], "He left.")
    assert [message["content"] for message in bad["history"]] == ["Who heads it?", "He heads it [1]."]
    assert (refused["question"], refused["answerable"]) == ("Why?", False)


def test_the_command_writes_lines_and_loading_says_what_is_to_be_added(
    kept: Conversations, run: Run, tmp_path: Path
) -> None:
    done = run("eval", "--from-feedback", "--data-dir", tmp_path)
    assert done.out == f"3 candidates in {tmp_path / 'feedback.jsonl'}: finish them, then ask with --cases.\n"
    with pytest.raises(CasesError, match=r"feedback.jsonl.*2.*no answer is accepted; add one to 'accepted'"):
        load(tmp_path / "feedback.jsonl")
