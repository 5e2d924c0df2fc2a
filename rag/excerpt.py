"""The part of a passage that a reader is shown: where the words stand that were looked for."""

import re
from collections.abc import Iterable, Sequence

from index.split import split_sentences

_LEAD = 60  # characters shown before the first mark, where a sentence is too long to be shown from its beginning


def excerpt(text: str, marks: Sequence[Sequence[int]], most: int) -> list[tuple[str, bool]]:
    """About `most` characters of `text` in pieces, each with whether it is one of `marks`; white space made single.

    It begins with the sentence that has most of the marked words, names before others, the first of these; where its
    words stand too far from its beginning to be shown, shortly before them. Without marks it is the text's beginning.
    """
    start = _start(text, marks, most)
    end = len(text) if len(text) - start <= most else _word_start(text, start + most, start + 1)
    pieces, at = [("… " if start > 0 else "", False)], start
    for mark_start, mark_end in marks:
        if start <= mark_start and mark_end <= end:
            pieces += [(text[at:mark_start], False), (text[mark_start:mark_end], True)]
            at = mark_end
    pieces += [(text[at:end].rstrip(), False), (" …" if end < len(text) else "", False)]
    return [(re.sub(r"\s+", " ", piece), marked) for piece, marked in pieces if piece]


def _start(text: str, marks: Sequence[Sequence[int]], most: int) -> int:
    sentences = split_sentences(text)
    if not marks or not sentences:
        return 0
    best = max(sentences, key=lambda sentence: _words(text, marks, sentence.start, sentence.end))
    near = [_word_start(text, start - _LEAD, best.start) for start, _ in marks if best.start <= start < best.end]
    # max takes the first of equals: the sentence's own beginning wherever that shows as much
    return max([best.start, *near], key=lambda at: _words(text, marks, at, min(at + most, best.end)))


def _words(text: str, marks: Iterable[Sequence[int]], start: int, end: int) -> tuple[int, int]:
    """How many different words are marked within these bounds, and how many of them are written as names are."""
    words = {text[at:to] for at, to in marks if start <= at and to <= end}
    return len({word.casefold() for word in words}), sum(word[0].isupper() for word in words)


def _word_start(text: str, at: int, least: int) -> int:
    """The beginning of the word in which `at` falls, not before `least`; `at` where that would be all one word."""
    if at <= least:
        return least
    space = max(text.rfind(sign, least, at + 1) for sign in " \n\t")
    return space + 1 if space >= least else at
