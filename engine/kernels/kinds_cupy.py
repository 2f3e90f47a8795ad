"""Types of numbers as the texts in CUDA name them (shaders/numbers.cuh)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .decode import decode
from .machine_cupy import Machine
from .pyramid import is_byte_of

__all__ = ["ALL", "NARROW", "WIDE", "kind_of", "number_table"]

WIDE = {
    "float32": "Float32", "float64": "Float64", "int32": "Int32", "uint32": "UInt32", "int64": "Int64",
    "uint64": "UInt64",
}  # fmt: skip
NARROW = {"float16": "Float16", "int8": "Int8", "uint8": "UInt8", "int16": "Int16", "uint16": "UInt16"}
ALL = (*WIDE.values(), *NARROW.values(), "Bfloat16", "Byte")


def kind_of(stored: np.dtype[Any], dtype: str | None = None) -> str:
    """The name of a NumPy type whose bits may stand for another one, as in `pyramid.numbers_of`.

    Raises ValueError for complex numbers and what is no number.
    """
    if stored == np.uint16 and dtype == "bfloat16":
        return "Bfloat16"
    if stored == np.bool_ or is_byte_of(stored, dtype):
        return "Byte"
    name = WIDE.get(stored.name) or NARROW.get(stored.name)
    if name is None:
        raise ValueError(f"found numbers of type {stored}, expected real ones on a GPU")
    return name


def number_table(gpu: Machine, stored: np.dtype[Any], dtype: str | None = None) -> Any:
    """(256,) float32 on the machine: the number of each byte of kind "Byte"; of other kinds nobody looks at it."""
    if stored == np.bool_:
        return gpu.from_host(_numbers("bool"))
    return gpu.from_host(_numbers(dtype if dtype is not None and is_byte_of(stored, dtype) else "uint8"))


@cache
def _numbers(dtype: str) -> np.ndarray:
    return decode(np.arange(256, dtype=np.uint8), dtype, 256).astype(np.float32)
