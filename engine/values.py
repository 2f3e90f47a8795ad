"""Values: what the engine may know of a tensor, and the two simplest holders of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from .kernels.decode import matrix_shape
from .kernels.magnitudes import as_real

__all__ = ["ArrayValues", "ColumnWindow", "Derived", "InstantValues", "Magnitudes", "Values", "matrix_shape"]


@runtime_checkable
class Values(Protocol):
    """Numbers that can be read in part.

    A tensor of any rank is seen as a matrix: `matrix_shape(shape)` is (rows, cols), rows = the first axis longer than
    1, cols = the product of those behind it; vectors are one row, scalars 1 x 1.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape as the file states it."""

    @property
    def dtype(self) -> str:
        """Lower-case NumPy or ml_dtypes name: float32, bfloat16, int4, ..."""

    @property
    def key(self) -> str:
        """Identity of the content: equal keys mean equal values."""

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Decoded (rows, cols) part of the matrix, host memory, in the narrowest NumPy dtype that holds it exactly.

        Slices have start and stop inside the matrix and a step >= 1.
        """


@dataclass(frozen=True)
class ArrayValues:
    """Values of an array in host memory: activations, differences, tests."""

    array: np.ndarray  # any shape, any real dtype
    key: str

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> str:
        return self.array.dtype.name

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        return self.array.reshape(matrix_shape(self.array.shape))[rows, cols]


@dataclass(frozen=True)
class InstantValues(ArrayValues):
    """Values of an array that changes while it is looked at: the frame that wants them reads them, also a live one."""


@dataclass(frozen=True)
class ColumnWindow:
    """A run of columns of other values: one strip of a folded matrix."""

    values: Values
    first_column: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        return matrix_shape(self.values.shape)[0], self.columns

    @property
    def dtype(self) -> str:
        return self.values.dtype

    @property
    def key(self) -> str:
        return f"{self.values.key}[:, {self.first_column}:{self.first_column + self.columns}]"

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        start, stop, step = cols.indices(self.columns)
        return self.values.read(rows, slice(start + self.first_column, stop + self.first_column, step))


@dataclass(frozen=True)
class Derived:
    """What is made of other values, number by number. Its kinds say of which type it is, and what its key is."""

    values: Values
    dtype: ClassVar[str] = "float64"
    mark: ClassVar[str]  # the key, around that of the values

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def key(self) -> str:
        return self.mark.format(self.values.key)


class Magnitudes(Derived):
    """Absolute values of complex numbers, float64: what a picture shows of them."""

    mark = "|{}|"

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        return as_real(self.values.read(rows, cols))
