"""What can go wrong around the page: a branch of `DatelineError`, and HTTP's numbers.

DatelineError
└── ConversationMissing     no such conversation, or another's
"""

from __future__ import annotations

from rag.errors import ArticleMissing, DatelineError, EngineError, QuestionError


class ConversationMissing(DatelineError):
    """No such conversation, or another reader's."""


def http_status(error: DatelineError) -> int:
    """The HTTP status that says whose fault it is."""
    kinds = {QuestionError: 400, ArticleMissing: 404, ConversationMissing: 404, EngineError: 503}
    return next((status for kind, status in kinds.items() if isinstance(error, kind)), 500)
