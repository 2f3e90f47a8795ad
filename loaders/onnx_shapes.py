"""Shapes of the values between operators: stated by the model, or found by simple rules for common operators.

Sizes that are named stay named where a rule keeps them; what a rule cannot tell is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..engine.kernels.errors import InputError
from .errors import FormatError
from .limits import LARGEST_NUMBER, RANK
from .network import Op, Shape, TensorTable
from .onnx_ops import GRAPH_FIELDS, ModelFile, OpTable
from .onnx_shape_rules import RULES, SMALL, Known
from .onnx_types import ValueInfo, value_infos
from .protobuf import BYTES, Messages

__all__ = ["ShapeFinder"]

CANNOT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # of rules, for odd attributes


@dataclass(frozen=True, eq=False)
class ShapeFinder:
    """Finds the shape of each value of the main graph, by name, when it is called."""

    model: ModelFile
    ops: OpTable
    tensors: TensorTable
    inner: TensorTable
    ends: Sequence[ValueInfo]  # inputs and outputs of the model

    def __call__(self) -> dict[str, Shape]:
        """Shapes by name. Raises FormatError when the file changed since it was opened."""
        known = _Values(self.inner, self.tensors)
        for info in [*self._stated(), *self.ends]:
            if info.shape is not None:
                known.shapes[info.name] = info.shape
        for op in self.ops:
            _infer(op, known)
        return known.shapes

    def _stated(self) -> list[ValueInfo]:
        """What the model says; nothing where that is damaged."""
        found = self.model.nodes.scopes[0].fields.of(GRAPH_FIELDS["values"], BYTES)
        with self.model.source.open() as file:
            try:
                return value_infos(Messages(file), found.starts, found.stops)
            except FormatError:
                return []


class _Values(Known):
    """Shapes that are known, and integers out of small tensors."""

    def __init__(self, *tables: TensorTable) -> None:
        super().__init__()
        self._rows = {name: (table, row) for table in tables for row, name in enumerate(table.all_names())}
        self.shapes.update({name: table.shape(row) for name, (table, row) in self._rows.items()})

    def numbers(self, name: str) -> Shape | None:
        """The integers of a value, flattened; None where they are not known."""
        if name not in self.integers and name in self._rows:
            table, row = self._rows[name]
            if table.counts[row] <= SMALL and table.dtype_names[table.dtype_codes[row]] in ("int64", "int32"):
                try:
                    self.integers[name] = tuple(table[row].values().ravel().tolist())
                except InputError:
                    return None
        return self.integers.get(name)


def _infer(op: Op, known: Known) -> None:
    """Adds the shapes of what the operator makes, where its rule tells them."""
    rule = None if op.domain else RULES.get(op.kind)
    if rule is None:
        return
    try:
        shapes = rule(op, known)
    except CANNOT:
        return
    for name, shape in zip(op.outputs, shapes, strict=False):
        if name and shape is not None and len(shape) <= RANK:
            known.shapes.setdefault(name, tuple(size if _is_size(size) else None for size in shape))


def _is_size(size: int | str | None) -> bool:
    return isinstance(size, str) or (isinstance(size, int) and 0 <= size <= LARGEST_NUMBER)
