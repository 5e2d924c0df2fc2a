"""The Gradio app: what a reader can do, wired to `Assistant` and to the rooms in `web`."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.navbar import Navbar

from rag.errors import DatelineError, SettingsError
from web import corpus
from web.access import LOOPBACK, Access, Proxy, logged_in, own_names, reader_of
from web.asking import Asking
from web.desk import Desk
from web.errors import ConversationMissing
from web.forms import ArticleForm
from web.render import listed_html, narrowed_html, trouble_html
from web.users import Users

if TYPE_CHECKING:
    from fastapi import Request

    from rag.assistant import Assistant

_ACTS = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-act]');
  if (button) dateline.act(button, data => trigger('select', data));
});
"""


def serve(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    names: Collection[str] = (),
    proxy: Proxy | None = None,
    questions_per_minute: int = 0,
) -> None:
    """Opens the app and blocks until it is stopped. The engine is fetched and loaded meanwhile.

    `names` by which others call this machine; without any, and not on the loopback address, it answers to every name.
    `questions_per_minute` of one reader; 0: as many as they like.
    Raises SettingsError if the port is taken, or if others could come in and nothing says who may.
    """
    from web import server

    users = Users(assistant.settings.data_dir / "access.db")
    if host not in LOOPBACK and not users.anybody() and not proxy:
        raise SettingsError(
            f"On {host} others can come in: say who may with `dateline user add NAME` first, or let a proxy that knows "
            "them say so with --proxy-header."
        )
    desk = Desk.of(assistant, questions_per_minute)
    app = server.app(desk, build(desk), Access(users, own_names(host, names), proxy))
    desk.room.prepare()
    try:
        server.serve(app, host, port)
    finally:
        desk.room.pause()  # a fetch that goes on would hold the program up


