"""What a scene knows of pyramids: by them a picture of peaks is exact however large a matrix is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..engine.cache import Cache
from ..engine.kernel_choice import version
from ..engine.kernels.pyramid import SIDE, Pyramid
from ..engine.tile_data import PYRAMID_LEVEL
from ..engine.values import Values, matrix_shape
from .network_scene import NetworkScene, real_numbers, strip_of
from .survey_parts import SMALL

__all__ = ["find_pyramids", "know_pyramid", "lacking", "level_of"]

BLOCK = 1 << PYRAMID_LEVEL
AT_ONCE = 1 << 22  # values that are read together


def lacking(built: NetworkScene) -> list[int]:
    """Tensors, by index, of whose peaks an exact picture cannot be made yet."""
    tensors = built.network.tensors
    return sorted(
        {
            part.tensor
            for part in built.grids
            if part.grid.reduce == "peak"
            and part.grid.pyramid is None
            and tensors[part.tensor].is_readable
            and tensors[part.tensor].count > SMALL
        }
    )


def find_pyramids(
    built: NetworkScene, advance: Callable[[int], None] = lambda elements: None, cache: Cache | None = None
) -> None:
    """Finds pyramids of all tensors of whose peaks an exact picture cannot be made yet. Raises what reading raises.

    `advance` is told of the elements that were read. What `cache` knows is not read, and what it can keep is kept.
    """
    from .survey_pass import pyramids

    for tensor, pyramid in pyramids(built.network, set(lacking(built)), advance, cache):
        know_pyramid(built, tensor, pyramid)
    for tensor in lacking(built):  # of complex numbers, or in an unusual order
        know_pyramid(built, tensor, level_of(real_numbers(built.network.tensors[tensor]), advance))


def know_pyramid(built: NetworkScene, tensor: int, pyramid: Pyramid) -> None:
    """From now on the scene, and every further one of its analysis, knows the pyramid of a tensor."""
    built.analysis.pyramids[built.network.tensors[tensor].key] = pyramid
    for part in built.grids:
        if part.tensor == tensor:
            part.grid.pyramid = strip_of(pyramid, part.first_column, part.grid.shape[1])
            if part.grid.reduce == "peak":
                part.grid.touch()


def level_of(values: Values, advance: Callable[[int], None] = lambda elements: None) -> Pyramid:
    """The pyramid's level of blocks of 32 x 32 values, as it is kept. Raises what reading raises."""
    rows, columns = matrix_shape(values.shape)
    wide = max(BLOCK, AT_ONCE // BLOCK // BLOCK * BLOCK)
    bands = []
    high = max(BLOCK, AT_ONCE // min(columns, wide) // BLOCK * BLOCK)
    for row in range(0, rows, high):
        pieces = []
        for col in range(0, columns, wide):
            part = values.read(slice(row, min(row + high, rows)), slice(col, min(col + wide, columns)))
            kernel = version("pyramid", part.size)
            pieces.append(_kept(kernel.coarser(kernel.pyramid_of(part), BLOCK // SIDE)))
            advance(part.size)
        bands.append(Pyramid.joined(pieces, 1))
    return Pyramid.joined(bands)


def _kept(level: Pyramid) -> Pyramid:
    with np.errstate(over="ignore"):
        mean = level.mean.astype(np.float32)
    return Pyramid(mean, level.min, level.max, level.count.astype(np.uint16))
