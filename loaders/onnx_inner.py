"""Tensors inside of a model that are not its own: of Constant operators, of graphs inside operators, of functions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .onnx_nodes import Nodes
from .onnx_tensors import TensorReader
from .protobuf import BYTES, FIXED32, VARINT, Fields
from .tensors import Tensor, TensorTable

__all__ = ["GRAPH_NAME", "INITIALIZER", "SPARSE_INITIALIZER", "inner_tensors"]

GRAPH_NAME, INITIALIZER, SPARSE_INITIALIZER = 2, 5, 15  # of a graph
FUNCTION_NAME = 1
VALUE, SPARSE_VALUE = 5, 22  # of an attribute
NUMBERS = {  # field of an attribute: type, wire type, whether these are several
    2: ("float32", FIXED32, False),
    3: ("int64", VARINT, False),
    4: ("string", BYTES, False),
    7: ("float32", FIXED32, True),
    8: ("int64", VARINT, True),
    9: ("string", BYTES, True),
}


def inner_tensors(reader: TensorReader, nodes: Nodes) -> TensorTable:
    """The tensors, graph by graph. One of a graph inside bears the names of what it is inside of, with "." between.

    Raises FormatError.
    """
    prefixes = _prefixes(reader, nodes)
    tables, scopes = [TensorTable.empty()], []
    for table, owners in (*_constants(reader, nodes, prefixes), *_initializers(reader, nodes, prefixes)):
        tables.append(table)
        scopes += owners
    return TensorTable.joined(tables).take(np.argsort(np.array(scopes, np.int64), kind="stable"))


def _prefixes(reader: TensorReader, nodes: Nodes) -> list[str]:
    """What goes before the names in each graph; nothing in the main one."""
    prefixes = [""]
    for scope in nodes.scopes[1:]:
        if scope.is_function:
            named = scope.fields.of(FUNCTION_NAME, BYTES)
            names = reader.messages.texts(named.starts, named.stops)
            prefixes.append(f"{names[-1] if names else 'function'}.")
            continue
        outer = prefixes[nodes.scope_of[scope.parent]]
        holder = next(filter(None, (nodes.names[scope.parent], *nodes.outputs_of(scope.parent))), None)
        prefixes.append(f"{outer}{holder or scope.parent}.{scope.attribute}.")
    return prefixes


def _initializers(reader: TensorReader, nodes: Nodes, prefixes: list[str]) -> Iterator[tuple[TensorTable, list[int]]]:
    """(tensors, their graphs)."""
    inside = [k for k, scope in enumerate(nodes.scopes) if k and not scope.is_function]
    for number, read in ((INITIALIZER, reader.tensors), (SPARSE_INITIALIZER, reader.sparse)):
        found = Fields.joined([(nodes.scopes[k].fields.of(number, BYTES), k) for k in inside])
        if len(found):
            owners = found.owners.tolist()
            table = read(found.starts, found.stops)
            yield table.renamed([prefixes[k] + table.name(row) for row, k in enumerate(owners)]), owners


def _constants(reader: TensorReader, nodes: Nodes, prefixes: list[str]) -> Iterator[tuple[TensorTable, list[int]]]:
    """(values of Constant operators, their graphs)."""
    starts = nodes.attribute_starts
    constants = [k for k, kind in enumerate(nodes.kinds) if kind == "Constant" and k not in nodes.domains]
    holders = [k for k in constants for _ in range(starts[k], starts[k + 1])]
    rows = [row for k in constants for row in range(starts[k], starts[k + 1])]
    fields = reader.messages.fields(*nodes.attributes[:, rows])

    def named(owners: np.ndarray) -> tuple[list[str], list[int]]:
        holding = [holders[owner] for owner in owners.tolist()]
        scopes = nodes.scope_of[holding].tolist()
        names = [prefixes[scope] + "".join(nodes.outputs_of(k)[:1]) for k, scope in zip(holding, scopes, strict=True)]
        return names, scopes

    for number, read in ((VALUE, reader.tensors), (SPARSE_VALUE, reader.sparse)):
        found = fields.of(number, BYTES).last()
        names, scopes = named(found.owners)
        yield read(found.starts, found.stops, names), scopes
    for number, (dtype, wire, are_several) in NUMBERS.items():
        chosen = (fields.tags == number * 8 + wire) | ((fields.tags == number * 8 + BYTES) & are_several)
        found = fields.where(chosen) if are_several else fields.where(chosen).last()
        owners, first = np.unique(found.owners, return_index=True)
        reader.count(len(owners))
        names, scopes = named(owners)
        bounds = [*first.tolist(), len(found)]
        parts = [found.where(slice(*bound)) for bound in zip(bounds, bounds[1:], strict=False)]
        tensors = [
            _tensor(reader, name, dtype, part, wire, are_several) for name, part in zip(names, parts, strict=True)
        ]
        yield TensorTable.of(tensors), scopes


def _tensor(reader: TensorReader, name: str, dtype: str, part: Fields, wire: int, are_several: bool) -> Tensor:
    if not are_several:
        return reader.numbers(name, dtype, (), part)
    sizes = part.stops - part.starts
    is_packed = (part.tags & 7 == BYTES) & (wire != BYTES)
    count = int(np.count_nonzero(~is_packed))
    if wire == FIXED32:
        count += int(sizes[is_packed].sum()) // 4
    elif wire == VARINT:
        count += len(reader.messages.varints(part.starts[is_packed], part.stops[is_packed])[0])
    return reader.numbers(name, dtype, (count,), part)
