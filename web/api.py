"""The HTTP API: `Assistant`'s ask, search and article as JSON, in the forms of their `to_dict()`."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.convertors import PathConvertor, register_url_convertor

from rag.find import Wishes
from rag.types import Length
from web.access import reader_of
from web.asking import Asking
from web.engine_room import EngineRoom
from web.forms import AnswerForm, ArticleForm, HitForm, IndexForm, ListedForm, TimelineForm


class _Whole(PathConvertor):
    """The rest of a path, whatever is in it: Starlette's own ends before a line break, which a file's name may have."""

    regex = "(?s:.*)"


class Message(BaseModel):
    """A message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


class Question(BaseModel):
    """A question, and what narrows the articles it is asked of. Dates are inclusive."""

    question: str
    history: list[Message] = []
    since: date | None = None
    until: date | None = None
    as_of: date | None = Field(None, description="The day of the question; later articles are hidden.")
    source: str = Field("", description="Words that stand in the source of the articles to be used.")
    author: str = Field("", description="The same of their author.")
    exclude: list[str] = Field([], description="Ids of articles that must not be used.")
    length: Length | None = Field(None, description="Of the answer; without it, as the question's own words ask.")


def routes(room: EngineRoom) -> APIRouter:
    """The routes; questions stand in one queue with all others."""
    assistant = room.assistant
    register_url_convertor("whole", _Whole())
    router = APIRouter(prefix="/api", tags=["articles"])

    @router.post("/ask")
    async def ask(asked: Question, request: Request) -> AnswerForm:
        """The answer with its citations, or a refusal (`abstained`)."""
        wishes = asked.model_dump(include=set(Wishes.__annotations__))
        history: list[Any] = [message.model_dump() for message in asked.history]
        asking = Asking(room, reader_of(request), asked.question, history, wishes, threading.Event())
        return AnswerForm.of(await asking.answer(request.is_disconnected))

    @router.get("/search")
    def search(
        q: str, k: int = Query(10, ge=1, le=100), since: date | None = None, until: date | None = None,
        as_of: date | None = None, source: str = "", author: str = "", *, response: Response,
    ) -> list[HitForm]:  # fmt: skip
        """The `k` passages nearest to `q`; no model is called. What there is to know of it is in `Dateline-Note`."""
        notes = list[str]()
        hits = assistant.search(q, k, since=since, until=until, as_of=as_of, source=source, author=author, notes=notes)
        if notes:
            response.headers["Dateline-Note"] = "; ".join(notes).encode("ascii", "backslashreplace").decode()
        return [HitForm.of(hit) for hit in hits]

    @router.get("/index")
    def index() -> IndexForm:
        """What is indexed, and when its folder was last read."""
        return IndexForm.of(assistant.articles.counts())

    @router.get("/timeline")
    def timeline(
        topic: str, since: date | None = None, until: date | None = None, as_of: date | None = None, source: str = "",
        author: str = "",
    ) -> list[TimelineForm]:  # fmt: skip
        """What happened when, as the articles tell of `topic`; `since` and `until` bound the events. No model."""
        entries = assistant.timeline(topic, since=since, until=until, as_of=as_of, source=source, author=author)
        return [TimelineForm.of(entry) for entry in entries]

    @router.get("/articles")
    def articles(
        q: str = "", about: bool = False, since: date | None = None, until: date | None = None,
        as_of: date | None = None, source: str = "", author: str = "",
    ) -> list[ListedForm]:  # fmt: skip
        """The articles that have every word of `q`, newest first; `about`: in the title or where the text begins."""
        found = assistant.list(q, about=about, since=since, until=until, as_of=as_of, source=source, author=author)
        return [ListedForm.of(one) for one in found]

    @router.get("/articles/{id:whole}")
    def article(id: str) -> ArticleForm:
        """An article, its text exactly as citations count it."""
        return ArticleForm.of(assistant.article(id))

    return router
