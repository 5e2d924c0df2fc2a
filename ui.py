"""The Gradio app: what a reader can do, wired to `Assistant` and to the rooms in `web`."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.types import Hit
from rag.errors import DatelineError, SettingsError, Stopped
from rag.types import AnswerDone, AnswerSentence, EvidenceFound, SentenceChecked, TextDelta
from web.access import reader_of
from web.asking import Asking, Waiting
from web.conversations import Conversations
from web.errors import ConversationMissing
from web.examples import examples
from web.line import Line
from web.render import conversation_html, empty_html, heading_html, listed_html, live_html, trouble_html
from web.users import Users

if TYPE_CHECKING:
    from rag.assistant import Assistant

STOPPED = "Stopped. Ask again to go on."
_PAUSE = 0.1
"""Seconds between two updates of the page: each sends the whole turn."""
_ACTS = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-act]');
  if (button) dateline.act(button, data => trigger('select', data));
});
"""


def serve(assistant: Assistant, host: str = "127.0.0.1", port: int | None = None) -> None:
    """Opens the app and blocks until it is stopped.

    Raises SettingsError if the port is taken, or if others could come in and there are no users.
    """
    from web import server

    conversations = Conversations(assistant.settings.data_dir / "conversations.db")
    desk = Desk(assistant, conversations)
    users = Users(assistant.settings.data_dir / "access.db")
    alone = {"localhost", "127.0.0.1", "::1"}
    if host not in alone and not users.anybody():
        raise SettingsError(f"On {host} others can come in: say who may with `dateline user add NAME` first.")
    hosts = alone if host in alone else None
    server.serve(server.app(assistant, conversations, desk.line, build(desk), users, hosts), host, port)


@dataclass
class Live:
    """What is on the page while a question is being answered."""

    question: str
    hits: tuple[Hit, ...] = ()
    status: str = "Searching …"
    draft: str = ""
    checked: list[tuple[AnswerSentence | None, str]] = field(default_factory=list)

    def take(self, event: object) -> bool:
        """Takes in an event; True if a reader should see that at once."""
        match event:
            case EvidenceFound(hits):
                self.hits, self.status = hits, "Reading these passages …"
                return True
            case Waiting(place):
                self.status = f"Waiting: {place - 1} before you" if place > 1 else "Waiting: you are next"
                return True
            case TextDelta(text):
                self.draft += text
                self.status = "Writing a draft; every sentence is checked before it stands …"
            case SentenceChecked(_, sentence, reason):
                self.checked.append((sentence, reason or ""))
                self.status = "Checking …"
        return False

    def html(self) -> str:
        return live_html(self.question, self.hits, self.status, self.draft, self.checked)


@dataclass(frozen=True)
class Desk:
    """What the page's buttons do: for one reader and one conversation at a time."""

    assistant: Assistant
    conversations: Conversations
    line: Line = field(default_factory=Line)
    running: dict[str, threading.Event] = field(default_factory=dict)
    """The stop of each conversation that is being answered."""
    viewing: dict[str, str] = field(default_factory=dict)
    """The conversation that each open page shows, by Gradio's session."""
    known: dict[int, list[str]] = field(default_factory=dict)
    """Example questions, by the index's generation."""

    def shown(self, reader: str, conversation: str) -> str:
        """The turns of a conversation as HTML; of an empty one, what can be asked."""
        turns = self.conversations.turns(reader, conversation) if conversation else []
        if conversation in self.running:
            turns = turns[:-1]  # which is live
        if turns or conversation in self.running:
            return conversation_html(conversation, turns)
        try:
            counts = self.assistant.articles.counts()
            asked = self.known.get(counts.generation) or examples(self.assistant.articles)
        except DatelineError as error:
            return trouble_html(str(error))
        self.known.clear()
        self.known[counts.generation] = asked
        oldest, newest = (day.isoformat() if day else "" for day in (counts.oldest, counts.newest))
        return empty_html(counts.articles, oldest, newest, asked)

    def heading(self) -> str:
        """The page's name, and which engine and model answer."""
        try:
            choice = self.assistant.choice
        except DatelineError as error:
            return heading_html(str(error))
        return heading_html(f"{choice.engine} · {choice.model}")

    def history(self, reader: str, conversation: str) -> list[Any]:
        """The answered turns, as `Assistant.stream` takes them."""
        said: list[Any] = []
        for turn in self.conversations.turns(reader, conversation):
            if turn.answer is not None:
                said.append({"role": "user", "content": turn.question})
                said.append({"role": "assistant", "content": turn.answer["text"]})
        return said

    async def answer(self, reader: str, conversation: str, question: str) -> AsyncGenerator[str]:
        """Asks, and keeps what comes of it; yields the live turn as HTML. Leaving it stops the model."""
        history, stop = self.history(reader, conversation), threading.Event()
        turn = self.conversations.ask(reader, conversation, question)
        self.running[conversation] = stop
        live, trouble, seen = Live(question), STOPPED, 0.0
        events = Asking(self.assistant, self.line, reader, question, history, {}, stop).events()
        try:
            yield live.html()
            async for event in events:
                if isinstance(event, AnswerDone):
                    self.conversations.answered(reader, turn, event.answer.to_dict())
                    trouble = ""
                elif live.take(event) or time.monotonic() - seen > _PAUSE:
                    seen = time.monotonic()
                    yield live.html()
        except Stopped:
            pass
        except DatelineError as error:
            trouble = str(error)
        finally:
            await events.aclose()
            self.running.pop(conversation, None)
            if trouble:
                with suppress(ConversationMissing):  # it may have been deleted meanwhile
                    self.conversations.failed(reader, turn, trouble, live.draft)

    def stop(self, conversation: str) -> None:
        """Stops the model, if it is answering in this conversation."""
        if stop := self.running.get(conversation):
            stop.set()


