"""What has no version in CUDA is computed in host memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..machine_cupy import machine

__all__ = ["through_host"]


def through_host(definition: Callable[..., Any], *arrays: Any, **settings: Any) -> Any:
    """What the definition gives. Floats that come back are put on the GPU again."""
    gpu = machine()
    given = definition(
        *(array if array is None or isinstance(array, np.ndarray) else gpu.to_host(array) for array in arrays),
        **settings,
    )
    results = given if isinstance(given, tuple) else (given,)
    placed = [gpu.from_host(array) if array is not None and array.dtype.kind == "f" else array for array in results]
    return tuple(placed) if isinstance(given, tuple) else placed[0]
