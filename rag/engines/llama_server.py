"""llama.cpp's HTTP server, through the `xllamacpp` wheel, in a process of its own.

It listens on the loopback address only, on a free port, and answers only to a random key that its process is told and
nobody else; it writes no log. In a process of its own, because while it loads a model it would hold Python's lock, so
that nothing here could move or be stopped, and because what kills it (too little memory, an odd model) kills it alone.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from rag.engines import gguf
from rag.engines.connections import Connections
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, WeightsError

LOAD_SECONDS = 600.0
"""The longest that a model may take to be loaded: a large one comes from a slow disk in minutes."""
_ALIVE_SECONDS = 5.0
"""Within which a server that works at something still says that it is there."""
_DYING_SECONDS = 1.0
"""Within which a process that breaks off is gone: it has a gigabyte to give back."""
BROKE_OFF = "The embedded model broke off in mid-answer. Ask again; if it happens again, run `dateline doctor`."
BATCH = 64
"""Tokens that are read at once: 2 % slower than 128, where 32 are 10 %; and a stop is felt after each batch."""
_SMALLER = "Close other programs, or choose a smaller model with `--model`: `dateline models` names some."
_CPU_NEEDS = ("avx2", "fma", "f16c")  # the wheel is compiled for these; without them the process would be killed


class LlamaServer:
    """A GGUF file, and the process in which it is loaded after `load`.

    Safe to use from several threads: it answers one request after another.
    """

    def __init__(
        self, path: Path, *, context_tokens: int, threads: int, timeout: float, prompt_cache_mib: int = 0
    ) -> None:
        """Begins the process.

        `timeout` counts seconds without a sign of life: no token written and no batch read.
        Raises ModelMissing without the file, WeightsError if it is no model that chats, is damaged or larger than the
        memory, EngineUnavailable on a processor that llama.cpp was not compiled for.
        """
        gguf.check(path)
        _check_processor()
        _check_memory(path)
        key = secrets.token_urlsafe(32)
        self.copies = Path(tempfile.mkdtemp(prefix="dateline-"))
        """Where `keep` puts its copies; goes with the process."""
        self._path = path
        self._told = {
            "path": str(path.absolute()), "key": key, "context_tokens": context_tokens, "threads": threads,
            "prompt_cache_mib": prompt_cache_mib, "batch": BATCH, "copies": str(self.copies),
        }  # fmt: skip
        self._process = _begin()
        # Also runs when Python exits.
        self._finish = weakref.finalize(self, _end, self._process, self.copies)
        self.address = ""
        """Where it listens, once it has loaded the model."""
        self._timeout = timeout
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout,
            trust_env=False,  # a proxy has no business on the loopback address
            # The server closes a connection after a streamed answer: using it again fails.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def load(self, seconds: float = LOAD_SECONDS) -> None:
        """Loads the model, which may take so many `seconds`; closing ends it.

        Raises WeightsError if llama.cpp can't use the file, EngineTimeout, or EngineUnavailable without llama.cpp.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        clock = threading.Timer(seconds, end)
        clock.daemon = True
        clock.start()
        answer = self._heard()
        clock.cancel()
        if "address" in answer:
            self.address = answer["address"]
            self._client.base_url = httpx.URL(self.address)
            return
        ended = self._process.poll() if answer else self._process.wait()
        self.close()
        if late.is_set():
            raise EngineTimeout(
                f"llama.cpp has not loaded {self._path} within {seconds:.0f} seconds. Ask again, or choose a smaller "
                "model with `--model`."
            )
        if ended == -9:
            raise WeightsError(
                f"The system ended llama.cpp while it loaded {self._path}: most likely there is too little memory. "
                f"{_SMALLER}"
            )
        if "missing" in answer:
            raise EngineUnavailable(
                f"The embedded engine cannot be loaded on this machine ({answer['missing']}). "
                "Install it with `pip install xllamacpp`, or install Ollama and use `--engine ollama`."
            )
        raise WeightsError(
            f"llama.cpp cannot load {self._path}: it is cut short, of a kind that this llama.cpp doesn't "
            "know, or too large for the memory. Give another GGUF file with `--model PATH.gguf`, "
            "or leave `--model` out and run `dateline pull` for the default one."
        )

    def _heard(self) -> dict[str, str]:
        """What its process says once it has loaded what it was told to; nothing if that has died."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(json.dumps(self._told), file=self._process.stdin, flush=True)
            return dict(json.loads(self._process.stdout.readline()))
        except (OSError, ValueError):
            return {}

    @property
    def runs(self) -> bool:
        """Whether its process is still there."""
        return self._process.poll() is None

    def window(self) -> int:
        """Tokens of prompt and answer together: fewer than asked for if the model was trained on less."""
        with self._request("GET", "/props") as response:
            return int(json.loads(response.read())["default_generation_settings"]["n_ctx"])

    def count_tokens(self, text: str) -> int:
        with self._request("POST", "/tokenize", {"content": text}) as response:
            return len(json.loads(response.read())["tokens"])

    def tokens(self, messages: Sequence[dict[str, str]], connections: Connections | None = None) -> list[int]:
        """The messages as the model reads them, up to where its answer begins."""
        with self._request("POST", "/apply-template", {"messages": messages}, connections) as response:
            prompt = json.loads(response.read())["prompt"]
        asked = {"content": prompt, "add_special": True, "parse_special": True}
        with self._request("POST", "/tokenize", asked, connections) as response:
            return list(json.loads(response.read())["tokens"])

    def read(self, tokens: Sequence[int], cached: bool, connections: Connections | None = None) -> None:
        """Reads these and writes nothing; `cached`: goes on from those that are read already."""
        asked = {"prompt": tokens, "n_predict": 0, "cache_prompt": cached}
        with self._request("POST", "/completion", asked, connections) as response:
            response.read()

    def keep(self, name: str, connections: Connections | None = None) -> None:
        """Makes a copy of all that is read, under this name."""
        with self._request("POST", "/slots/0?action=save", {"filename": name}, connections) as response:
            response.read()

    def go_back(self, name: str, connections: Connections | None = None) -> None:
        """Puts that copy in the place of all that is read. Raises EngineError if it is gone."""
        with self._request("POST", "/slots/0?action=restore", {"filename": name}, connections) as response:
            response.read()

    def chat(self, request: dict[str, Any], connections: Connections | None = None) -> Iterator[dict[str, Any]]:
        """The events of a chat completion. Closing the iterator stops the model; so does cutting `connections`."""
        # Progress in reading the prompt keeps the connection alive: only a real standstill times out.
        streamed = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        with self._request("POST", "/v1/chat/completions", request | streamed, connections) as response:
            for line in response.iter_lines():
                event = json.loads(line.removeprefix("data: ")) if line.startswith("data: {") else {}
                if line.startswith("error:") or "error" in event:
                    raise EngineInterrupted(BROKE_OFF)
                if event:
                    yield event

    def close(self) -> None:
        """Breaks off what is being answered and frees the model."""
        self._finish()

    def _answers(self) -> bool:
        """Whether it is there at all: it may be slow, or at another question's answer."""
        try:
            return not self._client.get("/health", timeout=_ALIVE_SECONDS).is_error
        except httpx.HTTPError:
            return False

    @contextmanager
    def _request(
        self, method: str, path: str, body: object = None, connections: Connections | None = None
    ) -> Iterator[httpx.Response]:
        connections = connections or Connections()
        connections.check()
        try:
            with self._client.stream(method, path, json=body, extensions={"trace": connections.trace}) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield response
        except httpx.TimeoutException as error:
            if not self._answers():
                self.close()  # the next question gets another
            raise EngineTimeout(
                f"The embedded model gave no sign of life for {self._timeout:.0f} seconds. "
                "Close other programs that use the processor, or allow more with the setting `timeout`."
            ) from error
        except httpx.HTTPError as error:
            if not connections.over:
                with suppress(subprocess.TimeoutExpired):  # if it is dying, the next question must find it dead
                    self._process.wait(_DYING_SECONDS)
            raise EngineInterrupted(BROKE_OFF) from error


