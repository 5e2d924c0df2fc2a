"""The Ollama server: what it holds, how it gets a model, and what its failures mean.

Light to import, so that settings can be read without waiting for LlamaIndex.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx

from index.network import default_host
from index.patience import patient
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing

if TYPE_CHECKING:
    import ollama

    from rag.engines.connections import Connections

_Step = TypeVar("_Step")
# Between two lines of a pull lies at worst the checksum of a large file on a slow disk.
_PULL_SECONDS = 600.0

_COMFORTABLE = 9.0
# Models made for another task than answering from a text; taken only when there is nothing else.
# Those from "think" on cannot be told not to think, which costs minutes on a CPU.
_SPECIALISTS = (
    "code", "devstral", "math", "guard", "shield", "ocr", "rerank", "translat",
    "think", "reason", "-r1", "r1-", "qwq", "gpt-oss", "magistral",
)  # fmt: skip

# what reading an answer raises that is none of Ollama's: other JSON, none, or one with too many brackets
_GARBLED = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
# what Ollama says where the process in which the model runs is gone, at whatever moment that was
_DIED = re.compile(
    r"runner|process has terminated|\bEOF\b|error was encountered while running|connection (reset|refused)"
)
# the client raises the builtin error where a blocking call is refused, and httpx's own where a streaming one is
_NOBODY_THERE = (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.InvalidURL)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that the server has."""

    name: str
    digest: str
    parameters: float
    """In billions; 0.0 where Ollama does not say."""
    can_chat: bool
    remote: bool = False
    """True if Ollama only passes the messages on to somebody else's computer."""
    size: int = 0
    """Bytes on its disk."""


# -- what it holds ----------------------------------------------------------------------------------


def is_running(host: str, *, timeout: float = 1.0) -> bool:
    """Whether an Ollama server answers at `host` within `timeout` seconds. Raises SettingsError only."""
    address = default_host({"OLLAMA_HOST": host})
    try:
        with httpx.Client(**patient(address, timeout, retry=False)) as client:
            reply = client.get(f"{address}/api/version")
        return reply.status_code == 200 and "version" in reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, *_GARBLED):
        return False


def installed_models(host: str, *, timeout: float = 5.0) -> list[InstalledModel]:
    """The models that the server has, in its own order.

    The server is asked directly: the ollama client drops `capabilities`. An Ollama too old to list them is
    asked about each model. Raises EngineUnavailable, EngineTimeout or another EngineError.
    """
    from index.ollama_library import ollama

    address = default_host({"OLLAMA_HOST": host})
    with connect(address, timeout) as client, httpx.Client(**patient(address, timeout)) as plain:
        reply = plain.get(f"{address}/api/tags")
        if reply.status_code != 200:
            raise ollama.ResponseError(reply.text, reply.status_code)
        with understood(address):
            return [_installed(entry, client, address) for entry in reply.json()["models"] or []]


def _installed(entry: dict[str, Any], client: ollama.Client, address: str) -> InstalledModel:
    details = entry.get("details") or {}
    name = entry.get("name") or entry.get("model") or ""
    capabilities = entry.get("capabilities")
    if capabilities is None:
        capabilities = client.show(name).capabilities
    if capabilities is None:  # before Ollama 0.6.4: all that embeds there is a kind of BERT
        capabilities = [] if "bert" in (details.get("family") or "") else ["completion"]
    return InstalledModel(
        name=name,
        digest=entry.get("digest") or "",
        parameters=_billions(details.get("parameter_size") or ""),
        can_chat="completion" in capabilities,
        # Ollama's own cloud does not call its models remote
        remote=bool(entry.get("remote_host")) or urlsplit(address).hostname == "ollama.com",
        size=entry.get("size") or 0,
    )


def _billions(size: str) -> float:
    """ "630.17M" -> 0.63017, "1.8B" -> 1.8, anything else -> 0.0."""
    found = re.fullmatch(r"([\d.]+)\s*([KMBT])", size.strip().upper())
    return float(found[1]) * {"K": 1e-6, "M": 1e-3, "B": 1.0, "T": 1e3}[found[2]] if found else 0.0


