"""The Ollama engine against the recorded server, over real HTTP; the client is never patched."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Generator
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from ollama_double import (
    CANNOT_CONTINUE,
    RECORDED_MODEL,
    Answer,
    OllamaDouble,
    Reply,
    closed_port,
    cut_connection,
    end_without_done,
    error_in_mid_stream,
    held_open,
    installed,
    not_ollama,
    only_thinks,
    over_the_window,
    recorded_request,
    recording,
    refuses,
    slow,
    speaks,
    stranger,
    surely,
)

from rag.engines.base import Completion, Engine
from rag.engines.ollama import OllamaEngine, installed_models, is_running, pull
from rag.errors import (
    EngineError,
    EngineInterrupted,
    EngineTimeout,
    EngineUnavailable,
    ModelMissing,
    SettingsError,
)
from rag.settings import Settings

QUESTION = [
    ChatMessage(role="system", content="Use only the numbered statements."),
    ChatMessage(role="user", content="[1] Homs is about 25 miles south of Hama.\n\nQuestion: How far is it?"),
]
SENT = [
    {"role": "system", "content": "Use only the numbered statements."},
    {"role": "user", "content": "[1] Homs is about 25 miles south of Hama.\n\nQuestion: How far is it?"},
]


def engine(ollama: OllamaDouble, model: str = RECORDED_MODEL, **settings: Any) -> OllamaEngine:
    return OllamaEngine(model, host=ollama.url, **settings)


def run(stream: Generator[str, None, Completion]) -> tuple[str, Completion]:
    """The whole text, and what the generator returned."""
    pieces = []
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return "".join(pieces), end.value


def ask(ollama: OllamaDouble, model: str = RECORDED_MODEL, **settings: Any) -> tuple[str, Completion]:
    return run(engine(ollama, model, **settings).stream(QUESTION, max_tokens=120))


# -- what is sent, what comes back ------------------------------------------------------------------


def test_the_engine_is_an_engine() -> None:
    fits: Engine = OllamaEngine("qwen3:4b", host="")
    assert (fits.name, fits.model, fits.context_tokens) == ("ollama", "qwen3:4b", 4096)


def test_a_recorded_stream_comes_out_whole_with_its_counts() -> None:
    with OllamaDouble() as ollama:
        text, completion = ask(ollama)
    assert text.startswith("To determine how far Homs is from Hama, we need to")
    assert completion == Completion(prompt_tokens=55, cached_tokens=0, completion_tokens=120, truncated=True)


def test_an_answer_that_ends_by_itself_is_not_truncated() -> None:
    with OllamaDouble(chat=recording("chat_schema_stream")) as ollama:
        text, completion = ask(ollama)
    assert text.startswith('{ "found": true')
    assert completion == Completion(prompt_tokens=55, cached_tokens=0, completion_tokens=43, truncated=False)


def test_the_text_arrives_piece_by_piece() -> None:
    with OllamaDouble(chat=held_open(after=3)) as ollama:
        stream = engine(ollama).stream(QUESTION, max_tokens=120)
        assert list(itertools.islice(stream, 3)) == ["To", " determine", " how"]
        stream.close()


def test_a_chat_sends_exactly_this() -> None:
    with OllamaDouble() as ollama:
        run(engine(ollama, context_tokens=2048, seed=7).stream(QUESTION, max_tokens=120))
    assert ollama.chats == [
        {
            "model": RECORDED_MODEL,
            "messages": SENT,
            "tools": [],
            "stream": True,
            "think": False,
            "logprobs": True,
            "options": {"temperature": 0.0, "num_ctx": 2048, "seed": 7, "num_predict": 120},
            "keep_alive": "30m",
        }
    ]


def test_a_yes_no_check_sends_exactly_this() -> None:
    with OllamaDouble() as ollama:
        engine(ollama, keep_alive="5m").yes_minus_no(QUESTION)
    assert ollama.chats == [
        {
            "model": RECORDED_MODEL,
            "messages": SENT,
            "tools": [],
            "stream": False,
            "think": False,
            "logprobs": True,
            "top_logprobs": 20,
            "options": {"temperature": 0.0, "num_ctx": 4096, "seed": 1, "num_predict": 1},
            "keep_alive": "5m",
        }
    ]


def test_the_model_is_loaded_as_it_will_be_asked() -> None:
    with OllamaDouble() as ollama:
        this = engine(ollama, context_tokens=2048)
        this.load()
        run(this.stream(QUESTION, max_tokens=120))
        engine(ollama, keep_alive=0).load()  # it would unload the model
    (load,), (chat,) = ollama.loads, ollama.chats
    assert load["messages"] == []
    for what in ("model", "keep_alive", "think"):
        assert load[what] == chat[what]
    assert load["options"]["num_ctx"] == chat["options"]["num_ctx"] == 2048


@pytest.mark.parametrize(
    ("given", "sent"),
    [("-1", -1), (-1, -1), ("3600", 3600), ("0", 0), ("30m", "30m"), ("1h30m", "1h30m"), ("-1m", "-1m")],
)
def test_a_time_is_sent_as_ollama_takes_it(given: Any, sent: Any) -> None:
    with OllamaDouble() as ollama:
        kept = Settings.load({"keep_alive": given}).keep_alive
        run(engine(ollama, keep_alive=kept).stream(QUESTION, max_tokens=9))
    assert (ollama.chats[0]["keep_alive"], type(ollama.chats[0]["keep_alive"]) is str) == (sent, type(sent) is str)


@pytest.mark.parametrize("given", ["forever", "", "30 minutes", "nan", "1d"])
def test_what_is_no_time_is_refused_before_ollama_is_asked(given: str) -> None:
    with pytest.raises(SettingsError, match="write it like 30m"):
        Settings.load({"keep_alive": given})


def test_how_sure_the_model_was_comes_with_the_stream() -> None:
    with OllamaDouble(chat=surely(recording("chat_stream"), -0.25)) as ollama:
        assert ask(ollama)[1].mean_logprob == pytest.approx(-0.25)
    with OllamaDouble() as an_old_one:
        assert ask(an_old_one)[1].mean_logprob is None


# -- yes minus no -----------------------------------------------------------------------------------


def difference(first_token: dict[str, float]) -> float:
    with OllamaDouble(chat=speaks(lambda *_: "", first_token=lambda _: first_token)) as ollama:
        return engine(ollama).yes_minus_no(QUESTION)[0]


def test_the_recorded_log_probabilities_give_yes_minus_no() -> None:
    with OllamaDouble() as ollama:
        value, completion = engine(ollama).yes_minus_no(QUESTION)
    yes = sum(math.exp(p) for p in (-0.030469562858343124, -7.518094539642334, -8.954063415527344, -9.52029800415039))
    assert value == pytest.approx(math.log(yes) + 3.546008825302124)
    assert (completion.prompt_tokens, completion.completion_tokens) == (73, 1)


def test_a_word_outside_the_list_lies_one_below_its_end() -> None:
    assert difference({"Yes": -0.01, "The": -5.0}) == pytest.approx(5.99)
    assert difference({" no": -0.01, "The": -5.0}) == pytest.approx(-5.99)


def test_an_answer_that_is_neither_tells_nothing() -> None:
    assert difference({"The": -0.1, "A": -3.0}) == 0.0


@pytest.mark.parametrize(("text", "value"), [("Yes", 3.0), ("No.", -3.0), ("Maybe", 0.0)])
def test_an_old_ollama_without_log_probabilities_is_taken_at_its_word(text: str, value: float) -> None:
    with OllamaDouble(chat=speaks(lambda *_: text)) as ollama:
        assert engine(ollama).yes_minus_no(QUESTION)[0] == value


# -- what goes wrong --------------------------------------------------------------------------------

Call = Callable[[OllamaEngine], object]
CALLS: list[Call] = [
    lambda this: run(this.stream(QUESTION, max_tokens=120)),
    lambda this: this.yes_minus_no(QUESTION),
]
both = pytest.mark.parametrize("call", CALLS, ids=["streaming", "blocking"])


@both
def test_nobody_at_the_address_is_said_with_the_remedy(call: Call) -> None:
    port = closed_port()
    with pytest.raises(EngineUnavailable) as error:
        call(OllamaEngine("qwen3:4b", host=f":{port}"))
    assert str(error.value) == (
        f"No Ollama answers at http://127.0.0.1:{port}: start it with `ollama serve`, or use --engine embedded."
    )


@both
def test_a_missing_model_names_the_command_that_gets_it(call: Call) -> None:
    with OllamaDouble() as ollama, pytest.raises(ModelMissing) as error:
        call(engine(ollama, "qwen3:4b"))
    assert str(error.value) == "Model 'qwen3:4b' is not on this Ollama server. Get it with: dateline pull qwen3:4b"


@both
def test_a_silent_server_times_out_and_names_the_setting(call: Call) -> None:
    gate = threading.Event()
    with OllamaDouble(chat=slow(gate)) as ollama, pytest.raises(EngineTimeout, match=r"DATELINE_TIMEOUT=0\.4"):
        call(engine(ollama, timeout=0.2))


def test_the_timeout_counts_silence_after_the_first_words_too() -> None:
    with OllamaDouble(chat=held_open()) as ollama, pytest.raises(EngineTimeout):
        ask(ollama, timeout=0.2)


def test_an_answer_longer_than_the_timeout_is_no_timeout() -> None:
    def slowly(*_: object) -> Generator[str, None, None]:
        for _number in range(6):
            threading.Event().wait(0.2)  # the pace of a slow model, not a condition
            yield "word "

    with OllamaDouble(chat=speaks(slowly)) as ollama:
        assert ask(ollama, timeout=1.0)[0] == "word " * 6


@both
def test_a_model_for_embeddings_is_named_as_such(call: Call) -> None:
    embedder = installed("all-minilm", "23M", capabilities=["embedding"], family="bert")
    with OllamaDouble(models=[embedder]) as ollama, pytest.raises(EngineError, match="makes embeddings") as error:
        call(engine(ollama, "all-minilm"))
    assert "`ollama list`" in str(error.value)


@both
def test_any_other_refusal_carries_the_servers_words(call: Call) -> None:
    memory = "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"
    with OllamaDouble(chat=refuses(500, memory)) as ollama, pytest.raises(EngineError) as error:
        call(engine(ollama))
    assert str(error.value).startswith(f"Ollama refused (500): {memory}. Choose another model with --model")


@both
def test_another_web_server_is_recognised(call: Call) -> None:
    with (
        OllamaDouble(everything=not_ollama()) as somebody,
        pytest.raises(EngineUnavailable, match="does not speak Ollama's language"),
    ):
        call(engine(somebody))


@both
def test_a_404_that_knows_no_models_is_another_web_server(call: Call) -> None:
    nowhere = Reply(["404 page not found"], 404, {"Content-Type": "text/plain"})
    with OllamaDouble(everything=nowhere) as somebody, pytest.raises(EngineUnavailable):
        call(engine(somebody))


@pytest.mark.parametrize(
    ("death", "why"),
    [
        (recording("chat_stream_runner_killed"), "unexpected EOF"),
        (error_in_mid_stream(), "llama runner process has terminated"),
        (cut_connection(), "the connection was cut"),
        (end_without_done(), "the answer has no end"),
    ],
    ids=["runner killed", "error line", "cut connection", "clean end"],
)
def test_death_in_mid_stream_interrupts_after_the_text_so_far(death: Reply, why: str) -> None:
    with OllamaDouble(chat=death) as ollama:
        stream = engine(ollama).stream(QUESTION, max_tokens=120)
        assert len(list(itertools.islice(stream, 3))) == 3
        with pytest.raises(EngineInterrupted, match=why) as error:
            run(stream)
    assert "--engine embedded" in str(error.value)


def test_a_line_cut_in_half_interrupts() -> None:
    whole = next(iter(recording("chat_stream").lines))
    with (
        OllamaDouble(chat=Reply([whole, whole[:40]])) as ollama,
        pytest.raises(EngineInterrupted, match="the last line was cut"),
    ):
        ask(ollama)


def test_a_connection_cut_before_the_answer_interrupts_a_blocking_call() -> None:
    with OllamaDouble(chat=cut_connection(0)) as ollama, pytest.raises(EngineInterrupted):
        engine(ollama).yes_minus_no(QUESTION)


@both
@pytest.mark.parametrize("said", CANNOT_CONTINUE)
def test_a_runner_that_dies_before_the_first_token_or_in_a_check_is_asked_again(said: str, call: Call) -> None:
    with OllamaDouble(chat=refuses(500, said)) as ollama, pytest.raises(EngineInterrupted, match="Ask again"):
        call(engine(ollama))


@both
def test_a_prompt_that_ollama_refuses_names_the_setting_and_prints_no_json(call: Call) -> None:
    with OllamaDouble(chat=over_the_window(9000, 4096)) as ollama, pytest.raises(EngineError) as error:
        call(engine(ollama))
    assert str(error.value).startswith("The prompt is longer (9000 tokens) than the model's window (4096). Give")
    assert "DATELINE_CONTEXT_TOKENS" in str(error.value)
    assert "{" not in str(error.value)


@pytest.mark.parametrize("call", [*CALLS, lambda this: pull(this.address, this.model, lambda *_: None)])
def test_an_ollama_that_does_not_know_the_name_it_is_asked_by_says_so(call: Call) -> None:
    with OllamaDouble(everything=stranger()) as ollama, pytest.raises(EngineError, match="does not answer to the name"):
        call(engine(ollama))


# -- a model that thinks ------------------------------------------------------------------------------

THOUGHTS: list[tuple[list[str], str]] = [
    (["<think>", "It asks", " how far.", "</think>", "\n\n", "25", " miles."], "25 miles."),
    (["\n<", "thi", "nk>It asks", "</thi", "nk> 25", " miles."], "25 miles."),
    (["<think></think>25 miles."], "25 miles."),
    (["<", "25 miles", "."], "<25 miles."),
    (["  25", " miles"], "  25 miles"),
    (["It is <think> that", " is meant</think>"], "It is <think> that is meant</think>"),
    (["<"], "<"),
]


@pytest.mark.parametrize(("pieces", "said"), THOUGHTS)
def test_thoughts_at_the_beginning_are_dropped_and_nothing_else_is(pieces: list[str], said: str) -> None:
    with OllamaDouble(chat=speaks(lambda *_: pieces)) as ollama:
        assert ask(ollama)[0] == said


THINKS: list[Answer] = [only_thinks(160), speaks(lambda *_: "<think> It asks how far it is"), speaks(lambda *_: "<")]


@pytest.mark.parametrize(("thinking", "call"), [(THINKS[0], CALLS[0]), (THINKS[1], CALLS[0]), (THINKS[2], CALLS[1])])
def test_a_model_that_only_thinks_is_named_with_what_to_choose(thinking: Answer, call: Call) -> None:
    with OllamaDouble(chat=thinking) as ollama, pytest.raises(EngineError) as error:
        call(engine(ollama))
    assert str(error.value) == (
        f"Model '{RECORDED_MODEL}' thinks before it answers, and cannot be told not to: choose one that does not think "
        "with --model, or use --engine embedded."
    )


def test_stopping_closes_the_connection() -> None:
    with OllamaDouble(chat=held_open()) as ollama:
        stream = engine(ollama).stream(QUESTION, max_tokens=120)
        next(stream)
        stream.close()
        assert ollama.client_left.wait(timeout=10)


def test_a_proxy_in_the_environment_is_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with OllamaDouble() as ollama:
        assert is_running(ollama.url)
        assert len(installed_models(ollama.url)) == 2
        assert ask(ollama)[0]


def test_one_engine_serves_several_threads() -> None:
    texts: list[str] = []
    with OllamaDouble() as ollama:
        this = engine(ollama)
        threads = [
            threading.Thread(target=lambda: texts.append(run(this.stream(QUESTION, max_tokens=9))[0])) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(texts) == 4
    assert len(set(texts)) == 1


# -- counting tokens --------------------------------------------------------------------------------


def prompt(words: int) -> list[ChatMessage]:
    return [ChatMessage(role="user", content="Hama is a city. " * (words // 4))]


def test_the_estimate_is_not_below_what_ollama_counted() -> None:
    sent = "\n".join(message["content"] for message in recorded_request("chat")["messages"])
    chat_template = 20
    assert OllamaEngine("qwen3:4b", host="").count_tokens(sent) + chat_template >= 55


def test_other_scripts_cost_more_tokens_per_character() -> None:
    count = OllamaEngine("qwen3:4b", host="").count_tokens
    assert count("总统星期四抵达北京") > count("Президент") > count("President")
    assert count("") == 0


def test_the_estimate_grows_with_what_was_observed_and_never_shrinks() -> None:
    counts = iter([2000, 500])
    with OllamaDouble(chat=speaks(lambda *_: "Yes.", count=lambda _: next(counts))) as ollama:
        this = engine(ollama)
        text = str(prompt(400)[0].content)
        estimates = [this.count_tokens(text)]
        for _ in range(2):
            run(this.stream(prompt(400), max_tokens=9))
            estimates.append(this.count_tokens(text))
    assert estimates[0] < 1000
    assert estimates[1:] == [2000, 2000]


def test_a_prompt_that_ollama_cut_is_not_passed_off_as_read() -> None:
    with OllamaDouble(chat=recording("chat_over_num_ctx")) as ollama, pytest.raises(EngineError) as error:
        engine(ollama, context_tokens=1024).yes_minus_no(prompt(12000))
    assert str(error.value).startswith("Ollama cut the prompt: it read 514 tokens of 12000 words.")
    assert "DATELINE_CONTEXT_TOKENS" in str(error.value)


def test_a_prompt_that_fills_the_whole_window_was_cut_too() -> None:
    with (
        OllamaDouble(chat=speaks(lambda *_: "Yes.", count=lambda _: 1024)) as ollama,
        pytest.raises(EngineError, match="Ollama cut the prompt"),
    ):
        run(engine(ollama, context_tokens=1024).stream(prompt(800), max_tokens=9))
