"""Parts of the one pass over all numbers of a file: which there are, their summaries, and how these become a tensor's.

A tensor's parts are runs of its numbers in the order in which they are stored, the same ones whoever reads them, so the
results are the same bits. Beside its summary a large tensor gets a pyramid: the level of blocks of 32 x 32 numbers of
its matrix, from which coarser ones follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from ..engine.kernels.decode import matrix_shape, stored_bytes
from ..engine.kernels.errors import InputError
from ..engine.kernels.matrix_runs import LEVEL_SIDE, MatrixFacts
from ..engine.kernels.summarize import TensorSummary, fold
from ..engine.summaries import (
    StoredNumbers,
    piece_size,
    read_raw,
    summarize,
    summarize_stored,
    summarize_whole,
    values_of,
)
from ..loaders.network import Tensor

__all__ = ["SMALL", "Part", "Whole", "has_pyramid", "is_plain", "parts_of", "small_summaries"]

SMALL = 1 << 16  # elements up to which a tensor is summarized at once, and has no pyramid: it is quickly read
MOST_BLOCKS = 10_000_000  # of a pyramid, of 14 bytes; what has more is too long and narrow for one, or too large
MOST_IN_ROW = 320_000  # blocks side by side: a part that two rows share takes memory for all of both
MOST_IN_ONE_ROW = 2_000_000  # of a vector, of which no part does
FOLDED_AT = 64  # summaries of parts

Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """Elements of a tensor, in the order in which they are stored."""

    tensor: Tensor
    first: int
    count: int

    @property
    def is_last(self) -> bool:
        """Whether the tensor ends with it."""
        return self.first + self.count == self.tensor.count

    @property
    def width(self) -> int | None:
        """Columns of the matrix that is stored; None for a tensor that has no pyramid."""
        return _stored_matrix(self.tensor)[1] if has_pyramid(self.tensor) else None

    @property
    def stored(self) -> StoredNumbers | None:
        """Where the numbers stand plainly; None where they have to be unpacked."""
        return _stored(self.tensor) if is_plain(self.tensor) else None

    def explain(self) -> None:
        """Raises FormatError, which says better what is wrong, where the file has changed."""
        with self.tensor.source.open():
            return

    def summaries(self) -> list[TensorSummary]:
        """Those of its pieces in order, made in this process. Raises FormatError."""
        step = piece_size(self.tensor.dtype)
        ends = range(self.first, self.first + max(self.count, 1), step)
        return [self._summary(first, min(step, self.first + self.count - first)) for first in ends]

    def explained(self, finish: Callable[[], Result]) -> Result:
        """What `finish` gives. Raises FormatError where the file has changed."""
        try:
            return finish()
        except InputError:
            self.explain()
            raise

    def _summary(self, first: int, count: int) -> TensorSummary:
        if (stored := self.stored) is not None:
            return self.explained(partial(summarize_stored, stored, first, count, self.width))
        return summarize(self.tensor.items(first, count), self.tensor.dtype, first, self.width)


class Whole:
    """The summary of one tensor, from those of its parts in order."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self._parts: list[TensorSummary] = []
        self._matrix = MatrixFacts(*_stored_matrix(tensor)) if has_pyramid(tensor) else None

    def add(self, part: TensorSummary) -> None:
        """The next part's summary."""
        if self._matrix is not None and part.run is not None:
            self._matrix.add(part.run, part.count)
        self._parts.append(replace(part, run=None))
        if len(self._parts) == FOLDED_AT:
            self._parts = [fold(self._parts)]

    def summary(self) -> TensorSummary:
        """That of all parts."""
        found = fold(self._parts) if len(self._parts) > 1 else self._parts[0]
        if self._matrix is None:
            return found
        if not _is_turned(self._tensor):
            return replace(found, pyramid=self._matrix.level, zero_rows=self._matrix.zero_rows)
        turned = self._matrix.level.map(lambda column: np.ascontiguousarray(column.T))
        return replace(found, pyramid=turned)


def parts_of(tensor: Tensor, together: int = 1) -> list[Part]:
    """All elements of a tensor that holds numbers. `together`: so many pieces in one part."""
    step = piece_size(tensor.dtype) * together
    return [Part(tensor, first, min(step, tensor.count - first)) for first in range(0, max(tensor.count, 1), step)]


def has_pyramid(tensor: Tensor) -> bool:
    """Whether the pass makes one."""
    if tensor.count <= SMALL or not tensor.is_readable or tensor.dtype.startswith("complex"):
        return False
    if tensor.fortran and not _is_turned(tensor) and min(matrix_shape(tensor.shape)) > 1:
        return False  # in Fortran order, of more than two axes: what is stored is no matrix
    rows, columns = _stored_matrix(tensor)
    in_row = -(-columns // LEVEL_SIDE)
    most = MOST_IN_ROW if rows > 1 else MOST_IN_ONE_ROW
    return in_row <= most and in_row * -(-rows // LEVEL_SIDE) <= MOST_BLOCKS


def is_plain(tensor: Tensor) -> bool:
    """Whether the numbers stand in a file as they are."""
    return tensor.packed is None


def small_summaries(tensors: Sequence[Tensor]) -> list[TensorSummary]:
    """Those of small tensors: of one, or of several that stand plainly in one file, near each other, read at once.

    Raises FormatError.
    """
    alike: dict[tuple[str, int], list[int]] = {}
    for place, tensor in enumerate(tensors):
        alike.setdefault((tensor.dtype, tensor.count), []).append(place)
    values, found = list(_small_values(tensors)), dict[int, TensorSummary]()
    for (dtype, _), places in alike.items():
        widths = [None if tensors[place].fortran else matrix_shape(tensors[place].shape)[1] for place in places]
        found |= dict(zip(places, summarize_whole(np.stack([values[k] for k in places]), dtype, widths), strict=True))
    return [found[place] for place in range(len(tensors))]


def _small_values(tensors: Sequence[Tensor]) -> Iterator[np.ndarray]:
    """(n,) numbers of each in storage order."""
    first = tensors[0]
    if not is_plain(first):
        yield from (tensor.items(0, tensor.count) for tensor in tensors)
        return
    size = max(tensor.place + _byte_count(tensor) for tensor in tensors) - first.place
    raw = Part(first, 0, first.count).explained(partial(read_raw, _stored(first), 0, size))
    for tensor in tensors:
        start = tensor.place - first.place
        yield values_of(raw[start : start + _byte_count(tensor)], tensor.dtype, tensor.count, tensor.big_endian)


def _byte_count(tensor: Tensor) -> int:
    return stored_bytes(tensor.dtype, tensor.count)


def _stored(tensor: Tensor) -> StoredNumbers:
    file = tensor.source
    read = file.read if file.is_remote else None
    return StoredNumbers(file.path, file.size, file.mtime_ns, tensor.place, tensor.dtype, tensor.big_endian, read)


def _is_turned(tensor: Tensor) -> bool:
    """Whether the matrix that is stored is the other one's rows as columns."""
    sides = [side for side in tensor.shape if side != 1]
    return tensor.fortran and len(sides) == 2


def _stored_matrix(tensor: Tensor) -> tuple[int, int]:
    """(rows, columns) of the matrix that is stored."""
    rows, columns = matrix_shape(tensor.shape)
    return (columns, rows) if _is_turned(tensor) else (rows, columns)
