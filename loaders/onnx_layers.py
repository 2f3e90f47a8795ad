"""Layers of a graph: which tensors belong together, and what to call that.

Names of tensors tell it where they have parts ("features.3.weight"), else the name of the operator that takes the
tensor into the flow ("/layer1/layer1.0/conv1/Conv"), else the kind of that operator and its number.
"""

from __future__ import annotations

import os
import re
from functools import cached_property

import numpy as np

from .grouping import Layers
from .layer_names import leaf_kind
from .limits import PATH_DEPTH
from .onnx_flow import Flow
from .onnx_nodes import Nodes
from .op_kinds import op_kind
from .tensors import TensorTable

__all__ = ["OpModules", "flow_order", "layers", "scope_path"]

_Key = tuple[str, int]  # modules in the names of tensors; the operator, or -1

UNUSED = "unused"
EXPORTED = re.compile(r"onnx::\w+$")  # names that torch makes up
SPEAKING = re.compile(r"[A-Za-z].*[A-Za-z].*[A-Za-z]")  # unlike "n12"
WEIGHT_WORD = re.compile(r"_(weights?|kernel|bias|gamma|beta|scale|w|b)(?=_|$)")
WEIGHTY = {"conv", "linear", "norm", "attention", "embedding"}  # kinds of which each is a layer by itself


def flow_order(flow: Flow) -> np.ndarray:
    """(n,) tensors in the order in which their values enter the flow."""
    return np.lexsort((flow.positions, flow.takers, flow.holders))


def layers(nodes: Nodes, flow: Flow, order: np.ndarray, tensors: TensorTable, names: list[str]) -> Layers:
    """Path, kind and operator of each tensor, in `order`."""
    count = nodes.scopes[0].nodes[1]
    rows = order.tolist()
    holders, takers = flow.holders[order].tolist(), flow.takers[order].tolist()
    ranks = tensors.ranks()[order].tolist()
    separator = "/" if sum("/" in name for name in names) > sum("." in name for name in names) else "."
    prefixes = [_prefix(names[row], separator) for row in rows]
    words = [re.split(r"[./]", names[row])[-1] or "value" for row in rows]
    last = max((holder for rank, holder in zip(ranks, holders, strict=True) if rank > 1 and holder < count), default=-1)
    keys = _keys(nodes, prefixes, holders, count)
    texts = _texts(nodes, keys, words, separator, count)
    outer = {scope.parent for scope in nodes.scopes}
    kinds = [
        _kind(nodes, outer, holder, taker, texts[key], rank, holder == last) if holder < count else "other"
        for key, holder, taker, rank in zip(keys, holders, takers, ranks, strict=True)
    ]
    paths = [f"{texts[key]}{separator}{word}" for key, word in zip(keys, words, strict=True)]
    return Layers(paths, kinds, [holder if holder < count else -1 for holder in holders])


def _prefix(name: str, separator: str) -> str:
    """The modules in the name of a tensor; "" where there are none."""
    if EXPORTED.match(name):
        return ""
    parts = [part for part in re.split(r"[./]", name.partition(";")[0]) if part]
    return separator.join(parts[:-1])


def _keys(nodes: Nodes, prefixes: list[str], holders: list[int], count: int) -> list[_Key]:
    """What tells the layer of each tensor: modules in its name, the operator, or both where one module has several."""
    weighty: dict[str, set[int]] = {}
    for prefix, holder in zip(prefixes, holders, strict=True):
        if holder < count and op_kind(nodes.kinds[holder]) in WEIGHTY:
            weighty.setdefault(prefix, set()).add(holder)
    keys: list[_Key] = []
    of_holder: dict[int, _Key] = {}
    for prefix, holder in zip(prefixes, holders, strict=True):
        is_shared = len(weighty.get(prefix, ())) > 1
        keys.append((prefix, holder if is_shared or not prefix else -1))
        if prefix:
            of_holder.setdefault(holder, keys[-1])
    return [key if key[0] else of_holder.get(key[1], key) for key in keys]


