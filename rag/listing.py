"""Questions about the articles themselves, "How many articles mention the Orrin Dam?": the catalog answers them.

Only where every word of the question is understood that way; any other is asked of what the articles say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, cast

from index.store import ArticleIndex
from index.types import Listed
from rag.days import find_times, shifted, spell
from rag.evidence import Evidence, statement
from rag.find import Filters, narrowing
from rag.reply import Reply
from rag.types import AnswerSentence, SentenceChecked
from rag.wording import quoted
from rag.words import content_words

Kind = Literal["count", "list", "newest", "oldest", "day", "author"]
SHOWN = 10
"""Articles that an answer names."""

_ARTICLES, _ARTICLE = r"(?:news )?articles", r"(?:news )?article"
_THERE = r"(?: (?:are there|do you have|do we have|have you got|were|are|have been|did))?"
_ONE = r"(?:what(?: i|'|’)s|which is|show(?: me)?|give me|name|find)? ?the"
_HEADS: Sequence[tuple[Kind, str]] = (
    ("count", rf"how many (?:of the )?{_ARTICLES}{_THERE}"),
    ("list", rf"(?:please )?(?:list|show|name|give|find)(?: me)?(?: all)?(?: of)?(?: the)? {_ARTICLES}{_THERE}"),
    ("list", rf"(?:which|what) {_ARTICLES}{_THERE}"),
    ("newest", rf"{_ONE} (?:latest|newest|most recent|last) {_ARTICLE}"),
    ("oldest", rf"{_ONE} (?:oldest|earliest|first) {_ARTICLE}"),
    ("day", rf"when was the {_ARTICLE}"),
    ("author", rf"who (?:wrote|is the author of|was the author of) the {_ARTICLE}"),
)
_THAT = r"(?:(?:that|which) )?(?:(?:is|are|was|were|have been) )?"
_MENTION = r"(?:mention|name|contain|cite|quote)(?:s|ed|ing|d)?|refer(?:s|red|ring)? to|with the words?"
_ABOUT = r"(?:cover|discuss|concern|describe)(?:s|es|d|ed|ing)?|deal(?:s|t|ing)? with|about|on|regarding|titled|called"
_BY = r"(?:written |published )?by"
_IN = r"(?:published |written |posted )?(?:in|from|on|of|during|since|after|before|until|till|up to|between)"
_PART = re.compile(
    rf" {_THAT}(?:(?:(?P<mention>{_MENTION})|(?P<about>{_ABOUT})|(?P<by>{_BY})) |(?P<title>(?=[\"“])))",
    re.IGNORECASE,
)
_TIME_BEFORE = re.compile(rf" {_THAT}{_IN} ?(?:the )?$", re.IGNORECASE)
_BEFORE = 100  # characters before a time, in which what belongs to it stands
_OVER = re.compile(
    r"(?: (?:do (?:you|we) have|are there|there are|is there|about|published|written"
    r"|(?:(?:is|are) )?in (?:the|this|your) (?:archive|index|folder|collection|corpus)))* ?[?.!]*",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z][\w’'-]*(?: (?:(?:of|the|and|al|de|von|van|bin) )*[A-Z0-9][\w’'-]*)+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The articles that a question asks for, and what it wants to know of them."""

    kind: Kind
    query: str = ""
    """As `index.listing` takes it."""
    about: bool = False
    author: str = ""
    since: date | None = None
    until: date | None = None

    def told(self) -> str:
        """What narrows them, as a reader is told: " about Hama, by Mara Iveson"."""
        words = re.sub(r'"([^"]+)"', r"“\1”", self.query if '"' in self.query else f'"{self.query}"')
        parts = [f" {'about' if self.about else 'that mention'} {words}" if self.query else ""]
        parts += [f" by {self.author}" if self.author else "", f" since {spell(self.since)}" if self.since else ""]
        return "".join([*parts, f" until {spell(self.until)}" if self.until else ""])

    def narrowed(self, filters: Filters) -> Filters:
        """The caller's filters, with what the question says beside them."""
        given = narrowing(filters)
        days = {"since": max(filter(None, (self.since, given["since"])), default=None)}
        days["until"] = min(filter(None, (self.until, given["until"])), default=None)
        return cast("Filters", {**filters, **days, "author": self.author or given["author"]})