def build(desk: Desk) -> gr.Blocks:
    """The page, not yet serving."""
    conversations = desk.conversations
    page: gr.Blocks
    with gr.Blocks(title="Dateline", analytics_enabled=False, fill_height=True) as page:
        Navbar(main_page_name="Ask")
        here = gr.State("")
        with gr.Sidebar(label="Conversations", open=False, elem_id="side"):
            fresh = gr.Button("New conversation", size="sm")
            find = gr.Textbox(placeholder="Search conversations", show_label=False, label="Search conversations")
            listed = gr.HTML(js_on_load=_ACTS, elem_id="listed", apply_default_css=False)
            with gr.Accordion("Narrow the articles", open=False):
                since = gr.Textbox(label="From", placeholder="2024-12-01", elem_id="since")
                until = gr.Textbox(label="Until", placeholder="2024-12-31", elem_id="until")
                leave = gr.Dropdown([], label="Leave out", multiselect=True, elem_id="leave")
        top = gr.HTML(elem_id="top", apply_default_css=False)
        talk = gr.HTML(js_on_load=_ACTS, elem_id="talk", apply_default_css=False)
        live = gr.HTML("", elem_id="live", apply_default_css=False)
        chips = gr.HTML(js_on_load=_ACTS, elem_id="chips", apply_default_css=False)
        with gr.Row(elem_id="ask"):
            box = gr.Textbox(
                placeholder="Ask the articles", label="Question", show_label=False, lines=1, max_lines=6, scale=9,
                autofocus=True, elem_id="box",
            )  # fmt: skip
            send = gr.Button("Ask", variant="primary", scale=1, min_width=80, elem_id="send")
            stop = gr.Button("Stop", variant="stop", scale=1, min_width=80, elem_id="stop", visible=False)

        def view(request: gr.Request, conversation: str, words: str = "") -> dict[Any, Any]:
            """The page as it shows `conversation`; what is being answered there goes on by itself."""
            reader, busy = _reader(request), conversation in desk.running
            desk.viewing[str(request.session_hash)] = conversation
            return {
                here: conversation,
                talk: desk.shown(reader, conversation),
                listed: listed_html(conversations.listed(reader, words), conversation),
                live: "",
                send: gr.Button(visible=not busy),
                stop: gr.Button(visible=busy),
            }

        async def answer(
            question: str,
            conversation: str,
            since: str | None,
            until: str | None,
            leave: list[str] | None,
            request: gr.Request,
        ) -> AsyncIterator[dict[Any, Any]]:
            if conversation in desk.running:
                gr.Info("One question at a time: stop this one first.")
                yield {box: question}
                return
            if not question.strip():
                yield {box: ""}
                return
            reader = _reader(request)
            conversation = conversation or conversations.begin(reader)
            answering = desk.answer(reader, conversation, question.strip(), _narrowed(since, until, leave))
            try:
                first = await anext(answering)
                yield view(request, conversation) | {box: "", live: first}
                async for html in answering:
                    if desk.viewing.get(str(request.session_hash)) == conversation:
                        yield {live: html}
            finally:
                await answering.aclose()
            if desk.viewing.get(str(request.session_hash)) == conversation:
                yield view(request, conversation)

        async def act(
            event: gr.EventData,
            conversation: str,
            since: str | None,
            until: str | None,
            leave: list[str] | None,
            request: gr.Request,
        ) -> AsyncIterator[dict[Any, Any]]:
            asked, reader = event._data, _reader(request)
            if asked["act"] in ("up", "down"):
                conversations.judged(reader, int(asked["turn"]), asked["act"], asked.get("comment"))
                yield {talk: desk.shown(reader, conversation)}
                return
            if conversation in desk.running:
                gr.Info("One question at a time: stop this one first.")
                return
            question = asked.get("text", "")
            if asked["act"] in ("retry", "edit", "undo"):
                taken = conversations.back_to(reader, int(asked["turn"]))
                question, narrowed = taken.question, taken.narrowed
                since, until = narrowed.get("since", ""), narrowed.get("until", "")
                leave = narrowed.get("exclude", [])
                yield view(request, conversation)
            if asked["act"] == "edit":
                yield {box: question}
            elif asked["act"] in ("retry", "ask"):
                async for update in answer(question, conversation, since, until, leave, request):
                    yield update

        def manage(event: gr.EventData, conversation: str, words: str, request: gr.Request) -> dict[Any, Any]:
            asked, reader = event._data, _reader(request)
            if asked["act"] == "open":
                return view(request, asked["id"], words)
            if asked["act"] == "rename":
                conversations.rename(reader, asked["id"], asked.get("text", ""))
            elif conversation in desk.delete(reader, asked.get("id")):
                return view(request, "", words)
            return {listed: listed_html(conversations.listed(reader, words), conversation)}

        def opened(request: gr.Request) -> dict[Any, Any]:
            try:
                shown = view(request, request.query_params.get("c", ""))
            except ConversationMissing:
                shown = view(request, "")
            return shown | {top: desk.heading(logged_in(_asked(request))), leave: gr.Dropdown(desk.titles())}

        def narrowing(since: str | None, until: str | None, leave: list[str] | None) -> str:
            return narrowed_html(_narrowed(since, until, leave), removable=True)

        def widen(event: gr.EventData, left_out: list[str]) -> dict[Any, Any]:
            if event._data["id"] == "exclude":
                gone = event._data["text"].removeprefix("without ")
                return {leave: [id for id in left_out if id != gone]}
            return {since if event._data["id"] == "since" else until: ""}

        def found(words: str, conversation: str, request: gr.Request) -> str:
            return listed_html(conversations.listed(_reader(request), words), conversation)

        def cleared(request: gr.Request) -> dict[Any, Any]:
            return view(request, "")

        def left(request: gr.Request) -> None:
            desk.viewing.pop(str(request.session_hash), None)

        everything = [here, talk, listed, live, send, stop]
        unlimited: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
        narrow = [since, until, leave]
        page.load(opened, None, [*everything, top, leave], **unlimited)
        page.unload(left)
        gr.on([box.submit, send.click], answer, [box, here, *narrow], [*everything, box], **unlimited)
        talk.select(act, [here, *narrow], [*everything, box], **unlimited)
        gr.on([since.change, until.change, leave.change], narrowing, narrow, chips, **unlimited)
        chips.select(widen, [leave], narrow, **unlimited)
        listed.select(manage, [here, find], everything, **unlimited)
        find.change(found, [find, here], listed, **unlimited)
        fresh.click(cleared, None, everything, **unlimited)
        stop.click(desk.stop, here, None, queue=False, **unlimited)
        _named(desk)
    with page.route("Articles", "/articles"):
        _articles(desk)
    with page.route("Runs", "/runs"):
        _runs(desk)
    return page


