"""What an eye's rasterizer draws of a frame: its tiles, and the points that are turning into cubes."""

from __future__ import annotations

import numpy as np

from .drawn import Drawn
from .near_cells import NearCells
from .rasterize.batch import MORPH, Batch

__all__ = ["batch_of", "fading_points", "joined"]


def batch_of(drawn: Drawn, which: np.ndarray, position: np.ndarray, gain: np.ndarray) -> Batch:
    """Some tiles of a frame, (m,) int64, seen from `position` (3,) with brightness factors `gain` (m,)."""
    above = drawn.above[which]
    above[:, 0] -= position
    return Batch(
        (drawn.corner[which] - position).astype(np.float32),
        drawn.du[which].astype(np.float32),
        drawn.dv[which].astype(np.float32),
        drawn.dh[which].astype(np.float32),
        drawn.counts[which],
        drawn.shown_slot[which],
        (gain * drawn.dim[which]).astype(np.float32),
        drawn.table[which],
        drawn.sprite[which].astype(np.float32),
        drawn.morph[which],
        above.astype(np.float32),
        drawn.above_at[which],
    )


def fading_points(near: NearCells, drawn: Drawn, tables: int, position: np.ndarray, gain: np.ndarray) -> Batch:
    """The points of weights that are not yet wholly cubes, tiles of one sample each, dimmed by what the cube has.

    The sample is said to be all that of a coarser tile, because that may be any sample of a slot: of the tile as it was
    before the weights that are cubes were taken out. `tables` is the number of near tables; `gain` (n,).
    """
    tile, count = near.tile, len(near)
    base, none = (near.base - position).astype(np.float32), np.zeros((count, 3), np.float32)
    return Batch(
        base,
        none,
        none,
        near.dh.astype(np.float32),
        np.ones((count, 2), np.int32),
        drawn.slot[tile],
        (gain * (1 - near.strength)).astype(np.float32),
        drawn.table[tile] % np.int32(tables),
        drawn.cell[tile].astype(np.float32),
        np.full(count, MORPH, np.int32),
        np.stack([base, none, none], 1),
        np.stack([drawn.slot[tile], near.i, near.j], 1).astype(np.int32),
    )


def joined(one: Batch, other: Batch) -> Batch:
    """The tiles of both."""
    return Batch(**{name: np.concatenate([column, getattr(other, name)]) for name, column in vars(one).items()})
