"""The Ollama engine against the recorded server, over real HTTP; the client is never patched."""

from __future__ import annotations

import itertools
import json
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import ollama_double as double
import pytest
from engine_fixtures import spoken
from llama_index.core.llms import ChatMessage
from ollama_double import RECORDED_MODEL, OllamaDouble, Reply, recording, refuses, speaks

from rag.engines.base import Completion, Engine
from rag.engines.ollama import OllamaEngine
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, SettingsError
from rag.settings import Settings

SENT = [
    {"role": "system", "content": "Use only the numbered statements."},
    {"role": "user", "content": "[1] Homs is about 25 miles south of Hama.\n\nQuestion: How far is it?"},
]
QUESTION = [ChatMessage(**message) for message in SENT]


def engine(ollama: OllamaDouble, **settings: Any) -> OllamaEngine:
    return OllamaEngine(RECORDED_MODEL, **{"host": ollama.url} | settings)


def drafting(this: OllamaEngine) -> tuple[str, Completion]:
    return spoken(this.stream(QUESTION, max_tokens=120))


def checking(this: OllamaEngine) -> tuple[float, Completion]:
    return this.yes_minus_no(QUESTION)


# -- what is sent, what comes back


def test_a_recorded_stream_comes_out_whole_with_its_counts_in_each_of_several_threads() -> None:
    with OllamaDouble() as ollama, ThreadPoolExecutor(4) as pool:
        fits: Engine = engine(ollama)
        ((text, completion),) = set(pool.map(drafting, [fits] * 4))
    assert (fits.name, fits.model, fits.context_tokens) == ("ollama", RECORDED_MODEL, 4096)
    assert text.startswith("To determine how far Homs is from Hama, we need to")
    assert completion == Completion(55, 0, 120, truncated=True)


def test_the_text_arrives_piece_by_piece_and_stopping_closes_the_connection() -> None:
    with OllamaDouble(chat=double.held_open(after=3)) as ollama:
        stream = engine(ollama).stream(QUESTION, max_tokens=120)
        assert list(itertools.islice(stream, 3)) == ["To", " determine", " how"]
        stream.close()
        assert ollama.client_left.wait(timeout=10)


def test_a_draft_a_check_and_a_load_send_exactly_this() -> None:
    with OllamaDouble() as ollama:
        this = engine(ollama, context_tokens=2048, seed=7)
        this.load()
        drafting(this)
        checking(engine(ollama, keep_alive="5m"))
        engine(ollama, keep_alive=0).load()  # it would unload the model
    always = {"model": RECORDED_MODEL, "messages": SENT, "tools": [], "think": False, "logprobs": True}
    draft = always | {"stream": True, "keep_alive": "30m"}
    check = always | {"stream": False, "keep_alive": "5m", "top_logprobs": 20}
    assert ollama.chats == [
        draft | {"options": {"temperature": 0.0, "num_ctx": 2048, "seed": 7, "num_predict": 120}},
        check | {"options": {"temperature": 0.0, "num_ctx": 4096, "seed": 1, "num_predict": 1}},
    ]
    (load,) = ollama.loads  # as it will be asked
    same = ("model", "keep_alive", "think")
    assert [load[what] for what in same] == [draft[what] for what in same] and load["options"]["num_ctx"] == 2048


TIMES = {"-1": -1, -1: -1, "3600": 3600, "0": 0, "30m": "30m", "1h30m": "1h30m", "-1m": "-1m"}


@pytest.mark.parametrize("given", [*TIMES, "forever", "", "30 minutes", "nan", "1d"])
def test_a_time_is_what_ollama_takes_or_refused_before_it_is_asked(given: Any) -> None:
    if given in TIMES:
        assert Settings.load({"keep_alive": given}).keep_alive == TIMES[given]
    else:
        with pytest.raises(SettingsError, match="write it like 30m"):
            Settings.load({"keep_alive": given})


CERTAIN = (-0.030469562858343124, -7.518094539642334, -8.954063415527344, -9.52029800415039)  # spellings of Yes


def knows(tokens: dict[str, float] | None, text: str = "") -> double.Answer:
    return speaks(lambda *_: text, first_token=tokens and (lambda _: tokens))


