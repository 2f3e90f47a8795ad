"""How many numbers are equal to the lowest and to the highest of all: many where something was clipped."""

from __future__ import annotations

import numpy as np

from .summarize import LARGEST, SHIFT, TensorSummary

__all__ = ["bin_of", "ends_of", "wanted_ends"]

END_SHARE = 1 / 2048  # of a part in the bin of its lowest or highest number, from which on those are counted
FEW = 1 << 16  # numbers of which they are counted in any case


def ends_of(summary: TensorSummary, values: np.ndarray) -> tuple[int | None, int | None]:
    """How many of some numbers are the lowest, and the highest; None where these cannot be many, or a table tells."""
    at_min, at_max = (
        None if end is None else int(np.count_nonzero(values == end)) for end in wanted_ends(summary, values.dtype)
    )
    return at_min, at_max


def wanted_ends(summary: TensorSummary, stored: np.dtype) -> tuple[float | None, float | None]:
    """The lowest and the highest of `summary.count` numbers of a type; None for one that nobody has to count."""
    if summary.bins is None or summary.min is None or summary.max is None or stored.kind != "f":
        return None, None
    few = END_SHARE * summary.finite if summary.count > FEW else 0
    low, high = (end if summary.bins[bin_of(end)] >= few else None for end in (summary.min, summary.max))
    return low, high


def bin_of(number: float) -> int:
    """The bin that counts a finite number."""
    single = np.array([min(max(number, -LARGEST), LARGEST)], np.float32)
    return int(single.view(np.uint32)[0] >> SHIFT)
