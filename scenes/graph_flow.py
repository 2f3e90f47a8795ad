"""The flow of a network that states its operators: what computes on data becomes a stop, what only reshapes, scales or
activates is folded into the stop before it, and what prepares weights belongs to the operator that uses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..loaders.network import Network, Op, Port
from ..loaders.op_kinds import op_kind
from .flow import Flow, Stop
from .layer_volumes import layer_volume, slab_for

__all__ = ["graph_flow", "stops_of_values"]

SHOWN_AS = {  # what an operator is in the flow, where that is not the kind of a layer with such weights
    **dict.fromkeys(("Resize", "Upsample", "MaxUnpool"), "pool"),
    **dict.fromkeys(("Pow", "Where", "And", "Or", "Stack"), "merge"),
    **dict.fromkeys(("ReduceMean", "ReduceMax"), "other"),  # of norms that are written out, mostly
    "Gather": "embedding",
}
TELL_SHAPES = {"Shape", "Size"}  # what they give is no data
ALONE = {"conv", "attention", "pool"}  # kinds that are never folded
SMALL_INTEGERS = 64  # integer tensors of at most so many numbers are sizes and axes, not weights
NUMBER_NAME = re.compile(r"[A-Za-z]{0,4}_?\d+")  # names that exporters make up, like n12
MADE_BY_SHAPE = re.compile(r"(_[wb]_\d+)?__SHAPE$")  # of a constant that tells the shape of weights
NAME_PARTS = 2  # of the path that a name is
MOST_INPUTS = 64  # connections drawn into one stop


@dataclass
class _Group:
    """Operators that make one stop, or an input."""

    port: Port | None = None
    ops: list[Op] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)  # groups that data comes from
    rows: dict[int, None] = field(default_factory=dict)  # tensors that its operators use
    outer: frozenset[str] = frozenset()  # values that are data for the graphs inside


def graph_flow(network: Network) -> Flow:
    """Stops of the main graph, with the graphs inside operators; tensors that no operator uses stand at the end."""
    names = network.tensors.all_names()
    drawn = _Drawn(network, {name: row for row, name in reversed(list(enumerate(names)))})
    flow = _flow("", network.ops, network.fed_inputs, frozenset(), drawn)
    for row in drawn.take(range(len(names))):
        volume = layer_volume(names[row], "other", [(row, network.tensors.shape(row))])
        if volume:
            flow.stops.append(Stop(volume))
    return flow


def stops_of_values(network: Network) -> dict[str, tuple[int, str]]:
    """(index of the stop in the main flow, path of its layer) of each value that is data, by the value's name."""
    rows = {name: row for row, name in reversed(list(enumerate(network.tensors.all_names())))}
    found: dict[str, tuple[int, str]] = {}
    for number, group in enumerate(_grouped(network.ops, network.fed_inputs, frozenset(), _Drawn(network, rows))):
        path = _label(group.ops[0]) if group.port is None else group.port.name
        if group.port is not None:
            found[path] = number, path
        found.update((name, (number, path)) for op in group.ops for name in op.outputs if name)
    return found


def shown_kind(op: Op) -> str:
    """The kind of layer that an operator is."""
    return SHOWN_AS.get(op.kind) or op_kind(op.kind)


