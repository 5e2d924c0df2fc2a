"""The pages beside the one on which one asks: the corpus, what happened when, and files of questions."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.network import plain_environment
from rag.errors import DatelineError
from rag.printing import say
from web import corpus, timeline
from web.access import reader_of
from web.controller import Controller
from web.render import trouble_html

with plain_environment():  # gradio builds HTTP clients while it is imported
    import gradio as gr

if TYPE_CHECKING:
    from fastapi import Request

OURS: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
"""How each event of the pages is wired: the queue before the engine is our own, and programs have other ways in."""
ACTS = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-act]');
  if (button) dateline.act(button, data => trigger('select', data));
});
"""


class Pages(gr.Blocks):
    """All pages. What is sent to an event by hand may be of any kind: what then fails is told in a line, not traced."""

    async def process_api(self, *given: Any, **named: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*given, **named)
        except gr.Error as error:
            error.print_exception = False
            raise
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            say(f"An event of the page failed at {where.filename}:{where.lineno}: {repr(error)[:200]}", err=True)
            told = str(error) if isinstance(error, DatelineError) else "This went wrong: load the page anew."
            raise gr.Error(told, print_exception=False) from error


class ArticlesPage:
    """The page of the corpus."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        gr.HTML("<h1>Articles</h1>", elem_id="corpus-top", apply_default_css=False)
        self.plot = gr.Plot(show_label=False, container=False, label="Articles by date")
        with gr.Row():
            self.words = gr.Textbox(
                placeholder="Search titles, names and dates", label="Search", show_label=False, scale=3
            )
            self.order = gr.Dropdown(
                list(corpus.ORDERS), value=corpus.ORDERS[0], label="Order", show_label=False, scale=1
            )
        self.table = gr.HTML(js_on_load=ACTS, elem_id="corpus", apply_default_css=False)
        self.told = gr.HTML(js_on_load=ACTS, elem_id="told", apply_default_css=False)
        self.drop = gr.File(
            label=f"Add files: up to {corpus.MOST_FILES} at a time, {corpus.MOST_MEGABYTES} MB each",
            file_count="multiple", type="filepath", elem_id="drop",
        )  # fmt: skip
        with gr.Row():
            self.again = gr.Button("Read the folder again", size="sm", elem_id="again")
            self.cancel = gr.Button("Cancel", size="sm", variant="stop", visible=False, elem_id="cancel")

    def wire(self) -> None:
        """What happens when something is done."""
        chosen, view = [self.words, self.order], [self.table, self.plot, self.told, self.drop, self.cancel]
        gr.on(None, self.shown, chosen, view, **OURS)
        gr.on([self.words.change, self.order.change], self.rows, chosen, self.table, **OURS)
        self.drop.upload(self.add, [self.drop, *chosen], view, **OURS)
        self.again.click(self.anew, chosen, view, **OURS)
        self.told.select(self.shrink, chosen, view, **OURS)
        self.table.select(self.remove, chosen, view, **OURS)
        self.cancel.click(self.halt, queue=False, **OURS)

    def rows(self, words: str, order: str) -> str:
        try:
            articles = self._controller.assistant.articles
            listed = articles.listed()
            held = corpus.held_html(len(listed), self._controller.read())
            return (
                held + corpus.table_html(corpus.chosen(listed, words, order)) + corpus.skipped_html(articles.skipped())
            )
        except DatelineError as error:
            return trouble_html(str(error))

    def shown(self, words: str, order: str) -> dict[Any, Any]:
        try:
            picture = corpus.timeline(self._controller.assistant.articles.listed())
        except DatelineError:
            picture = None  # the table says why
        return {self.table: self.rows(words, order), self.plot: picture}

    def add(self, files: list[str] | None, words: str, order: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        page = str(request.session_hash)
        if files:
            try:
                yield from self._watched(
                    corpus.add(self._controller.writer, files, self._controller.stop_of(page)), words, order, page
                )
            finally:
                self._controller.uploads.drop(asking_reader(request), files)

    def anew(self, words: str, order: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        yield from self._anew(words, order, request, shrink=False)

    def shrink(self, words: str, order: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """What is gone from the folder is to go from the index, however much it is."""
        yield from self._anew(words, order, request, shrink=True)

    def _anew(self, words: str, order: str, request: gr.Request, *, shrink: bool) -> Iterator[dict[Any, Any]]:
        page = str(request.session_hash)
        steps = corpus.anew(self._controller.writer, self._controller.stop_of(page), shrink=shrink)
        yield from self._watched(steps, words, order, page)

    def remove(self, event: gr.EventData, words: str, order: str) -> dict[Any, Any]:
        try:
            count = self._controller.writer.remove(event._data["id"])
        except DatelineError as error:
            return {self.told: trouble_html(str(error))}
        return self.shown(words, order) | {self.told: f"<p>{count} removed.</p>"}

    def halt(self, request: gr.Request) -> None:
        self._controller.stop_of(str(request.session_hash)).set()

    def _watched(self, steps: Iterator[str], words: str, order: str, page: str) -> Iterator[dict[Any, Any]]:
        """What an indexing tells, step by step, and then what there is."""
        try:
            for html in steps:
                yield {self.told: html, self.cancel: gr.Button(visible=True)}
        except DatelineError as error:
            yield {self.told: trouble_html(str(error))}
        finally:
            self._controller.indexing.pop(page, None)
        yield self.shown(words, order) | {self.drop: None, self.cancel: gr.Button(visible=False)}


class TimelinePage:
    """The page that tells what happened when."""

    def __init__(self, controller: Controller) -> None:
        self._assistant = controller.assistant
        gr.HTML("<h1>Timeline</h1>", elem_id="timeline-top", apply_default_css=False)
        with gr.Row(elem_id="story"):
            self.topic = gr.Textbox(
                placeholder="A story: the fall of Hama", label="Story", show_label=False, scale=5, autofocus=True,
                elem_id="topic",
            )  # fmt: skip
            self.since = gr.Textbox(placeholder="From (date)", label="From", show_label=False, elem_id="from", scale=1)
            self.until = gr.Textbox(placeholder="Until (date)", label="Until", show_label=False, elem_id="to", scale=1)
            self.show = gr.Button("Show", variant="primary", scale=1, min_width=80, elem_id="show")
        self.plot = gr.Plot(show_label=False, container=False, label="Events by date", visible=False)
        self.listed = gr.HTML(elem_id="events", apply_default_css=False)

    def wire(self) -> None:
        """What happens when something is done."""
        asked, view = [self.topic, self.since, self.until], [self.plot, self.listed]
        gr.on([self.topic.submit, self.show.click], self.shown, asked, view, **OURS)

    def shown(self, topic: str, since: str | None, until: str | None) -> dict[Any, Any]:
        days = {"since": (since or "").strip() or None, "until": (until or "").strip() or None}
        try:
            entries = self._assistant.timeline(topic, since=days["since"], until=days["until"])
        except DatelineError as error:
            return {self.plot: gr.Plot(visible=False), self.listed: trouble_html(str(error))}
        picture = timeline.figure(entries)
        return {
            self.plot: gr.Plot(picture, visible=bool(entries)),
            self.listed: timeline.events_html(topic, days, entries),
        }


class QuestionsPage:
    """The page that answers a file of questions."""

    def __init__(self, controller: Controller) -> None:
        self._batches, self._uploads = controller.batches, controller.uploads
        gr.HTML(
            "<h1>Many questions</h1><p>One a line (.txt), a column “question” (.csv), or objects with “question” "
            "(.jsonl); columns and fields since, until, as_of, source, author and length hold for their question. It "
            "goes on while this page is closed, as long as Dateline runs.</p>",
            elem_id="questions-top", apply_default_css=False,
        )  # fmt: skip
        self.full = gr.Checkbox(label="Full answers", elem_id="full-answers", container=False)
        self.drop = gr.File(label="A file of questions: .txt, .csv or .jsonl", type="filepath", elem_id="questions")
        self.told = gr.HTML(elem_id="batch", apply_default_css=False)
        with gr.Row():
            self.stop = gr.Button("Stop", size="sm", variant="stop", visible=False, elem_id="stop-batch")

    def wire(self) -> None:
        """What happens when something is done."""
        view = [self.told, self.drop, self.stop]
        gr.on(None, self.followed, None, view, **OURS)
        self.drop.upload(self.begin, [self.drop, self.full], view, **OURS)
        self.stop.click(self.halt, queue=False, **OURS)

    async def begin(self, file: str, full: bool | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        reader = asking_reader(request)
        try:
            await asyncio.to_thread(self._batches.begin, reader, Path(file), {"length": "full" if full else None})
        except DatelineError as error:
            yield {self.told: trouble_html(str(error)), self.drop: None}
            return
        finally:
            self._uploads.drop(reader, [file])
        cleared: dict[Any, Any] = {self.drop: None}
        async for update in self.followed(request):
            yield update | cleared
            cleared = {}

    async def followed(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """What is to be seen of the reader's last file, until it is answered."""
        yield {self.told: ""}  # what yields nothing takes the button's word away
        shown: tuple[str, bool] | None = None
        while run := self._batches.of(asking_reader(request)):
            over = run.over  # first: what is shown of it is at least as new
            now = run.html(), over
            if now != shown:
                shown = now
                yield {self.told: now[0], self.stop: gr.Button(visible=not now[1])}
            if now[1]:
                return
            await asyncio.sleep(0.5)

    def halt(self, request: gr.Request) -> None:
        self._batches.stop(asking_reader(request))


def asking_reader(request: gr.Request) -> str:
    return reader_of(asked_by(request))


def asked_by(request: gr.Request) -> Request:
    assert request.request is not None  # only where Gradio calls a function by itself
    return request.request
