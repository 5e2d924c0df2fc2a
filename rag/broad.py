"""Questions that have no one right answer: "What happened in Hama?", "Why does Homs matter?", "Summarise the articles."

News puts what matters first, so the first sentences of an article come first here too; and where the model's sentence
does not hold, the nearest statements answer in their own words.
"""

from __future__ import annotations

import re
from typing import Literal

from rag.evidence import Evidence
from rag.mentions import names_in
from rag.words import content_words

_BROAD = re.compile(
    r"\bwhat (?:has |had |is |was |)?(?:just |recently )?(?:happen(?:s|ed|ing)|going on|taking place|known about)\b"
    r"|\bwhat['’]s (?:happening|going on|new|the (?:latest|news))\b"
    r"|\bwhat (?:is|are|was|were) the (?:latest|news|situation)\b"
    r"|\bwhat (?:was|is|has been|were) (?:said|reported|written|known) (?:about|on|of)\b"
    r"|\bwhat do (?:the |these )?(?:articles|reports|sources|texts) (?:say|report|tell)\b"
    r"|\bwhy (?:does|did|do|is|was|are) .{1,60} (?:matter|important|significant|of importance)\b"
    r"|\bwhat (?:is|was) the (?:significance|importance|role) of\b|\bwhat role (?:does|did|do)\b"
    r"|\b(?:tell me|explain|describe)\b(?: \w+)? (?:about|what)\b",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summar\w+|overview|gist|main points?|what (?:is|are) (?:this|these|the|it) .*about)\b", re.I
)
_ABOUT_ALL = frozenset("articl report text sourc news stori summari summaris summar overview gist main point all give "
                       "everyth corpus archiv pleas short brief briefli".split())  # fmt: skip


_OF_ARTICLES = re.compile(
    r"\b(?:(?:how many|number of|count|list|name|show(?: me)?|latest|newest|most recent|last|oldest|earliest|first)"
    r"(?: (?:of|all|the|these|your|other|different|news|newspaper)){0,4}"
    r"|(?:which|what)(?: of (?:the|these|your)| other)?) articles?\b"
    r"(?! (?:of\b|\d|[ivx]+\b))"  # "Article 5", "which article of the treaty"
    r"|\bhow many (?:news )?(?:stories|reports|texts|documents) (?:mention|cover|are about|do you have)\b"
    r"|\bhow (?:often|many times)\b.*\b(?:in|by) (?:all )?(?:the|these|your) articles\b",
    re.IGNORECASE,
)
_ON_TOPIC = 0.5  # of the question's words


def on_topic(question: str, item: Evidence) -> bool:
    """Whether a statement is about what a broad question is about: all its names, or, without any, half its words."""
    names = names_in(question, question)
    said = item.words | frozenset(content_words(item.title))
    return all(set(content_words(name.bare)) <= said for name in names) if names else item.coverage >= _ON_TOPIC


def asks_for_articles(question: str) -> bool:
    """Whether it is about the articles themselves, which no sentence in them says: how many, which, the latest."""
    return _OF_ARTICLES.search(question) is not None


def breadth(question: str) -> Literal["all", "broad", "narrow"]:
    """ "all" for a summary of everything, "broad" for what happened or matters, "narrow" for all that has an answer."""
    if _SUMMARY.search(question):
        return "all" if set(content_words(question)) <= _ABOUT_ALL else "broad"
    return "broad" if _BROAD.search(question) else "narrow"
