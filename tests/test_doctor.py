"""What `doctor` finds out about the engines that are here."""

import json
from pathlib import Path

import pytest
from ollama_double import OllamaDouble, speaks, stranger

from rag.doctor import Finding, examine
from rag.engines.weights import DEFAULT


def findings(seeds_dir: Path, cache: Path, ollama: OllamaDouble, engine: str = "embedded") -> dict[str, Finding]:
    given = {"data_dir": seeds_dir, "cache_dir": cache, "ollama_host": ollama.url, "engine": engine}
    return {finding.what: finding for finding in examine(given)}


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


def test_where_both_engines_are_here_the_sooner_one_is_named(seeds_dir: Path, cache: Path, tmp_path: Path) -> None:
    with OllamaDouble() as ollama, OllamaDouble(models=[]) as empty:
        found = findings(seeds_dir, cache, ollama)["the sooner engine"]
        assert found.remedy == "Answer with it: --engine ollama --model qwen2.5-coder:1.5b"
        assert findings(seeds_dir, cache, ollama, "ollama")["the sooner engine"].remedy is None
        assert "the sooner engine" not in findings(seeds_dir, cache, empty)
        assert "the sooner engine" not in findings(seeds_dir, tmp_path / "nothing", ollama)


def test_a_model_that_writes_nothing_is_what_is_wrong(seeds_dir: Path, tmp_path: Path) -> None:
    with OllamaDouble(chat=speaks(lambda messages, options: "")) as ollama:
        found = findings(seeds_dir, tmp_path, ollama, "ollama")["answers come from"]
    assert not found.ok and found.state.endswith(" (ollama) writes nothing: choose another model with --model.")


def test_an_ollama_that_does_not_know_its_own_name_is_not_taken_for_none(seeds_dir: Path, cache: Path) -> None:
    with OllamaDouble(everything=stranger()) as ollama:
        found = findings(seeds_dir, cache, ollama)["Ollama"]
    assert (found.ok, "start Ollama with OLLAMA_HOST=0.0.0.0" in found.state) == (False, True)