def _named(desk: Desk) -> None:
    """What Gradio's own client can call by name; the same as the routes of `web.api`."""

    async def ask(question: str, request: gr.Request, since: str = "", until: str = "") -> dict[str, Any]:
        """The answer of `dateline ask --json`; `since` and `until` are days like 2024-12-05."""
        filters = {name: value or None for name, value in (("since", since), ("until", until))}
        asking = Asking(desk.room, _reader(request), question, [], filters, threading.Event())
        with _told():
            return (await asking.answer()).to_dict()

    def search(query: str, k: float = 10) -> list[dict[str, Any]]:
        """The `k` passages nearest to `query`, as `dateline search --json` has them."""
        with _told():
            return [hit.to_dict() for hit in desk.assistant.search(query, int(k))]

    def article(id: str) -> dict[str, Any]:
        """An article, its text exactly as citations count it."""
        with _told():
            return ArticleForm.of(desk.assistant.article(id)).model_dump(mode="json")

    for call in (ask, search, article):
        gr.events.api(call, api_name=call.__name__, concurrency_limit=None)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of ours as Gradio's, with their sentence."""
    try:
        yield
    except DatelineError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _articles(desk: Desk) -> None:
    """The page of the corpus."""
    Navbar(main_page_name="Ask")
    gr.HTML("<h1>Articles</h1>", elem_id="corpus-top", apply_default_css=False)
    plot = gr.Plot(show_label=False, container=False, label="Articles by date")
    with gr.Row():
        words = gr.Textbox(placeholder="Search titles, names and dates", label="Search", show_label=False, scale=3)
        order = gr.Dropdown(list(corpus.ORDERS), value=corpus.ORDERS[0], label="Order", show_label=False, scale=1)
    table = gr.HTML(js_on_load=_ACTS, elem_id="corpus", apply_default_css=False)
    told = gr.HTML(elem_id="told", apply_default_css=False)
    drop = gr.File(
        label=f"Add files: up to {corpus.MOST_FILES} at a time, {corpus.MOST_MEGABYTES} MB each",
        file_count="multiple", type="filepath", elem_id="drop",
    )  # fmt: skip
    with gr.Row():
        again = gr.Button("Read the folder again", size="sm", elem_id="again")
        cancel = gr.Button("Cancel", size="sm", variant="stop", visible=False, elem_id="cancel")

    def rows(words: str, order: str) -> str:
        try:
            articles = desk.assistant.articles
            table = corpus.table_html(corpus.chosen(articles.listed(), words, order))
            return table + corpus.skipped_html(articles.skipped())
        except DatelineError as error:
            return trouble_html(str(error))

    def shown(words: str, order: str) -> dict[Any, Any]:
        try:
            picture = corpus.timeline(desk.assistant.articles.listed())
        except DatelineError:
            picture = None  # the table says why
        return {table: rows(words, order), plot: picture}

    def watched(steps: Iterator[str], words: str, order: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        try:
            for html in steps:
                yield {told: html, cancel: gr.Button(visible=True)}
        except DatelineError as error:
            yield {told: trouble_html(str(error))}
        finally:
            desk.indexing.pop(str(request.session_hash), None)
        yield shown(words, order) | {drop: None, cancel: gr.Button(visible=False)}

    def add(files: list[str] | None, words: str, order: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        if files:
            yield from watched(
                corpus.add(desk.assistant, files, desk.stop_of(str(request.session_hash))), words, order, request
            )

    def anew(words: str, order: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        yield from watched(corpus.anew(desk.assistant, desk.stop_of(str(request.session_hash))), words, order, request)

    def act(event: gr.EventData, words: str, order: str) -> dict[Any, Any]:
        try:
            count = desk.assistant.remove(event._data["id"])
        except DatelineError as error:
            return {told: trouble_html(str(error))}
        return shown(words, order) | {told: f"<p>{count} removed.</p>"}

    def halt(request: gr.Request) -> None:
        desk.stop_of(str(request.session_hash)).set()

    quiet: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
    everything = [table, plot, told, drop, cancel]
    gr.on(None, shown, [words, order], everything, **quiet)
    gr.on([words.change, order.change], rows, [words, order], table, **quiet)
    drop.upload(add, [drop, words, order], everything, **quiet)
    again.click(anew, [words, order], everything, **quiet)
    table.select(act, [words, order], everything, **quiet)
    cancel.click(halt, queue=False, **quiet)


def _runs(desk: Desk) -> None:
    """The page of the evals."""
    Navbar(main_page_name="Ask")
    gr.HTML("<h1>Runs of the evals</h1>", elem_id="runs-top", apply_default_css=False)
    listed = gr.HTML(elem_id="runs", apply_default_css=False)
    gr.on(None, desk.runs.html, None, listed, concurrency_limit=None, show_progress="hidden", api_visibility="private")


def _narrowed(since: str | None, until: str | None, leave: list[str] | None) -> dict[str, Any]:
    """What was filled in, as `Turn.narrowed`; Gradio gives None for what was never on the screen."""
    told = {"since": (since or "").strip(), "until": (until or "").strip(), "exclude": leave}
    return {name: value for name, value in told.items() if value}


def _reader(request: gr.Request) -> str:
    return reader_of(_asked(request))


def _asked(request: gr.Request) -> Request:
    assert request.request is not None  # only where Gradio calls a function by itself
    return request.request
