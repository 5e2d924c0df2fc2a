"""What can go wrong around the page: a branch of `DatelineError`, and HTTP's numbers.

DatelineError
├── ConversationMissing     no such conversation, or another's
└── TooManyQuestions        more than one reader may ask in a minute
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.errors import (
    ArticleMissing,
    CatalogUnavailable,
    DatelineError,
    EngineError,
    QuestionError,
    VectorsUnavailable,
)


class ConversationMissing(DatelineError):
    """No such conversation, or another reader's."""


class TooManyQuestions(DatelineError):
    """More questions than one reader may ask in a minute."""

    def __init__(self, wait: int) -> None:
        """`wait`: seconds until the next may be asked."""
        super().__init__(f"These are more questions than one reader may ask in a minute: ask again in {wait} s.")
        self.wait = wait


def http_status(error: DatelineError) -> int:
    """The HTTP status that says whose fault it is."""
    kinds = {
        QuestionError: 400, ArticleMissing: 404, ConversationMissing: 404, TooManyQuestions: 429, EngineError: 503,
        CatalogUnavailable: 503, VectorsUnavailable: 503,
    }  # fmt: skip
    return next((status for kind, status in kinds.items() if isinstance(error, kind)), 500)


@contextmanager
def told_as(error: Callable[[str], Exception]) -> Iterator[None]:
    """Errors of ours as another library's, with their sentence: others' words its clients do not see."""
    try:
        yield
    except DatelineError as ours:
        raise error(str(ours)) from ours
