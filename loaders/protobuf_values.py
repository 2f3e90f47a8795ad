"""Numbers of a tensor that stand in fields of a protobuf message: repeated one by one, or packed as varints."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from .errors import FormatError
from .item_places import ItemPlace
from .protobuf import VARINT_BYTES, decoded_varints
from .source import OpenFile, Source
from .tensors import starts_of

__all__ = ["Pieces", "Varints"]

BLOCK_BYTES = 1 << 18  # of varints that are decoded at a time


@dataclass(frozen=True)
class Pieces:
    """Bytes that stand in several places of a file, one piece after the other."""

    source: Source
    starts: np.ndarray = field(repr=False)  # (n,) int64, in the file
    lengths: np.ndarray = field(repr=False)  # (n,) int64

    @cached_property
    def firsts(self) -> np.ndarray:
        """(n + 1,) int64: where each piece begins when all are joined, and where the last ends."""
        return starts_of(self.lengths)

    @property
    def size(self) -> int:
        return int(self.firsts[-1])

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count) of all pieces, joined. Raises FormatError."""
        with self.source.open() as file:
            return self.read_from(file, offset, count)

    def read_from(self, file: OpenFile, offset: int, count: int) -> bytes:
        """As `read`, from the open file."""
        firsts, end = self.firsts, offset + count
        if not 0 <= offset <= end <= self.size:
            raise FormatError(self.source.path, "truncated", size=self.size, expected=end)
        first, last = np.searchsorted(firsts, [offset, end], "right").tolist()
        found = []
        for piece in range(first - 1, min(last, len(self.starts))):
            skipped = max(offset - int(firsts[piece]), 0)
            stop = min(end - int(firsts[piece]), int(self.lengths[piece]))
            found.append(file.read(int(self.starts[piece]) + skipped, max(stop - skipped, 0)))
        return found[0] if len(found) == 1 else b"".join(found)

    def where(self, offset: int) -> ItemPlace:
        """Where a byte of the joined pieces stands."""
        piece = int(np.searchsorted(self.firsts, offset, "right")) - 1
        place = int(self.starts[piece]) + offset - int(self.firsts[piece])
        return ItemPlace(self.source.path, place, storage="fields")


@dataclass(frozen=True)
class Varints:
    """Integers that stand as varints, as bytes of items of a fixed size: the low ones of each."""

    pieces: Pieces
    item_bytes: int
    count: int  # of items

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count) of the items. Raises FormatError where there are not `count` items."""
        ends = self._ends
        if ends[-1] != self.count:
            raise FormatError(self.pieces.source.path, "truncated", size=int(ends[-1]), expected=self.count)
        size = self.item_bytes
        first, last = offset // size, -(-(offset + count) // size)
        found = b""
        if last > first:
            blocks = np.searchsorted(ends, [first, last - 1], "right").tolist()
            with self.pieces.source.open() as file:
                parts = [self._items(file, block, first, last) for block in range(blocks[0], blocks[1] + 1)]
            found = b"".join(parts)
        return found[offset - first * size :][:count]

    def where(self, offset: int) -> ItemPlace:
        """Where the varint of an item begins. Raises FormatError."""
        item = offset // self.item_bytes
        block = int(np.searchsorted(self._ends, item, "right"))
        before = int(self._ends[block - 1]) if block else 0
        start = block * BLOCK_BYTES
        with self.pieces.source.open() as file:
            begun = self._begun(file, start)
            raw = self._bytes(file, start, start + BLOCK_BYTES)
        ends = np.flatnonzero(raw < 128)
        if not 0 <= item - before < len(ends):
            raise FormatError(self.pieces.source.path, "truncated", size=int(self._ends[-1]), expected=self.count)
        begin = int(ends[item - before - 1]) + 1 if item > before else -begun
        return replace(self.pieces.where(start + begin), storage="varint")

    @cached_property
    def _ends(self) -> np.ndarray:
        """(blocks,) int64: how many items end in each block of bytes and before it."""
        totals = [0]
        with self.pieces.source.open() as file:
            for start in range(0, self.pieces.size, BLOCK_BYTES):
                totals.append(int(np.count_nonzero(self._bytes(file, start, start + BLOCK_BYTES) < 128)))
        return np.cumsum(totals)[min(1, len(totals) - 1) :]

    def _items(self, file: OpenFile, block: int, first: int, last: int) -> bytes:
        """Those of the items first to last that end in the block."""
        before = int(self._ends[block - 1]) if block else 0
        start = block * BLOCK_BYTES
        begun = self._begun(file, start)
        raw = self._bytes(file, start - begun, start + BLOCK_BYTES)
        values = decoded_varints(raw[: np.flatnonzero(raw < 128).max(initial=-1) + 1].tobytes())
        if values is None:
            raise FormatError(self.pieces.source.path, "protobuf_damaged", offset=start, reason="too long a number")
        chosen = values[max(first - before, 0) : last - before]
        return np.ascontiguousarray(chosen.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : self.item_bytes]).tobytes()

    def _begun(self, file: OpenFile, start: int) -> int:
        """Bytes before the start of a block of the number that ends in it."""
        lead = self._bytes(file, max(start - VARINT_BYTES, 0), start)
        return len(lead) - 1 - int(np.flatnonzero(lead < 128)[-1]) if (lead < 128).any() else len(lead)

    def _bytes(self, file: OpenFile, start: int, stop: int) -> np.ndarray:
        stop = min(stop, self.pieces.size)
        return np.frombuffer(self.pieces.read_from(file, start, stop - start), np.uint8)
