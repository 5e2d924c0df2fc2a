"""The one door to the terminal: no article, file name or model can clear the screen, set its title or turn its text."""

import json
import re
import sys
from typing import Any

import click

from index.types import as_json

# C0 but for tab and newline, DEL, C1, and what overrides the direction of text; or else half a character
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|([\ud800-\udfff])")


def clean(text: str) -> str:
    """`text` without what a terminal would obey instead of show; U+FFFD for bytes of a name that are no UTF-8."""
    return _NOT_SHOWN.sub(lambda found: "\ufffd" if found[1] else "", text)


def say(text: object, *, err: bool = False) -> None:
    """Prints a line, cleaned; on stderr if `err`."""
    click.echo(clean(str(text)), err=err)


def say_json(value: Any, indent: int | None = 2) -> None:
    """Prints `value`, as `as_json` forms it, and loses nothing: what a terminal would obey is escaped."""
    ascii_only = "utf" not in (sys.stdout.encoding or "utf-8").lower()
    text = json.dumps(as_json(value), ensure_ascii=ascii_only, indent=indent)
    click.echo(_NOT_SHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
