"""A question can be called off from another thread, whatever it waits for, and nothing stays behind that it held."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from app_helpers import QUESTION, RIGHT, on_ollama, says, until
from checking import CheckedAssistant
from ollama_double import Answer, OllamaDouble, endless, held_open, loaded, slow

from rag.errors import Stopped
from rag.types import TextDelta
from web.asking import Asking
from web.engine_room import EngineRoom

SOON = 1.0
"""Seconds within which a stop must be felt."""
REWRITTEN = "while the question is rewritten"
YES_OR_NO = "while it says Yes or No to a quote"
ASKED = {REWRITTEN: "Why did they?", YES_OR_NO: "Did insurgents capture Hama?"}
TURNS = [
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": f"{RIGHT} Others fled there in the week before."},
]


HANGING: dict[str, Answer] = {
    REWRITTEN: slow(threading.Event()),
    "before the first token": slow(threading.Event(), says(RIGHT)),
    "before the first token, its headers sent": held_open(after=0),
    "in mid-answer": held_open(after=3),
    "while it writes": says(endless()),
    YES_OR_NO: slow(threading.Event()),
}


@pytest.mark.parametrize("where", HANGING)
def test_a_stop_is_felt_at_once_by_the_line_and_by_ollama_and_no_thread_stays(where: str, seeds_dir: Path) -> None:
    before, chat = set(threading.enumerate()), HANGING[where]
    with ThreadPoolExecutor(1) as pool, OllamaDouble(chat=chat) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        room, stop, tired = EngineRoom(dateline), threading.Event(), threading.Event()
        history = TURNS if where == REWRITTEN else []
        question = Asking(room, "anna", ASKED.get(where, QUESTION), history, {}, stop)
        asked = pool.submit(lambda: asyncio.run(question.answer()))
        until(lambda: any(where != YES_OR_NO or not chat["stream"] for chat in ollama.chats))
        begun = time.monotonic()
        stop.set()
        threading.Timer(5, tired.set).start()
        with room.enter("boris", tired, lambda told: None):
            assert time.monotonic() - begun < SOON
        assert ollama.client_left.wait(SOON)
        assert isinstance(asked.exception(SOON), Stopped)
        until(lambda: not [one for one in set(threading.enumerate()) - before if one.name == "engine"], SOON)


def called_off(dateline: CheckedAssistant, when: Callable[[], bool]) -> float:
    """Asks, and stops when it is `when`: the seconds from then until Stopped."""
    stop, set_at = threading.Event(), list[float]()

    def watch() -> None:
        until(when)
        set_at.append(time.monotonic())
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    with pytest.raises(Stopped, match="called off"):
        list(dateline.stream(QUESTION, stop=stop))
    return time.monotonic() - set_at[0]


def test_a_stop_is_felt_while_an_embedder_on_ollama_is_silent(seeds_dir: Path) -> None:
    """Not the engine's request at all: whatever blocks, the question ends."""
    gate = threading.Event()
    with OllamaDouble(everything=slow(gate)) as ollama:
        with on_ollama(seeds_dir, ollama, embedder="ollama:minilm") as dateline:
            threading.Timer(4, gate.set).start()
            assert called_off(dateline, lambda: bool(ollama.requests)) < SOON


def test_a_model_that_is_being_loaded_is_not_waited_for(seeds_dir: Path) -> None:
    loading = slow(threading.Event(), loaded)
    with OllamaDouble(chat=says(RIGHT), load=loading) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        room = EngineRoom(dateline)
        room.prepare()
        until(lambda: bool(ollama.loads))
        assert room.state().phase == "loading"
        begun = time.monotonic()
        room.pause()
        assert time.monotonic() - begun < SOON
        assert ollama.client_left.wait(SOON)


def test_a_question_that_was_called_off_before_asks_no_model(seeds_dir: Path) -> None:
    stop = threading.Event()
    stop.set()
    with OllamaDouble() as ollama:
        with on_ollama(seeds_dir, ollama) as dateline, pytest.raises(Stopped):
            list(dateline.stream(QUESTION, stop=stop))
        assert ollama.requests == []


@pytest.mark.slow
def test_the_embedded_model_stops_while_it_is_loaded_and_while_it_reads(seeds_dir: Path) -> None:
    before = set(psutil.Process().children())
    with CheckedAssistant(seeds_dir, "embedded", threads=1, timeout=300, evidence_tokens=1500) as dateline:
        assert called_off(dateline, lambda: bool(set(psutil.Process().children()) - before)) < SOON
        begun = time.monotonic()
        dateline.prepare()
        assert time.monotonic() - begun > 0.3  # so it was still being loaded
        begun = time.monotonic()
        assert called_off(dateline, lambda: time.monotonic() - begun > 1.5) < SOON
        begun = time.monotonic()
        next(event for event in dateline.stream(QUESTION) if isinstance(event, TextDelta))
        assert time.monotonic() - begun > 2.0  # so it was still reading when it was stopped
