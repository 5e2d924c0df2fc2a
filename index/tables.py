"""A table's rows as lines of text, each of which is understood without the others."""

from __future__ import annotations

import re
from itertools import accumulate, takewhile, zip_longest

_NUMBER = re.compile(r"[^\w]*\d[\d\W]*\w{0,2}")
_YEAR = re.compile(r"[12]\d{3}")


def table_lines(rows: list[list[str]], headed: int = 0) -> list[str]:
    """A line a row, cells apart by " | ", each but the first after its column's head: `Green | 2024: 4 | 2020: 7`.

    The first rows are taken for heads where the file marks them (`headed`, how many) or the first where it names
    columns of numbers, also below one of heads over several columns; a table of two columns mostly has names at the
    left and no heads. A first row of one cell is the table's name.
    """
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    headed -= sum(not any(row) for row in rows[:headed])
    rows = [row for row in rows if any(row)]
    names = len(list(takewhile(lambda row: not any(row[1:]), rows)))
    lines = [row[0] for row in rows[:names]]
    rows, headed = rows[names:], headed - names
    if headed < 1:
        headed = 1 if _names_numbers(rows) else 2 if _names_numbers(rows[1:]) and not all(rows[0][2:]) else 0
    headed = min(headed, len(rows) - 1)
    lines += [" | ".join(filter(None, row)) for row in rows[: headed if headed > 0 else None]]
    return lines + [_with_heads(row, _heads(rows[:headed])) for row in rows[headed:]] if headed > 0 else lines


def _heads(rows: list[list[str]]) -> list[str]:
    """What stands above each column; a head over several columns, as all but the lowest may be, above each of them."""
    *upper, lowest = rows
    wide: list[list[str]] = [list(accumulate(row, _or_left)) for row in upper]
    columns = zip_longest(*wide, lowest, fillvalue="")
    return [" ".join(dict.fromkeys(filter(None, column))) for column in columns]


def _or_left(left: str, cell: str) -> str:
    return cell or left


def _with_heads(row: list[str], heads: list[str]) -> str:
    cells = []
    for column, cell in enumerate(row):
        head = heads[column] if 0 < column < len(heads) else ""
        cells.append(f"{head.rstrip(':')}: {cell}" if cell and head and head != cell else cell)
    return " | ".join(filter(None, cells))


def _names_numbers(rows: list[list[str]]) -> bool:
    """Whether the first of at least three columns' rows has words, or years, where those below have numbers."""
    heads, *body = rows or [[]]
    if len(heads) < 3 or not all(heads[1:]) or any(_is_number(head) and not _YEAR.fullmatch(head) for head in heads):
        return False
    columns = [[row[number] for row in body if number < len(row) and row[number]] for number in range(1, len(heads))]
    return any(
        cells and all(map(_is_number, cells)) and not (_YEAR.fullmatch(head) and any(map(_YEAR.fullmatch, cells)))
        for head, cells in zip(heads[1:], columns, strict=True)
    )


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))
