"""Columns of text that fit a terminal, also with wide characters."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator, Sequence

from ..engine.kernels.names import clean

__all__ = ["aligned", "shape_text", "terminal_width"]

NARROWEST = 12  # cells of the first column
GAP = 2  # cells between columns
WIDEST_SHAPE = 22


def aligned(rows: Sequence[Sequence[str]], left: int, width: int) -> Iterator[str]:
    """Lines of at most `width` cells: the first `left` columns stand to the left, the others to the right.

    Where they do not fit, texts in the first column lose their middle; but it keeps 12 cells.
    """
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    others = sum(widths[1:]) + GAP * (len(widths) - 1)
    widths[0] = min(widths[0], max(NARROWEST, width - others))
    for row in rows:
        cells = [_cut(cell, room) for cell, room in zip(row, widths, strict=True)]
        gaps = [" " * (room - _width(cell)) for cell, room in zip(cells, widths, strict=True)]
        both = zip(cells, gaps, strict=True)
        yield (" " * GAP).join(cell + gap if k < left else gap + cell for k, (cell, gap) in enumerate(both))


def terminal_width(otherwise: int) -> int:
    """Cells in a line of the terminal; `otherwise` where there is none."""
    return shutil.get_terminal_size((otherwise, 24)).columns


def shape_text(shape: Sequence[object]) -> str:
    """The sides of a shape; "1" for a scalar, "?" for a side that is not stated."""
    return clean(" × ".join("?" if side is None else str(side) for side in shape) or "1", WIDEST_SHAPE)


def _cut(cell: str, room: int) -> str:
    """The text without so much of its middle that it fits."""
    shown = cell
    limit = room
    while _width(shown) > room:
        indent = cell[: len(cell) - len(cell.lstrip())][: room // 2]
        shown = indent + clean(cell.lstrip(), max(limit - len(indent), 1))
        limit -= 1
    return shown


def _width(shown: str) -> int:
    """Cells that a text takes in a terminal."""
    if shown.isascii():
        return len(shown)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in shown)
    return len(shown) + wide - sum(unicodedata.combining(character) > 0 for character in shown)
