"""Functions of one number in CUDA: those of `activation`, of float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, Machine, machine
from . import activation as definition
from .bounds import refused

__all__ = [
    *("TEXT", "celu", "clip", "elu", "erf", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "mish", "prelu"),
    *("quick_gelu", "relu", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh", "thresholded_relu"),
]

NAMES = (
    *("Relu", "LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Silu"),
    *("Tanh", "Erf", "Gelu", "GeluTanh", "Softplus", "Softsign", "Mish", "Clip"),
)
TEXT = CudaText("activation", (*(f"apply<{name}>" for name in NAMES), "prelu"))
THREADS, GROUPS = 256, 8


def relu(x: Any) -> Any:
    """As `activation.relu`, and so are all here."""
    return _apply("Relu", x)


def leaky_relu(x: Any, *, alpha: float = 0.01) -> Any:
    return _apply("LeakyRelu", x, alpha)


def prelu(x: Any, slope: Any) -> Any:
    gpu = machine()
    found = _period(x.shape, slope.shape)
    if found is None:
        return definition.prelu(x, slope)
    per, period = found
    result = gpu.empty(x.shape, np.float32)
    if result.size:
        sizes = np.int64(result.size), np.int64(per), np.int64(period)
        gpu.launch(TEXT, "prelu", _grid(gpu, result), THREADS, gpu.array(x), gpu.array(slope), *sizes, result)
    return result


def thresholded_relu(x: Any, *, alpha: float = 1.0) -> Any:
    return _apply("ThresholdedRelu", x, alpha)


def elu(x: Any, *, alpha: float = 1.0) -> Any:
    return _apply("Elu", x, alpha)


def celu(x: Any, *, alpha: float = 1.0) -> Any:
    if not alpha:
        raise refused("alpha 0", "another")
    return _apply("Celu", x, alpha)


def selu(x: Any, *, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813232421875) -> Any:
    return _apply("Selu", x, alpha, gamma)


def sigmoid(x: Any) -> Any:
    return _apply("Sigmoid", x)


def hard_sigmoid(x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    return _apply("HardSigmoid", x, alpha, beta)


def hard_swish(x: Any) -> Any:
    return _apply("HardSwish", x)


def silu(x: Any, *, alpha: float = 1.0) -> Any:
    return _apply("Silu", x, alpha)


def quick_gelu(x: Any, *, alpha: float = 1.702) -> Any:
    return _apply("Silu", x, alpha)


def tanh(x: Any) -> Any:
    return _apply("Tanh", x)


def erf(x: Any) -> Any:
    return _apply("Erf", x)


def gelu(x: Any, *, approximate: str = "none") -> Any:
    if approximate not in ("none", "tanh"):
        raise refused(f"approximate {approximate}", "none or tanh")
    return _apply("Gelu" if approximate == "none" else "GeluTanh", x)


def softplus(x: Any) -> Any:
    return _apply("Softplus", x)


def softsign(x: Any) -> Any:
    return _apply("Softsign", x)


def mish(x: Any) -> Any:
    return _apply("Mish", x)


def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    bounds = []
    for bound, otherwise in ((low, -math.inf), (high, math.inf)):
        if bound is not None and bound.size != 1:
            raise refused(f"a bound of shape {bound.shape}", "one number")
        bounds.append(otherwise if bound is None else float(bound.reshape(())))
    return _apply("Clip", x, *bounds)


def _apply(name: str, x: Any, a: float = 0.0, b: float = 0.0) -> Any:
    """The function of each number."""
    gpu = machine()
    result = gpu.empty(x.shape, np.float32)
    if result.size:
        numbers = np.int64(result.size), np.float32(a), np.float32(b)
        gpu.launch(TEXT, f"apply<{name}>", _grid(gpu, result), THREADS, gpu.array(x), *numbers, result)
    return result


def _grid(gpu: Machine, result: Any) -> tuple[int]:
    return (min(-(-int(result.size) // THREADS), GROUPS * gpu.processors),)


def _period(shape: tuple[int, ...], slopes: tuple[int, ...]) -> tuple[int, int] | None:
    """(numbers that share a slope, slopes) where slopes differ along one run of axes; None where they do not."""
    if len(slopes) > len(shape):
        return None
    sides = (1,) * (len(shape) - len(slopes)) + tuple(slopes)
    wide = [axis for axis, side in enumerate(sides) if side != 1]
    if not wide:
        return max(math.prod(shape), 1), 1
    first, last = wide[0], wide[-1]
    if sides[first : last + 1] != tuple(shape[first : last + 1]):
        return None
    return math.prod(shape[last + 1 :]), math.prod(sides)
