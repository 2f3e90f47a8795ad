"""Arithmetic, comparison and logic, element by element, with broadcasting. NumPy's own loops: none would be faster.

Source: https://onnx.ai/onnx/operators/, one page each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np

from .bounds import broadcast, refused, require_size

__all__ = ["BINARY", "FOLDED", "UNARY", "mean", "mod", "where"]

Array = np.ndarray
Unary = Callable[[Array], Array]
Binary = Callable[[Array, Array], Array]


def _of_two(function: Binary) -> Binary:
    """The function, of arrays that are broadcast; raises InputError where the result would be too large."""

    def checked(a: Array, b: Array) -> Array:
        require_size(broadcast(a.shape, b.shape), a.dtype)
        return function(a, b)

    return checked


def _of_one(function: Unary) -> Unary:
    def plain(x: Array) -> Array:
        return function(x)

    return plain


def _divide(a: Array, b: Array) -> Array:
    """Integers are rounded toward 0."""
    if a.dtype.kind not in "iu":
        return np.true_divide(a, b)
    if not np.all(b):
        raise refused("a division of integers by 0", "another divisor")
    quotient = np.floor_divide(a, b)
    return quotient + ((quotient < 0) & (quotient * b != a)).astype(a.dtype)


def _power(a: Array, b: Array) -> Array:
    """In the type of the first."""
    if a.dtype.kind in "iu":
        return np.power(a.astype(np.float64), b).astype(a.dtype)
    if b.size == 1 and b.reshape(-1)[0] == 2:
        return a * a if a.ndim >= b.ndim else (a * a).reshape(broadcast(a.shape, b.shape))
    return np.power(a, b.astype(a.dtype))


def _reciprocal(x: Array) -> Array:
    return x.dtype.type(1) / x


def _folded(function: Binary, *values: Array) -> Array:
    """The function of the first two, then of that and the third, and so on. Raises InputError."""
    if not values:
        raise refused("no inputs", "one or more")
    return reduce(_of_two(function), values)


_BINARY: dict[str, Callable[..., Any]] = {
    **{"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": _divide, "Pow": _power},
    **{"Equal": np.equal, "Less": np.less, "LessOrEqual": np.less_equal},
    **{"Greater": np.greater, "GreaterOrEqual": np.greater_equal},
    **{"And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor},
    **{"BitwiseAnd": np.bitwise_and, "BitwiseOr": np.bitwise_or, "BitwiseXor": np.bitwise_xor},
}
BINARY: dict[str, Binary] = {kind: _of_two(function) for kind, function in _BINARY.items()}
FOLDED: dict[str, Callable[..., Array]] = {
    kind: partial(_folded, function) for kind, function in {"Max": np.maximum, "Min": np.minimum, "Sum": np.add}.items()
}
_UNARY: dict[str, Callable[..., Any]] = {
    **{"Abs": np.abs, "Neg": np.negative, "Exp": np.exp, "Log": np.log, "Sqrt": np.sqrt, "Sign": np.sign},
    **{"Floor": np.floor, "Ceil": np.ceil, "Round": np.rint, "Reciprocal": _reciprocal, "Not": np.logical_not},
    **{"Sin": np.sin, "Cos": np.cos, "Tan": np.tan, "Asin": np.arcsin, "Acos": np.arccos, "Atan": np.arctan},
    **{"Sinh": np.sinh, "Cosh": np.cosh, "Asinh": np.arcsinh, "Acosh": np.arccosh, "Atanh": np.arctanh},
    **{"IsNaN": np.isnan, "BitwiseNot": np.bitwise_not},
}
UNARY: dict[str, Unary] = {kind: _of_one(function) for kind, function in _UNARY.items()}


def mean(*values: Array) -> Array:
    """The mean of arrays, element by element. Raises InputError."""
    return _folded(np.add, *values) / values[0].dtype.type(len(values))


def mod(a: Array, b: Array, *, fmod: int = 0) -> Array:
    """What is left of a division: of the sign of b, or with `fmod` of that of a. Raises InputError."""
    if a.dtype.kind in "iu" and not np.all(b):
        raise refused("a division of integers by 0", "another divisor")
    return _of_two(np.fmod if fmod else np.mod)(a, b)


def where(condition: Array, a: Array, b: Array) -> Array:
    """a where the condition holds, else b. Raises InputError."""
    require_size(broadcast(condition.shape, a.shape, b.shape), a.dtype)
    return np.where(condition.astype(bool), a, b)
