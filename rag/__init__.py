"""Ask a folder of news articles, and get an answer whose every sentence can be checked."""

from typing import TYPE_CHECKING, Any

from index.types import Article, Hit, Passage, SyncReport
from rag.errors import DatelineError
from rag.types import (
    Answer,
    AnswerDone,
    AnswerSentence,
    Citation,
    Event,
    EvidenceFound,
    SentenceChecked,
    TextDelta,
    Withheld,
)

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.timeline import TimelineEntry

__all__ = [
    "Answer", "AnswerDone", "AnswerSentence", "Article", "Assistant", "Citation", "DatelineError", "Event",
    "EvidenceFound", "Hit", "Passage", "SentenceChecked", "SyncReport", "TextDelta", "TimelineEntry",
    "Withheld",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Assistant needs the libraries, which take a second: `dateline --version` and `rag.settings` do not
    if name == "Assistant":
        from rag.assistant import Assistant

        return Assistant
    if name == "TimelineEntry":
        from rag.timeline import TimelineEntry

        return TimelineEntry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
