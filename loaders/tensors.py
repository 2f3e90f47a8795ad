"""Tensors of a file, as columns: a `Tensor` is made when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, overload

import numpy as np

from .errors import FormatError
from .item_places import ItemPlace
from .limits import LARGEST_COUNT_BITS
from .source import Source

__all__ = ["Absent", "Packed", "Tensor", "TensorTable", "element_counts", "starts_of", "take_runs"]

LISTED_AT_ONCE = 4096  # rows
FORTRAN, BIG_ENDIAN = 1, 2  # flags of `TensorTable.layouts`


class Packed(Protocol):
    """Bytes of a tensor that do not stand plainly in a file, such as a deflated member of an archive.

    Where several begin at one place and have one shape, an attribute `layout`, plain data, tells them apart.
    """

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count) of the tensor's data. Any thread. Raises FormatError."""

    def where(self, offset: int) -> ItemPlace:
        """Where the item stands that begins at a byte of the tensor's data. Raises FormatError."""


@dataclass(frozen=True)
class Absent:
    """Stands for values that the file does not hold, though it states their shape and type."""

    source: Source

    def read(self, offset: int, count: int) -> bytes:
        """Nothing. Raises FormatError."""
        raise FormatError(self.source.path, "values_absent")

    def where(self, offset: int) -> ItemPlace:
        """Nowhere. Raises FormatError."""
        raise FormatError(self.source.path, "values_absent")


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file. Satisfies `Values` of engine/values.py: any thread may read parts of it."""

    name: str
    shape: tuple[int, ...]  # as the file states it, also where the order is Fortran's
    dtype: str  # lower-case NumPy or ml_dtypes name
    count: int  # elements
    byte_count: int  # in the file, unpacked
    source: Source
    place: int  # where the data begins in the file, packed or not
    fortran: bool = False
    big_endian: bool = False
    packed: Packed | None = field(default=None, repr=False)

    @property
    def offset(self) -> int | None:
        """Of the first byte in the file; None where the data does not stand plainly there."""
        return None if self.packed else self.place

    @property
    def path(self) -> str:
        """Real path of the file that holds the data."""
        return self.source.path

    @cached_property
    def key(self) -> str:
        """Identity of the content: file, its size and time of change, place, type and shape."""
        file = self.source
        layout = self.fortran, getattr(self.packed, "layout", ())
        identity = (file.path, file.size, file.mtime_ns, file.mark, self.place, self.dtype, self.shape, *layout)
        return hashlib.blake2b(repr(identity).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @property
    def is_readable(self) -> bool:
        """Whether there are numbers that `read` can give."""
        from ..engine.kernels.decode import DTYPES

        return self.dtype in DTYPES and DTYPES[self.dtype].bits > 0 and not isinstance(self.packed, Absent)

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Decoded (rows, cols) part of the tensor's matrix, in the narrowest NumPy dtype that holds it.

        Raises FormatError when the file changed since it was opened, or holds no numbers here.
        """
        from ..engine.kernels.decode import read_part

        return self._read_by(read_part, self.shape, self.dtype, rows, cols, self.fortran, self.big_endian)

    def items(self, first: int, count: int) -> np.ndarray:
        """(count,) numbers that follow each other in the file, decoded as by `read`. Raises FormatError as `read`."""
        from ..engine.kernels.decode import read_items

        return self._read_by(read_items, self.dtype, first, count, self.big_endian)

    def values(self) -> np.ndarray:
        """All numbers, decoded, in the tensor's shape. Raises FormatError as `read`."""
        return self.read(slice(None), slice(None)).reshape(self.shape)

    def item_place(self, item: int) -> ItemPlace:
        """Where an item stands, given by its place in the flattened tensor. Raises FormatError as `read`."""
        offset, shift = divmod(self._stored_item(item) * self._item_bits, 8)
        found = self.packed.where(offset) if self.packed else ItemPlace(self.path, self.place + offset)
        return replace(found, shift=shift)

    def item_bits(self, item: int) -> tuple[int, ...]:
        """The bits of an item as an unsigned number; two of a complex one. Raises FormatError as `read`."""
        size = self._item_bits
        offset, shift = divmod(self._stored_item(item) * size, 8)
        count = max(size // 8, 1)
        if self.packed is not None:
            raw = self.packed.read(offset, count)
        else:
            with self.source.open() as file:
                raw = file.read(self.place + offset, count)
        if len(raw) != count:
            raise FormatError(self.path, "truncated", size=len(raw), expected=count)
        parts = (raw[: count // 2], raw[count // 2 :]) if self.dtype.startswith("complex") else (raw,)
        numbers = [int.from_bytes(part, "big" if self.big_endian else "little") for part in parts]
        return tuple(number >> shift & (1 << min(size, 64)) - 1 for number in numbers)

    def _read_by(self, reader: Callable[..., np.ndarray], *layout: Any) -> np.ndarray:
        """What a function of engine/kernels/decode.py reads of the data."""
        self._require_numbers()
        if self.packed is not None:
            return reader(self.packed.read, 0, *layout)
        with self.source.open() as file:
            return reader(file.read, self.place, *layout)

    def _require_numbers(self) -> None:
        """Raises FormatError where the items are no numbers of a known type."""
        from ..engine.kernels.decode import DTYPES

        if self.dtype not in DTYPES or not DTYPES[self.dtype].bits:
            raise FormatError(self.path, "dtype_unreadable", dtype=self.dtype)

    @property
    def _item_bits(self) -> int:
        from ..engine.kernels.decode import DTYPES

        self._require_numbers()
        return DTYPES[self.dtype].bits

    def _stored_item(self, item: int) -> int:
        """Place of an item among those stored."""
        if not self.fortran or not self.shape:
            return item
        return int(np.ravel_multi_index(np.unravel_index(item, self.shape), self.shape, order="F"))


@dataclass(frozen=True, eq=False)
class TensorTable(Sequence[Tensor]):
    """Tensors as columns; a `Tensor` is made when asked for. A million tensors cost the columns only.

    n rows, in the order of the flow as far as it is known; those of one module follow each other.
    """

    names: str  # all names, joined
    name_starts: np.ndarray  # (n + 1,) int64, in characters
    dims: np.ndarray  # all shapes, joined, int64
    dim_starts: np.ndarray  # (n + 1,) int64
    dtype_codes: np.ndarray  # (n,) int64, index into dtype_names
    dtype_names: tuple[str, ...]
    counts: np.ndarray  # (n,) int64 elements
    byte_counts: np.ndarray  # (n,) int64
    places: np.ndarray  # (n,) int64, where the data begins in the source
    source_codes: np.ndarray  # (n,) int64, index into sources
    sources: tuple[Source, ...]
    layouts: np.ndarray  # (n,) uint8: FORTRAN | BIG_ENDIAN
    packed: Mapping[int, Packed] = field(default_factory=dict)  # by row

    def __post_init__(self) -> None:
        n = len(self)
        columns = (self.dtype_codes, self.counts, self.byte_counts, self.places, self.source_codes, self.layouts)
        if any(column.shape != (n,) for column in columns) or len(self.dim_starts) != n + 1:
            raise ValueError("columns of different lengths")
        if self.name_starts[-1] != len(self.names) or self.dim_starts[-1] != len(self.dims):
            raise ValueError("names or shapes do not add up")

    @classmethod
    def of(cls, tensors: Sequence[Tensor]) -> TensorTable:
        """A table of tensors that exist already; for files with few of them."""
        names = [tensor.name for tensor in tensors]
        dtypes = {tensor.dtype: None for tensor in tensors}
        sources = {tensor.source: None for tensor in tensors}
        dtype_codes = {name: code for code, name in enumerate(dtypes)}
        source_codes = {source: code for code, source in enumerate(sources)}
        flags = [FORTRAN * tensor.fortran + BIG_ENDIAN * tensor.big_endian for tensor in tensors]
        return cls(
            names="".join(names),
            name_starts=starts_of([len(name) for name in names]),
            dims=np.array([side for tensor in tensors for side in tensor.shape], np.int64),
            dim_starts=starts_of([len(tensor.shape) for tensor in tensors]),
            dtype_codes=np.array([dtype_codes[tensor.dtype] for tensor in tensors], np.int64),
            dtype_names=tuple(dtypes),
            counts=np.array([tensor.count for tensor in tensors], np.int64),
            byte_counts=np.array([tensor.byte_count for tensor in tensors], np.int64),
            places=np.array([tensor.place for tensor in tensors], np.int64),
            source_codes=np.array([source_codes[tensor.source] for tensor in tensors], np.int64),
            sources=tuple(sources),
            layouts=np.array(flags, np.uint8),
            packed={row: tensor.packed for row, tensor in enumerate(tensors) if tensor.packed is not None},
        )

    @classmethod
    def empty(cls) -> TensorTable:
        """A table without rows."""
        return cls.of([])

    @classmethod
    def joined(cls, tables: Sequence[TensorTable]) -> TensorTable:
        """All rows of several tables, one table after the other."""
        dtypes = {name: None for table in tables for name in table.dtype_names}
        codes = {name: code for code, name in enumerate(dtypes)}
        recoded = [np.array([codes[name] for name in table.dtype_names], np.int64) for table in tables]
        first_source = starts_of([len(table.sources) for table in tables])
        first_row = starts_of([len(table) for table in tables]).tolist()

        def column(pick: Callable[[TensorTable], np.ndarray]) -> np.ndarray:
            return np.concatenate([pick(table) for table in tables])

        return cls(
            names="".join(table.names for table in tables),
            name_starts=starts_of(column(lambda table: np.diff(table.name_starts))),
            dims=column(lambda table: table.dims),
            dim_starts=starts_of(column(lambda table: table.ranks())),
            dtype_codes=np.concatenate([new[table.dtype_codes] for new, table in zip(recoded, tables, strict=True)]),
            dtype_names=tuple(dtypes),
            counts=column(lambda table: table.counts),
            byte_counts=column(lambda table: table.byte_counts),
            places=column(lambda table: table.places),
            source_codes=np.concatenate([table.source_codes + first_source[k] for k, table in enumerate(tables)]),
            sources=tuple(source for table in tables for source in table.sources),
            layouts=column(lambda table: table.layouts),
            packed={first_row[k] + row: item for k, table in enumerate(tables) for row, item in table.packed.items()},
        )

    def __len__(self) -> int:
        return len(self.name_starts) - 1

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Tensor, ...]: ...
    def __getitem__(self, index: int | slice) -> Tensor | tuple[Tensor, ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        row = range(len(self))[index]
        layout = int(self.layouts[row])
        return Tensor(
            name=self.name(row),
            shape=self.shape(row),
            dtype=self.dtype_names[self.dtype_codes[row]],
            count=int(self.counts[row]),
            byte_count=int(self.byte_counts[row]),
            source=self.sources[self.source_codes[row]],
            place=int(self.places[row]),
            fortran=bool(layout & FORTRAN),
            big_endian=bool(layout & BIG_ENDIAN),
            packed=self.packed.get(row),
        )

    def __iter__(self) -> Iterator[Tensor]:
        return (self[row] for row in range(len(self)))

    def name(self, row: int) -> str:
        """Name of one tensor."""
        return self.names[self.name_starts[row] : self.name_starts[row + 1]]

    def all_names(self) -> list[str]:
        """(n,) names."""
        bounds = self.name_starts.tolist()
        return [self.names[start:stop] for start, stop in zip(bounds, bounds[1:], strict=False)]

    def shape(self, row: int) -> tuple[int, ...]:
        """Shape of one tensor."""
        return tuple(self.dims[self.dim_starts[row] : self.dim_starts[row + 1]].tolist())

    def listing(self) -> Iterator[tuple[str, list[int], str, int]]:
        """(name, shape, dtype, bytes) of every tensor, quicker than by way of `Tensor`."""
        for start in range(0, len(self), LISTED_AT_ONCE):
            stop = min(start + LISTED_AT_ONCE, len(self))
            ends, sides = self.name_starts[start : stop + 1].tolist(), self.dim_starts[start : stop + 1].tolist()
            dims = self.dims[sides[0] : sides[-1]].tolist()
            codes, sizes = self.dtype_codes[start:stop].tolist(), self.byte_counts[start:stop].tolist()
            for k in range(stop - start):
                shape = dims[sides[k] - sides[0] : sides[k + 1] - sides[0]]
                yield self.names[ends[k] : ends[k + 1]], shape, self.dtype_names[codes[k]], sizes[k]

    def renamed(self, names: list[str]) -> TensorTable:
        """The table with other names, (n,)."""
        return replace(self, names="".join(names), name_starts=starts_of(list(map(len, names))))

    def ranks(self) -> np.ndarray:
        """(n,) number of axes."""
        return np.diff(self.dim_starts)

    def take(self, order: np.ndarray, names: list[str] | None = None) -> TensorTable:
        """The table with its rows in another order, or some of them. `order`: (m,) row numbers.

        `names` are `all_names()`, where the caller has them already.
        """
        if len(order) == len(self) and bool(np.all(np.diff(order) == 1)):
            return self
        names = self.all_names() if names is None else names
        chosen = [names[row] for row in order.tolist()]
        packed = {}
        if self.packed:
            packed = {new: self.packed[row] for new, row in enumerate(order.tolist()) if row in self.packed}
        return TensorTable(
            names="".join(chosen),
            name_starts=starts_of(list(map(len, chosen))),
            dims=take_runs(self.dims, self.dim_starts, order),
            dim_starts=starts_of(self.ranks()[order]),
            dtype_codes=self.dtype_codes[order],
            dtype_names=self.dtype_names,
            counts=self.counts[order],
            byte_counts=self.byte_counts[order],
            places=self.places[order],
            source_codes=self.source_codes[order],
            sources=self.sources,
            layouts=self.layouts[order],
            packed=packed,
        )


def starts_of(lengths: Sequence[int] | np.ndarray) -> np.ndarray:
    """(n + 1,) int64: where pieces of these lengths begin when joined, and where the last one ends."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(np.asarray(lengths, np.int64), out=starts[1:])
    return starts


def element_counts(dims: np.ndarray, dim_starts: np.ndarray) -> np.ndarray:
    """(n,) int64 elements of n shapes, joined; -1 where they are too many, or a size is negative."""
    ranks = np.diff(dim_starts)
    counts = np.ones(len(ranks), np.int64)
    filled = ranks > 0
    if not filled.any():
        return counts
    places = dim_starts[:-1][filled]
    smallest = np.minimum.reduceat(dims, places)
    bits = np.add.reduceat(np.log2(np.maximum(dims, 1)), places)
    exact = np.where(smallest == 0, 0, np.multiply.reduceat(dims, places))
    counts[filled] = np.where((smallest < 0) | ((smallest > 0) & (bits > LARGEST_COUNT_BITS)), -1, exact)
    return counts


def take_runs(items: np.ndarray, starts: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The runs items[starts[k] : starts[k + 1]] for each k in `order`, joined."""
    lengths = np.diff(starts)[order]
    new_starts = starts_of(lengths)
    return items[np.arange(new_starts[-1]) + np.repeat(starts[order] - new_starts[:-1], lengths)]
