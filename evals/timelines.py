"""Timelines against gold: is each line of the topic, is every event there, and is its day right?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import shorten

from pydantic import BaseModel, Field, TypeAdapter

from evals.types import Split
from rag import TimelineEntry
from rag.assistant import Assistant
from rag.printing import say

GOLD = Path(__file__).parent / "gold" / "timelines.jsonl"
_SHARED = 0.5  # of the shorter of two runs of characters, from which they are the same words


class Quote(BaseModel):
    """Exact characters of an article."""

    article: str
    quote: str


class Event(BaseModel):
    """Something that happened, with every sentence that tells it with its day."""

    first: date
    last: date
    quotes: list[Quote]
    what: str = ""
    other: list[tuple[date, date]] = Field([], alias="or")  # days that would be right too

    @property
    def when(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


class Story(BaseModel):
    """What belongs into the timeline of a topic."""

    id: str
    topic: str
    split: Split
    events: list[Event]
    """What must be there."""
    also: list[Event]
    """What may be."""


@dataclass(frozen=True, slots=True)
class Scored:
    """How a story's timeline came out."""

    story: Story
    entries: int
    wrong: tuple[TimelineEntry, ...]
    """Lines that are not of the story."""
    missed: tuple[Event, ...]
    off: tuple[tuple[TimelineEntry, Event], ...]
    """Lines with another day than the gold's."""


def read(path: Path | None = None) -> list[Story]:
    """The stories of a file; those that come with Dateline unless one is named."""
    lines = (path or GOLD).read_text("utf-8").splitlines()
    return [TypeAdapter(Story).validate_python(json.loads(line)) for line in lines]


def measure(assistant: Assistant, story: Story) -> Scored:
    """Lets `assistant` tell the story."""
    entries = assistant.timeline(story.topic)
    named = {quote.article for event in (*story.events, *story.also) for quote in event.quotes}
    texts = {id: assistant.article(id).text for id in named | {entry.article for entry in entries}}
    return score(story, entries, texts)


def print_scores(scored: Sequence[Scored]) -> None:
    """A line for each story and one for all, then what was wrong, missed and on another day."""
    say(f"{'':14} lines  precision  recall  days right")
    for name, of in [*((one.story.id, [one]) for one in scored), ("all", scored)]:
        lines, wrong = sum(one.entries for one in of), sum(len(one.wrong) for one in of)
        events, missed = sum(len(one.story.events) for one in of), sum(len(one.missed) for one in of)
        off = sum(len(one.off) for one in of)
        shares = 1 - wrong / max(1, lines), 1 - missed / max(1, events), 1 - off / max(1, lines - wrong)
        say(f"{name:14} {lines:5}  {shares[0]:9.2f}  {shares[1]:6.2f}  {shares[2]:10.2f}")
    for one in scored:
        for entry in one.wrong:
            say(f"wrong:  {entry.when}: {shorten(entry.quote, 90)}")
        for event in one.missed:
            say(f"missed: {event.when}: {event.what}")
        for entry, event in one.off:
            say(f"day:    {entry.when}, not {event.when}: {shorten(entry.quote, 80)}")


def score(story: Story, entries: Sequence[TimelineEntry], texts: dict[str, str]) -> Scored:
    """`texts` are the articles' by id. A line tells an event if it has half of the words of one of its quotes."""
    told = [[event for event in [*story.events, *story.also] if _tells(entry, event, texts)] for entry in entries]
    return Scored(
        story,
        len(entries),
        tuple(entry for entry, events in zip(entries, told, strict=True) if not events),
        tuple(event for event in story.events if not any(_tells(entry, event, texts) for entry in entries)),
        tuple(
            (entry, events[0])
            for entry, events in zip(entries, told, strict=True)
            if events and not any(_on_its_day(entry, event) for event in events)
        ),
    )


def _tells(entry: TimelineEntry, event: Event, texts: dict[str, str]) -> bool:
    return any(
        _overlap(entry, texts[quote.article].find(quote.quote), len(quote.quote))
        for quote in event.quotes
        if quote.article == entry.article
    )


def _overlap(entry: TimelineEntry, start: int, length: int) -> bool:
    shared = min(entry.end, start + length) - max(entry.start, start)
    return start >= 0 and shared >= _SHARED * min(length, entry.end - entry.start)


def _on_its_day(entry: TimelineEntry, event: Event) -> bool:
    return (entry.first, entry.last) in [(event.first, event.last), *event.other]