@pytest.mark.parametrize(
    ("chat", "value"),
    [
        (double.recorded_chat, math.log(sum(map(math.exp, CERTAIN))) + 3.546008825302124),
        (knows({"Yes": -0.01, "The": -5.0}), 5.99),  # a word outside the list lies one below its end
        (knows({" no": -0.01, "The": -5.0}), -5.99),
        (knows({"The": -0.1, "A": -3.0}), 0.0),
        # an old Ollama is taken at its word
        *((knows(None, "Yes"), 3.0), (knows(None, "No."), -3.0), (knows(None, "Maybe"), 0.0)),
    ],
)
def test_yes_and_no_are_weighed(chat: double.Answer, value: float) -> None:
    with OllamaDouble(chat=chat) as ollama:
        assert checking(engine(ollama))[0] == pytest.approx(value)


@pytest.mark.parametrize("sure", [-0.25, None])  # None: an old Ollama
@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["<think>", "It asks", " how far.", "</think>", "\n\n", "25", " miles."], "25 miles."),
        (["\n<", "thi", "nk>It asks", "</thi", "nk> 25", " miles."], "25 miles."),
        (["<think></think>25 miles."], "25 miles."),
        (["<", "25 miles", "."], "<25 miles."),
        (["  25", " miles"], "  25 miles"),
        (["It is <think> that", " is meant</think>"], "It is <think> that is meant</think>"),
        (["<"], "<"),
    ],
)
def test_how_sure_it_was_comes_with_the_stream_and_thoughts_at_its_beginning_and_nothing_else_are_dropped(
    pieces: list[str], said: str, sure: float | None
) -> None:
    with OllamaDouble(chat=speaks(lambda *_: pieces, sure=sure)) as ollama:
        text, completion = drafting(engine(ollama))
    assert (text, completion.mean_logprob, completion.truncated) == (said, sure, False)


# -- what goes wrong

