"""A double of an OpenAI-compatible server: real HTTP on loopback, speaking what llama.cpp's server was recorded to say.

    with OpenAIDouble() as server:                                    # the recorded chat
        OpenAIServer.of(server.url, None).models()
        server.requests[-1].headers                                   # what arrived

    OpenAIDouble(chat=events(piece("Yes"), ending="cut"))             # dies

What other servers say (vLLM, LM Studio) is written by hand, after their documentation, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from ollama_double import EVENTS, JSON, Answer, OllamaDouble, Reply, Request, _reply, whole

MODEL = "qwen2.5-coder-1.5b-instruct-q4_k_m"
_ABOUT: dict[str, Any] = {
    "created": 1795811034,
    "id": "chatcmpl-MC3aalOSshGG8HkisKyWiwlJGNTRUq6G",
    "model": MODEL,
    "system_fingerprint": "b0-unknown",
    "object": "chat.completion.chunk",
}
_USAGE = {
    "completion_tokens": 3,
    "prompt_tokens": 39,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 38},
}
_META = {
    "vocab_type": 2, "n_vocab": 151936, "n_ctx": 1024, "n_ctx_train": 32768, "n_embd": 1536, "n_params": 1777088000,
    "size": 1111370240, "ftype": "Q4_K - Medium",
}  # fmt: skip
YES = {"Yes": -0.016009971499443054, "No": -4.220040798187256}
"""The likeliest first tokens of the recorded answer."""


# -- what llama.cpp's server was recorded to say


def served(name: str = MODEL, **told: Any) -> dict[str, Any]:
    """A model in /v1/models."""
    return {"id": name, "object": "model", "created": 1795811030, "owned_by": "llamacpp"} | (told or {"meta": _META})


def piece(text: str | None, likeliest: dict[str, float] | None = None, **delta: Any) -> dict[str, Any]:
    """What is streamed with one token; `likeliest` with it, if it is asked how sure it is."""
    choice: dict[str, Any] = {"finish_reason": None, "index": 0, "delta": {"content": text} | delta}
    if likeliest:
        listed = [{"id": 9454, "token": token, "bytes": [], "logprob": p} for token, p in likeliest.items()]
        choice["logprobs"] = {"content": [listed[0] | {"top_logprobs": listed}]}
    return {"choices": [choice]} | _ABOUT


def ended(finish: str = "stop") -> dict[str, Any]:
    return {"choices": [{"finish_reason": finish, "index": 0, "delta": {}}]} | _ABOUT


def counted(**usage: Any) -> dict[str, Any]:
    return {"choices": []} | _ABOUT | {"usage": _USAGE | usage}


def events(*parts: dict[str, Any] | str, ending: Literal["clean", "cut", "held"] = "clean") -> Reply:
    """These parts as server-sent events; text as it is."""
    lines = [part if isinstance(part, str) else f"data: {json.dumps(part)}\n" for part in parts]
    return Reply(lines, kind=EVENTS, ending=ending)


def said(pieces: Iterable[str], **usage: Any) -> Reply:
    """A whole answer of these pieces, each of which it was rather sure of."""
    written = [piece(None, role="assistant"), *(piece(text, {text: -0.25}) for text in pieces)]
    return events(*written, ended(), counted(**{"prompt_tokens": 390} | usage), "data: [DONE]\n")


def recorded_chat(request: dict[str, Any]) -> Reply:
    return events(
        piece(None, role="assistant"),
        piece("Yes", YES),
        piece(".", {".": -0.6754177808761597}),
        ended(),
        counted(),
        "data: [DONE]\n",
    )


def refuses(status: int, message: str, kind: str = "invalid_request_error", **more: Any) -> Reply:
    return whole({"error": {"code": status, "message": message, "type": kind} | more}, status)


NO_KEY = refuses(401, "Invalid API Key", "authentication_error")
NOT_FOUND = refuses(404, "File Not Found", "not_found_error")
TOO_LONG = refuses(
    400,
    "request (3030 tokens) exceeds the available context size (1024 tokens), try increasing it",
    "exceed_context_size_error",
    n_prompt_tokens=3030,
    n_ctx=1024,
)


# -- the server


class OpenAIDouble(OllamaDouble):
    """An OpenAI-compatible server below /v1, for as long as the `with` lasts; `requests` keeps what arrived."""

    def __init__(
        self,
        *,
        chat: Answer = recorded_chat,
        models: Sequence[dict[str, Any]] = (served(),),
        key: str = "",
        everything: Answer | None = None,
    ) -> None:
        """`key` is what it wants to hear. `everything` answers every request instead, whatever it asks."""
        super().__init__(chat=chat, models=models, everything=everything)
        self.url = f"{self.url}/v1"
        self.key = key

    @property
    def chats(self) -> list[dict[str, Any]]:
        return [request.json for request in self.requests if request.path == "/v1/chat/completions"]

    def answer(self, request: Request) -> Reply:
        if self._everything:
            return _reply(self._everything, request.json or {})
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return NO_KEY
        if request.path == "/v1/models":
            return Reply([json.dumps({"object": "list", "data": self.models})], kind=JSON)
        return _reply(self.chat, request.json) if request.path == "/v1/chat/completions" else NOT_FOUND
