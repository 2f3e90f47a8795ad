"""Blocks of 8 x 8: the pyramid alone, and in one pass with the statistics, against reading memory.

Run: python tests/benchmarks/pyramid.py [rows]. In turns on the same fresh float32 and bfloat16 matrix, two threads
each: a plain read, the statistics alone, the pyramid alone (into memory that was written to before), both in one pass,
which also joins the blocks to those of 32 x 32 that are kept, the last two in pieces of 16 MiB as files are read. Its
results are compared with theirs. Prints last the medians of the ratios of each turn: time of the read / pyramid, one
pass / statistics alone.
"""

import statistics
import sys

import numpy as np
from dram_read import on_threads, read, timed
from tensornaut.engine.kernel_cache import use_cache

PAIRS = 7
COLUMNS = 8192
PIECES, PIECE_BYTES = 4, 16 << 20


def turn(seed, rows, small):
    """(read / pyramid, one pass / statistics)."""
    from tensornaut.engine.kernels.matrix_runs import LEVEL_SIDE, MatrixFacts
    from tensornaut.engine.kernels.pyramid import SIDE, Pyramid, empty_level
    from tensornaut.engine.kernels.pyramid_numba import coarser, pyramid_of
    from tensornaut.engine.kernels.summarize import fold
    from tensornaut.engine.kernels.summarize_matrix_numba import summarize_run
    from tensornaut.engine.kernels.summarize_numba import summarize_block

    matrix = np.random.default_rng(seed).standard_normal((rows, COLUMNS), np.float32)
    dtype = "float32"
    if small:
        matrix, dtype = (matrix.view(np.uint32) >> 16).astype(np.uint16), "bfloat16"
    parts, size = np.split(matrix, PIECES), PIECE_BYTES // matrix.itemsize
    memory = [empty_level(part.shape, part.dtype) for part in parts]
    flat, starts = matrix.reshape(-1), range(0, matrix.size, size)
    read(matrix)
    summarize_run(flat[: 16 * COLUMNS], dtype, 0, COLUMNS)
    for level in memory:  # the system gives memory when it is first written to
        for column in vars(level).values():
            column[:] = 0
    read_s, _ = timed(read, matrix)
    alone_s, summaries = timed(on_threads, lambda at: summarize_block(flat[at : at + size], dtype), starts)
    pyramid_s, levels = timed(on_threads, lambda k: pyramid_of(parts[k], dtype, memory[k]), range(PIECES))
    both_s, runs = timed(on_threads, lambda at: summarize_run(flat[at : at + size], dtype, at, COLUMNS), starts)
    assert fold(summaries).blocks.tobytes() == fold(runs).blocks.tobytes()
    joint, names = MatrixFacts(*matrix.shape), ("mean", "min", "max", "count")
    for run in runs:
        joint.add(run.run, run.count)
    whole = Pyramid.joined(levels)
    level = coarser(whole, LEVEL_SIDE // SIDE)
    for name in names:
        kept = getattr(joint.level, name)
        assert getattr(level, name).astype(kept.dtype).tobytes() == kept.tobytes()
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
