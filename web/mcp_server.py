"""The articles as an MCP server over streamable HTTP at /mcp: the tools below, the same as the routes of `web.api`."""

from __future__ import annotations

import threading
from datetime import date
from typing import cast

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.requests import Request

from rag.types import Length
from web.access import reader_of
from web.asking import Asking
from web.engine_room import EngineRoom
from web.errors import told_as
from web.forms import AnswerForm, ArticleForm, HitForm, ListedForm, TimelineForm

_INSTRUCTIONS = (
    "Answers questions from one archive of news articles, each sentence with the exact words that it stands on. "
    "What the articles do not say is refused (`abstained`), not guessed. Articles that carry the same words are one "
    "origin, not two confirmations."
)


def server(room: EngineRoom) -> MCPServer:
    """The tools; questions stand in one queue with all others."""
    assistant = room.assistant
    tools = MCPServer("Dateline", instructions=_INSTRUCTIONS, log_level="ERROR")

    @tools.tool()
    async def ask(
        context: Context, question: str, since: date | None = None, until: date | None = None,
        as_of: date | None = None, source: str = "", author: str = "", length: Length | None = None,
    ) -> AnswerForm:  # fmt: skip
        """Answers a question from the articles, with citations, or says that they do not answer it.

        `since` and `until` narrow the articles to days, inclusive; `as_of` is the day of the question and hides
        later articles. `source` and `author` are words that stand in the articles' own. `length` is "short", a
        sentence, or "full", up to about eight.
        """
        filters = {"since": since, "until": until, "as_of": as_of, "source": source, "author": author, "length": length}
        request = cast("Request", context.request_context.request)
        asking = Asking(room, reader_of(request), question, [], filters, threading.Event())
        with told_as(ToolError):
            return AnswerForm.of(await asking.answer(request.is_disconnected))

    @tools.tool()
    def search(
        query: str, k: int = 10, since: date | None = None, until: date | None = None, source: str = "",
        author: str = "",
    ) -> list[HitForm]:  # fmt: skip
        """The `k` passages nearest to a query, by words and by meaning; no model is called."""
        with told_as(ToolError):
            hits = assistant.search(query, k, since=since, until=until, source=source, author=author)
            return [HitForm.of(hit) for hit in hits]

    @tools.tool()
    def timeline(
        topic: str, since: date | None = None, until: date | None = None, source: str = "", author: str = ""
    ) -> list[TimelineForm]:
        """What happened when, as the articles tell of a topic; `since` and `until` bound the events."""
        with told_as(ToolError):
            entries = assistant.timeline(topic, since=since, until=until, source=source, author=author)
            return [TimelineForm.of(entry) for entry in entries]

    @tools.tool()
    def articles(
        query: str = "", about: bool = False, since: date | None = None, until: date | None = None, source: str = "",
        author: str = "",
    ) -> list[ListedForm]:  # fmt: skip
        """The articles with every word of a query, newest first; `about`: in the title or where the text begins."""
        with told_as(ToolError):
            found = assistant.list(query, about=about, since=since, until=until, source=source, author=author)
            return [ListedForm.of(one) for one in found]

    @tools.tool()
    def article(id: str) -> ArticleForm:
        """An article's whole text with title and date, by the id that citations and passages give."""
        with told_as(ToolError):
            return ArticleForm.of(assistant.article(id))

    return tools
