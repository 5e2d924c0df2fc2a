"""No article makes a pattern hang: each pattern of the packages meets texts that are made to be slow for it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

import pytest
from patterns_made_slow import SlowText, patterns_of, slow_texts

from index import captions, split

_SENTENCE_OR_QUESTION = 4096  # a sentence has at most 1,000 characters, and what is asked fits into the window
_BOUNDED = {
    **dict.fromkeys(patterns_of("index.captions").keys() - {captions._DATE_LINE}, 800),  # see `find_captions`
    split._LETTERED: 60,  # the last word before a boundary
}
"""Patterns of `index` that never meet a whole article."""


class _TooSlow(Exception):
    pass


@contextmanager
def _a_second() -> Iterator[None]:
    """Stops a match that takes a second of the processor, however busy the machine is."""

    def stop(*_: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _time(pattern: re.Pattern[str], method: str, text: str) -> float:
    begin = process_time()
    with _a_second():
        found = getattr(pattern, method)(text)
        if method == "finditer":
            for _ in found:
                pass
    return process_time() - begin


def _stopped_by(pattern: re.Pattern[str], method: str, longest: int) -> str:
    """The beginning of a text that it does not get through; "" if there is none. Only the slowest texts grow."""
    texts: list[SlowText] = slow_texts(pattern, at_most=200)
    for length, kept in ((100, 8), (1000, 3), (longest, 0)):
        times: list[tuple[float, int]] = []
        for number, text in enumerate(texts):
            written = text.of(min(length, longest))
            try:
                times.append((_time(pattern, method, written), number))
            except _TooSlow:
                return written[:60]
        texts = [texts[number] for _, number in sorted(times, reverse=True)[:kept]]
    return ""


@pytest.mark.parametrize("package", ["index", "rag", "evals", "web", "ui"])
def test_no_text_makes_a_pattern_hang(package: str) -> None:
    article = 100_000 if package == "index" else _SENTENCE_OR_QUESTION
    slow = {
        pattern.pattern: text
        for pattern, methods in patterns_of(package).items()
        for method in methods
        if (text := _stopped_by(pattern, method, _BOUNDED.get(pattern, article)))
    }
    assert slow == {}


def test_a_pattern_that_hangs_is_found() -> None:
    assert _stopped_by(re.compile(r"(?:\s?/\s?(?:AP|[A-Z]+))*x"), "match", 1000).startswith("/")