def memory(host: str, model: str) -> int:
    """Bytes in which the server holds `model` now; 0 if it does not. Raises EngineError."""
    address = default_host({"OLLAMA_HOST": host})
    with connect(address, 5.0) as client, understood(address):
        return next((int(one.size or 0) for one in client.ps().models if one.name == model), 0)


def choose_model(installed: list[InstalledModel], wanted: str | None, at_least: float = 3.0) -> str | None:
    """The model to take, by the name Ollama knows it by; None if there is none to take.

    The one that is `wanted`, if it is there ("qwen3" is "qwen3:latest"). With nothing wanted, a model on this
    computer, never a remote one, that chats and has `at_least` so many billion parameters; of several, a general
    one before a specialist (code, guard, always thinking ...), then the largest up to 9 billion: at 4 bits that
    is 6 GB, what a laptop holds beside a browser and reads a prompt with in seconds. If all are larger, the
    smallest. Equals go by name, so the same list gives the same choice.
    """
    if wanted:
        names = {model.name.lower(): model.name for model in installed}
        return names.get(wanted.lower()) or names.get(f"{wanted.lower()}:latest")
    able = [m for m in installed if m.can_chat and not m.remote and m.parameters >= at_least]
    return min(able, key=_preference).name if able else None


def _preference(model: InstalledModel) -> tuple[bool, bool, float, str]:
    specialist = any(word in model.name.lower() for word in _SPECIALISTS)
    large = model.parameters > _COMFORTABLE
    return specialist, large, model.parameters if large else -model.parameters, model.name


def missing(wanted: str | None, installed: Sequence[InstalledModel] = ()) -> ModelMissing:
    """The error where there is none to take."""
    if wanted:
        return ModelMissing(f"Model {wanted!r} is not on this Ollama server. Get it with: dateline pull {wanted}")
    one = next((model.name for model in installed if model.can_chat and model.remote), None)
    send = f", or name one that sends your questions and articles to another computer: --model {one}" if one else ""
    return ModelMissing(
        f"There is no chat model on this Ollama server. Get one with: dateline pull qwen3:4b-instruct{send}"
    )


# -- getting a model --------------------------------------------------------------------------------


def pull(host: str, model: str, progress: Callable[[str, int, int], None], *, timeout: float = _PULL_SECONDS) -> None:
    """Has the server fetch `model`; `progress(status, completed, total)` gets each of its lines, in bytes.

    `timeout` is the longest wait for a line, in seconds.
    Raises ModelMissing if the registry has no such model, EngineInterrupted if the pull stopped half-way
    (a second pull goes on from there), EngineUnavailable, or EngineError with the server's words.
    """
    from index.ollama_library import ollama

    status, address = "", default_host({"OLLAMA_HOST": host})
    with connect(address, timeout, by_line=True) as client:
        try:
            for step in each(client.pull(model, stream=True), address):
                status = step.status or ""
                progress(status, step.completed or 0, step.total or 0)
        except ollama.ResponseError as error:
            if error.status_code == 403 or 300 <= error.status_code < 400:
                raise
            raise _pull_refused(model, _words(error)) from error
        except (httpx.ReadError, httpx.RemoteProtocolError):
            status = "broken off"
    if status != "success":
        raise EngineInterrupted(
            f"Ollama stopped before {model!r} was complete. Go on where it stopped with: dateline pull {model}"
        )


def _pull_refused(model: str, words: str) -> EngineError:
    if "file does not exist" in words or "not found" in words:
        return ModelMissing(
            f"Ollama's registry has no model {model!r}: look for its name at https://ollama.com/library, "
            "then: dateline pull NAME"
        )
    if "invalid model name" in words:
        return ModelMissing(f"{model!r} cannot be a model's name: write it like qwen3:4b, then: dateline pull qwen3:4b")
    return EngineError(
        f"Ollama could not get {model!r}: {words}. Check the connection, then go on with: dateline pull {model}"
    )


# -- how it is asked, and what its failures mean ----------------------------------------------------


