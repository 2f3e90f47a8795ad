"""Windows that slide over the places of an array: where they lie, and how many there are.

Source: https://onnx.ai/onnx/operators/onnx__Conv.html, onnx__MaxPool.html.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .bounds import MOST_TAPS, RANK, refused, require_size

__all__ = ["Ints", "Window", "padding", "per_axis", "require_few"]

Ints = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """A window over arrays (n, channels, *places). All tuples: one number for each axis of places."""

    kernel: Ints
    strides: Ints
    dilations: Ints
    before: Ints  # padding
    after: Ints
    beyond: Ints  # places behind the padding that the last window needs, where sizes are rounded up
    out: Ints

    @classmethod
    def of(
        cls,
        places: Sequence[int],
        kernel: Sequence[int],
        strides: Sequence[int] = (),
        pads: Sequence[int] = (),
        dilations: Sequence[int] = (),
        auto_pad: str = "NOTSET",
        ceil_mode: int = 0,
    ) -> Window:
        """Of the settings of an operator. Raises InputError where they do not fit the places."""
        rank = len(places)
        kernel, strides = per_axis(kernel, rank, 1, "sizes"), per_axis(strides, rank, 1, "strides")
        dilations = per_axis(dilations, rank, 1, "dilations")
        require_few(kernel)
        spans = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True))
        sides = zip(places, spans, strides, strict=True)
        same = tuple(max(0, (-(-size // stride) - 1) * stride + span - size) for size, span, stride in sides)
        before, after = padding(same, pads, auto_pad)
        out, beyond = [], []
        for size, span, stride, low, high in zip(places, spans, strides, before, after, strict=True):
            room = size + low + high - span
            count = (-(-room // stride) if ceil_mode else room // stride) + 1
            if ceil_mode and (count - 1) * stride >= size + low:
                count -= 1  # a window that would begin behind everything
            if room < 0 or count < 0:
                raise refused(f"a window of {span} over {size + low + high} places", "one that fits")
            out.append(count)
            beyond.append(max(0, (count - 1) * stride + span - size - low - high))
        return cls(kernel, strides, dilations, before, after, tuple(beyond), tuple(out))

    def padded(self, x: np.ndarray, value: float, beyond: float | None = None) -> np.ndarray:
        """The array with its padding, and another value behind it where that is asked for. Raises InputError."""
        if not any(self.before + self.after + self.beyond):
            return x
        sides = list(zip(x.shape[2:], self.before, self.after, self.beyond, strict=True))
        shape = require_size((*x.shape[:2], *(sum(side) for side in sides)), x.dtype)
        padded = np.full(shape, value if beyond is None else beyond, x.dtype)
        if beyond is not None and beyond != value:
            inside: tuple[Any, ...] = tuple(slice(0, size + low + high) for size, low, high, _ in sides)
            padded[(slice(None), slice(None), *inside)] = value
        middle: tuple[Any, ...] = tuple(slice(low, low + size) for size, low, _, _ in sides)
        padded[(slice(None), slice(None), *middle)] = x
        return padded

    def taps(self, padded: np.ndarray) -> Iterator[tuple[Ints, np.ndarray]]:
        """(place in the window, (n, channels, *out) view of what stands there) for each place of the window."""
        for tap in np.ndindex(*self.kernel):
            starts = [k * d for k, d in zip(tap, self.dilations, strict=True)]
            runs = zip(starts, self.strides, self.out, strict=True)
            where: tuple[Any, ...] = (..., *(slice(start, start + step * n, step) for start, step, n in runs))
            yield tap, padded[where]


def require_few(kernel: Ints) -> None:
    """Raises InputError for a window of so many places that to go through them would take too long."""
    if math.prod(kernel) > MOST_TAPS:
        raise refused(f"a window of {math.prod(kernel)} places", f"at most {MOST_TAPS}")


def per_axis(values: Sequence[int], rank: int, otherwise: int, what: str) -> Ints:
    """One positive number for each axis. Raises InputError."""
    found = tuple(values) or (otherwise,) * rank
    if len(found) != rank or min(found, default=1) < 1 or max(found, default=1) > 1 << 31 or rank > RANK:
        raise refused(f"{what} {found}", f"{rank} positive numbers")
    return found


def padding(same: Ints, pads: Sequence[int], auto_pad: str) -> tuple[Ints, Ints]:
    """(before, after) of each axis. `same`: both together where sizes are kept, of which the larger half is behind for
    SAME_UPPER. Raises InputError."""
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        less, more = tuple(total // 2 for total in same), tuple(total - total // 2 for total in same)
        return (less, more) if auto_pad == "SAME_UPPER" else (more, less)
    if auto_pad not in ("NOTSET", "", "VALID"):
        raise refused(f"auto_pad {auto_pad}", "NOTSET, SAME_UPPER, SAME_LOWER or VALID")
    rank = len(same)
    found = tuple(pads) if pads and auto_pad != "VALID" else (0,) * (2 * rank)
    if len(found) != 2 * rank or min(found, default=0) < 0 or max(found, default=0) > 1 << 31:
        raise refused(f"pads {found}", f"{2 * rank} numbers that are not negative")
    return found[:rank], found[rank:]
