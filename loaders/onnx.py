"""ONNX: a protobuf message with the graph of a model, its tensors inside or in files beside it.

Only what describes the model is read; the numbers stay in the file. Source: https://onnx.ai/onnx/repo-docs/IR.html.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..engine.kernels.names import clean
from .errors import FormatError
from .grouping import by_layer, module_tree
from .json_text import first_repeated
from .network import Network, TensorTable
from .notes import Notes
from .onnx_external import ExternalFiles
from .onnx_flow import Flow, flow
from .onnx_inner import INITIALIZER, SPARSE_INITIALIZER, inner_tensors
from .onnx_layers import OpModules, flow_order, layers
from .onnx_nodes import Nodes, Scope, read_nodes
from .onnx_ops import GRAPH_FIELDS, Functions, ModelFile, OpTable
from .onnx_shapes import ShapeFinder
from .onnx_sniff import matches
from .onnx_tensors import TensorReader
from .onnx_types import ports, value_infos
from .protobuf import BYTES, VARINT, Fields, Messages
from .source import Source

__all__ = ["matches", "read"]

VERSIONS = {"ir_version": 1, "model_version": 5}
TEXTS = {"producer": 2, "producer_version": 3, "domain": 4, "description": 6}
GRAPH, OPSET, METADATA, TRAINING, FUNCTIONS = 7, 8, 14, 20, 25
GRAPH_NAME, GRAPH_DESCRIPTION = 2, 10


def read(source: Source, shown: Path) -> Network:
    """The model, without a name. `shown`: its path as it was given; files that it names are looked for beside it.

    Raises FormatError where it is damaged or names files outside of its folder. Tensors without values are noted.
    """
    notes = Notes()
    with source.open() as file:
        messages = Messages(file)
        fields = messages.fields(np.array([0]), np.array([source.size]))
        graphs = fields.of(GRAPH, BYTES)
        if len(graphs) != 1:
            raise FormatError(source.path, "no_graph", count=len(graphs))
        nodes = read_nodes(messages, graphs, fields.of(FUNCTIONS, BYTES))
        reader = TensorReader(messages, ExternalFiles(source, shown.parent, notes), notes)
        main = nodes.scopes[0]
        tables = [_own(reader, main, INITIALIZER), _own(reader, main, SPARSE_INITIALIZER)]
        found = TensorTable.joined(tables) if len(tables[1]) else tables[0]
        inner = inner_tensors(reader, nodes)
        metadata = _metadata(reader, fields, main)
        sides = [_values(messages, main, side) for side in ("inputs", "outputs")]
        model = ModelFile(source, shown.parent, nodes)
        functions = Functions.of(messages, model)
    connections = flow(nodes, 0, found.all_names())
    tensors, layer_of = _arranged(nodes, connections, found)
    modules = OpModules(nodes, layer_of)
    ops = OpTable(model, *main.nodes, modules.path)
    _remark(notes, fields, nodes, connections, found)
    return Network(
        name="",
        format="onnx",
        path=source.path,
        tensors=tensors,
        structure="graph",
        modules=lambda: module_tree(tensors, layer_of),
        ops=ops,
        edges=connections.edges,
        inputs=ports(sides[0]),
        outputs=ports(sides[1]),
        inner_tensors=inner,
        functions=functions,
        value_shapes=ShapeFinder(model, ops, tensors, inner, [*sides[0], *sides[1]]),
        metadata=metadata,
        notes=notes.all(),
    )


def _own(reader: TensorReader, main: Scope, number: int) -> TensorTable:
    """Initializers of the main graph."""
    found = main.fields.of(number, BYTES)
    read = reader.tensors if number == INITIALIZER else reader.sparse
    return read(found.starts, found.stops)


def _values(messages: Messages, main: Scope, side: str):
    found = main.fields.of(GRAPH_FIELDS[side], BYTES)
    return value_infos(messages, found.starts, found.stops)


def _arranged(nodes: Nodes, connections: Flow, tensors: TensorTable):
    """(the tensors in the order of the flow, those of a layer together; their layers)."""
    names = tensors.all_names()
    order = flow_order(connections)
    found = layers(nodes, connections, order, tensors, names)
    together = by_layer(found.paths)
    return tensors.take(order[together], names), found.take(together.tolist())


def _metadata(reader: TensorReader, fields: Fields, main: Scope) -> dict[str, str]:
    """What the model says of itself, as texts."""
    messages = reader.messages
    found: dict[str, str] = {}
    for name, number in VERSIONS.items():
        numbers = fields.of(number, VARINT)
        if len(numbers):
            found[name] = str(numbers.values[-1])
    named = [(name, fields.of(number, BYTES)) for name, number in TEXTS.items()]
    named += [("graph", main.fields.of(GRAPH_NAME, BYTES))]
    named += [("graph_description", main.fields.of(GRAPH_DESCRIPTION, BYTES))]
    for name, texts in named:
        last = texts.last()
        if len(last) and last.stops[0] > last.starts[0]:
            found[name] = messages.texts(last.starts, last.stops)[0]
    opset = _opset(messages, fields.of(OPSET, BYTES))
    if opset:
        found["opset"] = opset
    pairs = fields.of(METADATA, BYTES)
    for key, value in reader.pairs(pairs.starts, pairs.stops):
        found[key if key not in found else f"metadata.{key}"] = value
    return found


def _opset(messages: Messages, imports: Fields) -> str:
    """Versions of the vocabularies: "ai.onnx 15, ai.onnx.ml 2"."""
    fields = messages.fields(imports.starts, imports.stops)
    named = fields.of(1, BYTES)
    domains = dict(zip(named.owners.tolist(), messages.texts(named.starts, named.stops), strict=True))
    versions = fields.of(2, VARINT)
    numbers = dict(zip(versions.owners.tolist(), versions.values.tolist(), strict=True))
    return ", ".join(f"{domains.get(k) or 'ai.onnx'} {numbers.get(k, 0)}" for k in range(len(imports)))


def _remark(notes: Notes, fields: Fields, nodes: Nodes, connections: Flow, tensors: TensorTable) -> None:
    """Notes on the model as a whole."""
    training = len(fields.of(TRAINING, BYTES))
    if training:
        notes.add(f"left out: {training} graphs for training")
    names = tensors.all_names()
    if len(set(names)) < len(names):
        notes.add(f"the name {clean(first_repeated(names), 80)} stands twice")
    if len(connections.edges) and bool(np.any(connections.edges[:, 0] >= connections.edges[:, 1])):
        notes.add("some operators stand before those whose values they take")
