"""Readers' verdicts as candidates for gold questions, for a person to finish.

A good answer gives its own words as accepted, and its quotes as evidence: shorten them to what counts. A good refusal
is finished. Of a bad answer only what is wrong is known, and of a bad refusal nothing: loading it says what to add."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.datadir import write_whole
from web.conversations import Conversations, Turn


def write_candidates(home: Path, path: Path) -> int:
    """A candidate, in the form of a line of gold questions, for each turn that was judged; gives how many."""
    found = list[dict[str, Any]]()
    for turns in Conversations(home / "conversations.db").with_verdicts():
        history: list[dict[str, str]] = []
        for turn in turns:
            if turn.answer:
                found += [_candidate(turn, turn.answer, history)] if turn.verdict else []
                history.append({"role": "user", "content": turn.question})
                history.append({"role": "assistant", "content": turn.answer["text"]})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in found).encode())
    return len(found)


def _candidate(turn: Turn, answer: dict[str, Any], history: Sequence[dict[str, str]]) -> dict[str, Any]:
    good, refused = turn.verdict == "up", answer["abstained"]
    said = [] if refused else [sentence["text"] for sentence in answer["sentences"]]
    cited = answer["citations"] if good and not refused else []
    return {
        "id": f"feedback-{turn.id}", "question": turn.question, "history": list(history),
        "answerable": not (good and refused),  # of a bad answer nobody said yet that there is a good one
        "accepted": said if good else [], "wrong": [] if good else said,
        "evidence": [{"article": one["article"], "quote": one["quote"]} for one in cited],
        "kind": "feedback", "split": "dev", "note": turn.comment or "",
    }  # fmt: skip
