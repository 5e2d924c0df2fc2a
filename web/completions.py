"""`/v1/chat/completions` and `/v1/models` as OpenAI's clients speak them, so that any chat client can ask the articles.

Only checked sentences are streamed: a draft that may be withheld never leaves. Citations stand in the message as [n]
with their quotes below it, and as `annotations` of the type url_citation, whose indices count the message's characters.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from index.types import as_json
from rag.errors import DatelineError, QuestionError
from rag.types import Answer, Citation
from rag.wording import about
from web.access import reader_of
from web.asking import Asking
from web.engine_room import EngineRoom
from web.errors import http_status

MODEL = "dateline"


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: str = ""


class Said(BaseModel):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class Options(BaseModel):
    """Of OpenAI's stream_options, the one that means something here."""

    include_usage: bool = False


class Wanted(BaseModel):
    """A request. What is not named here (temperature, tools, …) is accepted and does nothing: answers are greedy."""

    model: str = MODEL
    messages: list[Said]
    stream: bool = False
    stream_options: Options | None = None


def routes(room: EngineRoom) -> APIRouter:
    """The two routes; questions stand in one queue with all others."""
    router = APIRouter(prefix="/v1")

    @router.get("/models")
    def models() -> Any:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "dateline"}]}

    @router.post("/chat/completions")
    async def completions(wanted: Wanted, request: Request) -> Any:
        said = [one for one in wanted.messages if one.role in ("user", "assistant")]
        if not said or said[-1].role != "user":
            return _error(QuestionError("The last message must be the user's: it is the question."))
        history: list[Any] = [{"role": one.role, "content": _spoken(one.text())} for one in said[:-1]]
        asking = Asking(room, reader_of(request), said[-1].text(), history, {}, threading.Event())
        try:
            answer = await asking.answer(request.is_disconnected)
        except DatelineError as error:
            return _error(error)
        reply = _Reply(answer, str(request.base_url))
        if wanted.stream:
            usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
            return StreamingResponse(reply.chunks(usage), media_type="text/event-stream")
        return reply.whole()

    return router


class _Reply:
    """An answer in OpenAI's forms."""

    def __init__(self, answer: Answer, base: str) -> None:
        self._answer, self._base = answer, base
        quotes = "\n".join(_quoted(citation) for citation in answer.citations)
        self._text = f"{answer.text}\n\n{quotes}" if quotes else answer.text
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())

    def whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self._text, "refusal": None, "annotations": self._annotations()}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return self._named("chat.completion") | {"choices": [choice], "usage": self._usage()}

    async def chunks(self, usage: bool) -> AsyncIterator[str]:
        """Server-sent events: the message in its paragraphs, then its annotations."""
        parts = re.findall(r".+?(?:\n\n|\Z)", self._text, re.DOTALL)
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": part} for part in parts)]
        if self._answer.citations:
            deltas.append({"annotations": self._annotations()})
        for delta in deltas:
            yield self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])
        yield self._chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if usage:
            yield self._chunk([], usage=self._usage())
        yield "data: [DONE]\n\n"

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> str:
        event = self._named("chat.completion.chunk") | {"choices": choices} | more
        return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"

    def _named(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": MODEL}

    def _usage(self) -> dict[str, Any]:
        usage = self._answer.usage
        return {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        }

    def _annotations(self) -> list[dict[str, Any]]:
        """One for each [n] in the answer's own text."""
        by_number = {str(citation.number): citation for citation in self._answer.citations}
        return [
            {"type": "url_citation", "url_citation": self._cited(by_number[mark[1]], mark.start(), mark.end())}
            for mark in re.finditer(r"\[(\d+)\]", self._answer.text)
            if mark[1] in by_number
        ]

    def _cited(self, citation: Citation, start: int, end: int) -> dict[str, Any]:
        url = f"{self._base}api/articles/{quote(citation.article)}"
        return {"start_index": start, "end_index": end, "title": citation.title, "url": url} | {
            "citation": as_json(citation)
        }


def _quoted(citation: Citation) -> str:
    told = ", ".join(about(as_json(citation)))
    return f"[{citation.number}] “{' '.join(citation.quote.split())}” ({told})"


def _spoken(text: str) -> str:
    """An earlier reply without the quotes below it."""
    return re.split(r"\n\n(?=\[1\] “)", text)[0]


def _error(error: DatelineError) -> JSONResponse:
    """In OpenAI's form."""
    status = http_status(error)
    kind = "invalid_request_error" if status == 400 else "server_error"
    told = {"message": str(error), "type": kind, "param": None, "code": type(error).__name__}
    return JSONResponse({"error": told}, status_code=status)
