"""A saved web page -> its article: text by trafilatura, or BeautifulSoup; date from metadata only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from index.dates import parse_date
from index.decode import Unreadable, decode, read_bytes, storable
from index.formats import Extract, Found, quiet, web_address, word

MAX_HTML_BYTES = 20_000_000
# A page whose whole text is shorter than this is looked at twice: there trafilatura, made for pages
# with navigation and adverts around the article, sometimes takes the article for them.
SHORT_PAGE_CHARS = 3_000

# When the page was published, most exact first. "modified" dates are another thing.
_DATE_FIELDS = (
    *("article:published_time", "og:article:published_time", "og:published_time", "datepublished"),
    *("parsely-pub-date", "sailthru.date", "citation_publication_date", "dcterms.issued", "dc.date.issued"),
    *("article_date_original", "publish-date", "publishdate", "publication_date", "pubdate", "pub_date"),
    *("dcterms.created", "dc.date.created", "dcterms.date", "dc.date", "date"),
)
_EDGE = "\x00"  # of a block; no page has this character, see `storable`
_CLUTTER = ("script", "style", "template", "noscript", "nav", "aside", "footer", "button", "select", "svg", "head")
_BLOCKS = frozenset(
    "address article blockquote br dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr li main ol p pre "
    "section table tr ul".split()
)


def read_html(path: Path) -> list[Found]:
    """The article of a saved web page, without what stands around it."""
    limit = Unreadable(f"larger than {MAX_HTML_BYTES // 1_000_000} MB")
    return [("", extract_html(read_bytes(path, MAX_HTML_BYTES, limit)))]


def extract_html(data: bytes, charset: str | None = None) -> Extract:
    """The article of a web page's bytes, in `charset` if its sender names one. Raises Unreadable."""
    from bs4 import BeautifulSoup
    from bs4.dammit import EncodingDetector

    with quiet("trafilatura", "htmldate", "justext", "courlan", "bs4"):
        try:
            page = decode(data, charset or EncodingDetector.find_declared_encoding(data, is_html=True))
            soup = BeautifulSoup(page, "lxml")
            fields = _meta_fields(soup)
            extract = Extract(
                "",
                title=_title(soup, fields),
                date=_date(soup, fields),
                source=fields.get("og:site_name"),
                url=_address(soup, fields),
            )
            text = _article_text(page, soup)
        except (Unreadable, MemoryError):
            raise
        except Exception as error:  # lxml, trafilatura and bs4 have errors of their own for broken pages
            raise Unreadable("damaged, or not a web page") from error
    if not text.strip():
        raise Unreadable("empty: there is no text in this page")
    return replace(extract, text=storable(text))


def page_text(path: Path) -> str:
    """All the text of a saved web page, with what stands around its article."""
    from bs4.dammit import EncodingDetector

    data = path.read_bytes()
    return visible_text(decode(data, EncodingDetector.find_declared_encoding(data, is_html=True)))


def visible_text(markup: str) -> str:
    """All the text of a piece of HTML, as paragraphs."""
    from bs4 import BeautifulSoup

    with quiet("bs4"):
        return _visible_text(BeautifulSoup(markup, "lxml"))


def _article_text(page: str, soup: Any) -> str:
    """trafilatura's text; all of the page's text where that is missing, or most of a short page."""
    import trafilatura

    lines = (trafilatura.extract(page, include_comments=False) or "").split("\n")
    article = "\n\n".join(line.strip() for line in lines if line.strip())
    if len(article) > SHORT_PAGE_CHARS // 2:
        return article
    everything = _visible_text(soup)
    cut_short = len(everything) < SHORT_PAGE_CHARS and len(article) < 0.5 * len(everything)
    return everything if cut_short or not article else article


def _visible_text(soup: Any) -> str:
    """The page's text as paragraphs, one a block element. Takes the clutter out of `soup`."""
    from bs4 import NavigableString, Tag

    for clutter in soup.find_all(_CLUTTER):
        clutter.decompose()
    pieces: list[str] = []
    last_block = None
    for node in soup.descendants:
        if isinstance(node, Tag):
            pieces.append(_EDGE if node.name in _BLOCKS else " " * (node.name in ("td", "th")))
        elif type(node) is NavigableString:  # its subclasses are comments and the like
            block = next((parent for parent in node.parents if parent.name in _BLOCKS), None)
            pieces += [node] if block is last_block else [_EDGE, node]
            last_block = block
    return re.sub(rf" ?(?:{_EDGE} ?)+", "\n\n", re.sub(r"\s+", " ", "".join(pieces))).strip()


def _meta_fields(soup: Any) -> dict[str, str]:
    """Name in lower case -> content, of the first <meta> that has the name."""
    fields: dict[str, str] = {}
    for meta in soup.find_all("meta"):
        content = word(meta.get("content"))
        for attribute in ("property", "name", "itemprop"):
            name = meta.get(attribute)
            if content and name:
                fields.setdefault(str(name).lower(), content)
    return fields


def _title(soup: Any, fields: dict[str, str]) -> str | None:
    """The page's name; the heading alone if the name is the heading with the site's name around it."""
    heading = word(soup.h1.get_text(" ")) if soup.h1 else None
    name = fields.get("og:title") or (word(soup.title.get_text(" ")) if soup.title else None)
    return heading if not name or (heading and heading in name) else name


def _address(soup: Any, fields: dict[str, str]) -> str | None:
    canonical = soup.find("link", rel="canonical")
    return web_address(canonical.get("href") if canonical else None) or web_address(fields.get("og:url"))


def _date(soup: Any, fields: dict[str, str]) -> date | None:
    """What the page says in its metadata. Never a guess from its text, address or file."""
    for name in _DATE_FIELDS:
        if day := parse_date(fields.get(name)):
            return day
    for described in _linked_data(soup):
        if day := parse_date(described.get("datePublished")):
            return day
    return _time_element(soup)


def _linked_data(soup: Any) -> Iterator[dict[str, Any]]:
    """The page's own JSON-LD objects; not those inside others, which may tell of other articles."""
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            content = json.loads(script.string or "")
        except (ValueError, RecursionError):
            continue
        for thing in content if isinstance(content, list) else [content]:
            if isinstance(thing, dict):
                graph = thing.get("@graph")
                yield thing
                yield from (node for node in graph or () if isinstance(node, dict))


def _time_element(soup: Any) -> date | None:
    """The day of the <time> that is marked as publication; else that on which all of the page's agree."""
    times = soup.find_all("time", datetime=True)
    for time in times:
        if time.get("itemprop") == "datePublished" or time.has_attr("pubdate"):
            return parse_date(time["datetime"])
    changed = re.compile("modif|updat", re.I)
    published = [t for t in times if not changed.search(f"{t.get('itemprop')} {t.get('class')}")]
    days = {parse_date(time["datetime"]) for time in published}
    return days.pop() if len(days) == 1 else None
