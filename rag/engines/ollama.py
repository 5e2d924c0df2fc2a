"""An Ollama server as the engine, asked by the ollama client: LlamaIndex's Ollama drops the log-probabilities."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any

from llama_index.core.llms import ChatMessage

from index.network import default_host, is_here
from index.ollama_library import ollama
from rag.engines.base import Completion, as_json, yes_over_no
from rag.engines.connections import Connections
from rag.engines.ollama_server import connect, each, interrupted, understood
from rag.engines.thoughts import Thoughts, may_open, thinks
from rag.engines.tokens import Estimate
from rag.errors import EngineError, EngineUnavailable

TOP_LOGPROBS = 20
"""As many alternatives as Ollama gives."""
LOAD_SECONDS = 600.0
"""The longest that a model may take to be loaded: a large one comes from a slow disk in minutes."""
_MORE_LINES = 64
"""A line of a streamed answer is a token; beside those that the model may write there are few."""
_INSTEAD = "choose one that does not think with --model, or use --engine embedded."


class OllamaEngine:
    """A model on an Ollama server. Safe to use from several threads: each call has its own connection.

    Every request carries num_ctx, keep_alive, the seed, temperature 0 and thinking off.
    """

    name = "ollama"

    def __init__(
        self,
        model: str,
        *,
        host: str,
        context_tokens: int = 4096,
        timeout: float = 120.0,
        keep_alive: str | int = "30m",
        seed: int = 1,
    ) -> None:
        """`timeout` is the longest silence in seconds; `host` is any form of OLLAMA_HOST. Asks nothing yet.

        Raises SettingsError if `host` is no address.
        """
        self.model = model
        self.context_tokens = context_tokens
        self.address = default_host({"OLLAMA_HOST": host})
        self._timeout = timeout
        self._keep_alive = keep_alive
        self._seed = seed
        self._tokens = Estimate()

    def load(self, connections: Connections | None = None) -> None:
        """Has Ollama load the model: a chat without messages. Raises the errors of `stream`."""
        if not self._stays:
            return  # such a chat would unload it
        with connect(self.address, max(self._timeout, LOAD_SECONDS), self.model, connections) as client:
            with understood(self.address):
                self._check(client.chat(**self._request(())))

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        from_cache: bool = False,
        connections: Connections | None = None,
    ) -> Generator[str, None, Completion]:
        """See `Engine.stream`. Closing the generator closes the connection, on which Ollama stops the model.

        It always reads from its cache.
        Raises EngineUnavailable, EngineTimeout, ModelMissing, EngineInterrupted, or EngineError; the last also when
        Ollama cut the prompt, unasked (see `_learn`).
        """
        end, thoughts, logprobs = None, Thoughts(), list[float]()
        with connect(self.address, self._timeout, self.model, connections, by_line=True) as client:
            request = self._request(messages, num_predict=max_tokens)
            lines = each(client.chat(**request, stream=True, logprobs=True), self.address)
            try:
                for number, end in enumerate(lines):
                    self._check(end)
                    if number > max_tokens + _MORE_LINES:
                        raise interrupted(f"it writes on beyond the {max_tokens} tokens that it may write")
                    thoughts.thought |= bool(end.message.thinking)
                    piece = thoughts.without(end.message.content or "")
                    if piece or not thoughts.thought:
                        logprobs += [token.logprob for token in end.logprobs or () if token.logprob is not None]
                    if piece:
                        yield piece
            except EngineUnavailable as error:
                if end is None:
                    raise
                raise interrupted("a line of the answer cannot be read") from error
        if end is None or not end.done:
            raise interrupted("the answer has no end")
        if rest := thoughts.rest():
            yield rest
        completion = self._completion(messages, end, logprobs)
        if thoughts.alone:
            raise thinks(self.model, _INSTEAD)
        return completion

    def read_ahead(self, beginning: Sequence[ChatMessage], connections: Connections | None = None) -> None:
        """See `Engine.read_ahead`: it writes one token, to read the rest; Ollama itself decides what it keeps.

        Only on this machine, and not where Ollama frees the model at once. Raises the errors of `stream`.
        """
        if not self._stays or not is_here(self.address):
            return
        with connect(self.address, max(self._timeout, LOAD_SECONDS), self.model, connections) as client:
            with understood(self.address):
                client.chat(**self._request(beginning, num_predict=1))

    def yes_minus_no(
        self, messages: Sequence[ChatMessage], *, connections: Connections | None = None
    ) -> tuple[float, Completion]:
        """See `Engine.yes_minus_no`, and `yes_over_no` for an Ollama without log-probabilities (before 0.12.11).

        Raises the errors of `stream`.
        """
        with connect(self.address, self._timeout, self.model, connections) as client:
            with understood(self.address):
                reply = client.chat(**self._request(messages, num_predict=1), logprobs=True, top_logprobs=TOP_LOGPROBS)
            self._check(reply)
        text = reply.message.content or ""
        if reply.message.thinking or may_open(text):
            raise thinks(self.model, _INSTEAD)
        completion = self._completion(messages, reply)
        first = reply.logprobs[0].top_logprobs if reply.logprobs else None
        return yes_over_no(text, [(entry.token, entry.logprob) for entry in first or ()]), completion

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, estimated: Ollama cannot tell. Errs on the high side."""
        return self._tokens.count(text)

    def close(self) -> None:
        """Nothing to free: each call has a connection of its own, and the model stays in Ollama's memory."""

    @property
    def _stays(self) -> bool:
        return bool(re.search("[1-9]", str(self._keep_alive)))

    def _request(self, messages: Sequence[ChatMessage], **options: int) -> dict[str, Any]:
        """What every chat carries. num_ctx is always the same: Ollama loads the model again when it changes."""
        always = {"num_ctx": self.context_tokens, "temperature": 0.0, "seed": self._seed}
        return {
            "model": self.model,
            "messages": as_json(messages),
            "think": False,
            "options": always | options,
            "keep_alive": self._keep_alive,
        }

    def _check(self, reply: ollama.ChatResponse) -> None:
        """Whether it is this model that answers, and answers at all. Raises EngineError."""
        if reply.model and _bare(reply.model) != _bare(self.model):
            raise EngineError(
                f"Ollama answered with {reply.model} instead of {self.model}: look what stands between at "
                f"{self.address}, name that model with --model if it is meant, or use --engine embedded."
            )

    def _completion(
        self, messages: Sequence[ChatMessage], end: ollama.ChatResponse, logprobs: Sequence[float] = ()
    ) -> Completion:
        if end.done_reason in ("load", "unload"):  # what it says where nothing was asked
            raise interrupted(f"it did {end.done_reason} the model instead")
        # Ollama leaves out a count of 0, and counts cached tokens in without telling how many they are.
        read = end.prompt_eval_count or 0
        self._learn([message.content or "" for message in messages], read)
        return Completion(
            prompt_tokens=read,
            cached_tokens=0,
            completion_tokens=end.eval_count or 0,
            truncated=end.done_reason == "length",
            mean_logprob=sum(logprobs) / len(logprobs) if logprobs else None,
        )

    def _learn(self, texts: Sequence[str], read: int) -> None:
        """Corrects the estimate by the tokens that were `read`, and notices a prompt that was cut.

        Ollama drops what does not fit num_ctx (or the model's own window, if that is smaller) and tells nobody,
        but its count gives it away, and a window filled to the brim leaves no room for an answer.
        """
        if read >= self.context_tokens or not self._tokens.learn(texts, read):
            words = sum(len(text.split()) for text in texts)
            raise EngineError(
                f"Ollama cut the prompt: it read {read} tokens of {words} words. Give the model a larger window "
                f"with DATELINE_CONTEXT_TOKENS (`ollama show {self.model}` tells how much it takes), or show it "
                "less with DATELINE_EVIDENCE_TOKENS."
            )


def _bare(model: str) -> str:
    return model.lower().removesuffix(":latest")
