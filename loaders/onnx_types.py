"""ValueInfoProto -> name, type and shape of values.

Source: https://onnx.ai/onnx/api/classes.html#valueinfoproto, TypeProto and TensorShapeProto beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .network import Port, Shape
from .onnx_tensors import dtype_name
from .protobuf import BYTES, VARINT, Fields, Messages
from .tensors import starts_of

__all__ = ["ValueInfo", "ports", "type_names", "value_infos"]

NAME, TYPE = 1, 2
TENSOR, SEQUENCE, MAP, SPARSE_TENSOR, OPTIONAL = 1, 4, 5, 8, 9
ELEMENT, SHAPE, MAP_VALUE = 1, 2, 2
DIM, DIM_VALUE, DIM_PARAM = 1, 1, 2
CONTAINERS = {SEQUENCE: "sequence", MAP: "map", OPTIONAL: "optional"}
NESTED = 8  # containers in containers that are told apart


@dataclass(frozen=True)
class ValueInfo:
    """What a model says of one value. `shape`: None where not even the number of axes is stated."""

    name: str
    dtype: str
    shape: Shape | None


def ports(infos: list[ValueInfo]) -> tuple[Port, ...]:
    """Inputs or outputs; without axes where their number is not stated."""
    return tuple(Port(info.name, info.shape or (), info.dtype) for info in infos)


def value_infos(messages: Messages, starts: np.ndarray, stops: np.ndarray) -> list[ValueInfo]:
    """The ValueInfoProtos at [start, stop) of the file. Raises FormatError."""
    fields = messages.fields(starts, stops)
    names, dtypes = [""] * len(starts), ["undefined"] * len(starts)
    shapes: list[Shape | None] = [None] * len(starts)
    named, types = fields.of(NAME, BYTES), fields.of(TYPE, BYTES).last()
    for owner, text in zip(named.owners.tolist(), messages.texts(named.starts, named.stops), strict=True):
        names[owner] = text
    _types(messages, types, types.owners, dtypes, shapes)
    return list(map(ValueInfo, names, dtypes, shapes))


def type_names(messages: Messages, starts: np.ndarray, stops: np.ndarray) -> list[str]:
    """Names of the TypeProtos at [start, stop) of the file. Raises FormatError."""
    dtypes = ["undefined"] * len(starts)
    rows, zeros = np.arange(len(starts)), np.zeros(len(starts), np.int64)
    _types(messages, Fields(rows, zeros, starts, stops, zeros), rows, dtypes, [None] * len(starts))
    return dtypes


def _types(messages: Messages, types: Fields, rows: np.ndarray, dtypes: list[str], shapes: list[Shape | None]) -> None:
    """Puts what TypeProtos say in their rows."""
    wraps: dict[int, list[str]] = {}
    for _ in range(NESTED):
        found = messages.fields(types.starts, types.stops)
        for number in (TENSOR, SPARSE_TENSOR):
            plain = found.of(number, BYTES).last()
            _tensors(messages, plain, rows[plain.owners], dtypes, shapes)
        inner = found.where(np.isin(found.tags, [number * 8 + BYTES for number in CONTAINERS])).last()
        if not len(inner):
            break
        rows = rows[inner.owners]
        for row, tag in zip(rows.tolist(), inner.tags.tolist(), strict=True):
            wraps.setdefault(row, []).append(CONTAINERS[tag // 8])
        content = messages.fields(inner.starts, inner.stops)
        wanted = np.where(inner.tags == MAP * 8 + BYTES, MAP_VALUE, ELEMENT) * 8 + BYTES
        types = content.where(content.tags == wanted[content.owners]).last()
        rows = rows[types.owners]
    for row, words in wraps.items():
        dtypes[row] = "(".join([*words, dtypes[row]]) + ")" * len(words)


def _tensors(
    messages: Messages, found: Fields, rows: np.ndarray, dtypes: list[str], shapes: list[Shape | None]
) -> None:
    """Puts the types and shapes of tensors in their rows."""
    fields = messages.fields(found.starts, found.stops)
    codes = fields.of(ELEMENT, VARINT).last()
    for row, code in zip(rows[codes.owners].tolist(), codes.values.tolist(), strict=True):
        dtypes[row] = dtype_name(code)
    shape_fields = fields.of(SHAPE, BYTES).last()
    dims = messages.fields(shape_fields.starts, shape_fields.stops).of(DIM, BYTES)
    sides = messages.fields(dims.starts, dims.stops)
    sizes: list[int | str | None] = [None] * len(dims)
    values = sides.of(DIM_VALUE, VARINT)
    for owner, value in zip(values.owners.tolist(), values.values.tolist(), strict=True):
        sizes[owner] = value if value >= 0 else None
    parameters = sides.of(DIM_PARAM, BYTES)
    for owner, text in zip(
        parameters.owners.tolist(), messages.texts(parameters.starts, parameters.stops), strict=True
    ):
        sizes[owner] = text or None
    bounds = starts_of(np.bincount(dims.owners, minlength=len(shape_fields))).tolist()
    for row, first, last in zip(rows[shape_fields.owners].tolist(), bounds, bounds[1:], strict=False):
        shapes[row] = tuple(sizes[first:last])
