"""Where the text of a PDF's page stands -> its lines in reading order, and the rows of its tables as lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from index.decode import legible
from index.tables import table_lines

_CELL_CHARS, _MEAN_CELL_CHARS = 40, 15
_GUTTER = 4  # points
_NUMBER = re.compile(r"[^\w]*\d[\d\W]*\w{0,2}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, and where it stands and how high it is, as parts of the page's height."""

    text: str
    block: int
    bottom: float
    height: float
    is_row: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together, and the rectangle around them in points."""

    lines: tuple[Any, ...]
    rows: tuple[str, ...] = ()

    @property
    def x(self) -> tuple[float, float]:
        return min(line.x0 for line in self.lines), max(line.x1 for line in self.lines)

    @property
    def y(self) -> tuple[float, float]:
        return -max(line.y1 for line in self.lines), -min(line.y0 for line in self.lines)


def page_lines(page: Any) -> list[Line]:
    """The lines of pdfminer's LTPage: columns one after the other, below what stands across them."""
    boxes = [[line for line in box if line.get_text().strip()] for box in _boxes(page)]
    tables = _tables([line for box in boxes for line in box])
    taken = {id(line) for table in tables for line in table.lines}
    rest = [tuple(line for line in box if id(line) not in taken) for box in boxes]
    blocks = [*tables, *_gathered([_Block(lines) for lines in rest if lines])]
    found: list[Line] = []
    for number, block in enumerate(_in_order(blocks)):
        tops = [line.y0 for line in block.lines]
        for row in block.rows:
            found.append(Line(legible(row), number, (max(tops) - page.y0) / page.height, 0.01, is_row=True))
        for line in () if block.rows else block.lines:
            text, bottom = legible(line.get_text()).strip(), (line.y0 - page.y0) / page.height
            placed = Line(text, number, bottom, line.height / page.height)
            if found and abs(found[-1].bottom - bottom) < 0.3 * placed.height:  # a line stretched beyond its words
                found[-1] = replace(found[-1], text=f"{found[-1].text}  {text}")
            else:
                found.append(placed)
    return found


def _boxes(container: Any) -> Iterator[Any]:
    from pdfminer.layout import LTFigure, LTTextBox

    for element in container:
        if isinstance(element, LTTextBox):
            yield element
        elif isinstance(element, LTFigure):  # what a page takes in from elsewhere
            yield from _boxes(element)


# --- columns


def _gathered(blocks: list[_Block]) -> list[_Block]:
    """The blocks with those that lie within another in their place there: words of a line stretched to full width."""
    found: list[_Block] = []
    around: list[tuple[float, ...]] = []
    for block in sorted(blocks, key=lambda block: -len(block.lines)):
        (left, right), (top, foot) = block.x, block.y
        for at, (start, end, above, below) in enumerate(around):
            if start - 1 <= left and right <= end + 1 and above - 1 <= top and foot <= below + 1:
                lines = [*found[at].lines, *block.lines]
                found[at] = _Block(tuple(sorted(lines, key=lambda line: (-round(line.y0), line.x0))))
                break
        else:
            found.append(block)
            around.append((*block.x, *block.y))
    return found


def _in_order(blocks: list[_Block]) -> list[_Block]:
    """Bands of the page from above, and in each the columns from the left: bands with a gutter in common are one."""
    if len(blocks) < 2:
        return blocks
    bands: list[list[_Block]] = []
    for band in _apart(blocks, "y"):
        if bands and _share_columns(bands[-1], band):
            bands[-1] += band
        else:
            bands.append(band)
    parts = bands if len(bands) > 1 else _apart(blocks, "x", _GUTTER)
    if len(parts) > 1:
        return [block for part in parts for block in _in_order(part)]
    return sorted(blocks, key=lambda block: (block.y, block.x))


