"""Operators of ONNX as `Op`: made when asked for, out of columns and, for attributes, out of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from .network import Graph, Op, Port
from .notes import Notes
from .onnx_attributes import read_attributes
from .onnx_external import ExternalFiles
from .onnx_flow import edges
from .onnx_nodes import Nodes, Scope
from .onnx_tensors import TensorReader
from .onnx_types import ports, value_infos
from .protobuf import BYTES, Fields, Messages
from .source import Source

__all__ = ["GRAPH_FIELDS", "Functions", "ModelFile", "OpTable", "graph_of"]

AT_ONCE = 4096  # operators that are made together
GRAPH_FIELDS = {"name": 2, "inputs": 11, "outputs": 12, "values": 13}
FUNCTION_DOMAIN = 10
FUNCTION_FIELDS = {"name": 1, "inputs": 4, "outputs": 5}


@dataclass(frozen=True)
class ModelFile:
    """A model, and what is known of it already."""

    source: Source
    folder: Path  # in which files that it names are looked for
    nodes: Nodes

    def reader(self, messages: Messages) -> TensorReader:
        """Reads tensors of attributes; what is to be noted was noted when the model was opened."""
        notes = Notes()
        return TensorReader(messages, ExternalFiles(self.source, self.folder, notes), notes)


@dataclass(frozen=True, eq=False)
class OpTable(Sequence[Op]):
    """The operators of one graph. Each access reads their attributes: a loop costs least, it takes many at once."""

    model: ModelFile
    first: int  # in the columns
    last: int
    module_of: Callable[[int], str] = lambda op: ""

    def __len__(self) -> int:
        return self.last - self.first

    @overload
    def __getitem__(self, index: int) -> Op: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Op, ...]: ...
    def __getitem__(self, index: int | slice) -> Op | tuple[Op, ...]:
        if isinstance(index, slice):
            return tuple(self._ops(range(*index.indices(len(self)))))
        return self._ops([range(len(self))[index]])[0]

    def __iter__(self) -> Iterator[Op]:
        for start in range(0, len(self), AT_ONCE):
            yield from self._ops(range(start, min(start + AT_ONCE, len(self))))

    def kinds(self) -> list[str]:
        """(n,) kinds, quicker than by way of `Op`."""
        return self.model.nodes.kinds[self.first : self.last]

    def _ops(self, rows: Sequence[int]) -> list[Op]:
        nodes = self.model.nodes
        found = self._attributes([self.first + row for row in rows])
        ops = []
        for row, (attributes, graphs) in zip(rows, found, strict=True):
            node = self.first + row
            names = nodes.names[node], nodes.kinds[node], nodes.inputs_of(node), nodes.outputs_of(node)
            ops.append(Op(*names, attributes, self.module_of(row), nodes.domains.get(node, ""), graphs))
        return ops

    def _attributes(self, chosen: list[int]) -> list[tuple[Mapping[str, Any], tuple[Graph, ...]]]:
        """(values by name, graphs) of each of the operators."""
        nodes = self.model.nodes
        starts = nodes.attribute_starts
        runs = [range(int(starts[node]), int(starts[node + 1])) for node in chosen]
        rows = [row for run in runs for row in run]
        if not rows:
            return [({}, ())] * len(chosen)
        graphs = {row: tuple(graph_of(self.model, k) for k in nodes.inner[row]) for row in rows if row in nodes.inner}
        with self.model.source.open() as file:
            begins, ends = nodes.attributes[:, rows]
            reader = self.model.reader(Messages(file))
            pairs = iter(read_attributes(reader, begins, ends, lambda k: graphs.get(rows[k], ())))
        return [
            (dict(next(pairs) for _ in run), tuple(graph for row in run for graph in graphs.get(row, ())))
            for run in runs
        ]


@dataclass(frozen=True, eq=False)
class Functions(Mapping[str, Graph]):
    """Bodies of the operators that a file itself defines, by "domain:name"; made when asked for."""

    model: ModelFile
    scopes: Mapping[str, int]

    @classmethod
    def of(cls, messages: Messages, model: ModelFile) -> Functions:
        """The functions of a model. Raises FormatError."""
        functions = [k for k, scope in enumerate(model.nodes.scopes) if scope.is_function]
        columns = []
        for number in (FUNCTION_DOMAIN, FUNCTION_FIELDS["name"]):
            found = Fields.joined([(model.nodes.scopes[k].fields.of(number, BYTES), k) for k in functions])
            columns.append(dict(zip(found.owners.tolist(), messages.texts(found.starts, found.stops), strict=True)))
        return cls(model, {f"{columns[0].get(k, '')}:{columns[1].get(k, '')}": k for k in functions})

    def __getitem__(self, name: str) -> Graph:
        return graph_of(self.model, self.scopes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.scopes)

    def __len__(self) -> int:
        return len(self.scopes)


def graph_of(model: ModelFile, scope: int) -> Graph:
    """The graph inside of an operator, or the body of a function. Raises FormatError."""
    found: Scope = model.nodes.scopes[scope]
    numbers = FUNCTION_FIELDS if found.is_function else GRAPH_FIELDS
    with model.source.open() as file:
        messages = Messages(file)
        named = found.fields.of(numbers["name"], BYTES)
        names = messages.texts(named.starts, named.stops)
        sides = [_ports(messages, found, numbers[side]) for side in ("inputs", "outputs")]
    operators = OpTable(model, *found.nodes)
    return Graph(names[-1] if names else "", operators, edges(model.nodes, scope), sides[0], sides[1])


def _ports(messages: Messages, scope: Scope, number: int) -> tuple[Port, ...]:
    fields: Fields = scope.fields.of(number, BYTES)
    if not scope.is_function:
        return ports(value_infos(messages, fields.starts, fields.stops))
    return tuple(Port(name, (), "undefined") for name in messages.texts(fields.starts, fields.stops))
