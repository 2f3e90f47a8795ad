"""What a scene must know of the numbers before it can be drawn: ranges and mean colors.

Small tensors are read whole; of large ones a fixed lattice of elements is read, so the first picture costs the same for
any size. `is_exact` says which.
"""

from __future__ import annotations

import math

import numpy as np

from ..engine.kernels.decode import matrix_shape
from ..engine.kernels.summarize import TensorSummary, fold, range_of, summarize_block
from ..loaders.network import Tensor

__all__ = ["Analysis"]

WHOLE = 1 << 18  # elements read whole
LATTICE = 256  # rows and columns at most otherwise


class Analysis:
    """Summaries of tensors, made when asked for and kept."""

    def __init__(self) -> None:
        self._samples: dict[str, np.ndarray] = {}
        self._summaries: dict[str, TensorSummary] = {}

    def is_exact(self, tensor: Tensor) -> bool:
        """True when every element was read."""
        return tensor.count <= WHOLE

    def summary(self, tensor: Tensor) -> TensorSummary:
        """Statistics of the elements read."""
        if tensor.key not in self._summaries:
            self._summaries[tensor.key] = fold([summarize_block(self._sample(tensor).ravel())])
        return self._summaries[tensor.key]

    def value_range(self, tensor: Tensor) -> float:
        """The 99.5th percentile of |value|: the end of the color scale. Always > 0."""
        return range_of(self.summary(tensor))

    def mean_color(self, tensor: Tensor, colors: np.ndarray) -> np.ndarray:
        """(3,) float: mean of color x brightness over the elements read; `colors` (256, 3) from -range to +range."""
        values = np.nan_to_num(self._sample(tensor).ravel().astype(np.float64))
        scaled = np.clip(values / self.value_range(tensor), -1.0, 1.0)
        light = colors[np.round(scaled * 127.5 + 127.5).astype(int)] * (0.14 + 1.15 * np.abs(scaled) ** 1.15)[:, None]
        return light.mean(0) if len(light) else np.zeros(3)

    def _sample(self, tensor: Tensor) -> np.ndarray:
        """The elements read, a part of the tensor's matrix."""
        if tensor.key not in self._samples:
            rows, columns = matrix_shape(tensor.shape)
            steps = (1, 1) if self.is_exact(tensor) else (math.ceil(rows / LATTICE), math.ceil(columns / LATTICE))
            self._samples[tensor.key] = tensor.read(slice(0, rows, steps[0]), slice(0, columns, steps[1]))
        return self._samples[tensor.key]
