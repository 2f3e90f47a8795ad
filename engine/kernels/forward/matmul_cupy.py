"""Products of matrices in CUDA: those of `matmul`, of float32.

Transposed matrices are read where they are, by their strides.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, Machine, machine
from . import matmul as definition
from .bounds import broadcast, refused, require_fit

__all__ = ["TEXT", "batched", "gemm", "linear", "matmul"]

SIDES = (64, 128)  # of the tile that a group makes
TEXT = CudaText("matmul", tuple(f"multiply<{side}>" for side in SIDES))
THREADS = 256


def matmul(a: Any, b: Any) -> Any:
    """As `matmul.matmul`."""
    shape = definition.product_shape(a, b)
    gpu = machine()
    left, right = gpu.array(a), gpu.array(b)
    left = left.reshape(1, -1) if a.ndim == 1 else left
    right = right.reshape(-1, 1) if b.ndim == 1 else right
    batch = broadcast(left.shape[:-2], right.shape[:-2])
    starts = [_starts(batch, array.shape) for array in (left, right)]
    rows, depth, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    return batched(gpu, left, right, starts, (rows, columns, depth), ((depth, 1), (columns, 1))).reshape(shape)


def gemm(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Any:
    """As `matmul.gemm`."""
    if a.ndim != 2 or b.ndim != 2:
        raise refused(f"shapes {a.shape} and {b.shape}", "two matrices")
    shape = definition.product_shape(a.T if transA else a, b.T if transB else b)
    gpu, start = machine(), np.zeros(1, np.int64)
    steps = [(1, x.shape[1]) if turned else (x.shape[1], 1) for x, turned in ((a, transA), (b, transB))]
    sizes = shape[0], shape[1], a.shape[0 if transA else 1]
    product = batched(gpu, gpu.array(a), gpu.array(b), (start, start), sizes, steps, alpha).reshape(shape)
    if c is None:
        return product
    require_fit("a bias", c.shape, product.shape)
    return product + (c if beta == 1 else (c * beta).astype(c.dtype))


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """As `matmul.linear`."""
    if weight.ndim != 2 or (bias is not None and bias.shape != weight.shape[:1]):
        raise refused(f"weights {weight.shape}", "a matrix, and a bias that fits")
    shape, (outputs, depth) = definition.product_shape(x, weight.T), weight.shape
    gpu, start = machine(), np.zeros(1, np.int64)
    sizes, steps = (math.prod(shape[:-1]), outputs, depth), ((depth, 1), (1, depth))
    product = batched(gpu, gpu.array(x), gpu.array(weight), (start, start), sizes, steps).reshape(shape)
    return product if bias is None else product + bias


def batched(
    gpu: Machine, a: Any, b: Any, starts: Any, sizes: tuple[int, int, int], steps: Any, alpha: float = 1.0
) -> Any:
    """(batches, rows, columns): alpha a b. `starts`: two of (batches,) int64, the first number of each matrix; `sizes`
    (rows, columns, depth); `steps`: of a and of b, from row to row and from column to column."""
    rows, columns, depth = sizes
    count = len(starts[0])
    result = gpu.zeros((count, rows, columns), np.float32)
    if not result.size or not depth:
        return result
    side = SIDES[rows >= 512 and columns >= 512]
    tiles = -(-rows // side) * -(-columns // side)
    gpu.launch(
        TEXT, f"multiply<{side}>", (count * tiles,), THREADS,
        a, b, *(gpu.from_host(start) for start in starts), *(np.int32(size) for size in sizes),
        *(np.int64(step) for pair in steps for step in pair), np.float32(alpha), result,
    )  # fmt: skip
    return result


def _starts(batch: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """(batches,) int64: where the matrix of each batch begins in an array that is broadcast."""
    own = shape[:-2]
    numbers = np.arange(math.prod(own), dtype=np.int64).reshape(own) * (shape[-2] * shape[-1])
    return np.ascontiguousarray(np.broadcast_to(numbers, batch)).reshape(-1)