def wanted(question: str, now: date | None) -> Wanted | None:
    """What `question` asks of the catalog, days read as said on `now`; None for a question about the news."""
    question = " ".join(question.split())
    for kind, head in _HEADS:
        if match := re.match(rf"{head}(?=[ ?.!,“\"]|$)", question, re.IGNORECASE):
            return _narrowed(Wanted(kind), question[match.end() :], now)
    return None


def _narrowed(wanted: Wanted, rest: str, now: date | None) -> Wanted | None:
    for time in reversed(find_times(rest, now)):
        before = _TIME_BEFORE.search(rest, max(0, time.start - _BEFORE), time.start)
        word = (before[0] if before else "").split()[-1:] or [""]
        begin = before.start() if before else time.start
        match word[0].lower():
            case "since":
                wanted = replace(wanted, since=time.first)
            case "after":
                wanted = replace(wanted, since=shifted(time.last, 1))
            case "before":
                wanted = replace(wanted, until=shifted(time.first, -1))
            case "until" | "till" | "to":
                wanted = replace(wanted, until=time.last)
            case _:
                wanted = replace(wanted, since=time.first, until=time.last)
        rest = f"{rest[:begin]}{rest[time.end :]}"
    pieces = list(_PART.finditer(rest))
    if not _OVER.fullmatch(rest[: pieces[0].start()] if pieces else rest):
        return None
    ends = [*(piece.start() for piece in pieces[1:]), len(rest)]
    for piece, end in zip(pieces, ends, strict=False):
        words = rest[piece.end() : end].strip(" ?.!,")
        words = re.sub(r"\s+(?:published|written|posted|do (?:you|we) have|are there)$", "", words)
        if not words:
            return None
        if piece["by"]:
            wanted = replace(wanted, author=words)
        else:
            wanted = replace(wanted, query=f"{wanted.query} {_query(words)}".strip(), about=not piece["mention"])
    asked_of_one = wanted.kind in ("day", "author")
    return None if asked_of_one and not wanted.query else wanted


def answer(wanted: Wanted, found: Sequence[Listed], reply: Reply, articles: ArticleIndex) -> Iterator[SentenceChecked]:
    """Tells of the articles `found`, newest first, each cited by the sentence that has the words, or that opens it."""
    told = wanted.told()
    if not found:
        told = told.replace(" that mention", " that mentions", 1)
        reply.lead = f"There is no article{told}."
        return
    shown = [*found[:1]] if wanted.kind == "newest" else [*found[-1:]] if wanted.kind == "oldest" else [*found[:SHOWN]]
    if wanted.kind in ("count", "list"):
        reply.lead, reply.as_list = f"{len(found):,} article{'s' if len(found) > 1 else ''}{told}:", True
        if more := len(found) - len(shown):
            reply.notes.append(f"{more:,} more are listed by `dateline articles` and on the page “Articles”")
    for one, item in _telling(wanted, shown, articles):
        day = spell(one.date) if one.date else "a day that it does not name"
        match wanted.kind:
            case "newest" | "oldest":
                text = f"The {wanted.kind} article{told} is “{one.title}”, of {day}: {quoted(item.quote, item.date)}"
            case "day":
                text = f"“{one.title}” is of {day}."
            case "author":
                text = f"“{one.title}” is by {one.author or 'somebody whom it does not name'}."
            case _:
                text = ", ".join(
                    filter(None, [f"“{one.title}”", spell(one.date) if one.date else "", one.source, one.author])
                )
        reply.sentences.append(AnswerSentence(text, (reply.cite(item),), 1.0))
        yield SentenceChecked(len(reply.sentences) - 1, reply.sentences[-1], None, reply.news())


def _telling(wanted: Wanted, shown: Sequence[Listed], articles: ArticleIndex) -> Iterator[tuple[Listed, Evidence]]:
    """With each article the first statement, other than its title, that has most of the words."""
    known, words = articles.with_sentences([one.id for one in shown]), set(content_words(wanted.query))
    for one in (one for one in shown if one.id in known):
        article, sentences = known[one.id]
        title = set(content_words(one.title))
        told = [statement(article, sentences, at) for at in range(len(sentences))]
        yield one, max(told, key=lambda item: (not item.words <= title, len(words & item.words)))


def _query(words: str) -> str:
    """Without its article, and names in quotation marks: their words must stand together."""
    words = re.sub(r"^(?:the|an?)\s+", "", words, flags=re.IGNORECASE)
    if re.search(r'["“]', words):
        return words
    return _NAME.sub(lambda name: f'"{name[0]}"', words)
