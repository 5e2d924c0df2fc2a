"""What the page's buttons do, without Gradio: asking, stopping, and what is shown of it, for each reader."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from index.split import split_sentences
from index.types import Hit
from rag.errors import DatelineError, Stopped
from rag.types import AnswerDone, AnswerSentence, EvidenceFound, SentenceChecked, TextDelta
from web.asking import Asking
from web.badge import engine_html
from web.conversations import STOPPED, Conversations
from web.engine_room import EngineRoom, Entered, Preparing, Waiting
from web.errors import ConversationMissing
from web.examples import examples
from web.render import conversation_html, empty_html, heading_html, live_html, trouble_html
from web.runs import Runs

if TYPE_CHECKING:
    from rag.assistant import Assistant

_READING = "Reading these passages …"
_PAUSE = 0.1
"""Seconds between two updates of the page: each sends the whole turn."""
_CHOICES = 500


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
                self.hits, self.status = hits, _READING
                return True
            case Entered():
                self.status = _READING
                return True
            case Preparing(phase, percent):
                there = f", {percent} % of which is here" if phase == "fetching" else ""
                self.status = f"Waiting for the model{there} …"
                return True
            case Waiting(place):
                self.status = f"Waiting: {place - 1} before you" if place > 1 else "Waiting: you are next"
                return True
            case TextDelta(text):
                self.draft += text
                self.status = "Writing a draft; every sentence is checked before it stands …"
            case SentenceChecked(_, sentence, reason):
                self.checked.append((sentence, reason or ""))
                self.status = "Checking the next sentence …" if self.rest() else "Checked."
                return True
        return False

    def html(self) -> str:
        return live_html(self.question, self.hits, self.status, self.checked, self.rest())

    def rest(self) -> str:
        """The draft after the sentences that were checked."""
        if not self.checked:
            return self.draft
        after = split_sentences(self.draft)[len(self.checked) :]
        return self.draft[after[0].start :] if after else ""


@dataclass(frozen=True)
class Desk:
    """What the page's buttons do: for one reader and one conversation at a time."""

    room: EngineRoom
    conversations: Conversations
    runs: Runs
    running: dict[str, threading.Event] = field(default_factory=dict)
    """The stop of each conversation that is being answered."""
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
        return cls(room, Conversations(home / "conversations.db"), Runs(home / "runs"))

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
        oldest, newest = (day.isoformat() if day else "" for day in (counts.oldest, counts.newest))
        return empty_html(counts.articles, oldest, newest, asked)

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
        return heading_html(engine_html(self.room.state(), self.room.offers()), user)

    def history(self, reader: str, conversation: str) -> list[Any]:
        """The answered turns, as `Assistant.stream` takes them."""
        said: list[Any] = []
        for turn in self.conversations.turns(reader, conversation):
            if turn.answer is not None:
                said.append({"role": "user", "content": turn.question})
                said.append({"role": "assistant", "content": turn.answer["text"]})
        return said

    async def answer(
        self, reader: str, conversation: str, question: str, narrowed: dict[str, Any] | None = None
    ) -> AsyncGenerator[str]:
        """Asks, and keeps what comes of it; yields the live turn as HTML. Leaving it stops the model.

        `narrowed` as in `Turn`.
        """
        history, stop, narrowed = self.history(reader, conversation), threading.Event(), narrowed or {}
        turn = self.conversations.ask(reader, conversation, question, narrowed)
        self.running[conversation] = stop
        live, trouble, seen = Live(question), STOPPED, 0.0
        events = Asking(self.room, reader, question, history, narrowed, stop).events()
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

    def stop(self, conversation: str) -> None:
        """Stops the model, if it is answering in this conversation."""
        if stop := self.running.get(conversation):
            stop.set()
