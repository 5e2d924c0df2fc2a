"""The models that are here, and those that would write better."""

from __future__ import annotations

from dataclasses import dataclass

from rag.engines import available, choose_engine, served, suggested, writers
from rag.engines.ollama_server import is_running
from rag.engines.writers import Writer
from rag.errors import DatelineError
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Model:
    """A model that could answer."""

    engine: str
    model: str
    """As `--model` takes it."""
    size: int
    """Bytes; 0 where they are not known."""
    licence: str
    """As its card names it; empty where it is not known."""
    to_fetch: int
    """Bytes that must be fetched first."""
    answers: bool
    """Whether it is the one that answers with these settings."""


@dataclass(frozen=True, slots=True)
class Models:
    """What is here, and what this machine has room for and would write better: not measured here."""

    here: tuple[Model, ...]
    better: tuple[Writer, ...]
    memory: int
    """Bytes that this machine has."""
    cores: int
    trouble: str = ""
    """Why none answers, or what is missing from the list."""


def models(settings: Settings) -> Models:
    """Asks Ollama, and the server of `base_url`, what they have; fetches nothing."""
    trouble, chosen, found = "", None, available(settings, ollama=False)
    try:
        choice = choose_engine(settings)
        chosen = choice.engine, choice.model
        found = [*available(settings, ollama=is_running(settings.ollama_host)), *served(settings)]
    except DatelineError as error:
        trouble = str(error)
    here = [
        Model(one.engine, one.asked_for, one.size, one.licence, one.to_fetch(), (one.engine, one.model) == chosen)
        for one in found
    ]
    better = [one.writer for one in suggested(settings, found) if one.writer]
    return Models(tuple(here), tuple(better), writers.memory(), writers.cores(), trouble)
