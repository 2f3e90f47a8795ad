"""Prints what the cut of a stack of 3700 matrices of 16384 x 16384 weights costs, compiled and by definition.

Run: python tests/benchmarks/cut.py
"""

import statistics
import time

import numpy as np
from tensornaut.engine.kernels import cut, cut_numba
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective

COUNT, SIDE, BUDGET = 3700, 16384, 1_000_000
VIEWS = {
    "inside the stack": ((8000.0, 74_010.0, 8000.0), (8200.0, 74_000.0, 8100.0)),
    "beside it": ((-2e4, 74_000.0, -2e4), (8000.0, 74_000.0, 8000.0)),
    "far away": ((-1.5e5, 74_000.0, -1.5e5), (8000.0, 74_000.0, 8000.0)),
}


def stack():
    """The matrices, 40 apart."""
    right, up, back = (np.tile(axis, (COUNT, 1)) for axis in np.eye(3))
    origin = np.arange(COUNT)[:, None] * 40.0 * up
    side = np.full(COUNT, SIDE)
    return cut.CutGrids.of(origin, back, right, 3.3 * up, side, side)


def median_ms(function, *arguments, times=15):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function(*arguments)
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken)


def main():
    grids = stack()
    print(f"{COUNT * SIDE**2:.1e} weights, budget {BUDGET} samples")
    for name, (position, target) in VIEWS.items():
        eye = Eye(look_at(np.array(position), np.array(target)), perspective(0.7, 16 / 9, 0.1, 1e6), (0, 0, 1280, 720))
        eyes = cut.CutEyes.of([eye.position], [clip_from_world(eye)], [eye.focal_px])
        tiles = cut_numba.cut(grids, eyes, 1.0, BUDGET, 1 << 20)
        kept = median_ms(cut_numba.cut, grids, eyes, tiles.tau, BUDGET, 1 << 20)
        first = median_ms(cut_numba.cut, grids, eyes, 1.0, BUDGET, 1 << 20)
        slow = median_ms(cut.cut, grids, eyes, tiles.tau, BUDGET, 1 << 20, times=3)
        print(
            f"{name:17} {len(tiles):6} tiles {tiles.samples:8} samples, tau {tiles.tau:6.1f} px: "
            f"{kept:.2f} ms with tau kept, {first:.2f} ms from tau 1, definition {slow:.1f} ms"
        )


if __name__ == "__main__":
    main()
