"""The app as one HTTP server: the page, and the routes beside it that answer without Gradio's queue."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from fastapi import FastAPI, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from mcp.server.transport_security import TransportSecuritySettings
from starlette.middleware.sessions import SessionMiddleware
from starlette.routing import Mount

from index.types import Article, Span, as_json
from rag import batch
from rag.assistant import Assistant
from rag.errors import ArticleMissing, DatelineError, SettingsError
from rag.export import KINDS, Form, exported, form_of
from rag.printing import say
from rag.timeline import as_csv, as_markdown
from web import access, api, badge, completions, mcp_server, runs
from web.access import Access, Door, reader_of, secret_key
from web.bodies import Bodies
from web.controller import Controller
from web.corpus import MOST_MEGABYTES
from web.errors import ConversationMissing, TooOften, http_status
from web.gate import Gate
from web.render import carriers_html, pane_html, trouble_html
from web.seal import HEADERS

if TYPE_CHECKING:
    import gradio as gr
    import uvicorn

STATIC = Path(__file__).parent / "static"
_NO_SECOND_CHECK = TransportSecuritySettings(enable_dns_rebinding_protection=False)
"""Host and Origin of every request are checked before, by the app's own middleware."""
_PORTS = range(7860, 7960)
_Count = Annotated[int, Query(ge=0, lt=2**63)]
"""A number as SQLite has them."""


def app(controller: Controller, page: gr.Blocks, allowed: Access) -> FastAPI:
    """The whole app, not yet serving."""
    import gradio as gr

    room, conversations, assistant = controller.room, controller.conversations, controller.assistant
    home = assistant.settings.data_dir.absolute()
    private = [str(home / name) for name in ("secret", "access.db", "conversations.db", "uploads")]
    mcp = mcp_server.server(room)
    # JSON instead of a stream of one event; no sessions, as the tools keep nothing between calls
    by_mcp = mcp.streamable_http_app(json_response=True, stateless_http=True, transport_security=_NO_SECOND_CHECK)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield
        controller.batches.close()
        controller.writer.close()
        controller.uploads.close()

    served = FastAPI(title="Dateline", docs_url=None, redoc_url=None, lifespan=lifespan)
    # the last one added sees a request first
    served.add_middleware(Bodies)
    served.add_middleware(Door, access=allowed)
    served.add_middleware(
        SessionMiddleware, secret_key=secret_key(home), session_cookie="dateline",
        same_site="strict", max_age=365 * 24 * 3600,
    )  # fmt: skip
    served.mount("/page", StaticFiles(directory=STATIC))  # Gradio has its own /static

    served.router.routes.extend(by_mcp.routes)
    served.include_router(access.routes(allowed))
    served.include_router(api.routes(room))
    served.include_router(completions.routes(room))
    served.include_router(badge.routes(room))
    served.include_router(runs.routes(controller.runs))

    @served.exception_handler(RequestValidationError)
    async def refused(_: Request, error: RequestValidationError) -> Response:
        # FastAPI's own answer, but in ASCII: it repeats what was sent, and that may hold half a character
        told = json.dumps({"detail": jsonable_encoder(error.errors())})
        return Response(told, status_code=422, media_type="application/json")

    @served.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> Response:
        told = "Dateline made a mistake: the terminal says which. Try again, and report it if it comes back."
        # this answer alone does not pass the door; and uvicorn ends the connection then
        return JSONResponse({"detail": told}, 500, HEADERS | {"connection": "close"})

    @served.exception_handler(DatelineError)
    async def failed(_: Request, error: DatelineError) -> Response:
        headers = {"Retry-After": str(error.wait)} if isinstance(error, TooOften) else None
        return JSONResponse({"detail": str(error)}, http_status(error), headers)

    @served.get("/read", response_class=HTMLResponse)
    def read() -> str:
        return controller.read()

    @served.get("/pane", response_class=HTMLResponse)
    def pane(
        request: Request,
        turn: _Count = 0,
        number: _Count = 0,
        hit: _Count | None = None,
        carrier: str | None = None,
        article: str | None = None,
        start: _Count | None = None,
        end: _Count | None = None,
    ) -> Any:
        try:
            if article is not None:
                here = None if start is None or end is None else Span(start, end)
                return pane_html(assistant.article(article), here, [], "")
            asked = conversations.turn(reader_of(request), turn)
            return _pane(assistant, turn, asked.answer or {}, number, hit, carrier)
        except (ConversationMissing, ArticleMissing, LookupError) as error:
            told = str(error) if isinstance(error, DatelineError) else "This quote is not there any more."
            return HTMLResponse(trouble_html(told), status_code=404)  # escaped: it may name what was asked for

    @served.get("/export/timeline.{form}")
    def timeline(
        form: Literal["csv", "md", "json"], topic: str, since: date | None = None, until: date | None = None
    ) -> Response:
        entries = assistant.timeline(topic, since=since, until=until)
        told = {
            "csv": lambda: as_csv(entries),
            "md": lambda: as_markdown(topic, entries),
            "json": lambda: json.dumps(as_json(entries), ensure_ascii=False, indent=2),
        }
        return _file(f"timeline.{form}", told[form]().encode())

    @served.get("/export/answers.{form}")
    def answers(request: Request, form: batch.Form) -> Response:
        content = controller.batches.file(reader_of(request), form)
        if content is None:
            return PlainTextResponse("There are no answers: send a file of questions first.", status_code=404)
        return _file(f"answers.{form}", content)

    @served.get("/export/{name}")
    def export(request: Request, name: str) -> Response:
        id = name.partition(".")[0]  # not {id}.{form}: of "id.csl.json" that would take "csl" for the id's
        try:
            title, turns = conversations.title(reader_of(request), id), conversations.turns(reader_of(request), id)
            content = exported(form := form_of(name), title, [one.told() for one in turns], assistant.source)
        except (ConversationMissing, SettingsError) as error:
            return PlainTextResponse(str(error), status_code=404)
        return _file(f"dateline-{id}.{form}", content)

    # not given as Gradio's `css`, which drops what stands in media queries; nor linked, for Gradio adds this head when
    # its own script runs: the first frames would be without. Every page is at the same depth, so that what is beside it
    # is named without the sub-path under which all may be served.
    head = f"<style>{(STATIC / 'page.css').read_text(encoding='utf-8')}</style>"
    head += '<script src="page/page.js" defer></script>'
    head += '<script src="page/engine.js" defer></script>'
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="SSR mode is not supported")  # nor asked for
        gr.mount_gradio_app(
            served, page, path="/", footer_links=[], show_error=True, ssr_mode=False, run_history=False,
            enable_monitoring=False, max_file_size=f"{MOST_MEGABYTES}mb", head=head, theme=_theme(),
            allowed_paths=[], blocked_paths=private,
        )  # fmt: skip
    # Gradio looks at which files an event names only in an app that it has launched itself: the gate's second lock
    page.has_launched = True
    (mounted,) = (route for route in served.routes if isinstance(route, Mount) and isinstance(route.app, gr.routes.App))
    mounted.app = Gate(mounted.app, page, controller.uploads)
    return served


