"""Which rasterizer draws fastest here: a short trial, from tiles to a picture that OpenGL can show."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numpy as np

from ..gpu import Context, GraphicsError, Texture
from ..kernels.errors import InputError
from ..loop import now_s
from ..view import Eye, look_at, perspective
from .batch import Batch, Pool, eye_rows, pack, unmorphed
from .gl_compute import ComputeRasterizer
from .rasterizer import Rasterizer

__all__ = ["candidates", "durations_ms"]

SIDE, ROUNDS = 16, 3  # tiles along a side of the picture that is drawn, and how often
SIZE_PX = (640, 360)


def candidates(
    context: Context, processor: Rasterizer, software: bool = True
) -> tuple[dict[str, Rasterizer], dict[str, str]]:
    """Rasterizers to compare by name: the one given and those on GPUs; and why others are not offered, by name.

    `software`: also that of OpenGL where the driver draws on the processor.
    """
    found, missing = {processor.name: processor}, {}
    if software or not context.is_software:
        try:
            found["compute"] = ComputeRasterizer(context)
        except GraphicsError as error:
            missing["compute"] = str(error)
    if find_spec("cupy") is not None:
        from .rasterizer_cupy import CudaRasterizer

        try:
            found["cuda"] = CudaRasterizer()
        except InputError as error:
            missing["cuda"] = str(error)
    return found, missing


def durations_ms(context: Context, rasterizers: Mapping[str, Rasterizer]) -> tuple[dict[str, float], dict[str, str]]:
    """Milliseconds for a picture of 262,144 samples, and why others could not draw it, by name.

    The context must be current.
    """
    batch, pool, near, rows = _scene()
    image = Texture(smooth=False)

    def draw(rasterizer: Rasterizer) -> Callable[[], None]:
        def picture() -> None:
            if isinstance(rasterizer, ComputeRasterizer):
                rasterizer.picture(batch, pool, near, rows, SIZE_PX)
            else:
                image.upload(rasterizer.resolve(rasterizer.light(batch, pool, near, rows, SIZE_PX)))
            context.gl.glFinish()

        return picture

    taken, failed = {}, {}
    try:
        for name, rasterizer in rasterizers.items():
            try:
                taken[name] = _median_ms(draw(rasterizer))
            except InputError as error:
                failed[name] = str(error)
    finally:
        image.close()
    return taken, failed


def _median_ms(draw: Callable[[], None]) -> float:
    draw()  # compiles, and brings the tiles there
    taken = []
    for _ in range(ROUNDS):
        start = now_s()
        draw()
        taken.append(1000 * (now_s() - start))
    return statistics.median(taken)


def _scene() -> tuple[Batch, Pool, np.ndarray, np.ndarray]:
    """A matrix of 512 x 512 from above."""
    count = SIDE * SIDE
    value = np.random.default_rng(0).normal(0, 0.35, (count, 32, 32)).clip(-1, 1)
    pool = Pool(
        pack(np.abs(value[..., None]) * (0.94, 0.52, 0.12)),
        np.rint(value * 32767).astype(np.int16),
        np.zeros(count, np.int64),
    )
    y, x = np.divmod(np.arange(count), SIDE)
    across = 32 * SIDE
    fov = 2 * np.arctan(0.6)
    eye = Eye(
        look_at(np.array([across / 2, across * 0.8, across * 0.9]), np.array([across / 2, 0.0, across / 2])),
        perspective(fov, SIZE_PX[0] / SIZE_PX[1], 1.0, 4.0 * across),
        (0, 0, *SIZE_PX),
    )
    corner = np.stack([x * 32.0, 0.0 * x, y * 32.0], 1) - eye.position
    back, right, up = (
        np.tile(axis.astype(np.float32), (count, 1)) for axis in np.array([(0, 0, 1), (1, 0, 0), (0, 4, 0)])
    )
    ones, zeros = np.ones(count, np.float32), np.zeros(count, np.int32)
    counts, slot = np.full((count, 2), 32, np.int32), np.arange(count, dtype=np.int32)
    batch = Batch(corner.astype(np.float32), back, right, up, counts, slot, ones, zeros, ones, *unmorphed(count))
    return batch, pool, np.zeros((1, 512), np.uint64), eye_rows(eye)
