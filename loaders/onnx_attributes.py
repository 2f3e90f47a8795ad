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
LISTS = {FLOATS, INTS, TEXTS, TENSORS, GRAPHS, SPARSE_TENSORS, TYPE_PROTOS}


def read_attributes(
    reader: TensorReader, starts: np.ndarray, stops: np.ndarray, graphs_of: Callable[[int], tuple[Graph, ...]]
) -> list[tuple[str, Any]]:
    """(name, value) of the AttributeProtos at [start, stop). Raises FormatError.

    `graphs_of(k)` are the graphs in message k.
    """
    fields = reader.messages.fields(starts, stops)
    bounds = np.searchsorted(fields.owners, np.arange(len(starts) + 1)).tolist()
    names = [""] * len(starts)
    named = fields.of(NAME, BYTES)
    for owner, text in zip(named.owners.tolist(), reader.messages.texts(named.starts, named.stops), strict=True):
        names[owner] = text
    pairs = []
    for k, name in enumerate(names):
        own = fields.where(slice(bounds[k], bounds[k + 1]))
        pairs.append((name, _value(reader, own, partial(graphs_of, k))))
    return pairs


def _value(reader: TensorReader, fields: Fields, graphs: Callable[[], tuple[Graph, ...]]) -> Any:
    """The value in the fields of one attribute; None where there is none."""
    reference = fields.of(REFERENCE_NAME, BYTES)
    if len(reference) and reference.stops[-1] > reference.starts[-1]:
        return REFERENCE + reader.messages.texts(reference.starts, reference.stops)[-1]
    types = fields.of(TYPE, VARINT)
    number = FIELD_OF_TYPE.get(int(types.values[-1])) if len(types) else None
    if number is None:
        present = set((fields.tags // 8).tolist())
        number = next((each for each in FIELD_OF_TYPE.values() if each in present), 0)
    own = fields.where(fields.tags // 8 == number)
    values = graphs() if number in (GRAPH, GRAPHS) else _values(reader, number, own)
    if number in LISTS:
        return values
    return values[-1] if values else None


def _values(reader: TensorReader, number: int, fields: Fields) -> Sequence[Any]:
    messages = reader.messages
    if number in (INT, INTS):
        return _numbers(reader, fields, VARINT)
    if number in (FLOAT, FLOATS):
        return _numbers(reader, fields, FIXED32)
    if number in (TEXT, TEXTS):
        return tuple(messages.texts(fields.starts, fields.stops))
    if number in (TENSOR, TENSORS):
        return tuple(reader.tensors(fields.starts, fields.stops))
    if number in (SPARSE_TENSOR, SPARSE_TENSORS):
        return tuple(reader.sparse(fields.starts, fields.stops))
    return tuple(type_names(messages, fields.starts, fields.stops))


def _numbers(reader: TensorReader, fields: Fields, wire: int) -> tuple[Any, ...]:
    """Numbers that stand one by one, or packed; of too many, how many bytes they take."""
    size = int((fields.stops - fields.starts).sum())
    if size > ATTRIBUTE_NUMBERS:
        return (f"{size} bytes",)
    parts = []
    for tag, start, stop, value in zip(
        fields.tags.tolist(), fields.starts.tolist(), fields.stops.tolist(), fields.values.tolist(), strict=True
    ):
        if tag & 7 == wire:
            parts.append(np.array([value], np.int64))
        elif wire == VARINT:
            parts.append(reader.messages.varints(np.array([start]), np.array([stop]))[1])
        else:
            raw = reader.messages.file.read(start, stop - start)
            parts.append(np.frombuffer(raw, "<i4", len(raw) // 4).astype(np.int64))
    joined = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return tuple((joined if wire == VARINT else joined.astype(np.int32).view(np.float32)).tolist())
