"""GraphProto, FunctionProto and NodeProto -> columns of all operators of a model, also of graphs inside operators.

Source: https://onnx.ai/onnx/repo-docs/IR.html and onnx.proto of ONNX 1.20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .errors import FormatError
from .limits import MODEL_GRAPHS, NESTED_GRAPHS
from .protobuf import BYTES, Fields, Messages
from .tensors import starts_of

__all__ = ["GRAPH_ATTRIBUTES", "Nodes", "Scope", "read_nodes"]

GRAPH_NODE, FUNCTION_NODE = 1, 7
INPUT, OUTPUT, NAME, KIND, ATTRIBUTE, DOMAIN = 1, 2, 3, 4, 5, 7  # of a node
ATTRIBUTE_NAME, GRAPH_ATTRIBUTES = 1, (6, 11)


@dataclass(frozen=True)
class Scope:
    """One graph: of the model, of a function, or inside an operator."""

    nodes: tuple[int, int]  # first, and behind the last
    fields: Fields  # of its message, without the nodes
    parent: int = -1  # the operator that it is inside of
    attribute: str = ""  # by which that operator holds it
    is_function: bool = False


@dataclass(frozen=True)
class Nodes:
    """All operators of a model as columns: those of the main graph, of functions, then of graphs inside operators."""

    names: list[str]
    kinds: list[str]
    domains: dict[int, str]  # where it is not that of ONNX
    inputs: list[str]  # of all operators, joined
    input_starts: np.ndarray  # (n + 1,) int64
    outputs: list[str]
    output_starts: np.ndarray
    attributes: np.ndarray  # (2, m) int64: where the messages of attributes begin and end in the file
    attribute_starts: np.ndarray  # (n + 1,) int64: those of each operator
    scope_of: np.ndarray  # (n,) int64
    scopes: list[Scope]
    inner: dict[int, tuple[int, ...]]  # scopes by attribute

    def __len__(self) -> int:
        return len(self.names)

    def inputs_of(self, node: int) -> tuple[str, ...]:
        """Names of the values that an operator takes."""
        return tuple(self.inputs[self.input_starts[node] : self.input_starts[node + 1]])

    def outputs_of(self, node: int) -> tuple[str, ...]:
        """Names of the values that it makes."""
        return tuple(self.outputs[self.output_starts[node] : self.output_starts[node + 1]])

    def inside(self, scope: int) -> list[tuple[int, int, int]]:
        """(first operator, behind the last, operator of the scope that they are inside of) of graphs inside a scope."""
        found = []
        waiting = [(inner, self.scopes[inner].parent) for inner in self._inner_scopes.get(scope, ())]
        while waiting:
            inner, holder = waiting.pop()
            found.append((*self.scopes[inner].nodes, holder))
            waiting += [(deeper, holder) for deeper in self._inner_scopes.get(inner, ())]
        return sorted(found)

    @cached_property
    def _inner_scopes(self) -> dict[int, list[int]]:
        """The graphs directly inside of each graph."""
        inner: dict[int, list[int]] = {}
        for k, scope in enumerate(self.scopes):
            if scope.parent >= 0:
                inner.setdefault(int(self.scope_of[scope.parent]), []).append(k)
        return inner


def read_nodes(messages: Messages, graphs: Fields, functions: Fields) -> Nodes:
    """The operators of these graphs and functions, and of all graphs inside. Raises FormatError."""
    builder = _Builder(messages)
    waiting = builder.add(graphs, [(-1, "")] * len(graphs), False)
    waiting = [*waiting, *builder.add(functions, [(-1, "")] * len(functions), True)]
    for _ in range(NESTED_GRAPHS):
        if not waiting:
            return builder.nodes()
        fields = Fields.joined([(part, 0) for part, _, _ in waiting])
        builder.place_of_scopes([attribute for _, attributes, _ in waiting for attribute in attributes])
        waiting = builder.add(fields, [parent for _, _, parents in waiting for parent in parents], False)
    if waiting:
        raise FormatError(messages.path, "protobuf_too_much", what="graphs inside each other", limit=NESTED_GRAPHS)
    return builder.nodes()


class _Builder:
    """Collects columns level by level."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.domains: dict[int, str] = {}
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.counts: dict[int, list[np.ndarray]] = {INPUT: [], OUTPUT: [], ATTRIBUTE: []}
        self.attributes: list[np.ndarray] = []
        self.attribute_count = 0
        self.scope_of: list[np.ndarray] = []
        self.scopes: list[Scope] = []
        self.inner: dict[int, tuple[int, ...]] = {}

    def add(
        self, graphs: Fields, parents: Sequence[tuple[int, str]], are_functions: bool
    ) -> list[tuple[Fields, list[int], list[tuple[int, str]]]]:
        """Adds graphs at [start, stop); gives those inside, their attributes, and (operator, name) of these."""
        messages, first = self.messages, len(self.names)
        fields = messages.fields(graphs.starts, graphs.stops)
        number = FUNCTION_NODE if are_functions else GRAPH_NODE
        nodes = fields.of(number, BYTES)
        found = messages.fields(nodes.starts, nodes.stops)
        self._add_texts(found, len(nodes))
        self._add_scopes(fields.where(fields.tags != number * 8 + BYTES), nodes, first, parents, are_functions)
        attributes = found.of(ATTRIBUTE, BYTES)
        first_attribute = self.attribute_count
        self.attributes.append(np.stack([attributes.starts, attributes.stops]))
        self.attribute_count += len(attributes)
        content = messages.fields(attributes.starts, attributes.stops)
        inside = content.where(np.isin(content.tags, [number * 8 + BYTES for number in GRAPH_ATTRIBUTES]))
        if not len(inside):
            return []
        names = dict.fromkeys(inside.owners.tolist(), "")
        named = content.of(ATTRIBUTE_NAME, BYTES)
        named = named.where(np.isin(named.owners, inside.owners))
        names.update(zip(named.owners.tolist(), messages.texts(named.starts, named.stops), strict=True))
        owners = inside.owners.tolist()
        holders = [(first + int(attributes.owners[owner]), names[owner]) for owner in owners]
        return [(inside, [first_attribute + owner for owner in owners], holders)]

    def place_of_scopes(self, attributes: list[int]) -> None:
        """Notes which scopes, those that are added next, belong to which attributes."""
        for scope, attribute in enumerate(attributes, len(self.scopes)):
            self.inner[attribute] = (*self.inner.get(attribute, ()), scope)

    def _add_texts(self, found: Fields, count: int) -> None:
        first = len(self.names)
        self.names += self.messages.text_of_each(found.of(NAME, BYTES), count)
        self.kinds += self.messages.text_of_each(found.of(KIND, BYTES), count)
        domains = found.of(DOMAIN, BYTES)
        texts = self.messages.texts(domains.starts, domains.stops)
        self.domains.update(
            (first + owner, text)
            for owner, text in zip(domains.owners.tolist(), texts, strict=True)
            if text not in ("", "ai.onnx")
        )
        for number, column in ((INPUT, self.inputs), (OUTPUT, self.outputs)):
            fields = found.of(number, BYTES)
            column += self.messages.texts(fields.starts, fields.stops)
        for number, counts in self.counts.items():
            counts.append(np.bincount(found.of(number, BYTES).owners, minlength=count))

    def _add_scopes(
        self, fields: Fields, nodes: Fields, first: int, parents: Sequence[tuple[int, str]], are_functions: bool
    ) -> None:
        bounds = (first + starts_of(np.bincount(nodes.owners, minlength=len(parents)))).tolist()
        places = np.searchsorted(fields.owners, np.arange(len(parents) + 1)).tolist()
        if len(self.scopes) + len(parents) > MODEL_GRAPHS:
            raise FormatError(self.messages.path, "protobuf_too_much", what="graphs", limit=MODEL_GRAPHS)
        self.scope_of.append(nodes.owners + len(self.scopes))
        for k, (parent, attribute) in enumerate(parents):
            own = Fields.joined([(fields.where(slice(places[k], places[k + 1])), -k)])
            self.scopes.append(Scope((bounds[k], bounds[k + 1]), own, parent, attribute, are_functions))

    def nodes(self) -> Nodes:
        """The columns."""

        def starts(number: int) -> np.ndarray:
            return starts_of(np.concatenate([np.zeros(0, np.int64), *self.counts[number]]))

        return Nodes(
            names=self.names,
            kinds=self.kinds,
            domains=self.domains,
            inputs=self.inputs,
            input_starts=starts(INPUT),
            outputs=self.outputs,
            output_starts=starts(OUTPUT),
            attributes=np.concatenate([np.zeros((2, 0), np.int64), *self.attributes], axis=1),
            attribute_starts=starts(ATTRIBUTE),
            scope_of=np.concatenate([np.zeros(0, np.int64), *self.scope_of]),
            scopes=self.scopes,
            inner=self.inner,
        )
