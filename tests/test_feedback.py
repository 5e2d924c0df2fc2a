"""Readers' verdicts become candidates for gold questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Run
from eval_helpers import answer

from evals.cases import CasesError, load
from web.conversations import Conversations


def test_a_verdict_gives_what_is_known_by_it_and_loading_says_what_is_to_be_added(run: Run, tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.db")
    here, told = kept.begin("anna"), answer("He heads it [1].", [("a.txt", 10, 17, "quote 1")]).to_dict()
    for question, verdict in (("Who heads it?", "up"), ("Since when?", "down"), ("Why?", "up"), ("And then?", None)):
        turn = kept.ask("anna", here, question)
        kept.answered("anna", turn, answer("Not said.", abstained=True).to_dict() if question == "Why?" else told)
        kept.judged("anna", turn, verdict, "He left." if verdict == "down" else None)
    done = run("eval", "--from-feedback", "--data-dir", tmp_path)
    assert done.out == f"3 candidates in {tmp_path / 'feedback.jsonl'}: finish them, then ask with --cases.\n"
    good, bad, refused = map(json.loads, (tmp_path / "feedback.jsonl").read_text("utf-8").splitlines())
    assert (good["question"], good["answerable"], good["accepted"]) == ("Who heads it?", True, ["He heads it."])
    assert good["evidence"] == [{"article": "a.txt", "quote": "quote 1"}]
    assert (bad["accepted"], bad["wrong"], bad["note"]) == ([], ["He heads it."], "He left.")
    assert [message["content"] for message in bad["history"]] == ["Who heads it?", "He heads it [1]."]
    assert (refused["question"], refused["answerable"]) == ("Why?", False)
    with pytest.raises(CasesError, match=r"feedback.jsonl.*2.*no answer is accepted; add one to 'accepted'"):
        load(tmp_path / "feedback.jsonl")