def build(desk: Desk) -> gr.Blocks:
    """The page, not yet serving."""
    conversations = desk.conversations
    page: gr.Blocks
    with gr.Blocks(title="Dateline", analytics_enabled=False, fill_height=True) as page:
        here = gr.State("")
        with gr.Sidebar(label="Conversations", open=False, elem_id="side"):
            fresh = gr.Button("New conversation", size="sm")
            find = gr.Textbox(placeholder="Search conversations", show_label=False, label="Search conversations")
            listed = gr.HTML(js_on_load=_ACTS, elem_id="listed", apply_default_css=False)
        top = gr.HTML(elem_id="top", apply_default_css=False)
        talk = gr.HTML(js_on_load=_ACTS, elem_id="talk", apply_default_css=False)
        live = gr.HTML("", elem_id="live", apply_default_css=False)
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

        async def ask(question: str, conversation: str, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
            if conversation in desk.running:
                gr.Info("One question at a time: stop this one first.")
                yield {box: question}
                return
            if not question.strip():
                yield {box: ""}
                return
            reader = _reader(request)
            conversation = conversation or conversations.begin(reader)
            answering = desk.answer(reader, conversation, question.strip())
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

        async def act(event: gr.EventData, conversation: str, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
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
                question = conversations.back_to(reader, int(asked["turn"]))
                yield view(request, conversation)
            if asked["act"] == "edit":
                yield {box: question}
            elif asked["act"] in ("retry", "ask"):
                async for update in ask(question, conversation, request):
                    yield update

        def manage(event: gr.EventData, conversation: str, words: str, request: gr.Request) -> dict[Any, Any]:
            asked, reader = event._data, _reader(request)
            if asked["act"] == "open":
                return view(request, asked["id"], words)
            if asked["act"] == "rename":
                conversations.rename(reader, asked["id"], asked.get("text", ""))
            else:
                conversations.delete(reader, asked["id"])
                desk.stop(asked["id"])
                if conversation == asked["id"]:
                    return view(request, "", words)
            return {listed: listed_html(conversations.listed(reader, words), conversation)}

        def opened(request: gr.Request) -> dict[Any, Any]:
            try:
                shown = view(request, request.query_params.get("c", ""))
            except ConversationMissing:
                shown = view(request, "")
            return shown | {top: desk.heading()}

        def found(words: str, conversation: str, request: gr.Request) -> str:
            return listed_html(conversations.listed(_reader(request), words), conversation)

        def cleared(request: gr.Request) -> dict[Any, Any]:
            return view(request, "")

        def left(request: gr.Request) -> None:
            desk.viewing.pop(str(request.session_hash), None)

        everything = [here, talk, listed, live, send, stop]
        unlimited: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
        page.load(opened, None, [*everything, top], **unlimited)
        page.unload(left)
        gr.on([box.submit, send.click], ask, [box, here], [*everything, box], **unlimited)
        talk.select(act, [here], [*everything, box], **unlimited)
        listed.select(manage, [here, find], everything, **unlimited)
        find.change(found, [find, here], listed, **unlimited)
        fresh.click(cleared, None, everything, **unlimited)
        stop.click(desk.stop, here, None, queue=False, **unlimited)
    return page


def _reader(request: gr.Request) -> str:
    assert request.request is not None  # only where Gradio calls a function by itself
    return reader_of(request.request)
