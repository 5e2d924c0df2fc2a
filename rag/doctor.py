"""What is here, and what to do about what is wrong."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from rag.errors import DatelineError, EngineTimeout, EngineUnavailable
from rag.settings import Settings

_PACKAGES = ("dateline", "llama-index-core", "chromadb", "ollama", "xllamacpp", "onnxruntime", "gradio")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    state: str
    remedy: str | None = None


def examine(arguments: Mapping[str, Any]) -> list[Finding]:
    """Looks at versions, index, Ollama, weights and the speed of the chosen engine. Fetches nothing."""
    settings = Settings.load(arguments)
    findings = [
        Finding("Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        Finding("versions", True, ", ".join(f"{name} {version(name)}" for name in _PACKAGES)),
        _looked_at("index", lambda: _index(settings)),
        _looked_at("Ollama", lambda: _ollama(settings)),
        _looked_at("embedded model", lambda: _weights(settings)),
        *_sooner(settings),
    ]
    return [*findings, _looked_at("answers come from", lambda: _speed(settings))]


def _looked_at(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except DatelineError as error:
        return Finding(what, False, str(error))


def _index(settings: Settings) -> Finding:
    from index.embed import embedder
    from index.store import ArticleIndex

    with ArticleIndex(settings.data_dir, embedder(settings.embedder, ollama_host=settings.ollama_host)) as articles:
        counts = articles.counts()
    undated = f", {counts.undated} without a date" if counts.undated else ""
    return Finding(
        "index",
        True,
        f"{counts.articles} articles{undated}, {counts.passages} passages from {counts.folder}, in {settings.data_dir}",
    )


def _ollama(settings: Settings) -> Finding:
    from rag.engines.ollama_server import installed_models

    try:
        models = installed_models(settings.ollama_host)
    except (EngineUnavailable, EngineTimeout):
        return Finding("Ollama", True, f"none answers at {settings.ollama_host}; it is not needed")
    names = ", ".join(f"{model.name} ({model.parameters:.1f}B)" for model in models) or "no models"
    return Finding("Ollama", True, f"at {settings.ollama_host}: {names}")


def _weights(settings: Settings) -> Finding:
    from rag.engines.weights import DEFAULT, locate

    path = locate(DEFAULT, settings.cache_dir / "models")
    if path:
        return Finding("embedded model", True, f"{path}, verified")
    return Finding("embedded model", True, "not fetched yet", "The first question fetches it, or now: dateline pull")


def _sooner(settings: Settings) -> list[Finding]:
    """Which engine answers sooner, where both could answer now."""
    from rag.engines import choose_engine
    from rag.engines.weights import DEFAULT, locate

    try:
        there = choose_engine(settings.using("ollama", None)).model
        here, chosen = locate(DEFAULT, settings.cache_dir / "models"), choose_engine(settings)
    except DatelineError:
        return []
    if not here:
        return []
    state = (
        "Ollama's: it reads a token in 11 ms where the embedded one takes 13.8 (the same model, two cores with "
        "AVX-512), and keeps what it has read: over ten questions the first word came after 2.5 s against 4.4, the "
        "answer after 3.8 against 6.3"
    )
    remedy = None if chosen.engine == "ollama" else f"Answer with it: --engine ollama --model {there}"
    return [Finding("the sooner engine", True, state, remedy)]


def _speed(settings: Settings) -> Finding:
    from rag import prompts
    from rag.engines import choose_engine
    from rag.engines.weights import DEFAULT, locate

    choice = choose_engine(settings)
    name = f"{choice.model} ({choice.engine})"
    if (
        choice.engine == "embedded"
        and choice.model == DEFAULT.name
        and not locate(DEFAULT, settings.cache_dir / "models")
    ):
        return Finding("answers come from", True, f"{name}; no speed yet")
    engine = choice.open()
    try:
        started, first, pieces = time.perf_counter(), 0.0, 0
        for _ in engine.stream(prompts.answer("Count from one to thirty, in words.", ()), max_tokens=40):
            first = first or time.perf_counter()
            pieces += 1
        seconds = time.perf_counter() - first
    finally:
        engine.close()
    return Finding(
        "answers come from",
        pieces > 0,
        f"{name}: first token after {first - started:.1f} s (the model is loaded first), "
        f"then {max(0, pieces - 1) / max(seconds, 1e-6):.0f} tokens a second",
    )
