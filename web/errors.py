"""What can go wrong around the page: a branch of `DatelineError`, and HTTP's numbers.

DatelineError
├── ConversationMissing     no such conversation, or another's
└── TooOften                somebody has to wait
    ├── TooManyQuestions    more than one reader may ask in a minute
    └── TooManyGuesses      more wrong passwords than one address may try
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.errors import (
    ArticleMissing,
    DatelineError,
    EngineError,
    QuestionError,
    StorageError,
)


class ConversationMissing(DatelineError):
    """No such conversation, or another reader's."""


class TooOften(DatelineError):
    """Somebody has to wait: `wait` seconds."""

    def __init__(self, told: str, wait: int) -> None:
        super().__init__(told)
        self.wait = wait


class TooManyQuestions(TooOften):
    """More questions than one reader may ask in a minute."""

    def __init__(self, wait: int) -> None:
        """`wait`: seconds until the next may be asked."""
        super().__init__(f"These are more questions than one reader may ask in a minute: ask again in {wait} s.", wait)


class TooManyGuesses(TooOften):
    """More passwords that were wrong than one address may try, or more at once than can be looked at."""

    def __init__(self, wait: int) -> None:
        """`wait`: seconds until the next may be tried."""
        when = f"{wait} s" if wait < 100 else f"{-(-wait // 60)} minutes"
        super().__init__(
            f"Too many passwords were tried: try again in {when}, or ask whoever runs Dateline for a new one.", wait
        )


def http_status(error: DatelineError) -> int:
    """The HTTP status that says whose fault it is."""
    kinds = {
        QuestionError: 400, ArticleMissing: 404, ConversationMissing: 404, TooOften: 429, EngineError: 503,
        StorageError: 503,
    }  # fmt: skip
    return next((status for kind, status in kinds.items() if isinstance(error, kind)), 500)


@contextmanager
def told_as(error: Callable[[str], Exception]) -> Iterator[None]:
    """Errors of ours as another library's, with their sentence: others' words its clients do not see."""
    try:
        yield
    except DatelineError as ours:
        raise error(str(ours)) from ours
