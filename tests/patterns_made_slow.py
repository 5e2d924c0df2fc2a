"""The patterns of the packages, and texts that are made of a pattern's own words to be slow for it."""

from __future__ import annotations

import ast
import builtins
import importlib
import pkgutil
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

_METHODS = {each: each for each in ("search", "match", "fullmatch")}
_METHODS |= dict.fromkeys(("sub", "subn", "split", "findall", "finditer"), "finditer")
"""What each method does to a text."""
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_FITTING = {
    sre.CATEGORY_DIGIT: "7",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_WORD: "aA7",
    sre.CATEGORY_NOT_DIGIT: "aA -",
    sre.CATEGORY_NOT_SPACE: "aA.-7",
    sre.CATEGORY_NOT_WORD: " -.,",
}
_ANY = "aA 7-./(“!,"


# the patterns, wherever they are written


def patterns_of(package: str) -> dict[re.Pattern[str], set[str]]:
    """Each pattern of a package, also those written where they are used, and the methods by which it is used."""
    found: dict[re.Pattern[str], set[str]] = defaultdict(set)
    for module in _modules(package):
        names = _Names(vars(builtins) | vars(module))
        for value in vars(module).values():
            for pattern in _held(value):
                found[pattern] |= set()
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                for pattern in _used(call, call.func, names):
                    found[pattern] |= {_METHODS[call.func.attr]} if call.func.attr in _METHODS else set()
    return {pattern: methods or {"search", "fullmatch"} for pattern, methods in found.items()}


def _modules(package: str) -> Iterator[ModuleType]:
    room = importlib.import_module(package)
    yield room
    for found in pkgutil.walk_packages(getattr(room, "__path__", []), f"{package}."):
        if not found.name.startswith("evals.train"):  # needs PyTorch, and meets no article of a reader's
            yield importlib.import_module(found.name)


class _Word(str):
    """What stands for a local variable, and all that is asked of it, in a pattern put together where it is used."""

    def _itself(self, *_: object) -> _Word:
        return self

    __getattr__ = __getitem__ = __call__ = _itself


class _Names(dict[str, Any]):
    def __missing__(self, _: str) -> _Word:
        return _Word("Hama")


def _value(expression: ast.expr, names: _Names) -> Any:
    if isinstance(expression, ast.Subscript):  # one of a table, any of it
        return _value(expression.value, names)
    return eval(compile(ast.Expression(expression), "<pattern>", "eval"), {}, names)


def _used(call: ast.Call, function: ast.Attribute, names: _Names) -> Iterator[re.Pattern[str]]:
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


# the texts


def slow_texts(pattern: re.Pattern[str], at_most: int) -> list[SlowText]:
    """For the parts of the pattern that may be repeated: what leads there, the part over and over, and no end."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    repeats, ends = [*_repeats(tree)] or [None], ("\0", "x!")
    texts = [SlowText(tree, repeat, seed, end) for seed in range(6) for repeat in repeats for end in ends]
    return texts if len(texts) <= at_most else random.Random(at_most).sample(texts, at_most)


@dataclass(frozen=True)
class SlowText:
    """The recipe of a text, which can be had in any length."""

    tree: Any
    repeat: Any
    seed: int
    end: str

    def of(self, length: int) -> str:
        """The text, of this length and a little more."""
        maker = _Maker(self.repeat, length, random.Random(self.seed))
        with suppress(_Repeated):
            maker.write(self.tree)
        return "".join(maker.text) + self.end


class _Repeated(Exception):
    """The part is written, as often as it was to be: what the pattern wants behind it is withheld."""


class _Maker:
    """Writes a text that begins as the pattern wants, chance deciding where there is a choice."""

    def __init__(self, repeat: Any, length: int, chance: random.Random) -> None:
        self._repeat, self._length, self._chance = repeat, length, chance
        self.text: list[str] = []

    def write(self, tree: Any) -> None:
        for op, what in tree:
            if op in _REPEATS and what is self._repeat:
                self._write_over_and_over(what[2])
            elif op in _REPEATS:
                least = max(what[0], int(_holds(what[2], self._repeat)))
                for _ in range(self._chance.randint(least, max(least, min(what[1], what[0] + 2)))):
                    self.write(what[2])
            elif op is sre.BRANCH:
                leading = [branch for branch in what[1] if _holds(branch, self._repeat)]
                self.write(self._chance.choice(leading or what[1]))
            elif op in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
                self.write(*_inside(op, what))
            elif op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
                self.text.append(self._one_of(what if op is sre.IN else [(op, what)]))

    def _write_over_and_over(self, body: Any) -> None:
        once = _Maker(None, 0, self._chance)
        for _ in range(self._chance.choice((1, 1, 2))):
            once.write(body)
        part = "".join(once.text) or " "
        self.text.append((part * (self._length // len(part) + 1))[: self._length])
        raise _Repeated

    def _one_of(self, members: Any) -> str:
        chars = ""
        for op, what in members:
            if op in (sre.LITERAL, sre.NOT_LITERAL):
                chars += chr(what)
            elif op is sre.RANGE:
                chars += chr(what[0]) + chr(what[1])
            elif op is sre.CATEGORY:
                chars += _FITTING[what]
        if members[0][0] in (sre.NEGATE, sre.NOT_LITERAL, sre.ANY):
            chars = "".join(char for char in _ANY if char not in chars) or "a"
        return self._chance.choice(chars)


def _repeats(tree: Any) -> Iterator[Any]:
    for op, what in tree:
        if op in _REPEATS and what[1] > 3:
            yield what
        for part in _inside(op, what):
            yield from _repeats(part)


def _holds(tree: Any, repeat: Any) -> bool:
    return repeat is not None and any(
        what is repeat or any(_holds(part, repeat) for part in _inside(op, what)) for op, what in tree
    )


def _inside(op: Any, what: Any) -> list[Any]:
    if op is sre.BRANCH:
        return list(what[1])
    if op in _REPEATS:
        return [what[2]]
    if op is sre.SUBPATTERN:
        return [what[3]]
    if op is sre.ATOMIC_GROUP:
        return [what]
    return [what[1]] if op in (sre.ASSERT, sre.ASSERT_NOT) else []
