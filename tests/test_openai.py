"""The engine that asks an OpenAI-compatible server: llama.cpp's own, and at the network's edge a double of it."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai_double as double
import pytest
from app_helpers import QUESTION, RIGHT, until
from checking import CheckedAssistant
from commands import Run
from engine_fixtures import spoken
from llama_index.core.llms import ChatMessage
from ollama_double import Answer, Reply, closed_port, slow, whole
from openai_double import MODEL, OpenAIDouble, ended, events, piece, refuses, said, served

from rag import doctor
from rag.engines import choose_engine
from rag.engines.base import Completion, Engine
from rag.engines.connections import Connections
from rag.engines.llama_server import LlamaServer
from rag.engines.openai import OpenAIEngine
from rag.engines.openai_server import OpenAIServer
from rag.engines.stoppable import Stoppable, stoppable
from rag.engines.weights import DEFAULT, fetch, model_dir
from rag.errors import (
    EngineError,
    EngineInterrupted,
    EngineTimeout,
    EngineUnavailable,
    ModelMissing,
    SettingsError,
    Stopped,
)
from rag.settings import Settings
from web.engine_room import EngineRoom

KEY = "sk-a-key-that-nobody-may-see"
SENT = [
    {"role": "system", "content": "Use only the numbered statements."},
    {"role": "user", "content": "[1] Homs is about 25 miles south of Hama.\n\nQuestion: How far is it?"},
]
MESSAGES = [ChatMessage(**message) for message in SENT]


def engine(server: OpenAIDouble, key: str | None = None, **settings: Any) -> OpenAIEngine:
    return OpenAIEngine(MODEL, server=OpenAIServer.of(server.url, key), **settings)


def drafting(this: OpenAIEngine) -> tuple[str, Completion]:
    return spoken(this.stream(MESSAGES, max_tokens=120))


def checking(this: OpenAIEngine) -> tuple[float, Completion]:
    return this.yes_minus_no(MESSAGES)


# -- llama.cpp's own server


@pytest.mark.slow
def test_a_question_is_answered_by_llama_cpps_own_server(
    run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llama = LlamaServer(fetch(DEFAULT, model_dir()), context_tokens=2048, threads=1, timeout=300)
    llama.load()
    try:
        key = llama._client.headers["Authorization"].removeprefix("Bearer ")
        monkeypatch.setenv("DATELINE_API_KEY", key)
        monkeypatch.setenv("DATELINE_TIMEOUT", "300")
        on_it = ("--engine", "openai", "--base-url", f"{llama.address}/v1", "--data-dir", seeds_dir)
        told = run("ask", QUESTION, *on_it)
        assert (told.code, "125 miles" in told.out) == (0, True)
        assert f"{MODEL}, openai" in told.err
        monkeypatch.setattr(doctor, "_SECONDS", 240.0)  # the machine may have much else to do
        told = run("doctor", *on_it)
        assert f"ok  OpenAI server: at {llama.address}/v1: {MODEL}" in told.out
        assert "tokens a second\n" in told.out
        for where, wrong, why in (
            (llama.address, "wrong", "does not take the API key (401): correct DATELINE_API_KEY."),
            (f"{llama.address}/v2", key, "for most servers ends with /v1"),
        ):
            with pytest.raises(EngineError, match=re.escape(why)):
                OpenAIServer.of(where, wrong).choose(None)
        with pytest.raises(ModelMissing, match=f"has no model 'other': .* --model \\({MODEL}\\)"):
            OpenAIServer.of(f"{llama.address}/v1", key).choose("other")
        with CheckedAssistant(seeds_dir, "openai", base_url=f"{llama.address}/v1", timeout=300) as dateline:
            assert dateline.engine.context_tokens == 2048
            yes, no = (
                dateline.engine.yes_minus_no([ChatMessage(f"Is Paris in {land}? Yes or No?")])[0]
                for land in ("France", "China")
            )
            assert yes > 1 > -1 > no
            stream = dateline.engine.stream([ChatMessage("Count from 1 to 1000.")], max_tokens=2000)
            next(stream)
            llama.close()
            with pytest.raises(EngineInterrupted, match="Ask again"):
                list(stream)
    finally:
        llama.close()


# -- what is sent, what comes back


def test_a_draft_a_check_and_a_load_send_exactly_this_and_nothing_of_openais_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: {KEY}\nX-Mine: {KEY}")
    with OpenAIDouble() as server:
        this = engine(server, seed=7)
        this.load()
        drafting(this)
        checking(engine(server, "the-key"))
        OpenAIServer.of(server.url, "the-key").models()
    always = {
        "model": MODEL, "messages": SENT, "temperature": 0.0, "seed": 7, "stream": True, "logprobs": True,
        "stream_options": {"include_usage": True}, "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip
    load, draft, check = server.chats
    assert load == always | {"max_tokens": 1, "messages": [{"role": "user", "content": "Hello"}]}
    assert draft == always | {"max_tokens": 120}
    assert check == always | {"max_tokens": 1, "seed": 1, "top_logprobs": 20}
    keys = [request.headers.get("authorization") for request in server.requests]
    assert keys == [None, None, "Bearer the-key", "Bearer the-key"]
    assert not any(KEY in value for request in server.requests for value in request.headers.values())
    assert not any(name.startswith(("x-", "openai")) for request in server.requests for name in request.headers)


def test_a_stream_comes_out_whole_with_its_counts_in_each_of_several_threads() -> None:
    with OpenAIDouble() as server, ThreadPoolExecutor(4) as pool:
        fits: Engine = engine(server)
        ((text, completion),) = set(pool.map(drafting, [fits] * 4))
    sure = (double.YES["Yes"] - 0.6754177808761597) / 2
    assert (text, completion) == ("Yes.", Completion(39, 38, 3, mean_logprob=pytest.approx(sure)))


def test_the_text_arrives_piece_by_piece_and_stopping_from_anywhere_closes_the_connection() -> None:
    three = [piece(None, role="assistant"), piece("25"), piece(" mi"), piece("les")]
    with OpenAIDouble(chat=events(*three, ending="held")) as server:
        stream = engine(server).stream(MESSAGES, max_tokens=120)
        assert list(itertools.islice(stream, 3)) == ["25", " mi", "les"]
        stream.close()
        assert server.client_left.wait(timeout=10)
        server.client_left.clear()
        stop, connections = threading.Event(), Connections()

        def steps() -> Iterator[str]:
            yield from Stoppable(engine(server), connections).stream(MESSAGES, max_tokens=120)

        with pytest.raises(Stopped):
            for written in stoppable(steps(), stop, connections):  # type: ignore[arg-type]
                if written == "les":
                    stop.set()
        assert server.client_left.wait(timeout=10)


@pytest.mark.parametrize(
    ("chat", "value"),
    [
        (double.recorded_chat, double.YES["Yes"] - double.YES["No"]),
        (events(piece(" no", {" no": -0.01, "The": -5.0}), ended("length")), -5.99),
        # a server that tells no log-probabilities is taken at its word
        *((events(piece(word), ended("length")), value) for word, value in (("Yes", 3.0), ("No.", -3.0), ("It", 0.0))),
    ],
)
def test_yes_and_no_are_weighed(chat: Answer, value: float) -> None:
    with OpenAIDouble(chat=chat) as server:
        assert checking(engine(server))[0] == pytest.approx(value)


@pytest.mark.parametrize("thoughts", ["reasoning_content", "reasoning"])  # written by hand: llama.cpp's, vLLM's
def test_thoughts_are_dropped_wherever_they_stand(thoughts: str) -> None:
    apart = events(piece(None, **{thoughts: "It asks"}), piece("25", {"25": -0.25}), ended())
    for chat in (apart, said(["<think>", "It asks", "</think>", "25"])):
        with OpenAIDouble(chat=chat) as server:
            text, completion = drafting(engine(server))
        assert (text, completion.mean_logprob) == ("25", -0.25)


def test_what_a_server_refuses_by_name_it_is_not_asked_for_again() -> None:
    def strict(request: dict[str, Any]) -> Reply:
        for name in ("chat_template_kwargs", "seed", "logprobs"):
            if name in request:
                return refuses(422, f"Extra inputs are not permitted: {name}")  # written by hand
        return events(piece("25 miles."), ended())

    with OpenAIDouble(chat=strict) as server:
        this = engine(server)
        assert drafting(this) == ("25 miles.", Completion(0, 0, 0))
        drafting(this)
    assert len(server.chats) == 5
    assert set(server.chats[-1]) == {"model", "messages", "max_tokens", "temperature", "stream", "stream_options"}


# -- which model


@pytest.mark.parametrize(
    ("models", "named", "chosen"),
    [
        ([served()], None, (MODEL, 1024)),
        ([served("a", max_model_len=32768), served("b", max_model_len=2048)], "b", ("b", 2048)),  # as vLLM tells it
        ([served("b", owned_by="organization_owner")], "b", ("b", 4096)),  # LM Studio does not
        ([served("a"), served("b")], None, "has 2 models: name one of its own with --model (a, b)."),
        ([served("a"), served("b")], "c", "has no model 'c': name one of its own with --model (a, b)."),
        ([], None, "has no model: load one there"),
    ],
)
def test_the_only_model_is_taken_or_the_one_that_is_named(
    models: list[dict[str, Any]], named: str | None, chosen: tuple[str, int] | str
) -> None:
    with OpenAIDouble(models=models) as server:
        settings = Settings.load({"engine": "openai", "model": named, "base_url": server.url})
        if isinstance(chosen, str):
            with pytest.raises(ModelMissing) as raised:
                choose_engine(settings)
            assert chosen in str(raised.value)
        else:
            choice = choose_engine(settings)
            assert (choice.model, choice.open().context_tokens) == chosen
            assert (choice.engine, choice.to_fetch(), choice.digest()) == ("openai", 0, "")


# -- what goes wrong

VALIDATION = {"detail": [{"type": "missing", "loc": ["body", "stop"], "msg": "Field required"}]}
NO_MODEL = "The model `a` does not exist."
VLLM_LONG = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens."
LOADING = refuses(503, "Loading model", "unavailable_error")
PAGE = Reply(["<p>It works!</p>"], kind="text/html")
LM_STUDIO = Reply(['{"error":"Unexpected endpoint or method. (GET /v2/models)"}'], kind=double.JSON)
THINKS = "cannot be told not to: choose one that does not think with --model, or use --engine embedded."
HELD = events(piece(None, role="assistant"), ending="held")
Call = Callable[[OpenAIEngine], object]

WRONG: dict[str, tuple[dict[str, Any], type[EngineError], str]] = {
    "nobody there": ({}, EngineUnavailable, "start it, correct --base-url, or use --engine embedded."),
    "another key": ({"key": "another"}, EngineError, "does not take the API key (401): correct DATELINE_API_KEY."),
    "no such model": ({"chat": refuses(404, NO_MODEL)}, ModelMissing, "leave --model out"),  # vLLM's words
    "another path": ({"chat": double.NOT_FOUND}, EngineUnavailable, "for most servers ends with /v1"),
    "another web server": ({"everything": PAGE}, EngineUnavailable, "does not speak OpenAI's language"),
    "a 200 that is an error": ({"everything": LM_STUDIO}, EngineUnavailable, "does not speak OpenAI's language"),
    "silence": ({"chat": lambda asked: slow(threading.Event())(asked)}, EngineTimeout, "DATELINE_TIMEOUT=0.6"),
    "silence in mid-answer": ({"chat": HELD}, EngineTimeout, "DATELINE_TIMEOUT=0.6"),
    "loading": ({"chat": LOADING}, EngineUnavailable, "(503: Loading model). Ask again in a minute"),
    "too many": ({"chat": refuses(429, "Rate limit")}, EngineUnavailable, "(429: Rate limit). Ask again in a minute"),
    "over the window": ({"chat": double.TOO_LONG}, EngineError, "(1024 tokens), try increasing it. Give the model a"),
    "over vLLM's window": ({"chat": refuses(400, VLLM_LONG)}, EngineError, "DATELINE_CONTEXT_TOKENS"),
    "the prompt was cut": ({"chat": said(["Yes"], prompt_tokens=5)}, EngineError, "cut the prompt: it read 5 tokens"),
    "words in a list": ({"chat": whole(VALIDATION, 422)}, EngineError, "refused (422): Field required. Look into"),
    "its own words": ({"chat": refuses(500, f"No {KEY} here.")}, EngineError, "refused (500): No … here. Look into"),
    "cut off": ({"chat": events(ending="cut")}, EngineInterrupted, "the connection was cut. Ask again"),
    "it thinks": ({"chat": events(piece(None, reasoning="It"), ended("length"))}, EngineError, THINKS),
    "it thinks in its text": ({"chat": said(["<think>", " It"])}, EngineError, THINKS),
}


@pytest.mark.parametrize("call", [drafting, checking])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_goes_wrong_is_a_sentence_with_its_remedy_and_without_the_key(wrong: str, call: Call) -> None:
    given, error, told = WRONG[wrong]
    with OpenAIDouble(**given) as server, pytest.raises(error) as raised:
        if wrong == "nobody there":
            server.url = f"http://127.0.0.1:{closed_port()}/v1"
        call(engine(server, KEY, timeout=0.3 if "silence" in wrong else 60))
    assert told in str(raised.value) and "{" not in str(raised.value)
    assert KEY not in f"{raised.value}{raised.value.__cause__}"


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"key": "another"}, EngineError, "asks for an API key (401): set DATELINE_API_KEY."),
        ({"everything": double.NOT_FOUND}, EngineUnavailable, "for most servers ends with /v1"),
        ({"everything": PAGE}, EngineUnavailable, "does not speak OpenAI's language"),
        ({"everything": LM_STUDIO}, EngineUnavailable, "does not speak OpenAI's language"),
        ({"everything": LOADING}, EngineUnavailable, "(503: Loading model). Ask again in a minute"),
        ({"everything": slow(threading.Event())}, EngineTimeout, "Restart it, or use --engine embedded."),
    ],
)
def test_a_server_that_does_not_say_what_it_has_is_told_of(
    given: dict[str, Any], error: type[EngineError], told: str
) -> None:
    with OpenAIDouble(**given) as server, pytest.raises(error, match=re.escape(told)):
        OpenAIServer.of(server.url, None).models(timeout=0.3)


DEATHS = {
    "compute error": events(piece("25"), {"error": {"code": 500, "message": "compute error", "type": "server_error"}}),
    "the connection was cut": events(piece("25"), ending="cut"),
    "the answer has no end": events(piece("25")),
    "its last line was cut": events(piece("25"), 'data: {"choices":[{"fini\n'),
}


@pytest.mark.parametrize("why", DEATHS)
def test_death_in_mid_stream_interrupts_and_what_it_wrote_is_kept(why: str, seeds_dir: Path) -> None:
    with (
        OpenAIDouble(chat=DEATHS[why]) as server,
        CheckedAssistant(seeds_dir, "openai", base_url=server.url) as dateline,
        pytest.raises(EngineInterrupted, match=f"broke off: {why}. Ask again") as raised,
    ):
        dateline.ask(QUESTION)
    assert raised.value.partial == "25"


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000/v1", "ftp://example.org/v1", "http://anna:s3cret@example.org/v1", "http://a:99999"],
)
def test_an_address_or_a_key_that_is_none_is_told_of_without_being_repeated(url: str) -> None:
    for base_url, key, told in ((url, None, "write it like http://127.0.0.1:8000/v1"), (None, None, "--base-url"),
                                ("http://example.org/v1", "s3cret\nkey", "DATELINE_API_KEY")):  # fmt: skip
        with pytest.raises(SettingsError, match=told) as raised:
            choose_engine(Settings.load({"engine": "openai", "base_url": base_url, "api_key": key}, {}))
        assert "s3cret" not in str(raised.value)


# -- around it


def test_the_key_is_nowhere_but_in_the_request(seeds_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_API_KEY", f"{KEY}\n")
    with OpenAIDouble(chat=said([RIGHT]), key=KEY) as server:
        with CheckedAssistant(seeds_dir, "openai", base_url=server.url) as dateline:
            answer = dateline.ask(QUESTION)
            assert KEY not in f"{dateline.settings}{dateline.choice}{vars(dateline.engine)}{answer}"
            assert KEY not in str(dateline.settings.shaping())
        with CheckedAssistant(seeds_dir, "openai", base_url=server.url, api_key="another") as dateline:
            with pytest.raises(EngineError, match="DATELINE_API_KEY"):
                dateline.ask(QUESTION)
        server.key = ""
        with CheckedAssistant(seeds_dir, "openai", base_url=server.url, api_key="another") as dateline:
            assert dateline.ask(QUESTION).settings == answer.settings


def test_a_proxy_gets_what_is_meant_for_a_server_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with OpenAIDouble(everything=double.recorded_chat) as proxy, OpenAIDouble() as here:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        drafting(OpenAIEngine(MODEL, server=OpenAIServer.of("http://example.org:8000/v1", None)))
        drafting(engine(here))
    assert [request.path for request in proxy.requests] == ["http://example.org:8000/v1/chat/completions"]


def test_the_commands_take_it_and_doctor_says_what_is_there(run: Run, seeds_dir: Path) -> None:
    with OpenAIDouble(chat=said([RIGHT])) as server:
        on_it = ("--engine", "openai", "--base-url", server.url, "--data-dir", seeds_dir)
        told = run("ask", QUESTION, *on_it)
        assert (told.code, "125 miles) north of Damascus [1]." in told.out) == (0, True)
        server.chat = events(*map(piece, RIGHT.split()), ended())  # it tells no log-probabilities
        told = run("doctor", *on_it)
        assert f"ok  OpenAI server: at {server.url}: {MODEL}\n" in told.out
        assert "it does not tell how sure it is, so each draft counts as typical\n" in told.out
        server.leave()
        assert f"NOT OK OpenAI server: No server answers at {server.url}" in run("doctor", *on_it).out
    assert run("ask", QUESTION, "--engine", "openai", "--data-dir", seeds_dir).err.startswith(
        "Error: The engine openai needs the address"
    )


def test_a_server_that_has_left_is_seen_on_the_page_and_so_is_its_return(seeds_dir: Path) -> None:
    nobody = f"127.0.0.1:{closed_port()}"
    with OpenAIDouble(models=[served("a"), served("b")]) as server:
        with CheckedAssistant(seeds_dir, "openai", "a", base_url=server.url, ollama_host=nobody) as dateline:
            room = EngineRoom(dateline)
            room.prepare()
            until(lambda: room.state().phase == "ready", seconds=10)
            assert [(one.engine, one.model) for one in room.offers()][1:] == [("openai", "a"), ("openai", "b")]
            room.use("openai", "b")
            until(lambda: (room.state().phase, room.state().model) == ("ready", "b"), seconds=10)
            server.leave()
            until(lambda: room.state().phase == "lost", seconds=10)
            assert "No server answers" in room.state().trouble
            assert [one.engine for one in room.offers()] == ["embedded"]
            server.come_back()
            until(lambda: room.state().phase == "ready", seconds=10)
