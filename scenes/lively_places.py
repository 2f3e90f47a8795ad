"""Where in a matrix numbers are worth reading: not among zeros, if there is anything else."""

from __future__ import annotations

import math

import numpy as np

from ..engine.tile_data import READ_FAULTS
from .layer_volumes import Tray
from .network_scene import NetworkScene
from .selection import Weight

__all__ = ["lively_place"]

LIVELY = 0.08  # of the range: a magnitude that has a color to be seen
BLOCK = 8  # numbers a side that are looked at together
ENOUGH = 0.3  # share of lively numbers with which a place is as good as any


def lively_place(built: NetworkScene, tray: Tray, row_share: float, column_share: float) -> Weight:
    """A weight at about these shares of a tray's rows and columns; where most is zero there, where least is.

    What is known of the numbers is what colors were found from: of a large tensor a sample.
    """
    found = built.network.tensors[tray.tensor]
    sides = np.array([tray.rows, tray.columns])
    shares = np.array([row_share, column_share])
    try:
        sample, _ = built.analysis.sample(found)
    except READ_FAULTS:
        sample = np.zeros((0, 0))
    if sample.size:
        lively = _block_means(np.abs(sample) > LIVELY * built.analysis.facts(found).value_range)
        here = tuple(np.minimum(shares * lively.shape, np.array(lively.shape) - 1).astype(int))
        if lively[here] < ENOUGH:
            block = np.array(np.unravel_index(int(lively.argmax()), lively.shape))
            shares = np.minimum((block + 0.5) * BLOCK / sample.shape, 1.0)
    row, column = np.clip((shares * sides).astype(int), 0, sides - 1).tolist()
    return Weight(tray.tensor, row, column)


def _block_means(marks: np.ndarray) -> np.ndarray:
    """Share of marks in each block of a matrix; beyond its edges there are none, unless it is smaller than a block."""
    height, width = (math.ceil(side / BLOCK) * BLOCK for side in marks.shape)
    padded = np.zeros((height, width))
    padded[: marks.shape[0], : marks.shape[1]] = marks
    blocks = padded.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).sum((1, 3))
    return blocks / (min(BLOCK, marks.shape[0]) * min(BLOCK, marks.shape[1]))
