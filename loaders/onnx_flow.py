"""Who makes and who takes which value: edges between operators, and the operator that each tensor belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat

import numpy as np

from .network import no_edges
from .onnx_nodes import Nodes

__all__ = ["Flow", "edges", "flow"]

CHAINED = 64  # operators that do nothing but prepare a tensor, one after the other


@dataclass(frozen=True)
class Flow:
    """How the main graph is connected."""

    edges: np.ndarray  # (m, 2) int64, from operator to operator, sorted
    holders: np.ndarray  # (tensors,) int64: the operator that takes a tensor into the flow; as many where none does
    takers: np.ndarray  # (tensors,) int64: the first operator that takes it, maybe only to prepare it
    positions: np.ndarray  # (tensors,) int64: where that stands among the inputs of all operators


def edges(nodes: Nodes, scope: int) -> np.ndarray:
    """(m, 2) int64: the edges of one graph, its first operator being number 0. What a graph inside of an operator takes
    from outside, the operator takes."""
    first, last = nodes.scopes[scope].nodes
    takers, makers, _ = _connections(nodes, scope)
    is_made = makers >= 0
    return _unique(makers[is_made], takers[is_made], last - first)


def flow(nodes: Nodes, scope: int, tensor_names: list[str]) -> Flow:
    """The connections of the main graph, whose operators are the first of all."""
    count = nodes.scopes[scope].nodes[1]
    takers, makers, names = _connections(nodes, scope)
    row_of = dict(zip(reversed(tensor_names), range(len(tensor_names) - 1, -1, -1), strict=True))
    rows = np.fromiter(map(row_of.get, names, repeat(-1)), np.int64, len(names))
    is_made = makers >= 0
    found = _unique(makers[is_made], takers[is_made], count)
    used = np.flatnonzero(rows >= 0)
    order = used[np.lexsort((used, takers[used], rows[used]))]
    firsts = order[np.unique(rows[order], return_index=True)[1]]
    first_takers, positions = np.full(len(tensor_names), count), np.zeros(len(tensor_names), np.int64)
    first_takers[rows[firsts]], positions[rows[firsts]] = takers[firsts], firsts
    ready = _preparing(nodes, count, takers, makers, (rows >= 0) | np.array([not name for name in names], bool))
    holders = _holders(ready, found, count)
    return Flow(found, np.append(holders, count)[first_takers], first_takers, positions)


def _connections(nodes: Nodes, scope: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(takers, makers, names) of all inputs in a graph: numbers of operators in it, -1 where no operator of it makes
    the value."""
    first, last = nodes.scopes[scope].nodes
    starts = nodes.input_starts
    takers = [np.repeat(np.arange(last - first), np.diff(starts[first : last + 1]))]
    names = nodes.inputs[starts[first] : starts[last]]
    for start, stop, holder in nodes.inside(scope):
        inner = nodes.inputs[starts[start] : starts[stop]]
        takers.append(np.full(len(inner), holder - first))
        names += inner
    ends = nodes.output_starts[first : last + 1]
    outputs = nodes.outputs[ends[0] : ends[-1]]
    owners = np.repeat(np.arange(last - first), np.diff(ends)).tolist()
    maker_of = dict(zip(reversed(outputs), reversed(owners), strict=True))
    maker_of.pop("", None)
    makers = np.fromiter(map(maker_of.get, names, repeat(-1)), np.int64, len(names))
    return np.concatenate(takers), makers, names


def _unique(sources: np.ndarray, targets: np.ndarray, count: int) -> np.ndarray:
    """(m, 2) int64: the pairs, sorted, each once."""
    if not len(sources):
        return no_edges()
    return np.stack(np.divmod(np.unique(sources * count + targets), count), axis=1)


def _preparing(nodes: Nodes, count: int, takers: np.ndarray, makers: np.ndarray, is_given: np.ndarray) -> np.ndarray:
    """(count,) bool: operators that take nothing but tensors, or what others like them made of tensors."""
    takes = np.bincount(takers, minlength=count)
    ready = np.array([kind == "Constant" for kind in nodes.kinds[:count]], bool)
    for _ in range(CHAINED):
        is_known = is_given | ((makers >= 0) & ready[makers])
        now = ready | ((takes > 0) & (np.bincount(takers[~is_known], minlength=count) == 0))
        if np.array_equal(now, ready):
            break
        ready = now
    return ready


def _holders(ready: np.ndarray, found: np.ndarray, count: int) -> np.ndarray:
    """(count,) int64: each operator itself, or in place of one that only prepares the first that takes its result."""
    following = np.arange(count)
    sources, places = np.unique(found[:, 0], return_index=True)
    following[sources] = found[places, 1]
    holders = np.arange(count)
    for _ in range(CHAINED):
        moved = np.where(ready[holders], following[holders], holders)
        if np.array_equal(moved, holders):
            break
        holders = moved
    return holders
