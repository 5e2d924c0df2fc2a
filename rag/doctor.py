"""What is here, and what to do about what is wrong."""

import platform
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from index.chroma_server import ChromaServer
from index.embedders import embedder
from index.store import ArticleIndex
from rag import prompts
from rag.engines import choose_engine, served
from rag.engines.ollama_server import installed_models
from rag.engines.openai_server import OpenAIServer
from rag.engines.weights import DEFAULT, locate
from rag.errors import DatelineError, EngineError, EngineTimeout, EngineUnavailable
from rag.settings import Settings
from rag.wording import ago

_PACKAGES = ("dateline", "llama-index-core", "chromadb", "ollama", "openai", "xllamacpp", "onnxruntime", "gradio")
_SOONER = (
    "Ollama's: it reads a token in 11 ms where the embedded one takes 13.8 (the same model, two cores with "
    "AVX-512), and keeps what it has read: over ten questions the first word came after 2.5 s against 4.4, the "
    "answer after 3.8 against 6.3"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; as text a line, and what to do about what is wrong on a second."""

    what: str
    ok: bool
    state: str
    remedy: str | None = None

    def __str__(self) -> str:
        line = f"{'ok ' if self.ok else 'NOT OK'} {self.what}: {self.state}"
        return f"{line}\n      {self.remedy}" if self.remedy else line


def examine(arguments: Mapping[str, Any]) -> list[Finding]:
    """Looks at versions, index, servers, weights and the speed of the chosen engine. Fetches nothing."""
    looks: dict[str, Callable[[Settings], list[str]]] = {
        "Python": lambda _: [f"{platform.python_version()} on {platform.system()} {platform.machine()}"],
        "versions": lambda _: [", ".join(f"{name} {version(name)}" for name in _PACKAGES)],
        "index": _index,
        "Chroma": _chroma,
        "Ollama": _ollama,
        "OpenAI server": _openai,
        "embedded model": _weights,
        "the sooner engine": _sooner,
        "answers come from": _speed,
    }
    settings, findings = Settings.load(arguments), list[Finding]()
    for what, look in looks.items():
        try:
            if state_and_remedy := look(settings):
                findings.append(Finding(what, True, *state_and_remedy))
        except DatelineError as error:
            findings.append(Finding(what, False, str(error)))
    return findings


def _index(settings: Settings) -> list[str]:
    model = embedder(settings.embedder, ollama_host=settings.ollama_host)
    with ArticleIndex(settings.data_dir, model, settings.places) as articles:
        counts = articles.counts()
    undated = f", {counts.undated} without a date" if counts.undated else ""
    held = f"{counts.articles} articles{undated}, {counts.passages} passages"
    read = f", read {ago(counts.read_at, datetime.now(UTC))}" if counts.read_at else ""
    return [f"{held} from {counts.folder}{read}, in {settings.places.told(settings.data_dir)}"]


def _chroma(settings: Settings) -> list[str]:
    if not settings.chroma_url:
        return []
    server = ChromaServer(settings.places)
    with closing(server):
        server.look()
    return [f"answers at {server.url}"]


def _ollama(settings: Settings) -> list[str]:
    try:
        models = installed_models(settings.ollama_host)
    except (EngineUnavailable, EngineTimeout):
        return [f"none answers at {settings.ollama_host}; it is not needed"]
    names = ", ".join(f"{model.name} ({model.parameters:.1f}B)" for model in models) or "no models"
    return [f"at {settings.ollama_host}: {names}"]


def _openai(settings: Settings) -> list[str]:
    """The server that is named, if one is."""
    if not settings.base_url:
        return []
    names = ", ".join(one.model for one in served(settings)) or "no models"
    return [f"at {OpenAIServer.of(settings.base_url, settings.api_key).address}: {names}"]


def _weights(settings: Settings) -> list[str]:
    if path := locate(DEFAULT, settings.cache_dir / "models"):
        return [f"{path}, verified"]
    return ["not fetched yet", "The first question fetches it, or now: dateline pull"]


def _sooner(settings: Settings) -> list[str]:
    """Which of Ollama and the embedded engine answers sooner, where both could answer now."""
    with suppress(DatelineError):
        there, here = (choose_engine(settings.using(engine, None)) for engine in ("ollama", "embedded"))
        chosen = choose_engine(settings)
        if not here.to_fetch() and chosen.engine != "openai":
            remedy = [] if chosen.engine == "ollama" else [f"Answer with it: --engine ollama --model {there.model}"]
            return [_SOONER, *remedy]
    return []


def _speed(settings: Settings) -> list[str]:
    choice = choose_engine(settings)
    name = f"{choice.model} ({choice.engine})"
    if choice.to_fetch():
        return [f"{name}; no speed yet"]
    counting = prompts.answer("Count from one to thirty, in words.", ())
    with closing(choice.open()) as engine:
        started, times, writing = time.perf_counter(), list[float](), engine.stream(counting, max_tokens=40)
        try:
            while True:
                if next(writing):
                    times.append(time.perf_counter())
        except StopIteration as end:
            told = end.value.mean_logprob is not None
    if not times:
        raise EngineError(f"{name} writes nothing: choose another model with --model.")
    speed = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
    first = f"first token after {times[0] - started:.1f} s (the model is loaded first)"
    unsure = "" if told else "; it does not tell how sure it is, so each draft counts as typical"
    return [f"{name}: {first}, then {speed:.0f} tokens a second{unsure}"]
