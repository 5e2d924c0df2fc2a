"""The names under which news services, exports and writers file the same few facts; one table for every format."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from index.dates import parse_date
from index.decode import Unreadable, legible
from index.formats import Extract, web_address, word

# By field, names without case, spaces and marks ("published_at" is "publishedat"), the most exact first.
# Days on which a file was changed, fetched or clipped are missing on purpose: they date another thing.
_BODY = (
    *("text", "body", "articlebody", "bodytext", "articletext", "fulltext", "maintext", "contenttext", "contenthtml"),
    *("encoded", "content", "story", "bodyhtml", "leadparagraph"),
)
_SUMMARY = ("description", "summary", "abstract", "snippet", "standfirst", "trailtext", "excerpt")
_ALIASES: dict[str, tuple[str, ...]] = {
    "text": _BODY + _SUMMARY,
    "title": ("title", "headline", "webtitle", "articletitle", "hed", "subject", "name"),
    "date": (
        *("date", "datepublished", "publishedat", "webpublicationdate", "pubdate", "publicationdate", "publisheddate"),
        *("datepublishedutc", "published", "publishdate", "publishtime", "publishedon", "publicationtime", "pubtime"),
        *("publishedutc", "issued", "dateissued", "articledate", "firstpublished", "firstpublicationdate"),
    ),
    "source": (
        *("source", "publication", "publisher", "sourcename", "publicationname", "publicationtitle", "newspaper"),
        *("outlet", "sitename", "provider", "medium", "newsorganization"),
    ),
    "author": ("author", "byline", "authors", "creator", "writer", "reporter", "bylines"),
    "url": (
        "url",
        "weburl",
        "link",
        "permalink",
        "articleurl",
        "canonicalurl",
        "sourceurl",
        "mainentityofpage",
        "guid",
    ),
}
# Where the value itself stands in an object: {"main": …} of a headline, {"name": …} of an author.
_INNER_TEXT = ("rendered", "value", "@value")
_INNER = ("name", "main", "original", *_INNER_TEXT, "text", "id", "@id")
_DEPTH = 4
_MARKUP = re.compile(r"</(?:p|div|li|h[1-6]|blockquote)\s*>|<br\s*/?>", re.I)
_BY = re.compile(r"by:?\s+", re.I)


def field_names(names: Iterable[str]) -> set[str]:
    """Which of our fields these names stand for."""
    keys = {_key(name) for name in names}
    return {field for field, aliases in _ALIASES.items() if not keys.isdisjoint(aliases)}


def from_fields(fields: dict[Any, Any], text: str | None = None) -> Extract:
    """An Extract of a record: its title, date, source, author and url, and its text where none is given.

    Raises Unreadable for a record without text.
    """
    record = _flat(fields)
    address = next(filter(None, map(web_address, _values(record, "url"))), None)
    sources = list(_values(record, "source"))
    named = (source for source in sources if not web_address(source))
    title = next(filter(None, _values(record, "title")), None)
    author = next(filter(None, _values(record, "author")), None)
    return Extract(
        _text(record) if text is None else text,
        title=word(html.unescape(title)) if title else None,
        date=next(filter(None, (parse_date(_inner(value)) for value in _raw(record, "date"))), None),
        source=next(filter(None, named), None),
        url=address or next(filter(None, map(web_address, sources)), None),
        author=_BY.sub("", author, count=1) if author and _BY.match(author) else author,
    )


def records(content: object) -> list[object] | None:
    """The list of records within a service's answer, the nearest to its outside; None for a single record.

    The services wrap it: {"articles": […]}, {"response": {"docs": […]}}, {"2024-1": {…}, "2024-2": {…}}.
    """
    if isinstance(content, list):
        return content
    if not isinstance(content, dict) or _has(_flat(content), _BODY):
        return None
    level: list[dict[Any, Any]] = [content]
    for _ in range(_DEPTH):
        below = [child for thing in level for child in thing.values()]
        lists = [child for child in below if isinstance(child, list)]
        for found in lists:
            if any(_is_record(item) for item in found):
                return found
        if any(_is_record(child, _BODY) for child in below):
            return [child for child in below if isinstance(child, dict)]
        level = [item for item in [*below, *(item for one in lists for item in one)] if isinstance(item, dict)]
    named = content.get("articles")
    return named if isinstance(named, list) and not _has(_flat(content), _BODY + _SUMMARY) else None


def _key(name: object) -> str:
    return re.sub(r"[\W_]+", "", str(name)).casefold()


def _keyed(fields: dict[Any, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, value in fields.items():
        record.setdefault(_key(name), value)
    return record


def _flat(fields: dict[Any, Any]) -> dict[str, Any]:
    """The fields by their bare names; with them those of the one object inside that holds the text ("fields")."""
    record = _keyed(fields)
    if not _has(record, _BODY):
        inside = [_keyed(child) for child in fields.values() if isinstance(child, dict)]
        holders = [child for child in inside if _has(child, _BODY)]
        if len(holders) == 1:
            record |= holders[0]
    return record


def _is_record(thing: object, names: tuple[str, ...] = _BODY + _SUMMARY) -> bool:
    return isinstance(thing, dict) and _has(_flat(thing), names)


def _has(record: dict[str, Any], names: tuple[str, ...]) -> bool:
    return any(_prose(record.get(name)) for name in names)


def _text(record: dict[str, Any]) -> str:
    given = [record[name] for name in _ALIASES["text"] if record.get(name) is not None]
    texts = [text for value in given if (text := _prose(value)) is not None]
    if not texts:
        raise Unreadable('its "text" is not a string' if given else 'it has no "text"')
    return legible(as_prose(next((text for text in texts if text.strip()), texts[0])))


def as_prose(text: str) -> str:
    """`text`, or what it shows if it is HTML."""
    if not _MARKUP.search(text):
        return text
    from index.webpage import visible_text

    return visible_text(text)


def _prose(value: object, inside: tuple[str, ...] = _INNER_TEXT) -> str | None:
    """A text: a string, the one inside of {"rendered": …}, or the paragraphs of a list."""
    if isinstance(value, dict):
        return next((inner for name in inside if isinstance(inner := value.get(name), str)), None)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return "\n\n".join(value)
    return value if isinstance(value, str) else None


def _inner(value: object) -> object:
    """A value, or that inside of {"$date": …}, as databases write it."""
    return next(iter(value.values()), None) if isinstance(value, dict) and len(value) == 1 else value


def _raw(record: dict[str, Any], field: str) -> Iterator[object]:
    for name in _ALIASES[field]:
        if record.get(name) is not None:
            yield record[name]


def _values(record: dict[str, Any], field: str) -> Iterator[str | None]:
    """What the record has under the names of a field, in one line each; several people apart by commas."""
    for value in _raw(record, field):
        each = value if isinstance(value, list) else [value]
        yield (
            ", ".join(filter(None, (word(_prose(one, _INNER)) for one in each))).replace("[[", "").replace("]]", "")
            or None
        )
