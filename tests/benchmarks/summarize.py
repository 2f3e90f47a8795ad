"""Statistics of weights: one compiled pass, against reading memory and against NumPy's and torch's separate calls.

Run: python tests/benchmarks/summarize.py [million numbers]. In turns on the same fresh data: a plain read by two
threads, our pass by two threads, NumPy's calls, torch's calls (by as many threads as torch takes). Mean and std are
checked against two passes in float64, counts against NumPy's. Prints last the medians of the ratios of each turn:
time of the read / ours, time of the others / ours.
"""

import statistics
import sys

import numpy as np
from dram_read import on_threads, read, timed
from tensornaut.engine.kernel_cache import use_cache

PAIRS = 7
BINS = 256
PIECES = 4

try:
    import torch
except ImportError:
    torch = None


def with_numpy(values):
    """Mean, std, min, max, zeros, NaN, infinities, l2 and a histogram, one call each, of float32."""
    low, high = values.min(), values.max()
    return (
        float(values.mean(dtype=np.float64)),
        float(values.std(dtype=np.float64)),
        float(low),
        float(high),
        values.size - int(np.count_nonzero(values)),
        int(np.isnan(values).sum()),
        int(np.isinf(values).sum()),
        float(np.linalg.norm(values)),
        np.histogram(values, BINS, (low, high))[0],
    )


def with_numpy_widened(words):
    return with_numpy((words.astype(np.uint32) << 16).view(np.float32))


def with_torch(values):
    """The same by torch's calls."""
    std, mean = torch.std_mean(values)
    low, high = torch.aminmax(values)
    counts = [torch.count_nonzero(values), torch.isnan(values).sum(), torch.isinf(values).sum()]
    numbers = values if values.dtype == torch.float32 else values.float()  # histc knows no bfloat16
    histogram = torch.histc(numbers, BINS, low.item(), high.item())
    return mean, std, low, high, counts, torch.linalg.vector_norm(values), histogram


def checked(summary, weights, words):
    """Stops where the summary is not that of the numbers."""
    numbers = weights.astype(np.float64)
    mean = numbers.mean()
    numbers -= mean
    std = float(np.sqrt(np.square(numbers, out=numbers).mean()))
    assert abs(summary.mean - mean) <= 1e-12 * std and abs(summary.std - std) <= 1e-12 * std
    assert summary.zeros == np.count_nonzero(weights == 0)
    if words is not None:
        assert (summary.table == np.bincount(words, minlength=1 << 16)).all()
    else:
        assert (summary.bins == np.bincount(weights.view(np.uint32) >> 20, minlength=4096)).all()


def turn(seed, count, small):
    """Ratios of one turn: of the read, of NumPy, of torch."""
    from tensornaut.engine.kernels.summarize import fold
    from tensornaut.engine.kernels.summarize_numba import summarize_block

    weights = np.random.default_rng(seed).standard_normal(count, np.float32)
    weights *= 0.02
    words = (weights.view(np.uint32) >> 16).astype(np.uint16) if small else None
    weights = (words.astype(np.uint32) << 16).view(np.float32) if small else weights
    stored, dtype = (words, "bfloat16") if small else (weights, "float32")

    def ours(values):
        return fold(on_threads(lambda part: summarize_block(part, dtype), np.split(values, PIECES)))

    read(stored)
    read_s, _ = timed(read, stored)
    ours_s, summary = timed(ours, stored)
    checked(summary, weights, words)
    numpy_s, _ = timed(with_numpy_widened if small else with_numpy, stored)
    seconds = [read_s, numpy_s]
    if torch is not None:
        tensor = torch.from_numpy(stored.view(np.int16)).view(torch.bfloat16) if small else torch.from_numpy(stored)
        seconds.append(timed(with_torch, tensor)[0])
    speeds = " ".join(f"{stored.nbytes / other_s / 1e9:.2f}" for other_s in (ours_s, *seconds))
    print(f"{dtype}: GB/s of ours, read, NumPy, torch: {speeds}")
    return [other_s / ours_s for other_s in seconds]


def main():
    count = int(sys.argv[1] if len(sys.argv) > 1 else 64) << 20
    use_cache()
    lines = []
    for small in (False, True):
        ratios = zip(*(turn(seed, count, small) for seed in range(PAIRS)), strict=True)
        of_read, *others = map(statistics.median, ratios)
        names = ("NumPy", "torch")[: len(others)]
        against = ", ".join(f"{ratio:.0f} x {name}" for name, ratio in zip(names, others, strict=True))
        lines.append(f"median ratios, {'bfloat16' if small else 'float32'}: {of_read:.2f} of the read, {against}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
