"""What a model file holds: `Network`, its operators and its tree of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .tensors import Absent, Packed, Tensor, TensorTable, starts_of, take_runs

__all__ = [
    "Absent",
    "Graph",
    "KINDS",
    "Module",
    "Network",
    "Op",
    "Packed",
    "Port",
    "Tensor",
    "TensorTable",
    "starts_of",
    "take_runs",
]

KINDS = (
    *("embedding", "linear", "conv", "attention", "norm", "activation", "pool", "merge", "output"),
    *("block", "group", "other"),
    "optimizer",  # what training keeps beside the network: listed, not drawn
)
STRUCTURES = ("graph", "inferred", "flat")


Shape = tuple[int | str | None, ...]  # str: a named size, None: not stated


@dataclass(frozen=True)
class Port:
    """An input or output of a model."""

    name: str
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class Op:
    """An operator of a graph."""

    name: str
    kind: str  # ONNX vocabulary where it fits
    inputs: tuple[str, ...] = ()  # names of values; "" for one that is left out
    outputs: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)  # numbers, texts, tuples of them, Tensor, Graph
    module: str = ""  # path
    domain: str = ""  # whose vocabulary `kind` is; "" is that of ONNX
    graphs: tuple[Graph, ...] = ()  # what it runs inside: branches, bodies of loops


def no_edges() -> np.ndarray:
    """(0, 2) int64."""
    return np.zeros((0, 2), np.int64)


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph inside an operator, or the body of a function."""

    name: str
    ops: Sequence[Op] = ()
    edges: np.ndarray = field(default_factory=no_edges, repr=False)  # (m, 2) int64, as in `Network`
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()


@dataclass(frozen=True)
class Module:
    """A part of a network. Only modules without children hold tensors: each is one layer."""

    path: str  # as in the names of its tensors; "" for the root
    name: str  # last part of the path
    kind: str  # one of KINDS
    children: tuple[Module, ...] = ()
    tensor_range: tuple[int, int] = (0, 0)  # rows of the network's tensors
    op_range: tuple[int, int] = (0, 0)  # from the first operator that uses its tensors to behind the last

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not 0 <= self.tensor_range[0] <= self.tensor_range[1]:
            raise ValueError(f"no module: {self.kind} {self.tensor_range}")

    def walk(self) -> Iterator[Module]:
        """This module and all below it, parents first, in order."""
        stack = [self]
        while stack:
            module = stack.pop()
            yield module
            stack.extend(reversed(module.children))


@dataclass(frozen=True, eq=False)
class Network:
    """What a model file says. `structure`: "graph" the file states operators; "inferred" modules and their order are
    read off the names; "flat" there is nothing but a list of arrays."""

    name: str
    format: str
    path: str  # of the file or folder that was opened
    tensors: TensorTable
    structure: str
    modules: Callable[[], Module] = field(repr=False)  # makes the tree when it is first asked for
    ops: Sequence[Op] = ()
    edges: np.ndarray = field(default_factory=no_edges, repr=False)  # (m, 2) int64, from operator to operator, sorted
    inputs: tuple[Port, ...] = ()  # as the file states them, also those that have a tensor as default
    outputs: tuple[Port, ...] = ()
    inner_tensors: TensorTable = field(default_factory=TensorTable.empty)  # of constants, sub-graphs, functions
    functions: Mapping[str, Graph] = field(default_factory=dict)  # by "domain:name", operators that the file defines
    value_shapes: Callable[[], Mapping[str, Shape]] = field(default=dict, repr=False)  # finds them when first asked for
    metadata: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # all that the reader had to say

    def __post_init__(self) -> None:
        if self.structure not in STRUCTURES:
            raise ValueError(f"no structure: {self.structure}")

    @cached_property
    def root(self) -> Module:
        """The tree of modules; its leaves cover all tensors in order."""
        root = self.modules()
        if root.tensor_range != (0, len(self.tensors)):
            raise ValueError("the tree of modules does not cover the tensors")
        return root

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Shape of each value between operators, by name, as far as it is stated or follows. Raises FormatError."""
        return self.value_shapes()

    @property
    def fed_inputs(self) -> tuple[Port, ...]:
        """The inputs that the file gives no tensor for."""
        given = set(self.tensors.all_names()) if self.inputs else set()
        return tuple(port for port in self.inputs if port.name not in given)

    @property
    def parameter_count(self) -> int:
        """Elements of all tensors."""
        return int(self.tensors.counts.sum())

    @property
    def byte_count(self) -> int:
        """Bytes of all tensors."""
        return int(self.tensors.byte_counts.sum())

    @property
    def dtypes(self) -> dict[str, int]:
        """Number of tensors of each type, sorted by name."""
        totals = np.bincount(self.tensors.dtype_codes, minlength=len(self.tensors.dtype_names)).tolist()
        return {name: total for name, total in sorted(zip(self.tensors.dtype_names, totals, strict=True)) if total}
