"""A saved web page -> its article: text by trafilatura, or BeautifulSoup; date from metadata only.

Consent walls, offers and menus go first: of a short page trafilatura may take them for the article.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from index.dates import parse_date
from index.decode import Unreadable, decode, legible, read_bytes
from index.formats import Extract, Found, quiet, unended, web_address, word
from index.tables import table_lines

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
_EDGE = "\x00"  # of a block; no page has this character, see `legible`
_CLUTTER = ("script", "style", "template", "noscript", "nav", "aside", "footer", "button", "select", "svg", "head")
_BLOCKS = frozenset(
    "address article blockquote br dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr li main ol p pre "
    "section table tr ul".split()
)
_DATED_ELSEWHERE = ("aside", "nav", "footer")
# What asks for consent or for money: by what it is called in the page's code together with its words, or
# by its words alone where a paragraph of its own speaks to the reader.
_CALLED_WALL = re.compile(
    r"cookie|consent|gdpr|ccpa|privacy|\bcmp\b|onetrust|didomi|usercentrics|sp_message|dialog", re.I
)
_SAYS_WALL = re.compile(r"cookies?\b|consent|privacy|partners|personal data|accept|datenschutz|einwillig|données", re.I)
_CALLED_OFFER = re.compile(
    r"pay-?wall|reg-?wall|subscri|newsletter|sign-?up|promo|meter|membership|registration|premium|donat|piano|dialog",
    re.I,
)
_SAYS_OFFER = re.compile(
    r"subscri|free (?:article|stor|trial)|sign (?:in|up)|log in|newsletter|register|unlimited|membership|donat|abonn",
    re.I,
)
_SPEAKS_TO_READER = re.compile(
    r"we value your privacy|we\b.{0,60}\b(?:(?:use|set|place) (?:.{0,20} )?cookies|store and(?:/or)? access)\b"
    r"|(?:this|our) (?:web)?site uses cookies|by (?:continuing|using) .{0,40}\b(?:cookies|consent)"
    r"|you(?:[’']ve| have)? .{0,30}\bfree (?:articles?|stories)|(?:already a|to continue reading|this article is for)\b"
    r".{0,40}\b(?:subscri|log in|sign in|register)|(?:subscribe|sign up|register|log in)\b.{0,40}"
    r"\b(?:now|today|for|to (?:read|continue|our|get)|week|month|newsletter|free)\b",
    re.I,
)
_BEGINS, _ENDS = re.compile(r"<(?:html|body)\b", re.I), re.compile(r"</(?:html|body)\s*>", re.I)
_CDATA = re.compile(r"(?://)?(?:<!\[CDATA\[|\]\]>)")
_OFFER_CHARS = 800
_UNSEEN = re.compile(  # in an element's own style: not there, without size or colour, or beside the page
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*0+(?:\.0*)?(?![.\d])"
    r"|(?:left|top|text-indent|margin-left)\s*:\s*-\d{3,})",
    re.I,
)
_PROSE_WORDS, _PROSE_CHARS = 4, 25  # a sentence of Japanese has no spaces
_CELL_CHARS = 400
_KEPT = ("html", "head", "body", "main", "article", "h1")
_LEAF = ("p", "div", "span", "section", "h2", "h3", "h4", "li")


def read_html(path: Path) -> list[Found]:
    """The article of a saved web page, without what stands around it."""
    limit = Unreadable(f"larger than {MAX_HTML_BYTES // 1_000_000} MB")
    data = read_bytes(path, MAX_HTML_BYTES, limit)
    tags = data.decode("latin-1")
    is_cut = _BEGINS.search(tags) and not _ENDS.search(tags)
    return [("", extract_html(data)), *([("", unended("the page has no end"))] if is_cut else [])]


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
            if _is_all_menu(soup):
                raise Unreadable("there is nothing but menus in this page: save the article's own page")
            changed = [_take_out_hidden(soup), _take_out_walls(soup), _write_out_tables(soup)]
            text = _article_text(str(soup) if any(changed) else page, soup)
        except (Unreadable, MemoryError):
            raise
        except Exception as error:  # lxml, trafilatura and bs4 have errors of their own for broken pages
            raise Unreadable("damaged, or not a web page") from error
    if not text.strip():
        raise Unreadable("empty: there is no text in this page")
    return replace(extract, text=legible(text))


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


def _take_out_hidden(soup: Any) -> bool:
    """Takes out of `soup` what the page says not to show, and whether there was any; never most of the page.

    By the element's own attributes: what a sheet of styles or a script hides stays.
    """
    most, found = len(_text(soup)) / 2, False
    for element in soup.find_all(
        lambda one: one.name == "template" or one.has_attr("hidden") or _UNSEEN.search(str(one.get("style", "")))
    ):
        if element.decomposed:
            continue
        if element.name == "template" or len(_text(element)) < most:  # some pages are shown by a script, all at once
            element.decompose()
            found = True
    return found


def _take_out_walls(soup: Any) -> bool:
    """Takes consent walls, offers and menus out of `soup`, and whether there were any; never what holds the heading."""
    kept = {id(holder) for heading in soup.find_all(_KEPT) for holder in (heading, *heading.parents)}
    links = Counter(id(parent) for link in soup.find_all("a") for parent in link.parents)
    most, found = len(_text(soup)) / 2, False
    for element in soup.find_all(True):
        if element.decomposed or id(element) in kept:
            continue
        if _is_wall(element) or (links[id(element)] > 2 and _is_menu(element, most)):
            element.decompose()
            found = True
    return found


def _is_wall(element: Any) -> bool:
    called = " ".join(str(element.get(name, "")) for name in ("id", "class", "role", "aria-label"))
    wall, offer = _CALLED_WALL.search(called), _CALLED_OFFER.search(called)
    is_leaf = element.name in _LEAF and element.find(_LEAF) is None
    if not (wall or offer or is_leaf):
        return False
    text = _text(element)
    if is_leaf and len(text) < _OFFER_CHARS and _SPEAKS_TO_READER.match(text):
        return True
    if not (_SPEAKS_TO_READER.search(text) or element.find(["button", "input"])):  # an article about such things
        return False
    says_wall = len(set(map(str.lower, _SAYS_WALL.findall(text)))) > 1
    return bool((wall and says_wall) or (offer and len(text) < _OFFER_CHARS and _SAYS_OFFER.search(text)))


def _is_menu(element: Any, most: float) -> bool:
    """Whether a block is a list of links, and not most of the page: a menu, or what else there is to read."""
    if element.name not in _BLOCKS or not 0 < len(_text(element)) < most:
        return False
    links = "".join(map(_text, element.find_all("a")))
    return sum(map(str.isalnum, links)) > 0.8 * sum(map(str.isalnum, _text(element)))


def _is_all_menu(soup: Any) -> bool:
    """Whether a page has links, and beside its menus no line that could be a headline or a sentence."""
    lines = (line for line in soup.find_all(string=True) if not line.find_parent(_CLUTTER))
    return len(soup.find_all("a", limit=2)) > 1 and all(
        len(line.split()) < _PROSE_WORDS and len(line.strip()) < _PROSE_CHARS for line in lines
    )


def _text(element: Any) -> str:
    return " ".join(element.get_text(" ").split())


def _write_out_tables(soup: Any) -> bool:
    """Makes of each table of data paragraphs, a row each, with its heads in it, and whether there were any."""
    found = False
    for table in soup.find_all("table"):
        if table.find(["table", *_KEPT]):  # a page's layout; asked first, for rows within rows within rows are many
            continue
        rows = [row.find_all(["td", "th"]) for row in table.find_all("tr")]
        prose = any(len(_text(cell)) > _CELL_CHARS for row in rows for cell in row)
        if prose or len(rows) < 2 or max(map(len, rows)) < 2:  # layout too; or one row, or column
            continue
        found = True
        heads = takewhile(lambda row: row and all(cell.name == "th" for cell in row[1:] or row), rows)
        lines = table_lines(_grid(rows), len(list(heads)))
        for line in [*([_text(table.caption)] if table.caption else []), *lines]:
            paragraph = soup.new_tag("p")
            paragraph.string = line
            table.insert_before(paragraph)
        table.decompose()
    return found


def _grid(rows: list[list[Any]]) -> list[list[str]]:
    """The cells' texts by column: one over several columns has its text in the first, one over several rows in each."""
    grid: list[list[str]] = []
    above: dict[int, tuple[int, str]] = {}  # column -> for how many rows more, and what
    for row in rows:
        cells: list[str] = []
        waiting = list(row)
        while waiting or above.get(len(cells), (0, ""))[0]:
            more, text = above.get(len(cells), (0, ""))
            if more:
                above[len(cells)] = (more - 1, text)
                cells.append(text)
                continue
            cell = waiting.pop(0)
            text, width, height = _text(cell), _span(cell, "colspan"), _span(cell, "rowspan")
            above[len(cells)] = (height - 1, text)
            cells += [text, *[""] * (width - 1)]
        grid.append(cells)
    return grid


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name, "1"))
    return min(max(int(value), 1), 100) if value.isdecimal() else 1


