"""What Gradio's own client can call by name: the same as the routes of `web.api`, through Gradio's queue."""

from __future__ import annotations

import threading
from functools import partial
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from index.network import plain_environment
from index.types import as_json
from rag.errors import QuestionError
from web.access import reader_of
from web.asking import Asking
from web.engine_room import EngineRoom
from web.errors import told_as
from web.forms import ArticleForm

with plain_environment():  # gradio builds HTTP clients while it is imported
    import gradio as gr

_COUNT = TypeAdapter(Annotated[int, Field(ge=1, le=100)])  # as the route takes it
_failure = partial(gr.Error, print_exception=False)


def endpoints(room: EngineRoom) -> None:
    """Adds /ask, /search, /timeline, /articles and /article to the Blocks that are being built."""

    async def ask(
        question: str,
        request: gr.Request,
        since: str = "",
        until: str = "",
        source: str = "",
        author: str = "",
        length: str = "",
    ) -> dict[str, Any]:
        """The answer of `dateline ask --json`; `since` and `until` are days like 2024-12-05."""
        assert request.request is not None
        days = {name: value or None for name, value in (("since", since), ("until", until))}
        filters = days | {"source": source, "author": author, "length": length or None}
        asking = Asking(room, reader_of(request.request), question, [], filters, threading.Event())
        with told_as(_failure):
            return (await asking.answer()).to_dict()

    def search(query: str, k: float = 10) -> list[dict[str, Any]]:
        """The `k` passages nearest to `query`, as `dateline search --json` has them."""
        with told_as(_failure):
            return [hit.to_dict() for hit in room.assistant.search(query, _count(k))]

    def article(id: str) -> dict[str, Any]:
        """An article, its text exactly as citations count it."""
        with told_as(_failure):
            return ArticleForm.of(room.assistant.article(str(id))).model_dump(mode="json")

    def timeline(topic: str, since: str = "", until: str = "") -> list[dict[str, Any]]:
        """What happened when, as `dateline timeline --json` has it; `since` and `until` bound the events."""
        with told_as(_failure):
            return list(as_json(room.assistant.timeline(topic, since=since or None, until=until or None)))

    def articles(query: str = "") -> list[dict[str, Any]]:
        """The articles with every word of `query`, as `dateline articles --json` has them."""
        with told_as(_failure):
            return list(as_json(room.assistant.list(query)))

    for call in (ask, search, timeline, articles, article):
        gr.events.api(call, api_name=call.__name__, concurrency_limit=None)


def _count(given: object) -> int:
    try:
        return _COUNT.validate_python(given)
    except ValidationError:
        raise QuestionError("k must be a whole number from 1 to 100.") from None
