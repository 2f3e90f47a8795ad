"""AttributeProto -> values of attributes: numbers, texts, tensors, graphs, types, and tuples of them.

Source: https://onnx.ai/onnx/api/classes.html#attributeproto.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .limits import ATTRIBUTE_NUMBERS
from .network import Graph
from .onnx_tensors import TensorReader
from .onnx_types import type_names
from .protobuf import BYTES, FIXED32, VARINT, Fields

__all__ = ["REFERENCE", "read_attributes"]

NAME, REFERENCE_NAME, TYPE = 1, 21, 20
FLOAT, INT, TEXT, TENSOR, GRAPH, FLOATS, INTS, TEXTS, TENSORS, GRAPHS = range(2, 12)
TYPE_PROTO, TYPE_PROTOS, SPARSE_TENSOR, SPARSE_TENSORS = 14, 15, 22, 23
REFERENCE = "@"  # before the name of the function's attribute whose value it takes
FIELD_OF_TYPE = {  # by AttributeType
    **{1: FLOAT, 2: INT, 3: TEXT, 4: TENSOR, 5: GRAPH, 6: FLOATS, 7: INTS, 8: TEXTS, 9: TENSORS, 10: GRAPHS},
    **{11: SPARSE_TENSOR, 12: SPARSE_TENSORS, 13: TYPE_PROTO, 14: TYPE_PROTOS},
}
PACKABLE = {FLOATS, INTS}
LISTS = {FLOATS, INTS, TEXTS, TENSORS, GRAPHS, SPARSE_TENSORS, TYPE_PROTOS}


def read_attributes(
    reader: TensorReader, starts: np.ndarray, stops: np.ndarray, graphs_of: Callable[[int], tuple[Graph, ...]]
) -> list[tuple[str, Any]]:
    """(name, value) of the AttributeProtos at [start, stop). Raises FormatError.

    `graphs_of(k)` are the graphs in message k.
    """
    fields = reader.messages.fields(starts, stops)
    values = _values(reader, fields)
    found: list[dict[int, list[Any]]] = [{} for _ in range(len(starts))]
    for owner, tag, value in zip(fields.owners.tolist(), fields.tags.tolist(), values, strict=True):
        own = found[owner].setdefault(tag // 8, [])
        if tag // 8 in PACKABLE and tag & 7 == BYTES:
            own += value
        else:
            own.append(value)
    return [(_last(own, NAME, ""), _value(own, partial(graphs_of, k))) for k, own in enumerate(found)]


def _value(found: dict[int, list[Any]], graphs: Callable[[], tuple[Graph, ...]]) -> Any:
    """The value of one attribute, of its fields by number; None where there is none."""
    reference = _last(found, REFERENCE_NAME, "")
    if reference:
        return REFERENCE + reference
    number = FIELD_OF_TYPE.get(_last(found, TYPE, None))
    if number is None:
        number = next((each for each in FIELD_OF_TYPE.values() if each in found), 0)
    if number in (GRAPH, GRAPHS):
        return graphs()[-1] if number == GRAPH and graphs() else graphs()
    return tuple(found.get(number, ())) if number in LISTS else _last(found, number, None)


def _last(found: dict[int, list[Any]], number: int, otherwise: Any) -> Any:
    values = found.get(number)
    return values[-1] if values else otherwise


def _values(reader: TensorReader, fields: Fields) -> list[Any]:
    """The value of each field, a list of numbers where they are packed; None for what is no value."""
    values: list[Any] = [None] * len(fields)

    def put(numbers: Sequence[int], wire: int, read: Callable[[Fields], Sequence[Any]]) -> None:
        chosen = np.flatnonzero(np.isin(fields.tags, [number * 8 + wire for number in numbers]))
        if len(chosen):
            for row, value in zip(chosen.tolist(), read(fields.where(chosen)), strict=True):
                values[row] = value

    messages = reader.messages
    put((INT, INTS, TYPE), VARINT, lambda own: own.values.tolist())
    put((FLOAT, FLOATS), FIXED32, lambda own: own.values.astype(np.int32).view(np.float32).tolist())
    put((NAME, REFERENCE_NAME, TEXT, TEXTS), BYTES, lambda own: messages.texts(own.starts, own.stops))
    put((TENSOR, TENSORS), BYTES, lambda own: reader.tensors(own.starts, own.stops))
    put((SPARSE_TENSOR, SPARSE_TENSORS), BYTES, lambda own: reader.sparse(own.starts, own.stops))
    put((TYPE_PROTO, TYPE_PROTOS), BYTES, lambda own: type_names(messages, own.starts, own.stops))
    put((INTS,), BYTES, lambda own: [_packed(reader, *place, VARINT) for place in _places(own)])
    put((FLOATS,), BYTES, lambda own: [_packed(reader, *place, FIXED32) for place in _places(own)])
    return values


def _places(fields: Fields) -> list[tuple[int, int]]:
    return list(zip(fields.starts.tolist(), fields.stops.tolist(), strict=True))


def _packed(reader: TensorReader, start: int, stop: int, wire: int) -> list[Any]:
    """Packed numbers; of too many, how many bytes they take."""
    if stop - start > ATTRIBUTE_NUMBERS:
        return [f"{stop - start} bytes"]
    if wire == VARINT:
        return reader.messages.varints(np.array([start]), np.array([stop]))[1].tolist()
    raw = reader.messages.file.read(start, stop - start)
    return np.frombuffer(raw, "<f4", len(raw) // 4).tolist()
