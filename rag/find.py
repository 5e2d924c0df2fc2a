"""The passages nearest to a query, as whoever asks may put it: days as text, and the day on which it is asked."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import TypedDict

from index.search import Mode
from index.store import ArticleIndex
from index.types import Hit
from rag.errors import QuestionError, SettingsError

Day = date | str | None


class Filters(TypedDict, total=False):
    """Which articles count; dates are inclusive."""

    since: Day
    until: Day
    as_of: Day
    """The day on which it is asked: hides articles dated later."""
    source: str | None
    author: str | None
    """Words that stand in the article's source, and in its author; case and diacritics do not count."""
    exclude: Collection[str]
    """Ids of articles."""


_RECENT = timedelta(days=10)
"""Before the day of the question: what is asked on a day is mostly about that week (evals/RESULTS.md, "A calendar")."""


def find(
    articles: ArticleIndex,
    query: str,
    k: int = 10,
    *,
    since: Day = None,
    until: Day = None,
    as_of: Day = None,
    source: str | None = None,
    author: str | None = None,
    exclude: Collection[str] = (),
    toward: tuple[date, date] | None = None,
    mode: Mode = "fused",
    notes: list[str] | None = None,
) -> list[Hit]:
    """See `Assistant.search`. What was published within `toward`, else shortly before `as_of`, comes higher."""
    as_text(query, "The query")
    first, last, today = as_day(since, "since"), as_day(until, "until"), as_day(as_of, "as_of")
    toward = toward or ((today - _RECENT, today) if today else None)
    undated = today is not None and first is last is None  # an article without a date is not known to be later
    last = min(filter(None, (last, today)), default=None)
    return articles.search(
        query, k, since=first, until=last, source=source or "", author=author or "", exclude=exclude, undated=undated,
        toward=toward, mode=mode, notes=notes,
    )  # fmt: skip


def as_text(given: str, what: str) -> str:
    """`given`. Raises QuestionError for half a character, which a command line and JSON can hold and nothing reads."""
    try:
        given.encode()
    except UnicodeEncodeError:
        raise QuestionError(
            f"{what} holds bytes that are no text in UTF-8: type it anew, or save the file that it comes from as UTF-8."
        ) from None
    return given


def as_day(value: Day, name: str) -> date | None:
    """`value` as a date. Raises SettingsError, with the `name` of what was given, for what is none."""
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if value is None or isinstance(value, date) else date.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{name} must be a date like 2024-12-05, not {value!r}.") from None
