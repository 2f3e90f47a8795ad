"""Facts of very many tensors at once: few numbers of each, in a few arrays, so that thousands take a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..engine.kernels.decode import is_vector, matrix_shape
from ..engine.kernels.magnitudes import as_real
from ..engine.kernels.summarize import RANGE_SHARE
from ..loaders.network import Tensor

__all__ = ["SampledFacts", "sampled_facts"]

ROWS, NUMBERS = 4, 1024  # of a sample, at most
AT_ONCE = 256  # samples in temporary arrays

# The arguments of `analysis.Facts`, in order.
SampledFacts = tuple[
    float, float | None, float | None, float | None, float | None, np.ndarray, float, bool, tuple[float, float]
]


def sampled_facts(tensors: Iterable[Tensor], bins: int) -> Iterator[tuple[str, SampledFacts]]:
    """(key, facts) of each tensor, with histograms of so many bins; of those that can be read.

    Raises FormatError when the file changed since it was opened.
    """
    waiting: dict[tuple[int, int], list[tuple[Tensor, np.ndarray]]] = {}
    for tensor in tensors:
        if not tensor.is_readable or not tensor.count:
            continue
        sample = _sample(tensor)
        group = waiting.setdefault(sample.shape, [])
        group.append((tensor, sample))
        if len(group) == AT_ONCE:
            yield from _facts_of(waiting.pop(sample.shape), bins)
    for group in waiting.values():
        yield from _facts_of(group, bins)


def _sample(tensor: Tensor) -> np.ndarray:
    """(rows, columns) of numbers, evenly spread."""
    rows, columns = matrix_shape(tensor.shape)
    high = min(rows, max(ROWS, NUMBERS // columns))
    row_step, column_step = -(-rows // high), -(-columns * high // NUMBERS)
    return as_real(tensor.read(slice(0, rows, row_step), slice(0, columns, max(column_step, 1))))


def _facts_of(group: list[tuple[Tensor, np.ndarray]], bins: int) -> Iterator[tuple[str, SampledFacts]]:
    """Facts of samples of one shape."""
    samples = np.stack([sample.astype(np.float64, copy=False) for _, sample in group])
    count, _, wide = samples.shape
    numbers = samples.reshape(count, -1)
    finite = np.isfinite(numbers)
    some = finite.sum(1)
    filled = np.where(finite, numbers, 0.0)
    value_range = _ranges(np.abs(filled), some)
    lowest, highest = np.where(finite, numbers, np.inf).min(1), np.where(finite, numbers, -np.inf).max(1)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = filled.sum(1) / np.maximum(some, 1)
        std = np.sqrt((np.where(finite, numbers - mean[:, None], 0.0) ** 2).sum(1) / np.maximum(some, 1))
        norms = np.sqrt((filled.reshape(samples.shape) ** 2).mean(2))
    place = np.clip((filled / value_range[:, None] + 1) * (bins / 2), 0, bins - 1).astype(np.int64)
    place += np.arange(count)[:, None] * bins
    histograms = np.bincount(place[finite], minlength=count * bins).reshape(count, bins)
    beyond = (np.abs(filled) > value_range[:, None]).sum(1) / np.maximum(some, 1)
    for k, (tensor, _) in enumerate(group):
        columns = matrix_shape(tensor.shape)[1]
        found = [float(column[k]) if some[k] else None for column in (lowest, highest, mean, std)]
        of_rows = np.abs(filled[k]) if is_vector(tensor.shape) else norms[k] * np.sqrt(columns)
        ends = float(of_rows.min()), float(min(of_rows.max(), np.finfo(np.float64).max))
        exact = numbers.shape[1] == tensor.count and wide == columns
        yield (
            tensor.key,
            (float(value_range[k]), *found, histograms[k], float(beyond[k]), exact, ends),  # type: ignore[misc]
        )


def _ranges(magnitudes: np.ndarray, some: np.ndarray) -> np.ndarray:
    """(n,) float64: the magnitude below which nearly all of the `some` finite ones lie; the others are 0."""
    size = magnitudes.shape[1]
    ordered = np.sort(magnitudes, axis=1)
    place = size - 1 - np.floor((1 - RANGE_SHARE) * some).astype(np.int64)
    found = ordered[np.arange(len(ordered)), np.maximum(place, 0)]
    largest = ordered[:, -1]
    return np.where(found > 0, found, np.where(largest > 0, largest, 1.0))
