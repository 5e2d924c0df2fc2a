"""The door to the systems of the evals."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from conftest import Write
from eval_helpers import case
from ollama_double import OllamaDouble, installed, speaks

from evals.systems import SYSTEMS, build
from rag import Assistant
from rag.errors import DatelineError

MODEL = "qwen3:4b"


def test_the_systems_have_the_names_they_are_asked_for_by(tmp_path: Path) -> None:
    assert SYSTEMS == ("dateline", "citation-engine", "vector-engine", "closed-book", "bm25-top")
    systems = build(SYSTEMS, Assistant(tmp_path))
    assert tuple(system.name for system in systems) == SYSTEMS
    assert all(system.about and "\n" not in system.about for system in systems)


def test_systems_come_in_the_order_asked_for_and_once_each(tmp_path: Path) -> None:
    systems = build(["bm25-top", "dateline", "bm25-top"], Assistant(tmp_path))
    assert [system.name for system in systems] == ["bm25-top", "dateline"]


def test_an_unknown_system_is_an_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DatelineError) as told:
        build(["dateline", "gpt"], Assistant(tmp_path))
    assert str(told.value) == (
        "There is no system 'gpt' to evaluate: choose from "
        "dateline, citation-engine, vector-engine, closed-book, bm25-top."
    )


def test_dateline_is_asked_with_all_that_the_case_says(write: Write, folder: Path, tmp_path: Path) -> None:
    write("hama.txt", "Hama lies 200 kilometres north of Damascus.", date="2024-12-05")
    write("homs.txt", "Hama lies 45 kilometres north of Homs.", date="2024-12-05")
    write("late.txt", "Hama lies 300 kilometres from Aleppo.", date="2024-12-08")
    turns = ({"role": "user", "content": "Where is Hama?"}, {"role": "assistant", "content": "In Syria."})
    about = case(
        "How far is it from Damascus?", as_of=date(2024, 12, 6), exclude=("homs.txt",), history=turns
    )  # fmt: skip
    says = speaks(lambda messages, options: "How far is Hama from Damascus?", first_token=lambda messages: {"Yes": 0.0})
    with OllamaDouble(chat=says, models=[installed(MODEL)]) as ollama:
        with Assistant(tmp_path / "data", "ollama", MODEL, ollama_host=ollama.url) as assistant:
            assistant.index(folder)
            (dateline,) = build(["dateline"], assistant)
            answer = dateline.answer(about)
    assert answer.standalone_question == "How far is Hama from Damascus?"
    assert {hit.passage.article for hit in answer.hits} == {"hama.txt"}
