"""Arrays cut, joined and put in another order. Plain NumPy: there is nothing to compute.

Source: https://onnx.ai/onnx/operators/, one page each.
"""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import numpy as np

from .bounds import RANK, axes_of, axis_of, broadcast, refused, require_size, shown, whole
from .window import Ints

__all__ = [
    *("concat", "depth_to_space", "expand", "flatten", "identity", "pad", "reshape", "slice_", "space_to_depth"),
    *("split", "squeeze", "tile", "transpose", "unsqueeze"),
]


def identity(x: np.ndarray, *_: np.ndarray | None) -> np.ndarray:
    """x, as it is."""
    return x


def reshape(x: np.ndarray, shape: np.ndarray, *, allowzero: int = 0) -> np.ndarray:
    """The same numbers in another shape: 0 stands for the size of x, -1 for what is left. Raises InputError."""
    wanted = list(whole(shape))
    for axis, size in enumerate(wanted):
        if size == 0 and not allowzero and axis < x.ndim:
            wanted[axis] = x.shape[axis]
    known = math.prod(size for size in wanted if size != -1)
    if wanted.count(-1) == 1:
        wanted[wanted.index(-1)] = x.size // known if known else 0
    if min(wanted, default=0) < 0 or math.prod(wanted) != x.size or len(wanted) > RANK:
        raise refused(f"{shown(x.shape)} to become {shown(whole(shape))}", "as many numbers")
    return x.reshape(wanted)


def flatten(x: np.ndarray, *, axis: int = 1) -> np.ndarray:
    """A matrix: axes before `axis` and axes from it on. Raises InputError."""
    axis = axis_of(axis, x.ndim) if axis != x.ndim else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def transpose(x: np.ndarray, *, perm: Ints = ()) -> np.ndarray:
    """Axes in another order; reversed where none is given. Raises InputError."""
    if perm and sorted(perm) != list(range(x.ndim)):
        raise refused(f"perm {perm} of {x.ndim} axes", "each axis once")
    return np.transpose(x, perm or None).copy()


