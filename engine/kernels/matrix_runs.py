"""What a run of numbers in storage order says of the matrix that it is a part of, and what all runs together say.

A run may begin and end anywhere in the matrix. Its level has blocks of 32 x 32 numbers, all that it touches; those of
its first and last rows of blocks may hold a part of their numbers only, and are put together with the next run's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .pyramid import SIDE, Pyramid, numbers_of

__all__ = ["LEVEL_SIDE", "MatrixFacts", "MatrixRun", "Window", "whole_zero_rows", "window_of"]

LEVEL_SIDE = 32  # rows and columns of a block that is kept
FACTOR = LEVEL_SIDE // SIDE
AT_ONCE = 1 << 18  # numbers in temporary arrays
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class MatrixRun:
    """What a run of numbers says of its matrix."""

    level: Pyramid  # of the rows and columns of blocks that it touches; count float64
    zero_rows: int  # whole rows in it that are all zero
    head_is_zero: bool  # whether what it has of a row that began before it is all zero
    tail_is_zero: bool  # as that, of a row that goes on behind it


@dataclass(frozen=True)
class Window:
    """The part of a matrix that a run touches. Bands are of 8 rows."""

    first: int  # number of the run in the matrix
    width: int  # columns of the matrix
    left: int  # column, 0 unless the run lies within one row: then at the bound of a block
    right: int
    bands: range

    @property
    def shape(self) -> tuple[int, int]:
        """Of the level of blocks of 8 x 8."""
        return len(self.bands), -(-(self.right - self.left) // SIDE)

    @property
    def start(self) -> int:
        """Place in the run of the first number of the first band; negative where the band began before."""
        return self.bands.start * SIDE * self.width + self.left - self.first

    @property
    def head(self) -> int:
        """Bands before the first bound of a block of 32 rows; 0 where the window begins at one."""
        return min(-self.bands.start % FACTOR, len(self.bands))


def window_of(first: int, count: int, width: int) -> Window:
    """Where numbers first to first + count of a matrix of `width` columns stand; at least one."""
    top, bottom = first // width, (first + count - 1) // width
    left, right = 0, width
    if top == bottom:
        left, right = first % width // LEVEL_SIDE * LEVEL_SIDE, (first + count - 1) % width + 1
    return Window(first, width, left, right, range(top // SIDE, bottom // SIDE + 1))


def is_alive(rows: np.ndarray, dtype: str | None) -> np.ndarray:
    """(n,) bool: rows with a number other than zero."""
    alive = np.zeros(len(rows), bool)
    for left in range(0, rows.shape[1], AT_ONCE):
        alive |= numbers_of(rows[:, left : left + AT_ONCE], dtype).any(1)
    return alive


def whole_zero_rows(
    values: np.ndarray,
    dtype: str | None,
    first: int,
    width: int,
    zeros: int,
    alive: Callable[[np.ndarray, str | None], np.ndarray] = is_alive,
    at_once: int = AT_ONCE,
) -> tuple[int, bool, bool]:
    """(whole rows that are all zero, whether what is there of the row cut at the start is, and at the end).

    Of a run as in `summarize_run` that holds `zeros` zeros. False where nothing is cut. `alive`: the version of
    `is_alive`, which is given `at_once` numbers at a time.
    """
    head = min(-first % width, len(values))
    rows = (len(values) - head) // width
    tail = len(values) - head - rows * width
    if not zeros or zeros < min(length for length in (head, tail, width if rows else 0) if length):
        return 0, False, False
    found, together = 0, max(1, at_once // width)
    if rows and zeros >= width:
        for row in range(0, rows, together):
            here = min(together, rows - row)
            part = values[head + row * width : head + (row + here) * width].reshape(here, width)
            found += here - int(alive(part, dtype).sum())
    ends = values[:head], values[len(values) - tail :]
    head_is_zero, tail_is_zero = (0 < len(end) <= zeros and not alive(end[None], dtype)[0] for end in ends)
    if not rows and head == len(values) and (first + head) % width:  # within one row
        tail_is_zero = head_is_zero
    return found, bool(head_is_zero), bool(tail_is_zero)


class MatrixFacts:
    """The level of blocks of 32 x 32 numbers of a matrix, and its rows that are all zero, from its runs in order."""

    def __init__(self, rows: int, width: int) -> None:
        self.zero_rows = 0
        sides = -(-rows // LEVEL_SIDE), -(-width // LEVEL_SIDE)
        self.level = Pyramid(*(np.empty(sides, kind) for kind in (np.float32, np.float32, np.float32, np.uint16)))
        self._width, self._count, self._done = width, rows * width, 0
        self._row_is_zero = False  # so far, of the row that goes on
        self._open: Pyramid | None = None  # a row of blocks to which numbers are still to come

    def add(self, run: MatrixRun, count: int) -> None:
        """The next `count` numbers."""
        self._add_rows(run, count)
        window, level = window_of(self._done, count, self._width), run.level
        self._done += count
        band, last = window.bands.start // FACTOR, (window.bands.stop - 1) // FACTOR
        self._merge(_rows_of(level, 0, 1), window.left // LEVEL_SIDE)
        if last > band:
            self._close(band)
            self._put(band + 1, _rows_of(level, 1, last - band))
            self._merge(_rows_of(level, last - band, last - band + 1), 0)
        if self._done in (self._count, (last + 1) * LEVEL_SIDE * self._width):
            self._close(last)

    def _add_rows(self, run: MatrixRun, count: int) -> None:
        behind = self._done + count
        if self._done % self._width:
            self._row_is_zero &= run.head_is_zero
            self.zero_rows += self._row_is_zero and behind // self._width > self._done // self._width
        self.zero_rows += run.zero_rows
        if behind % self._width and (behind // self._width > self._done // self._width or not self._done % self._width):
            self._row_is_zero = run.tail_is_zero

    def _merge(self, part: Pyramid, left: int) -> None:
        """Adds a row of blocks, of which the first is number `left`, to the one that is open."""
        whole = left == 0 and part.mean.shape[1] == self.level.mean.shape[1]
        if self._open is None and whole:
            self._open = part
            return
        if self._open is None:
            shape, kind = (1, self.level.mean.shape[1]), part.min.dtype
            self._open = Pyramid(
                np.full(shape, np.nan), np.full(shape, np.nan, kind), np.full(shape, np.nan, kind), np.zeros(shape)
            )
        cut = slice(left, left + part.mean.shape[1])
        before = self._open.map(lambda column: column[:, cut])
        for column, merged in zip(self._open.columns, _merged(before, part), strict=True):
            column[:, cut] = merged

    def _close(self, band: int) -> None:
        if self._open is not None:
            self._put(band, self._open)
        self._open = None

    def _put(self, band: int, rows: Pyramid) -> None:
        """Keeps finished rows of blocks. Extremes that float32 does not hold become its largest numbers."""
        with np.errstate(over="ignore"):
            for column, part in zip(self.level.columns[:3], rows.columns[:3], strict=True):
                column[band : band + len(part)] = part if part.dtype == np.float32 else np.clip(part, -LARGEST, LARGEST)
        self.level.count[band : band + len(rows.count)] = rows.count


def _rows_of(level: Pyramid, first: int, end: int) -> Pyramid:
    return level.map(lambda column: np.array(column[first:end]))


def _merged(one: Pyramid, other: Pyramid) -> tuple[np.ndarray, ...]:
    """The numbers of the same blocks together."""
    count = one.count + other.count
    with np.errstate(over="ignore", invalid="ignore"):
        mean = (one.mean * one.count + other.mean * other.count) / np.maximum(count, 1.0)
        mean = np.where(one.count == 0, other.mean, np.where(other.count == 0, one.mean, mean))
    return mean, np.fmin(one.min, other.min), np.fmax(one.max, other.max), count
