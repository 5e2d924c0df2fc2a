"""The embedded engine: llama.cpp inside this process, through the `xllamacpp` wheel.

llama.cpp comes as an HTTP server. It listens on the loopback address only, on a free port, and answers only to
a random key that never leaves this process.
"""

from __future__ import annotations

import json
import math
import os
import platform
import secrets
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.llms import ChatMessage, ChatResponse, ChatResponseGen, CustomLLM, MessageRole
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.llm import LLM

from rag.engines.base import Completion
from rag.errors import (
    EngineError,
    EngineInterrupted,
    EngineTimeout,
    EngineUnavailable,
    ModelMissing,
    WeightsError,
)

if TYPE_CHECKING:
    import xllamacpp

_CPU_NEEDS = ("avx2", "fma", "f16c")  # the wheel is compiled for these; without them the process would be killed


class EmbeddedEngine:
    """A GGUF file as an `Engine` (see `rag.engines.base`). Loads it at the first use, or at `start()`.

    Safe to use from several threads: the server answers one request after another.
    """

    name = "embedded"

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int = 4096,
        threads: int | None = None,
        seed: int = 1,
        timeout: float = 120.0,
    ) -> None:
        """`threads` defaults to the cores this process may use, at most 8.

        `timeout` counts seconds without a sign of life: no token written and no 128 tokens read.
        """
        self.model = path.stem
        self.context_tokens = context_tokens
        self._path = path
        self._threads = threads or default_threads()
        self._seed = seed
        self._timeout = timeout
        self._lock = threading.Lock()
        self._server: xllamacpp.Server | None = None
        self._client: httpx.Client | None = None
        self._closed = False

    def start(self) -> None:
        """Loads the model, if it is not loaded yet (seconds).

        Raises ModelMissing without the file, WeightsError if llama.cpp can't use it, EngineUnavailable on a
        processor that llama.cpp was not compiled for or after `close()`.
        """
        self._started()

    def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> Generator[str, None, Completion]:
        """See `Engine.stream`. Closing the generator closes the connection, which stops the model."""
        request: dict[str, Any] = {"messages": _as_json(messages), "max_tokens": max_tokens}
        if schema is not None:
            request["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            }
        end = _End()
        for event in self._chat(request):
            end.read(event)
            for choice in event.get("choices", ()):
                if text := choice["delta"].get("content"):
                    yield text
        return end.completion()

    def yes_minus_no(self, messages: Sequence[ChatMessage]) -> tuple[float, Completion]:
        """See `Engine.yes_minus_no`. A word outside the 20 likeliest tokens counts as the 20th."""
        request = {"messages": _as_json(messages), "max_tokens": 1, "logprobs": True, "top_logprobs": 20}
        end = _End()
        likeliest: list[dict[str, Any]] = []
        for event in self._chat(request):
            end.read(event)
            for choice in event.get("choices", ()):
                for token in (choice.get("logprobs") or {}).get("content") or ():
                    likeliest = likeliest or token["top_logprobs"]
        return _log_odds(likeliest), end.completion()

    def count_tokens(self, text: str) -> int:
        """Exact, by the model's own tokenizer."""
        with self._errors_in_words():
            response = self._started().post("/tokenize", json={"content": text})
        _raise_for_refusal(response)
        return len(response.json()["tokens"])

    def llm(self) -> LLM:
        return EmbeddedLLM(self)

    def close(self) -> None:
        """Frees the model. Safe to call twice; the engine can't be used afterwards."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
            self._server = None  # its destructor ends the server's threads
        if client is not None:
            client.close()

    def _chat(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The events of one chat completion. Greedy, so that the same messages give the same text."""
        request |= {"temperature": 0, "seed": self._seed, "cache_prompt": True, "stream": True}
        # Progress in reading the prompt keeps the connection alive: only a real standstill times out.
        request |= {"stream_options": {"include_usage": True}, "return_progress": True}
        with (
            self._errors_in_words(),
            self._started().stream("POST", "/v1/chat/completions", json=request) as response,
        ):
            if response.is_error:
                response.read()
                _raise_for_refusal(response)
            for line in response.iter_lines():
                if line.startswith("error:"):
                    raise EngineInterrupted(_BROKE_OFF)
                if line.startswith("data: {"):
                    event = json.loads(line.removeprefix("data: "))
                    if "error" in event:
                        raise EngineInterrupted(_BROKE_OFF)
                    yield event

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise EngineTimeout(
                f"The embedded model gave no sign of life for {self._timeout:.0f} seconds. "
                "Close other programs that use the processor, or allow more with the setting `timeout`."
            ) from error
        except httpx.HTTPError as error:
            raise EngineInterrupted(_BROKE_OFF) from error

    def _started(self) -> httpx.Client:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The embedded engine was closed. Open a new Assistant.")
            if self._client is None:
                key = secrets.token_urlsafe(32)
                self._server = self._load(key)
                self._client = httpx.Client(
                    base_url=self._server.listening_address,
                    headers={"Authorization": f"Bearer {key}"},
                    timeout=self._timeout,
                    trust_env=False,  # a proxy has no business on the loopback address
                    # The server closes a connection after a streamed answer: using it again fails.
                    limits=httpx.Limits(max_keepalive_connections=0),
                )
                self.context_tokens = min(self.context_tokens, _window(self._client))
            return self._client

    def _load(self, key: str) -> xllamacpp.Server:
        _check_file(self._path)
        _check_processor()
        library = _import_llama_cpp()
        try:
            return library.Server(self._parameters(library, key))
        except RuntimeError as error:  # its reason goes to the log only
            raise WeightsError(
                f"llama.cpp cannot load {self._path}: it is cut short, of a kind that this llama.cpp doesn't "
                "know, or too large for the memory. Give another GGUF file with `--model PATH.gguf`, "
                "or leave `--model` out and run `dateline pull` for the default one."
            ) from error

    def _parameters(self, library: Any, key: str) -> Any:
        p = library.CommonParams()
        p.model.path = str(self._path)
        p.model_alias = {self.model}  # else the file's full path is told to everyone on this machine
        p.hostnames, p.port, p.api_keys = ["127.0.0.1"], 0, [key]
        p.verbosity = -1
        p.ui = p.endpoint_slots = p.warmup = p.ctx_shift = False
        # One slot: the window is not divided, and a prompt that another one pushes out is kept in cache_ram:
        # 256 MiB hold two full windows of the default model (28 KiB a token). Both were read from there at
        # once when two prompts took turns.
        p.n_parallel, p.n_ctx, p.cache_ram_mib = 1, self.context_tokens, 256
        # As fast as 512, and a closed connection is noticed four times sooner while a prompt is read.
        p.n_batch = p.n_ubatch = 128
        p.cpuparams.n_threads = p.cpuparams_batch.n_threads = self._threads
        p.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
        # Read, not mapped: 1.3 GB instead of 1.9 for the default model, since llama.cpp repacks the weights;
        # and a mapped file that someone cuts short kills the process.
        p.load_mode = library.llama_load_mode.LLAMA_LOAD_MODE_NONE
        p.fit_params = False  # the window is what we asked for
        p.enable_reasoning = 0  # models that think aloud would use up the answer's tokens
        p.sse_ping_interval = -1  # pings would hide a standstill from the timeout
        return p


class EmbeddedLLM(CustomLLM):
    """The same server as a LlamaIndex LLM: greedy, with the engine's seed. Raises the engine's errors."""

    max_tokens: int = 512
    _engine: EmbeddedEngine = PrivateAttr()

    def __init__(self, engine: EmbeddedEngine, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._engine = engine

    @classmethod
    def class_name(cls) -> str:
        return "EmbeddedLLM"

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            context_window=self._engine.context_tokens,
            num_output=self.max_tokens,
            is_chat_model=True,
            model_name=self._engine.model,
        )

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        text = "".join(self._pieces(messages, kwargs))
        return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text))

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        def responses() -> ChatResponseGen:
            text = ""
            for piece in self._pieces(messages, kwargs):
                text += piece
                yield ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=piece)

        return responses()

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text="".join(self._pieces([ChatMessage(content=prompt)], kwargs)))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        def responses() -> CompletionResponseGen:
            text = ""
            for piece in self._pieces([ChatMessage(content=prompt)], kwargs):
                text += piece
                yield CompletionResponse(text=text, delta=piece)

        return responses()

    def _pieces(self, messages: Sequence[ChatMessage], kwargs: dict[str, Any]) -> Iterator[str]:
        return self._engine.stream(messages, max_tokens=kwargs.get("max_tokens", self.max_tokens))


