"""The passages nearest to a query, as whoever asks may put it: days as text, and the day on which it is asked."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

from index.search import Mode
from index.store import ArticleIndex
from index.types import Hit
from rag.days import shifted
from rag.errors import QuestionError, SettingsError
from rag.types import Length

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


class Wishes(Filters, total=False):
    """What may be wished for an answer."""

    length: Length | None
    """ "short", a sentence, or "full", up to about eight; None leaves it to the question's own words."""


_RECENT = 10
"""Days before the question: what is asked on a day is mostly about that week (evals/RESULTS.md, "A calendar")."""


def find(
    articles: ArticleIndex,
    query: str,
    k: int = 10,
    *,
    toward: tuple[date, date] | None = None,
    mode: Mode = "fused",
    notes: list[str] | None = None,
    **filters: Unpack[Filters],
) -> list[Hit]:
    """See `Assistant.search`. What was published within `toward`, else shortly before `as_of`, comes higher."""
    as_text(query, "The query")
    today = as_day(filters.get("as_of"), "as_of")
    toward = toward or ((shifted(today, -_RECENT), today) if today else None)
    return articles.search(query, k, **narrowing(filters), toward=toward, mode=mode, notes=notes)


def narrowing(filters: Filters) -> dict[str, Any]:
    """What narrows the articles, as `ArticleIndex` takes it. Raises SettingsError."""
    first, last = as_day(filters.get("since"), "since"), as_day(filters.get("until"), "until")
    today = as_day(filters.get("as_of"), "as_of")
    return {
        "since": first,
        "until": min(filter(None, (last, today)), default=None),
        "undated": today is not None and first is last is None,  # it is not known to be later
        "source": as_text(filters.get("source") or "", "The source"),
        "author": as_text(filters.get("author") or "", "The author"),
        "exclude": filters.get("exclude", ()),
    }


def as_text(given: object, what: str) -> str:
    """`given`. Raises QuestionError for no text, and for half a character, which a command line and JSON can hold."""
    if not isinstance(given, str):
        raise QuestionError(f"{what} must be text, not {type(given).__name__}.")
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
    except (TypeError, ValueError):
        raise SettingsError(f"{name} must be a date like 2024-12-05, not {value!r}.") from None
