"""Records from files of JSON, a line each; whatever is wrong with one is told with its place and its remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError

from index.errors import DatelineError

_T = TypeVar("_T")
_MISTAKES = {"missing": "it is missing", "unexpected_keyword_argument": "there is no such field"}


def not_blank(words: str) -> str:
    """An empty string would match every answer."""
    if not words.strip():
        raise ValueError("it is blank")
    return words


Said = Annotated[str, AfterValidator(not_blank)]
"""A string with something in it."""


def text_of(path: Path, error: type[DatelineError], what: str) -> str:
    """The text of a file; where there is none, `error` says to name `what`."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as reason:
        raise error(f"{path} cannot be read ({reason.strerror}). Name {what}.") from None
    except UnicodeDecodeError as reason:
        raise error(f"{path} is not UTF-8 ({reason}). Save it as UTF-8.") from None


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines with something in them, each with its number from 1."""
    # not splitlines(): strings may hold U+2028
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def records(path: Path, adapter: TypeAdapter[_T], error: type[DatelineError], what: str) -> Iterator[tuple[int, _T]]:
    """Each line's number and what is on it. Raises `error` where the file can't be read or a line is not as it must
    be: a mistyped field would otherwise be a wrong score later."""
    for number, line in numbered(text_of(path, error, what)):
        yield number, valid(adapter, line, f"{path}, line {number}", error)


def valid(adapter: TypeAdapter[_T], given: Any, where: str, error: type[DatelineError]) -> _T:
    """What is `given`, JSON if it is text, as `adapter` reads it."""
    try:
        return adapter.validate_python(json.loads(given) if isinstance(given, str) else given)
    except ValidationError as reason:
        first = reason.errors(include_url=False)[0]
        # pydantic also names its own types there, as "list[str]"
        place = ".".join(str(part) for part in first["loc"] if not (isinstance(part, str) and "[" in part))
        told = _MISTAKES.get(first["type"], first["msg"].removeprefix("Value error, "))
        where += f", {place}" if place else ""
    except json.JSONDecodeError as reason:
        told = f"it is not JSON ({reason})"
    raise error(f"{where}: {told}. Mend that record or take it out.")
