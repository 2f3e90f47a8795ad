"""Tables of the point sprites: how the light of a sample falls on pixels. Made once by NumPy, read by every rasterizer.

Sizes: d is the diameter of a sample (.84 cell) in pixels, s = max(d, minimum) what is drawn; the sprite reaches to
radius .95 s and its light is scaled by (d / s)^2. Three shapes, by d:
- at the minimum size: 3 x 3 weights for each of 16 x 16 places of the center within its pixel;
- up to 6 px: gaussian, separable, a row of weights for each size and each of 16 places along an axis; around 1.5 px a
  spline with a raised cosine instead, which 3 pixels hold whole and whose copies 1 px apart add up to an even plane:
  grids of .2 to 2.6 px give no moire;
- beyond: a profile over the squared radius that goes from gaussian (6 px) to a disc with halo and highlight (16 px).
Weights are integers of 7 bits. The weights of a gaussian sprite sum to the same number wherever its center falls, so
that a grid of spacing q gives LIGHT_SHARE of its light per pixel at every q: mip tiles can take over without a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .batch import DIAMETER

__all__ = [
    "DISC_D", "FALL", "LARGEST_S", "LEVELS", "LIGHT_SHARE", "PHASES", "RADIUS", "SOFT_D", "WEIGHT", "Sprites", "sprites"
]  # fmt: skip

LIGHT_SHARE = 0.423  # mean light of a grid seen straight on, of color x brightness
RADIUS = 0.95  # of a sprite, in s
FALL = 4.6  # the gaussian is exp(-FALL r^2), r from 0 to 1
PHASES = 16  # places of a center within a pixel, along one axis
WEIGHT = 128  # weight 1
SPLINE_S = 1.5  # px, size at which a row of weights is a spline with a cosine
SPLINE_PART = 0.4  # of that row; the rest is a raised cosine
SPLINE_RANGE = 0.5  # px around it over which rows turn gaussian
SOFT_D = 6.0  # px, up to here sprites are gaussian
DISC_D = 16.0  # px, from here on they are discs
LARGEST_S = 50.0  # px; sprites grow no further
SIZES = 16  # gaussian sizes per pixel of s
LEVELS = 32  # steps from gaussian to disc
RINGS = 512  # entries over r^2 from 0 to 1
SHARE = LIGHT_SHARE / DIAMETER**2  # light of a sprite in pixels, divided by s^2
HIGHLIGHT_AT = (-0.17, 0.19)  # place of the highlight, up and left, in r
HIGHLIGHT_RADIUS = 0.25


@dataclass(frozen=True)
class Sprites:
    """Tables for one minimum size. `factor` x d^2 is the light to spread with a table so that d^2 SHARE arrives."""

    minimum_px: np.float32
    small: np.ndarray  # (PHASES * PHASES * 9,) uint8: phase of y, phase of x; rows of pixels from below; may be empty
    small_factor: np.float32
    taps: np.ndarray  # (sizes, PHASES, 16) uint8, weights from pixel -half to +half of the center's
    taps_half: np.ndarray  # (sizes,) int32
    taps_factor: np.ndarray  # (sizes,) float32
    profile: np.ndarray  # (LEVELS + 1, RINGS) uint8 over r^2
    highlight: np.ndarray  # (LEVELS + 1, RINGS) uint8 over squared distance / HIGHLIGHT_RADIUS^2


@lru_cache(maxsize=8)
def sprites(minimum_px: float, shine: bool = True) -> Sprites:
    """The tables for sprites of at least `minimum_px` (clipped to 0.5 to 6) pixels, with or without highlights."""
    minimum_px = min(max(float(minimum_px), 0.5), SOFT_D)
    small, small_factor = _small(minimum_px)
    sizes = (np.arange(int(SOFT_D * SIZES) + 1) + 1) / SIZES
    taps = np.zeros((len(sizes), PHASES, 16), np.uint8)
    for k, size in enumerate(sizes):
        taps[k, :, : 2 * _half(size) + 1] = _whole(_row(size, _half(size)), SHARE**0.5 * size)
    total = (taps[:, 0].astype(np.int64).sum(-1) / WEIGHT) ** 2
    profile, highlight = _near()
    return Sprites(
        np.float32(minimum_px),
        small,
        small_factor,
        taps,
        np.array([_half(size) for size in sizes], np.int32),
        (SHARE / total).astype(np.float32),
        profile,
        highlight * np.uint8(shine),
    )


def _small(size: float) -> tuple[np.ndarray, np.float32]:
    """Weights and factor of sprites of the minimum size; no weights when they reach beyond 3 x 3 pixels."""
    if _half(size) > 1:
        return np.empty(0, np.uint8), np.float32(0)
    row = _row(size, 1)
    weights = _whole(row[:, None, :, None] * row[None, :, None, :], SHARE * size**2)
    return weights.ravel(), np.float32(SHARE * WEIGHT / weights[0, 0].astype(np.int64).sum())


def _half(size: float) -> int:
    """Pixels beside the center's pixel that a sprite of this size can reach."""
    return int(RADIUS * size + 0.5)


