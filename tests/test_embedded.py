"""The embedded engine, with the real model: loose about what it says, exact about the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from engine_fixtures import spoken
from index_helpers import ROOT
from llama_index.core.llms import ChatMessage
from processes import hear_ctrl_c

from rag.engines.base import Completion
from rag.engines.embedded import EmbeddedEngine
from rag.engines.weights import DEFAULT, fetch, model_dir
from rag.errors import EngineError, EngineInterrupted, EngineUnavailable

pytestmark = pytest.mark.slow


def ask(*contents: str) -> list[ChatMessage]:
    """A system message and a question, or a question alone."""
    roles = ["system", "user"][-len(contents) :]
    return [ChatMessage(role=role, content=content) for role, content in zip(roles, contents, strict=True)]


def run(engine: EmbeddedEngine, messages: list[ChatMessage], max_tokens: int = 16) -> tuple[str, Completion]:
    """The whole text, and the Completion that the generator returns."""
    return spoken(engine.stream(messages, max_tokens=max_tokens))


def test_it_answers_and_counts_and_says_yes_or_no(chat_engine: EmbeddedEngine) -> None:
    assert (chat_engine.name, chat_engine.model) == ("embedded", "qwen2.5-coder-1.5b-instruct-q4_k_m")
    assert (chat_engine.count_tokens(""), chat_engine.count_tokens("Hello world")) == (0, 2)
    text, completion = run(chat_engine, ask("Answer briefly.", "What is the capital of France?"))
    assert "Paris" in text
    assert completion.prompt_tokens > completion.cached_tokens
    assert 0 < completion.completion_tokens <= 16 and not completion.truncated
    _, completion = run(chat_engine, ask("Count from 1 to 100."), max_tokens=5)
    assert (completion.completion_tokens, completion.truncated) == (5, True)
    yes, completion = chat_engine.yes_minus_no(ask("Is Paris in France? Answer Yes or No."))
    no, _ = chat_engine.yes_minus_no(ask("Is Paris in China? Answer Yes or No."))
    assert yes > 1 > -1 > no
    assert completion.completion_tokens == 1


def test_the_same_question_gets_the_same_numbers_whatever_came_before(chat_engine: EmbeddedEngine) -> None:
    story = "The cat sat on the mat. " * 12

    def asked() -> tuple[str, Completion, float, Completion]:
        draft = run(chat_engine, ask(story, "Who sat where?"))
        return *draft, *chat_engine.yes_minus_no(ask(story, "Did the dog sit? Answer Yes or No."))

    first = asked()
    run(chat_engine, ask(story, "Which animal is it?"))
    assert asked() == first
    _, draft, _, check = first
    assert draft.cached_tokens == check.cached_tokens > chat_engine.count_tokens(story)  # all before the question
    assert draft.mean_logprob is not None


def test_what_a_model_thinks_in_its_text_is_dropped_and_nothing_but_thoughts_is_an_error(
    chat_engine: EmbeddedEngine,
) -> None:
    aloud = ask(
        "Repeat what the user writes, character by character, and write nothing else.",
        "<think>Let me see.</think>Paris is in France.",
    )
    assert run(chat_engine, aloud, max_tokens=60)[0] == "Paris is in France."
    for call in (lambda: run(chat_engine, aloud, max_tokens=3), lambda: chat_engine.yes_minus_no(aloud)):
        with pytest.raises(EngineError, match="thinks before it answers"):
            call()


def test_closing_the_generator_stops_the_model_and_two_threads_are_both_answered(chat_engine: EmbeddedEngine) -> None:
    stream = chat_engine.stream(ask("Count from 1 to 1000."), max_tokens=3000)
    next(stream)
    stream.close()
    began = time.monotonic()
    questions = [ask(f"What is the capital of {country}? One word.") for country in ("France", "Italy")]
    with ThreadPoolExecutor(2) as pool:
        france, italy = (text for text, _ in pool.map(lambda question: run(chat_engine, question), questions))
    assert "Paris" in france and "Rome" in italy
    assert time.monotonic() - began < 30  # there is one slot, and 3000 tokens take minutes


def test_a_prompt_beyond_the_window_and_a_request_that_is_refused_are_told_in_words(
    chat_engine: EmbeddedEngine,
) -> None:
    with pytest.raises(EngineError, match=r"^The prompt has \d+ tokens, and the model's window holds 4096\. "):
        run(chat_engine, ask("word " * 5000))
    with pytest.raises(EngineError, match=r"^The embedded engine refused the request: .*`dateline doctor`\.$"):
        list(chat_engine._started().server.chat({"messages": "nonsense"}))


def test_the_server_is_silent_to_whoever_lacks_the_key(chat_engine: EmbeddedEngine) -> None:
    assert chat_engine.count_tokens("a") == 1
    address = chat_engine._slot.server.address  # type: ignore[union-attr]
    assert address.startswith("http://127.0.0.1:")
    assert httpx.post(f"{address}/tokenize", json={"content": "a"}, trust_env=False).status_code == 401
    assert str(model_dir()) not in httpx.get(f"{address}/v1/models", trust_env=False).text


def test_a_server_that_is_killed_is_told_of_and_the_next_question_gets_another_until_the_engine_is_closed() -> None:
    engine = EmbeddedEngine(fetch(DEFAULT, model_dir()), threads=1, timeout=300)
    try:
        stream = engine.stream(ask("Count from 1 to 1000."), max_tokens=3000)
        next(stream)
        psutil.Process(engine._slot.server._process.pid).kill()  # type: ignore[union-attr]
        with pytest.raises(EngineInterrupted, match="Ask again"):
            list(stream)
        assert "Paris" in run(engine, ask("Answer briefly.", "What is the capital of France?"))[0]
        server = psutil.Process(engine._slot.server._process.pid)  # type: ignore[union-attr]
    finally:
        engine.close()
    assert not server.is_running()
    engine.close()
    with pytest.raises(EngineUnavailable, match="was closed"):
        engine.count_tokens("a")


ALONE = """
import contextlib, sys, threading
from pathlib import Path
from llama_index.core.llms import ChatMessage
from rag.engines.embedded import EmbeddedEngine
from rag.errors import EngineInterrupted
engine = EmbeddedEngine(Path(sys.argv[1]), threads=1)
stream = engine.stream([ChatMessage(content="Count from 1 to 1000.")], max_tokens=3000)
next(stream)
"""
LISTEN = """
def listen():
    with contextlib.suppress(EngineInterrupted): list(stream)
