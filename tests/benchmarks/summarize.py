"""Statistics of float32 weights: one compiled pass against NumPy's separate calls, in turns on the same fresh data.

Run: python tests/benchmarks/summarize.py [elements]. Results are checked against each other. Prints last the median of
the ratios of pairs: NumPy's time / ours, one thread each.
"""

import statistics
import sys
import time

import numpy as np
from tensornaut.engine.kernel_cache import use_cache

PAIRS = 7
BINS = 256


def separate(values):
    """Mean, std, min, max, zeros, NaN, infinities, l2 and a histogram, one call each."""
    low, high = values.min(), values.max()
    histogram = np.histogram(values, BINS, (low, high))[0]
    return (
        float(values.mean(dtype=np.float64)),
        float(values.std(dtype=np.float64)),
        float(low),
        float(high),
        values.size - int(np.count_nonzero(values)),
        int(np.isnan(values).sum()),
        int(np.isinf(values).sum()),
        float(np.sqrt(np.square(values, dtype=np.float64).sum())),
        histogram,
    )


def timed(call, values):
    start_s = time.perf_counter()
    result = call(values)
    return time.perf_counter() - start_s, result


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 25
    use_cache()
    from tensornaut.engine.kernels.histogram import histogram
    from tensornaut.engine.kernels.summarize_numba import summarize_block

    ratios = []
    for pair in range(PAIRS):
        values = np.random.default_rng(pair).normal(0.001, 0.02, count).astype(np.float32)
        theirs_s, theirs = timed(separate, values)
        ours_s, summary = timed(summarize_block, values)
        _, counts = histogram(summary, BINS)
        ours = (
            summary.mean,
            summary.std,
            summary.min,
            summary.max,
            summary.zeros,
            summary.nan,
            summary.inf,
            summary.l2,
        )
        np.testing.assert_allclose(ours, theirs[:8], rtol=1e-9)
        assert counts.sum() == theirs[8].sum() == count
        ratios.append(theirs_s / ours_s)
        speed = values.nbytes / ours_s / 1e9
        print(f"NumPy {theirs_s:.3f} s   compiled {ours_s:.3f} s = {speed:.2f} GB/s   {ratios[-1]:.1f} x")
    print(f"median ratio {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
