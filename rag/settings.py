"""Every setting, in one place: defaults < DATELINE_* environment < arguments."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import platformdirs

from index.network import default_host
from index.places import Places
from rag.errors import SettingsError

HERE: dict[str, Any] = {"catalog_url": "", "chroma_url": ""}
"""For an index in `data_dir`, whatever the environment says."""
ENGINES = ("auto", "ollama", "openai", "embedded")
_ELSEWHERE = (
    *("data_dir", "cache_dir", "ollama_host", "base_url", "api_key"),
    *("catalog_url", "chroma_url", "chroma_token", "chroma_tenant", "chroma_database"),
)
"""Where things are, which changes no answer; and what is nobody's business."""
CAUTION = {"strict": 0.5, "balanced": 0.35, "bold": 0.25}
"""Names for a threshold; `dateline eval fit evals/fit_on/*.jsonl` prints what each shows of the right and the wrong."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field can be given as an argument of `Assistant` or as DATELINE_<FIELD> in the environment."""

    data_dir: Path
    """Where the index, the uploads and their catalog live."""
    cache_dir: Path
    """Where model files live."""
    catalog_url: str | None = field(default=None, repr=False)
    """The catalog in PostgreSQL, postgresql://user:password@host/database; without it, it is in `data_dir`."""
    chroma_url: str | None = None
    """The vectors on a Chroma server, http://host:port; without it, they are in `data_dir`."""
    chroma_token: str | None = field(default=None, repr=False)
    chroma_tenant: str = "default_tenant"
    chroma_database: str = "default_database"
    engine: str = "auto"
    """"auto", "ollama", "openai" or "embedded"."""
    model: str | None = None
    """The name of a model on Ollama or on the server, the path of a GGUF file (or its name in the folder of models), or
    hf:OWNER/REPO/FILE.gguf, which is fetched from a model hub once; @REVISION behind REPO names another than its main.
    """
    ollama_host: str = "http://127.0.0.1:11434"
    """Any form of OLLAMA_HOST; what is no address is told of where Ollama is asked."""
    base_url: str | None = None
    """Of the server that the engine openai asks, as OpenAI's clients take it: http://127.0.0.1:8000/v1."""
    api_key: str | None = field(default=None, repr=False)
    """What that server knows us by, if it asks."""
    embedder: str = "static"
    """"static" or "minilm" (both in this process), or "ollama:NAME"."""
    context_tokens: int = 4096
    """The model's window, in tokens: prompt and answer together."""
    evidence_tokens: int = 224
    """At most so many tokens of evidence sentences are shown to the model."""
    evidence_sentences: int = 8
    answer_tokens: int = 160
    """The longest answer the model may write, in tokens."""
    passages: int = 10
    """How many passages a question retrieves."""
    threshold: float = CAUTION["balanced"]
    """Support (0 to 1) below which a sentence is withheld; or "strict", "balanced" or "bold". Higher refuses more."""
    timeout: float = 120.0
    """Seconds without a byte from the engine before it counts as dead."""
    keep_alive: str | int = "30m"
    """How long Ollama keeps the model in memory: "30m", or a number of seconds; -1 is for good."""
    threads: int = 0
    """Threads of the embedded engine; 0 means one per core, at most 8."""
    seed: int = 1
    prompt_cache_mib: int = 0
    """MiB of prompts that the embedded engine keeps read beside the last one, for programs that take turns on it."""

    @property
    def places(self) -> Places:
        """Where the index is. Raises SettingsError. An empty address is none, whatever the environment says."""
        urls = self.catalog_url or None, self.chroma_url or None
        return Places(*urls, self.chroma_token or None, self.chroma_tenant, self.chroma_database)

    @classmethod
    def load(cls, arguments: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Self:
        """Settings from the environment, overridden by the `arguments` that are not None.

        Raises SettingsError for an unknown name or a value of the wrong form.
        """
        known = {one.name: str(one.type) for one in fields(cls)}
        if unknown := sorted(set(arguments) - set(known)):
            raise SettingsError(f"There is no setting {unknown[0]!r}; the settings are: {', '.join(sorted(known))}.")
        values: dict[str, Any] = {
            "data_dir": platformdirs.user_data_dir("dateline", appauthor=False),
            "cache_dir": platformdirs.user_cache_dir("dateline", appauthor=False),
        }
        if host := environ.get("OLLAMA_HOST"):
            values["ollama_host"] = host
        values |= {name: environ[key] for name in known if environ.get(key := f"DATELINE_{name.upper()}")}
        values |= {name: value for name, value in arguments.items() if value is not None}
        return cls(**{name: _coerce(name, known[name], value) for name, value in values.items()})._checked()

    def using(self, engine: str, model: str | Path | None) -> Self:
        """These settings with another engine and model. Raises SettingsError."""
        return replace(self, engine=engine, model=None if model is None else str(model))._checked()

    def shaping(self) -> dict[str, str]:
        """What can change an answer, as text: not where things are, and never the key."""
        return {name: str(value) for name, value in asdict(self).items() if name not in _ELSEWHERE}

    def _checked(self) -> Self:
        if self.engine not in ENGINES:
            raise SettingsError(f"There is no engine {self.engine!r}: use one of {', '.join(ENGINES)}.")
        for name in ("context_tokens", "evidence_tokens", "evidence_sentences", "answer_tokens", "passages"):
            value = getattr(self, name)
            if value < 1:
                raise SettingsError(f"{name} must be 1 or more, not {value}: set DATELINE_{name.upper()}.")
        if not self.timeout > 0:
            raise SettingsError(f"timeout must be more than 0 seconds, not {self.timeout}: set DATELINE_TIMEOUT.")
        if not 0 <= self.threshold <= 1:
            raise SettingsError(f"threshold must be between 0 and 1, not {self.threshold}: set DATELINE_THRESHOLD.")
        _ = self.places  # told of here, before there is work
        try:
            return replace(self, ollama_host=default_host({"OLLAMA_HOST": self.ollama_host}))
        except SettingsError:
            return self  # told where Ollama is asked: most commands do without


def _coerce(name: str, kind: str, value: Any) -> Any:
    """`value` as the field takes it that is annotated with `kind`."""
    try:
        str(value).encode()
        match kind:
            case "Path":
                return Path(value).expanduser()
            case "int":
                return int(value)
            case "float":
                return CAUTION[value] if name == "threshold" and value in CAUTION else float(value)
            case "str | int":
                return _kept_alive(str(value).strip())
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: the home of a user whom nobody knows
        no_text = isinstance(error, UnicodeEncodeError)
        wanted = "path" if kind == "Path" else "number"
        wrong = "holds bytes that are no text in UTF-8" if no_text else f"must be a {wanted}, not {value!r}"
        raise SettingsError(f"{name} {wrong}: change the argument or DATELINE_{name.upper()}.") from None
    return str(value)


def _kept_alive(text: str) -> str | int:
    """As Ollama takes it, which refuses a number that comes as a string, and what is no duration of Go's."""
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?((\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+", text):
        return text
    raise SettingsError(
        f"keep_alive must be a time, not {text!r}: write it like 30m, 3600 (seconds) or -1 (for good) in "
        "DATELINE_KEEP_ALIVE."
    )
