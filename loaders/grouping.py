"""Names of tensors -> order of the flow and a tree of modules.

The order is the file's own where its writer had one; where names are merely sorted (as most writers do), it is guessed
from the names (layer_names.py). Everything here works on columns, so a million tensors take seconds.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from .layer_names import TENSOR_WORD, flow_rank, group_kind, leaf_kind, natural_key
from .limits import DISTINCT_PARTS, MODULE_TENSORS, PATH_DEPTH
from .network import Module, TensorTable

__all__ = ["Layers", "arrange", "by_layer", "module_tree", "with_optimizer"]

STORED_ORDER = "the order of layers is the one in which the file stores them"
GUESSED_ORDER = "the order of layers was guessed from their names"
TOO_MANY = "too many tensors to make layers of their names; they are listed in the order of the file"
BLOCK_LISTS = {"layers", "layer", "blocks", "block", "h", "encoder_layers", "decoder_layers"}
EXPERTS = "experts"  # numbered, but they work side by side
NUMBERED = re.compile(r"(.*?)[0-9]+")
PIECE_NAMES = 4096
FLAT_WORD = re.compile(r"(?:^|_)(weights?|kernel|bias|gamma|beta|w|b)(?=_|$)")


@dataclass(frozen=True)
class _Names:
    """All names cut into parts, as numbers.

    `codes[row, depth]` is the index of a part in `parts`; -1 behind the last part of a name.
    """

    parts: list[str]
    codes: np.ndarray  # (n, depth) int32
    is_flat: bool


@dataclass(frozen=True)
class Layers:
    """What a graph says of its tensors, where names need not be asked. Columns of n rows."""

    paths: list[str]  # names of modules, and last a name in its layer, with "." between
    kinds: list[str]  # of the layer
    ops: list[int]  # the operator that uses the tensor, -1 where none does

    def take(self, order: list[int]) -> Layers:
        """The rows in another order."""
        return Layers(
            [self.paths[row] for row in order], [self.kinds[row] for row in order], [self.ops[row] for row in order]
        )


def by_layer(paths: list[str]) -> np.ndarray:
    """(n,) rows in their own order, but with the tensors of each module together; all as they are where there are too
    many."""
    cut = _cut(paths) if len(paths) <= MODULE_TENSORS else None
    return np.arange(len(paths)) if cut is None else _by_first_appearance(cut)


def arrange(tensors: TensorTable) -> tuple[TensorTable, str, tuple[str, ...]]:
    """The table in the order of the flow, tensors of one module side by side; the structure; what is to be said."""
    if not len(tensors):
        return tensors, "flat", ()
    names = tensors.all_names() if len(tensors) <= MODULE_TENSORS else []
    cut = _cut(names)
    if cut is None:
        return tensors, "flat", (TOO_MANY,)
    if cut.is_flat:
        return tensors.take(_by_first_appearance(cut), names), "flat", ()
    if _is_merely_sorted(tensors, names, cut):
        return tensors.take(_by_rank(cut), names), "inferred", (GUESSED_ORDER,)
    return tensors.take(_by_first_appearance(cut), names), "inferred", (STORED_ORDER,)


def module_tree(tensors: TensorTable, layers: Layers | None = None) -> Module:
    """The tree of modules of an arranged table; without children where there are too many tensors.

    Names tell the modules, or `layers`, in the order of the table.
    """
    names = [] if len(tensors) > MODULE_TENSORS else layers.paths if layers else tensors.all_names()
    cut = _cut(names)
    if cut is None:
        return Module("", "", "group", (), (0, len(tensors)))
    return _Tree(tensors, names, cut, layers).root()


def with_optimizer(root: Module, optimizer: TensorTable) -> Module:
    """The tree with a module for the tensors that training keeps, whose rows follow those of the network."""
    start = root.tensor_range[1]
    stop = start + len(optimizer)
    if start == stop or (start and not root.children):
        return replace(root, tensor_range=(0, stop))
    path = optimizer.name(0).partition(".")[0]
    module = Module(path, path, "optimizer", (), (start, stop))
    return replace(root, children=(*root.children, module), tensor_range=(0, stop))


def _cut(names: list[str]) -> _Names | None:
    """The names in parts; None where there are no names or too many different parts.

    A piece at a time: few objects at once keep the garbage collector quiet.
    """
    is_flat = not any("." in name or "/" in name for name in names)
    prefixes = Counter(name.partition("_")[0] for name in names) if is_flat else None
    codes: dict[str, int] = {}
    depths: list[int] = []
    pieces = []
    for start in range(0, len(names), PIECE_NAMES):
        piece = names[start : start + PIECE_NAMES]
        lines = _cut_flat(piece, prefixes) if prefixes else _cut_path(piece)
        parts = list(chain.from_iterable(lines))
        for part in dict.fromkeys(parts):
            codes.setdefault(part, len(codes))
        if len(codes) > DISTINCT_PARTS:
            return None
        pieces.append(np.fromiter(map(codes.__getitem__, parts), np.int32, len(parts)))
        depths += map(len, lines)
    if not names:
        return None
    matrix = np.full((len(names), max(depths)), -1, np.int32)
    matrix[np.arange(matrix.shape[1]) < np.array(depths)[:, None]] = np.concatenate(pieces)
    return _Names(list(codes), matrix, is_flat)


def _cut_path(names: list[str]) -> list[list[str]]:
    return [name.replace("/", ".").split(".", PATH_DEPTH - 1) for name in names]


def _cut_flat(names: list[str], prefixes: Counter[str]) -> list[list[str]]:
    """Parts of names without separators: enc_w_ih is enc, ih, w where another name begins with enc_ as well."""
    lines = []
    for name in names:
        prefix, _, rest = name.partition("_")
        if not rest or prefixes[prefix] < 2:
            lines.append([name])
            continue
        word = FLAT_WORD.search(rest)
        stem = (rest[: word.start()] + rest[word.end() :]).strip("_") if word else rest
        lines.append([part for part in (prefix, stem, word[1] if word else "") if part])
    return lines


def _is_merely_sorted(tensors: TensorTable, names: list[str], cut: _Names) -> bool:
    """True when names stand in alphabetical or natural order within each file and type: then order tells nothing."""
    together = (np.diff(tensors.source_codes) == 0) & (np.diff(tensors.dtype_codes) == 0)
    rising = np.fromiter(map(operator.le, names, names[1:]), bool, len(names) - 1)
    if bool(np.all(rising | ~together)):
        return True
    places = _places(cut.parts, natural_key)[cut.codes]
    steps = np.diff(places, axis=0)
    first = np.argmax(steps != 0, axis=1)
    return bool(np.all((steps[np.arange(len(steps)), first] >= 0) | ~together))


def _places(parts: list[str], key: Callable[[str], tuple]) -> np.ndarray:
    """(parts + 1,) int32: place of each part when sorted by `key`; the last entry, for code -1, is -1."""
    places = np.full(len(parts) + 1, -1, np.int32)
    places[sorted(range(len(parts)), key=lambda code: key(parts[code]))] = np.arange(len(parts), dtype=np.int32)
    return places


def _by_rank(cut: _Names) -> np.ndarray:
    """(n,) rows in the guessed order of the flow."""
    outside = _places(cut.parts, lambda part: (flow_rank(part, False), natural_key(part)))
    inside = _places(cut.parts, lambda part: (flow_rank(part, True), natural_key(part)))
    is_number = np.array([part.isdigit() for part in cut.parts] + [False])
    columns, in_block = [], np.zeros(len(cut.codes), bool)
    for codes in cut.codes.T:
        columns.append(np.where(in_block, inside[codes], outside[codes]))
        in_block = in_block | is_number[codes]
    return np.lexsort(columns[::-1])


def _by_first_appearance(cut: _Names) -> np.ndarray:
    """(n,) rows in their own order, but with the tensors of each module together."""
    columns = []
    group = np.zeros(len(cut.codes), np.int64)
    for codes in cut.codes.T:
        _, first, group = np.unique(group * (len(cut.parts) + 1) + codes + 1, return_index=True, return_inverse=True)
        columns.append(first[group])
    return np.lexsort(columns[::-1])


class _Tree:
    """Makes modules of runs of rows. Depth is bounded by PATH_DEPTH. Works on lists: the runs are short."""

    def __init__(self, tensors: TensorTable, names: list[str], cut: _Names, layers: Layers | None) -> None:
        self.names = names
        self.layers = layers
        self.is_flat = cut.is_flat
        parts = cut.parts
        self.lines = [[parts[code] for code in codes if code >= 0] for codes in cut.codes.tolist()]
        self.counts = tensors.counts.tolist()
        self.ranks = tensors.ranks().tolist()
        self.last_matrix = max((row for row, rank in enumerate(self.ranks) if rank >= 2), default=-1)

    def root(self) -> Module:
        """The whole tree; its root has children also where the file is a plain list."""
        children = _with_blocks("", self._children(0, len(self.names), 0))
        return Module("", "", "group", children, (0, len(self.names)), self._ops(0, len(self.names)))

    def _children(self, start: int, stop: int, depth: int) -> list[Module]:
        """Modules of rows that share their first `depth` parts."""
        children: list[Module] = []
        own: list[int] = []
        while start < stop:
            end = self._run_end(start, stop, depth)
            if end - start == 1 and len(self.lines[start]) <= depth + 1:
                own.append(start)
            else:
                children += self._own_leaves(own, depth)
                own = []
                children.append(self._module(start, end, depth + 1))
            start = end
        return children + self._own_leaves(own, depth)

    def _run_end(self, start: int, stop: int, depth: int) -> int:
        """Where the rows end that agree with row `start` in the part at `depth`."""
        part = self.lines[start][depth : depth + 1]
        end = start + 1
        while end < stop and self.lines[end][depth : depth + 1] == part:
            end += 1
        return end

    def _module(self, start: int, stop: int, depth: int) -> Module:
        path = self.lines[start][:depth]
        text = self._path_text(start, path)
        if all(len(line) <= depth + 1 for line in self.lines[start:stop]):
            return self._leaf(start, stop, path, text)
        children = self._children(start, stop, depth)
        kind, blocks = group_kind(path[-1]), _with_blocks(path[-1], children)
        return Module(text, path[-1], kind, blocks, (start, stop), self._ops(start, stop))

    def _own_leaves(self, rows: list[int], depth: int) -> list[Module]:
        """Layers of tensors that stand beside modules: weight and bias together, others alone."""
        runs: list[list[int]] = []
        for row in rows:
            word = TENSOR_WORD.match(self.lines[row][-1])
            if word and runs and TENSOR_WORD.match(self.lines[runs[-1][-1]][-1]):
                runs[-1].append(row)
            else:
                runs.append([row])
        return [self._leaf(run[0], run[-1] + 1, self.lines[run[0]][: depth + 1], self.names[run[0]]) for run in runs]

    def _leaf(self, start: int, stop: int, path: list[str], text: str) -> Module:
        largest = max(range(start, stop), key=self.counts.__getitem__)
        words = [line[-1] for line in self.lines[start:stop]]
        is_last = start <= self.last_matrix < stop and not (self.is_flat and self.lines[start] == path)
        kind = self.layers.kinds[largest] if self.layers else leaf_kind(path, words, self.ranks[largest], is_last)
        return Module(text, path[-1], kind, (), (start, stop), self._ops(start, stop))

    def _ops(self, start: int, stop: int) -> tuple[int, int]:
        """From the first operator of these rows to behind the last."""
        ops = [op for op in self.layers.ops[start:stop] if op >= 0] if self.layers else []
        return (min(ops), max(ops) + 1) if ops else (0, 0)

    def _path_text(self, row: int, path: list[str]) -> str:
        """The parts as they stand in the name."""
        return "_".join(path) if self.is_flat else self.names[row][: sum(map(len, path)) + len(path) - 1]


def _with_blocks(name: str, children: list[Module]) -> tuple[Module, ...]:
    """The children, with those that repeat marked as blocks: numbered, with parts of their own, not holding blocks."""
    numbered = [NUMBERED.fullmatch(child.name) if child.children else None for child in children]
    stems = Counter(match[1] for match in numbered if match)
    marked = []
    for child, match in zip(children, numbered, strict=True):
        repeats = match and (stems[match[1]] > 1 or (not match[1] and name in BLOCK_LISTS))
        is_block = repeats and name != EXPERTS and all(module.kind != "block" for module in child.walk())
        marked.append(replace(child, kind="block") if is_block else child)
    return tuple(marked)
