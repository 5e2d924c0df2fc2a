"""The Ollama engine against the recorded server, over real HTTP; the client is never patched."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ollama_double as double
import pytest
from engine_fixtures import spoken
from llama_index.core.llms import ChatMessage
from ollama_double import RECORDED_MODEL, OllamaDouble, Reply, recording, speaks

from rag.engines.base import Completion, Engine
from rag.engines.ollama import OllamaEngine, installed_models, is_running, pull
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, SettingsError
from rag.settings import Settings

SENT = [
    {"role": "system", "content": "Use only the numbered statements."},
    {"role": "user", "content": "[1] Homs is about 25 miles south of Hama.\n\nQuestion: How far is it?"},
]
QUESTION = [ChatMessage(**message) for message in SENT]


def engine(ollama: OllamaDouble, model: str = RECORDED_MODEL, **settings: Any) -> OllamaEngine:
    return OllamaEngine(model, host=ollama.url, **settings)


def ask(ollama: OllamaDouble, **settings: Any) -> tuple[str, Completion]:
    return spoken(engine(ollama, **settings).stream(QUESTION, max_tokens=120))


# -- what is sent, what comes back


@pytest.mark.parametrize(
    ("recorded", "begins", "counts"),
    [
        ("chat_stream", "To determine how far Homs is from Hama, we need to", Completion(55, 0, 120, truncated=True)),
        ("chat_schema_stream", '{ "found": true', Completion(55, 0, 43, truncated=False)),
    ],
)
def test_a_recorded_stream_comes_out_whole_with_its_counts(recorded: str, begins: str, counts: Completion) -> None:
    with OllamaDouble(chat=recording(recorded)) as ollama:
        fits: Engine = engine(ollama)
        text, completion = spoken(fits.stream(QUESTION, max_tokens=120))
    assert (fits.name, fits.model, fits.context_tokens) == ("ollama", RECORDED_MODEL, 4096)
    assert (text.startswith(begins), completion) == (True, counts)


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
        spoken(this.stream(QUESTION, max_tokens=120))
        engine(ollama, keep_alive="5m").yes_minus_no(QUESTION)
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


@pytest.mark.parametrize(
    ("given", "sent"),
    [("-1", -1), (-1, -1), ("3600", 3600), ("0", 0), ("30m", "30m"), ("1h30m", "1h30m"), ("-1m", "-1m")],
)
def test_a_time_is_sent_as_ollama_takes_it(given: Any, sent: Any) -> None:
    with OllamaDouble() as ollama:
        ask(ollama, keep_alive=Settings.load({"keep_alive": given}).keep_alive)
    assert ollama.chats[0]["keep_alive"] == sent


@pytest.mark.parametrize("given", ["forever", "", "30 minutes", "nan", "1d"])
def test_what_is_no_time_is_refused_before_ollama_is_asked(given: str) -> None:
    with pytest.raises(SettingsError, match="write it like 30m"):
        Settings.load({"keep_alive": given})


def test_how_sure_the_model_was_comes_with_the_stream() -> None:
    with OllamaDouble(chat=double.surely(recording("chat_stream"), -0.25)) as ollama, OllamaDouble() as an_old_one:
        assert ask(ollama)[1].mean_logprob == pytest.approx(-0.25)
        assert ask(an_old_one)[1].mean_logprob is None


def test_the_recorded_log_probabilities_give_yes_minus_no() -> None:
    with OllamaDouble() as ollama:
        value, completion = engine(ollama).yes_minus_no(QUESTION)
    yes = sum(math.exp(p) for p in (-0.030469562858343124, -7.518094539642334, -8.954063415527344, -9.52029800415039))
    assert value == pytest.approx(math.log(yes) + 3.546008825302124)
    assert (completion.prompt_tokens, completion.completion_tokens) == (73, 1)


@pytest.mark.parametrize(
    ("tokens", "text", "value"),
    [
        ({"Yes": -0.01, "The": -5.0}, "", 5.99),  # a word outside the list lies one below its end
        ({" no": -0.01, "The": -5.0}, "", -5.99),
        ({"The": -0.1, "A": -3.0}, "", 0.0),
        *((None, "Yes", 3.0), (None, "No.", -3.0), (None, "Maybe", 0.0)),  # an old Ollama is taken at its word
    ],
)
def test_yes_and_no_are_weighed(tokens: dict[str, float] | None, text: str, value: float) -> None:
    with OllamaDouble(chat=speaks(lambda *_: text, first_token=tokens and (lambda _: tokens))) as ollama:
        assert engine(ollama).yes_minus_no(QUESTION)[0] == pytest.approx(value)


def test_a_proxy_in_the_environment_is_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{double.closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with OllamaDouble() as ollama:
        assert is_running(ollama.url) and len(installed_models(ollama.url)) == 2 and ask(ollama)[0]


def test_one_engine_serves_several_threads() -> None:
    with OllamaDouble() as ollama, ThreadPoolExecutor(4) as pool:
        this = engine(ollama)
        texts = list(pool.map(lambda _: spoken(this.stream(QUESTION, max_tokens=9))[0], range(4)))
    assert len(texts) == 4 and len(set(texts)) == 1


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
def test_thoughts_at_the_beginning_are_dropped_and_nothing_else_is(pieces: list[str], said: str) -> None:
    with OllamaDouble(chat=speaks(lambda *_: pieces)) as ollama:
        assert ask(ollama)[0] == said


# -- what goes wrong

Call = Callable[[OllamaEngine], object]


def drafting(this: OllamaEngine) -> object:
    return spoken(this.stream(QUESTION, max_tokens=120))


def checking(this: OllamaEngine) -> object:
    return this.yes_minus_no(QUESTION)


EMBEDS = double.installed("all-minilm", "23M", capabilities=["embedding"], family="bert")
MEMORY = "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"
NOWHERE = Reply(["404 page not found"], 404, double.TEXT)
WRONG: dict[str, tuple[dict[str, Any], type[EngineError], str]] = {
    "no such model": ({"models": []}, ModelMissing, f"Get it with: dateline pull {RECORDED_MODEL}"),
    "silence": ({"chat": lambda asked: double.slow(threading.Event())(asked)}, EngineTimeout, "DATELINE_TIMEOUT=0.6"),
    "it embeds": ({"models": [EMBEDS | {"name": RECORDED_MODEL}]}, EngineError, "makes embeddings"),
    "its own words": ({"chat": double.refuses(500, MEMORY)}, EngineError, f"{MEMORY}. Choose another model with"),
    "another web server": ({"everything": double.not_ollama()}, EngineUnavailable, "does not speak Ollama's language"),
    "a 404 that knows no models": ({"everything": NOWHERE}, EngineUnavailable, "does not speak"),
    "over the window": ({"chat": double.over_the_window(9000, 4096)}, EngineError, "(9000 tokens) than the model's"),
    "another name": ({"everything": double.stranger()}, EngineError, "does not answer to the name"),
    **{said: ({"chat": double.refuses(500, said)}, EngineInterrupted, "Ask again") for said in double.CANNOT_CONTINUE},
}  # fmt: skip


@pytest.mark.parametrize("call", [drafting, checking])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_goes_wrong_is_a_sentence_with_its_remedy_and_without_json(wrong: str, call: Call) -> None:
    server, error, told = WRONG[wrong]
    with OllamaDouble(**server) as ollama, pytest.raises(error) as raised:
        call(engine(ollama, timeout=0.3 if wrong == "silence" else 60))
    assert told in str(raised.value) and "{" not in str(raised.value)


@pytest.mark.parametrize("call", [drafting, checking])
def test_nobody_at_the_address_is_said_with_the_remedy(call: Call) -> None:
    port = double.closed_port()
    with pytest.raises(EngineUnavailable) as error:
        call(OllamaEngine("qwen3:4b", host=f":{port}"))
    assert str(error.value) == (
        f"No Ollama answers at http://127.0.0.1:{port}: start it with `ollama serve`, or use --engine embedded."
    )


def test_the_timeout_counts_silence_and_not_the_length_of_an_answer() -> None:
    def slowly(*_: object) -> Generator[str, None, None]:
        for _number in range(6):
            threading.Event().wait(0.2)  # the pace of a slow model, not a condition
            yield "word "

    with OllamaDouble(chat=double.held_open()) as ollama, pytest.raises(EngineTimeout):
        ask(ollama, timeout=0.2)
    with OllamaDouble(chat=speaks(slowly)) as ollama:
        assert ask(ollama, timeout=1.0)[0] == "word " * 6


WHOLE = next(iter(recording("chat_stream").lines))
DEATHS = {
    "unexpected EOF": recording("chat_stream_runner_killed"),
    "llama runner process has terminated": double.error_in_mid_stream(),
    "the connection was cut": double.cut_connection(),
    "the answer has no end": double.end_without_done(),
    "the last line was cut": Reply([WHOLE, WHOLE, WHOLE, WHOLE[:40]]),
}


@pytest.mark.parametrize("why", DEATHS)
def test_death_in_mid_stream_interrupts_after_the_text_so_far(why: str) -> None:
    with OllamaDouble(chat=DEATHS[why]) as ollama:
        stream = engine(ollama).stream(QUESTION, max_tokens=120)
        assert len(list(itertools.islice(stream, 3))) == 3
        with pytest.raises(EngineInterrupted, match=f"{why}.*--engine embedded"):
            spoken(stream)


def test_a_connection_cut_before_the_answer_interrupts_a_check() -> None:
    with OllamaDouble(chat=double.cut_connection(0)) as ollama, pytest.raises(EngineInterrupted):
        checking(engine(ollama))


def test_a_pull_from_a_server_that_does_not_know_its_own_name_says_so() -> None:
    with OllamaDouble(everything=double.stranger()) as ollama, pytest.raises(EngineError, match="to the name"):
        pull(ollama.url, "qwen3:4b", lambda *_: None)


@pytest.mark.parametrize(
    ("thinking", "call"),
    [
        (double.only_thinks(160), drafting),
        (speaks(lambda *_: "<think> It asks how far it is"), drafting),
        (speaks(lambda *_: "<"), checking),
    ],
)
def test_a_model_that_only_thinks_is_named_with_what_to_choose(thinking: double.Answer, call: Call) -> None:
    with OllamaDouble(chat=thinking) as ollama, pytest.raises(EngineError) as error:
        call(engine(ollama))
    assert str(error.value) == (
        f"Model '{RECORDED_MODEL}' thinks before it answers, and cannot be told not to: choose one that does not think "
        "with --model, or use --engine embedded."
    )


def test_what_fails_in_a_tests_function_is_raised_by_the_double() -> None:
    with pytest.raises(ZeroDivisionError), OllamaDouble(chat=speaks(lambda *_: str(1 / 0))) as ollama:
        with pytest.raises(EngineInterrupted):
            ask(ollama)


# -- counting tokens


def prompt(words: int) -> list[ChatMessage]:
    return [ChatMessage(role="user", content="Hama is a city. " * (words // 4))]


def test_the_estimate_is_not_below_what_ollama_counted_and_grows_with_what_it_counts() -> None:
    sent = "\n".join(message["content"] for message in double.recorded_request("chat")["messages"])
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