@contextmanager
def connect(
    address: str, timeout: float, model: str = "", connections: Connections | None = None, *, by_line: bool = False
) -> Iterator[ollama.Client]:
    """A client, about to ask of `model`, whose failures are EngineErrors that say what to do.

    `timeout` is the longest wait in seconds for an answer in one piece, or, `by_line`, for each of its lines. No
    redirect is followed: it could lead questions and articles to another computer.
    """
    from index.ollama_library import ollama

    if connections:
        connections.check()
    options = patient(address, timeout, by_line=by_line, sockets=connections)
    try:
        with ollama.Client(host=address, **options) as client:
            yield client
    except ollama.ResponseError as error:
        raise _refusal(error, address, model) from error
    except _NOBODY_THERE as error:
        raise EngineUnavailable(
            f"No Ollama answers at {address}: start it with `ollama serve`, or use --engine embedded."
        ) from error
    except httpx.TimeoutException as error:
        longer = f"Give it longer with DATELINE_TIMEOUT={2 * timeout:g}, or choose a smaller model with --model."
        remedy = longer if model else "Restart it with `ollama serve`, or use --engine embedded."
        raise EngineTimeout(f"Ollama at {address} kept us waiting for {timeout:g} seconds. {remedy}") from error
    except httpx.TransportError as error:
        raise interrupted("the connection was cut") from error
    except httpx.HTTPError as error:
        raise _not_ollama(address) from error


@contextmanager
def understood(address: str) -> Iterator[None]:
    """What is read of an answer in here that cannot be Ollama's raises EngineUnavailable."""
    try:
        yield
    except _GARBLED as error:
        raise _not_ollama(address) from error


def each(steps: Iterable[_Step], address: str) -> Iterator[_Step]:
    """The `steps` of a streamed answer, read as in `understood`; what is done with them is not."""
    with understood(address):
        yield from steps


def _refusal(error: ollama.ResponseError, address: str, model: str) -> EngineError:
    words = _words(error)
    if "exceed_context_size" in words or "exceeds the available context size" in words:
        read, window = (re.search(rf"{name}\W+(\d+)", words) for name in ("n_prompt_tokens", "n_ctx"))
        return EngineError(
            f"The prompt is longer{f' ({read[1]} tokens)' if read else ''} than the model's window"
            f"{f' ({window[1]})' if window else ''}. Give the model a larger one with DATELINE_CONTEXT_TOKENS, or show "
            "it less with DATELINE_EVIDENCE_TOKENS."
        )
    # -1: a line in a stream, not an HTTP status
    if error.status_code == -1 or (error.status_code >= 500 and _DIED.search(words)):
        return interrupted(words)
    if 300 <= error.status_code < 400:
        return EngineUnavailable(
            f"What answers at {address} sends us elsewhere ({error.status_code}), where your articles do not follow: "
            "write Ollama's own address in OLLAMA_HOST, or use --engine embedded."
        )
    if error.status_code == 403:
        return EngineError(
            f"Ollama does not answer to the name in {address} (403). Write its IP address in OLLAMA_HOST, have a proxy "
            "that stands between send `Host: localhost`, or start Ollama with OLLAMA_HOST=0.0.0.0."
        )
    if error.status_code == 404 and model and "not found" in words and "model" in words:
        return missing(model)
    if error.status_code == 404:
        return _not_ollama(address)
    if "does not support chat" in words:
        return EngineError(
            f"Model {model!r} makes embeddings and does not chat: choose another with --model; "
            "`ollama list` shows what is there."
        )
    return EngineError(
        f"Ollama refused ({error.status_code}): {words}. Choose another model with --model, restart Ollama "
        "with `ollama serve`, or use --engine embedded."
    )


def interrupted(why: str) -> EngineInterrupted:
    """The error for an answer that stopped before its end."""
    return EngineInterrupted(
        f"The model broke off on Ollama: {why}. Ask again; if it happens again, choose a smaller model with --model, "
        "or use --engine embedded."
    )


def _not_ollama(address: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"What answers at {address} does not speak Ollama's language: correct OLLAMA_HOST, update Ollama, "
        "or use --engine embedded."
    )


def _words(error: ollama.ResponseError) -> str:
    """The server's own words on one line, at most 300 characters."""
    return " ".join(str(error.error).split())[:300].rstrip(".") or "no reason given"
