"""A news database's export -> its articles: Nexis, Factiva, ProQuest and Europresse put many into one file.

Each has a frame around every article: a line that opens or ends it, lines of labels, and a head whose lines
have their places. A file is taken apart only where the frame gives articles a text and a day; a file that
has the marks of an export and cannot be taken apart stays one article, without a date and with a note, for
its own date is the day of the export and the first day in it is one article's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

from index.dates import parse_date
from index.decode import Unreadable, decode
from index.formats import Extract, Found, word
from index.types import Span

_NOTE = (
    "it looks like a news database's export that cannot be taken apart: it is indexed as one article without a date; "
    "export one article a file"
)
_DATE = r"(\d{1,2}(?:st|nd|rd|th|er)? [^\W\d]+\.?,? \d{4}|[^\W\d]+\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{4}-\d\d-\d\d)"
# "March 4, 2019 Monday 10:30 AM GMT", "France, lundi 4 mars 2019, p. 12": a line with little beside the day.
_DATE_LINE = re.compile(rf"(?:[^\W\d]+,? ){{0,2}}{_DATE}(?:[ ,–-]+[\w:.·+]+){{0,6}}", re.I)
_WORDS = re.compile(r"\d[\d,. ]{0,9} (?:words|mots)", re.I)
_PROSE = re.compile(r"[.!?…:][”\"’']?$")
_ISSUE = re.compile(r", (?:no|n°|nr)\.? ?\d.*", re.I)
_RESERVED = "(?:all rights reserved|tous droits réservés)"
_RIGHTS = re.compile(  # "Skarn Gazette. All rights reserved"; not "since all rights reserved to him had lapsed"
    rf"(?:copyright|©|\(c\)).{{0,3}}\b\d{{4}}\b.*"
    rf"|(?:.{{0,80}}[.,;:©®|)–-]\s*|(?:\S+ ){{1,4}})?{_RESERVED}(?:\W*|\W.{{0,80}})",
    re.I,
)
# Lines that stand once an article in some database's exports, and hardly anywhere else; of several kinds.
_MARKS = (
    re.compile(r"End of Document", re.I),
    re.compile(r"Document \d{1,6} of \d{1,6}|\d{1,6} of \d{1,6} DOCUMENTS", re.I),
    re.compile(r"(?:AN[|\s]+)?Document [A-Z]\w{12,}"),
    re.compile(r"Load-Date:.*", re.I),
    re.compile(r"(?:Publication (?:title|date)|Full text):.*", re.I),
    re.compile(r"news·\d{8}·.*"),
    re.compile(rf"(?:length|WC)[:| ]{{1,3}}{_WORDS.pattern}", re.I),
    # These two stand elsewhere as well, and tell of an export only where they come again.
    re.compile(rf"(?:.{{0,80}}\W)?{_RESERVED}\W*", re.I),
    _WORDS,
)
_WEAK = _MARKS[-2:]
_TITLED = re.compile(r"(?:title|headline) ?: .+", re.I)
_MARK = re.compile("|".join(f"(?:{kind.pattern})" for kind in _MARKS), re.I)
_HINT = re.compile("|".join(f"(?:{kind.pattern})" for kind in (*_MARKS[:-2], _TITLED)), re.I)
"""A mark within a page's HTML, where a line has no end."""
_COLON = r"([A-Z][A-Za-z /-]{1,30}?) ?:(?: (.*))?"
_NONE = re.compile(r"(?!)")
Reader = Callable[[Path], list[Found]]
_TAIL = "."
"""The field of a label that ends the text, and is no part of the article."""


@dataclass(frozen=True)
class _Layout:
    """How one database frames an article."""

    edge: re.Pattern[str]
    """A line between two articles; no part of either."""
    label: re.Pattern[str]
    """A line that begins with a label, (1), and may go on with its value, (2)."""
    fields: dict[str, str]
    """What a label's value is: title, date, source, author, text; _TAIL; or "" for another fact of the head."""
    runs_on: bool = False
    """Whether the lines below any label belong to it, not only those below a text's."""


def _labels(**fields: str) -> dict[str, str]:
    names = {"other": "", "tail": _TAIL}
    return {label: names.get(name, name) for name, labels in fields.items() for label in labels.split("|")}


