"""What an engine is: something that continues a chat, and says how sure it is of Yes over No."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag.engines.connections import Connections

if TYPE_CHECKING:  # LlamaIndex takes a second to load
    from llama_index.core.llms import ChatMessage


UNLISTED = 1.0
"""A word outside the likeliest is taken to lie this far below the last of them (natural logarithm)."""
UNMEASURED = 3.0
"""What a plain Yes or No counts for where a server gives no log-probabilities."""


@dataclass(frozen=True, slots=True)
class Completion:
    """How a streamed answer ended, in the engine's own count of tokens."""

    prompt_tokens: int
    """All tokens of the prompt, cached ones included."""
    cached_tokens: int
    """Those of them that were already read (the engine's prefix cache); 0 where it does not tell."""
    completion_tokens: int
    truncated: bool = False
    """True if the answer was cut at `max_tokens`."""
    mean_logprob: float | None = None
    """Mean natural logarithm of the probability of each token written; None where the engine does not tell."""


class Engine(Protocol):
    """A local chat model. Greedy, with a fixed seed: the same messages give the same text."""

    @property
    def name(self) -> str:
        """ "ollama", "openai" or "embedded"."""

    @property
    def model(self) -> str:
        """The model's name as a person knows it."""

    @property
    def context_tokens(self) -> int:
        """The window: prompt and answer together must fit. May shrink when the model is loaded."""

    def load(self, connections: Connections | None = None) -> None:
        """Loads the model, if it is not loaded yet: seconds, or minutes. Raises an EngineError of `rag.errors`."""

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        from_cache: bool = False,
        connections: Connections | None = None,
    ) -> Generator[str, None, Completion]:
        """Yields pieces of text as the model writes them; the generator's return value is the Completion.

        An empty piece is a sign of life while the prompt is read. Closing the generator stops the model; so does
        cutting `connections`, from any thread and whatever it waits for.
        `from_cache`: it may go on from what another prompt left read, which is sooner, and now and then gives other
        words.
        Raises an EngineError of `rag.errors`.
        """

    def read_ahead(self, beginning: Sequence[ChatMessage], connections: Connections | None = None) -> None:
        """Reads how prompts begin (their last message goes on, with a space), to be sooner with those that come.

        An engine may do nothing, and does if its server is elsewhere, where that costs somebody. Cutting `connections`
        ends it. Raises an EngineError of `rag.errors`, or Stopped.
        """

    def yes_minus_no(
        self, messages: Sequence[ChatMessage], *, connections: Connections | None = None
    ) -> tuple[float, Completion]:
        """log p("Yes") - log p("No") of the first token of the answer (natural logarithm)."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`: exact where the engine can tell, else an estimate that errs on the high side."""

    def close(self) -> None:
        """Frees memory and connections. Safe to call twice."""


def as_json(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """The messages as both servers take them."""
    return [{"role": message.role.value, "content": message.content or ""} for message in messages]


def log_odds(words: Sequence[tuple[str, float]], unlisted: float = 0.0) -> float:
    """log p(Yes) - log p(No), by the likeliest first `words`, in small letters, and their log-probabilities.

    All spellings of a word count together. One that is not among them lies `unlisted` below the last of them.
    """
    last = min((logprob for _, logprob in words), default=0.0) - unlisted

    def log_probability(word: str) -> float:
        found = [math.exp(logprob) for listed, logprob in words if listed == word]
        return math.log(sum(found)) if found else last

    return log_probability("yes") - log_probability("no")


def yes_over_no(text: str, likeliest: Sequence[tuple[str, float]]) -> float:
    """`log_odds` by the likeliest first tokens as a server lists them; without any, the `text` is taken at its word."""
    if not likeliest:
        return {"yes": UNMEASURED, "no": -UNMEASURED}.get(_word(text), 0.0)
    return log_odds([(_word(token), logprob) for token, logprob in likeliest], UNLISTED)


def _word(text: str) -> str:
    """A Yes or No without what may stand around it, in small letters."""
    return text.strip(" \t\n.,:*\"'").lower()
