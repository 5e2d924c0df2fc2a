"""What `doctor` finds out about the engines that are here, and which of them is the sooner."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ollama_double import Answer, OllamaDouble, cut_connection, held_open, slow, speaks, stranger

from rag import doctor
from rag.doctor import Finding, examine
from rag.engines.weights import DEFAULT, fetch, model_dir

CHOSEN, OTHER, SOONER = "answers come from", "could answer: {}", "the sooner engine"


def findings(data: Path, cache: Path, ollama: OllamaDouble, engine: str, **other: object) -> dict[str, Finding]:
    given = {"data_dir": data, "cache_dir": cache, "ollama_host": ollama.url, "engine": engine}
    return {finding.what: finding for finding in examine(given | other)}


def bridge(pause: float) -> Any:
    """A model that pauses before each of its words."""

    def words(*_: object) -> Iterator[str]:
        for word in ("The", " bridge", " opens", " in", " October."):
            time.sleep(pause)
            yield word

    return speaks(words)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache in which a model file was verified; it takes no room, and is none."""
    path = tmp_path / "models" / DEFAULT.file
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(DEFAULT.size)
    marker = {"sha256": DEFAULT.sha256, "size": DEFAULT.size, "mtime_ns": path.stat().st_mtime_ns}
    path.with_name(f"{path.name}.verified").write_text(json.dumps(marker))
    return tmp_path


@pytest.mark.slow
def test_where_both_engines_are_here_both_are_measured_and_the_sooner_is_named(
    seeds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_SECONDS", 240.0)  # the machine may have much else to do
    cache = fetch(DEFAULT, model_dir()).parents[1]
    with OllamaDouble(chat=bridge(0.01)) as ollama:
        found = findings(seeds_dir, cache, ollama, "embedded", threads=1)
    assert all(found[what].ok for what in (CHOSEN, OTHER.format("ollama"))), found
    assert found[SOONER].state.startswith("ollama: a sentence in 0.")
    assert found[SOONER].remedy == "Answer with it: --engine ollama --model qwen2.5-coder:1.5b"


def test_what_is_asked_is_never_what_an_ollama_has_read_already_and_nothing_is_compared_with_nothing(
    seeds_dir: Path, tmp_path: Path
) -> None:
    with OllamaDouble(chat=bridge(0.0)) as ollama, OllamaDouble(models=[]) as empty:
        found = [findings(seeds_dir, tmp_path, ollama, "ollama") for _ in range(2)]
        assert SOONER not in found[0] and "tokens a second" in found[0][CHOSEN].state
        first, second = (chat["messages"][-1]["content"].partition("\n") for chat in ollama.chats)
        assert first[0] != second[0] and first[2] == second[2]
        assert not {SOONER, OTHER.format("ollama")} & set(findings(seeds_dir, tmp_path, empty, "embedded"))


WRONG: dict[str, tuple[Answer, str]] = {
    "it writes nothing": (speaks(lambda *_: ""), " (ollama) writes nothing: choose another model with --model."),
    "it breaks off": (cut_connection(after=3), "the connection was cut. Ask again"),
    "it says no word": (slow(threading.Event()), "wrote nothing within 1 s. Close other programs"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_engine_that_fails_is_a_finding_and_the_other_is_asked_all_the_same(
    wrong: str, seeds_dir: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_SECONDS", 2.0)
    chat, told = WRONG[wrong]
    with OllamaDouble(chat=chat) as ollama:
        begun = time.monotonic()
        found = findings(seeds_dir, cache, ollama, "ollama")
        assert time.monotonic() - begun < 10
    assert (found[CHOSEN].ok, told in found[CHOSEN].state) == (False, True)
    assert "is not a GGUF model file" in found[OTHER.format("embedded")].state
    assert SOONER not in found


def test_what_has_come_when_the_time_is_over_is_measured(
    seeds_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_SECONDS", 2.0)
    with OllamaDouble(chat=held_open(after=3)) as ollama:
        assert "tokens a second" in findings(seeds_dir, tmp_path, ollama, "ollama")[CHOSEN].state
        assert ollama.client_left.wait(5)


def test_an_ollama_that_does_not_know_its_own_name_is_not_taken_for_none(seeds_dir: Path, cache: Path) -> None:
    with OllamaDouble(everything=stranger()) as ollama:
        found = findings(seeds_dir, cache, ollama, "embedded")["Ollama"]
    assert (found.ok, "start Ollama with OLLAMA_HOST=0.0.0.0" in found.state) == (False, True)
