"""Killed while it fetches a model, keeps conversations or writes a run: what was done is kept, the rest goes on."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from model_hub import send, serving

from evals import runs
from faults.victims import SEED, victims
from faults.warm import call
from index.places import Places
from rag.engines.weights import Weights, from_hub, locate
from rag.engines.weights import fetch as fetch_weights
from web.conversations import Conversations

pytestmark = pytest.mark.slow

MODEL = random.Random(1).randbytes((5 << 20) + 700)
TINY = Weights(
    name="tiny", file="tiny.gguf", size=len(MODEL), sha256=hashlib.sha256(MODEL).hexdigest(), hub_repo="someone/tiny"
)


def test_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no file by the model's name but the model, and no byte that has arrived is asked for again."""
    cache, ranges = tmp_path / "models", list[str | None]()

    def answer(request: BaseHTTPRequestHandler) -> None:
        ranges.append(request.headers["Range"])

        def pieces(at: int) -> Iterator[bytes]:
            for start in range(at, len(MODEL), 1 << 18):
                yield MODEL[start : start + (1 << 18)]
                time.sleep(0.005)

        send(request, "application/octet-stream", len(MODEL), pieces)

    part, file = cache / "tiny.gguf.part", cache / TINY.file
    with (
        serving(answer) as url,
        victims(tmp_path, Places(), SEED, HF_ENDPOINT=url, HF_HUB_OFFLINE="0") as killing,
    ):
        while killing.kills.total() < 30:
            have = part.stat().st_size if part.exists() else 0
            asked = len(ranges)
            killed = killing.kill("fetch", weights=asdict(TINY), cache=cache)
            assert ranges[asked:] in ([], [f"bytes={have}-" if have else None])
            assert not part.exists() or MODEL.startswith(part.read_bytes())
            assert not file.exists() or file.read_bytes() == MODEL
            if not killed:
                assert locate(TINY, cache) == file
            if file.exists():
                if killed:
                    killing.do("fetch", weights=asdict(TINY), cache=cache)
                names = {path.name for path in cache.iterdir() if not path.name.endswith(".part") or path == part}
                assert names == {"tiny.gguf", "tiny.gguf.verified", "tiny.gguf.lock"}
                file.unlink()
        print(f"fetch: {killing.kills.total()} kills, {dict(killing.kills)}")
        killing.do("fetch", weights=asdict(TINY), cache=cache)
        assert fetch_weights(TINY, cache, sources=(from_hub,)).read_bytes() == MODEL


def some_calls(chance: random.Random) -> list[tuple[str, list[Any]]]:
    """Calls of a reader's, of the conversations that there are."""
    owner = "anna"

    def one() -> tuple[str, list[Any]]:
        here, turn, told = (f"{kind} {chance.randrange(9)}" for kind in ("conversation", "turn", "word"))
        return chance.choice(
            [
                ("begin", [owner]), ("ask", [owner, here, f"Who {told}?"]), ("ask", [owner, here, f"Why {told}?"]),
                ("answered", [owner, turn, {"text": told * 50}]), ("failed", [owner, turn, "It went away.", told]),
                ("judged", [owner, turn, "up", told]), ("back_to", [owner, turn]), ("rename", [owner, here, told]),
                ("delete", [owner, here]),
            ]
        )  # fmt: skip

    return [("begin", [owner]), *(one() for _ in range(12))]


def all_of(path: Path) -> list[Any]:
    """The conversations, the first begun first, without their random ids and times."""
    if not path.exists():
        return []
    kept = Conversations(path)
    return sorted(
        (one.title, [(t.id, t.question, t.answer, t.trouble, t.draft, t.verdict, t.comment) for t in turns])
        for one in kept.listed("anna")
        for turns in [kept.turns("anna", one.id)]
    )


def test_conversations(tmp_path: Path) -> None:
    """What a call has returned from is kept; what it was at when it was killed is done, or not begun."""
    path, other, told = (tmp_path / name for name in ("conversations.db", "other.db", "told"))
    with victims(tmp_path, Places(), SEED) as killing:
        while killing.kills.total() < 60:
            told.write_bytes(b"")
            calls = some_calls(killing.chance)
            killing.kill("converse", path=path, told=told, calls=calls)
            done = told.read_bytes().count(b"\n")
            for name, arguments in calls[:done]:
                call(str(other), name, arguments)
            if (found := all_of(path)) != all_of(other):
                name, arguments = calls[done]
                call(str(other), name, arguments)
            assert found == all_of(other), (calls[:done], calls[done:])
        print(f"conversations: {killing.kills.total()} kills, {dict(killing.kills)}")


def rows_of(path: Path) -> dict[str, Any]:
    """What was observed of each case of a run, which has it once."""
    if not path.exists() or not path.stat().st_size:
        return {}
    rows = runs.read(path).rows
    found = {row.case.id: (row.outcome.rankings, row.outcome.gold) for row in rows}
    assert len(found) == len(rows)
    return found


def test_eval(tmp_path: Path) -> None:
    """A run goes on from the cases that it has, each of which it has once, and ends as if it had been one sitting."""
    data = tmp_path / "data"
    with victims(tmp_path, Places(), SEED) as killing:
        killing.do("eval", data=data, out=tmp_path / "whole.jsonl")
        wanted, number = rows_of(tmp_path / "whole.jsonl"), 0
        assert len(wanted) > 20
        while killing.kills.total() < 15:
            out, before, killed = tmp_path / f"{number}.jsonl", dict[str, Any](), True
            while killed and len(before) < len(wanted):
                killed = killing.kill("eval", data=data, out=out)
                now = rows_of(out)
                assert before.items() <= now.items() <= wanted.items()
                before = now
            killing.do("eval", data=data, out=out)
            assert rows_of(out) == wanted and runs.read(out).complete
            text = out.read_text()
            assert len(text.splitlines()) == len(wanted) + 1 and all(map(json.loads, text.splitlines()))
            number += 1
        print(f"eval: {killing.kills.total()} kills, {dict(killing.kills)}; {number} runs")
