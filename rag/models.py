"""Which models are here, and which would write better on this machine; the latter were not measured with Dateline."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from rag.engines import EngineChoice, choose_engine
from rag.engines.hub import OnHub
from rag.engines.ollama_server import installed_models, is_running
from rag.engines.weights import DEFAULT, locate
from rag.settings import Settings

_ROOM = 2.0  # GB that the system, a browser and Dateline itself take beside a model
_WORKING = 1.3  # times its file that a model takes in memory, its window included


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is here, or could be had."""

    name: str
    engine: str
    """"embedded" or "ollama"."""
    gigabytes: float | None
    """Of its file (10^9 bytes); None where Ollama does not tell."""
    licence: str
    how: str
    """What to give as --model; of one that is not here, the command that fetches it."""
    used: bool = False
    """Whether it answers now, unless another is named."""


_BETTER = (
    ("hf:Qwen/Qwen3-1.7B-GGUF/Qwen3-1.7B-Q8_0.gguf", 1.83, "apache-2.0", 2),
    ("hf:ibm-granite/granite-4.0-h-micro-GGUF/granite-4.0-h-micro-Q4_K_M.gguf", 1.94, "apache-2.0", 4),
    ("hf:ggml-org/gemma-3-4b-it-GGUF/gemma-3-4b-it-Q4_K_M.gguf", 2.49, "gemma", 4),
    ("hf:unsloth/Qwen3-4B-Instruct-2507-GGUF/Qwen3-4B-Instruct-2507-Q4_K_M.gguf", 2.5, "apache-2.0", 4),
)
"""Name, gigabytes, licence, and the cores from which it writes about as fast as one reads."""


def here(settings: Settings) -> list[Model]:
    """The models on this machine. Fetches nothing. Raises EngineError if Ollama runs and does not say what it has."""
    chosen, folder = choose_engine(settings), settings.cache_dir / "models"
    found = list(_files(folder, chosen))
    if is_running(settings.ollama_host):
        found += [
            Model(one.name, "ollama", None, "", one.name, chosen.engine == "ollama" and chosen.model == one.name)
            for one in installed_models(settings.ollama_host)
            if one.can_chat and not one.remote
        ]
    return found


def better(present: Sequence[Model]) -> list[Model]:
    """What fits into this machine's memory beside all else, smallest first, and is not among those `present`."""
    memory, cores, names = psutil.virtual_memory().total / 1e9, os.cpu_count() or 1, {one.name for one in present}
    return [
        Model(OnHub.named(name).name, "embedded", size, licence, f"dateline pull {name}")
        for name, size, licence, wanted in _BETTER
        if size * _WORKING + _ROOM <= memory and wanted <= max(cores, 4) and OnHub.named(name).name not in names
    ]


def _files(folder: Path, chosen: EngineChoice) -> Iterator[Model]:
    if locate(DEFAULT, folder):
        used = chosen.engine == "embedded" and chosen.model == DEFAULT.name
        yield Model(DEFAULT.name, "embedded", DEFAULT.size / 1e9, DEFAULT.licence, DEFAULT.name, used)
    for about in sorted((folder / "hub").glob("*/*/*.about.json")):
        owner, _, repo = about.parent.parent.name.partition("--")
        at = "" if about.parent.name == "main" else f"@{about.parent.name}"
        file = OnHub(f"{owner}/{repo}", about.name.removesuffix(".about.json"), about.parent.name)
        known = file.known(folder)
        if known and locate(known, about.parent):
            name = f"hf:{owner}/{repo}{at}/{known.hub_path}"
            yield Model(file.name, "embedded", known.size / 1e9, known.licence, name, chosen.model == file.name)
