"""The engines that write: Ollama where there is one, else llama.cpp, brought along; or a server that is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.engines.base import Completion, Engine
from rag.errors import ModelMissing
from rag.settings import Settings

if TYPE_CHECKING:  # HTTP clients take a moment to load
    from rag.engines.weights import Weights
    from rag.engines.writers import Writer

__all__ = ["Completion", "Engine", "EngineChoice", "Progress", "available", "choose_engine", "served", "suggested"]

Progress = Callable[[str, int, int], None]
"""Called with (what is fetched, bytes that are here, bytes of the whole); or with a notice, and no bytes."""


_LARGE = 1_600_000_000  # bytes of three billion parameters at four bits, about


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine and the model that will answer. Choosing costs a request to Ollama, or to the server, at most."""

    engine: str
    model: str
    notes: tuple[str, ...]
    _settings: Settings
    _path: Path | None = None
    """A GGUF file of the user's own."""
    _window: int = 0
    """Tokens that the server gives its model; 0 where it does not tell."""
    _size: int = 0
    writer: Writer | None = None
    """What is known of it, where it is only a suggestion."""

    def digest(self) -> str:
        """SHA-256 of the weights, as hexadecimal; for Ollama, of the model's manifest. Reads a file of one's own.

        Empty for the engine openai: its servers do not tell.
        """
        if self.engine == "openai":
            return ""
        if self.engine == "ollama":
            from rag.engines.ollama_server import installed_models

            models = installed_models(self._settings.ollama_host)
            return next((model.digest for model in models if model.name == self.model), "")
        from rag.engines.weights import sha256

        return sha256(self._path) if self._path else self._weights().sha256

    @property
    def asked_for(self) -> str:
        """The model's name, or its file's path: what `Assistant` takes to choose it again."""
        return str(self._path) if self._path else self.model

    def is_large(self) -> bool:
        """Whether the model has three billion parameters or more, and can retell what it reads.

        That of the engine openai is taken for one; of a file the size decides.
        """
        if self.engine == "embedded":
            return (self._path.stat().st_size if self._path else self._weights().size) >= _LARGE
        if self.engine == "openai":
            return True
        from rag.engines.ollama_server import installed_models

        models = installed_models(self._settings.ollama_host)
        return any(model.name == self.model and model.parameters >= 3.0 for model in models)

    @property
    def size(self) -> int:
        """Bytes of the model; 0 where they are not known."""
        if self.engine != "embedded":
            return self._size
        known = None if self._path else self._known()
        return self._path.stat().st_size if self._path and self._path.is_file() else known.size if known else 0

    @property
    def licence(self) -> str:
        """That of the embedded engine's own model or of one of the hub, as its card names it; empty if not known."""
        if self.writer:
            return self.writer.licence
        known = self._known() if self.engine == "embedded" and not self._path else None
        return known.licence if known else ""

    def file(self) -> Path | None:
        """The embedded engine's model file; None if it is not here yet, or not all of it."""
        from rag.engines.weights import locate

        known = None if self._path else self._known()
        return locate(known, self._models) if known else self._path

    def to_fetch(self) -> int:
        """Bytes that must be fetched before it can answer; 1 where nobody has asked the hub yet how many."""
        from rag.engines.downloads import size_of

        if self.engine != "embedded" or self.file():
            return 0
        if not (known := self._known()):
            return self.writer.size if self.writer else 1
        return max(1, known.size - size_of(self._models / f"{known.file}.part"))

    def fetch(self, progress: Progress | None = None) -> Path | None:
        """The embedded engine's model file, fetched if it is not here; None for the other engines.

        `progress(what, done, total)` is told of the download, in bytes. Raises EngineError, StorageError, and
        SettingsError for what is no name of a file.
        """
        from rag.engines.weights import fetch

        if self.engine != "embedded" or self._path:
            return self._path
        weights = self._weights()
        told = (lambda done, total: progress(weights.told, done, total)) if progress else None
        notice = (lambda text: progress(text, 0, 0)) if progress else None
        return fetch(weights, self._models, progress=told, notice=notice)

    def open(self, progress: Progress | None = None) -> Engine:
        """The engine itself; the embedded one fetches its weights if they are not there.

        `progress(what, done, total)` is told of the download, in bytes. Raises EngineError, StorageError.
        """
        settings = self._settings
        if self.engine == "ollama":
            from rag.engines.ollama import OllamaEngine

            return OllamaEngine(
                self.model,
                host=settings.ollama_host,
                context_tokens=settings.context_tokens,
                timeout=settings.timeout,
                keep_alive=settings.keep_alive,
                seed=settings.seed,
            )
        if self.engine == "openai":
            from rag.engines.openai import OpenAIEngine
            from rag.engines.openai_server import OpenAIServer

            return OpenAIEngine(
                self.model,
                server=OpenAIServer.of(settings.base_url, settings.api_key),
                context_tokens=min(settings.context_tokens, self._window or settings.context_tokens),
                timeout=settings.timeout,
                seed=settings.seed,
            )
        from rag.engines.embedded import EmbeddedEngine

        path = self.fetch(progress)
        assert path is not None
        return EmbeddedEngine(
            path,
            context_tokens=settings.context_tokens,
            threads=settings.threads,
            seed=settings.seed,
            timeout=settings.timeout,
            prompt_cache_mib=settings.prompt_cache_mib,
        )

    @property
    def _models(self) -> Path:
        return models_of(self._settings)

    def _weights(self) -> Weights:
        """Asks the hub, if it is a model of it that is not here."""
        from rag.engines import hub
        from rag.engines.weights import DEFAULT

        return hub.weights(self.model, self._models) if hub.is_hub(self.model) else DEFAULT

    def _known(self) -> Weights | None:
        """The same, by what is here."""
        from rag.engines import hub
        from rag.engines.weights import DEFAULT

        return hub.known(self.model, self._models) if hub.is_hub(self.model) else DEFAULT


