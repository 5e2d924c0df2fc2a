"""The embedded engine: llama.cpp, brought along, where there is no Ollama."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from llama_index.core.llms import ChatMessage

from rag.engines.base import Completion, as_json, log_odds
from rag.engines.connections import Connections
from rag.engines.llama_server import BROKE_OFF, LlamaServer
from rag.engines.slot import Slot
from rag.engines.thoughts import Thoughts, may_open, thinks
from rag.engines.writers import cores
from rag.errors import EngineError, EngineInterrupted, EngineUnavailable

_Found = TypeVar("_Found")
_INSTEAD = "choose one that does not think with --model PATH.gguf, or leave --model out."


class EmbeddedEngine:
    """A GGUF file as an `Engine` (see `rag.engines.base`). Loads it at the first use, or at `load()`.

    Safe to use from several threads: the server answers one request after another.
    """

    name = "embedded"

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int = 4096,
        threads: int = 0,
        seed: int = 1,
        timeout: float = 120.0,
        prompt_cache_mib: int = 0,
    ) -> None:
        """`threads`: 0 is one for each core this process may use, at most 8.

        `timeout` counts seconds without a sign of life: no token written and no batch read.
        `prompt_cache_mib`: MiB of prompts that stay read beside the last one (28 KiB a token of the default model).
        """
        self.model = path.stem
        self.context_tokens = context_tokens
        self._path = path
        self._threads = threads or default_threads()
        self._seed = seed
        self._timeout = timeout
        self._prompt_cache_mib = prompt_cache_mib
        self._lock = threading.Lock()
        self._slot: Slot | None = None
        self._loading: LlamaServer | None = None
        self._closed = False

    def load(self, connections: Connections | None = None) -> None:
        """Loads the model, if it is not loaded yet (seconds); there is no connection to cut meanwhile.

        Raises ModelMissing without the file, WeightsError if llama.cpp can't use it, EngineUnavailable on a
        processor that llama.cpp was not compiled for or after `close()`.
        """
        self._started()

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        from_cache: bool = False,
        connections: Connections | None = None,
    ) -> Generator[str, None, Completion]:
        """See `Engine.stream`. Closing the generator closes the connection, which stops the model.

        `from_cache` goes on from any token that was read before, not only from whole pieces. That is a little sooner,
        but a prompt read in other ones rounds otherwise, and now and then the same question then gets other words.
        """
        end, thoughts = _End(), Thoughts()
        for event in self._chat(messages, connections, in_pieces=not from_cache, max_tokens=max_tokens):
            end.read(event)
            if "prompt_progress" in event:
                yield ""
            for choice in event.get("choices", ()):
                thoughts.thought |= bool(choice["delta"].get("reasoning_content"))
                if text := thoughts.without(choice["delta"].get("content") or ""):
                    yield text
        if rest := thoughts.rest():
            yield rest
        completion = end.completion()
        if thoughts.alone:
            raise thinks(self.model, _INSTEAD)
        return completion

    def yes_minus_no(
        self, messages: Sequence[ChatMessage], *, connections: Connections | None = None
    ) -> tuple[float, Completion]:
        """See `Engine.yes_minus_no`. A word outside the 20 likeliest tokens counts as the 20th."""
        end = _End()
        for event in self._chat(messages, connections, in_pieces=True, max_tokens=1, top_logprobs=20):
            end.read(event)
        if any(may_open(token["token"]) for token in end.tokens):
            raise thinks(self.model, _INSTEAD)
        likeliest = end.tokens[0]["top_logprobs"] if end.tokens else ()
        return log_odds([(one["token"].strip().lower(), one["logprob"]) for one in likeliest]), end.completion()

    def read_ahead(self, beginning: Sequence[ChatMessage], connections: Connections | None = None) -> None:
        """See `Engine.read_ahead`.

        What stands before the last message stays read for good; of what is in it, the beginning that came last.
        """
        if connections:
            connections.check()  # nothing is loaded for nobody
        self._started().read_ahead(as_json(beginning), connections)

    def count_tokens(self, text: str) -> int:
        """Exact, by the model's own tokenizer."""
        return self._asked(lambda slot: slot.server.count_tokens(text))

    def close(self) -> None:
        """Frees the model, also in mid-answer and while it is loaded. The engine can't be used afterwards; safe to call
        twice."""
        self._closed = True
        if loading := self._loading:
            loading.close()
        with self._lock:
            slot, self._slot = self._slot, None
        if slot is not None:
            slot.server.close()

    def _chat(
        self, messages: Sequence[ChatMessage], connections: Connections | None, *, in_pieces: bool, **options: Any
    ) -> Iterator[dict[str, Any]]:
        """The events of a chat; greedy, so that the same messages give the same text."""
        greedy = {"logprobs": True, "temperature": 0, "seed": self._seed}
        request = {"messages": as_json(messages)} | greedy | options

        def begin(slot: Slot) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
            events = slot.chat(dict(request), connections, in_pieces=in_pieces)
            return next(events, {}), events

        first, events = self._asked(begin)
        yield first
        yield from events

    def _asked(self, call: Callable[[Slot], _Found]) -> _Found:
        """What `call` gives; from another process, where it finds that the one has died since the last question."""
        slot = self._started()
        try:
            return call(slot)
        except EngineInterrupted:
            if self._closed or slot.server.runs:
                raise
            return call(self._started())

    def _started(self) -> Slot:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._slot is None or not self._slot.server.runs:  # one that died in mid-answer: who listened was told
                self._slot = None
                server = self._loading = LlamaServer(
                    self._path,
                    context_tokens=self.context_tokens,
                    threads=self._threads,
                    timeout=self._timeout,
                    prompt_cache_mib=self._prompt_cache_mib,
                )
                try:
                    if self._closed:
                        server.close()
                    server.load()
                except EngineError as error:
                    raise _closed() if self._closed else error from error
                finally:
                    self._loading = None
                self.context_tokens = min(self.context_tokens, server.window())
                self._slot = Slot(server)
            return self._slot


class _End:
    """Gathers from a stream's events how it ended."""

    def __init__(self) -> None:
        self._finish: str | None = None
        self._usage: dict[str, Any] | None = None
        self.tokens: list[dict[str, Any]] = []
        """What was written, with its log-probabilities."""

    def read(self, event: dict[str, Any]) -> None:
        for choice in event.get("choices", ()):
            self._finish = choice.get("finish_reason") or self._finish
            self.tokens += (choice.get("logprobs") or {}).get("content") or ()
        self._usage = event.get("usage") or self._usage

    def completion(self) -> Completion:
        """Raises EngineInterrupted if the stream stopped without saying that it was complete."""
        if self._finish is None or self._usage is None:
            raise EngineInterrupted(BROKE_OFF)
        logprobs = [token["logprob"] for token in self.tokens]
        return Completion(
            prompt_tokens=self._usage["prompt_tokens"],
            cached_tokens=(self._usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
            completion_tokens=self._usage["completion_tokens"],
            truncated=self._finish == "length",
            mean_logprob=sum(logprobs) / len(logprobs) if logprobs else None,
        )


def _closed() -> EngineUnavailable:
    return EngineUnavailable("The embedded engine was closed. Open a new Assistant.")


def default_threads() -> int:
    """The processors that this process may use, at most 8: more than that gain nothing on a small model."""
    return min(cores(), 8)
