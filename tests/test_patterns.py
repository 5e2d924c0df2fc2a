"""No article makes a pattern hang: each pattern of the packages meets texts that are made, of its own words, to be slow
for it."""

import ast
import builtins
import importlib
import pkgutil
import random
import re
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from time import process_time
from typing import Any

import pytest

from index import captions, split

_PACKAGES = ("index", "rag", "evals", "web", "ui")
_METHODS = {each: each for each in ("search", "match", "fullmatch")}
_METHODS |= dict.fromkeys(("sub", "subn", "split", "findall", "finditer"), "finditer")
"""What each method does to a text."""
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_FITTING = {
    sre.CATEGORY_DIGIT: "7", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "aA7",
    sre.CATEGORY_NOT_DIGIT: "aA -", sre.CATEGORY_NOT_SPACE: "aA.-7", sre.CATEGORY_NOT_WORD: " -.,",
}  # fmt: skip
_ANY = "aA 7-./(“!,"


def _patterns_of(package: str) -> dict[re.Pattern[str], set[str]]:
    """Each pattern of a package, also those written where they are used, and the methods by which it is used."""
    found: defaultdict[re.Pattern[str], set[str]] = defaultdict(set)
    inner = pkgutil.walk_packages(getattr(importlib.import_module(package), "__path__", []), f"{package}.")
    for name in [package, *(module.name for module in inner)]:
        if name.startswith(("evals.train", "evals.scale.peer")):  # need PyTorch, and meet no article of a reader's
            continue
        module = importlib.import_module(name)
        names = defaultdict(lambda: _Word("Hama"), vars(builtins) | vars(module))
        found |= {pattern: found[pattern] for pattern in _held([*vars(module).values()])}
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                for pattern in _used(call, call.func, names):
                    found[pattern] |= {_METHODS[call.func.attr]} if call.func.attr in _METHODS else set()
    return {pattern: methods or {"search", "fullmatch"} for pattern, methods in found.items()}


class _Word(str):
    """What stands for a local variable, and all that is asked of it, in a pattern put together where it is used."""

    __getattr__ = __getitem__ = __call__ = lambda self, *_: self