class _Drawn:
    """What the whole network shares: shapes, places of tensors, which of them are drawn already."""

    def __init__(self, network: Network, rows: Mapping[str, int]) -> None:
        self.network, self.rows = network, rows
        self.shapes = network.shapes
        self.used: set[int] = set()
        tensors = network.tensors
        integer = np.array([name.startswith(("int", "uint", "bool", "string")) for name in tensors.dtype_names], bool)
        small = integer[tensors.dtype_codes] & (tensors.counts <= SMALL_INTEGERS) if len(tensors) else integer
        self.small = set(np.flatnonzero(small).tolist())

    def is_small(self, row: int) -> bool:
        """Whether a tensor is a size, an axis or the like."""
        return row in self.small

    def behind(self, name: str, prepared: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
        """Tensors that a value is or comes from."""
        return (self.rows[name],) if name in self.rows else prepared.get(name, ())

    def take(self, rows: Iterable[int]) -> list[int]:
        """Those that are weights and not drawn yet; they are from now on."""
        taken = [row for row in dict.fromkeys(rows) if row not in self.used and row not in self.small]
        self.used.update(taken)
        return taken


def _flow(name: str, ops: Sequence[Op], inputs: Sequence[Port], outer: frozenset[str], drawn: _Drawn) -> Flow:
    """The flow of one graph. `outer`: names of values from outside that are data."""
    flow = Flow(name)
    stop_of: dict[int, int] = {}
    groups = _grouped(ops, inputs, outer, drawn)
    for number, group in enumerate(groups):
        stop_of[number] = len(flow.stops)
        flow.stops.append(_stop(group, drawn))
        flow.edges += [(stop_of[source], stop_of[number]) for source in group.sources[:MOST_INPUTS]]
    return flow


def _grouped(ops: Sequence[Op], inputs: Sequence[Port], outer: frozenset[str], drawn: _Drawn) -> list[_Group]:
    """Groups in the order of the flow, each after those that its data comes from."""
    groups = [_Group(port) for port in inputs]
    maker = {port.name: number for number, port in enumerate(inputs)}  # of values that are data
    behind: dict[str, tuple[int, ...]] = {}  # value that is no data -> tensors that it comes from
    everything_is_data = not inputs and not outer
    for op in ops:
        names = [name for name in (*op.inputs, *_free_names(op)) if name]
        sources = list(dict.fromkeys(maker[name] for name in names if name in maker))
        is_data = bool(sources) or everything_is_data or any(name in outer for name in names)
        rows = [row for name in names for row in drawn.behind(name, behind)]
        if not is_data or op.kind in TELL_SHAPES:
            behind.update(dict.fromkeys(op.outputs, tuple(dict.fromkeys(rows[:MOST_INPUTS]))))
            continue
        if not _is_folded(op, sources, rows, drawn):
            groups.append(_Group(sources=sources, outer=outer | maker.keys() if op.graphs else frozenset()))
            sources = [len(groups) - 1]
        groups[sources[0]].ops.append(op)
        groups[sources[0]].rows.update(dict.fromkeys(rows))
        maker.update((output, sources[0]) for output in op.outputs if output)
    return groups


def _is_folded(op: Op, sources: list[int], rows: list[int], drawn: _Drawn) -> bool:
    """Whether an operator belongs to the stop that its only data comes from."""
    if len(sources) != 1 or op.graphs:
        return False
    has_matrix = any(not drawn.is_small(row) and len(drawn.network.tensors.shape(row)) > 1 for row in rows)
    kind = shown_kind(op)
    return not (kind in ALONE or has_matrix and kind in ("linear", "embedding", "other"))


def _free_names(op: Op) -> list[str]:
    """Names of values that the graphs inside an operator take from outside."""
    names: dict[str, None] = {}
    stack = list(op.graphs)
    while stack:
        graph = stack.pop()
        own = {port.name for port in graph.inputs} | {name for inner in graph.ops for name in inner.outputs}
        used = [name for inner in graph.ops for name in inner.inputs] + [port.name for port in graph.outputs]
        names.update(dict.fromkeys(name for name in used if name and name not in own))
        stack.extend(inner for op_inside in graph.ops for inner in op_inside.graphs)
    return list(names)


def _label(op: Op) -> str:
    """The module that holds its weights, else the end of its name, else what it is."""
    if op.module:
        return MADE_BY_SHAPE.sub("", op.module)
    name = "/".join(op.name.strip("/").split("/")[-NAME_PARTS:])
    return op.kind if not name or NUMBER_NAME.fullmatch(name) else name


def _stop(group: _Group, drawn: _Drawn) -> Stop:
    if group.port is not None:
        slab = slab_for(group.port.shape)
        path, kind = group.port.name, "input"
    else:
        leader = group.ops[0]
        outputs = [name for op in (group.ops[-1], leader) for name in op.outputs]
        slab = slab_for(next((drawn.shapes[name] for name in outputs if name in drawn.shapes), None))
        path, kind = _label(leader), shown_kind(leader)
    inner = [_flow(graph.name, graph.ops, graph.inputs, group.outer, drawn) for op in group.ops for graph in op.graphs]
    if kind == "embedding" and not group.rows:
        kind = "other"  # Gather of something that is no table
    rows = drawn.take(group.rows)
    volume = layer_volume(path, kind, [(row, drawn.network.tensors.shape(row)) for row in rows], slab)
    assert volume is not None  # there is a slab
    return Stop(volume, inner=tuple(flow for flow in inner if flow.stops))
