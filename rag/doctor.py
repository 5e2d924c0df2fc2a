"""What is here, and what to do about what is wrong."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index import integrity
from index.chroma_server import ChromaServer
from index.datadir import may_write
from index.embedders import embedder
from index.errors import IndexBusy
from index.store import ArticleIndex
from rag.engines import EngineChoice, choose_engine, served
from rag.engines.hub import is_hub
from rag.engines.ollama_server import installed_models
from rag.engines.openai_server import OpenAIServer
from rag.engines.weights import DEFAULT
from rag.errors import DatelineError, EngineTimeout, EngineUnavailable
from rag.settings import Settings
from rag.speed import Speed, measure
from rag.wording import ago

_PACKAGES = ("dateline", "llama-index-core", "chromadb", "ollama", "openai", "xllamacpp", "onnxruntime", "gradio")
_CHOSEN, _PARTS = "answers come from", "parts of the index"
_SECONDS = 24.0
"""For all that is measured: with the rest, doctor ends within half a minute."""


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


def examine(arguments: Mapping[str, Any], *, repair: bool = False) -> list[Finding]:
    """Looks at versions, index, servers, weights, and how soon the engines that are here answer. Fetches nothing.

    Nothing changes; with `repair`, what is wrong within the index is mended before.
    """
    looks: dict[str, Callable[[Settings], list[str]]] = {
        "Python": lambda _: [f"{platform.python_version()} on {platform.system()} {platform.machine()}"],
        "versions": lambda _: [", ".join(f"{name} {version(name)}" for name in _PACKAGES)],
        "index": _index,
        "Chroma": _chroma,
        "Ollama": _ollama,
        "OpenAI server": _openai,
        "embedded model": _weights,
    }
    settings, findings = Settings.load(arguments), list[Finding]()
    if repair:
        findings += _repaired(settings)
    for what, look in looks.items():
        try:
            if state_and_remedy := look(settings):
                findings.append(Finding(what, True, *state_and_remedy))
        except DatelineError as error:
            findings.append(Finding(what, False, str(error)))
        if what == "index" and findings[-1].ok:
            findings += _integrity(settings)
    return findings + list(_engines(settings))


def _index(settings: Settings) -> list[str]:
    model = embedder(settings.embedder, ollama_host=settings.ollama_host)
    with ArticleIndex(settings.data_dir, model, settings.places) as articles:
        counts = articles.counts()
    undated = f", {counts.undated} without a date" if counts.undated else ""
    held = f"{counts.articles} articles{undated}, {counts.passages} passages"
    read = f", read {ago(counts.read_at, datetime.now(UTC))}" if counts.read_at else ""
    return [f"{held} from {counts.folder}{read}, in {settings.places.told(settings.data_dir)}"]


def _integrity(settings: Settings) -> Iterator[Finding]:
    """Whether the index's parts are in step, where one may lock it to look."""
    if not settings.catalog_url and not may_write(settings.data_dir):
        return
    try:
        wrong = integrity.examine(settings.places, settings.data_dir)
    except IndexBusy as error:
        yield Finding(_PARTS, True, f"not looked through. {error}")
    except DatelineError as error:
        yield Finding(_PARTS, False, str(error))
    else:
        remedy = "Mend it from what is left: dateline doctor --repair" if wrong else None
        yield Finding(_PARTS, not wrong, "; ".join(wrong) or "in step with each other", remedy)


def _repaired(settings: Settings) -> Iterator[Finding]:
    model = embedder(settings.embedder, ollama_host=settings.ollama_host)
    try:
        mended = integrity.repair(settings.places, settings.data_dir)
        if mended:
            with ArticleIndex(settings.data_dir, model, settings.places) as articles:
                articles.sync(Path(articles.counts().folder))
        yield Finding("mended", True, "; ".join(mended) or "nothing was to be mended")
    except DatelineError as error:
        yield Finding("mended", False, str(error))


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
    named = settings.model if is_hub(settings.model) else None
    if path := EngineChoice("embedded", named or DEFAULT.name, (), settings).file():
        return [f"{path}, verified"]
    return ["not fetched yet", f"The first question fetches it, or now: dateline pull {named or ''}".rstrip()]


def _engines(settings: Settings) -> Iterator[Finding]:
    """What answers and what else could now, how soon each does, and which is the sooner."""
    try:
        chosen = choose_engine(settings)
    except DatelineError as error:
        yield Finding(_CHOSEN, False, str(error))
        return
    others = [one for one in _could_answer(settings) if one.engine != chosen.engine]
    measured, until = list[tuple[EngineChoice, Speed]](), time.monotonic() + _SECONDS
    for place, one in enumerate(engines := [chosen, *others]):
        what = f"could answer: {one.engine}" if place else _CHOSEN
        name = f"{one.model} ({one.engine})"
        if one.to_fetch():
            yield Finding(what, True, f"{name}; no speed yet")
            continue
        try:
            speed = measure(one, (until - time.monotonic()) / (len(engines) - place))
            measured.append((one, speed))
            yield Finding(what, True, f"{name}: {speed}")
        except DatelineError as error:
            yield Finding(what, False, str(error))
    if len(measured) > 1:
        (first, soon), (_, later) = sorted(measured, key=lambda pair: pair[1].answer)[:2]
        state = f"{first.engine}: a sentence in {soon.answer:.1f} s, where the other takes {later.answer:.1f}"
        remedy = None if first is chosen else f"Answer with it: --engine {first.engine} --model {first.asked_for}"
        yield Finding("the sooner engine", True, state, remedy)


def _could_answer(settings: Settings) -> Iterator[EngineChoice]:
    """What each engine would answer with, where it has all that it needs."""
    for engine in ("ollama", "embedded"):
        with suppress(DatelineError):
            choice = choose_engine(settings.using(engine, None))
            if not choice.to_fetch():
                yield choice