def choose_engine(settings: Settings) -> EngineChoice:
    """API.md's rule: the named model if Ollama has it, else an Ollama chat model of 3B or more, else embedded.

    Asked for by name, Ollama may answer with a smaller one. The engine openai is only taken if it is asked for.
    Nothing is pulled. Raises EngineError where `engine` or a file was asked for by name and is not there, and
    SettingsError where what it needs to know is missing, or a model of the hub is not named as one.
    """
    if settings.engine == "openai":
        from rag.engines.openai_server import OpenAIServer

        named = OpenAIServer.of(settings.base_url, settings.api_key).choose(settings.model)
        return EngineChoice("openai", named.name, (), settings, _window=named.window)
    from rag.engines.hub import is_hub, known
    from rag.engines.ollama_server import choose_model, installed_models, is_running, missing

    wanted, host, by_name = settings.model, settings.ollama_host, settings.engine == "ollama"
    if wanted and is_hub(wanted):
        if by_name:
            raise ModelMissing(f"{wanted} is for the embedded engine: leave --engine ollama out.")
        known(wanted, models_of(settings))  # a name that is none is told of before there is work
        return EngineChoice("embedded", wanted, (), settings)
    if not by_name and (own := _own_file(settings)):
        if not own.is_file():
            raise ModelMissing(f"There is no model file {wanted}: check the path after --model.")
        return EngineChoice("embedded", own.stem, (), settings, own)
    if settings.engine == "embedded":
        return _embedded(settings)
    if not by_name and not is_running(host):
        return _embedded(settings, because="no Ollama answers")
    installed = installed_models(host)
    if chosen := choose_model(installed, wanted, at_least=0.0 if by_name else 3.0):
        return EngineChoice("ollama", chosen, (), settings)
    if by_name:
        raise missing(wanted, installed)
    because = "this Ollama server does not have it"
    if wanted and (other := choose_model(installed, None)):
        return EngineChoice("ollama", other, (_instead(wanted, other, because),), settings)
    return _embedded(settings, because=because)


def available(settings: Settings, *, ollama: bool) -> list[EngineChoice]:
    """What could answer on this machine: the embedded engine's own model, the hub's, files, Ollama's chat models.

    Files: the user's own and those in the folder of models. `ollama`: whether one is running. Fetches nothing. Raises
    EngineError if it does not say what it has.
    """
    from rag.engines.hub import here, is_hub
    from rag.engines.ollama_server import installed_models
    from rag.engines.weights import DEFAULT

    folder = models_of(settings)
    names = [DEFAULT.name, *(one.name for one in here(folder))]
    if is_hub(settings.model) and settings.model not in names:
        names.append(str(settings.model))
    found = [EngineChoice("embedded", name, (), settings) for name in names]
    files = {path for path in folder.glob("*.gguf") if path.name != DEFAULT.file} | {_own_file(settings)}
    found += [EngineChoice("embedded", path.stem, (), settings, path) for path in sorted(filter(None, files))]
    if ollama:
        models = installed_models(settings.ollama_host)
        chat = (one for one in models if one.can_chat and not one.remote)
        found += [EngineChoice("ollama", one.name, (), settings, _size=one.size) for one in chat]
    return found


def suggested(settings: Settings, beside: Sequence[EngineChoice]) -> list[EngineChoice]:
    """What else this machine has room for and would write better, of `rag.engines.writers`; `beside` what is here."""
    from rag.engines import writers

    names = {one.model.removesuffix(":latest") for one in beside}
    fitting = writers.fitting(writers.memory(), writers.cores())
    missing = [one for one in fitting if not {one.model, one.ollama} & names]
    return [EngineChoice("embedded", one.model, (), settings, writer=one) for one in missing]


def models_of(settings: Settings) -> Path:
    """The folder in which model files are kept."""
    return settings.cache_dir / "models"


def served(settings: Settings) -> list[EngineChoice]:
    """What could answer on the server of `base_url`; nothing without one. Raises EngineError, SettingsError."""
    from rag.engines.openai_server import OpenAIServer

    if not settings.base_url:
        return []
    models = OpenAIServer.of(settings.base_url, settings.api_key).models()
    return [EngineChoice("openai", one.name, (), settings, _window=one.window) for one in models]


def _own_file(settings: Settings) -> Path | None:
    """The file that is named, by its path or by its name in the folder of models."""
    from rag.engines.hub import is_hub

    named = settings.model or ""
    if is_hub(named) or not named.lower().endswith(".gguf"):
        return None
    given, kept = Path(named).expanduser(), models_of(settings) / named
    return kept if kept.is_file() and not given.is_file() else given


def _embedded(settings: Settings, because: str = "") -> EngineChoice:
    """The embedded engine's own model; where another was named, `because` says why it is not that."""
    from rag.engines.weights import DEFAULT

    wanted = settings.model
    if not wanted or wanted.lower() in (DEFAULT.name, DEFAULT.file):
        return EngineChoice("embedded", DEFAULT.name, (), settings)
    if settings.engine == "embedded":
        raise ModelMissing(
            f"The embedded engine does not know the model '{wanted}': give the path of a GGUF file, one of the hub as "
            "hf:OWNER/REPO/FILE.gguf, or leave --model out for its own."
        )
    return EngineChoice("embedded", DEFAULT.name, (_instead(wanted, DEFAULT.name, because),), settings)


def _instead(wanted: str, used: str, because: str) -> str:
    return f"{used} answered instead of {wanted}: {because}"
