"""Which kernels of the table have a version in CUDA: functions of the same names, for arrays of `machine()`.

They are equal to the definitions but for the order in which numbers are added, and for the last bits of exp and its
kin. Others work on CuPy's arrays through the protocols of NumPy: the definition is their version.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from .table import KERNELS, Function

__all__ = ["ON_DEVICE", "function"]

_NAMES = {
    "activation_cupy": (
        *("Celu", "Clip", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "PRelu", "QuickGelu"),
        *("Relu", "Selu", "Sigmoid", "Silu", "Softplus", "Softsign", "Tanh", "ThresholdedRelu"),
    ),
    "attention_cupy": ("Attention",),
    "conv_cupy": ("Conv",),
    "lookup_cupy": ("Gather",),
    "matmul_cupy": ("Gemm", "MatMul"),
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


def function(name: str) -> Function:
    """The kernel for arrays on a GPU."""
    definition = KERNELS[name].definition
    if name not in ON_DEVICE:
        return definition
    module = import_module(f".{ON_DEVICE[name]}", __package__)
    return getattr(module, definition.__name__)