_LAYOUTS = (
    _Layout(  # Factiva, with its field codes; "IN London" is no code, "IN i41 : Food" is one
        _MARKS[2],
        re.compile(
            r"(?!(?:IN|RE|CO|NS|ART|CT) [^|:]+$)"
            r"(HD|CR|BY|WC|PD|ET|SN|SC|ED|PG|LA|CY|LP|TD|CO|IN|NS|RE|IPC|IPD|PUB|AN|CT|RF|CX|CLM|SE|ART)(?:[| ]+(.*))?"
        ),
        _labels(
            title="hd", author="by", date="pd", source="sn", text="lp|td", other="se|clm|cr|wc|et|sc|ed|pg|la|cy|cx",
            tail="co|in|ns|re|ipc|ipd|pub|an|ct|rf|art",
        ),
        runs_on=True,
    ),
    _Layout(  # ProQuest, and whatever else writes its labels in words
        re.compile(r"_{10,}|-{10,}|={10,}|Document \d+ of \d+", re.I),
        re.compile(rf"(?:{_COLON})|(ProQuest document link)"),
        _labels(
            title="title|headline", author="author|authors|byline", date="publication date|date|published",
            source="publication title|source|publication|newspaper", text="full text|text|body|article text",
            tail="subject|location|people|company|company / organization|publication info|publication year|publication "
            "subject|publisher|place of publication|country of publication|issn|source type|language of publication|"
            "document type|proquest document id|document url|copyright|last updated|database|volume|issue|pages|"
            "section|first page|credit|links|"
            "proquest document link|abstract|identifier / keyword|classification|issn|e-issn",
        ),
        runs_on=True,
    ),
    _Layout(  # Nexis
        re.compile("|".join(f"(?:{mark.pattern})" for mark in _MARKS[:2]), re.I),
        re.compile(rf"(?:{_COLON})|(Body|Classification|Graphic)"),
        _labels(
            author="byline", title="headline", text="body", other="section|length|highlight|dateline|series",
            tail="load-date|language|publication-type|journal-code|classification|subject|graphic|document-type|url|"
            "industry|geographic|company|organization|person|ticker|acc-no|correction-date|pub-type",
        ),
    ),
    _Layout(re.compile(f"{_MARKS[2].pattern}|{_MARKS[5].pattern}"), _NONE, {}),  # Factiva and Europresse without
    _Layout(_RIGHTS, _NONE, {}),  # an archive of one's own, whose articles end with their rights
)  # fmt: skip


def is_edge(line: str) -> bool:
    """Whether a line opens or ends an article in a database's export, whatever file it stands in."""
    return any(kind.fullmatch(line) for kind in (*_MARKS[:3], _MARKS[5]))


def apart(read: Reader, *, all_of_it: Callable[[Path], str] | None = None, verbatim: bool = False) -> Reader:
    """A reader that takes exports apart: numbered articles for several, an article with its own facts for one.

    `all_of_it` gives the text of a file of which `read` leaves out what repeats. With `verbatim` a single
    article's text stays the file's, its frame set aside.
    """

    def reader(path: Path) -> list[Found]:
        found = read(path)
        mark, whole = found[0]
        if mark or isinstance(whole, Unreadable) or whole.asides:  # set aside: the file's own date line
            return found
        text = whole.text
        if all_of_it and _HINT.search(decode(path.read_bytes())):
            text = all_of_it(path)
        articles = _articles(whole, text, is_page=all_of_it is not None)
        if verbatim and len(articles) == 1 and isinstance(one := articles[0][1], Extract) and one is not whole:
            articles = [("", replace(one, text=whole.text, asides=_around(one.text, whole.text)))]
        return [*articles, *found[1:]]

    return reader


def _around(body: str, text: str) -> tuple[Span, ...]:
    """What stands in `text` before and after the lines of `body`."""
    lines = body.split("\n")
    start = text.find(lines[0])
    end = text.rfind(lines[-1]) + len(lines[-1])
    return tuple(span for span in (Span(0, start), Span(end, len(text))) if 0 <= span.start < span.end)


def _articles(whole: Extract, text: str, *, is_page: bool) -> list[Found]:
    lines = [" ".join(line.split()) for line in text.split("\n")]
    marks = Counter(kind for line in filter(_MARK.fullmatch, lines) for kind in _MARKS if kind.fullmatch(line))
    for kind in _WEAK:
        if is_page or marks[kind] < 2:
            del marks[kind]
    if not marks and not any(map(_TITLED.fullmatch, lines)):
        return [("", whole)]
    repeated = max(marks.values(), default=0) > 1
    layouts = _LAYOUTS if marks else _LAYOUTS[1:2]
    for layout in sorted(layouts, key=lambda layout: not any(map(layout.edge.fullmatch, lines))):
        parts = list(_parts(layout, lines))
        framed = [part for part in parts if part.text]
        dated = sum(part.date is not None for part in framed)
        if dated and 2 * dated >= len(framed) and (len(parts) > 1 or not repeated):
            told = [
                part if part.text else Unreadable("there is no text in this article of the export") for part in parts
            ]
            return [(f"#{number}" if len(parts) > 1 else "", one) for number, one in enumerate(told)]
    return [("", replace(whole, date=None)), ("", Unreadable(_NOTE))] if repeated else [("", whole)]


def _parts(layout: _Layout, lines: list[str]) -> Iterator[Extract]:
    """What stands between the edges; a cover or a list of contents, which has neither labels nor a day, is none."""
    parts = [
        [(line, *_label(layout, line)) for line in group]
        for is_edge, group in groupby(lines, lambda line: bool(layout.edge.fullmatch(line)))
        if not is_edge
    ]
    parts = [part for part in parts if any(line for line, *_ in part)]
    often = Counter(name for part in parts for name in {name for _, name, _ in part})
    common = {name for name, number in often.items() if 2 * number >= len(parts)}
    for part in parts:
        yield from _part(layout, part, common)


