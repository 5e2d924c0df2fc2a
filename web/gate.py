"""What Gradio may be asked: the routes that the page and Gradio's own client use, and on each only what they send.

Gradio serves far more than the page needs (any public address fetched on demand, monitoring, recordings), lets whoever
reaches its queue call every event by number, and copies the file that a value names into a folder that it serves. So
it stands behind this gate: an unknown route is no route, an event that is not offered to programs is the page's alone,
and a value may name only a file that the same reader has uploaded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.access import is_program, path_of, reader_of
from web.uploads import Uploads

if TYPE_CHECKING:
    import gradio as gr

PAGES = ("/", "/articles", "/timeline", "/questions", "/runs")
EVENTS = ("/gradio_api/queue/join", "/gradio_api/run/predict")
UPLOAD = "/gradio_api/upload"
ROUTES = {
    "GET": (
        *PAGES, "/config", "/theme.css", "/favicon.ico", "/assets/*", "/static/*", "/gradio_api/info",
        "/gradio_api/heartbeat/*", "/gradio_api/queue/data", "/gradio_api/upload_progress",
    ),
    "POST": (*EVENTS, UPLOAD),
}  # fmt: skip
"""All of Gradio that is served, by method; * stands for any rest of the path."""
_LONGEST = 4 * 2**20
"""Bytes of an event: what is written into the boxes of the page."""
_SESSIONS = 10_000


class Refused(Exception):
    """This request is not answered."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Gate:
    """Gradio's app, as far as the page needs it. Stands behind `web.access.Door`, which names the reader."""

    def __init__(self, gradio: ASGIApp, page: gr.Blocks, uploads: Uploads) -> None:
        self._gradio, self._page, self._uploads = gradio, page, uploads
        self._sessions: dict[str, str] = {}  # Gradio's, each with the reader who began it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._gradio(scope, receive, send)
            return
        try:
            receive, send = await self._passed(scope, receive, send)
        except Refused as refused:
            answer: Response = PlainTextResponse(str(refused), status_code=refused.status)
            await answer(scope, receive, send)
        else:
            await self._gradio(scope, receive, send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """How Gradio is to hear and answer this request. Raises Refused."""
        path, request = path_of(scope), HTTPConnection(scope)
        if not any(fnmatchcase(path, served) for served in ROUTES.get(scope["method"], ())):
            raise Refused(404, "There is nothing here.")
        reader = reader_of(request)
        if path in PAGES and not is_program(request):
            request.session["page"] = True
        if path in EVENTS:
            event = _read(await _body(receive))
            self._check_event(event, request)
            return _told_again(json.dumps(event).encode(), receive), send
        if path == UPLOAD:
            self._check_page(request)
            return receive, self._noted(reader, send)
        if path.startswith("/gradio_api/heartbeat/"):
            self._check_session(path.rpartition("/")[2], reader)
        elif path == "/gradio_api/queue/data":
            for session in parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", []):
                self._check_session(session, reader)
        return receive, send

    def _check_event(self, event: dict[str, Any], request: HTTPConnection) -> None:
        reader, number = reader_of(request), event.get("fn_index")
        called = self._page.fns.get(number) if type(number) is int else None
        if called is None:
            raise Refused(404, "There is no such event.")
        if called.api_visibility != "public":
            self._check_page(request)
        self._check_session(event.get("session_hash"), reader)
        for path in _files(event):
            if not self._uploads.holds(reader, path):
                raise Refused(403, "Only a file that was uploaded here, a moment ago and by you, can be named.")

    def _check_page(self, request: HTTPConnection) -> None:
        if is_program(request) or not request.session.get("page"):
            raise Refused(403, "This is the page's own: programs use /api, /v1, /mcp, or /ask, /search and /article.")

    def _check_session(self, session: object, reader: str) -> None:
        """A session of Gradio's belongs to the user or program that named it first; its name is random.

        Where nobody is known, a client that keeps no cookies is another reader with every request.
        """
        if not isinstance(session, str | None):
            raise Refused(400, "The name of a session is text.")
        if session is None or reader.startswith("browser:"):
            return
        if self._sessions.setdefault(session, reader) != reader:
            raise Refused(403, "This is another reader's page: load it anew.")
        if len(self._sessions) > _SESSIONS:
            del self._sessions[next(iter(self._sessions))]

    def _noted(self, reader: str, send: Send) -> Send:
        """Gradio's answer to an upload, which names the files, read on its way."""
        told = bytearray()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.body":
                told.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._uploads.keep(reader, _paths(bytes(told)), time.monotonic())
            await send(message)

        return noted


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Refused(400, "An event is a JSON object.")
    return event


async def _body(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The event was cut short.")
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
        if len(body) > _LONGEST:
            raise Refused(413, "This is too long.")
    return bytes(body)


def _told_again(body: bytes, receive: Receive) -> Receive:
    """What was read and judged, as the one thing that is to be heard."""
    before: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def told() -> Message:
        return before.pop() if before else await receive()

    return told


def _files(value: object) -> Iterator[object]:
    """Whatever Gradio could take for the path of a file: it looks for objects with a `path` at any depth."""
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "path" in one:
                yield one["path"]
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _paths(answer: bytes) -> Sequence[str]:
    """The files of an upload; none where it was refused."""
    try:
        named = json.loads(answer)
    except ValueError:
        return []
    return [path for path in named if isinstance(path, str)] if isinstance(named, list) else []
