"""Rows: a long chain of columns is folded like lines of text, so that the whole stays at most eight times longer than
deep. Each row flows along +x; the next stands nearer to the viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LONGEST_ASPECT", "Row", "fold_rows"]

LONGEST_ASPECT = 8.0
ROW_GAP = 40.0
SHORTEST_ROW = 6  # columns; fewer are left in one line however thin they are
SLACK = 0.25  # of a row, by which a cut may move to where fewer connections cross it
MOST_ROWS = 64

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Row:
    """Columns that stand in one line."""

    first_column: int
    left: list[float]  # x where each of its columns begins
    right: float  # x where the last one ends
    z: float  # what is added to the z of its stops
    low: float  # least and largest z of its stops, before that
    high: float


def fold_rows(
    widths: Sequence[float],
    gaps: Sequence[float],
    column: Sequence[int],
    across: Sequence[float],
    bounds: Sequence[Bounds],
    edges: Sequence[tuple[int, int]],
) -> list[Row]:
    """The rows of columns with these widths and gaps before them. `column`, `across` (z) and `bounds` are by stop."""
    count = len(widths)
    if not count:
        return [Row(0, [], 0.0, 0.0, 0.0, 0.0)]
    low, high = _extents(count, column, across, bounds)
    crossing = _crossing(count, column, edges)
    most = max(1, min(count // SHORTEST_ROW, MOST_ROWS))
    for number in range(1, most + 1):
        rows = _rows(_cuts(widths, gaps, crossing, number), widths, gaps, low, high)
        length = max(row.right for row in rows)
        depth = rows[-1].z + rows[-1].high - rows[0].z - rows[0].low
        if length <= LONGEST_ASPECT * depth or number == most:
            return rows
    raise AssertionError("the last number of rows is always taken")


def _extents(
    count: int, column: Sequence[int], across: Sequence[float], bounds: Sequence[Bounds]
) -> tuple[list[float], list[float]]:
    low, high = [0.0] * count, [0.0] * count
    for place, z, (_, z0, _, z1) in zip(column, across, bounds, strict=True):
        low[place], high[place] = min(low[place], z + z0), max(high[place], z + z1)
    return low, high


def _crossing(count: int, column: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[int]:
    """Connections that pass the space before each column."""
    steps = [0] * (count + 1)
    for source, target in edges:
        steps[column[source] + 1] += 1
        steps[column[target] + 1] -= 1
    total, crossing = 0, []
    for step in steps[:count]:
        total += step
        crossing.append(total)
    return crossing


def _cuts(widths: Sequence[float], gaps: Sequence[float], crossing: Sequence[int], number: int) -> list[int]:
    """First column of each of `number` rows of about the same length, cut where few connections cross."""
    ends, x = [], 0.0
    for width, gap in zip(widths, gaps, strict=True):
        x += gap + width
        ends.append(x)
    cuts = [0]
    for k in range(1, number):
        wanted = ends[-1] * k / number
        reach = ends[-1] / number * SLACK
        near = [c for c in range(cuts[-1] + 1, len(widths)) if abs(ends[c - 1] - wanted) <= reach]
        if not near:
            near = [min(range(cuts[-1] + 1, len(widths)), key=lambda c: abs(ends[c - 1] - wanted), default=-1)]
        if near[0] < 0:
            break
        cuts.append(min(near, key=lambda c: (crossing[c], -gaps[c], abs(ends[c - 1] - wanted))))
    return cuts


def _rows(
    cuts: Sequence[int], widths: Sequence[float], gaps: Sequence[float], low: Sequence[float], high: Sequence[float]
) -> list[Row]:
    rows: list[Row] = []
    for first, end in zip(cuts, [*cuts[1:], len(widths)], strict=True):
        left, x = [], 0.0
        for place in range(first, end):
            x += gaps[place] if place > first else 0.0
            left.append(x)
            x += widths[place]
        row_low, row_high = min(low[first:end]), max(high[first:end])
        z = rows[-1].z + rows[-1].high + ROW_GAP - row_low if rows else 0.0
        rows.append(Row(first, left, x, z, row_low, row_high))
    return rows
