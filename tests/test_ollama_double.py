"""What the double of Ollama promises to the tests that use it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from ollama_double import OllamaDouble, installed, speaks

from rag.engines.ollama import OllamaEngine
from rag.errors import EngineInterrupted


def ask(ollama: OllamaDouble, max_tokens: int = 120) -> str:
    messages = [ChatMessage(role="user", content="How far is it?")]
    return "".join(OllamaEngine("qwen3:4b", host=ollama.url).stream(messages, max_tokens=max_tokens))


def test_the_double_speaks_a_tests_text_in_the_recorded_form_and_stops_at_num_predict() -> None:
    def echo(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        return f"{messages[-1]['content'][:9]}, {options['num_predict']} at most"

    with OllamaDouble(chat=speaks(echo), models=[installed("qwen3:4b")]) as ollama:
        assert (ask(ollama), ask(ollama, max_tokens=2)) == ("How far i, 120 at most", "How far")


def test_what_fails_in_a_tests_function_is_raised_by_the_double() -> None:
    failing = OllamaDouble(chat=speaks(lambda *_: str(1 / 0)), models=[installed("qwen3:4b")])
    with pytest.raises(ZeroDivisionError), failing as ollama, contextlib.suppress(EngineInterrupted):
        ask(ollama)
