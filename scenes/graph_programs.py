"""Operators that a file states -> steps of a program.

Older versions of ONNX's vocabulary are brought to the present one: settings that became inputs are given as inputs.
Source: https://onnx.ai/onnx/operators/ and the change logs on its pages.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..engine.kernels.errors import InputError
from ..engine.kernels.forward.table import KERNELS
from ..engine.runners.program import Branch, Feed, Program, Step
from ..engine.values import Values
from ..loaders.network import Graph, Network, Op, Tensor
from ..loaders.onnx_tensors import dtype_name

__all__ = ["graph_program"]

ONNX_DOMAINS = ("", "ai.onnx")
SAME_AS = {  # (vocabulary, operator): kernel
    ("", "SimplifiedLayerNormalization"): "RMSNormalization",
    ("com.microsoft", "Gelu"): "Gelu",
    ("com.microsoft", "QuickGelu"): "QuickGelu",
}
REDUCED = [name for name in KERNELS if name.startswith("Reduce")]
AS_INPUTS: dict[str, dict[str, int]] = {  # operator: settings that are inputs by now, and their places
    "Clip": {"min": 1, "max": 2},
    "ConstantOfShape": {"value": 1},
    "Pad": {"pads": 1, "value": 2},
    "Reshape": {"shape": 1},
    "Slice": {"starts": 1, "ends": 2, "axes": 3},
    "Split": {"split": 1},
    "Squeeze": {"axes": 1},
    "TopK": {"k": 1},
    "Unsqueeze": {"axes": 1},
    "Upsample": {"scales": 1},
    **{name: {"axes": 1} for name in REDUCED},
}
WITHOUT_MEANING = {  # settings that change nothing here
    "Attention": {"qk_matmul_output_mode", "softmax_precision"},
    "BatchNormalization": {"consumed_inputs", "is_test"},
    "Cast": {"round_mode", "saturate"},
    "CastLike": {"round_mode", "saturate"},
    "Dropout": {"is_test", "ratio", "seed"},
    "Gemm": {"broadcast"},
    "Reshape": {"consumed_inputs"},
}
COERCED = {"Softmax": 13, "LogSoftmax": 13}  # before this version along all axes from one on
VERSION = re.compile(r"(?:^|, )ai\.onnx (\d+)")
LATEST = 1 << 30

Weights = dict[str, Values | np.ndarray]


def graph_program(network: Network, layers: Mapping[str, str]) -> Program:
    """The program of a network that states its operators. `layers`: path of the layer that gives a value."""
    version = VERSION.search(network.metadata.get("opset", ""))
    maker = _Maker(network, layers, int(version[1]) if version else LATEST)
    steps = _ordered(maker.steps(network.ops, _Scope()))
    feeds = tuple(Feed(port.name, port.shape, port.dtype) for port in network.fed_inputs)
    return Program(feeds, tuple(port.name for port in network.outputs), steps, maker.weights)


@dataclass(frozen=True)
class _Scope:
    """Names of values as one graph knows them. Graphs side by side may use a name twice."""

    prefix: str = ""
    own: frozenset[str] = frozenset()
    outer: _Scope | None = None
    layer: str = ""

    def name(self, name: str) -> str:
        """The name in the program."""
        scope: _Scope | None = self
        while scope is not None and name and scope.prefix:
            if name in scope.own:
                return scope.prefix + name
            scope = scope.outer
        return name


@dataclass
class _Maker:
    network: Network
    layers: Mapping[str, str]
    version: int
    weights: Weights = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = {name: row for row, name in enumerate(self.network.tensors.all_names())}
        self._inner = {name: row for row, name in enumerate(self.network.inner_tensors.all_names())}

    def steps(self, ops: Iterable[Op], scope: _Scope) -> list[Step]:
        """Steps of the operators, but for constants, which are weights."""
        found = []
        for op in ops:
            if op.kind == "Constant" and op.domain in ONNX_DOMAINS:
                self._constant(op, scope)
            else:
                found.append(self._step(op, scope))
        return found

    def _step(self, op: Op, scope: _Scope) -> Step:
        inputs = tuple(self._input(name, scope) for name in op.inputs)
        outputs = tuple(scope.name(name) for name in op.outputs)
        layer = scope.layer or next((self.layers[name] for name in op.outputs if name in self.layers), op.module)
        kernel = _kernel(op)
        name = op.name or next(filter(None, op.outputs), op.kind)
        step = Step(kernel, inputs, outputs, dict(op.attributes), name, layer)
        if kernel == "If":
            return self._branches(op, step, scope)
        if not kernel or kernel not in KERNELS and kernel not in REWRITTEN:
            operator = f"{op.domain}:{op.kind}" if op.domain else op.kind
            error = InputError(name, "run_operator", operator=operator)
            return replace(step, kernel=op.kind, settings={}, refused=error)
        step = self._rewritten(step)
        without = WITHOUT_MEANING.get(kernel, set())
        return replace(step, settings={key: value for key, value in step.settings.items() if key not in without})

    def _rewritten(self, step: Step) -> Step:
        """The step in the present vocabulary."""
        step = self._as_inputs(step)
        if step.kernel in COERCED and self.version < COERCED[step.kernel]:
            step = replace(step, settings={"axis": 1, "flattened": 1, **step.settings})
        rewrite = REWRITTEN.get(step.kernel)
        return rewrite(step, self.version) if rewrite else step

    def _as_inputs(self, step: Step) -> Step:
        places = AS_INPUTS.get(step.kernel, {})
        given = {key: step.settings[key] for key in places if key in step.settings}
        if not given:
            return step
        inputs = list(step.inputs)
        for key, value in given.items():
            inputs += [""] * (places[key] + 1 - len(inputs))
            inputs[places[key]] = self._made(f"{step.outputs[0]}.{key}", value)
        settings = {key: value for key, value in step.settings.items() if key not in given}
        return replace(step, inputs=tuple(inputs), settings=settings)

    def _input(self, name: str, scope: _Scope) -> str:
        own = scope.name(name)
        if own not in self.weights:
            if own in self._inner and own != name:
                self.weights[own] = self.network.inner_tensors[self._inner[own]]
            elif own == name and name in self._rows:
                self.weights[own] = self.network.tensors[self._rows[name]]
        return own

    def _constant(self, op: Op, scope: _Scope) -> None:
        for value in op.attributes.values():
            if op.outputs and value is not None and not isinstance(value, str | Graph):
                self._made(scope.name(op.outputs[0]), value)

    def _made(self, name: str, value: Any) -> str:
        """The name of a weight that holds the value of a setting."""
        if isinstance(value, Tensor):
            self.weights[name] = value
        else:
            numbers = value if isinstance(value, tuple) else (value,)
            is_whole = all(isinstance(number, int) for number in numbers)
            if all(isinstance(number, int | float) for number in numbers):
                array = np.array(value, np.int64 if is_whole else np.float32)
                self.weights[name] = array
        return name

    def _branches(self, op: Op, step: Step, scope: _Scope) -> Step:
        """An If with its two graphs."""
        graphs = [op.attributes.get(name) for name in ("then_branch", "else_branch")]
        holder = op.name or next(filter(None, op.outputs), "")
        branches = []
        for name, graph in zip(("then_branch", "else_branch"), graphs, strict=True):
            if isinstance(graph, Graph):
                prefix = f"{scope.prefix}{holder}.{name}."
                own = {output for inner in graph.ops for output in inner.outputs if output}
                own |= {key[len(prefix) :] for key in self._inner if key.startswith(prefix)}
                inner_scope = _Scope(prefix, frozenset(own), scope, step.layer)
                steps = tuple(_ordered(self.steps(graph.ops, inner_scope)))
                branches.append(Branch(steps, tuple(self._input(port.name, inner_scope) for port in graph.outputs)))
        return replace(step, settings={}, branches=tuple(branches))


def _kernel(op: Op) -> str:
    """The kernel's name; "" where the operator is of another vocabulary."""
    if op.domain in ONNX_DOMAINS:
        return SAME_AS.get(("", op.kind), op.kind)
    return SAME_AS.get((op.domain, op.kind), "")


