"""The words that Dateline puts around what articles say: whose words they are, how old, and where they stand."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rag.days import annotate, spell, spell_span


def in_the_articles_words(quote: str, day: date | None, yes: bool | None = None) -> str:
    """The own words of an article of that day, as a sentence of the answer; behind Yes or No, where `yes` is given."""
    lead = {None: "In the article’s words", True: "Yes", False: "No"}[yes]
    return f"{lead}: {quoted(quote, day)}"


def dated(quote: str, day: date | None, when: tuple[date, date] | None = None) -> str:
    """The own words of an article of that day as one of several, behind that day or that of the event, `when`."""
    told = spell_span(*when) if when and when[0] < date.max else spell(day) if day else ""
    return f"{told}: {quoted(quote, day)}" if told else quoted(quote, day)


def says(sentence: str, day: date | None) -> str:
    """What another article says, told from what others say by its date."""
    return f"Another article{f', of {spell(day)},' if day else ''} says: {sentence}"


def corrected(quote: str, day: date | None) -> str:
    """The words that take an earlier article's words back."""
    return f"Corrected{f' on {spell(day)}' if day else ''}: {quoted(quote, day)}"


def before_correction(sentence: str, day: date | None) -> str:
    """What was taken back since."""
    return f"Before the correction{f', on {spell(day)}' if day else ''}: {sentence}"


def quoted(quote: str, day: date | None = None) -> str:
    """On one line, in quotation marks, "on Thursday" with its date in brackets, as editors add it; words that begin
    with a mark of their own get no second one."""
    words = annotate(" ".join(quote.split()), day, " [{}]")
    return words if words.startswith(("“", '"')) else f"“{words}”"


def in_words(day: date | str | None) -> str:
    """A day as a person writes it, given as one or in ISO's form; what a reader wrote that is no day, as it stands."""
    try:
        told = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        return str(day)
    return spell(told) if told else "no date"


def ago(then: datetime, now: datetime) -> str:
    """How long ago it was: "just now", "3 minutes ago", "2 days ago". Both know their time zone."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if count := seconds // length:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def about(citation: Mapping[str, Any]) -> list[str]:
    """Where a quote stands, of a citation's JSON form: its article's title and day, the article, the page."""
    page = f"page {citation['page']}" if citation["page"] else ""
    return list(filter(None, [citation["title"], in_words(citation["date"]), citation["article"], page]))


def origin(carriers: Sequence[str]) -> str:
    """“2 articles, one origin”; nothing where only one carries the words."""
    return f"{len(carriers)} articles, one origin" if len(carriers) > 1 else ""