def serve(served: FastAPI, host: str, port: int | None) -> None:
    """Listens until it is stopped. Raises SettingsError if the port is taken."""
    import uvicorn

    listening = _listen(host, port)
    say(f"Dateline is at http://{host}:{listening.getsockname()[1]} (Ctrl-C ends it)", err=True)
    logging.getLogger("uvicorn.error").addFilter(_unless_at_the_end)
    uvicorn.Server(configured(served)).run(sockets=[listening])


def configured(served: FastAPI, log_level: str = "warning") -> uvicorn.Config:
    """How the app is served."""
    import uvicorn

    from web.connections import Patient

    # no `proxy_headers`: they would put the reader's address in place of the proxy's, by which that is known
    return uvicorn.Config(
        served, http=Patient, ws="none", log_level=log_level, timeout_graceful_shutdown=1, proxy_headers=False
    )


def _unless_at_the_end(record: logging.LogRecord) -> bool:
    """Whether to tell of it: that pages were still open when Dateline was stopped is no fault."""
    cancelled = record.exc_info and record.exc_info[0] is asyncio.CancelledError
    return not (cancelled or "timeout graceful shutdown exceeded" in record.getMessage())


def _listen(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    trouble = OSError("no free port")
    for candidate in [port] if port is not None else _PORTS:
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, candidate))
            listening.listen()  # whoever reads the address and comes at once waits, instead of being turned away
            return listening
        except OSError as error:
            listening.close()
            trouble = error
    where = f"port {port}" if port is not None else f"any port from {_PORTS[0]} to {_PORTS[-1]}"
    raise SettingsError(f"Cannot listen on {host}, {where}: {trouble}. Choose another with --port.")


def _theme() -> Any:
    import gradio as gr

    # the system's own fonts: Gradio's come from elsewhere
    return gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


def _pane(
    assistant: Assistant, turn: int, answer: dict[str, Any], number: int, hit: int | None, carrier: str | None
) -> str:
    """The article of citation `number`, or of `hit`; in `carrier`'s copy if that is given."""
    if hit is not None:
        passage = answer["hits"][hit]["passage"]
        return pane_html(assistant.article(passage["article"]), Span(passage["start"], passage["end"]), [], "")
    citation = {one["number"]: one for one in answer["citations"]}[number]
    shown = carrier if carrier is not None and carrier in citation["carriers"] else str(citation["article"])
    article = assistant.article(shown)
    here = (
        Span(citation["start"], citation["end"]) if shown == citation["article"] else _found(article, citation["quote"])
    )
    others = [
        Span(one["start"], one["end"])
        for one in answer["citations"]
        if one["article"] == shown and one["number"] != number
    ]
    return pane_html(article, here, others, carriers_html(turn, number, citation["carriers"], shown))


def _file(name: str, content: bytes) -> Response:
    ending = name.partition(".")[2]
    kind = {"csv": "text/csv", "jsonl": "application/jsonl"}.get(ending) or KINDS[cast("Form", ending)]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)


def _found(article: Article, quote: str) -> Span | None:
    """Where a copy carries the very words; None if its wording differs a little."""
    at = article.text.find(quote)
    return Span(at, at + len(quote)) if at >= 0 else None
