"""Article -> Sentences and Passages, each with exact character offsets.

Sentences come from `sentencex` (Wikimedia; abbreviation lists for many languages, offsets in characters).
Of the 42 awkward texts in tests/test_split.py it splits 26 as a reader would, a plain regular expression 15; with
the guards below, all. Alone it closes brackets over sentence ends ("(It was true.) Then he left."), parts
"5 p.m. | Friday", "D-N. | Y.", "Ms. | Jones" and "«Куда?» | — спросил он", keeps a quotation of any length whole,
knows neither \\r\\n nor list items, refuses lone surrogates, and is quadratic in quotation marks that are never
closed. So it is handed flattened text in windows of bounded size, and `_forgotten` and `_continues` amend its
boundaries.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

import sentencex

from index.types import Article, Kind, Passage, Sentence, Span

_MAX_SENTENCE = 1000
_WINDOW = 2000  # sentencex needs 30 s for 250,000 characters of the worst text
_LONG_QUOTATION = 400  # a quotation stays whole with its speaker up to this length
_LONG_LINE = 200  # nobody wraps lines this wide: here each line is a paragraph

_NEWLINE = re.compile(r"\r{0,3}\n|\r|[\x85\u2028\u2029]")  # "\r\r\n" is one newline that was translated twice
_HEADING = re.compile(r"#{1,6}\s+\S")
_RULE = re.compile(r"([=\-*_~])\1{2,}$")
_ITEM = re.compile(r"([-*+•‣▪◦●·–—]|\d{1,3}[.)]|[a-zA-Z][.)]|\|)\s")

_CLOSERS = ")\\]}”’»›」』）】"
_OPENERS = "(\\[{“‘«‹「『（【\"'¿¡"
_TERMINATOR = re.compile(rf"(?<![.!?…؟])[.!?…؟]+[{_CLOSERS}\"']*(?=\s)")
_CJK_END = re.compile(rf"[。！？｡][{_CLOSERS}\"']*$")

_TITLES = (
    "Mr Mrs Ms Mx Messrs Dr Prof Rev Hon Gen Lt Col Maj Capt Sgt Cpl Pvt Brig Cmdr Adm Sen Rep Gov Pres Supt Insp "
    "Det Fr Mme Mlle Sra Srta Hr e.g i.e cf vs approx ca डॉ श्री"
)
_TITLE = re.compile(rf"(?:^|[\s{_OPENERS}.-])(?:{'|'.join(map(re.escape, _TITLES.split()))})\.$")
_BEFORE_NUMBER = re.compile(
    r"(?:^|\W)(?:Nos?|Nr|Vol|Figs?|Art|Sec|Ch|pp?|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
_CLOCK = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_AFTER_CLOCK = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec|"
    r"(?:[ECMP][SD]?|BS|GM|CES?|EES?|IS|AES?|U)T\b|UTC|Eastern|Central|Pacific|Damascus|Moscow|Kyiv|London)"
)
_LETTERED = re.compile(r"(?:^|\W)(?:[^\W\d_]|[^\W\d_](?:\.[^\W\d_])+)\.$")  # an initial, or one like U.S.
_FOREIGN_INITIAL = re.compile(r"(?:^|\s)(?![a-zA-Z])[^\W\d_]\.$")  # "د." is doctor; sentencex knows Latin initials
_OUTCRY = re.compile(r"[?!][”’»\"']$")
_SPEAKER = re.compile(
    r"(?:[^\W\d_a-z][\w.’'-]*\s+){1,4}(?:said|asked|says|asks|told|added|wrote|replied|shouted|cried|tweeted)\b"
)
_PLAIN_END = re.compile(rf"[^\W_A-Z]{{2}}[.!?…]+[{_CLOSERS}\"']*(?:\[\d+\])*$|\d[.!?]+$")
_PLAIN_START = re.compile(rf"[{_OPENERS}]*[^\W\d_a-z][^\W\d_A-Z]*(?:[\s,;:'’]|$)")

_SCRIPTS = {
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "ru": re.compile(r"[\u0400-\u052f]"),
    "ar": re.compile(r"[\u0600-\u06ff\u0750-\u077f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
}


def paragraphs(text: str) -> list[Span]:
    """The paragraphs of `text`, without the white space around them.

    Blank lines part them; a Markdown heading is one of its own; and where a block has a line too long to be
    hard-wrapped, each of its lines is one.
    """
    found: list[Span] = []
    block: list[Span] = []
    for line in _lines(text):
        heading = line is not None and _HEADING.match(text, line.start) is not None
        if line is None or heading:
            found += _paragraphs_of(block)
            block = []
        if heading and line is not None:
            found.append(line)
        elif line is not None:
            block.append(line)
    return found + _paragraphs_of(block)


def _lines(text: str) -> Iterator[Span | None]:
    """Each line without the white space around it; None for a blank one."""
    start = 0
    for newline in _NEWLINE.finditer(text):
        yield _trimmed(text, start, newline.start())
        if newline[0] == "\u2029":
            yield None
        start = newline.end()
    yield _trimmed(text, start, len(text))


def _paragraphs_of(block: list[Span]) -> list[Span]:
    if any(line.end - line.start > _LONG_LINE for line in block):
        return block
    return [Span(block[0].start, block[-1].end)] if block else []


def _trimmed(text: str, start: int, end: int) -> Span | None:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    end = start + len(part.strip())
    return Span(start, end) if start < end else None


def split_sentences(text: str) -> list[Span]:
    """The sentences of any text, as offsets into it.

    Every character that is not white space is in exactly one span; no span begins or ends with white space;
    none is longer than 1,000 characters (what is longer is cut at white space, or hard). Single newlines are
    spaces, except around headings, list items and the rows of a table. Needs linear time.
    """
    return [span for paragraph in paragraphs(text) for span in _sentences_in(text, paragraph)]


def _sentences_in(text: str, paragraph: Span) -> Iterator[Span]:
    for piece in _pieces(text, paragraph):
        start = piece.start
        for end in (*_boundaries(text[piece.start : piece.end], piece.start), piece.end):
            sentence = _trimmed(text, start, end)
            if sentence is not None:
                yield from _bounded(text, sentence)
            start = end


def _pieces(text: str, paragraph: Span) -> Iterator[Span]:
    """The parts of a paragraph that no sentence crosses: list items, table rows, underlined headings."""
    lines = [
        Span(paragraph.start + line.start, paragraph.start + line.end)
        for line in _lines(text[paragraph.start : paragraph.end])
        if line is not None
    ]
    markers = [_ITEM.match(text, line.start, line.end) for line in lines]
    listed = sum(1 for marker in markers if marker) > 1
    start = paragraph.start
    for before, line, marker in zip(lines, lines[1:], markers[1:], strict=False):
        # a lone dash or "5. " at a line's start is more often wrapped prose than a list
        opens_item = marker is not None and (listed or text[before.end - 1] in ".:;!?")
        if opens_item or _RULE.match(text[before.start : before.end]):
            yield Span(start, before.end)
            start = line.start
    yield Span(start, paragraph.end)


def _boundaries(piece: str, offset: int) -> list[int]:
    """Where the sentences of a piece begin, the first excepted, counted from `offset`."""
    if _HEADING.match(piece):
        return []
    # same length, so offsets hold: sentencex breaks at newlines and cannot take half a surrogate pair
    flat = re.sub("[\ud800-\udfff]", "\ufffd", re.sub(r"\s", " ", piece))
    kept: list[int] = []
    last = 0
    for here, after in pairwise([*_proposed(flat), len(flat)]):
        if not _continues(flat, last, here, after):
            kept.append(here + offset)
            last = here
    return kept


def _proposed(flat: str) -> list[int]:
    """The boundaries that sentencex sees, and those it forgot."""
    language = _language(flat)
    found: list[int] = []
    start = 0
    while start < len(flat):
        end = _window_end(flat, start)
        ends = [
            start + sentence["end_index"] for sentence in sentencex.get_sentence_boundaries(language, flat[start:end])
        ]
        # the window may have cut its last sentence: begin the next window with it
        if end < len(flat) and len(ends) > 1:
            ends.pop()
        for stop in ends or [end]:
            found += [*_forgotten(flat, start, stop), stop]
            start = stop
    return [end for end in found if end < len(flat)]


def _window_end(flat: str, start: int) -> int:
    end = start + _WINDOW
    if end >= len(flat):
        return len(flat)
    space = flat.rfind(" ", start + _WINDOW // 2, end)
    return space + 1 if space > 0 else end


def _language(flat: str) -> str:
    sample = flat[:600]
    counts = {language: len(script.findall(sample)) for language, script in _SCRIPTS.items()}
    counts["en"] = len(re.findall(r"[a-zA-Z]", sample))
    language = max(counts, key=lambda name: counts[name])
    if language == "zh" and counts["ja"]:
        return "ja"
    if language == "ru" and re.search("[іїєґ]", sample):
        return "uk"
    return language


def _forgotten(flat: str, start: int, end: int) -> Iterator[int]:
    """Boundaries inside a sentence of sentencex: after a bracketed sentence, an ellipsis, in a long quotation."""
    long = end - start > _LONG_QUOTATION
    for match in _TERMINATOR.finditer(flat, start, end):
        after = flat[match.end() : match.end() + 8].lstrip().lstrip("“‘«(['\"")
        if match.end() + 1 >= end or not after or not (after[0].isupper() or (long and _caseless(after[0]))):
            continue
        upto = flat[max(start, match.start() - 40) : match.start() + 1]
        if match[0][0] == "." and (_LETTERED.search(upto) or _TITLE.search(upto)):
            continue
        ellipsis = match[0].startswith("…") and match.start() > start and not flat[match.start() - 1].isspace()
        if long or ellipsis or _closes_bracketed_sentence(flat, start, match):
            yield match.end()


def _caseless(char: str) -> bool:
    return char.isalpha() and char.lower() == char.upper()


def _closes_bracketed_sentence(flat: str, start: int, match: re.Match[str]) -> bool:
    """True for "(He left.)", False for "(D-Ariz.)"."""
    bracket = next((char for char in match[0] if char in ")]"), None)
    if bracket is None:
        return False
    inside = flat[max(start, match.start() - _LONG_QUOTATION) : match.start()]
    opened = inside.rfind("(" if bracket == ")" else "[")
    return opened >= 0 and inside[opened:].count(" ") > 0


def _continues(flat: str, last: int, here: int, after: int) -> bool:
    """True if the boundary at `here`, between sentences that begin at `last` and end at `after`, is none."""
    tail = flat[max(last, here - _WINDOW) : here].rstrip()[-60:]
    head = flat[here:after].lstrip()[:60]
    if not head or not _has_words(flat, last, here) or not _has_words(flat, here, after) or head[0] in _CLOSERS:
        return True
    if re.fullmatch(r"\W*(?:\d{1,3}|[a-zA-Z])[.)]", flat[last : min(here, last + 9)].rstrip()):
        return True  # a list item's number
    if _CJK_END.search(tail):
        return False
    return (
        _starts_in_lower_case(head)
        or bool(_TITLE.search(tail) or _FOREIGN_INITIAL.search(tail))
        or bool(_BEFORE_NUMBER.search(tail) and head[0].isdigit())
        or bool(_CLOCK.search(tail) and _AFTER_CLOCK.match(head))
        or bool(_OUTCRY.search(tail) and _SPEAKER.match(head))
        or _inside_word(flat, here, tail, head)
    )


def _has_words(flat: str, start: int, end: int) -> bool:
    return end - start > 20 or any(char.isalnum() for char in flat[start:end])


def _starts_in_lower_case(head: str) -> bool:
    """“Will it fall?” he asked. «Куда?» — спросил он."""
    first = head.lstrip("“‘«([\"'–—-… ")[:1]
    return first.islower() and not "\u10d0" <= first <= "\u10ff"  # Georgian has no sentence capitals


def _inside_word(flat: str, here: int, tail: str, head: str) -> bool:
    """True inside D-N.Y., node.JS or an address; False for a space that was forgotten.Then it goes on."""
    if flat[here - 1].isspace() or flat[here].isspace() or not tail[-1].isascii() or not head[0].isascii():
        return False
    word = tail.split()[-1] + head.split()[0]
    if "/" in word or "@" in word or word.startswith("www."):
        return True
    return not (_PLAIN_END.search(tail) and _PLAIN_START.match(head))


def _bounded(text: str, sentence: Span) -> Iterator[Span]:
    start = sentence.start
    while sentence.end - start > _MAX_SENTENCE:
        end = start + _MAX_SENTENCE
        half = start + _MAX_SENTENCE // 2
        cut = next((at for at in range(end, half, -1) if text[at].isspace()), end)
        yield Span(start, start + len(text[start:cut].rstrip()))
        start = cut
        while text[start].isspace():
            start += 1
    yield Span(start, sentence.end)


def sentences_of(article: Article) -> list[Sentence]:
    """The article's sentences of prose and of captions in the order of the text, numbered from 0.

    No sentence holds a character of `article.aside_spans`; every other character that is not white space is in
    exactly one. Paragraphs are numbered from 0 too; a caption is a paragraph of its own.
    """
    sentences: list[Sentence] = []
    number = 0
    for region, kind in _regions(article):
        words = article.text[region.start : region.end]
        for paragraph in paragraphs(words):
            for span in _sentences_in(words, paragraph):
                start, end = region.start + span.start, region.start + span.end
                sentences.append(Sentence(article.id, len(sentences), start, end, kind, number))
            number += 1
    return sentences


def _regions(article: Article) -> Iterator[tuple[Span, Kind]]:
    """The text without its asides, cut where captions begin and end."""
    spans = (*article.caption_spans, *article.aside_spans)
    length = len(article.text)
    edges = sorted({0, length, *(min(max(at, 0), length) for s in spans for at in (s.start, s.end))})
    asides, captions = sorted(article.aside_spans, key=_start), sorted(article.caption_spans, key=_start)
    for start, end in pairwise(edges):
        if _span_at(asides, start) is None:
            yield Span(start, end), "prose" if _span_at(captions, start) is None else "caption"


def _start(span: Span) -> int:
    return span.start


def _span_at(spans: Sequence[Span], offset: int) -> Span | None:
    """Which of the spans, sorted and apart, holds the character at `offset`."""
    place = bisect_right(spans, offset, key=_start) - 1
    return spans[place] if place >= 0 and offset < spans[place].end else None


def passages_of(article: Article, sentences: Sequence[Sentence], max_chars: int = 900) -> list[Passage]:
    """Packs neighbouring sentences into passages of at most `max_chars` characters.

    A passage never crosses a caption or an aside, and ends with a paragraph where that leaves it more than
    half full; a caption is a passage of its own; a sentence longer than the limit is one too. Every sentence is
    in exactly one passage, and `passage.text == article.text[passage.start:passage.end]`. The id holds a hash of
    the article, so a changed article has new ids.
    """
    key = "\0".join((article.id, article.title, article.date.isoformat() if article.date else "", article.text))
    version = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    runs = [run for stretch in _stretches(article, sentences) for run in _packed(stretch, max_chars)]
    return [
        Passage(
            id=f"{version}:{n}",
            article=article.id,
            title=article.title,
            date=article.date,
            text=article.text[run[0].start : run[-1].end],
            start=run[0].start,
            end=run[-1].end,
            kind=run[0].kind,
        )
        for n, run in enumerate(runs)
    ]


def _stretches(article: Article, sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Runs of sentences with nothing but white space between them, all prose or all of one caption."""
    captions = sorted(article.caption_spans, key=_start)
    stretch: list[Sentence] = []
    for sentence in sentences:
        before = stretch[-1] if stretch else None
        if before is not None and (
            article.text[before.end : sentence.start].strip()
            or _span_at(captions, before.start) != _span_at(captions, sentence.start)
        ):
            yield stretch
            stretch = []
        stretch.append(sentence)
    if stretch:
        yield stretch


def _packed(sentences: list[Sentence], max_chars: int) -> Iterator[list[Sentence]]:
    first = 0
    while first < len(sentences):
        origin = sentences[first].start
        left = sentences[-1].end - origin
        # two passages' worth are shared evenly, so that no crumb is left at the end
        aim = max_chars if left <= max_chars or left > 2 * max_chars else max(left // 2, left - max_chars)
        fits = first + 1
        while fits < len(sentences) and sentences[fits].end - origin <= max_chars:
            fits += 1
        after = fits if fits == len(sentences) else _best_end(sentences, first, fits, aim)
        yield sentences[first:after]
        first = after


def _best_end(sentences: list[Sentence], first: int, fits: int, aim: int) -> int:
    """The end nearest to `aim` characters; of a paragraph, if one leaves the passage more than half full."""
    origin = sentences[first].start
    full = sentences[fits - 1].end - origin
    ends = range(first + 1, fits + 1)
    whole = [
        end
        for end in ends
        if sentences[end].paragraph != sentences[end - 1].paragraph
        and sentences[end - 1].end - origin > min(aim, full) * 5 // 9
    ]
    return min(whole or ends, key=lambda end: abs(sentences[end - 1].end - origin - aim))
