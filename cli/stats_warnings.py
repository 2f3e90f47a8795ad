"""Warnings about tensors, in words: what their summaries prove, and what a second look at the numbers shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..engine.findings import TOLD_SHARE, Finding, Look, closer_look, content_digest, findings, saturated
from ..engine.kernels.decode import is_vector, matrix_shape
from ..engine.kernels.names import clean
from ..engine.kernels.summarize import TensorSummary
from ..loaders.network import Tensor
from ..scenes.strings import text

__all__ = ["Warnings"]

PIECE = 1 << 20  # elements looked at, or compared, at a time


class Warnings:
    """Warnings about the tensors of one file, found as they come by."""

    def __init__(self) -> None:
        self._found: list[tuple[str, Finding]] = []
        self._first: dict[str, list[Tensor]] = {}  # by digest, tensors that are not equal

    @property
    def names(self) -> set[str]:
        """Of the tensors that there is a warning about."""
        return {name for name, _ in self._found}

    def look_at(self, tensor: Tensor, summary: TensorSummary | None) -> None:
        """Finds what is odd about one tensor. Raises FormatError where a second look finds the file changed."""
        if summary is None:
            return
        columns = tensor.count if is_vector(tensor.shape) else matrix_shape(tensor.shape)[1]
        found = findings(summary, tensor.dtype, columns)
        look = closer_look(summary, tensor.dtype, columns)
        if look.rows or look.ends:
            found += _second_look(tensor, summary, look)
        twin = self._twin(tensor, summary)
        if twin is not None:
            found.append(Finding("duplicate", {"other": twin.name}))
        self._found += [(tensor.name, finding) for finding in found]

    def lines(self) -> Iterator[str]:
        """The number of warnings and a line for each."""
        count = len(self._found)
        yield text("stats.warnings", count=count) if count else text("stats.warnings.none")
        for name, finding in self._found:
            yield f"  {clean(name)}: {_words(finding)}"

    def _twin(self, tensor: Tensor, summary: TensorSummary) -> Tensor | None:
        """A tensor seen before that holds the same numbers in the same shape."""
        digest = content_digest(summary, tensor.dtype)
        if digest is None:
            return None
        others = self._first.setdefault(digest, [])
        for other in others:
            if (other.shape, other.fortran) == (tensor.shape, tensor.fortran) and _are_equal(tensor, other):
                return other
        others.append(tensor)
        return None


def _are_equal(one: Tensor, other: Tensor) -> bool:
    """Whether all numbers have the same bits; of two tensors of one type and shape."""
    if one.key == other.key:
        return True
    for first in range(0, one.count, PIECE):
        a, b = (tensor.items(first, min(PIECE, one.count - first)) for tensor in (one, other))
        if a.tobytes() != b.tobytes():
            return False
    return True


def _second_look(tensor: Tensor, summary: TensorSummary, look: Look) -> list[Finding]:
    """What only the numbers tell."""
    rows, columns = matrix_shape(tensor.shape)
    height = max(1, PIECE // columns)
    dead = low = high = 0
    for top in range(0, rows, height):
        is_alive = np.zeros(min(height, rows - top), bool)
        for left in range(0, columns, PIECE):
            values = tensor.read(slice(top, top + height), slice(left, left + PIECE))
            is_alive |= values.any(1)
            if look.ends:
                low += int(np.count_nonzero(values == summary.min))
                high += int(np.count_nonzero(values == summary.max))
        dead += int(np.count_nonzero(~is_alive))
    found = saturated(low, high, summary) if look.ends else []
    if look.rows and dead:
        found.append(Finding("dead_rows", {"count": dead, "of": rows}))
    return found


def _words(finding: Finding) -> str:
    facts = dict(finding.facts)
    if finding.kind == "saturated":
        return text("stats.warning.saturated", ends=", ".join(_ends(facts)))
    shown = {name: _shown(name, value) for name, value in facts.items()}
    return text(f"stats.warning.{finding.kind}", **shown)


def _ends(facts: dict[str, float]) -> Iterator[str]:
    for end, share in (("min", facts["low_share"]), ("max", facts["high_share"])):
        if share >= TOLD_SHARE:
            yield f"{share:.1%} = {facts[end]:.4g}"


def _shown(name: str, value: object) -> object:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else value
