"""Summaries of numbers that stand plainly in a file, made here or by a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .kernel_choice import version
from .kernels.decode import DTYPES, read_part
from .kernels.errors import InputError
from .kernels.summarize import BLOCK, TensorSummary
from .messages import Message

__all__ = [
    "StoredNumbers",
    "answer",
    "from_message",
    "piece_size",
    "request",
    "summarize",
    "summarize_stored",
    "to_message",
]

PIECE_BYTES = 16 << 20  # of decoded numbers in memory at a time


@dataclass(frozen=True)
class StoredNumbers:
    """Numbers of one type that follow each other in a file, and the file's identity."""

    path: str
    size: int  # bytes of the file
    mtime_ns: int
    place: int  # of the first number
    dtype: str
    big_endian: bool


def piece_size(dtype: str) -> int:
    """Elements to summarize at a time: whole blocks."""
    return max(1, PIECE_BYTES // (BLOCK * np.dtype(DTYPES[dtype].decoded).itemsize)) * BLOCK


def summarize(values: np.ndarray, dtype: str) -> TensorSummary:
    """Summary of decoded numbers, (n,), by the version of the kernel that is ready. `dtype` as in the file."""
    return version("summarize", values.size).summarize_block(values, dtype)


def summarize_stored(stored: StoredNumbers, first: int, count: int) -> TensorSummary:
    """Summary of numbers first to first + count. Raises InputError when the file is no longer what it was."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(stored.path, flags)
        with open(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if (status.st_size, status.st_mtime_ns) != (stored.size, stored.mtime_ns):
                raise OSError("it changed")

            def read_at(offset: int, size: int) -> bytes:
                file.seek(offset)
                data = file.read(size)
                while 0 < len(data) < size and (more := file.read(size - len(data))):
                    data += more
                if len(data) != size:
                    raise OSError("it was cut off")
                return data

            run = slice(first, first + count)
            values = read_part(
                read_at, stored.place, (first + count,), stored.dtype, slice(0, 1), run, big_endian=stored.big_endian
            )
    except OSError as error:
        raise InputError(stored.path, "unreadable", reason=error.strerror or str(error)) from error
    return summarize(values[0], stored.dtype)


def to_message(summary: TensorSummary) -> Message:
    """The summary as it goes through a pipe; without its pyramid."""
    facts = ("count", "nan", "inf", "zeros", "min", "max", "table_dtype", "exact")
    counts = summary.bins if summary.table is None else summary.table
    assert counts is not None
    return Message({name: getattr(summary, name) for name in facts}, [summary.blocks, counts])


def from_message(message: Message) -> TensorSummary:
    """The summary that `to_message` was given, bit by bit."""
    blocks, counts = message.arrays
    if message.facts["table_dtype"] is None:
        return TensorSummary(**message.facts, blocks=blocks, bins=counts)
    return TensorSummary(**message.facts, blocks=blocks, table=counts)


def request(stored: StoredNumbers, first: int, count: int) -> Mapping[str, Any]:
    """Arguments of the task "summarize"."""
    return {"stored": asdict(stored), "first": first, "count": count}


def answer(arguments: Mapping[str, Any]) -> Message:
    """What a worker answers to `request`."""
    return to_message(summarize_stored(StoredNumbers(**arguments["stored"]), arguments["first"], arguments["count"]))
