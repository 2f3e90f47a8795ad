"""safetensors: 8 bytes with the length of a JSON header, the header, then the data of all tensors without gaps.

Sources: the format's description (https://github.com/huggingface/safetensors#format) and, for models in several files,
the `weight_map` of `model.safetensors.index.json` (https://huggingface.co/docs/hub/safetensors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..engine.kernels.names import clean
from .errors import FormatError
from .limits import HEADER_BYTES, LARGEST_COUNT_BITS, RANK
from .network import TensorTable, starts_of
from .safetensors_header import Columns, parse_header
from .source import OpenFile, Source

__all__ = ["DTYPE_NAMES", "Shard", "matches", "read"]

DTYPE_NAMES = {
    "BF16": "bfloat16",
    "BOOL": "bool",
    "C64": "complex64",
    "F16": "float16",
    "F32": "float32",
    "F4": "float4_e2m1fn",
    "F64": "float64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True)
class Shard:
    """What one file holds: its tensors in the order of their data, its metadata, and what had to be said."""

    tensors: TensorTable
    metadata: dict[str, str]
    notes: tuple[str, ...]
    optimizer: TensorTable = field(default_factory=TensorTable.empty)  # what training keeps beside the model


def matches(start: bytes) -> bool:
    """True for the first bytes of a safetensors file, also of one that was cut off."""
    return len(start) >= 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**40


def read(source: Source) -> Shard:
    """The tensors of one file. Raises FormatError; nothing is allocated for a claim that the file does not fulfil."""
    with source.open() as file:
        header = _header(file)
    columns, metadata = parse_header(header, source.path)
    data_size = source.size - 8 - len(header)
    order = np.lexsort((columns.ends, columns.begins))
    _check_ranges(columns, order, data_size, source.path)
    known = np.array([name in DTYPE_NAMES for name in columns.dtype_names], bool)[columns.dtype_codes]
    counts = _counts(columns, source.path)
    bits = _item_bits(columns)
    _check_sizes(columns, counts * bits, known, source.path)
    table = TensorTable(
        names="".join(columns.names),
        name_starts=starts_of(list(map(len, columns.names))),
        dims=columns.dims,
        dim_starts=starts_of(columns.ranks),
        dtype_codes=columns.dtype_codes,
        dtype_names=tuple(DTYPE_NAMES.get(name, name.lower()) for name in columns.dtype_names),
        counts=counts,
        byte_counts=columns.ends - columns.begins,
        places=columns.begins + 8 + len(header),
        source_codes=np.zeros(len(columns.names), np.int64),
        sources=(source,),
        layouts=np.zeros(len(columns.names), np.uint8),
    )
    return Shard(table.take(order[known[order]]), metadata, tuple(_unknown_notes(columns, known)))


def _header(file: OpenFile) -> bytes:
    """The JSON text."""
    size = file.source.size
    if size < 10:
        raise FormatError(file.source.path, "truncated", size=size, expected="at least 10")
    length = int.from_bytes(file.read(0, 8), "little")
    if not 2 <= length <= HEADER_BYTES:
        raise FormatError(file.source.path, "header_size", found=length, expected=f"2 to {HEADER_BYTES}")
    if 8 + length > size:
        raise FormatError(file.source.path, "truncated", size=size, expected=f"at least {8 + length}")
    return file.read(8, length)


def _check_ranges(columns: Columns, order: np.ndarray, data_size: int, path: str) -> None:
    """Data of the tensors follow each other, from the first byte to the last. `order`: rows by their begin."""
    begins, ends = columns.begins[order], columns.ends[order]
    if len(order):
        last = int(np.argmax(ends))
        if ends[last] > data_size:
            name = columns.names[order[last]]
            raise FormatError(path, "data_outside", tensor=name, end=int(ends[last]), size=data_size)
    backwards = np.flatnonzero(ends < begins)
    if len(backwards):
        name, begin, end = columns.names[order[backwards[0]]], begins[backwards[0]], ends[backwards[0]]
        raise FormatError(
            path, "header_shape", found=f"a range from {begin} to {end}", where=name, expected="begin <= end"
        )
    previous = np.concatenate([[0], ends])
    following = np.concatenate([begins, [data_size]])
    wrong = np.flatnonzero(previous != following)
    if not len(wrong):
        return
    at = wrong[0]
    if following[at] < previous[at]:
        raise FormatError(path, "data_overlap", tensor=columns.names[order[at]])
    raise FormatError(path, "data_gap", count=int(following[at] - previous[at]), offset=int(previous[at]))


def _counts(columns: Columns, path: str) -> np.ndarray:
    """(n,) int64 elements. Raises FormatError for shapes whose product does not fit, before it is formed."""
    ranks = columns.ranks
    if ranks.max(initial=0) > RANK:
        name = columns.names[int(np.argmax(ranks))]
        raise FormatError(path, "header_shape", found=f"{ranks.max()} axes", where=name, expected=f"at most {RANK}")
    empty = np.zeros(len(ranks), bool)
    exact, rough = np.ones(len(ranks), np.int64), np.zeros(len(ranks))
    filled = ranks > 0
    if filled.any():
        places = starts_of(ranks)[:-1][filled]
        empty[filled] = np.minimum.reduceat(columns.dims, places) == 0
        rough[filled] = np.add.reduceat(np.log2(np.maximum(columns.dims, 1)), places)
        exact[filled] = np.multiply.reduceat(columns.dims, places)
    exact[empty] = 0
    huge = np.flatnonzero(~empty & (rough > LARGEST_COUNT_BITS))
    if len(huge):
        name = columns.names[huge[0]]
        raise FormatError(
            path,
            "header_shape",
            found="a shape of too many elements",
            where=name,
            expected=f"fewer than 2^{LARGEST_COUNT_BITS}",
        )
    return exact


def _item_bits(columns: Columns) -> np.ndarray:
    """(n,) int64 bits of one item; 0 where the type is not known."""
    from ..engine.kernels.decode import DTYPES

    bits = [DTYPES[DTYPE_NAMES[name]].bits if name in DTYPE_NAMES else 0 for name in columns.dtype_names]
    return np.array(bits, np.int64)[columns.dtype_codes]


def _check_sizes(columns: Columns, expected_bits: np.ndarray, known: np.ndarray, path: str) -> None:
    found_bits = (columns.ends - columns.begins) * 8
    wrong = np.flatnonzero(known & (found_bits != expected_bits))
    if len(wrong):
        row = wrong[0]
        expected = int(expected_bits[row]) / 8
        raise FormatError(
            path, "shape_bytes", tensor=columns.names[row], found=int(found_bits[row]) // 8, expected=f"{expected:.15g}"
        )


def _unknown_notes(columns: Columns, known: np.ndarray) -> Sequence[str]:
    """One note for each type that is not known."""
    notes = []
    for code, dtype in enumerate(columns.dtype_names):
        rows = np.flatnonzero(~known & (columns.dtype_codes == code))
        if len(rows):
            name = clean(columns.names[rows[0]], 80)
            notes.append(f"left out: {len(rows)} tensors of the unknown type {clean(dtype, 40)}, the first is {name}")
    return notes
