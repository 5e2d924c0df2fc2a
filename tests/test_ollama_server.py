"""Finding an Ollama server, listing and choosing its models, pulling one: over real HTTP, from recordings."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from ollama_double import Answer, OllamaDouble, Reply, installed, recording, refuses, slow, stranger

from index.network import default_host
from rag.engines import choose_engine
from rag.engines.ollama_server import installed_models, is_running, memory, pull
from rag.engines.weights import DEFAULT
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, SettingsError
from rag.settings import Settings


def test_a_running_server_is_found_and_nobody_somebody_else_or_a_silent_one_is_not() -> None:
    with OllamaDouble() as ollama, OllamaDouble(everything=Reply(["<p>It works!</p>"])) as somebody:
        assert (is_running(ollama.url), is_running(somebody.url)) == (True, False)
    with OllamaDouble(everything=slow(threading.Event())) as silent:
        assert not is_running(silent.url, timeout=0.1)
        with pytest.raises(EngineTimeout, match="Restart it with `ollama serve`"):
            installed_models(silent.url, timeout=0.1)
    assert not is_running("127.0.0.1:9")
    with pytest.raises(EngineUnavailable, match="`ollama serve`"):
        installed_models("127.0.0.1:9")


def test_the_models_are_listed_with_what_they_are_and_take(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = "2126e692d33cac0df40059132e64c9c91e6d2303e64c782708d7708b4e78fc22"
    with OllamaDouble() as ollama:
        small, large = installed_models(ollama.url)
        assert (memory(ollama.url, small.name), memory(ollama.url, "qwen3:4b")) == (550_554_827, 0)
    assert (small.name, small.digest, small.parameters, small.can_chat) == ("qwen2.5-coder:0.5b", digest, 0.63017, True)
    assert (large.name, large.parameters) == ("qwen2.5-coder:1.5b", 1.8)
    with OllamaDouble(models=[installed("qwen3:4b", capabilities=None)]) as old:  # it is asked about each model
        assert [model.can_chat for model in installed_models(old.url)] == [True]
    assert old.requests[-1].json["model"] == "qwen3:4b"
    with OllamaDouble(everything=recording("tags")) as cloud:  # Ollama's own, reached as a proxy would be
        for name in ("http_proxy", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", cloud.url)
        assert [model.remote for model in installed_models("http://ollama.com")] == [True, True]


CLOUD = "gpt-oss:120b-cloud"
REMOTE = installed(CLOUD, "116.8B", remote_host="https://ollama.com:443")
EMBEDS = installed("qwen3-embedding:8b", "7.6B", capabilities=["embedding"])
SMALL = installed("gemma3:1b", "1.0B")
CODER = installed("qwen2.5-coder:1.5b", "1.8B")
GENERAL = installed("llama3.2:3b", "3.2B")
LATEST = installed("qwen3:latest", "8.2B")
SPECIALISTS = "qwen2.5-coder:7b llama-guard3:8b deepseek-r1:8b r1-1776:7b openthinker:7b phi4-mini-reasoning:4b".split()
Models = list[dict[str, Any]]


def chosen(engine: str, models: Models, named: str | None) -> tuple[str, tuple[str, ...]]:
    with OllamaDouble(models=models) as ollama:
        choice = choose_engine(Settings.load({"engine": engine, "model": named, "ollama_host": ollama.url}))
    return choice.model, choice.notes


@pytest.mark.parametrize(
    ("engine", "models", "named", "model"),
    [
        ("auto", [LATEST, SMALL], "gemma3:1b", "gemma3:1b"),
        ("auto", [LATEST, SMALL], "qwen3", "qwen3:latest"),
        ("auto", [LATEST, SMALL], "qwen3:4b", "qwen3:latest"),
        *(("auto", models, None, DEFAULT.name) for models in ([], [SMALL, EMBEDS], [CODER, SMALL])),
        *(("auto", models, None, DEFAULT.name) for models in ([REMOTE], [REMOTE, SMALL])),  # not unasked
        *((engine, [REMOTE, SMALL], CLOUD, CLOUD) for engine in ("auto", "ollama")),
        # the largest that a laptop holds; of those too large for comfort the smallest
        ("auto", [installed("a:4b", "4.0B"), LATEST, installed("c:32b", "32.8B")], None, "qwen3:latest"),
        ("auto", [installed("c:70b", "70.6B"), installed("d:14b", "14.8B")], None, "d:14b"),
        # a specialist comes after a smaller general model
        *(("auto", [installed(specialist, "8.0B"), GENERAL], None, "llama3.2:3b") for specialist in SPECIALISTS),
        *(("auto", [installed(specialist, "8.0B")], None, specialist) for specialist in SPECIALISTS),
        *(("ollama", [other, SMALL], None, "gemma3:1b") for other in (REMOTE, CODER)),
        ("ollama", [CODER, REMOTE], None, "qwen2.5-coder:1.5b"),
    ],
)
def test_the_model_that_is_named_is_chosen_or_one_that_fits(
    engine: str, models: Models, named: str | None, model: str
) -> None:
    missing = f"{model} answered instead of {named}: this Ollama server does not have it"
    assert chosen(engine, models, named) == (model, (missing,) if named == "qwen3:4b" else ())


@pytest.mark.parametrize(
    ("engine", "models", "named", "told"),
    [
        ("ollama", [REMOTE], None, f"questions and articles to another computer: --model {CLOUD}$"),
        ("ollama", [EMBEDS], None, "Get one with: dateline pull qwen3:4b-instruct$"),
        ("embedded", [LATEST], "qwen3", "GGUF file, one of the hub as hf:OWNER/REPO/FILE.gguf, or leave"),
    ],
)
def test_where_there_is_none_to_take_the_choice_is_left_to_the_person(
    engine: str, models: Models, named: str | None, told: str
) -> None:
    with pytest.raises(ModelMissing, match=told):
        chosen(engine, models, named)


# -- pulling


def test_a_pull_shows_ollamas_own_progress() -> None:
    steps: list[tuple[str, int, int]] = []
    with OllamaDouble() as ollama:
        pull(ollama.url, "qwen3:4b", lambda *step: steps.append(step))
    assert ollama.requests[-1].json == {"model": "qwen3:4b", "insecure": False, "stream": True}
    assert steps[0] == ("pulling manifest", 0, 0)
    assert steps[3] == ("pulling 3e4cb1417446", 1248640240, 2497280480)
    assert steps[-1] == ("success", 0, 0)


BEGUN, UNKNOWN = '{"status":"pulling manifest"}', '{"error":"pull model manifest: file does not exist"}'


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (recording("pull_unreachable"), EngineError, r"no such host.*dateline pull qwen3:4b$"),
        (Reply([BEGUN, UNKNOWN]), ModelMissing, "has no model 'qwen3:4b'"),
        (refuses(400, "invalid model name"), ModelMissing, "write it like qwen3:4b"),  # written by hand
        (Reply([BEGUN]), EngineInterrupted, "dateline pull qwen3:4b"),
        (Reply([BEGUN], ending="cut"), EngineInterrupted, "dateline pull qwen3:4b"),
        (stranger(), EngineError, "does not answer to the name"),
    ],
)
def test_a_pull_that_fails_says_why_and_how_to_go_on(answer: Answer, error: type[Exception], told: str) -> None:
    with OllamaDouble(pull=answer) as ollama, pytest.raises(error, match=told):
        pull(ollama.url, "qwen3:4b", lambda *_: None)


# -- OLLAMA_HOST


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        *((None, "http://127.0.0.1:11434"), ("", "http://127.0.0.1:11434"), ("0.0.0.0", "http://127.0.0.1:11434")),
        *((" '192.168.1.7' ", "http://192.168.1.7:11434"), ("0.0.0.0:8080", "http://127.0.0.1:8080")),
        *(("localhost:1234", "http://localhost:1234"), (":11435", "http://127.0.0.1:11435")),
        *(("example.org", "http://example.org:11434"), ("http://example.org", "http://example.org:80")),
        *(("ollama.com", "https://ollama.com:443"), ("https://example.org", "https://example.org:443")),
        ("HTTPS://example.org:8443/ollama/", "https://example.org:8443/ollama"),
        *(("::1", "http://[::1]:11434"), ("[::1]:8080", "http://[::1]:8080"), ("[::]", "http://[::1]:11434")),
        ("http://[fd00::7]:8080", "http://[fd00::7]:8080"),
    ],
)
def test_every_form_of_ollama_host_becomes_a_url(given: str | None, meant: str) -> None:
    found = default_host({} if given is None else {"OLLAMA_HOST": given})
    assert found == default_host({"OLLAMA_HOST": found}) == meant


@pytest.mark.parametrize("given", ["ftp://example.org", "example.org:port", "example.org:99999", "two words", "a..b"])
def test_an_address_that_is_none_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(SettingsError, match=r"write it like 127\.0\.0\.1:11434"):
        default_host({"OLLAMA_HOST": given})
