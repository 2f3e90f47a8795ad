"""What a point that stands for many weights stands for: their mean, the lowest, the highest and the farthest one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from .kernels.pyramid import Pyramid
from .picking import Pick
from .tile_data import EXACT, PYRAMID_LEVEL, QUALITIES, READ_LIMIT
from .values import Values

__all__ = ["BlockFacts", "known_facts", "peak_in", "read_facts"]

BLOCK = 1 << PYRAMID_LEVEL
AT_ONCE = 1 << 18  # values that are read together
SAMPLED = 1 << 16  # values of a block of more than READ_LIMIT
MOST_PEAKS = 16  # blocks that may be equally far by the pyramid's numbers


@dataclass(frozen=True)
class BlockFacts:
    """Of the finite ones of `read` values; None where there is none."""

    count: int  # weights of the block
    read: int  # of them, known; all unless it is a sample
    finite: int
    mean: float | None
    minimum: float | None
    maximum: float | None

    @property
    def exact(self) -> bool:
        """Whether all weights were looked at."""
        return self.read == self.count


def known_facts(pick: Pick) -> BlockFacts | None:
    """What the grid's pyramid says of the block; None where it says nothing. Extremes as float32 has them."""
    level = _part(pick)
    if level is None:
        return None
    finite = level.count.astype(np.float64)
    total = float(finite.sum())
    if not total:
        return BlockFacts(pick.count, pick.count, 0, None, None, None)
    weighted = np.where(finite > 0, level.mean, 0) * finite
    ends = float(np.nanmin(level.min)), float(np.nanmax(level.max))
    return BlockFacts(pick.count, pick.count, int(total), float(weighted.sum() / total), *ends)


def read_facts(pick: Pick, is_wanted: Callable[[], bool] = lambda: True) -> BlockFacts | None:
    """As `known_facts`, by reading: all of at most READ_LIMIT weights, else some that lie evenly.

    None without values, or where it is no longer wanted. Raises one of `READ_FAULTS`.
    """
    values = pick.grid.values
    if values is None:
        return None
    step = 1
    while pick.count > READ_LIMIT and -(-_height(pick) // step) * -(-_width(pick) // step) > SAMPLED:
        step += 1
    read = finite = 0
    total, lowest, highest = 0.0, np.inf, -np.inf
    for part in _parts(values, pick, step):
        if not is_wanted():
            return None
        numbers = part[np.isfinite(part)]
        read, finite = read + part.size, finite + numbers.size
        if numbers.size:
            with np.errstate(over="ignore"):
                total += float(numbers.sum(dtype=np.float64))
            lowest, highest = min(lowest, numbers.min().item()), max(highest, numbers.max().item())
    if not finite:
        return BlockFacts(pick.count, read, 0, None, None, None)
    return BlockFacts(pick.count, read, finite, total / finite, lowest, highest)


def peak_in(pick: Pick) -> Pick | None:
    """The one weight of the block that is farthest from the grid's center, or is no finite number; that is its peak.

    By the pyramid, else by reading at most READ_LIMIT weights; None where these are more. Raises one of `READ_FAULTS`.
    """
    values, center = pick.grid.values, pick.grid.center
    if values is None:
        return None
    best: tuple[float, float, int, int] | None = None
    for block in _candidates(pick):
        for row, part in _placed_parts(values, block):
            with np.errstate(invalid="ignore", over="ignore"):
                away = np.abs(part.astype(np.float64) - center)
            away[~np.isfinite(part)] = np.inf
            farthest = np.flatnonzero(away == away.max())
            found = farthest[np.argmax(np.nan_to_num(part.reshape(-1)[farthest].astype(np.float64)))]
            i, j = divmod(int(found), part.shape[1])
            key = float(away[i, j]), float(np.nan_to_num(np.float64(part[i, j])))
            if best is None or key > best[:2]:
                best = *key, row + i, block.cols.start + j
    if best is None:
        return None
    row, col = best[2:]
    return replace(pick, rows=slice(row, row + 1), cols=slice(col, col + 1), quality=QUALITIES[EXACT])


def _candidates(pick: Pick) -> list[Pick]:
    """The parts of a block in which its peak may be."""
    level = _part(pick)
    if level is None:
        return [pick] if pick.count <= READ_LIMIT else []
    center = pick.grid.center
    high, wide = (
        np.minimum(BLOCK, part.stop - np.arange(part.start, part.stop, BLOCK)) for part in (pick.rows, pick.cols)
    )
    with np.errstate(invalid="ignore"):
        away = np.fmax(level.max.astype(np.float64) - center, center - level.min.astype(np.float64))
    away[level.count < high[:, None] * wide] = np.inf
    farthest = np.argwhere(away == np.nanmax(away))[:MOST_PEAKS]
    return [
        replace(
            pick,
            rows=slice(pick.rows.start + i * BLOCK, min(pick.rows.start + (i + 1) * BLOCK, pick.rows.stop)),
            cols=slice(pick.cols.start + j * BLOCK, min(pick.cols.start + (j + 1) * BLOCK, pick.cols.stop)),
        )
        for i, j in farthest.tolist()
    ]


def _part(pick: Pick) -> Pyramid | None:
    """The blocks of the grid's pyramid that the picked block is made of; None where it is not made of whole ones."""
    level, shape = pick.grid.pyramid, pick.grid.shape
    if level is None:
        return None
    for part, side in zip((pick.rows, pick.cols), shape, strict=True):
        if part.start % BLOCK or (part.stop % BLOCK and part.stop != side):
            return None
    here = tuple(slice(part.start // BLOCK, -(-part.stop // BLOCK)) for part in (pick.rows, pick.cols))
    return level.map(itemgetter(here))


def _parts(values: Values, pick: Pick, step: int = 1) -> Iterator[np.ndarray]:
    """The values of a block, some rows at a time."""
    for _, part in _placed_parts(values, pick, step):
        yield part


def _placed_parts(values: Values, pick: Pick, step: int = 1) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, values) of parts of a block."""
    at_once = max(1, AT_ONCE // max(1, _width(pick) // step)) * step
    for row in range(pick.rows.start, pick.rows.stop, at_once):
        rows = slice(row, min(row + at_once, pick.rows.stop), step)
        yield row, values.read(rows, slice(pick.cols.start, pick.cols.stop, step))


def _height(pick: Pick) -> int:
    return pick.rows.stop - pick.rows.start


def _width(pick: Pick) -> int:
    return pick.cols.stop - pick.cols.start
