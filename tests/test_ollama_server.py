"""Finding an Ollama server, listing and choosing its models, pulling one: over real HTTP, from recordings."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ollama_double import Answer, OllamaDouble, Reply, closed_port, installed, not_ollama, recording, refuses, slow

from rag.engines import choose_engine
from rag.engines.ollama import (
    InstalledModel,
    choose_model,
    default_host,
    installed_models,
    is_running,
    pull,
)
from rag.engines.ollama_server import memory
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, SettingsError
from rag.settings import Settings


def test_a_running_server_is_found_and_an_absent_one_is_not() -> None:
    with OllamaDouble() as ollama:
        assert is_running(ollama.url)
    assert not is_running(f"127.0.0.1:{closed_port()}")


def test_another_web_server_is_not_a_running_ollama() -> None:
    with OllamaDouble(everything=not_ollama()) as somebody:
        assert not is_running(somebody.url)


def test_the_recorded_models_are_listed() -> None:
    with OllamaDouble() as ollama:
        small, large = installed_models(ollama.url)
    assert small == InstalledModel(
        name="qwen2.5-coder:0.5b",
        digest="2126e692d33cac0df40059132e64c9c91e6d2303e64c782708d7708b4e78fc22",
        parameters=0.63017,
        context_length=32768,
        can_chat=True,
    )
    assert (large.name, large.parameters) == ("qwen2.5-coder:1.5b", 1.8)


def test_a_server_without_models_lists_none() -> None:
    with OllamaDouble(models=[]) as ollama:
        assert installed_models(ollama.url) == []


def test_an_ollama_that_lists_no_capabilities_is_asked_about_each_model() -> None:
    with OllamaDouble(models=[installed("qwen3:4b", capabilities=None)]) as ollama:
        (model,) = installed_models(ollama.url)
    assert model.can_chat
    assert model.context_length == 32768  # of the recorded answer to /api/show
    assert ollama.requests[-1].json["model"] == "qwen3:4b"


def test_listing_an_absent_server_says_how_to_start_it() -> None:
    with pytest.raises(EngineUnavailable, match="`ollama serve`"):
        installed_models(f":{closed_port()}")


def test_a_silent_server_is_not_waited_for() -> None:
    gate = threading.Event()
    with OllamaDouble(everything=slow(gate)) as ollama:
        assert not is_running(ollama.url, timeout=0.1)
        with pytest.raises(EngineTimeout, match="Restart it with `ollama serve`"):
            installed_models(ollama.url, timeout=0.1)


def listed(*models: dict[str, Any]) -> list[InstalledModel]:
    with OllamaDouble(models=models) as ollama:
        return installed_models(ollama.url)


def test_the_named_model_is_chosen_if_it_is_there() -> None:
    here = listed(installed("qwen3:latest", "8.2B"), installed("tiny:1b", "1.0B"))
    assert choose_model(here, "tiny:1b") == "tiny:1b"
    assert choose_model(here, "qwen3") == "qwen3:latest"
    assert choose_model(here, "qwen3:4b") is None


def test_with_nothing_named_small_and_embedding_models_are_not_chosen() -> None:
    embedder = installed("qwen3-embedding:8b", "7.6B", capabilities=["embedding"])
    assert choose_model(listed(installed("qwen2.5:1.5b", "1.5B"), embedder), None) is None
    assert choose_model([], None) is None


def test_a_model_that_runs_on_somebody_elses_computer_is_not_chosen_unasked() -> None:
    here = listed(installed("gpt-oss:120b-cloud", "116.8B", remote_host="https://ollama.com:443"))
    assert choose_model(here, None) is None
    assert choose_model(here, "gpt-oss:120b-cloud") == "gpt-oss:120b-cloud"


def test_the_largest_that_a_laptop_holds_is_chosen() -> None:
    here = listed(installed("a:4b", "4.0B"), installed("b:8b", "8.2B"), installed("c:32b", "32.8B"))
    assert choose_model(here, None) == "b:8b"


def test_of_models_too_large_for_comfort_the_smallest_is_chosen() -> None:
    assert choose_model(listed(installed("c:70b", "70.6B"), installed("d:14b", "14.8B")), None) == "d:14b"


@pytest.mark.parametrize(
    "specialist",
    ["qwen2.5-coder:7b", "llama-guard3:8b", "deepseek-r1:8b", "r1-1776:7b", "openthinker:7b", "phi4-mini-reasoning:4b"],
)
def test_a_specialist_comes_after_a_smaller_general_model(specialist: str) -> None:
    here = listed(installed(specialist, "8.0B"), installed("llama3.2:3b", "3.2B"))
    assert choose_model(here, None) == "llama3.2:3b"
    assert choose_model(here[:1], None) == specialist


REMOTE = installed("gpt-oss:120b-cloud", "116.8B", remote_host="https://ollama.com:443")
SMALL = installed("gemma3:1b", "1.0B")
CODER = installed("qwen2.5-coder:1.5b", "1.8B")


@pytest.mark.parametrize(
    ("engine", "models", "chosen"),
    [
        ("ollama", [REMOTE, SMALL], "gemma3:1b"),
        ("ollama", [CODER, SMALL], "gemma3:1b"),
        ("ollama", [CODER, REMOTE], "qwen2.5-coder:1.5b"),
        ("auto", [REMOTE, SMALL], "qwen2.5-coder-1.5b-instruct-q4_k_m"),  # the embedded engine's own
    ],
)
def test_no_path_takes_a_remote_model_unasked_and_each_takes_a_specialist_last(
    tmp_path: Path, engine: str, models: list[dict[str, Any]], chosen: str
) -> None:
    with OllamaDouble(models=models) as ollama:
        settings = Settings.load({"engine": engine, "ollama_host": ollama.url, "data_dir": tmp_path})
        assert choose_engine(settings).model == chosen
        named = settings.using("ollama", REMOTE["name"])
        if REMOTE in models:
            assert choose_engine(named).model == REMOTE["name"]


def test_where_all_models_are_remote_the_choice_is_left_to_the_person(tmp_path: Path) -> None:
    with OllamaDouble(models=[REMOTE]) as ollama:
        settings = Settings.load({"engine": "ollama", "ollama_host": ollama.url, "data_dir": tmp_path})
        with pytest.raises(ModelMissing, match=r"dateline pull .* another computer: --model gpt-oss:120b-cloud$"):
            choose_engine(settings)


def test_what_ollamas_own_cloud_has_is_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaDouble(everything=recording("tags")) as cloud:  # reached as a proxy would be
        monkeypatch.setenv("HTTP_PROXY", cloud.url)
        monkeypatch.delenv("http_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert [model.remote for model in installed_models("http://ollama.com")] == [True, True]


# -- pulling ----------------------------------------------------------------------------------------


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


def test_a_pull_without_a_network_carries_ollamas_words() -> None:
    with pytest.raises(EngineError, match="no such host") as error:
        pulled(recording("pull_unreachable"))
    assert str(error.value).endswith("dateline pull qwen3:4b")


def test_a_pull_of_a_name_that_does_not_exist_says_so() -> None:
    unknown = Reply(['{"status":"pulling manifest"}', '{"error":"pull model manifest: file does not exist"}'])
    with pytest.raises(ModelMissing, match="has no model 'qwen3:4b'"):
        pulled(unknown)


def test_a_pull_of_what_cannot_be_a_name_says_how_one_is_written() -> None:
    with pytest.raises(ModelMissing, match="write it like qwen3:4b"):
        pulled(refuses(400, "invalid model name"))  # written by hand


def test_a_running_ollama_tells_how_much_memory_a_model_takes() -> None:
    with OllamaDouble() as ollama:
        assert memory(ollama.url, "qwen2.5-coder:0.5b") == 550_554_827
        assert memory(ollama.url, "qwen3:4b") == 0


@pytest.mark.parametrize("ending", ["clean", "cut"])
def test_a_pull_that_stops_half_way_says_how_to_go_on(ending: Any) -> None:
    half = Reply(['{"status":"pulling manifest"}'], ending=ending)
    with pytest.raises(EngineInterrupted, match="dateline pull qwen3:4b"):
        pulled(half)


# -- OLLAMA_HOST ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        (" '192.168.1.7' ", "http://192.168.1.7:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("localhost:1234", "http://localhost:1234"),
        (":11435", "http://127.0.0.1:11435"),
        ("example.org", "http://example.org:11434"),
        ("ollama.com", "https://ollama.com:443"),
        ("http://example.org", "http://example.org:80"),
        ("https://example.org", "https://example.org:443"),
        ("HTTPS://example.org:8443/ollama/", "https://example.org:8443/ollama"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("[::]", "http://[::1]:11434"),
        ("http://[fd00::7]:8080", "http://[fd00::7]:8080"),
    ],
)
def test_every_form_of_ollama_host_becomes_a_url(given: str | None, meant: str) -> None:
    found = default_host({} if given is None else {"OLLAMA_HOST": given})
    assert found == meant
    assert default_host({"OLLAMA_HOST": found}) == meant


@pytest.mark.parametrize("given", ["ftp://example.org", "example.org:port", "example.org:99999", "two words", "a..b"])
def test_an_address_that_is_none_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(SettingsError, match=r"write it like 127\.0\.0\.1:11434"):
        default_host({"OLLAMA_HOST": given})
