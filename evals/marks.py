"""The citations that a model writes by itself, read as a person would read them."""

from __future__ import annotations

import re
from collections.abc import Collection

from index.split import split_sentences
from rag.types import AnswerSentence

_LIST = r"\d+(?:\s*(?:,|;|&|and)\s*(?:sources?\s+)?\d+)*"
_MARKS = rf"\[\s*(?:sources?:?\s*)?({_LIST})\s*\]|\(\s*sources?:?\s*({_LIST})\s*\)"
_MARK = re.compile(rf"\s*(?:{_MARKS})", re.IGNORECASE)
# not a list after one "source": "according to Source 1, 20 people fled"
_NAMED = rf"\bsources:?\s+({_LIST})|\bsource:?\s+(\d+)"
_CITING = re.compile(rf"{_MARKS}|{_NAMED}", re.IGNORECASE)


def cited_sentences(text: str, known: Collection[int]) -> tuple[tuple[AnswerSentence, ...], tuple[int, ...]]:
    """(sentences without their marks but with the known numbers in them, the numbers that are not known).

    A small model cites in many forms, and each that a reader would understand counts: "[1]", "[1, 2]",
    "[Source 1]", "(Source 1)", "according to Source 1".
    """
    sentences = []
    unknown: dict[int, None] = {}
    for written in _whole_sentences(text):
        numbers = _numbers(written)
        unknown |= dict.fromkeys(number for number in numbers if number not in known)
        cited = tuple(number for number in numbers if number in known)
        sentences.append(AnswerSentence(_unmarked(written) or written, cited, 1.0))
    return tuple(sentences), tuple(unknown)


def _whole_sentences(text: str) -> list[str]:
    """The sentences of `text`; a mark behind a full stop ("… far. [2]", "… far. Source 2") belongs before it."""
    found: list[str] = []
    for span in split_sentences(text):
        piece = text[span.start : span.end]
        if found and re.fullmatch(r"\W*(?:and\b\W*)*", _CITING.sub("", piece)):
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return found


def _numbers(text: str) -> list[int]:
    groups = ("".join(found) for found in _CITING.findall(text))
    return list(dict.fromkeys(int(digits) for group in groups for digits in re.findall(r"\d+", group)))


def _unmarked(text: str) -> str:
    # "According to Source 1, …": its number and its name are no part of what is claimed
    return re.sub(_NAMED, "the source", _MARK.sub("", text), flags=re.IGNORECASE).strip()