def squeeze(x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """Without axes of one element. Raises InputError."""
    chosen = axes_of(whole(axes), x.ndim) if axes is not None else [k for k, size in enumerate(x.shape) if size == 1]
    if any(x.shape[axis] != 1 for axis in chosen):
        raise refused(f"the axes {chosen} of {shown(x.shape)}", "axes of one element")
    return x.reshape([size for axis, size in enumerate(x.shape) if axis not in chosen])


def unsqueeze(x: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """With further axes of one element. Raises InputError."""
    rank = x.ndim + axes.size
    if rank > RANK:
        raise refused(f"{rank} axes", f"at most {RANK}")
    chosen, sizes = axes_of(whole(axes), rank), iter(x.shape)
    return x.reshape([1 if axis in chosen else next(sizes) for axis in range(rank)])


def concat(*parts: np.ndarray, axis: int = 0) -> np.ndarray:
    """Arrays one after the other along an axis. Raises InputError."""
    if not parts or not parts[0].ndim or any(part.ndim != parts[0].ndim for part in parts):
        raise refused([part.shape for part in parts], "arrays of one rank")
    axis = axis_of(axis, parts[0].ndim)
    sides = list(parts[0].shape)
    sides[axis] = sum(part.shape[axis] for part in parts)
    require_size(sides, parts[0].dtype)
    return np.concatenate(parts, axis)


def split(
    x: np.ndarray, sizes: np.ndarray | None = None, *, axis: int = 0, num_outputs: int = 0
) -> tuple[np.ndarray, ...]:
    """Parts along an axis, of given sizes or of one size. Raises InputError."""
    axis = axis_of(axis, x.ndim)
    length = x.shape[axis]
    if sizes is not None:
        runs = whole(sizes)
    elif 1 <= num_outputs <= 1 << 16:
        size = -(-length // num_outputs)
        runs = tuple(max(0, min(size, length - k * size)) for k in range(num_outputs))
    else:
        raise refused(f"{num_outputs} parts", "1 or more")
    if min(runs, default=0) < 0 or sum(runs) != length:
        raise refused(f"parts of {runs}", f"sizes that make up {length}")
    bounds = pairwise(accumulate(runs, initial=0))
    return tuple(x[(slice(None),) * axis + (slice(*bound),)].copy() for bound in bounds)


def slice_(
    x: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    axes: np.ndarray | None = None,
    steps: np.ndarray | None = None,
) -> np.ndarray:
    """A part along some axes, also backwards. Raises InputError."""
    first, last = whole(starts), whole(ends)
    chosen = axes_of(whole(axes) if axes is not None else range(len(first)), x.ndim)
    strides = whole(steps) if steps is not None else (1,) * len(first)
    if not len(first) == len(last) == len(chosen) == len(strides) or 0 in strides:
        raise refused(f"starts {first}, ends {last}, steps {strides}", "as many of each, no step of 0")
    runs = [slice(None)] * x.ndim
    for axis, start, stop, step in zip(chosen, first, last, strides, strict=True):
        runs[axis] = _run(x.shape[axis], start, stop, step)
    return x[tuple(runs)].copy()


def _run(size: int, start: int, stop: int, step: int) -> slice:
    """The part of an axis. Backwards, a start before the first element is the first: not so in Python."""
    start, stop = start + size * (start < 0), stop + size * (stop < 0)
    if step > 0:
        return slice(min(max(start, 0), size), min(max(stop, 0), size), step)
    start, stop = min(max(start, 0), size - 1), min(max(stop, -1), size - 1)
    return slice(start, None if stop < 0 else stop, step) if size else slice(0, 0)


def pad(
    x: np.ndarray,
    pads: np.ndarray,
    value: np.ndarray | None = None,
    axes: np.ndarray | None = None,
    *,
    mode: str = "constant",
) -> np.ndarray:
    """With more (or, where pads are negative, less) at both ends of axes. Raises InputError."""
    chosen = axes_of(whole(axes), x.ndim) if axes is not None else tuple(range(x.ndim))
    amounts = whole(pads)
    if len(amounts) != 2 * len(chosen) or mode not in ("constant", "edge", "reflect", "wrap"):
        raise refused(f"pads {amounts}, mode {mode}", f"{2 * len(chosen)} numbers and a mode of ONNX")
    widths = [[0, 0] for _ in x.shape]
    for axis, low, high in zip(chosen, amounts[: len(chosen)], amounts[len(chosen) :], strict=True):
        widths[axis] = [low, high]
    cut = tuple(slice(max(0, -low), max(0, n + min(0, high))) for n, (low, high) in zip(x.shape, widths, strict=True))
    x, grown = x[cut], [(max(0, low), max(0, high)) for low, high in widths]
    require_size((n + sum(width) for n, width in zip(x.shape, grown, strict=True)), x.dtype)
    if mode != "constant" and any(sum(width) and not n for n, width in zip(x.shape, grown, strict=True)):
        raise refused(f"mode {mode} of {shown(x.shape)}", "something that can be repeated")
    if mode == "reflect" and any(max(width) >= max(n, 1) for n, width in zip(x.shape, grown, strict=True)):
        raise refused(f"pads {amounts} of {shown(x.shape)}", "fewer than there are elements")
    if mode == "constant":
        fill = value.reshape(-1)[:1].astype(x.dtype) if value is not None and value.size else np.zeros(1, x.dtype)
        return np.pad(x, grown, constant_values=fill[0])
    return np.pad(x, grown, mode=mode)  # type: ignore[call-overload]


def expand(x: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Broadcast against a shape. Raises InputError."""
    sides = require_size(whole(shape), x.dtype)
    return np.broadcast_to(x, require_size(broadcast(x.shape, sides), x.dtype)).copy()


def tile(x: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Repeated along axes. Raises InputError."""
    times = whole(repeats)
    if len(times) != x.ndim:
        raise refused(f"repeats {times}", f"{x.ndim} numbers")
    require_size((n * count for n, count in zip(x.shape, times, strict=True)), x.dtype)
    return np.tile(x, times)


def depth_to_space(x: np.ndarray, *, blocksize: int = 1, mode: str = "DCR") -> np.ndarray:
    """Channels become places: (n, c b b, h, w) -> (n, c, h b, w b). Raises InputError."""
    n, c, height, width = _image(x, blocksize, 1)
    small = c // (blocksize * blocksize)
    if mode == "CRD":
        blocks = x.reshape(n, small, blocksize, blocksize, height, width).transpose(0, 1, 4, 2, 5, 3)
    else:
        blocks = x.reshape(n, blocksize, blocksize, small, height, width).transpose(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, small, height * blocksize, width * blocksize)


def space_to_depth(x: np.ndarray, *, blocksize: int = 1) -> np.ndarray:
    """Places become channels: (n, c, h b, w b) -> (n, c b b, h, w). Raises InputError."""
    n, c, height, width = _image(x, blocksize, 2)
    blocks = x.reshape(n, c, height // blocksize, blocksize, width // blocksize, blocksize).transpose(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * blocksize * blocksize, height // blocksize, width // blocksize)


def _image(x: np.ndarray, size: int, first: int) -> Ints:
    whole_sides = x.shape[2:] if first == 2 else (x.shape[1] if x.ndim > 1 else 0,)
    if x.ndim != 4 or size < 1 or any(side % (size if first == 2 else size * size) for side in whole_sides):
        raise refused(f"blocks of {size} in {shown(x.shape)}", "images that can be divided")
    return x.shape
