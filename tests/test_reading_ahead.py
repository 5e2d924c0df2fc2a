"""What is known of a prompt is read before it is asked for: it gives way to a question, and changes no word."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from app_helpers import QUESTION, RIGHT, on_ollama, says, until
from commands import Run
from engine_fixtures import spoken
from evidence_helpers import statement
from llama_index.core.llms import ChatMessage
from ollama_double import RECORDED_MODEL, OllamaDouble, slow

from rag import prompts
from rag.engines.base import as_json
from rag.engines.connections import Connections
from rag.engines.embedded import EmbeddedEngine
from rag.engines.ollama import OllamaEngine
from rag.engines.weights import DEFAULT, fetch, model_dir
from rag.errors import EngineInterrupted, Stopped

TALK: list[Any] = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": f"{RIGHT} [1]"}]
TURNS = [("user", QUESTION), ("assistant", RIGHT)]
FIXED = [as_json(prompts.rewrite_begins()), as_json(prompts.answer_begins())]
TALKED = [as_json(prompts.rewrite_begins(TURNS))]


@pytest.mark.parametrize(
    ("beginning", "prompt"),
    [
        (prompts.answer_begins(), prompts.answer(QUESTION, [statement(RIGHT)])),
        (prompts.answer_begins(), prompts.answer(QUESTION, [statement(RIGHT, date=None)], prompts.YES_OR_NO)),
        (prompts.rewrite_begins(), prompts.rewrite(TURNS, "And Homs?")),
        (prompts.rewrite_begins(TURNS), prompts.rewrite(TURNS, "And Homs?")),
    ],
)
def test_a_prompt_begins_as_it_is_told(beginning: list[ChatMessage], prompt: list[ChatMessage]) -> None:
    assert beginning[0] == prompt[0]
    going_on = str(prompt[1].content).removeprefix(str(beginning[1].content))
    assert going_on != prompt[1].content and going_on[0].isspace()


def test_what_is_fixed_is_read_once_the_model_is_loaded_and_the_conversation_after_each_answer(seeds_dir: Path) -> None:
    with OllamaDouble(chat=says(RIGHT)) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        dateline.prepare()
        until(lambda: ollama.read_ahead == FIXED)
        dateline.read_ahead(TALK)
        until(lambda: ollama.read_ahead == FIXED + TALKED)
        dateline.ask("And why there?", TALK)
        written = ollama.chats[0]["messages"]
    assert written[1]["content"] == f"{TALKED[0][1]['content']} And why there?"


def test_a_question_breaks_it_off(seeds_dir: Path) -> None:
    reading = slow(threading.Event())
    with OllamaDouble(chat=says(RIGHT), ahead=reading) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        dateline.read_ahead(TALK)
        until(lambda: bool(ollama.read_ahead))
        assert not ollama.client_left.is_set()
        assert dateline.ask(QUESTION).sentences
        assert ollama.client_left.wait(1)
        until(lambda: "reading ahead" not in {one.name for one in threading.enumerate()})


def test_it_costs_nothing_elsewhere_or_where_the_model_does_not_stay() -> None:
    with OllamaDouble() as ollama:
        OllamaEngine(RECORDED_MODEL, host=ollama.url, keep_alive=0).read_ahead(prompts.answer_begins())
        OllamaEngine(RECORDED_MODEL, host="192.0.2.7").read_ahead(prompts.answer_begins())
        assert ollama.requests == []


class Reader:
    """Somebody at the terminal who writes each line only when it is `time`."""

    def __init__(self, *lines: tuple[str, Callable[[], bool]]) -> None:
        self._lines = iter(lines)

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        line, time = next(self._lines)
        until(time)
        return f"{line}\n"


def test_in_chat_the_model_reads_while_the_reader_does(
    run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaDouble(chat=says(RIGHT)) as ollama:
        monkeypatch.setenv("OLLAMA_HOST", ollama.url)
        read = [lambda: ollama.read_ahead == FIXED, lambda: ollama.read_ahead == FIXED + TALKED]
        monkeypatch.setattr("sys.stdin", Reader((QUESTION, read[0]), ("", read[1])))
        told = run("chat", "--engine", "ollama", "--model", RECORDED_MODEL, "--data-dir", seeds_dir)
    assert (told.code, RIGHT[:30] in told.out) == (0, True)


# -- the embedded engine, with the real model


@pytest.fixture(scope="module")
def fresh() -> Iterator[EmbeddedEngine]:
    """An engine that has read nothing yet."""
    engine = EmbeddedEngine(fetch(DEFAULT, model_dir()), threads=1, timeout=300)
    yield engine
    engine.close()


@pytest.mark.slow
def test_the_embedded_engine_reads_no_piece_twice_and_says_the_same(fresh: EmbeddedEngine) -> None:
    long = TURNS * 2
    answer, rewrite = prompts.answer(QUESTION, [statement(RIGHT)]), prompts.rewrite(long, "And Homs?")

    def said() -> list[Any]:
        """Words and numbers of each prompt, and how many tokens were read before."""
        texts = [spoken(fresh.stream(messages, max_tokens=6)) for messages in (answer, rewrite)]
        odds, checked = fresh.yes_minus_no(prompts.answer(QUESTION, [statement(RIGHT)], prompts.YES_OR_NO))
        ends = [*(end for _, end in texts), checked]
        numbers = [text for text, _ in texts], [end.mean_logprob for end in ends], odds
        return [numbers, [end.cached_tokens for end in ends]]

    fresh.read_ahead(prompts.answer_begins())
    numbers, (head, _, _) = said()
    assert head > fresh.count_tokens(prompts.INSTRUCTIONS)
    read_before = said()
    assert read_before[0] == numbers and min(read_before[1]) >= head
    fresh.read_ahead(prompts.rewrite_begins(long))
    text, end = spoken(fresh.stream(rewrite, max_tokens=6))
    assert (text, end.mean_logprob) == (numbers[0][1], numbers[1][1])
    assert end.cached_tokens == read_before[1][1] + 64
    copies = fresh._slot.server.copies  # type: ignore[union-attr]
    for copy in copies.iterdir():
        copy.unlink()
    assert said()[0] == numbers
    fresh.close()
    assert not copies.exists()


@pytest.mark.slow
def test_the_embedded_engine_is_cut_short_within_a_batch(chat_engine: EmbeddedEngine) -> None:
    story, connections = [ChatMessage(role="user", content="The cat sat on the mat. " * 400)], Connections()
    spoken(chat_engine.stream(prompts.answer(QUESTION, [statement(RIGHT)]), max_tokens=1))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(chat_engine.read_ahead, story, connections)
        slot: Any = chat_engine._slot
        until(lambda: "[]" in slot._heads and slot._turn.locked())  # behind the head, in a piece
        assert not reading.done()
        begun = time.monotonic()
        connections.cut()
        assert isinstance(reading.exception(5), Stopped | EngineInterrupted)
    spoken(chat_engine.stream(prompts.answer(QUESTION, [statement(RIGHT)]), max_tokens=1))
    assert time.monotonic() - begun < 25  # 2400 tokens take longer