def _begin() -> subprocess.Popen[str]:
    # OpenMP threads that wait by spinning starve each other when another program uses a core: on two cores with
    # both taken, 2.4 tokens a second with the default count, 7.9 with this one.
    ours = {} if "OMP_WAIT_POLICY" in os.environ else {"GOMP_SPINCOUNT": "1000"}
    # -P: the files beside it must not stand in for libraries of the same name
    return subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("llama_process.py"))],
        env=ours | os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, encoding="utf-8",
    )  # fmt: skip


def _end(process: subprocess.Popen[str], copies: Path) -> None:
    process.kill()  # it keeps nothing, and would first finish what it is reading
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            pipe.close()  # type: ignore[union-attr]
    shutil.rmtree(copies, ignore_errors=True)


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


def _check_memory(path: Path) -> None:
    """Finds what cannot be loaded before the system has to end somebody for it."""
    size, free = path.stat().st_size, _free_memory()
    if size > free:
        raise WeightsError(
            f"The model {path.name} takes {size / 1e9:.1f} GB of memory or more, and {free / 1e9:.1f} GB are free. "
            f"{_SMALLER}"
        )


def _free_memory() -> float:
    """Bytes that a process may take now, by the machine, its container and its own limit."""
    memory = psutil.virtual_memory()
    # only Linux counts what it could free for somebody who asks
    found = [float(memory.available + psutil.swap_memory().free if psutil.LINUX else memory.total)]
    with suppress(OSError, ValueError):
        found.append(float(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    if psutil.LINUX:
        limit, _ = psutil.Process().rlimit(psutil.RLIMIT_AS)
        found += [float(limit)] if limit >= 0 else []
    return min(found)


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