def _value(expression: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(expression, ast.Subscript):  # one of a table, any of it
        return _value(expression.value, names)
    return eval(compile(ast.Expression(expression), "<pattern>", "eval"), {}, names)


def _used(call: ast.Call, function: ast.Attribute, names: dict[str, Any]) -> Iterator[re.Pattern[str]]:
    """The patterns of a call such as `re.search(…, text)` or `_PATTERN.search(text)`."""
    method, on = function.attr, function.value
    if isinstance(on, ast.Name) and on.id == "re" and method in {"compile", *_METHODS}:
        flags = [given.value for given in call.keywords if given.arg == "flags"]
        flags += call.args[{"compile": 1, "search": 2, "match": 2, "fullmatch": 2}.get(method, len(call.args)) :]
        pattern = _value(call.args[0], names)
        for each in pattern.values() if isinstance(pattern, dict) else [pattern]:
            yield re.compile(str(each), _value(flags[0], names) if flags else 0)
    elif method in _METHODS and isinstance(on, ast.Name | ast.Subscript):
        yield from _held(_value(on, names))


def _held(value: object) -> Iterator[re.Pattern[str]]:
    """The compiled patterns that a variable of a module holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict | list | tuple | set | frozenset):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _held(each)


def _slow_texts(pattern: re.Pattern[str], at_most: int) -> list[Callable[[int], str]]:
    """Texts of any length. For each part of the pattern that may be repeated: what leads there, the part over and over,
    and no end."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    repeats = [*_repeats(tree)] or [None]
    texts = [partial(_text, tree, part, seed, end) for seed in range(6) for part in repeats for end in ("\0", "x!")]
    return texts if len(texts) <= at_most else random.Random(at_most).sample(texts, at_most)


def _text(tree: Any, repeat: Any, seed: int, end: str, length: int) -> str:
    written = _pieces(tree, repeat, length, random.Random(seed))
    return "".join(takewhile(lambda piece: piece is not None, written)) + end


def _pieces(tree: Any, repeat: Any, length: int, chance: random.Random) -> Iterator[str | None]:
    """A text that begins as the pattern wants, by chance where there is a choice; None where it is to break off."""
    for op, what in tree:
        if op in _REPEATS and what is repeat:
            times = range(chance.choice((1, 1, 2)))
            part = "".join(str(piece) for _ in times for piece in _pieces(what[2], None, 0, chance)) or " "
            yield (part * (length // len(part) + 1))[:length]
            yield None  # what the pattern wants behind it is withheld
        elif op in _REPEATS:
            least = max(what[0], int(_holds(what[2], repeat)))
            for _ in range(chance.randint(least, max(least, min(what[1], what[0] + 2)))):
                yield from _pieces(what[2], repeat, length, chance)
        elif op in (sre.BRANCH, sre.SUBPATTERN, sre.ATOMIC_GROUP):
            ways = _inside(op, what)
            leading = [way for way in ways if _holds(way, repeat)]
            way = chance.choice(leading or ways) if len(ways) > 1 else ways[0]
            yield from _pieces(way, repeat, length, chance)
        elif op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            yield chance.choice(_fitting(what if op is sre.IN else [(op, what)]))


def _fitting(members: Any) -> str:
    """Characters that a set of the pattern takes."""
    taken = {sre.LITERAL: chr, sre.NOT_LITERAL: chr, sre.RANGE: lambda ends: "".join(map(chr, ends))}
    taken[sre.CATEGORY] = _FITTING.__getitem__
    chars = "".join(taken[op](what) for op, what in members if op in taken)
    if members[0][0] in (sre.NEGATE, sre.NOT_LITERAL, sre.ANY):
        return "".join(char for char in _ANY if char not in chars) or "a"
    return chars


def _repeats(tree: Any) -> Iterator[Any]:
    for op, what in tree:
        if op in _REPEATS and what[1] > 3:
            yield what
        for part in _inside(op, what):
            yield from _repeats(part)


def _holds(tree: Any, repeat: Any) -> bool:
    return any(part is repeat for part in _repeats(tree))


def _inside(op: Any, what: Any) -> list[Any]:
    if op in (sre.BRANCH, sre.ATOMIC_GROUP):
        return list(what[1]) if op is sre.BRANCH else [what]
    return [what[-1]] if op in (*_REPEATS, sre.SUBPATTERN, sre.ASSERT, sre.ASSERT_NOT) else []


_SENTENCE_OR_QUESTION = 4096  # a sentence has at most 1,000 characters, and what is asked fits into the window
_BOUNDED = {
    **dict.fromkeys(_patterns_of("index.captions").keys() - {captions._DATE_LINE}, 800),  # see `find_captions`
    split._LETTERED: 60,  # the last word before a boundary
}
"""Patterns of `index` that never meet a whole article."""


def _stop(*_: object) -> None:
    raise TimeoutError


def _time(pattern: re.Pattern[str], method: str, text: str) -> float:
    """TimeoutError where a match takes a second of the processor, however busy the machine is."""
    begin, before = process_time(), signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, 1)
    try:
        found = getattr(pattern, method)(text)
        deque(found if method == "finditer" else (), maxlen=0)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return process_time() - begin


def _stopped_by(pattern: re.Pattern[str], method: str, longest: int) -> str:
    """The beginning of a text that it does not get through; "" if there is none. Only the slowest texts grow."""
    texts = _slow_texts(pattern, at_most=200)
    for length, kept in ((100, 8), (1000, 3), (longest, 0)):
        times: list[tuple[float, int]] = []
        for number, text in enumerate(texts):
            written = text(min(length, longest))
            try:
                times.append((_time(pattern, method, written), number))
            except TimeoutError:
                return written[:60]
        texts = [texts[number] for _, number in sorted(times, reverse=True)[:kept]]
    return ""


@pytest.mark.parametrize("package", _PACKAGES)
def test_no_text_makes_a_pattern_hang(package: str) -> None:
    article = 100_000 if package == "index" else _SENTENCE_OR_QUESTION
    slow = {
        pattern.pattern: text
        for pattern, methods in _patterns_of(package).items()
        for method in methods
        if (text := _stopped_by(pattern, method, _BOUNDED.get(pattern, article)))
    }
    assert slow == {}


def _possessive_groups(tree: Any) -> int:
    here = sum(op is sre.POSSESSIVE_REPEAT and (len(what[2]) > 1 or bool(_inside(*what[2][0]))) for op, what in tree)
    return here + sum(_possessive_groups(part) for op, what in tree for part in _inside(op, what))


def test_no_group_is_repeated_possessively() -> None:
    """Before Python 3.11.5 (gh-106052), in Debian's 3.11.2 too, `(?:a(?:b)?)*+` is matched wrongly; `(?>…)` is not."""
    assert [_possessive_groups(_parser.parse(one)) for one in (r"a(?:b|(?:cd?)*+)", r"\w++(?:[ab]*+|c)+")] == [1, 0]
    patterns = [one for package in _PACKAGES for one in _patterns_of(package)]
    assert [one.pattern for one in patterns if _possessive_groups(_parser.parse(one.pattern, one.flags))] == []


def test_a_pattern_that_hangs_is_found() -> None:
    assert _stopped_by(re.compile(r"(?:\s?/\s?(?:AP|[A-Z]+))*x"), "match", 1000).startswith("/")
