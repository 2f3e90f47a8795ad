"""Light of weights: tables from value to packed color x brightness, its mean over blocks, and the peaks of blocks.

What is filtered is color x brightness, not the values: a far matrix has the light that its weights would have one by
one. Sums are of integers, so a mean does not depend on the order in which anything was read or added. Where outliers
are looked for, a block has the light of the number in it that is farthest from a center.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "ENTRIES",
    "FIELD",
    "HEIGHT_UNIT",
    "UNIT",
    "BrightnessLaw",
    "LightTables",
    "block_means",
    "block_peaks",
    "light_tables",
    "peaks_of_ends",
    "plain_tables",
]

UNIT = 8192  # 1.0 of light
FIELD = 21  # bits of a channel in packed light
HEIGHT_UNIT = 32767  # height of value / range = 1
ENTRIES = 1024  # of the overview table, values from -1 to 1; one more for what is no finite number
NEAR_ENTRIES = 512
LARGEST = 1.999  # of light
AT_ONCE = 1 << 16  # values in temporary arrays


@dataclass(frozen=True)
class BrightnessLaw:
    """Brightness of magnitude a = |value / range|, clipped at 1: floor + rise * a ** power."""

    floor: float
    rise: float
    power: float

    def of(self, magnitude: np.ndarray) -> np.ndarray:
        """Brightness, float64."""
        return self.floor + self.rise * np.minimum(magnitude, 1.0) ** self.power


OVERVIEW, NEAR = BrightnessLaw(0.14, 1.15, 1.15), BrightnessLaw(0.40, 0.85, 0.9)
INK_OVERVIEW, INK_NEAR = BrightnessLaw(0.34, 0.66, 0.8), BrightnessLaw(0.55, 0.45, 0.6)
PLAIN = 0.45  # brightness of a lattice without values, whatever the distance


@dataclass(frozen=True)
class LightTables:
    """Packed light by value / range from -1 to 1."""

    overview: np.ndarray  # (1025,) uint64; the last entry is for NaN and infinities
    near: np.ndarray  # (512,) uint64
    look: bytes = field(repr=False)  # identity of the tables


def light_tables(
    colors: np.ndarray,
    ink: bool = False,
    mark: tuple[float, float, float] = (1.0, 1.0, 1.0),
    overview: BrightnessLaw | None = None,
    near: BrightnessLaw | None = None,
) -> LightTables:
    """Tables from a colormap, (n, 3) float colors of values from -1 to 1.

    Light is color x brightness; ink absorbs instead: brightness (opacity) x (1 - color). `mark` is the color of what is
    no finite number. The laws default to those of the dark theme, with `ink` to those of the light one.
    """
    overview = overview or (INK_OVERVIEW if ink else OVERVIEW)
    near = near or (INK_NEAR if ink else NEAR)
    far_table = np.append(_table(colors, ink, overview, ENTRIES), _packed(np.asarray(mark), ink)[None])
    near_table = _table(colors, ink, near, NEAR_ENTRIES)
    return LightTables(far_table, near_table, far_table.tobytes() + near_table.tobytes())


def plain_tables(color: tuple[float, float, float], ink: bool = False) -> LightTables:
    """Tables of a lattice without values: one color, one brightness."""
    return light_tables(np.array([color, color]), ink, color, *[BrightnessLaw(PLAIN, 0.0, 1.0)] * 2)


def _table(colors: np.ndarray, ink: bool, law: BrightnessLaw, entries: int) -> np.ndarray:
    value = (np.arange(entries) + 0.5) * (2 / entries) - 1
    places = np.linspace(-1, 1, len(colors))
    color = np.stack([np.interp(value, places, colors[:, k].astype(np.float64)) for k in range(3)], 1)
    return _packed(color, ink, law.of(np.abs(value))[:, None])


def _packed(color: np.ndarray, ink: bool, brightness: np.ndarray | float = 1.0) -> np.ndarray:
    light = brightness * (1 - color if ink else color)
    red, green, blue = np.moveaxis(np.rint(np.clip(light, 0, LARGEST) * UNIT).astype(np.uint64), -1, 0)
    return red | green << np.uint64(FIELD) | blue << np.uint64(2 * FIELD)


def block_means(
    values: np.ndarray, value_range: float, table: np.ndarray, block: tuple[int, int], center: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(light uint64, height int16) of each block of rows x columns of a matrix; blocks at the end may be smaller.

    `table` (1025,) as `LightTables.overview`. Height is (value - center) / range clipped to -1 to 1, in 1/HEIGHT_UNIT;
    what is no finite number has height 0. Means are exact sums of the rounded integers, divided and rounded half up.
    """
    rows, cols = values.shape
    shape = (-(-rows // block[0]), -(-cols // block[1]))
    light, height = np.empty(shape, np.uint64), np.empty(shape, np.int16)
    at_once = max(1, AT_ONCE // (block[0] * cols))
    for i in range(0, shape[0], at_once):
        part = values[i * block[0] : (i + at_once) * block[0]]
        light[i : i + at_once], height[i : i + at_once] = _means(part, value_range, table, block, center)
    return light, height


def block_peaks(values: np.ndarray, center: float, block: tuple[int, int]) -> np.ndarray:
    """(rows, columns) float64: of each block of a matrix the number that is farthest from a center.

    Of two that are equally far the larger one; NaN where a number is not finite. Blocks at the end may be smaller.
    """
    shape = tuple(-(-side // step) for side, step in zip(values.shape, block, strict=True))
    peaks = np.empty(shape)
    at_once = max(1, AT_ONCE // (block[0] * values.shape[1]))
    for i in range(0, shape[0], at_once):
        with np.errstate(invalid="ignore"):  # signaling NaNs
            part = values[i * block[0] : (i + at_once) * block[0]].astype(np.float64)
        bad = ~np.isfinite(part)
        lowest = _joined(np.minimum, np.where(bad, np.inf, part), block)
        highest = _joined(np.maximum, np.where(bad, -np.inf, part), block)
        peaks[i : i + at_once] = peaks_of_ends(lowest, highest, _joined(np.logical_or, bad, block), center)
    return peaks


def peaks_of_ends(lowest: np.ndarray, highest: np.ndarray, bad: np.ndarray, center: float) -> np.ndarray:
    """float64: which of two numbers is farther from a center; the higher one when both are; NaN where `bad`.

    0 has no sign, for which of two zeros is the lower one is chance.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = lowest.astype(np.float64), highest.astype(np.float64)
        return np.where(bad, np.nan, np.where(high - center >= center - low, high, low)) + 0.0


def _joined(join: np.ufunc, numbers: np.ndarray, block: tuple[int, int]) -> np.ndarray:
    starts = [np.arange(0, side, step) for side, step in zip(numbers.shape, block, strict=True)]
    return join.reduceat(join.reduceat(numbers, starts[0], 0), starts[1], 1)


def _means(
    values: np.ndarray, value_range: float, table: np.ndarray, block: tuple[int, int], center: float
) -> tuple[np.ndarray, np.ndarray]:
    """`block_means` of a part small enough for temporary arrays."""
    entry, height = _quantized(values, value_range, center)
    starts = [np.arange(0, side, step) for side, step in zip(values.shape, block, strict=True)]
    high, wide = (np.diff(start, append=side) for start, side in zip(starts, values.shape, strict=True))
    count = high[:, None] * wide

    def mean(numbers: np.ndarray) -> np.ndarray:
        total = np.add.reduceat(np.add.reduceat(numbers, starts[0], 0, np.int64), starts[1], 1)
        return (2 * total + count) // (2 * count)

    light, mask = table[entry], np.uint64((1 << FIELD) - 1)
    red, green, blue = (mean((light >> np.uint64(k * FIELD)) & mask).astype(np.uint64) for k in range(3))
    return red | green << np.uint64(FIELD) | blue << np.uint64(2 * FIELD), mean(height).astype(np.int16)


def _quantized(values: np.ndarray, value_range: float, center: float) -> tuple[np.ndarray, np.ndarray]:
    """(entry of the overview table, height) of each value, int64."""
    with np.errstate(over="ignore", invalid="ignore"):
        share = (values.astype(np.float64) - center) / value_range
        finite = np.isfinite(values)
    share = np.where(finite, np.clip(share, -1.0, 1.0), 0.0)
    entry = np.minimum(((share + 1.0) * (ENTRIES // 2)).astype(np.int64), ENTRIES - 1)
    entry[~finite] = ENTRIES
    return entry, np.floor(share * HEIGHT_UNIT + 0.5).astype(np.int64)
