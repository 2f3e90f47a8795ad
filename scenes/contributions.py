"""What weights do in a run: each weight times the mean magnitude of what it is multiplied with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..engine.runners.program import Program, Step
from ..loaders.network import Network

__all__ = ["Contributions"]

MOST_WEIGHTS = 1 << 20  # of a tensor
MOST_IN_ALL = 1 << 24


@dataclass(frozen=True)
class _Use:
    tensor: int
    data: str  # name of the value that the weights are multiplied with
    axis: int  # of the weights' array that runs along channels of the data
    channels: int  # axis of the data
    groups: int


class Contributions:
    """Of the weights of a program's matrix products and convolutions, but of `left_out` tensors that are too large."""

    def __init__(self, network: Network, program: Program) -> None:
        uses = list(_uses(network, program))
        self._network = network
        self._uses = list(_affordable(network, uses))
        self.left_out = len(uses) - len(self._uses)
        self._weights: dict[int, np.ndarray] = {}

    def of(self, arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
        """(index of the tensor, float32 of its shape) for the values of a run, by name."""
        for use in self._uses:
            data = arrays.get(use.data)
            if data is None or not data.size or data.ndim <= use.channels:
                continue
            weights = self._read(use.tensor)
            channel = use.channels % data.ndim
            others = tuple(axis for axis in range(data.ndim) if axis != channel)
            strength = np.abs(data).mean(others, dtype=np.float32)
            factors = _factors(weights.shape, use, strength)
            if factors is not None:
                yield use.tensor, weights * factors

    def _read(self, tensor: int) -> np.ndarray:
        if tensor not in self._weights:
            values = self._network.tensors[tensor].values().astype(np.float32)
            self._weights[tensor] = np.where(np.isfinite(values), values, np.float32(0))
        return self._weights[tensor]


def _factors(shape: tuple[int, ...], use: _Use, strength: np.ndarray) -> np.ndarray | None:
    """What weights of a shape are multiplied with, for broadcasting; None where it does not fit."""
    if len(shape) < 2:
        return None
    if use.groups == 1:
        if shape[use.axis] != len(strength):
            return None
        sides = [1] * len(shape)
        sides[use.axis] = len(strength)
        return strength.reshape(sides)
    if len(strength) != use.groups * shape[1] or shape[0] % use.groups:
        return None
    rows = strength.reshape(use.groups, shape[1]).repeat(shape[0] // use.groups, 0)
    return rows.reshape(*rows.shape, *[1] * (len(shape) - 2))


def _uses(network: Network, program: Program) -> Iterator[_Use]:
    """The first use of each tensor that can be read."""
    rows = {name: row for row, name in enumerate(network.tensors.all_names())}
    turned: dict[str, str] = {}
    seen: set[int] = set()
    for step in program.steps:
        if step.kernel == "Transpose" and step.inputs[0] in rows:
            turned[step.outputs[0]] = step.inputs[0]
        use = _use(step, rows, turned)
        if use is not None and use.tensor not in seen and network.tensors[use.tensor].is_readable:
            seen.add(use.tensor)
            yield use


def _affordable(network: Network, uses: Iterable[_Use]) -> Iterator[_Use]:
    """Those whose weights are not too many."""
    total = 0
    for use in uses:
        count = network.tensors[use.tensor].count
        if count <= MOST_WEIGHTS and total + count <= MOST_IN_ALL:
            total += count
            yield use


def _use(step: Step, rows: Mapping[str, int], turned: Mapping[str, str]) -> _Use | None:
    if step.kernel not in ("Conv", "Gemm", "Linear", "MatMul") or len(step.inputs) < 2:
        return None
    data, name = step.inputs[:2]
    is_turned = name in turned
    tensor = rows.get(turned.get(name, name))
    if tensor is None or data in rows:
        return None
    if step.kernel == "Conv":
        return None if is_turned else _Use(tensor, data, 1, 1, int(step.settings.get("group", 1)))
    along = 1 if step.kernel == "Linear" or step.settings.get("transB") else 0
    if is_turned:
        along = 1 - along
    return _Use(tensor, data, along, -1, 1)
