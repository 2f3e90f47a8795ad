"""Where the numbers of a PyTorch tensor stand: plainly in the file, or gathered from its storage when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .archive import Inflated, Member, too_large
from .item_places import ItemPlace
from .limits import LARGEST_COUNT_BITS, LARGEST_NUMBER, RANK
from .source import OpenFile, Source
from .tensors import Absent, Packed
from .torch_objects import ITEM_BYTES, Storage, View

__all__ = ["Gathered", "Placement", "Region", "place", "region_of"]

GATHERED_ITEMS = 1 << 16  # at a time
BLOCK_BYTES = 256 << 10  # of a storage, read at once
INTEGERS = {int}
SIGNED = {"complex64", "complex128", "float16", "float32", "float64"}
PAIRS = "float4_e2m1fn_x2"  # PyTorch counts bytes of two numbers


@dataclass(frozen=True)
class Region:
    """The bytes of a storage."""

    source: Source
    start: int  # in the file; of the member where that is deflated
    size: int
    member: Member | None = None  # where they are deflated
    skipped: int = 0  # bytes of that member before them
    big_endian: bool = False

    def reader(self, file: OpenFile) -> Callable[[int, int], bytes]:
        """Reads (offset in the storage, count)."""
        if self.member is not None:
            member, skipped = self.member, self.skipped
            return lambda offset, count: member.read(skipped + offset, count)
        return lambda offset, count: file.read(self.start + offset, count)


@dataclass(slots=True)
class Placement:
    """Where the numbers of one tensor stand."""

    shape: tuple[int, ...]
    dtype: str
    count: int
    byte_count: int
    start: int
    fortran: bool = False
    packed: Packed | None = None


def region_of(whole: Region, storage: Storage) -> Region:
    """The bytes of a storage: those that it states, as far as there are so many. `whole`: the bytes of its key."""
    item_bytes = ITEM_BYTES[storage.dtype]
    skipped = min(storage.first * item_bytes, whole.size)
    size = min(storage.count * item_bytes, whole.size - skipped)
    if size == whole.size:
        return whole
    if whole.member is not None:
        return replace(whole, skipped=skipped, size=size)
    return replace(whole, start=whole.start + skipped, size=size)


def place(view: View, region: Region | None, source: Source) -> Placement | str:
    """Where the tensor's numbers stand, or why they cannot. `region`: its storage; None where the file has none."""
    shape, strides, first = view.shape, view.strides, view.first
    if not _are_sizes(shape) or not _are_sizes(strides) or not len(shape) == len(strides) <= RANK:
        return "its shape and steps are no sizes"
    if type(first) is not int or first < 0:
        return "its first item is no number"
    shape, count, item_bytes = tuple(shape), math.prod(shape), ITEM_BYTES[view.dtype]
    if (count or math.prod(filter(None, shape))) >> LARGEST_COUNT_BITS:
        return "its shape has too many elements"
    if region is None:
        return Placement(shape, view.dtype, count, count * item_bytes, 0, packed=Absent(source))
    is_dense = count < 2 or _is_dense(shape, strides)
    end = first + (count if is_dense else 1 + sum((side - 1) * step for side, step in zip(shape, strides, strict=True)))
    if count and end * item_bytes > region.size:
        return f"it ends at byte {end * item_bytes} of a storage of {region.size}"
    if is_dense and region.member is None and not (view.is_conjugate or view.is_negative or view.dtype == PAIRS):
        start = region.start + (first * item_bytes if count else 0)
        return Placement(shape, view.dtype, count, count * item_bytes, start)
    if too_large(count * item_bytes, region.size):
        return f"it repeats {region.size} bytes until they are {count * item_bytes}"
    return _placed(view, region, shape, tuple(strides), is_dense)