def _texts(nodes: Nodes, keys: list[_Key], words: list[str], separator: str, count: int) -> dict[_Key, str]:
    """The path of each layer."""
    words_of: dict[_Key, list[str]] = {}
    for key, word in zip(keys, words, strict=True):
        words_of.setdefault(key, []).append(word)
    texts: dict[_Key, str] = {}
    weighty: set[str] = set()  # layers that have an operator with weights: another one is a layer by itself
    for key, own in words_of.items():
        prefix, holder = key
        if holder < 0:
            text = prefix
        elif holder >= count:
            text = f"{prefix}{separator}{UNUSED}" if prefix else UNUSED
        else:
            text = f"{prefix}{separator}{_stem(own) or own[0]}" if prefix else _named(nodes, holder, own, separator)
            is_weighty = op_kind(nodes.kinds[holder]) in WEIGHTY
            text += f"_{holder}" if is_weighty and text in weighty else ""
            weighty |= {text} if is_weighty else set()
        texts[key] = text
    return texts


def _stem(words: list[str]) -> str:
    """What names of the tensors of one layer have in common: conv1 of conv1_w_0 and conv1_b_0; "" where nothing."""
    words = [word for word in words if not EXPORTED.match(word)]
    if len(words) > 1:
        stem = os.path.commonprefix(words).strip("_-:")
    else:
        match = WEIGHT_WORD.search(words[0]) if words else None
        stem = words[0][: match.start()] if match else ""
    return stem if SPEAKING.search(stem) else ""


def _named(nodes: Nodes, operator: int, words: list[str], separator: str) -> str:
    """What to call the layer of an operator whose tensors tell no modules."""
    name, kind = nodes.names[operator], nodes.kinds[operator] or "op"
    scope = scope_path(name, kind)
    if scope:
        return scope.replace(".", separator)
    plain = re.sub(r"[./]", "_", name).strip("_")
    return (plain if SPEAKING.search(plain) else "") or _stem(words) or plain or f"{kind}_{operator}"


def _kind(nodes: Nodes, outer: set[int], holder: int, taker: int, path: str, rank: int, is_last: bool) -> str:
    """The kind of layer that a tensor is in. `outer`: operators with graphs inside."""
    kind = op_kind(nodes.kinds[holder])
    if "Gather" in (nodes.kinds[taker], nodes.kinds[holder]) and rank > 1:
        return "embedding"
    if kind == "other" and holder in outer:  # its graphs are not asked
        return leaf_kind(re.split(r"[./]", path)[-PATH_DEPTH:], [], rank, is_last)
    if kind == "linear" and rank > 1:
        named = leaf_kind(re.split(r"[./]", path)[-PATH_DEPTH:], [], rank, False)
        return named if named == "attention" else "output" if is_last else kind
    return kind


class OpModules:
    """The module of each operator: of its tensors, else the nearest one that its name tells."""

    def __init__(self, nodes: Nodes, layers: Layers) -> None:
        self._names, self._kinds = nodes.names, nodes.kinds
        self._layers = layers

    def path(self, op: int) -> str:
        """The path of the module; "" for the whole network."""
        holding, modules = self._modules
        if op in holding:
            return holding[op]
        parts = scope_path(self._names[op], self._kinds[op]).split(".")
        found = (modules.get(".".join(parts[:stop])) for stop in range(len(parts), 0, -1))
        return next(filter(None, found), "")

    @cached_property
    def _modules(self) -> tuple[dict[int, str], dict[str, str]]:
        """(module by operator, module by its path with "." between all parts)."""
        holding: dict[int, str] = {}
        modules: dict[str, str] = {}
        for path, op in zip(self._layers.paths, self._layers.ops, strict=True):
            module = path[: max(path.rfind("."), path.rfind("/"))]
            holding.setdefault(op, module)
            if module.replace("/", ".") not in modules:
                for match in re.finditer(r"[./]|$", module):
                    modules.setdefault(module[: match.start()].replace("/", "."), module[: match.start()])
        return holding, modules


def scope_path(name: str, kind: str) -> str:
    """The modules that the name of an operator tells, with "." between; "" where it tells none.

    The last part is left out where it only says the kind; "layer1/layer1.0" is layer1.0.
    """
    parts = [part for part in name.partition(";")[0].split("/") if part]
    if len(parts) < 2:
        return ""
    if re.fullmatch(re.escape(kind) + r"(_\d+)?", parts[-1]):
        parts.pop()
    kept: list[str] = []
    for part in parts:
        if kept and part.startswith(kept[-1] + "."):
            kept[-1] = part
        else:
            kept.append(part)
    return ".".join(kept)