def _part(layout: _Layout, lines: list[tuple[str, str, str | None]], common: set[str]) -> Iterator[Extract]:
    """The article of lines, each with its label's name and value.

    Within the text, "Subject: to change." is a sentence: where the label, or another for the same fact, comes again
    below; or where it is none that most articles have, and its value ends as a sentence does.
    """
    last = {about: at for at, (_, name, _) in enumerate(lines) for about in (name, layout.fields.get(name))}
    head: list[str] = []
    rest: list[str] = []  # without a label of its own, after the head: the text where no label says so
    values: dict[str, list[str]] = {}
    seen: set[str] = set()
    into, in_text = head, False
    for at, (line, name, value) in enumerate(lines):
        kind = layout.fields.get(name) if name else None
        in_text = into is values.get("text") or (into is rest and any(rest))
        again = last[name] > at or (kind in _FACTS and last[kind] > at) or (kind == "text" and name in seen)
        is_text = in_text and (again or (name not in common and _PROSE.search(value or "")))
        if kind == "text":
            seen.add(name)
        if kind is None or is_text or (in_text and kind != "text" and kind != _TAIL and not layout.runs_on):
            if not _RIGHTS.fullmatch(line) or not (into is head or into is rest):
                into.append(line)
            elif into is head:
                head.append(_SIGN)
            continue
        into = values.setdefault(kind, []) if kind in ("text", "") or kind not in values else []
        into.append(value or "")
        if not layout.runs_on and kind in ("", "author", "title"):
            into = rest
    if values or not layout.runs_on:
        yield from _settle(head, rest, {name: "\n".join(found).strip() for name, found in values.items()})


_FACTS = ("title", "date", "source", "author")
_SIGN = "\x00"
"""Where a line of rights stood: Factiva's head ends with it."""


def _label(layout: _Layout, line: str) -> tuple[str, str | None]:
    found = layout.label.fullmatch(line)
    if not found:
        return "", None
    name, value = (found[1], found[2]) if found[1] else (found[found.re.groups], None)
    return name.casefold(), value


def _settle(head: list[str], rest: list[str], values: dict[str, str]) -> Iterator[Extract]:
    """The article of its labels' values and, where it has none for a fact, of the places of its head's lines."""
    days = [at for at, line in enumerate(head) if _day(line)]
    at = (days[-1] if values else days[0]) if days else len(head)  # without labels the head goes on into the text
    before = [line for line in head[:at] if line.strip(_SIGN) and not line.startswith("•")]
    after = [line for line in head[at + 1 :] if line.strip(_SIGN)]
    source = before[-1] if before else None
    title = author = None
    text = values.get("text") or "\n".join(rest).strip()
    if before and _WORDS.fullmatch(before[-1]):  # Factiva: title, author, words, day, source … rights, text
        title, author = before[0], before[1] if len(before) > 2 else None
        source = next((line for line in after if not re.fullmatch(r"\d\d?:\d\d.*", line)), None)
        if _SIGN in head[at:]:
            text = text or "\n".join(head[head.index(_SIGN, at) + 1 :])
    elif values.get("title"):
        pass  # and the source, if no label says it, stands above the day
    elif values.get("source"):  # ProQuest, where no label says which is the title
        title = source
    elif values and after and "text" not in values:  # Nexis, before: source, day, title
        title = after[-1]
    elif values or (
        after and _PROSE.search(after[0]) and not _is_title(before, head[at], after)
    ):  # Nexis: title, source, day
        title, source = (before[-2], source) if len(before) > 1 else (source, _beside_day(head[at]) if days else None)
        text = text if values else "\n".join(head[at + 1 :])
    elif days and after:  # Europresse: source, day, title, author, text
        title = after[0]
        author = after[1] if len(after) > 2 and len(after[1].split()) < 7 and not _PROSE.search(after[1]) else None
        text = "\n".join(head[head.index(author or title, at + 1) + 1 :])
    if values or days:
        yield Extract(
            re.sub(r"\n{3,}", "\n\n", text.replace(_SIGN, "")).strip(),
            word(values.get("title")) or title,
            parse_date(values.get("date")) or (_day(head[at]) if days else None),
            source=word(values.get("source")) or (_ISSUE.sub("", source) if source else None),
            author=_byline(values.get("author") or author),
        )


def _is_title(before: list[str], day: str, after: list[str]) -> bool:
    """Whether a question or quotation below the day is a title, since none stands above it."""
    return len(before) == 1 and not _beside_day(day) and not after[0].endswith(".") and len(after) > 1


def _beside_day(line: str) -> str | None:
    """The words before the day, where they are more than a weekday: "Skarn Gazette, 4 March 2019"."""
    found = _DATE_LINE.fullmatch(line)
    words = line[: found.start(1)].strip(" ,") if found else ""
    return words if " " in words else None


def _byline(value: str | None) -> str | None:
    return word(re.sub(r"by:?\s+", "", value, count=1, flags=re.I)) if value else None


def _day(line: str) -> date | None:
    """The day that a line gives, if it gives little else."""
    found = _DATE_LINE.fullmatch(line) if len(line) <= 100 else None
    return parse_date(found[1]) if found else None
