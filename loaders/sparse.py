"""Tensors of which the file holds only some values and where they belong; all others are zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .errors import FormatError
from .item_places import ItemPlace
from .tensors import Tensor

__all__ = ["Sparse"]

PIECE = 1 << 16  # values that are looked at at a time


@dataclass(frozen=True)
class Sparse:
    """The bytes of the whole tensor in C order, filled in where they are asked for."""

    values: Tensor  # (n,)
    indices: Tensor  # (n,) places in the flattened tensor, or (n, rank)
    shape: tuple[int, ...]
    item_bytes: int

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count). Raises FormatError where an index lies outside of the shape."""
        size = self.item_bytes
        first, last = offset // size, -(-(offset + count) // size)
        items = np.zeros((last - first, size), np.uint8)
        for row, (low, high) in enumerate(self._ranges):
            if high < first or low >= last:
                continue
            start = row * PIECE
            places = self._places(start)
            chosen = np.flatnonzero((places >= first) & (places < last))
            items[places[chosen] - first] = self._stored(start, len(places))[chosen]
        return items.tobytes()[offset - first * size :][:count]

    def where(self, offset: int) -> ItemPlace:
        """Where the value stands that belongs to this byte; of several that do, the last one counts."""
        item = offset // self.item_bytes
        for row, (low, high) in reversed(list(enumerate(self._ranges))):
            if not low <= item <= high:
                continue
            found = np.flatnonzero(self._places(row * PIECE) == item)
            if len(found):
                place = self.values.item_place(row * PIECE + int(found[-1]))
                return place if place.offset is None else replace(place, storage="sparse")
        return ItemPlace(self.values.path, None, storage="zero")

    @cached_property
    def _ranges(self) -> list[tuple[int, int]]:
        """(lowest, highest) place of each piece of values."""
        ranges = []
        total = 1
        for side in self.shape:
            total *= side
        for start in range(0, self.values.count, PIECE):
            places = self._places(start)
            low, high = int(places.min()), int(places.max())
            if low < 0 or high >= total:
                raise FormatError(
                    self.values.path,
                    "header_shape",
                    found=f"the index {low if low < 0 else high}",
                    where=self.values.name,
                    expected=f"0 to {total - 1}",
                )
            ranges.append((low, high))
        return ranges

    def _places(self, start: int) -> np.ndarray:
        """Places of PIECE values from `start`, int64."""
        stop = min(start + PIECE, self.values.count)
        if len(self.indices.shape) < 2:
            return self.indices.items(start, stop - start).astype(np.int64)
        places = np.zeros(stop - start, np.int64)
        columns = self.indices.read(slice(start, stop), slice(None)).astype(np.int64)
        for side, column in zip(self.shape, columns.T, strict=True):
            if len(column) and not 0 <= column.min() <= column.max() < side:
                return np.full(stop - start, -1)
            places = places * side + column
        return places

    def _stored(self, start: int, count: int) -> np.ndarray:
        """(count, item_bytes) uint8: values as they are stored."""
        size, tensor = self.item_bytes, self.values
        if tensor.packed is not None:
            raw = tensor.packed.read(start * size, count * size)
        else:
            with tensor.source.open() as file:
                raw = file.read(tensor.place + start * size, count * size)
        return np.frombuffer(raw, np.uint8).reshape(count, size)