Call = Callable[[OllamaEngine], object]
THINKS = "cannot be told not to: choose one that does not think with --model, or use --engine embedded."
EMBEDS = double.installed(RECORDED_MODEL, "23M", capabilities=["embedding"])
MEMORY = "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"
WEB, NOWHERE = Reply(["<p>It works!</p>"], kind="text/html"), Reply(["404 page not found"], 404, double.TEXT)
# a prompt that llama.cpp refused: of a model without a Go template Ollama passes its words on
TOO_LONG = {"type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096}
NOBODY = "No Ollama answers at http://127.0.0.1:9: start it with `ollama serve`, or use --engine embedded."
CANNOT_CONTINUE = [
    "model runner has unexpectedly stopped, check ollama server logs for details",
    "llama-server process has terminated: exit status 0xc0000409",
    'Post "http://127.0.0.1:38911/completion": EOF',
    'Post "http://127.0.0.1:38911/completion": dial tcp 127.0.0.1:38911: connect: connection refused',
]
"""What Ollama says, with status 500, where the process in which the model runs is gone before the first token."""


def only_thinks(asked: dict[str, Any]) -> Reply:
    """A model that cannot be told not to think, and was cut before it wrote anything."""
    reply = double.recorded_chat(asked)
    return replace(reply, lines=[line.replace('"content":', '"content":"","thinking":') for line in reply.lines])


WRONG: dict[str, tuple[dict[str, Any], type[EngineError], str]] = {
    "nobody there": ({}, EngineUnavailable, NOBODY),
    "no such model": ({"models": []}, ModelMissing, f"Get it with: dateline pull {RECORDED_MODEL}"),
    "silence": ({"chat": lambda asked: double.slow(threading.Event())(asked)}, EngineTimeout, "DATELINE_TIMEOUT=0.6"),
    "silence in mid-answer": ({"chat": double.held_open()}, EngineTimeout, "DATELINE_TIMEOUT=0.6"),
    "it embeds": ({"models": [EMBEDS]}, EngineError, "makes embeddings"),
    "its own words": ({"chat": refuses(500, MEMORY)}, EngineError, f"{MEMORY}. Choose another model with"),
    "another web server": ({"everything": WEB}, EngineUnavailable, "does not speak Ollama's language"),
    "a 404 that knows no models": ({"everything": NOWHERE}, EngineUnavailable, "does not speak"),
    "over the window": ({"chat": refuses(400, json.dumps({"error": TOO_LONG}))}, EngineError, "(9000 tokens) than the"),
    "another name": ({"everything": double.stranger()}, EngineError, "does not answer to the name"),
    "cut off": ({"chat": double.cut_connection(0)}, EngineInterrupted, "the connection was cut. Ask again"),
    "it thinks": ({"chat": only_thinks}, EngineError, THINKS),
    "it thinks in its text": ({"chat": speaks(lambda *_: ["<", "think>", " It asks"])}, EngineError, THINKS),
    **{said: ({"chat": refuses(500, said)}, EngineInterrupted, "Ask again") for said in CANNOT_CONTINUE},
}


@pytest.mark.parametrize("call", [drafting, checking])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_goes_wrong_is_a_sentence_with_its_remedy_and_without_json(wrong: str, call: Call) -> None:
    server, error, told = WRONG[wrong]
    with OllamaDouble(**server) as ollama, pytest.raises(error) as raised:
        host = ":9" if wrong == "nobody there" else ollama.url
        call(engine(ollama, host=host, timeout=0.3 if "silence" in wrong else 60))
    assert told in str(raised.value) and "{" not in str(raised.value)


def test_the_timeout_counts_silence_and_not_the_length_of_an_answer() -> None:
    with OllamaDouble(chat=speaks(lambda *_: double.endless(pause=0.2))) as ollama:
        text, _ = spoken(engine(ollama, timeout=1.0).stream(QUESTION, max_tokens=6))
    assert text == " word0 word1 word2 word3 word4 word5"


WHOLE = double.recorded("chat_stream")["response"]["lines"][0]
DEATHS = {
    "unexpected EOF": recording("chat_stream_runner_killed"),
    "llama runner process has terminated": double.error_in_mid_stream(),
    "the connection was cut": double.cut_connection(),
    "the answer has no end": double.end_without_done(),
    "a line of the answer cannot be read": Reply([WHOLE, WHOLE, WHOLE, WHOLE[:40]]),
}


@pytest.mark.parametrize("why", DEATHS)
def test_death_in_mid_stream_interrupts_after_the_text_so_far(why: str) -> None:
    with OllamaDouble(chat=DEATHS[why]) as ollama:
        stream = engine(ollama).stream(QUESTION, max_tokens=120)
        assert len(list(itertools.islice(stream, 3))) == 3
        with pytest.raises(EngineInterrupted, match=f"{why}.*--engine embedded"):
            spoken(stream)


# -- counting tokens


def prompt(words: int) -> list[ChatMessage]:
    return [ChatMessage(role="user", content="Hama is a city. " * (words // 4))]


def test_the_estimate_is_not_below_what_ollama_counted_and_grows_with_what_it_counts() -> None:
    sent = "\n".join(message["content"] for message in double.recorded("chat")["request"]["json"]["messages"])
    counts = iter([2000, 500])
    with OllamaDouble(chat=speaks(lambda *_: "Yes.", count=lambda _: next(counts))) as ollama:
        this = engine(ollama)
        count = this.count_tokens
        assert count(sent) + 20 >= 55  # 20 are the chat template
        assert count("总统星期四抵达北京") > count("Президент") > count("President") > count("") == 0
        text = str(prompt(400)[0].content)
        assert count(text) < 1000
        for _ in range(2):
            spoken(this.stream(prompt(400), max_tokens=9))
            assert count(text) == 2000


@pytest.mark.parametrize(
    ("chat", "words", "told"),
    [
        (recording("chat_over_num_ctx"), 12000, "Ollama cut the prompt: it read 514 tokens of 12000 words."),
        (speaks(lambda *_: "Yes.", count=lambda _: 1024), 800, "Ollama cut the prompt"),  # it fills the whole window
    ],
)
def test_a_prompt_that_ollama_cut_is_not_passed_off_as_read(chat: double.Answer, words: int, told: str) -> None:
    with OllamaDouble(chat=chat) as ollama, pytest.raises(EngineError, match=f"^{told}.*DATELINE_CONTEXT_TOKENS"):
        engine(ollama, context_tokens=1024).yes_minus_no(prompt(words))
