"""A table's rows as lines of text, each of which is understood without the others."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[^\w]*\d[\d\W]*\w{0,2}")
_YEAR = re.compile(r"[12]\d{3}")


def table_lines(rows: list[list[str]], headed: bool = False) -> list[str]:
    """A line a row, cells apart by " | ", each but the first after its column's head: `Green | 2024: 4 | 2020: 7`.

    The first row is taken for heads where the file marks it (`headed`) or where it names columns of numbers;
    a table of two columns mostly has names at the left and no heads.
    """
    rows = [row for row in ([" ".join(cell.split()) for cell in row] for row in rows) if any(row)]
    if len(rows) < 2 or not (headed or _names_numbers(rows)):
        return [" | ".join(filter(None, row)) for row in rows]
    heads, *body = rows
    return [" | ".join(filter(None, heads)), *(_with_heads(row, heads) for row in body)]


def _with_heads(row: list[str], heads: list[str]) -> str:
    cells = []
    for column, cell in enumerate(row):
        head = heads[column] if 0 < column < len(heads) else ""
        cells.append(f"{head.rstrip(':')}: {cell}" if cell and head and head != cell else cell)
    return " | ".join(filter(None, cells))


def _names_numbers(rows: list[list[str]]) -> bool:
    """Whether the first of at least three columns' rows has words, or years, where those below have numbers."""
    heads, *body = rows
    if len(heads) < 3 or not all(heads[1:]) or any(_is_number(head) and not _YEAR.fullmatch(head) for head in heads):
        return False
    columns = [[row[number] for row in body if number < len(row) and row[number]] for number in range(1, len(heads))]
    return any(
        cells and all(map(_is_number, cells)) and not (_YEAR.fullmatch(head) and any(map(_YEAR.fullmatch, cells)))
        for head, cells in zip(heads[1:], columns, strict=True)
    )


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))
