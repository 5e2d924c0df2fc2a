"""An Ollama server as the engine, asked by the ollama client: LlamaIndex's Ollama drops the log-probabilities."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Generator, Sequence
from json import JSONDecodeError
from typing import Any

from llama_index.core.llms import ChatMessage

from index.network import default_host, is_here
from index.ollama_library import ollama
from rag.engines.base import Completion, as_json, log_odds
from rag.engines.connections import Connections
from rag.engines.ollama_server import connect, interrupted
from rag.engines.thoughts import Thoughts, may_open, thinks
from rag.errors import EngineError

TOP_LOGPROBS = 20
"""As many alternatives as Ollama gives."""
UNLISTED = 1.0
"""A word outside the list is taken to lie this far below its last entry (natural logarithm)."""
UNMEASURED = 3.0
"""What a plain Yes or No counts for where the server gives no log-probabilities (before Ollama 0.12.11)."""
LOAD_SECONDS = 600.0
"""The longest that a model may take to be loaded: a large one comes from a slow disk in minutes."""
LONG_PROMPT = 256
"""Estimated tokens from which a prompt corrects the estimate; in shorter ones the chat template weighs too much."""
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
        self._lock = threading.Lock()
        self._scale = 1.0

    def load(self, connections: Connections | None = None) -> None:
        """Has Ollama load the model: a chat without messages. Raises the errors of `stream`."""
        if not self._stays:
            return  # such a chat would unload it
        with connect(self.address, max(self._timeout, LOAD_SECONDS), self.model, connections) as client:
            client.chat(**self._request(()))

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
        with connect(self.address, self._timeout, self.model, connections) as client:
            try:
                request = self._request(messages, num_predict=max_tokens)
                for end in client.chat(**request, stream=True, logprobs=True):
                    thoughts.thought |= bool(end.message.thinking)
                    piece = thoughts.without(end.message.content or "")
                    if piece or not thoughts.thought:
                        logprobs += [token.logprob for token in end.logprobs or () if token.logprob is not None]
                    if piece:
                        yield piece
            except JSONDecodeError as error:
                if end is None:
                    raise
                raise interrupted("the last line was cut") from error
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
            client.chat(**self._request(beginning, num_predict=1))

    def yes_minus_no(
        self, messages: Sequence[ChatMessage], *, connections: Connections | None = None
    ) -> tuple[float, Completion]:
        """See `Engine.yes_minus_no`. A word outside the 20 likeliest tokens counts as `UNLISTED` says.

        Where the server gives no log-probabilities, the text of the answer counts for plus or minus `UNMEASURED`.
        Raises the errors of `stream`.
        """
        with connect(self.address, self._timeout, self.model, connections) as client:
            reply = client.chat(**self._request(messages, num_predict=1), logprobs=True, top_logprobs=TOP_LOGPROBS)
        text = reply.message.content or ""
        if reply.message.thinking or may_open(text):
            raise thinks(self.model, _INSTEAD)
        completion = self._completion(messages, reply)
        first = reply.logprobs[0].top_logprobs if reply.logprobs else None
        if not first:
            return {"yes": UNMEASURED, "no": -UNMEASURED}.get(_word(text), 0.0), completion
        return log_odds([(_word(entry.token), entry.logprob) for entry in first], UNLISTED), completion

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, estimated: Ollama cannot tell. Errs on the high side.

        Starts from the characters and grows with every long prompt that took more tokens than estimated;
        it never shrinks, so that the same question fits the same evidence all day.
        """
        with self._lock:
            return math.ceil(_estimate(text) * self._scale)

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

    def _completion(
        self, messages: Sequence[ChatMessage], end: ollama.ChatResponse, logprobs: Sequence[float] = ()
    ) -> Completion:
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
        but its count gives it away: no tokenizer makes fewer tokens than there are words, and a window
        filled to the brim leaves no room for an answer.
        """
        words = sum(len(text.split()) for text in texts)
        if 0 < read < words or read >= self.context_tokens:
            raise EngineError(
                f"Ollama cut the prompt: it read {read} tokens of {words} words. Give the model a larger window "
                f"with DATELINE_CONTEXT_TOKENS (`ollama show {self.model}` tells how much it takes), or show it "
                "less with DATELINE_EVIDENCE_TOKENS."
            )
        expected = sum(_estimate(text) for text in texts)
        if expected >= LONG_PROMPT:
            with self._lock:
                self._scale = max(self._scale, read / expected)


def _word(text: str) -> str:
    """A Yes or No without what may stand around it, in small letters."""
    return text.strip(" \t\n.,:*\"'").lower()


def _estimate(text: str) -> float:
    """Tokens by kind of character.

    Set against cl100k: English news comes out 25-35 % high, one sentence each of German, French, Turkish,
    Russian, Arabic, Chinese, Hindi, Thai and Korean 0-60 % high, Finnish 25 % low.
    """
    return sum(map(_cost, text))


def _cost(character: str) -> float:
    if character.isascii():
        return 1.0 if character.isdigit() else 0.25  # Qwen and others read digits one by one
    if "\u0370" <= character <= "\u08ff":  # Greek, Cyrillic, Hebrew, Arabic
        return 0.9
    return 1.5  # accented Latin letters, curly quotes, CJK, Hangul, the scripts of India
