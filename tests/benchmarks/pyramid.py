"""Blocks of 8 x 8: the pyramid alone, and in one pass with the statistics, against reading memory.

Run: python tests/benchmarks/pyramid.py [rows]. In turns on the same fresh float32 and bfloat16 matrix, two threads
each: a plain read, the statistics alone, the pyramid alone, both in one pass. The two passes' results are compared with
the one's; their memory was written to before. Prints last the medians of the ratios of each turn: time of the
read / pyramid, one pass / statistics alone.
"""

import statistics
import sys
from itertools import chain

import numpy as np
from dram_read import on_threads, read, timed
from tensornaut.engine.kernel_cache import use_cache

PAIRS = 7
COLUMNS = 8192
PIECES = 4


def turn(seed, rows, small):
    """(read / pyramid, one pass / statistics)."""
    from tensornaut.engine.kernels.pyramid import empty_level
    from tensornaut.engine.kernels.pyramid_numba import pyramid_of
    from tensornaut.engine.kernels.summarize import fold
    from tensornaut.engine.kernels.summarize_matrix_numba import fold_parts, summarize_part
    from tensornaut.engine.kernels.summarize_numba import summarize_block

    matrix = np.random.default_rng(seed).standard_normal((rows, COLUMNS), np.float32)
    dtype = "float32"
    if small:
        matrix, dtype = (matrix.view(np.uint32) >> 16).astype(np.uint16), "bfloat16"
    parts, size = np.split(matrix, PIECES), matrix.size // PIECES
    memory = [[empty_level(part.shape, part.dtype) for part in parts] for _ in range(2)]
    read(matrix)
    pyramid_of(matrix[:8], dtype)
    for level in chain(*memory):  # the system gives memory when it is first written to
        for column in vars(level).values():
            column[:] = 0
    read_s, _ = timed(read, matrix)
    alone_s, summaries = timed(on_threads, lambda part: summarize_block(part.reshape(-1), dtype), parts)
    pyramid_s, levels = timed(on_threads, lambda k: pyramid_of(parts[k], dtype, memory[0][k]), range(PIECES))
    both_s, both = timed(
        on_threads, lambda k: summarize_part(matrix, dtype, k * size, size, memory[1][k]), range(PIECES)
    )
    summary, joint = fold(summaries), fold_parts(both)
    assert summary.blocks.tobytes() == joint.blocks.tobytes()
    for name in ("mean", "min", "max", "count"):
        column = np.concatenate([getattr(level, name) for level in levels])
        assert column.tobytes() == getattr(joint.pyramid, name).tobytes()
    speeds = " ".join(f"{matrix.nbytes / part_s / 1e9:.2f}" for part_s in (read_s, alone_s, pyramid_s, both_s))
    print(f"{dtype}: GB/s of the read, statistics, pyramid, both: {speeds}")
    return read_s / pyramid_s, both_s / alone_s


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 8192
    use_cache()
    lines = []
    for small in (False, True):
        of_read, both = map(statistics.median, zip(*(turn(seed, rows, small) for seed in range(PAIRS)), strict=True))
        kind = "bfloat16" if small else "float32"
        lines.append(f"median ratios, {kind}: pyramid {of_read:.2f} of the read, one pass {both:.2f} x the statistics")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
