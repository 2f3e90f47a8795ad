"""Products of matrices: those of NumPy, which calls BLAS. No loop of ours would be faster, so there is none."""

from __future__ import annotations

from typing import Any

import numpy as np

from .bounds import broadcast, refused, require_fit, require_size

__all__ = ["gemm", "linear", "matmul", "product_shape"]


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., rows, columns) of (..., rows, k) and (..., k, columns), broadcast; vectors as NumPy takes them.

    Raises InputError.
    """
    product_shape(a, b)
    return np.matmul(a, b)


def product_shape(a: Any, b: Any) -> tuple[int, ...]:
    """That of `matmul`. Raises InputError where they cannot be multiplied, or the product would be too large."""
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[max(-2, -b.ndim)]:
        raise refused(f"shapes {a.shape} and {b.shape}", "matrices that can be multiplied")
    columns = b.shape[-1:] if b.ndim > 1 else ()
    return require_size((*broadcast(a.shape[:-2], b.shape[:-2]), *a.shape[-2:-1], *columns), a.dtype)


def gemm(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> np.ndarray:
    """(rows, columns): alpha a b + beta c, a and b matrices, c broadcast. Raises InputError."""
    if a.ndim != 2 or b.ndim != 2:
        raise refused(f"shapes {a.shape} and {b.shape}", "two matrices")
    product = matmul(a.T if transA else a, b.T if transB else b)
    if alpha != 1:
        product = (product * alpha).astype(a.dtype)
    if c is None:
        return product
    require_fit("a bias", c.shape, product.shape)
    return product + (c if beta == 1 else (c * beta).astype(c.dtype))


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """(..., outputs) of x (..., inputs), weight (outputs, inputs), bias (outputs,). Raises InputError."""
    if weight.ndim != 2 or (bias is not None and bias.shape != weight.shape[:1]):
        raise refused(f"weights {weight.shape}", "a matrix, and a bias that fits")
    product = matmul(x, weight.T)
    return product if bias is None else product + bias
