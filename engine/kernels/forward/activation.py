"""Functions of one number. The NumPy definition; float32 in, float32 out.

Source: https://onnx.ai/onnx/operators/, one page each.
"""

from __future__ import annotations

import math

import numpy as np

from .bounds import refused, require_fit

__all__ = [
    *("celu", "clip", "elu", "erf", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "mish", "prelu", "quick_gelu"),
    *("relu", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh", "thresholded_relu"),
]

_ERF = np.frompyfunc(math.erf, 1, 1)  # NumPy has none


def relu(x: np.ndarray) -> np.ndarray:
    """0 where x is negative, else x."""
    return np.maximum(x, x.dtype.type(0))


def leaky_relu(x: np.ndarray, *, alpha: float = 0.01) -> np.ndarray:
    """alpha x where x is negative, else x."""
    return np.where(x < 0, x * x.dtype.type(alpha), x)


def prelu(x: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """slope x where x is negative, else x. The slope is broadcast to x. Raises InputError."""
    require_fit("a slope", slope.shape, x.shape)
    return np.where(x < 0, x * slope, x)


def thresholded_relu(x: np.ndarray, *, alpha: float = 1.0) -> np.ndarray:
    """x where it is above alpha, else 0."""
    return np.where(x > alpha, x, x.dtype.type(0))


def elu(x: np.ndarray, *, alpha: float = 1.0) -> np.ndarray:
    """alpha (exp(x) - 1) where x is negative, else x."""
    return np.where(x < 0, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)), x)


def celu(x: np.ndarray, *, alpha: float = 1.0) -> np.ndarray:
    """alpha (exp(x / alpha) - 1) where x is negative, else x. Raises InputError."""
    if not alpha:
        raise refused("alpha 0", "another")
    a = x.dtype.type(alpha)
    return np.maximum(x, 0) + np.minimum(0, a * np.expm1(np.minimum(x / a, 0) if alpha > 0 else x / a))


def selu(
    x: np.ndarray, *, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813232421875
) -> np.ndarray:
    """gamma times `elu`."""
    return x.dtype.type(gamma) * elu(x, alpha=alpha)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, x.dtype.type(1)) / (x.dtype.type(1) + small)


def hard_sigmoid(x: np.ndarray, *, alpha: float = 0.2, beta: float = 0.5) -> np.ndarray:
    """alpha x + beta, from 0 to 1."""
    return np.clip(x * x.dtype.type(alpha) + x.dtype.type(beta), 0, 1).astype(x.dtype)


def hard_swish(x: np.ndarray) -> np.ndarray:
    """x times (x / 6 + 1/2 from 0 to 1)."""
    return x * hard_sigmoid(x, alpha=1 / 6, beta=0.5)


def silu(x: np.ndarray, *, alpha: float = 1.0) -> np.ndarray:
    """x sigmoid(alpha x)."""
    return x * sigmoid(x if alpha == 1 else x * x.dtype.type(alpha))


def quick_gelu(x: np.ndarray, *, alpha: float = 1.702) -> np.ndarray:
    """x sigmoid(alpha x)."""
    return silu(x, alpha=alpha)


def tanh(x: np.ndarray) -> np.ndarray:
    """Hyperbolic tangent."""
    return np.tanh(x)


def erf(x: np.ndarray) -> np.ndarray:
    """Error function, found in float64."""
    return np.asarray(_ERF(x.astype(np.float64)), np.float64).astype(x.dtype)


def gelu(x: np.ndarray, *, approximate: str = "none") -> np.ndarray:
    """x times the part of a normal distribution below x; "tanh": by way of that function. Raises InputError."""
    wide = x.astype(np.float64)
    if approximate == "none":
        part = 1 + np.asarray(_ERF(wide * math.sqrt(0.5)), np.float64)
    elif approximate == "tanh":
        part = 1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3))
    else:
        raise refused(f"approximate {approximate}", "none or tanh")
    return (wide * part / 2).astype(x.dtype)


def softplus(x: np.ndarray) -> np.ndarray:
    """log(exp(x) + 1), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softsign(x: np.ndarray) -> np.ndarray:
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


def mish(x: np.ndarray) -> np.ndarray:
    """x tanh(softplus(x))."""
    return x * np.tanh(softplus(x))


def clip(x: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None) -> np.ndarray:
    """x, at least `low` and at most `high`, each one number or left out. Raises InputError."""
    for bound in (low, high):
        if bound is not None and bound.size != 1:
            raise refused(f"a bound of shape {bound.shape}", "one number")
    if low is not None:
        x = np.maximum(x, low.reshape(()).astype(x.dtype))
    return x if high is None else np.minimum(x, high.reshape(()).astype(x.dtype))