def _share_columns(above: list[_Block], below: list[_Block]) -> bool:
    """Whether two bands are parts of the same columns; a heading in larger letters begins anew below columns."""
    several = [len(_apart(band, "x", _GUTTER)) > 1 for band in (above, below)]
    if several == [True, False] and _height(below[0]) > 1.15 * min(map(_height, above)):
        return False
    return any(several) and len(_apart([*above, *below], "x", _GUTTER)) > 1


def _height(block: _Block) -> float:
    return float(block.lines[0].height)


def _apart(blocks: list[_Block], axis: str, gap: float = -1) -> list[list[_Block]]:
    """The blocks in groups between which at least `gap` points along the axis are empty, in order."""
    groups: list[list[_Block]] = []
    end = float("-inf")
    for block in sorted(blocks, key=lambda block: getattr(block, axis)[0]):
        start, stop = getattr(block, axis)
        if start >= end + gap:
            groups.append([])
        groups[-1].append(block)
        end = max(end, stop)
    return groups


# --- tables


def _tables(lines: list[Any]) -> list[_Block]:
    """The tables of numbers: at least two rows, one close below the other, of short cells side by side."""
    tables: list[list[list[Any]]] = []
    previous: list[Any] = []
    rows = _rows(lines)
    for row in rows:
        near = previous and previous[0].y0 - row[0].y0 < 3 * row[0].height
        if not _is_row(row):
            previous = []
        elif near and tables and tables[-1][-1] is previous:
            tables[-1].append(row)
            previous = row
        else:
            tables.append([row])
            previous = row
    found = []
    for table in tables:
        cells = [cell for row in table for cell in row]
        numbers = sum(bool(_NUMBER.fullmatch(cell.get_text().strip())) for cell in cells)
        mean = sum(len(cell.get_text().strip()) for cell in cells) / len(cells)
        if len(table) > 2 and numbers > 0.25 * len(cells) and mean < _MEAN_CELL_CHARS:
            found.append(_Block(tuple(cells), tuple(table_lines(_grid(table)))))
    return found


def _rows(lines: list[Any]) -> list[list[Any]]:
    """The lines that stand on one height, from the left; from the top of the page."""
    rows: list[list[Any]] = []
    for line in sorted(lines, key=lambda line: -line.y0):
        if rows and rows[-1][0].y0 - line.y0 < 0.3 * line.height:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.x0) for row in rows]


def _is_row(row: list[Any]) -> bool:
    return len(row) > 1 and all(len(cell.get_text().strip()) <= _CELL_CHARS for cell in row)


def _grid(table: list[list[Any]]) -> list[list[str]]:
    """The cells' texts by column: those of the rows with the most cells, and of the others what stands nearest."""
    rows = [[part for line in row for part in _parts(line)] for row in table]
    widest = max(map(len, rows))
    full = [row for row in rows if len(row) == widest]
    centers = [sum(row[number].center for row in full) / len(full) for number in range(widest)]
    grid = []
    for row in rows:
        texts = [""] * widest
        for number, part in enumerate(row):
            near = min(range(widest), key=lambda column: abs(centers[column] - part.center))
            texts[number if len(row) == widest else near] += f" {part.text}"
        grid.append(texts)
    return grid


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    center: float


def _parts(line: Any) -> list[_Part]:
    """A line's cells: heads may stand so close that they are one line, with more than a space between them."""
    groups: list[list[Any]] = []
    end = float("-inf")
    for letter in line:
        is_space = not letter.get_text().strip()  # those that pdfminer puts in stand nowhere
        if not is_space and letter.x0 - end > 0.6 * line.height:
            groups.append([])
        if groups:
            groups[-1].append(letter)
        end = end if is_space else letter.x1
    placed = [[letter for letter in group if hasattr(letter, "x0")] for group in groups]
    return [
        _Part("".join(letter.get_text() for letter in group).strip(), (ends[0].x0 + ends[-1].x1) / 2)
        for group, ends in zip(groups, placed, strict=True)
    ]
