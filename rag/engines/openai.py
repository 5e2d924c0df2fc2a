"""An OpenAI-compatible server as the engine (vLLM, llama.cpp's own, LM Studio), asked through LlamaIndex."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from json import JSONDecodeError
from typing import Any, cast

import httpx
import openai
from llama_index.core.llms import ChatMessage, ChatResponse
from llama_index.llms.openai_like import OpenAILike

from rag.engines.base import Completion, yes_over_no
from rag.engines.connections import Connections
from rag.engines.openai_server import OpenAIServer
from rag.engines.thoughts import Thoughts, may_open, thinks
from rag.engines.tokens import Estimate
from rag.errors import EngineError, ModelMissing

TOP_LOGPROBS = 20
"""As many alternatives as OpenAI's API gives."""
LOAD_SECONDS = 600.0
"""The longest that a model may take to be loaded, by a server that loads it when it is asked."""
_INSTEAD = "choose one that does not think with --model, or use --engine embedded."


class OpenAIEngine:
    """A model on an OpenAI-compatible server. Safe to use from several threads: each call has its own connection.

    Every request carries temperature 0, the seed, thinking off, and asks for log-probabilities and counts. All but the
    first are left out from then on if the server refuses them by name.
    """

    name = "openai"

    def __init__(
        self, model: str, *, server: OpenAIServer, context_tokens: int = 4096, timeout: float = 120.0, seed: int = 1
    ) -> None:
        """`timeout` is the longest silence in seconds. Asks nothing yet."""
        self.model = model
        self.context_tokens = context_tokens
        self._server = server
        self._timeout = timeout
        self._seed = seed
        self._refused = frozenset[str]()
        self._tokens = Estimate()

    def load(self, connections: Connections | None = None) -> None:
        """Has the server write one token: some load a model only then. Raises the errors of `stream`."""
        hello = [ChatMessage("Hello")]
        for _ in self._chat(hello, _End(), connections, max(self._timeout, LOAD_SECONDS), max_tokens=1):
            pass

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        from_cache: bool = False,
        connections: Connections | None = None,
    ) -> Generator[str, None, Completion]:
        """See `Engine.stream`. Closing the generator closes the connection, on which these servers stop the model.

        It reads from its cache as the server likes.
        Raises EngineUnavailable, EngineTimeout, ModelMissing, EngineInterrupted, or EngineError; the last also when
        the server cut the prompt, unasked.
        """
        end, thoughts, logprobs = _End(), Thoughts(), list[float]()
        with closing(self._chat(messages, end, connections, self._timeout, max_tokens=max_tokens)) as replies:
            for reply in replies:
                thoughts.thought |= _thinks(reply)
                piece = thoughts.without(reply.delta or "")
                if piece or not thoughts.thought:
                    logprobs += [token.logprob for token in _tokens(reply)]
                if piece:
                    yield piece
        if rest := thoughts.rest():
            yield rest
        completion = self._completion(messages, end, logprobs)
        if thoughts.alone:
            raise thinks(self.model, _INSTEAD)
        return completion

    def read_ahead(self, beginning: Sequence[ChatMessage], connections: Connections | None = None) -> None:
        """Nothing: such a server is often somebody else's, and asks for money."""

    def yes_minus_no(
        self, messages: Sequence[ChatMessage], *, connections: Connections | None = None
    ) -> tuple[float, Completion]:
        """See `Engine.yes_minus_no`, and `yes_over_no` for where there are no log-probabilities.

        Raises the errors of `stream`.
        """
        end, text, thought = _End(), "", False
        likeliest = list[tuple[str, float]]()
        for reply in self._chat(messages, end, connections, self._timeout, max_tokens=1, top_logprobs=TOP_LOGPROBS):
            text += reply.delta or ""
            thought |= _thinks(reply)
            for token in _tokens(reply)[:1]:
                likeliest = likeliest or [(one.token, one.logprob) for one in token.top_logprobs or ()]
        if thought or may_open(text):
            raise thinks(self.model, _INSTEAD)
        return yes_over_no(text, likeliest), self._completion(messages, end)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, estimated: OpenAI's API cannot tell. Errs on the high side."""
        return self._tokens.count(text)

    def close(self) -> None:
        """Nothing to free: each call has a connection of its own, and the model stays with its server."""

    def _chat(
        self,
        messages: Sequence[ChatMessage],
        end: _End,
        connections: Connections | None,
        timeout: float,
        *,
        max_tokens: int,
        **wanted: Any,
    ) -> Generator[ChatResponse, None, None]:
        """The pieces of a streamed chat, to its end. What is `wanted` beside the text is asked for until it is refused.

        Raises the errors of `stream`.
        """
        wanted |= {"seed": self._seed, "logprobs": True, "stream_options": {"include_usage": True}}
        wanted |= {"chat_template_kwargs": {"enable_thinking": False}}  # as vLLM and llama.cpp take it
        with self._server.connect(timeout, connections) as client:
            while True:
                sent = {name: value for name, value in wanted.items() if name not in self._refused}
                try:
                    yield from self._streamed(client, messages, end, max_tokens, sent)
                    return
                except openai.APIStatusError as error:
                    refused = {name for name in sent if name in error.response.text}
                    if error.status_code not in (400, 422) or not refused:
                        raise self._server.refusal(error.response, self.model) from None  # it may repeat the key
                    self._refused |= refused

    def _streamed(
        self,
        client: httpx.Client,
        messages: Sequence[ChatMessage],
        end: _End,
        max_tokens: int,
        sent: dict[str, Any],
    ) -> Iterator[ChatResponse]:
        chat = self._model(client).stream_chat(messages, max_tokens=max_tokens, timeout=client.timeout, extra_body=sent)
        try:
            with closing(chat) as replies:
                for reply in replies:
                    end.read(reply.raw)
                    yield reply
        except openai.APIStatusError:
            raise
        except openai.APIConnectionError as error:
            raise error.__cause__ or error from error
        except openai.APIError as error:  # an error in place of a piece
            raise self._server.interrupted(self._server.words(error.message)) from error
        except JSONDecodeError as error:
            raise self._server.interrupted("its last line was cut") from error
        if end.pieces == 0:
            raise self._server.not_openai()
        if end.finish is None:
            raise self._server.interrupted("the answer has no end")

    def _model(self, client: httpx.Client) -> OpenAILike:
        # the key is the client's own matter: what LlamaIndex does not know it cannot log
        common: dict[str, Any] = {"api_base": self._server.address, "api_key": "none", "http_client": client}
        try:
            return OpenAILike(model=self.model, temperature=0.0, is_chat_model=True, max_retries=0, **common)
        except ValueError as error:
            raise ModelMissing(
                f"Model {self.model!r} is known to answer only by OpenAI's Responses API: choose another with --model."
            ) from error

    def _completion(self, messages: Sequence[ChatMessage], end: _End, logprobs: Sequence[float] = ()) -> Completion:
        """The counts are 0 where the server gives none."""
        read, texts = end.prompt_tokens, [message.content or "" for message in messages]
        if not self._tokens.learn(texts, read):
            raise EngineError(
                f"The server at {self._server.address} cut the prompt: it read {read} tokens, fewer than there are "
                "words. Give the model a larger window there, or show it less with DATELINE_EVIDENCE_TOKENS."
            )
        return Completion(
            prompt_tokens=read,
            cached_tokens=end.cached_tokens,
            completion_tokens=end.completion_tokens,
            truncated=end.finish == "length",
            mean_logprob=sum(logprobs) / len(logprobs) if logprobs else None,
        )


class _End:
    """Gathers from a stream's pieces how it ended; what the server does not count is 0."""

    def __init__(self) -> None:
        self.pieces = self.prompt_tokens = self.cached_tokens = self.completion_tokens = 0
        self.finish: str | None = None

    def read(self, chunk: Any) -> None:
        self.pieces += 1
        for choice in chunk.choices:
            self.finish = choice.finish_reason or self.finish
        if usage := chunk.usage:
            details = usage.prompt_tokens_details
            self.prompt_tokens, self.completion_tokens = usage.prompt_tokens or 0, usage.completion_tokens or 0
            self.cached_tokens = (details and details.cached_tokens) or 0


def _thinks(reply: ChatResponse) -> bool:
    return bool(reply.additional_kwargs.get("thinking_delta"))


def _tokens(reply: ChatResponse) -> list[Any]:
    """What was written, with its log-probabilities; nothing where the server tells none."""
    choices = cast(Any, reply.raw).choices
    return [token for choice in choices if choice.logprobs for token in choice.logprobs.content or ()]
