"""Finding an Ollama server, listing and choosing its models, pulling one: over real HTTP, from recordings."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ollama_double import Answer, OllamaDouble, Reply, closed_port, installed, not_ollama, recording, refuses, slow

from rag.engines import choose_engine
from rag.engines.ollama import InstalledModel, choose_model, default_host, installed_models, is_running, pull
from rag.engines.ollama_server import memory
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, SettingsError
from rag.settings import Settings


def test_a_running_server_is_found_and_nobody_or_somebody_else_is_not() -> None:
    with OllamaDouble() as ollama, OllamaDouble(everything=not_ollama()) as somebody:
        assert (is_running(ollama.url), is_running(somebody.url)) == (True, False)
    assert not is_running(f"127.0.0.1:{closed_port()}")
    with pytest.raises(EngineUnavailable, match="`ollama serve`"):
        installed_models(f":{closed_port()}")


def test_a_silent_server_is_not_waited_for() -> None:
    with OllamaDouble(everything=slow(threading.Event())) as ollama:
        assert not is_running(ollama.url, timeout=0.1)
        with pytest.raises(EngineTimeout, match="Restart it with `ollama serve`"):
            installed_models(ollama.url, timeout=0.1)


def listed(*models: dict[str, Any]) -> list[InstalledModel]:
    with OllamaDouble(models=models) as ollama:
        return installed_models(ollama.url)


def test_the_models_are_listed_with_what_they_are_and_take() -> None:
    digest = "2126e692d33cac0df40059132e64c9c91e6d2303e64c782708d7708b4e78fc22"
    with OllamaDouble() as ollama:
        small, large = installed_models(ollama.url)
        assert (memory(ollama.url, small.name), memory(ollama.url, "qwen3:4b")) == (550_554_827, 0)
    assert small == InstalledModel("qwen2.5-coder:0.5b", digest, 0.63017, context_length=32768, can_chat=True)
    assert (large.name, large.parameters) == ("qwen2.5-coder:1.5b", 1.8)
    assert listed() == []
    with OllamaDouble(models=[installed("qwen3:4b", capabilities=None)]) as old:  # it is asked about each model
        (model,) = installed_models(old.url)
    assert (model.can_chat, model.context_length) == (True, 32768)  # of the recorded answer to /api/show
    assert old.requests[-1].json["model"] == "qwen3:4b"


REMOTE = installed("gpt-oss:120b-cloud", "116.8B", remote_host="https://ollama.com:443")
EMBEDS = installed("qwen3-embedding:8b", "7.6B", capabilities=["embedding"])
SMALL = installed("gemma3:1b", "1.0B")
CODER = installed("qwen2.5-coder:1.5b", "1.8B")
GENERAL = installed("llama3.2:3b", "3.2B")
LATEST = installed("qwen3:latest", "8.2B")
SPECIALISTS = "qwen2.5-coder:7b llama-guard3:8b deepseek-r1:8b r1-1776:7b openthinker:7b phi4-mini-reasoning:4b".split()


@pytest.mark.parametrize(
    ("here", "named", "chosen"),
    [
        ([LATEST, SMALL], "gemma3:1b", "gemma3:1b"),
        ([LATEST, SMALL], "qwen3", "qwen3:latest"),
        ([LATEST, SMALL], "qwen3:4b", None),
        ([SMALL, EMBEDS], None, None),
        ([], None, None),
        ([REMOTE], None, None),  # on somebody else's computer, not unasked
        ([REMOTE], "gpt-oss:120b-cloud", "gpt-oss:120b-cloud"),
        # the largest that a laptop holds; of those too large for comfort the smallest
        ([installed("a:4b", "4.0B"), LATEST, installed("c:32b", "32.8B")], None, "qwen3:latest"),
        ([installed("c:70b", "70.6B"), installed("d:14b", "14.8B")], None, "d:14b"),
        # a specialist comes after a smaller general model
        *(([installed(specialist, "8.0B"), GENERAL], None, "llama3.2:3b") for specialist in SPECIALISTS),
        *(([installed(specialist, "8.0B")], None, specialist) for specialist in SPECIALISTS),
    ],
)
def test_the_model_that_is_named_is_chosen_or_one_that_fits(
    here: list[dict[str, Any]], named: str | None, chosen: str | None
) -> None:
    assert choose_model(listed(*here), named) == chosen


@pytest.mark.parametrize(
    ("engine", "models", "chosen"),
    [
        ("ollama", [REMOTE, SMALL], "gemma3:1b"),
        ("ollama", [CODER, SMALL], "gemma3:1b"),
        ("ollama", [CODER, REMOTE], "qwen2.5-coder:1.5b"),
        ("auto", [REMOTE, SMALL], "qwen2.5-coder-1.5b-instruct-q4_k_m"),  # the embedded engine's own
        ("ollama", [REMOTE], None),  # the choice is left to the person
    ],
)
def test_no_path_takes_a_remote_model_unasked_and_each_takes_a_specialist_last(
    tmp_path: Path, engine: str, models: list[dict[str, Any]], chosen: str | None
) -> None:
    with OllamaDouble(models=models) as ollama:
        settings = Settings.load({"engine": engine, "ollama_host": ollama.url, "data_dir": tmp_path})
        if chosen:
            assert choose_engine(settings).model == chosen
        else:
            with pytest.raises(ModelMissing, match=r"another computer: --model gpt-oss:120b-cloud$"):
                choose_engine(settings)
        if REMOTE in models:
            assert choose_engine(settings.using("ollama", REMOTE["name"])).model == REMOTE["name"]


def test_what_ollamas_own_cloud_has_is_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaDouble(everything=recording("tags")) as cloud:  # reached as a proxy would be
        for name in ("http_proxy", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", cloud.url)
        assert [model.remote for model in installed_models("http://ollama.com")] == [True, True]


# -- pulling


def pulled(answer: Answer | None = None) -> list[tuple[str, int, int]]:
    steps: list[tuple[str, int, int]] = []
    with OllamaDouble(pull=answer) as ollama:
        pull(ollama.url, "qwen3:4b", lambda *step: steps.append(step))
        assert ollama.requests[-1].json == {"model": "qwen3:4b", "insecure": False, "stream": True}
    return steps


def test_a_pull_shows_ollamas_own_progress() -> None:
    steps = pulled()
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
    ],
)
def test_a_pull_that_fails_says_why_and_how_to_go_on(answer: Answer, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        pulled(answer)


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
