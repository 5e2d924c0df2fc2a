"""The embedded engine, with the real model: loose about what it says, exact about the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from engine_fixtures import spoken
from index_helpers import ROOT
from llama_index.core.llms import ChatMessage
from processes import hear_ctrl_c

from rag.engines.base import Completion
from rag.engines.embedded import EmbeddedEngine, default_threads
from rag.engines.llama_server import missing_cpu_features
from rag.engines.weights import DEFAULT, fetch, model_dir
from rag.errors import EngineError, EngineInterrupted, EngineUnavailable, ModelMissing, WeightsError


def ask(*contents: str) -> list[ChatMessage]:
    """A system message and a question, or a question alone."""
    roles = ["system", "user"][-len(contents) :]
    return [ChatMessage(role=role, content=content) for role, content in zip(roles, contents, strict=True)]


def run(engine: EmbeddedEngine, messages: list[ChatMessage], **kwargs: object) -> tuple[str, Completion]:
    """The whole text, and the Completion that the generator returns."""
    return spoken(engine.stream(messages, **{"max_tokens": 16, **kwargs}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (None, ModelMissing, r"No such file.*`--model PATH.gguf`.*`dateline pull`"),
        ("a folder", ModelMissing, "Is a directory"),
        (b"not a model", WeightsError, r"a.gguf is not a GGUF model file\. Give one with"),  # never reaches llama.cpp
        (b"GGUF\x03\0\0\0" + bytes(200), WeightsError, r"llama\.cpp cannot load .*a\.gguf: it is cut short"),
    ],
)
def test_a_file_that_is_no_model_is_told_and_llama_cpp_stays_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | str | None, error: type[Exception], told: str
) -> None:
    path = tmp_path / "a.gguf"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    with pytest.raises(error, match=told):
        EmbeddedEngine(path).load()
    assert capfd.readouterr() == ("", "")


def test_a_closed_engine_says_that_it_was_closed(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "any.gguf")
    engine.close()
    engine.close()
    with pytest.raises(EngineUnavailable, match="was closed"):
        engine.count_tokens("a")


def test_the_processor_is_known() -> None:
    assert missing_cpu_features("processor : 0\nflags : sse4_2 avx f16c\n") == ["avx2", "fma"]
    assert missing_cpu_features("flags : avx2 fma f16c bmi2\n") == []
    assert 1 <= default_threads() <= min(8, os.cpu_count() or 1)


@pytest.mark.slow
def test_it_answers_and_counts(chat_engine: EmbeddedEngine) -> None:
    assert (chat_engine.name, chat_engine.model) == ("embedded", "qwen2.5-coder-1.5b-instruct-q4_k_m")
    assert (chat_engine.count_tokens(""), chat_engine.count_tokens("Hello world")) == (0, 2)
    text, completion = run(chat_engine, ask("Answer briefly.", "What is the capital of France?"))
    assert "Paris" in text
    assert completion.prompt_tokens > completion.cached_tokens
    assert 0 < completion.completion_tokens <= 16 and not completion.truncated
    _, completion = run(chat_engine, ask("Count from 1 to 100."), max_tokens=5)
    assert (completion.completion_tokens, completion.truncated) == (5, True)


@pytest.mark.slow
def test_a_check_goes_on_from_the_draft_and_a_draft_from_nothing(chat_engine: EmbeddedEngine) -> None:
    story = "The cat sat on the mat. " * 12
    for _ in range(2):
        _, draft = run(chat_engine, ask(story, "Why?"), max_tokens=2)
        assert draft.cached_tokens == 0
    _, check = chat_engine.yes_minus_no(ask(story, "Did the cat sit? Answer Yes or No."))
    assert check.cached_tokens > chat_engine.count_tokens(story) / 2


@pytest.mark.slow
def test_the_same_question_gets_the_same_numbers_whatever_was_asked_between(chat_engine: EmbeddedEngine) -> None:
    def asked() -> tuple[str, float | None, float]:
        text, completion = run(chat_engine, ask("The cat sat on the mat.", "Who sat where?"))
        log_odds, _ = chat_engine.yes_minus_no(ask("The cat sat on the mat.", "Did the dog sit? Answer Yes or No."))
        return text, completion.mean_logprob, log_odds

    first = asked()
    run(chat_engine, ask("The cat sat on the mat.", "Which animal is it?"))
    assert asked() == first


@pytest.mark.slow
def test_a_plain_yes_is_positive_and_a_plain_no_negative(chat_engine: EmbeddedEngine) -> None:
    yes, completion = chat_engine.yes_minus_no(ask("Is Paris in France? Answer Yes or No."))
    no, _ = chat_engine.yes_minus_no(ask("Is Paris in China? Answer Yes or No."))
    assert yes > 1 > -1 > no
    assert completion.completion_tokens == 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_closing_the_generator_stops_the_model(chat_engine: EmbeddedEngine) -> None:
    stream = chat_engine.stream(ask("Count from 1 to 1000."), max_tokens=3000)
    next(stream)
    stream.close()
    began = time.monotonic()
    run(chat_engine, ask("Hello"), max_tokens=1)  # waits its turn: there is one slot
    assert time.monotonic() - began < 20  # 3000 tokens take minutes


@pytest.mark.slow
def test_two_threads_are_both_answered(chat_engine: EmbeddedEngine) -> None:
    questions = [ask(f"What is the capital of {country}? One word.") for country in ("France", "Italy")]
    with ThreadPoolExecutor(2) as pool:
        france, italy = (text for text, _ in pool.map(lambda question: run(chat_engine, question), questions))
    assert "Paris" in france and "Rome" in italy


@pytest.mark.slow
def test_a_prompt_beyond_the_window_and_a_request_that_is_refused_are_told_in_words(
    chat_engine: EmbeddedEngine,
) -> None:
    with pytest.raises(EngineError, match=r"^The prompt has \d+ tokens, and the model's window holds 4096\. "):
        run(chat_engine, ask("word " * 5000))
    with pytest.raises(EngineError, match=r"^The embedded engine refused the request: .*`dateline doctor`\.$"):
        list(chat_engine._chat({"messages": "nonsense"}, None))


@pytest.mark.slow
def test_the_server_is_silent_to_whoever_lacks_the_key(chat_engine: EmbeddedEngine) -> None:
    assert chat_engine.count_tokens("a") == 1
    address = chat_engine._server.address  # type: ignore[union-attr]
    assert address.startswith("http://127.0.0.1:")
    assert httpx.post(f"{address}/tokenize", json={"content": "a"}, trust_env=False).status_code == 401
    assert str(model_dir()) not in httpx.get(f"{address}/v1/models", trust_env=False).text


@pytest.mark.slow
def test_a_server_that_is_killed_is_told_of_and_the_next_question_gets_another() -> None:
    engine = EmbeddedEngine(fetch(DEFAULT, model_dir()), threads=1, timeout=300)
    try:
        stream = engine.stream(ask("Count from 1 to 1000."), max_tokens=3000)
        next(stream)
        server = psutil.Process(engine._server._process.pid)  # type: ignore[union-attr]
        server.kill()
        with pytest.raises(EngineInterrupted, match="Ask again"):
            list(stream)
        assert "Paris" in run(engine, ask("Answer briefly.", "What is the capital of France?"))[0]
        server = psutil.Process(engine._server._process.pid)  # type: ignore[union-attr]
    finally:
        engine.close()
    assert not server.is_running()


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
        [sys.executable, "-c", script, str(fetch(DEFAULT, model_dir()))], env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c,
    )  # fmt: skip


@pytest.mark.slow
def test_the_server_ends_when_its_program_is_killed() -> None:
    program = alone(ALONE + "print('writing', flush=True); list(stream)")
    assert program.stdout is not None
    assert program.stdout.readline() == "writing\n"
    (server,) = psutil.Process(program.pid).children()
    program.kill()
    program.wait()
    server.wait(timeout=10)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_in_mid_answer_it_is_quiet_and_does_not_hang_when(ending: str) -> None:
    code, words = ENDINGS[ending]
    process = alone(ALONE + code)
    assert process.communicate(timeout=90) == (words, "")
    assert process.returncode == 0


@pytest.mark.slow
def test_ctrl_c_in_mid_answer_ends_the_process() -> None:
    process = alone(ALONE + "print('writing', flush=True)\nlist(stream)\n")
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1].rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
