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
