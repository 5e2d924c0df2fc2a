"""A conversation can be taken away whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from test_render import EVIL, answer, citation

from web.conversations import Turn
from web.export import as_json, as_markdown

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_json_holds_each_answer_whole() -> None:
    told = answer()
    (turn,) = json.loads(as_json("Hama", [Turn(1, "Who?", NOW, {}, told, None, "", "up", "Good")]))["turns"]
    assert turn["answer"] == told
    assert (turn["question"], turn["verdict"], turn["comment"]) == ("Who?", "up", "Good")


def test_markdown_has_the_quotes_below_their_answer() -> None:
    told = answer("He heads it [1].", citation(1, carriers=["a.txt", "b.txt"]))
    text = as_markdown(
        "Hama", [Turn(1, "Who?", NOW, {}, told, None, ""), Turn(2, "Why?", NOW, {}, None, "Stopped.", "")]
    )
    assert text.index("## Who?") < text.index("He heads it") < text.index("> **\\[1\\]** quote 1")
    assert "Title, 5 December 2024, a.txt, 2 articles, one origin" in text
    assert text.endswith("## Why?\n\n*Stopped.*\n")


def test_markup_in_a_conversation_stays_text_in_markdown() -> None:
    text = as_markdown(EVIL, [Turn(1, EVIL, NOW, {}, answer(EVIL), None, "")])
    assert "\\<script\\>" in text
    assert "**bold**" not in text
