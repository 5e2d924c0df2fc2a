"""What the double of Ollama promises to the tests that use it."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from ollama_double import RECORDED_MODEL, OllamaDouble, installed, slow, speaks

from rag.engines.ollama import OllamaEngine
from rag.errors import EngineInterrupted


def ask(ollama: OllamaDouble, model: str = RECORDED_MODEL, max_tokens: int = 120) -> str:
    messages = [ChatMessage(role="user", content="How far is it?")]
    return "".join(OllamaEngine(model, host=ollama.url).stream(messages, max_tokens=max_tokens))


def test_the_double_speaks_a_tests_text_in_the_recorded_form() -> None:
    def echo(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        return f"{messages[-1]['content'][:9]}, {options['num_predict']} at most"

    with OllamaDouble(chat=speaks(echo), models=[installed("qwen3:4b")]) as ollama:
        assert ask(ollama, "qwen3:4b") == "How far i, 120 at most"


def test_the_double_stops_at_num_predict() -> None:
    with OllamaDouble(chat=speaks(lambda *_: "one two three")) as ollama:
        assert ask(ollama, max_tokens=2) == "one two"


def test_what_fails_in_a_tests_function_is_raised_by_the_double() -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError

    with (
        pytest.raises(ZeroDivisionError),
        OllamaDouble(chat=speaks(broken)) as ollama,
        contextlib.suppress(EngineInterrupted),
    ):
        ask(ollama)


def test_a_slow_answer_comes_once_its_gate_opens() -> None:
    gate = threading.Event()
    with OllamaDouble(chat=slow(gate)) as ollama:
        gate.set()
        assert ask(ollama)[0]