def _row(size: float, half: int) -> np.ndarray:
    """(PHASES, 2 half + 1) float64: weights along one axis that sum to 1."""
    center = (np.arange(PHASES) + 0.5) / PHASES
    distance = np.arange(-half, half + 1) + 0.5 - center[:, None]
    exponent = FALL * (distance / (RADIUS * size)) ** 2
    row = np.exp(exponent.min(-1, keepdims=True) - exponent) * (exponent <= max(FALL, exponent.min(-1).max()))
    row /= row.sum(-1, keepdims=True)
    gaussian = min(abs(size - SPLINE_S) / SPLINE_RANGE, 1.0)
    if gaussian == 1.0:
        return row
    spline = _spline(distance * (SPLINE_S / size))
    return gaussian * row + (1 - gaussian) * spline / spline.sum(-1, keepdims=True)


def _spline(distance: np.ndarray) -> np.ndarray:
    """A mean of the quadratic B-spline with knots 1 apart and of a raised cosine as wide, both 0 beyond 1.5.

    Copies 1 px apart of either add up to an even plane. Of what is less than 1 per px, the spectrum of the one is
    positive, of the other negative from 2/3 on: together grids of up to 1.4 px show next to no pattern.
    Source: de Boor, A Practical Guide to Splines; Harris, On the Use of Windows (1978).
    """
    away = np.abs(distance)
    spline = np.where(away <= 0.5, 0.75 - away**2, np.maximum(1.5 - away, 0) ** 2 / 2)
    cosine = (1 + np.cos(np.pi * np.minimum(away / 1.5, 1))) / 3
    return SPLINE_PART * spline + (1 - SPLINE_PART) * cosine


def _whole(weights: np.ndarray, total: float) -> np.ndarray:
    """Weights as uint8 with the same sum at every phase, `total` x WEIGHT rounded up; rounded by largest remainder."""
    phases = weights.shape[: weights.ndim // 2]
    flat = weights.reshape(int(np.prod(phases)), -1)
    wanted = int(np.ceil(total * WEIGHT))
    exact = flat * (wanted / flat.sum(-1, keepdims=True))
    whole = np.floor(exact)
    missing = wanted - whole.sum(-1).astype(int)
    order = np.argsort(np.argsort(whole - exact, axis=-1, kind="stable"), axis=-1, kind="stable")
    return (whole + (order < missing[:, None])).astype(np.uint8).reshape(weights.shape)


def _near() -> tuple[np.ndarray, np.ndarray]:
    """Profile and highlight of large sprites, from gaussian (level 0) to disc (level LEVELS)."""
    square = (np.arange(RINGS) + 0.5) / RINGS
    radius = np.sqrt(square)
    gaussian = np.exp(-FALL * square) * (SHARE / (np.pi * RADIUS**2 * (1 - np.exp(-FALL)) / FALL))
    edge = np.clip((radius - 0.46) / (0.56 - 0.46), 0, 1)
    disc = (1 - edge * edge * (3 - 2 * edge)) * (1 - 0.7 * square)  # a little darker towards the limb: a ball
    halo = 0.33 * np.exp(-3.4 * square) * np.clip((1 - radius) / 0.15, 0, 1)
    level = (np.arange(LEVELS + 1) / LEVELS)[:, None]
    profile = (1 - level) * gaussian + level * (disc + (1 - disc) * halo)
    lobe = 0.5 * level * (1 - square) ** 2
    return _weights(profile), _weights(lobe)


def _weights(values: np.ndarray) -> np.ndarray:
    return np.rint(values * WEIGHT).astype(np.uint8)
