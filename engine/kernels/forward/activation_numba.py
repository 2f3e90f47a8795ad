"""Functions of one number that NumPy makes in several passes or not at all, compiled."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from . import activation as definition
from .bounds import refused

__all__ = ["erf", "gelu", "mish", "quick_gelu", "sigmoid", "silu", "softplus"]

EACH = types.void(types.Array(types.float32, 1, "C", readonly=True), types.float32[::1])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """As `activation.sigmoid`."""
    if x.dtype != np.float32:
        return definition.sigmoid(x)
    out = np.exp(-np.abs(np.ascontiguousarray(x).reshape(-1)))
    _sigmoid(np.ascontiguousarray(x).reshape(-1), out)
    return out.reshape(x.shape)


def silu(x: np.ndarray, *, alpha: float = 1.0) -> np.ndarray:
    """As `activation.silu`."""
    if x.dtype != np.float32:
        return definition.silu(x, alpha=alpha)
    out = sigmoid(x if alpha == 1 else x * np.float32(alpha))
    out *= x
    return out


def quick_gelu(x: np.ndarray, *, alpha: float = 1.702) -> np.ndarray:
    """As `activation.quick_gelu`."""
    return silu(x, alpha=alpha)


def erf(x: np.ndarray) -> np.ndarray:
    """As `activation.erf`."""
    return _each(_erf, x) if x.dtype == np.float32 else definition.erf(x)


def gelu(x: np.ndarray, *, approximate: str = "none") -> np.ndarray:
    """As `activation.gelu`."""
    if approximate not in ("none", "tanh"):
        raise refused(f"approximate {approximate}", "none or tanh")
    if x.dtype != np.float32:
        return definition.gelu(x, approximate=approximate)
    return _each(_gelu if approximate == "none" else _gelu_tanh, x)


def softplus(x: np.ndarray) -> np.ndarray:
    """As `activation.softplus`."""
    return _each(_softplus, x) if x.dtype == np.float32 else definition.softplus(x)


def mish(x: np.ndarray) -> np.ndarray:
    """As `activation.mish`."""
    return _each(_mish, x) if x.dtype == np.float32 else definition.mish(x)


def _each(function, x: np.ndarray) -> np.ndarray:
    values = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(values)
    function(values, out)
    return out.reshape(x.shape)


@njit(EACH, nogil=True, cache=True)
def _sigmoid(values, small):
    """Puts it in place of exp(-|x|)."""
    for k in range(len(values)):
        one = np.float32(1)
        small[k] = (small[k] if values[k] < 0 else one) / (one + small[k])


@njit(EACH, nogil=True, cache=True)
def _erf(values, out):
    for k in range(len(values)):
        out[k] = math.erf(np.float64(values[k]))


@njit(EACH, nogil=True, cache=True)
def _gelu(values, out):
    for k in range(len(values)):
        wide = np.float64(values[k])
        out[k] = wide * (1.0 + math.erf(wide * math.sqrt(0.5))) / 2.0


@njit(EACH, nogil=True, cache=True)
def _gelu_tanh(values, out):
    for k in range(len(values)):
        wide = np.float64(values[k])
        out[k] = wide * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (wide + 0.044715 * wide * wide * wide))) / 2.0


@njit(EACH, nogil=True, cache=True)
def _softplus(values, out):
    for k in range(len(values)):
        number = values[k]
        out[k] = max(number, np.float32(0)) + math.log1p(math.exp(-abs(number)))


@njit(EACH, nogil=True, cache=True)
def _mish(values, out):
    for k in range(len(values)):
        number = values[k]
        out[k] = number * math.tanh(max(number, np.float32(0)) + math.log1p(math.exp(-abs(number))))
