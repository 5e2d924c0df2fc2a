"""What is a room of rules worth? The eval with some of them switched off: python -m evals.without ROOM,… [ARGUMENTS].

    python -m evals.without claims,orders --split dev --remember said.db --out without-claims-orders.jsonl

For the measurement alone (docs/decisions.md, "What each rule was worth"); it goes with the rooms that go.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any

from rag.parts import Parts
from rag.scope import Scope


def _gives(value: Any) -> Callable[..., Any]:
    return lambda *arguments, **options: value


def _plainly(question: str, history: Sequence[Any], rewrite: Any) -> str:
    asked = [turn["content"] for turn in history if turn["role"] == "user"]
    return " ".join([*asked[-1:], question])


ROOMS: dict[str, dict[str, Any]] = {
    "claims": {
        "checker.wrong_speaker": _gives(None),
        "checker.wrong_doer": _gives(None),
        "checker.attributed": lambda text, *_: text,
    },
    "clauses": {f"checker.{name}": _gives(None) for name in ("joined_apart", "of_another_place", "by_another")},
    "namesake": {"checker.namesake": _gives(None)},
    "opposites": {"facts._denied": _gives(None), "facts._reversed": _gives(None)},
    "unsaid": {"verify.unsaid": _gives(""), "answering.unsaid": _gives("")},
    "corrections": {"answering.correction": _gives(())},
    "orders": {"evidence.reads_as_order": _gives(False)},
    "expects": {"checker.brings": _gives(True), "answering.expected": _gives("other")},
    "scope": {"assistant.read_scope": lambda question, today: Scope(None, None, None, "", question)},
    "parts": {"assistant.split_question": lambda question: Parts((question,), None)},
    "broad": {"answering.breadth": _gives("narrow"), "answering.asks_for_articles": _gives(False)},
    "calendar": {"find._RECENT": timedelta(days=-1)},
    "voices": {"answering.rivals": _gives([])},
    "followup-rules": {"followup._by_rules": _gives(None)},
    "followup": {"assistant.standalone": _plainly},
}


def main() -> None:
    """Switches the named rooms off, and runs the eval."""
    from rag.cli import main as dateline

    rooms, *arguments = sys.argv[1:]
    for room in filter(None, rooms.split(",")):
        for place, instead in ROOMS[room].items():
            module, name = place.split(".")
            assert hasattr(import_module(f"rag.{module}"), name), place
            setattr(import_module(f"rag.{module}"), name, instead)
    dateline(["eval", *arguments])


if __name__ == "__main__":
    main()
