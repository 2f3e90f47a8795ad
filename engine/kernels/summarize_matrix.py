"""Statistics of a matrix and the level of its pyramid, together: what a part of a large one adds to both.

The NumPy definition. Statistics go by blocks of 2^20 numbers in storage order, the pyramid by bands of 8 rows. A part
is a run of numbers; to it belong the bands that begin in it, whose last rows may lie behind its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .pyramid import SIDE, Pyramid, pyramid_of
from .summarize import TensorSummary, fold, summarize_block

__all__ = ["bands_of", "fold_parts", "summarize_part"]


def summarize_part(
    matrix: np.ndarray,
    dtype: str | None = None,
    first: int = 0,
    count: int | None = None,
    into: Pyramid | None = None,
) -> TensorSummary:
    """Summary of numbers first to first + count of a real matrix in C order, with the pyramid of the bands of the part.

    Without `count` to the end. `matrix` is the whole one, of which no more is read; `dtype` as in
    `summarize_block`, `into` as in `pyramid_of`.
    """
    bands, last = bands_of(matrix.shape, first, count)
    summary = summarize_block(matrix.reshape(-1)[first:last], dtype)
    return replace(summary, pyramid=pyramid_of(matrix[bands.start * SIDE : bands.stop * SIDE], dtype, into))


def bands_of(shape: tuple[int, ...], first: int, count: int | None) -> tuple[range, int]:
    """(numbers of the bands of a part, end of the part)."""
    size, band = shape[0] * shape[1], SIDE * shape[1]
    last = size if count is None else first + count
    if not band:
        return range(-(-shape[0] // SIDE)), last
    return range(-(-first // band), -(-last // band)), last


def fold_parts(parts: Sequence[TensorSummary]) -> TensorSummary:
    """As `fold`, with the pyramid of all bands. Raises ValueError when there is no part."""
    levels = [part.pyramid for part in parts if part.pyramid is not None]
    stacked = (np.concatenate([getattr(level, name) for level in levels]) for name in ("mean", "min", "max", "count"))
    return replace(fold(parts), pyramid=Pyramid(*stacked))
