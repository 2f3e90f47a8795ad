"""Complex numbers as the real numbers that they count as."""

from __future__ import annotations

import numpy as np

__all__ = ["as_real"]


def as_real(values: np.ndarray) -> np.ndarray:
    """Magnitudes of complex numbers, float64, inf where that is too small for them; real numbers as they are."""
    if values.dtype.kind != "c":
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(values.astype(np.complex128))