def _placed(
    view: View, region: Region, shape: tuple[int, ...], strides: tuple[int, ...], is_dense: bool
) -> Placement | str:
    """Where a tensor stands that does not stand plainly in the file."""
    item_bytes, count = ITEM_BYTES[view.dtype], math.prod(shape)
    offset = view.first * item_bytes if count else 0
    sign = "conjugate " * view.is_conjugate + "negative " * view.is_negative
    if sign and view.dtype not in SIGNED:
        return f"it is stored as the {sign}of {view.dtype}"
    fortran = not is_dense and not sign and _is_dense(shape[::-1], strides[::-1])
    byte_count, start = count * item_bytes, region.start + (0 if region.member else offset)
    if view.dtype == PAIRS:
        if not is_dense or not shape:
            return "its pairs of numbers do not follow each other"
        shape, count = (*shape[:-1], 2 * shape[-1]), 2 * count
    packed: Packed | None = None
    if count and (sign or not (is_dense or fortran)):
        packed = Gathered(region, view.dtype, view.first, shape, strides, sign)
    elif region.member:
        packed = Inflated(region.member, region.skipped + offset)
    return Placement(shape, view.dtype.removesuffix("_x2"), count, byte_count, start, fortran, packed)


def _are_sizes(value: Any) -> bool:
    if type(value) is not tuple and type(value) is not list:
        return False
    return not value or (set(map(type, value)) == INTEGERS and min(value) >= 0 and max(value) <= LARGEST_NUMBER)


def _is_dense(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """True when items follow each other, the last axis first."""
    expected = 1
    for side, stride in zip(reversed(shape), reversed(strides), strict=True):
        if side != 1 and stride != expected:
            return False
        expected *= side
    return True


@dataclass(frozen=True)
class Gathered:
    """The items of a view in their logical order, taken from where they stand in the storage."""

    region: Region
    dtype: str
    first: int  # item of the storage
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # items
    sign: str = ""  # what the storage holds in place of the values

    @property
    def layout(self) -> tuple[object, ...]:
        """What tells this tensor from others of its shape at its place."""
        return self.region.skipped, self.first, self.strides, self.sign

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count) of the items. Raises FormatError."""
        item_bytes = ITEM_BYTES[self.dtype]
        begin, end = offset // item_bytes, -(-(offset + count) // item_bytes)
        result = np.empty(end - begin, np.dtype((np.void, item_bytes)))
        with self.region.source.open() as file:
            self._gather(self.region.reader(file), begin, result)
        skipped = offset - begin * item_bytes
        return self._signed(result)[skipped : skipped + count]

    def where(self, offset: int) -> ItemPlace:
        """Where the item stands that begins at this byte of the items."""
        region, item_bytes = self.region, ITEM_BYTES[self.dtype]
        position = int(self._positions(offset // item_bytes, 1)[0]) * item_bytes
        if region.member is not None:
            return region.member.where(region.skipped + position)
        storage = next((word for word in ("conjugate", "negative") if word in self.sign), "view")
        return ItemPlace(region.source.path, region.start + position, storage=storage)

    def _gather(self, read_at: Callable[[int, int], bytes], begin: int, result: np.ndarray) -> None:
        for done in range(0, len(result), GATHERED_ITEMS):
            piece = result[done : done + GATHERED_ITEMS]
            positions = self._positions(begin + done, len(piece)) * piece.itemsize
            order = np.argsort(positions, kind="stable")
            ordered = positions[order]
            bounds = np.flatnonzero(np.diff(ordered // BLOCK_BYTES, prepend=-1, append=np.iinfo(np.int64).max))
            for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
                base, last = int(ordered[start]), int(ordered[stop - 1])
                items = np.frombuffer(read_at(base, last - base + piece.itemsize), piece.dtype)
                piece[order[start:stop]] = items[(ordered[start:stop] - base) // piece.itemsize]

    def _positions(self, begin: int, count: int) -> np.ndarray:
        """(count,) int64 items of the storage."""
        positions = np.full(count, self.first, np.int64)
        rest = np.arange(begin, begin + count)
        for side, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            rest, index = np.divmod(rest, side)
            positions += index * stride
        return positions

    def _signed(self, items: np.ndarray) -> bytes:
        if not self.sign:
            return items.tobytes()
        values = items.view(np.dtype(self.dtype).newbyteorder(">" if self.region.big_endian else "<"))
        if "conjugate" in self.sign:
            values = np.conjugate(values)
        return (np.negative(values) if "negative" in self.sign else values).astype(values.dtype).tobytes()
