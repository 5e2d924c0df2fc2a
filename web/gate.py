"""What Gradio may be asked: the routes that the page and Gradio's own client use, and on each only what they send.

Gradio serves far more than the page needs (any public address fetched on demand, monitoring, recordings), lets whoever
reaches its queue call every event by number, and copies the file that a value names into a folder that it serves. So
it stands behind this gate: an unknown route is no route, an event that is not offered to programs is the page's alone,
and a value may name only a file that the same reader has uploaded. What Gradio keeps under a name that the browser has
chosen (a session with its events, an upload's progress) it keeps under that reader's own form of the name.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Container, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.decode import storable
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
_CHOSEN = {
    "/gradio_api/queue/data": "session_hash", UPLOAD: "upload_id", "/gradio_api/upload_progress": "upload_id",
}  # fmt: skip
"""The parameter of a route whose value the browser has chosen, as a name."""
_LONGEST_NAME = 255
"""Bytes of a file's name: over a longer one the system itself is in trouble."""
_HEARTBEAT = "/gradio_api/heartbeat/"


class Refused(Exception):
    """This request is not answered."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Gate:
    """Gradio's app, as far as the page needs it. Stands behind `web.access.Door`, which names the reader."""

    def __init__(self, gradio: ASGIApp, page: gr.Blocks, uploads: Uploads) -> None:
        self._gradio, self._page, self._uploads = gradio, page, uploads

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
        served = any(fnmatchcase(path, served) for served in ROUTES.get(scope["method"], ()))
        if not served or max(len(name.encode()) for name in path.split("/")) > _LONGEST_NAME:
            raise Refused(404, "There is nothing here.")
        reader = reader_of(request)
        if path in PAGES and not is_program(request):
            request.session["page"] = True
        if path in EVENTS:
            event = _read(await _body(receive))
            self._check_event(event, request)
            return _told_again(_written(event), receive), send
        if path in _CHOSEN:
            self._own_parameter(scope, reader, path)
        elif path.startswith(_HEARTBEAT):
            before, _, session = scope["path"].rpartition("/")
            scope["path"] = f"{before}/{_own(reader, session)}"
            scope["raw_path"] = scope["path"].encode()
        if path == UPLOAD:
            self._check_page(request)
            return receive, self._noted(reader, send)
        return receive, send

    def _own_parameter(self, scope: Scope, reader: str, path: str) -> None:
        """Has Gradio look for what this reader calls so. Raises Refused for events that it does not hold."""
        given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        told = {_CHOSEN[path]: _own(reader, given[_CHOSEN[path]])} if _CHOSEN[path] in given else {}
        if path == "/gradio_api/queue/data" and told.get("session_hash") not in self._heard():
            raise Refused(404, "This page is not known here, or not any more: load it anew.")
        scope["query_string"] = urlencode(told).encode()

    def _heard(self) -> Container[str | None]:
        """The sessions whose events Gradio holds: asked for another's, it fails in the middle of its answer."""
        return self._page._queue.pending_messages_per_session

    def _check_event(self, event: dict[str, Any], request: HTTPConnection) -> None:
        reader, number = reader_of(request), event.get("fn_index")
        called = self._page.fns.get(number) if type(number) is int else None
        if called is None:
            raise Refused(404, "There is no such event.")
        if called.api_visibility != "public":
            self._check_page(request)
        if not isinstance(session := event.get("session_hash"), str | None):
            raise Refused(400, "The name of a session is text.")
        if session is not None:
            event["session_hash"] = _own(reader, session)
        for path in _files(event):
            if not self._uploads.holds(reader, path):
                raise Refused(403, "Only a file that was uploaded here, a moment ago and by you, can be named.")
        if called.queue and path_of(request.scope) != EVENTS[0]:
            raise Refused(400, f"This event has its place in the queue: send it to {EVENTS[0]}.")

    def _check_page(self, request: HTTPConnection) -> None:
        if is_program(request) or not request.session.get("page"):
            raise Refused(403, "This is the page's own: programs use /api, /v1, /mcp, or /ask, /search and /article.")

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


def _own(reader: str, name: str) -> str:
    """What this reader calls `name`, as Gradio is told: whoever learns the name has not the reader's."""
    return hashlib.sha256(json.dumps([reader, name]).encode()).hexdigest()


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Refused(400, "An event is a JSON object.")
    return event


def _written(event: dict[str, Any]) -> bytes:
    """As JSON whose strings are characters: half a one, which a browser may send, is none."""
    try:
        return storable(json.dumps(event, ensure_ascii=False, allow_nan=False)).encode()
    except ValueError:
        raise Refused(400, "A number in it is none: send one that is finite.") from None


async def _body(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The event was cut short.")
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
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