thread = threading.Thread(target=listen, daemon=True)
thread.start()
thread.join(0.5)
"""
CLOSE_ELSEWHERE = """
threading.Timer(0.5, engine.close).start()
try: list(stream)
except EngineInterrupted as error: print(error)
"""
BROKE_OFF = "The embedded model broke off in mid-answer. Ask again; if it happens again, run `dateline doctor`.\n"
ENDINGS = {
    "the program ends": ("", ""),
    "the engine is closed": ("engine.close()\n", ""),
    "the program ends and a thread still listens": (LISTEN, ""),
    "the engine is closed in another thread": (CLOSE_ELSEWHERE, BROKE_OFF),
}


def alone(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ALONE + script, str(fetch(DEFAULT, model_dir()))], text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=hear_ctrl_c,
    )  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_in_mid_answer_it_is_quiet_and_does_not_hang_when(ending: str) -> None:
    code, words = ENDINGS[ending]
    process = alone(code)
    assert process.communicate(timeout=90) == (words, "")
    assert process.returncode == 0


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_the_server_ends_when_its_program_is_killed_and_when_it_hears_ctrl_c(end: signal.Signals) -> None:
    program = alone("print('writing', flush=True); list(stream)")
    assert program.stdout is not None
    assert program.stdout.readline() == "writing\n"
    (server,) = psutil.Process(program.pid).children()
    program.send_signal(end)
    words = program.communicate(timeout=60)[1].rstrip()
    assert (program.returncode, words.endswith("KeyboardInterrupt")) == (-end, end is signal.SIGINT)
    server.wait(timeout=10)
