"""Ask a folder of news articles, and get an answer whose every sentence can be checked."""

from index.types import Article, Hit, Passage, SyncReport
from rag.assistant import Assistant
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

__all__ = [
    "Answer",
    "AnswerDone",
    "AnswerSentence",
    "Article",
    "Assistant",
    "Citation",
    "DatelineError",
    "Event",
    "EvidenceFound",
    "Hit",
    "Passage",
    "SentenceChecked",
    "SyncReport",
    "TextDelta",
    "Withheld",
]
