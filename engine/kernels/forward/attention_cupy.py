"""Scaled dot-product attention in CUDA: that of `attention`, of float32. Heads that share keys read them in place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..machine_cupy import CudaText, Machine, machine
from .attention import by_head
from .bounds import require_fit, require_size
from .matmul_cupy import batched

__all__ = ["TEXT", "attention"]

TEXT = CudaText("attention", ("weigh",))
THREADS, GROUPS, WARP = 256, 8, 32


def attention(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    q_num_heads: int = 0,
    scale: float = 0.0,
    softcap: float = 0.0,
) -> tuple[Any, Any]:
    """As `attention.attention`."""
    gpu = machine()
    *arrays, share = by_head(query, key, value, kv_num_heads, q_num_heads)
    q, k, v = map(gpu.array, arrays)
    images, heads, queries, width = q.shape
    keys, broad = v.shape[2:]
    shape = require_size((images, heads, queries, keys), q.dtype)
    number = np.arange(images * heads, dtype=np.int64)
    own, shared = number * queries, number // share
    weights = batched(
        gpu, q, k, (own * width, shared * keys * width), (queries, keys, width), ((width, 1), (1, width)),
        scale or 1 / math.sqrt(width),
    )  # fmt: skip
    if weights.size:
        _weigh(gpu, weights, shape, mask, is_causal, softcap)
    starts = own * keys, shared * keys * broad
    mixed = batched(gpu, weights, v, starts, (queries, broad, keys), ((keys, 1), (broad, 1)))
    mixed = mixed.reshape(images, heads, queries, broad)
    if query.ndim == 3:
        mixed = gpu.array(mixed.transpose(0, 2, 1, 3)).reshape(images, queries, heads * broad)
    return mixed, weights.reshape(shape)


def _weigh(gpu: Machine, scores: Any, shape: tuple[int, ...], mask: Any, is_causal: int, softcap: float) -> None:
    """Makes scores weights, in place."""
    steps, is_bool, held = [0] * 4, False, scores
    if mask is not None:
        is_bool = mask.dtype == np.bool_
        require_fit("a mask", mask.shape, shape)
        mask = gpu.from_host(mask) if isinstance(mask, np.ndarray) else mask
        held = gpu.array(mask.view(np.uint8) if is_bool else mask.astype(np.float32))
        sides = (1,) * (4 - held.ndim) + held.shape
        steps = [math.prod(sides[axis + 1 :]) if sides[axis] > 1 else 0 for axis in range(4)]
    images, heads, queries, keys = shape
    rows = images * heads * queries
    grid = (min(-(-rows * WARP // THREADS), GROUPS * gpu.processors),)
    sizes = np.int64(rows), np.int32(heads), np.int32(queries), np.int32(keys)
    flags = np.int32(mask is not None), np.int32(is_bool)
    strides = (np.int64(step) for step in steps)
    rules = np.float32(softcap), np.int32(bool(is_causal))
    gpu.launch(TEXT, "weigh", grid, THREADS, scores, *sizes, *rules, held, *flags, *strides)