def _visible_text(soup: Any) -> str:
    """The page's text as paragraphs, one a block element. Takes the clutter out of `soup`."""
    from bs4 import NavigableString, Tag

    _take_out_hidden(soup)
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
    return _linked_date(soup, fields) or _marked_date(soup) or _time_element(soup)


def _linked_date(soup: Any, fields: dict[str, str]) -> date | None:
    """When the article of the page's JSON-LD was published; of several, that of the page's title."""
    dated = [(thing, day) for thing in _linked_data(soup) if (day := parse_date(thing.get("datePublished")))]
    articles = [pair for pair in dated if re.search(r"Article|Posting|Report", str(pair[0].get("@type")))] or dated
    title = _title(soup, fields)
    named = [pair for pair in articles if title and word(pair[0].get("headline")) == title]
    days = {day for _, day in named or articles}
    return days.pop() if len(days) == 1 else None


def _linked_data(soup: Any) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD that tell of the page; not the items of lists, which tell of others."""
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            waiting = [json.loads(_CDATA.sub("", script.string or ""), strict=False)]  # with line breaks in strings
        except (ValueError, RecursionError):
            continue
        while waiting:
            thing = waiting.pop(0)
            if isinstance(thing, list):
                waiting += thing
            elif isinstance(thing, dict):
                yield thing
                waiting += [thing.get(name) for name in ("@graph", "mainEntity", "mainEntityOfPage")]


def _marked_date(soup: Any) -> date | None:
    """The day in the first element that microdata mark as the publication's."""
    for element in soup.find_all(itemprop="datePublished"):
        if element.find_parent(_DATED_ELSEWHERE) is None:
            return parse_date(element.get("content") or element.get("datetime") or _text(element))
    return None


def _time_element(soup: Any) -> date | None:
    """The day of the <time> that is marked as publication; else that on which all of the page's agree."""
    times = soup.find_all("time", datetime=True) or soup.find_all("time")
    for time in times:
        if time.has_attr("pubdate"):
            return parse_date(time.get("datetime") or _text(time))
    changed = re.compile("modif|updat", re.I)
    published = [t for t in times if not changed.search(f"{t.get('itemprop')} {t.get('class')}")]
    days = {parse_date(time.get("datetime") or _text(time)) for time in published}
    return days.pop() if len(days) == 1 else None
