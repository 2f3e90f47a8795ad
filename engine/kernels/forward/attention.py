"""Scaled dot-product attention with several heads, some of which may share keys and values. The NumPy definition.

Source: https://onnx.ai/onnx/operators/onnx__Attention.html.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .bounds import refused, require_fit, require_size

__all__ = ["attention", "by_head"]


def attention(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    q_num_heads: int = 0,
    scale: float = 0.0,
    softcap: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(what was mixed, of the layout of the query; weights (n, heads, queries, keys)).

    query (n, heads, queries, width) or (n, queries, heads * width), key and value alike, of as many heads or a divisor.
    mask: bool, true where a key may be seen, or numbers that are added. scale 0: 1 / sqrt(width). Raises InputError.
    """
    scores, values = _masked_scores(query, key, value, mask, is_causal, kv_num_heads, q_num_heads, scale, softcap)
    highest = scores.max(-1, keepdims=True, initial=-np.inf)
    grown = np.exp(scores - np.where(np.isfinite(highest), highest, 0))
    total = grown.sum(-1, keepdims=True)
    weights = grown / np.where(total > 0, total, 1)
    mixed = weights @ values
    if query.ndim == 3:
        mixed = np.ascontiguousarray(mixed.transpose(0, 2, 1, 3)).reshape(len(mixed), mixed.shape[2], -1)
    return mixed, weights


def _masked_scores(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    mask: np.ndarray | None,
    is_causal: int,
    kv_num_heads: int,
    q_num_heads: int,
    scale: float,
    softcap: float,
) -> tuple[np.ndarray, np.ndarray]:
    """(scores (n, heads, queries, keys), values (n, heads, keys, width)). Raises InputError where shapes do not fit."""
    q, k, v, share = by_head(query, key, value, kv_num_heads, q_num_heads)
    if share > 1:
        k, v = np.repeat(k, share, 1), np.repeat(v, share, 1)
    require_size((*q.shape[:3], k.shape[2]), q.dtype)
    scores = q @ np.swapaxes(k, 2, 3) * q.dtype.type(scale or 1 / math.sqrt(q.shape[3]))
    if softcap:
        scores = q.dtype.type(softcap) * np.tanh(scores / q.dtype.type(softcap))
    if mask is not None:
        mask = mask if mask.dtype != bool else np.where(mask, 0, -np.inf).astype(q.dtype)
        require_fit("a mask", mask.shape, scores.shape)
        scores = scores + mask.astype(q.dtype)
    if is_causal:
        scores = np.where(np.tri(*scores.shape[2:]) > 0, scores, q.dtype.type(-np.inf))
    return scores, v


def by_head(query: Any, key: Any, value: Any, kv_num_heads: int, q_num_heads: int) -> tuple[Any, Any, Any, int]:
    """(queries, keys, values, each (n, heads, tokens, width); how many heads of queries share one of keys).

    Raises InputError.
    """
    q, k, v = _by_head(query, q_num_heads), _by_head(key, kv_num_heads), _by_head(value, kv_num_heads)
    share = q.shape[1] // max(k.shape[1], 1)
    fits = q.shape[0] == k.shape[0] == v.shape[0] and q.shape[3] == k.shape[3] and k.shape[1:3] == v.shape[1:3]
    if not fits or share * k.shape[1] != q.shape[1]:
        raise refused(f"queries {q.shape}, keys {k.shape}, values {v.shape}", "heads that fit")
    return q, k, v, share


def _by_head(x: Any, heads: int) -> Any:
    if x.ndim == 4:
        return x
    if x.ndim != 3 or heads < 1 or x.shape[2] % heads:
        raise refused(f"shape {x.shape} for {heads} heads", "images, tokens and a width that can be divided")
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)
