"""TensorProto and SparseTensorProto -> tables of tensors, in every way in which ONNX stores numbers.

Source: https://onnx.ai/onnx/api/classes.html#tensorproto, onnx.proto of ONNX 1.20.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..engine.kernels.names import clean
from . import archive
from .errors import FormatError
from .limits import MODEL_TENSORS, RANK
from .notes import Notes
from .onnx_external import ExternalFiles
from .protobuf import BYTES, FIXED32, FIXED64, VARINT, Fields, Messages
from .protobuf_values import Pieces, Varints
from .source import Source
from .sparse import Sparse
from .tensors import Absent, Packed, Tensor, TensorTable, element_counts, starts_of

__all__ = ["DTYPE_NAMES", "TensorReader", "dtype_name"]

DIMS, DATA_TYPE, SEGMENT, STRING_DATA, NAME, RAW_DATA, EXTERNAL_DATA, DATA_LOCATION = 1, 2, 3, 6, 8, 9, 13, 14
FLOAT_DATA, INT32_DATA, INT64_DATA = (4, FIXED32), (5, VARINT), (7, VARINT)
DOUBLE_DATA, UINT64_DATA = (10, FIXED64), (11, VARINT)
SPARSE_VALUES, SPARSE_INDICES, SPARSE_DIMS = 1, 2, 3
EXTERNAL = 1
DTYPE_NAMES = (
    *("undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16"),
    *("float64", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz"),
    *("float8_e5m2", "float8_e5m2fnuz", "uint4", "int4", "float4_e2m1fn", "float8_e8m0fnu", "uint2", "int2"),
    *("float6_e2m3fn", "float6_e3m2fn"),
)
FIELDS_OF = {
    **dict.fromkeys(("float32", "complex64"), FLOAT_DATA),
    **dict.fromkeys(("float64", "complex128"), DOUBLE_DATA),
    **dict.fromkeys(("uint32", "uint64"), UINT64_DATA),
    "int64": INT64_DATA,
}  # where numbers of a type stand that are not raw; all others as INT32_DATA
COUNTED_BYTES = 1 << 16  # of varints that are counted when the file is opened, not when they are read


def dtype_name(code: int) -> str:
    """Our name of an ONNX type."""
    return DTYPE_NAMES[code] if 0 <= code < len(DTYPE_NAMES) else f"type_{code}"


@dataclass
class TensorReader:
    """Reads tensors of one file. What has no values is listed all the same, and noted."""

    messages: Messages
    external: ExternalFiles
    notes: Notes
    tensors_left: int = MODEL_TENSORS

    @property
    def source(self) -> Source:
        return self.messages.file.source

    def tensors(self, starts: np.ndarray, stops: np.ndarray, names: list[str] | None = None) -> TensorTable:
        """The TensorProtos at [start, stop), in their order; `names` where they are not their own.

        Raises FormatError for a damaged message, an impossible shape, or a file name that leads out of the folder.
        """
        self.count(len(starts))
        fields = self.messages.fields(starts, stops)
        if names is None:
            names = self.messages.text_of_each(fields.of(NAME, BYTES), len(starts))
        dims, dim_starts = self._dims(fields, DIMS, names)
        counts = self._counts(dims, dim_starts, names)
        codes = _column(fields.of(DATA_TYPE, VARINT), len(starts))
        sizes = (counts * _bits_column(codes) + 7) // 8
        data = _Data(sizes, starts.copy())
        self._find(fields, codes, names, data)
        distinct, dtype_codes = np.unique(codes, return_inverse=True)
        sources = {source: k for k, source in enumerate(dict.fromkeys([self.source, *data.sources.values()]))}
        source_codes = np.zeros(len(starts), np.int64)
        for row, source in data.sources.items():
            source_codes[row] = sources[source]
        return TensorTable(
            names="".join(names),
            name_starts=starts_of(list(map(len, names))),
            dims=dims,
            dim_starts=dim_starts,
            dtype_codes=dtype_codes.astype(np.int64),
            dtype_names=tuple(map(dtype_name, distinct.tolist())),
            counts=counts,
            byte_counts=data.sizes,
            places=data.places,
            source_codes=source_codes,
            sources=tuple(sources),
            layouts=np.zeros(len(starts), np.uint8),
            packed=data.packed,
        )

    def sparse(self, starts: np.ndarray, stops: np.ndarray, names: list[str] | None = None) -> TensorTable:
        """The SparseTensorProtos at [start, stop), as dense tensors."""
        fields = self.messages.fields(starts, stops)
        parts = [fields.of(number, BYTES).last() for number in (SPARSE_VALUES, SPARSE_INDICES)]
        values, indices = (self.tensors(part.starts, part.stops) for part in parts)
        rows = [dict(zip(part.owners.tolist(), range(len(part)), strict=True)) for part in parts]
        own_names = names or [values.name(rows[0][k]) if k in rows[0] else "" for k in range(len(starts))]
        dims, dim_starts = self._dims(fields, SPARSE_DIMS, own_names)
        counts = self._counts(dims, dim_starts, own_names)
        tensors = []
        for k, name in enumerate(own_names):
            shape = tuple(dims[dim_starts[k] : dim_starts[k + 1]].tolist())
            pair = [table[row[k]] if k in row else None for table, row in ((values, rows[0]), (indices, rows[1]))]
            tensors.append(self._sparse(name, shape, int(counts[k]), pair[0], pair[1], int(starts[k])))
        return TensorTable.of(tensors)

    def numbers(self, name: str, dtype: str, shape: tuple[int, ...], fields: Fields) -> Tensor:
        """A tensor whose numbers are fields of another message: an attribute."""
        count = shape[0] if shape else 1
        size = (count * _bits().get(dtype, 0) + 7) // 8
        data = _Data(np.array([size], np.int64), fields.starts[:1].copy())
        self._typed(0, dtype, size, fields, data, name)
        return Tensor(name, shape, dtype, count, size, self.source, int(data.places[0]), packed=data.packed.get(0))

    def count(self, tensors: int) -> None:
        """Counts tensors before they are made. Raises FormatError where they are more than any model has."""
        self.tensors_left -= tensors
        if self.tensors_left < 0:
            raise FormatError(self.source.path, "protobuf_too_much", what="tensors", limit=MODEL_TENSORS)

    def _dims(self, fields: Fields, number: int, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """(all sizes, where those of each tensor begin)."""
        single, packed = fields.of(number, VARINT), fields.of(number, BYTES)
        owners, dims = single.owners, single.values
        if len(packed):
            packed_owners, packed_dims = self.messages.varints(packed.starts, packed.stops)
            owners = np.concatenate([owners, packed.owners[packed_owners]])
            order = np.argsort(owners, kind="stable")
            owners, dims = owners[order], np.concatenate([dims, packed_dims])[order]
        ranks = np.bincount(owners, minlength=len(names))
        if ranks.max(initial=0) > RANK:
            self._refuse(f"{ranks.max()} axes", names[int(np.argmax(ranks))], f"at most {RANK}")
        return dims, starts_of(ranks)

    def _counts(self, dims: np.ndarray, dim_starts: np.ndarray, names: list[str]) -> np.ndarray:
        counts = element_counts(dims, dim_starts)
        wrong = np.flatnonzero(counts < 0)
        if len(wrong):
            shape = dims[dim_starts[wrong[0]] : dim_starts[wrong[0] + 1]].tolist()
            self._refuse(f"the shape {shape}", names[wrong[0]], "sizes of a tensor")
        return counts

    def _refuse(self, found: str, name: str, expected: str) -> None:
        raise FormatError(self.source.path, "header_shape", found=found, where=name, expected=expected)

    def _find(self, fields: Fields, codes: np.ndarray, names: list[str], data: _Data) -> None:
        """Where the data of each tensor stand."""
        count = len(codes)
        is_external = _column(fields.of(DATA_LOCATION, VARINT), count) == EXTERNAL
        raw = fields.of(RAW_DATA, BYTES).last()
        raw_sizes = np.full(count, -1)
        raw_sizes[raw.owners] = raw.stops - raw.starts
        is_segment = np.zeros(count, bool)
        is_segment[fields.of(SEGMENT, BYTES).owners] = True
        is_string = codes == DTYPE_NAMES.index("string")
        is_number = _bits_column(codes) > 0
        plain = (raw_sizes == data.sizes) & ~is_external & ~is_segment & is_number
        data.places[raw.owners] = raw.starts
        other = np.flatnonzero(~plain)
        bounds = np.searchsorted(fields.owners, np.stack([other, other + 1])).T.tolist()
        entries = self._entries(fields, names) if is_external.any() else {}
        for row, (first, last) in zip(other.tolist(), bounds, strict=True):
            dtype = dtype_name(int(codes[row]))
            if not (is_number[row] or is_string[row]):
                data.sizes[row] = max(raw_sizes[row], 0)
                self.notes.add(f"without values: {clean(names[row], 80)}: its type is {dtype}")
            elif is_external[row]:
                self._external(row, entries.get(row, {}), data, names[row])
            elif is_segment[row]:
                self._absent(row, data, names[row], "it is one segment of several")
            elif raw_sizes[row] >= 0 and not is_string[row]:
                self._absent(row, data, names[row], f"it has {raw_sizes[row]} bytes of {data.sizes[row]}")
            else:
                self._typed(row, dtype, int(data.sizes[row]), _stored(fields, first, last, dtype), data, names[row])

    def _typed(self, row: int, dtype: str, size: int, found: Fields, data: _Data, name: str) -> None:
        """Numbers or texts in fields of their type."""
        lengths = found.stops - found.starts
        total = int(lengths.sum())
        if len(found):
            data.places[row] = found.starts[0]
        if dtype == "string":
            data.sizes[row] = total
            return
        pieces = Pieces(self.source, found.starts, lengths)
        is_varint = FIELDS_OF.get(dtype, INT32_DATA)[1] == VARINT
        item_bytes = max(_bits()[dtype] // 8, 1)
        items = size // item_bytes
        if not is_varint and total == size:
            if len(found) > 1:
                data.packed[row] = pieces
        elif is_varint and items <= total <= 10 * items:
            data.packed[row] = Varints(pieces, item_bytes, items)
            if total <= COUNTED_BYTES and self._count_of(found) != items:
                self._absent(row, data, name, f"its fields are not {items} numbers")
        else:
            self._absent(row, data, name, f"its fields have {total} bytes, which are not {items} numbers")

    def _count_of(self, found: Fields) -> int:
        """How many varints these fields hold."""
        packed = found.where(found.tags & 7 == BYTES)
        places = zip(packed.starts.tolist(), packed.stops.tolist(), strict=True)
        parts = (np.frombuffer(self.messages.file.read(start, stop - start), np.uint8) for start, stop in places)
        return len(found) - len(packed) + sum(int(np.count_nonzero(part < 128)) for part in parts)

    def _external(self, row: int, entries: dict[str, str], data: _Data, name: str) -> None:
        found = self.external.place(entries, int(data.sizes[row]), name)
        if found is None:
            data.packed[row] = Absent(self.source)
        else:
            data.sources[row], data.places[row] = found

    def _entries(self, fields: Fields, names: list[str]) -> dict[int, dict[str, str]]:
        """What is said of the external data of each tensor, by row."""
        messages = fields.of(EXTERNAL_DATA, BYTES)
        pairs = self.pairs(messages.starts, messages.stops)
        entries: dict[int, dict[str, str]] = {}
        for owner, (key, value) in zip(messages.owners.tolist(), pairs, strict=True):
            entries.setdefault(owner, {})[key] = value
        return entries

    def pairs(self, starts: np.ndarray, stops: np.ndarray) -> list[tuple[str, str]]:
        """(key, value) of StringStringEntryProtos."""
        fields = self.messages.fields(starts, stops)
        columns = []
        for number in (1, 2):
            found = fields.of(number, BYTES).last()
            texts = [""] * len(starts)
            for owner, text in zip(found.owners.tolist(), self.messages.texts(found.starts, found.stops), strict=True):
                texts[owner] = text
            columns.append(texts)
        return list(zip(*columns, strict=True))

    def _absent(self, row: int, data: _Data, name: str, reason: str) -> None:
        data.packed[row] = Absent(self.source)
        self.notes.add(f"without values: {clean(name, 80)}: {reason}")

    def _sparse(
        self, name: str, shape: tuple[int, ...], count: int, values: Tensor | None, indices: Tensor | None, place: int
    ) -> Tensor:
        dtype = values.dtype if values else "undefined"
        bits = _bits().get(dtype, 0)
        size = (count * bits + 7) // 8
        tensor = Tensor(name, shape, dtype, count, size, self.source, place, packed=Absent(self.source))
        reason = None
        if values is None or indices is None or not (values.is_readable and indices.is_readable):
            reason = "its values or their indices are missing"
        elif bits < 8 or indices.dtype != "int64" or len(values.shape) != 1:
            reason = f"values of type {values.dtype} {values.shape} at indices of type {indices.dtype}"
        elif indices.shape not in (values.shape, (values.count, len(shape))):
            reason = f"{values.count} values at {indices.shape} indices"
        elif archive.too_large(size, values.byte_count):
            reason = f"it would fill {size} bytes from {values.byte_count}"
        if reason:
            self.notes.add(f"without values: {clean(name, 80)}: {reason}")
            return tensor
        assert values is not None and indices is not None
        return replace(tensor, packed=Sparse(values, indices, shape, bits // 8))


class _Data:
    """Where data stand: columns that are corrected row by row."""

    def __init__(self, sizes: np.ndarray, places: np.ndarray) -> None:
        self.sizes = sizes  # (n,) int64 bytes
        self.places = places  # (n,) int64
        self.packed: dict[int, Packed] = {}
        self.sources: dict[int, Source] = {}  # of rows in other files


def _column(fields: Fields, count: int) -> np.ndarray:
    """(count,) int64: the value of each message, the last where there are several; 0 where there is none."""
    column = np.zeros(count, np.int64)
    column[fields.owners] = fields.values
    return column


def _stored(fields: Fields, first: int, last: int, dtype: str) -> Fields:
    """Fields of one message, first to last, that hold values of a type."""
    number, wire = (STRING_DATA, BYTES) if dtype == "string" else FIELDS_OF.get(dtype, INT32_DATA)
    tags = fields.tags[first:last]
    return fields.where(first + np.flatnonzero((tags == number * 8 + wire) | (tags == number * 8 + BYTES)))


@cache
def _bits() -> dict[str, int]:
    """Bits of one number of each type that can be read."""
    from ..engine.kernels.decode import DTYPES

    return {name: DTYPES[name].bits for name in DTYPE_NAMES if name in DTYPES and DTYPES[name].bits}


def _bits_column(codes: np.ndarray) -> np.ndarray:
    """(n,) int64 bits of one number of each tensor; 0 where it is none that can be read."""
    distinct, inverse = np.unique(codes, return_inverse=True)
    return np.array([_bits().get(dtype_name(code), 0) for code in distinct.tolist()], np.int64)[inverse]
