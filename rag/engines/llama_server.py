"""llama.cpp's HTTP server inside this process, through the `xllamacpp` wheel.

It listens on the loopback address only, on a free port, and answers only to a random key that never leaves this
process; it writes no log.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from rag.engines.connections import Connections
from rag.errors import (
    EngineError,
    EngineInterrupted,
    EngineTimeout,
    EngineUnavailable,
    ModelMissing,
    WeightsError,
)

BROKE_OFF = "The embedded model broke off in mid-answer. Ask again; if it happens again, run `dateline doctor`."
_CLOSED = "The embedded engine was closed. Open a new Assistant."
_CPU_NEEDS = ("avx2", "fma", "f16c")  # the wheel is compiled for these; without them the process would be killed


class LlamaServer:
    """A GGUF file, loaded. Safe to use from several threads: it answers one request after another."""

    def __init__(
        self, path: Path, *, context_tokens: int, threads: int, timeout: float, prompt_cache_mib: int = 0
    ) -> None:
        """Loads the model (seconds).

        `timeout` counts seconds without a sign of life: no token written and no 128 tokens read.
        Raises ModelMissing without the file, WeightsError if llama.cpp can't use it, EngineUnavailable on a
        processor that llama.cpp was not compiled for.
        """
        _check_file(path)
        _check_processor()
        library = _import_llama_cpp()
        key = secrets.token_urlsafe(32)
        try:
            server = library.Server(_parameters(library, path, context_tokens, threads, prompt_cache_mib, key))
        except RuntimeError as error:  # its reason goes to the log only
            raise WeightsError(
                f"llama.cpp cannot load {path}: it is cut short, of a kind that this llama.cpp doesn't "
                "know, or too large for the memory. Give another GGUF file with `--model PATH.gguf`, "
                "or leave `--model` out and run `dateline pull` for the default one."
            ) from error
        self.address: str = server.listening_address
        self._timeout = timeout
        self._connections = Connections(lambda: EngineUnavailable(_CLOSED))
        self._client = httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout,
            trust_env=False,  # a proxy has no business on the loopback address
            # The server closes a connection after a streamed answer: using it again fails.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        # Also runs when Python exits: native threads that outlive it crash.
        self._finish = weakref.finalize(self, _finish, self._connections, self._client, [server])

    def window(self) -> int:
        """Tokens of prompt and answer together: fewer than asked for if the model was trained on less."""
        with self._request("GET", "/props") as response:
            return int(json.loads(response.read())["default_generation_settings"]["n_ctx"])

    def tokenize(self, text: str) -> list[int]:
        with self._request("POST", "/tokenize", {"content": text}) as response:
            tokens: list[int] = json.loads(response.read())["tokens"]
            return tokens

    def chat(self, request: dict[str, Any], connections: Connections | None = None) -> Iterator[dict[str, Any]]:
        """The events of a chat completion. Closing the iterator stops the model; so does cutting `connections`."""
        # Progress in reading the prompt keeps the connection alive: only a real standstill times out.
        streamed = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        with self._request("POST", "/v1/chat/completions", request | streamed, connections) as response:
            for line in response.iter_lines():
                if line.startswith("error:"):
                    raise EngineInterrupted(BROKE_OFF)
                if line.startswith("data: {"):
                    event = json.loads(line.removeprefix("data: "))
                    if "error" in event:
                        raise EngineInterrupted(BROKE_OFF)
                    yield event

    def close(self) -> None:
        """Breaks off what is being answered and frees the model."""
        self._finish()

    @contextmanager
    def _request(
        self, method: str, path: str, body: object = None, connections: Connections | None = None
    ) -> Iterator[httpx.Response]:
        try:
            with (
                (connections or Connections()).one() as theirs,
                self._connections.one(theirs) as trace,
                self._client.stream(method, path, json=body, extensions={"trace": trace}) as response,
            ):
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield response
        except httpx.TimeoutException as error:
            raise EngineTimeout(
                f"The embedded model gave no sign of life for {self._timeout:.0f} seconds. "
                "Close other programs that use the processor, or allow more with the setting `timeout`."
            ) from error
        except httpx.HTTPError as error:
            raise EngineInterrupted(BROKE_OFF) from error


def _finish(connections: Connections, client: httpx.Client, only_reference: list[Any]) -> None:
    # The server's destructor waits for its connections, and holds Python's lock while it does: they must have
    # ended on this side before, or nothing moves again.
    connections.cut(patience=5)
    client.close()
    only_reference.clear()


def _parameters(library: Any, path: Path, context_tokens: int, threads: int, cache_mib: int, key: str) -> Any:
    p = library.CommonParams()
    p.model.path = str(path)
    p.model_alias = {path.stem}  # else the file's full path is told to everyone on this machine
    p.hostnames, p.port, p.api_keys = ["127.0.0.1"], 0, [key]
    p.verbosity = -1
    p.ui = p.endpoint_slots = p.warmup = p.ctx_shift = False
    # One slot: the window is not divided. Unless asked for, no prompts are kept beside it: what a check goes on from is
    # then always the draft before it, and the same question gets the same numbers.
    p.n_parallel, p.n_ctx, p.cache_ram_mib = 1, context_tokens, cache_mib
    # As fast as 512, and a closed connection is noticed four times sooner while a prompt is read.
    p.n_batch = p.n_ubatch = 128
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = threads
    p.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    # Read, not mapped: 1.3 GB instead of 1.9 for the default model, since llama.cpp repacks the weights;
    # and a mapped file that someone cuts short kills the process.
    p.load_mode = library.llama_load_mode.LLAMA_LOAD_MODE_NONE
    p.fit_params = False  # the window is what we asked for
    p.enable_reasoning = 0  # models that think aloud would use up the answer's tokens
    p.sse_ping_interval = -1  # pings would hide a standstill from the timeout
    return p


def missing_cpu_features(cpuinfo: str) -> list[str]:
    """What the wheel needs and the processor described by Linux's /proc/cpuinfo lacks."""
    flags = next((line.split() for line in cpuinfo.splitlines() if line.startswith("flags")), None)
    return [] if flags is None else [feature for feature in _CPU_NEEDS if feature not in flags]


