"""What can go wrong around the page: branches of `DatelineError`.

DatelineError
└── AppError
    └── ConversationMissing     no such conversation, or another's
"""

from __future__ import annotations

from index.errors import DatelineError


class AppError(DatelineError):
    """Something about the app itself."""


class ConversationMissing(AppError):
    """No such conversation, or another reader's."""
