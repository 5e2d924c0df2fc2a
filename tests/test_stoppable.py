"""A question can be called off from another thread, whatever the model is doing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from app_helpers import QUESTION, endless, says
from checking import CheckedAssistant
from ollama_double import OllamaDouble

from rag.errors import Stopped
from rag.types import TextDelta


def test_a_model_that_writes_without_end_is_stopped_from_another_thread(seeds_dir: Path) -> None:
    stop = threading.Event()
    with OllamaDouble(chat=says(endless())) as ollama:
        with CheckedAssistant(seeds_dir, "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as dateline:
            with pytest.raises(Stopped, match="called off"):
                for event in dateline.stream(QUESTION, stop=stop):
                    if isinstance(event, TextDelta):
                        threading.Thread(target=stop.set).start()
            assert ollama.client_left.wait(1)


def test_a_question_that_was_called_off_before_asks_no_model(seeds_dir: Path) -> None:
    stop = threading.Event()
    stop.set()
    with OllamaDouble() as ollama:
        with CheckedAssistant(seeds_dir, "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as dateline:
            with pytest.raises(Stopped):
                list(dateline.stream(QUESTION, stop=stop))
        assert ollama.chats == []


@pytest.mark.slow
def test_the_embedded_model_stops_while_it_reads(asked: CheckedAssistant) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        list(asked.stream(QUESTION, stop=stop))
    stopped = time.monotonic() - begun
    begun = time.monotonic()
    next(event for event in asked.stream(QUESTION) if isinstance(event, TextDelta))
    assert stopped < time.monotonic() - begun  # it did not read to the end
