"""What the page's buttons do, without Gradio: asking, stopping, and what is shown of it, for each reader."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from index.decode import storable
from rag.errors import DatelineError, QuestionError, Stopped, StorageError
from web.asking import Asking
from web.badge import engine_html
from web.batch import Batches
from web.conversations import STOPPED, Conversations
from web.engine_room import EngineRoom
from web.examples import examples
from web.render import conversation_html, empty_html, heading_html, read_html, trouble_html
from web.runs import Runs
from web.stream import AnswerStream
from web.uploads import Uploads
from web.writer import Writer

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.types import Answer

_CHOICES = 500
_PAUSES = (1, 2, 4, 8, 15, 30)
"""Seconds after which an answer that could not be kept is tried to be kept again."""


@dataclass(frozen=True)
class Controller:
    """What the page's buttons do: for one reader and one conversation at a time."""

    room: EngineRoom
    conversations: Conversations
    runs: Runs
    uploads: Uploads
    writer: Writer
    batches: Batches
    patience: float = 10.0
    """Seconds for which a question goes on that no page shows: as long as it takes to load one anew."""
    running: dict[str, AnswerStream] = field(default_factory=dict)
    """By conversation."""
    beginning: set[str] = field(default_factory=set)
    """The conversations whose next question is just being written down."""
    keeping: set[asyncio.Task[None]] = field(default_factory=set)
    """The tasks of what is running: an event loop keeps none."""
    viewing: dict[str, str] = field(default_factory=dict)
    """The conversation that each open page shows, by Gradio's session."""
    indexing: dict[str, threading.Event] = field(default_factory=dict)
    """The stop of what each open page has indexed."""
    known: dict[int, list[str]] = field(default_factory=dict)
    """Example questions, by the index's generation."""

    @classmethod
    def of(cls, assistant: Assistant, questions_per_minute: int = 0) -> Self:
        """Over this assistant and what its data directory holds."""
        home = assistant.settings.data_dir
        room = EngineRoom(assistant, questions_per_minute)
        conversations, uploads = Conversations(home / "conversations.db"), Uploads(home / "incoming")
        batches = Batches(room, uploads.folder / "answers")
        return cls(room, conversations, Runs(home / "runs"), uploads, Writer(assistant), batches)

    @property
    def assistant(self) -> Assistant:
        return self.room.assistant

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
        return empty_html(counts.articles, counts.oldest, counts.newest, self.read(), asked)

    def read(self) -> str:
        """How old the reading of the folder is, as HTML."""
        with suppress(DatelineError):
            return read_html(self.assistant.articles.read_at(), datetime.now(UTC))
        return read_html(None, datetime.now(UTC))  # the page itself says what is wrong

    def stop_of(self, page: str) -> threading.Event:
        """What ends the indexing that this open page has begun."""
        return self.indexing.setdefault(page, threading.Event())

    def titles(self) -> list[tuple[str, str]]:
        """Title and id of the articles that can be left out; the first `_CHOICES` of a large archive."""
        try:
            return [(f"{one.title} ({one.id})", one.id) for one in self.assistant.articles.listed()[:_CHOICES]]
        except DatelineError:
            return []  # the page itself says what is wrong

    def heading(self, user: str | None) -> str:
        """The page's name, what answers, and who is logged in."""
        return heading_html(engine_html(self.room.state(), self.room.offers(), self.room.suggested()), user)

    def history(self, reader: str, conversation: str) -> list[Any]:
        """The answered turns, as `Assistant.stream` takes them."""
        said: list[Any] = []
        for turn in self.conversations.turns(reader, conversation):
            if turn.answer is not None:
                said.append({"role": "user", "content": turn.question})
                said.append({"role": "assistant", "content": turn.answer["text"]})
        return said

    async def begin(
        self, reader: str, conversation: str, question: str, narrowed: dict[str, Any] | None = None
    ) -> AnswerStream:
        """Asks, and keeps what comes of it; `narrowed` as in `Turn`. Raises ConversationMissing and StorageError.

        Raises QuestionError while another question is being answered in the conversation.
        """
        if conversation in self.running or conversation in self.beginning:
            raise QuestionError("One question at a time: stop this one first.")
        question, narrowed = storable(question), narrowed or {}
        self.beginning.add(conversation)
        try:
            history = await asyncio.to_thread(self.history, reader, conversation)
            turn = await asyncio.to_thread(self.conversations.ask, reader, conversation, question, narrowed)
            asking = Asking(self.room, reader, question, history, narrowed, threading.Event())
            self.running[conversation] = running = AnswerStream(asking, self.patience)
        finally:
            self.beginning.discard(conversation)
        keeping = asyncio.create_task(self._keep(running, reader, conversation, turn))
        self.keeping.add(keeping)
        keeping.add_done_callback(self.keeping.discard)
        return running

    async def _keep(self, running: AnswerStream, reader: str, conversation: str, turn: int) -> None:
        trouble = "The answer failed: the terminal says why. Ask again to go on."
        try:
            answer = await running.answer()
            await self._kept(running, reader, turn, answer)
            trouble = ""
            with suppress(DatelineError):
                self.assistant.read_ahead(await asyncio.to_thread(self.history, reader, conversation))
        except (Stopped, asyncio.CancelledError):
            trouble = trouble and STOPPED
        except DatelineError as error:
            trouble = str(error)
        finally:
            try:
                if trouble:
                    with suppress(DatelineError):  # the conversation may have been deleted meanwhile
                        await asyncio.to_thread(self.conversations.failed, reader, turn, trouble, running.live.draft)
            finally:
                del self.running[conversation]
                running.over()

    async def _kept(self, running: AnswerStream, reader: str, turn: int, answer: Answer) -> None:
        """Keeps the answer; while another program holds the conversations, the page shows it. Raises StorageError."""
        for pause in (*_PAUSES, None):
            try:
                await asyncio.to_thread(self.conversations.answered, reader, turn, answer.to_dict())
                return
            except StorageError as error:
                if pause is None:
                    raise
                running.tell(f"This cannot be kept now, and is tried again: {error}")
                await asyncio.sleep(pause)

    def judge(self, reader: str, turn: int, act: str, words: str | None) -> None:
        """Keeps a verdict ("up" or "down") and what is said of it; "comment" changes the words only."""
        verdict = self.conversations.turn(reader, turn).verdict if act == "comment" else act
        self.conversations.judged(reader, turn, verdict, words)

    def delete(self, reader: str, conversation: str | None) -> list[str]:
        """Deletes this conversation, or all of the reader's: the ids of those that went. Raises ConversationMissing."""
        if conversation is None:
            gone = self.conversations.delete_all(reader)
        else:
            self.conversations.delete(reader, conversation)
            gone = [conversation]
        for one in gone:
            self.stop(one)
        return gone

    def left(self, page: str) -> None:
        """This page was closed."""
        self.viewing.pop(page, None)
        for running in list(self.running.values()):
            running.leave(page)

    def stop(self, conversation: str) -> None:
        """Stops the model, if it is answering in this conversation."""
        if running := self.running.get(conversation):
            running.stop()
