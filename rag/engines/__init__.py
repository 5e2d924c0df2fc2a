"""The engines that write: Ollama where there is one, else llama.cpp, brought along; or a server that is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rag.engines.base import Completion, Engine
from rag.engines.hub import PREFIX, OnHub
from rag.errors import ModelMissing, SettingsError
from rag.settings import Settings

__all__ = ["Completion", "Engine", "EngineChoice", "Progress", "available", "choose_engine", "served"]

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
    _hub: OnHub | None = None
    """A file of the model hub."""

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
        from rag.engines.weights import DEFAULT, sha256

        if self._hub:
            known = self._hub.known(self._models)
            return known.sha256 if known else ""
        return sha256(self._path) if self._path else DEFAULT.sha256

    @property
    def _models(self) -> Path:
        return self._settings.cache_dir / "models"

    @property
    def asked_for(self) -> str:
        """The model's name, or its file's path: what `Assistant` takes to choose it again."""
        if self._hub:
            return self._settings.model or ""
        return str(self._path) if self._path else self.model

    def is_large(self) -> bool:
        """Whether the model has three billion parameters or more, and can retell what it reads.

        That of the engine openai is taken for one; of a file of one's own the size decides.
        """
        if self.engine == "embedded":
            known = self._hub.known(self._models) if self._hub else None
            size = known.size if known else self._path.stat().st_size if self._path else 0
            return size >= _LARGE
        if self.engine == "openai":
            return True
        from rag.engines.ollama_server import installed_models

        models = installed_models(self._settings.ollama_host)
        return any(model.name == self.model and model.parameters >= 3.0 for model in models)

    def to_fetch(self) -> int:
        """Bytes that must be fetched before it can answer."""
        if self.engine != "embedded" or self._path:
            return 0
        from rag.engines.weights import DEFAULT, locate

        if not self._hub:
            return 0 if locate(DEFAULT, self._models) else DEFAULT.size
        known = self._hub.known(self._models)
        if known is None:
            return 1  # nobody knows yet how many
        return 0 if locate(known, self._hub.folder(self._models)) else known.size

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

        path = self._path or self.fetched(progress)
        return EmbeddedEngine(
            path,
            context_tokens=settings.context_tokens,
            threads=settings.threads,
            seed=settings.seed,
            timeout=settings.timeout,
            prompt_cache_mib=settings.prompt_cache_mib,
        )

    def fetched(self, progress: Progress | None = None) -> Path:
        """The embedded engine's model file, fetched if it is not here. Raises EngineError, StorageError."""
        from rag.engines.weights import DEFAULT, fetch

        weights = self._hub.looked_up(self._models) if self._hub else DEFAULT
        folder = self._hub.folder(self._models) if self._hub else self._models
        told = (lambda done, total: progress(weights.name, done, total)) if progress else None
        notice = (lambda text: progress(text, 0, 0)) if progress else None
        if notice and self.to_fetch():
            notice(f"{weights.name} is licensed as: {weights.licence or 'the hub does not say'}")
        return fetch(weights, folder, progress=told, notice=notice)


def choose_engine(settings: Settings) -> EngineChoice:
    """API.md's rule: the named model if Ollama has it, else an Ollama chat model of 3B or more, else embedded.

    Asked for by name, Ollama may answer with a smaller one. The engine openai is only taken if it is asked for.
    Nothing is pulled. Raises EngineError where `engine` or a file was asked for by name and is not there, and
    SettingsError where what it needs to know is missing.
    """
    if settings.engine == "openai":
        from rag.engines.openai_server import OpenAIServer

        named = OpenAIServer.of(settings.base_url, settings.api_key).choose(settings.model)
        return EngineChoice("openai", named.name, (), settings, _window=named.window)
    from rag.engines.ollama_server import choose_model, installed_models, is_running, missing

    wanted, host, by_name = settings.model, settings.ollama_host, settings.engine == "ollama"
    if wanted and wanted.lower().startswith(PREFIX):
        if by_name:
            raise SettingsError(f"Ollama has no {wanted}: leave --engine out, and the embedded engine fetches it.")
        file = OnHub.named(wanted)
        return EngineChoice("embedded", file.name, (), settings, _hub=file)
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
    """What could answer on this machine: the embedded engine's own model, the user's own file, Ollama's chat models.

    `ollama`: whether one is running. Fetches nothing. Raises EngineError if it does not say what it has.
    """
    from rag.engines.ollama_server import installed_models
    from rag.engines.weights import DEFAULT

    found = [EngineChoice("embedded", DEFAULT.name, (), settings)]
    if own := _own_file(settings):
        found.append(EngineChoice("embedded", own.stem, (), settings, own))
    elif (settings.model or "").lower().startswith(PREFIX):
        found.append(choose_engine(settings))
    if ollama:
        models = installed_models(settings.ollama_host)
        found += [EngineChoice("ollama", one.name, (), settings) for one in models if one.can_chat and not one.remote]
    return found


def served(settings: Settings) -> list[EngineChoice]:
    """What could answer on the server of `base_url`; nothing without one. Raises EngineError, SettingsError."""
    from rag.engines.openai_server import OpenAIServer

    if not settings.base_url:
        return []
    models = OpenAIServer.of(settings.base_url, settings.api_key).models()
    return [EngineChoice("openai", one.name, (), settings, _window=one.window) for one in models]


def _own_file(settings: Settings) -> Path | None:
    named = settings.model or ""
    if named.lower().startswith(PREFIX):
        return None
    return Path(named).expanduser() if named.lower().endswith(".gguf") else None


def _embedded(settings: Settings, because: str = "") -> EngineChoice:
    """The embedded engine's own model; where another was named, `because` says why it is not that."""
    from rag.engines.weights import DEFAULT

    wanted = settings.model
    if not wanted or wanted.lower() in (DEFAULT.name, DEFAULT.file):
        return EngineChoice("embedded", DEFAULT.name, (), settings)
    if settings.engine == "embedded":
        raise ModelMissing(
            f"The embedded engine does not know the model '{wanted}': give the path of a GGUF file, "
            "or leave --model out for its own."
        )
    return EngineChoice("embedded", DEFAULT.name, (_instead(wanted, DEFAULT.name, because),), settings)


def _instead(wanted: str, used: str, because: str) -> str:
    return f"{used} answered instead of {wanted}: {because}"