def _check_processor() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not cpuinfo.exists():
        return
    if missing := missing_cpu_features(cpuinfo.read_text("utf-8", errors="replace")):
        raise EngineUnavailable(
            f"This processor lacks {', '.join(missing)}, which the embedded engine needs. "
            "Install Ollama, get a model with `ollama pull qwen2.5:3b`, and use `--engine ollama`."
        )


def _check_file(path: Path) -> None:
    """Finds the plain mistakes before native code sees the file."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelMissing(
            f"The model file {path} cannot be read ({error.strerror}). Give a GGUF file with "
            "`--model PATH.gguf`, or get the default one with `dateline pull`."
        ) from error
    if magic != b"GGUF":
        raise WeightsError(
            f"{path} is not a GGUF model file. Give one with `--model PATH.gguf`, "
            "or get the default one with `dateline pull`."
        )


def _import_llama_cpp() -> Any:
    # OpenMP threads that wait by spinning starve each other when another program uses a core: on two cores with
    # both taken, 2.4 tokens a second with the default count, 7.9 with this one. It is read when the library loads.
    ours = "GOMP_SPINCOUNT" not in os.environ and "OMP_WAIT_POLICY" not in os.environ
    if ours:
        os.environ["GOMP_SPINCOUNT"] = "1000"
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineUnavailable(
            f"The embedded engine cannot be loaded on this machine ({error}). "
            "Install it with `pip install xllamacpp`, or install Ollama and use `--engine ollama`."
        ) from error
    finally:
        if ours:
            del os.environ["GOMP_SPINCOUNT"]
    return xllamacpp


def _refusal(response: httpx.Response) -> EngineError:
    try:
        told = response.json()["error"]
    except (ValueError, KeyError):
        told = {"message": f"status {response.status_code}"}
    if told.get("type") == "exceed_context_size_error":
        return EngineError(
            f"The prompt has {told['n_prompt_tokens']} tokens, and the model's window holds {told['n_ctx']}. "
            "Shorten the question or the conversation, or raise the setting `context_tokens`."
        )
    return EngineError(f"The embedded engine refused the request: {told.get('message')}. Run `dateline doctor`.")
