"""Kernels of the table for arrays of `machine()`, on a GPU.

Those of `ON_DEVICE` have a version in CUDA for float32, a function of the same name: equal to the definition but for
the order in which numbers are added, and for the last bits of exp and its kin. Arithmetic, and what only moves
numbers, works on CuPy's arrays as it is, through the protocols of NumPy. What is left goes through host memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np

from ..machine_cupy import machine
from . import arithmetic
from .host_memory import through_host
from .table import KERNELS, Function

__all__ = ["IN_PLACE", "ON_DEVICE", "function"]

_NAMES = {
    "activation_cupy": (
        *("Celu", "Clip", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "PRelu", "QuickGelu"),
        *("Relu", "Selu", "Sigmoid", "Silu", "Softplus", "Softsign", "Tanh", "ThresholdedRelu"),
    ),
    "attention_cupy": ("Attention",),
    "conv_cupy": ("Conv",),
    "lookup_cupy": ("Gather",),
    "matmul_cupy": ("Gemm", "Linear", "MatMul"),
    "norm_cupy": (
        *("BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization"),
        "RMSNormalization",
    ),
    "pool_cupy": ("AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool"),
    "softmax_cupy": ("LogSoftmax", "Softmax"),
}
ON_DEVICE: Mapping[str, str] = MappingProxyType(
    {name: module for module, names in _NAMES.items() for name in names}
)  # kernel: module of this package
TYPED = {"Attention": 3, "Gather": 0}  # arrays of a kernel that have to be of float32; of others: all
IN_PLACE = frozenset(
    (
        *arithmetic.BINARY, *arithmetic.FOLDED, *arithmetic.UNARY,
        *("Concat", "Dropout", "Expand", "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose"),
        "Unsqueeze",
    )
)  # fmt: skip


def function(name: str) -> Function:
    """The kernel for arrays on a GPU. Sizes, axes and places, which are integers, may be in host memory."""
    definition = KERNELS[name].definition
    if name in ON_DEVICE:
        own = getattr(import_module(f".{ON_DEVICE[name]}", __package__), definition.__name__)
        return partial(_of_floats, TYPED.get(name), own, definition)
    return partial(_in_place if name in IN_PLACE else through_host, definition)


def _of_floats(typed: int | None, own: Function, definition: Function, *arrays: Any, **settings: Any) -> Any:
    """By the version in CUDA where the first `typed` arrays are of its type."""
    if any(array is not None and array.dtype != np.float32 for array in arrays[:typed]):
        return through_host(definition, *arrays, **settings)
    return own(*arrays, **settings)


def _in_place(definition: Function, *arrays: Any, **settings: Any) -> Any:
    """Floats go where the others are; arrays of integers that are alone stay in host memory."""
    gpu = machine()
    if any(array is not None and not isinstance(array, np.ndarray) for array in arrays):
        arrays = tuple(
            gpu.from_host(array) if isinstance(array, np.ndarray) and array.dtype.kind == "f" else array
            for array in arrays
        )
    return definition(*arrays, **settings)
