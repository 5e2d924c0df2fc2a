"""RSS and Atom files: an article an item, by lxml."""

from __future__ import annotations

import re
from html.entities import name2codepoint
from pathlib import Path
from typing import Any

from index.decode import Unreadable, one_at_most, read_bytes
from index.fields import as_prose, from_fields
from index.formats import Extract, Found, unended, word

MAX_FEED_BYTES = 50_000_000

_MEDIA = "{http://search.yahoo.com/mrss/}"  # pictures, which have titles and descriptions of their own
_AMPERSAND = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:#[0-9A-Za-z]{1,8};|([0-9A-Za-z]{2,8});)?", re.DOTALL)
_XML_KNOWS = ("amp", "lt", "gt", "quot", "apos")


def read_feed(path: Path) -> list[Found]:
    """The items of a feed, numbered from 0; whatever one of them lacks of a source is the feed's title.

    Of one that is not well-formed, what can be found is read, and that something may be missing is told.
    """
    from lxml import etree

    data = read_bytes(path, MAX_FEED_BYTES, Unreadable(f"larger than {MAX_FEED_BYTES // 1_000_000} MB"))
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, remove_comments=True)
    if b"\x00" not in data[:100]:  # UTF-16
        data = _AMPERSAND.sub(_as_xml, data.decode("latin-1")).encode("latin-1")  # any other letters stay as they are
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:  # nothing in it is XML
        root = None
    if root is None or _name(root) not in ("rss", "RDF", "feed"):
        raise Unreadable("neither an RSS nor an Atom feed, the XML files that are read")
    channel = next((child for child in root if _name(child) == "channel"), root)
    title = next((word(_text(child)) for child in channel if _name(child) == "title"), None)
    items = [element for element in root.iter() if _name(element) in ("item", "entry")]
    if not items:
        raise Unreadable("empty: there is no item in this feed")
    lines = [error.line for error in parser.error_log if error.domain_name == "PARSER"]  # not a prefix that is not told
    told: list[Found] = [("", unended(f"not well-formed XML at line {lines[0]}"))] if lines else []
    return [*((f"#{number}", _item(item, title)) for number, item in enumerate(items)), *told]


def _as_xml(found: re.Match[str]) -> str:
    """HTML's named letters and bare ampersands as XML has them, which would lose "&eacute;" and the T of "AT&T"."""
    if found[1] in name2codepoint and found[1] not in _XML_KNOWS:
        return f"&#{name2codepoint[found[1]]};"
    known = found[0].startswith(("<", "&#")) or found[1] in _XML_KNOWS
    return found[0] if known else f"&amp;{found[0][1:]}"


def _item(item: Any, feed: str | None) -> Extract | Unreadable:
    fields: dict[str, Any] = {"source": feed}
    for child in item:
        name = _name(child)
        if str(child.tag).startswith(_MEDIA) or child.get("rel", "alternate") != "alternate":
            continue
        value = child.get("href") if name == "link" and child.get("href") else _text(child)
        if name == "creator" or name == "author":
            fields.setdefault("author", []).append(value)
        elif value.strip():
            fields[name] = value if name not in fields or name == "source" else fields[name]
    if "published" not in fields:  # Atom asks of an entry only when it was last changed; most never are
        fields["published"] = fields.get("updated")
    try:
        with one_at_most():
            return from_fields(fields)
    except Unreadable as trouble:
        return trouble


def _text(element: Any) -> str:
    """An element's text: its HTML, the name in it where it is a person, or else all of it."""
    from lxml import etree

    if element.get("type") == "xhtml":
        return as_prose(etree.tostring(element, encoding="unicode", with_tail=False))
    inner = next((child for child in element if _name(child) in ("name", "title")), element)
    return "".join(inner.itertext())


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
