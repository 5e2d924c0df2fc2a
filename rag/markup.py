"""Text that came from anywhere, so that Markdown and spreadsheets show its very characters."""

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def literal(text: str) -> str:
    """`text` as Markdown shows it."""
    escaped = re.sub(r"([\\`*_\[\]#|~$<>&])", r"\\\1", text)
    return re.sub(r"(?m)^(\s*)([-+]|\d+[.)])(?=\s)", r"\1\\\2", escaped)


def cell(text: str) -> str:
    """`text` as a cell of a table that a spreadsheet reads: never a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def not_cell(text: str) -> str:
    """What `cell` was given."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def on_one_line(text: str) -> str:
    return " ".join(text.split())