class _End:
    """Gathers from a stream's events how it ended."""

    def __init__(self) -> None:
        self._finish: str | None = None
        self._usage: dict[str, Any] | None = None

    def read(self, event: dict[str, Any]) -> None:
        for choice in event.get("choices", ()):
            self._finish = choice.get("finish_reason") or self._finish
        self._usage = event.get("usage") or self._usage

    def completion(self) -> Completion:
        """Raises EngineInterrupted if the stream stopped without saying that it was complete."""
        if self._finish is None or self._usage is None:
            raise EngineInterrupted(_BROKE_OFF)
        return Completion(
            prompt_tokens=self._usage["prompt_tokens"],
            cached_tokens=(self._usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
            completion_tokens=self._usage["completion_tokens"],
            truncated=self._finish == "length",
        )


_BROKE_OFF = "The embedded model broke off in mid-answer. Ask again; if it happens again, run `dateline doctor`."


def default_threads() -> int:
    """The processors that this process may use, at most 8: more than that gain nothing on a small model."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8)


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


def _window(client: httpx.Client) -> int:
    """The server's window: smaller than asked for when the model was trained on less."""
    return int(client.get("/props").json()["default_generation_settings"]["n_ctx"])


def _raise_for_refusal(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        refusal = response.json()["error"]
    except (ValueError, KeyError):
        refusal = {"message": f"status {response.status_code}"}
    if refusal.get("type") == "exceed_context_size_error":
        raise EngineError(
            f"The prompt has {refusal['n_prompt_tokens']} tokens, and the model's window holds "
            f"{refusal['n_ctx']}. Shorten the question or the conversation, or raise the setting `context_tokens`."
        )
    raise EngineError(f"The embedded engine refused the request: {refusal.get('message')}. Run `dateline doctor`.")


def _as_json(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    return [{"role": message.role.value, "content": message.content or ""} for message in messages]


def _log_odds(likeliest: list[dict[str, Any]]) -> float:
    """log p(Yes) - log p(No), over the spellings " Yes", "yes", "YES" and so on."""
    floor = min((token["logprob"] for token in likeliest), default=0.0)

    def log_probability(word: str) -> float:
        found = [t["logprob"] for t in likeliest if t["token"].strip().lower() == word]
        return math.log(sum(math.exp(logprob) for logprob in found)) if found else floor

    return log_probability("yes") - log_probability("no")