def _ordered(steps: list[Step]) -> list[Step]:
    """The steps, each behind those that give what it takes; those of a circle last."""
    maker = {name: k for k, step in enumerate(steps) for name in step.outputs if name}
    waits = [{maker[name] for name in _taken(step) if name in maker} for step in steps]
    if all(max(sources, default=-1) < k for k, sources in enumerate(waits)):
        return steps
    takers: list[list[int]] = [[] for _ in steps]
    for k, sources in enumerate(waits):
        for source in sources:
            takers[source].append(k)
    ready = [k for k, sources in enumerate(waits) if not sources]
    left = [len(sources) for sources in waits]
    order = []
    while ready:
        k = heapq.heappop(ready)
        order.append(k)
        for taker in takers[k]:
            left[taker] -= 1
            if not left[taker]:
                heapq.heappush(ready, taker)
    return [steps[k] for k in order + sorted(set(range(len(steps))) - set(order))]


def _taken(step: Step) -> Iterable[str]:
    """Names of all values that a step and the steps inside it take."""
    yield from step.inputs
    for branch in step.branches:
        yield from branch.outputs
        for inner in branch.steps:
            yield from _taken(inner)


def _cast(step: Step, version: int) -> Step:
    to = step.settings.get("to")
    return replace(step, settings={**step.settings, "to": dtype_name(to) if isinstance(to, int) else str(to).lower()})


def _split(step: Step, version: int) -> Step:
    if len(step.inputs) > 1 and step.inputs[1]:
        return replace(step, settings={k: value for k, value in step.settings.items() if k != "num_outputs"})
    return replace(step, settings={"num_outputs": len(step.outputs), **step.settings})


def _resize(step: Step, version: int) -> Step:
    """Versions before 11 scale from the corner, and take scales alone."""
    if step.kernel != "Upsample" and version > 10:
        return step
    old = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    mode = {"bilinear": "linear"}.get(step.settings.get("mode", ""), step.settings.get("mode", "nearest"))
    scales = step.inputs[1] if len(step.inputs) > 1 else ""
    return replace(step, kernel="Resize", inputs=(step.inputs[0], "", scales), settings={**old, "mode": mode})


def _attention(step: Step, version: int) -> Step:
    """Only what it gives without a cache; beside that its weights."""
    if any(step.outputs[1:]) or any(step.inputs[4:]):
        error = InputError(step.name, "run_operator", operator="Attention with a cache")
        return replace(step, refused=error)
    outputs = (step.outputs[0], f"{step.outputs[0]}.weights")
    return replace(step, inputs=step.inputs[:4], outputs=outputs)


REWRITTEN: Mapping[str, Callable[[Step, int], Step]] = {
    "Attention": _attention,
    "Cast": _cast,
    "Resize": _resize,
    "Split": _split,
    "Upsample": _resize,
}
