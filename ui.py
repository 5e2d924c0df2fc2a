"""The Gradio app: what a reader can do, wired to `Assistant` and to the rooms in `web`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from index.network import plain_environment
from rag.errors import SettingsError
from web.access import LOOPBACK, Access, Proxy, logged_in, own_names
from web.addresses import Networks
from web.controller import Controller
from web.errors import ConversationMissing
from web.gradio_api import endpoints
from web.pages import ACTS, OURS, ArticlesPage, Pages, QuestionsPage, TimelinePage, asked_by, asking_reader
from web.render import listed_html, narrowed_html
from web.users import Users

with plain_environment():  # gradio builds HTTP clients while it is imported
    import gradio as gr
    from gradio.components.navbar import Navbar

if TYPE_CHECKING:
    from rag.assistant import Assistant


def serve(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    names: Mapping[str, str] | None = None,
    proxy: Proxy | None = None,
    forwarders: Networks = (),
    questions_per_minute: int = 0,
    watch: bool = True,
) -> None:
    """Opens the app and blocks until it is stopped. The engine is fetched and loaded meanwhile.

    `names` by which others call this machine, of `web.access.served_as`; without any, and not on the loopback address,
    it answers to every name.
    `forwarders` say in X-Forwarded-For where a request comes from, by which who guesses passwords is known.
    `questions_per_minute` of one reader; 0: as many as they like. `watch`: the index is kept equal to its folder.
    Raises SettingsError if the port is taken, or if others could come in and nothing says who may.
    """
    from web import server

    users = Users(assistant.settings.data_dir / "access.db")
    if host not in LOOPBACK and not users.anybody() and not proxy:
        raise SettingsError(
            f"On {host} others can come in: say who may with `dateline user add NAME` first, or let a proxy that knows "
            "them say so with --proxy-header."
        )
    controller = Controller.of(assistant, questions_per_minute)
    allowed = Access(users, own_names(host, names or {}), proxy, host not in LOOPBACK, forwarders)
    app = server.app(controller, build(controller), allowed)
    controller.room.prepare()
    if watch:
        controller.writer.watch()
    try:
        server.serve(app, host, port)
    finally:
        controller.room.pause()  # a fetch that goes on would hold the program up


def build(controller: Controller) -> gr.Blocks:
    """The pages, not yet serving."""
    page: gr.Blocks
    with Pages(title="Dateline", analytics_enabled=False, fill_height=True) as page:
        Navbar(main_page_name="Ask")
        AskPage(controller).wire(page)
        endpoints(controller.room)
    with page.route("Articles", "/articles"):
        Navbar(main_page_name="Ask")
        ArticlesPage(controller).wire()
    with page.route("Timeline", "/timeline"):
        Navbar(main_page_name="Ask")
        TimelinePage(controller).wire()
    with page.route("Many questions", "/questions"):
        Navbar(main_page_name="Ask")
        QuestionsPage(controller).wire()
    with page.route("Runs", "/runs"):
        Navbar(main_page_name="Ask")
        gr.HTML("<h1>Runs of the evals</h1>", elem_id="runs-top", apply_default_css=False)
        gr.on(None, controller.runs.html, None, gr.HTML(elem_id="runs", apply_default_css=False), **OURS)
    return page


class AskPage:
    """The page on which one asks: its parts, and what each of them does."""

    def __init__(self, controller: Controller) -> None:
        self._controller, self._conversations = controller, controller.conversations
        self.here = gr.State("")
        with gr.Sidebar(label="Conversations", open=False, elem_id="side"):
            self.fresh = gr.Button("New conversation", size="sm")
            self.find = gr.Textbox(placeholder="Search conversations", show_label=False, label="Search conversations")
            self.listed = gr.HTML(js_on_load=ACTS, elem_id="listed", apply_default_css=False)
            with gr.Accordion("Narrow the articles", open=False):
                self.since = gr.Textbox(label="From", placeholder="YYYY-MM-DD", elem_id="since")
                self.until = gr.Textbox(label="Until", placeholder="YYYY-MM-DD", elem_id="until")
                self.source = gr.Textbox(label="Source", placeholder="Words of its name", elem_id="source")
                self.author = gr.Textbox(label="Author", placeholder="Words of the name", elem_id="author")
                self.leave = gr.Dropdown([], label="Leave out", multiselect=True, elem_id="leave")
        self._narrow: dict[str, Any] = {
            "since": self.since, "until": self.until, "source": self.source, "author": self.author,
            "exclude": self.leave,
        }  # fmt: skip
        self.top = gr.HTML(elem_id="top", apply_default_css=False)
        self.talk = gr.HTML(js_on_load=ACTS, elem_id="talk", apply_default_css=False)
        self.live = gr.HTML("", elem_id="live", apply_default_css=False)
        self.chips = gr.HTML(js_on_load=ACTS, elem_id="chips", apply_default_css=False)
        with gr.Row(elem_id="ask"):
            self.box = gr.Textbox(
                placeholder="Ask the articles", label="Question", show_label=False, lines=1, max_lines=6, scale=9,
                autofocus=True, elem_id="box",
            )  # fmt: skip
            self.full = gr.Checkbox(label="Full", elem_id="full", scale=0, min_width=90, container=False)
            self.send = gr.Button("Ask", variant="primary", scale=1, min_width=80, elem_id="send")
            self.stop = gr.Button("Stop", variant="stop", scale=1, min_width=80, elem_id="stop", visible=False)

    def wire(self, page: gr.Blocks) -> None:
        """What happens when something is done."""
        view = [self.here, self.talk, self.listed, self.live, self.send, self.stop]
        narrow = [*self._narrow.values(), self.full]  # a set of parts comes as one mapping to what it was filled with
        page.load(self.opened, None, [*view, self.top, self.leave], **OURS)
        page.unload(self.left)
        asked = [self.box.submit, self.send.click]
        gr.on(asked, self.answer, {self.box, self.here, *narrow}, [*view, self.box], **OURS)
        self.talk.select(self.act, {self.here, *narrow}, [*view, self.box], **OURS)
        gr.on([part.change for part in narrow], self.narrowing, {*narrow}, self.chips, **OURS)
        self.chips.select(self.widen, [self.leave], narrow, **OURS)
        self.listed.select(self.manage, [self.here, self.find], view, **OURS)
        self.find.change(self.found, [self.find, self.here], self.listed, **OURS)
        self.fresh.click(self.cleared, None, view, **OURS)
        self.stop.click(self._controller.stop, self.here, None, queue=False, **OURS)

    async def opened(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """The address may name a conversation; what is being answered in it is shown further."""
        conversation = request.query_params.get("c", "")
        heading = await asyncio.to_thread(self._controller.heading, logged_in(asked_by(request)))
        titles = await asyncio.to_thread(self._controller.titles)
        around: dict[Any, Any] = {self.top: heading, self.leave: gr.Dropdown(titles)}
        try:
            async for update in self._followed(request, conversation):
                yield update | around
                around = {}
        except ConversationMissing:
            yield await self._view(request, "") | around

    def left(self, request: gr.Request) -> None:
        self._controller.left(str(request.session_hash))

    async def answer(self, given: dict[Any, Any], request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Shows the answer as it comes, as long as its conversation is the open one."""
        question, conversation = given[self.box], given[self.here]
        if conversation in self._controller.running:
            gr.Info("One question at a time: stop this one first.")
            yield {self.box: question}
            return
        cleared = {self.box: ""}
        if not question.strip():
            yield cleared
            return
        async for update in self._begun(request, conversation, question, self._narrowed(given)):
            yield update | cleared
            cleared = {}  # what is written meanwhile is the next question

    async def act(
        self, event: gr.EventData, given: dict[Any, Any], request: gr.Request
    ) -> AsyncIterator[dict[Any, Any]]:
        """A button below an answer, or an example question."""
        asked, reader, conversation = event._data, asking_reader(request), given[self.here]
        if asked["act"] in ("up", "down", "comment"):
            judged = (reader, int(asked["turn"]), asked["act"], asked.get("text"))
            await asyncio.to_thread(self._controller.judge, *judged)
            yield {self.talk: await asyncio.to_thread(self._controller.shown, reader, conversation)}
            return
        if conversation in self._controller.running:
            gr.Info("One question at a time: stop this one first.")
            return
        question, narrowed = asked.get("text", ""), self._narrowed(given)
        if asked["act"] in ("retry", "edit", "undo"):
            taken = await asyncio.to_thread(self._conversations.back_to, reader, int(asked["turn"]))
            question, narrowed = taken.question, taken.narrowed
            yield await self._view(request, conversation)
        if asked["act"] == "edit":
            yield {self.box: question}
        elif asked["act"] in ("retry", "ask"):
            async for update in self._begun(request, conversation, question, narrowed):
                yield update

    async def manage(
        self, event: gr.EventData, conversation: str, words: str, request: gr.Request
    ) -> AsyncIterator[dict[Any, Any]]:
        """A button in the list of conversations."""
        asked, reader = event._data, asking_reader(request)
        if asked["act"] == "open":
            async for update in self._followed(request, asked["id"], words):
                yield update
            return
        if asked["act"] == "rename":
            await asyncio.to_thread(self._conversations.rename, reader, asked["id"], asked.get("text", ""))
        elif conversation in await asyncio.to_thread(self._controller.delete, reader, asked.get("id")):
            yield await self._view(request, "", words)
            return
        yield {self.listed: await asyncio.to_thread(self.found, words, conversation, request)}

    def found(self, words: str, conversation: str, request: gr.Request) -> str:
        return listed_html(self._conversations.listed(asking_reader(request), words), conversation)

    async def cleared(self, request: gr.Request) -> dict[Any, Any]:
        return await self._view(request, "")

    def narrowing(self, given: dict[Any, Any]) -> str:
        """The chips of what narrows the next question."""
        return narrowed_html(self._narrowed(given), removable=True)

    def _narrowed(self, given: dict[Any, Any]) -> dict[str, Any]:
        """What was filled in, as `Turn.narrowed`; Gradio gives None for what was never on the screen."""
        told = {name: given[part] for name, part in self._narrow.items()} | {"length": given[self.full] and "full"}
        told = {name: value.strip() if isinstance(value, str) else value for name, value in told.items()}
        return {name: value for name, value in told.items() if value}

    def widen(self, event: gr.EventData, left_out: list[str]) -> dict[Any, Any]:
        """A chip was clicked away."""
        if event._data["id"] == "exclude":
            gone = event._data["text"].removeprefix("without ")
            return {self.leave: [id for id in left_out if id != gone]}
        if event._data["id"] == "length":
            return {self.full: False}
        return {self._narrow[event._data["id"]]: ""}

    async def _begun(
        self, request: gr.Request, conversation: str, question: str, narrowed: dict[str, Any]
    ) -> AsyncIterator[dict[Any, Any]]:
        """Asks, in a new conversation if there is none, and shows the answer as it comes."""
        reader = asking_reader(request)
        conversation = conversation or await asyncio.to_thread(self._conversations.begin, reader)
        await self._controller.begin(reader, conversation, question.strip(), narrowed)
        async for update in self._watched(request, conversation):
            yield update

    async def _followed(self, request: gr.Request, conversation: str, words: str = "") -> AsyncIterator[dict[Any, Any]]:
        """The page as it shows `conversation`, and on while something is being answered in it."""
        waiting = conversation in self._controller.running
        yield await self._view(request, conversation, words)
        async for update in self._watched(request, conversation):
            waiting = False
            yield update
        # it may have been over before this view came, and another event of the page have shown the answer before it
        if waiting and conversation not in self._controller.running and self._shows(request, conversation):
            yield await self._view(request, conversation, words)

    def _shows(self, request: gr.Request, conversation: str) -> bool:
        return self._controller.viewing.get(str(request.session_hash)) == conversation

    async def _watched(self, request: gr.Request, conversation: str) -> AsyncIterator[dict[Any, Any]]:
        """The page while something is being answered in `conversation`, and once it is done; nothing if nothing is."""
        page, running = str(request.session_hash), self._controller.running.get(conversation)
        if running is None:
            return
        async with aclosing(running.watch(page)) as watched:
            if (first := await anext(watched, None)) is None:
                return  # this page does that already
            if not self._shows(request, conversation):
                yield await self._view(request, conversation) | {self.live: first}
            else:  # what was said before is not sent again: a long conversation would hold the passages up
                yield {self.live: first, self.send: gr.Button(visible=False), self.stop: gr.Button(visible=True)}
            async for html in watched:
                if self._shows(request, conversation):
                    yield {self.live: html}
        if self._shows(request, conversation):
            yield await self._view(request, conversation)

    async def _view(self, request: gr.Request, conversation: str, words: str = "") -> dict[Any, Any]:
        """The page as it shows `conversation`; what is being answered elsewhere goes on by itself."""
        return await asyncio.to_thread(self._open, request, conversation, words)

    def _open(self, request: gr.Request, conversation: str, words: str) -> dict[Any, Any]:
        reader, busy = asking_reader(request), conversation in self._controller.running
        self._controller.viewing[str(request.session_hash)] = conversation
        return {
            self.here: conversation,
            self.talk: self._controller.shown(reader, conversation),
            self.listed: self.found(words, conversation, request),
            self.live: "",
            self.send: gr.Button(visible=not busy),
            self.stop: gr.Button(visible=busy),
        }
