"""`/v1/chat/completions` and `/v1/models` as OpenAI's clients speak them, so that any chat client can ask the articles.

Only checked sentences are streamed, each as soon as it is: a draft that may be withheld never leaves. Citations stand
in the message as [n] with their quotes below it, and as `annotations` of the type url_citation, whose indices count the
message's characters.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from index.types import as_json
from rag.errors import DatelineError, QuestionError
from rag.types import Answer, AnswerDone, Citation, Event, SentenceChecked
from rag.wording import about
from web.access import reader_of
from web.asking import Asking
from web.engine_room import EngineRoom, Told
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
        reply = _Reply(str(request.base_url))
        if not wanted.stream:
            try:
                return reply.whole(await asking.answer(request.is_disconnected))
            except DatelineError as error:
                return _error(error)
        usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
        events = asking.events()
        try:
            first = await _first(events)  # what goes wrong before a word is said has a status of its own
        except DatelineError as error:
            return _error(error)
        return StreamingResponse(reply.chunks(first, events, usage), media_type="text/event-stream")

    return router


async def _first(events: AsyncGenerator[Event | Told]) -> Event | Told:
    """The first of the events that has words in it; those before it are passed over."""
    async for event in events:
        if isinstance(event, AnswerDone) or (isinstance(event, SentenceChecked) and event.shown):
            return event
    raise AssertionError("events end with AnswerDone")


class _Reply:
    """An answer in OpenAI's forms."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())

    def whole(self, answer: Answer) -> dict[str, Any]:
        text, annotations = self._told(answer)
        message = {"role": "assistant", "content": text, "refusal": None, "annotations": annotations}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return self._named("chat.completion") | {"choices": [choice], "usage": _usage(answer)}

    async def chunks(
        self, first: Event | Told, events: AsyncGenerator[Event | Told], usage: bool
    ) -> AsyncIterator[str]:
        """Server-sent events: each sentence as it is checked, then the quotes, then the annotations.

        What goes wrong in the middle is told as OpenAI's servers do, by an event with an error.
        """
        yield self._delta({"role": "assistant", "content": ""})
        said, event = "", first
        try:
            async with aclosing(events):
                while not isinstance(event, AnswerDone):
                    if isinstance(event, SentenceChecked) and event.shown:
                        said += event.shown
                        yield self._delta({"content": event.shown})
                    event = await anext(events)
        except DatelineError as error:
            yield f"data: {json.dumps(_told_as_error(error), ensure_ascii=False)}\n\n"
            return
        text, annotations = self._told(event.answer, said)
        if rest := text.removeprefix(said):
            yield self._delta({"content": rest})
        if annotations:
            yield self._delta({"annotations": annotations})
        yield self._chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if usage:
            yield self._chunk([], usage=_usage(event.answer))
        yield "data: [DONE]\n\n"

    def _told(self, answer: Answer, said: str = "") -> tuple[str, list[dict[str, Any]]]:
        """The message and its annotations, one for each [n] of the answer; `said` is the beginning that is out already.

        Where the whole answer begins otherwise (the newest of several that differ comes first), it follows.
        """
        before = "" if answer.text.startswith(said) else f"{said}\n\nIn the order of their dates: "
        quotes = "\n".join(_quoted(citation) for citation in answer.citations)
        text = "\n\n".join(filter(None, (f"{before}{answer.text}", quotes)))
        by_number = {str(citation.number): citation for citation in answer.citations}
        return text, [
            {
                "type": "url_citation",
                "url_citation": self._cited(by_number[mark[1]], len(before) + mark.start(), len(before) + mark.end()),
            }
            for mark in re.finditer(r"\[(\d+)\]", answer.text)
            if mark[1] in by_number
        ]

    def _delta(self, delta: dict[str, Any]) -> str:
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> str:
        event = self._named("chat.completion.chunk") | {"choices": choices} | more
        return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"

    def _named(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": MODEL}

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


def _usage(answer: Answer) -> dict[str, Any]:
    usage = answer.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _error(error: DatelineError) -> JSONResponse:
    return JSONResponse(_told_as_error(error), status_code=http_status(error))


def _told_as_error(error: DatelineError) -> dict[str, Any]:
    """In OpenAI's form."""
    kind = "invalid_request_error" if http_status(error) == 400 else "server_error"
    return {"error": {"message": str(error), "type": kind, "param": None, "code": type(error).__name__}}
