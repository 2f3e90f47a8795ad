"""Summaries of numbers that stand plainly in a file, made here or by a worker; and summaries as bytes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from typing import Any

import numpy as np

from .kernel_choice import version
from .kernels.decode import DTYPES, decode
from .kernels.errors import InputError
from .kernels.pyramid import Pyramid
from .kernels.summarize import BLOCK, TensorSummary, fold, of_bytes
from .messages import Message, receive, send
from .reading import read_stored

__all__ = [
    "StoredNumbers",
    "answer",
    "from_bytes",
    "from_message",
    "joined",
    "parted",
    "piece_size",
    "request",
    "summarize",
    "summarize_stored",
    "to_bytes",
    "to_message",
]

PIECE_BYTES = 16 << 20  # of stored numbers in memory at a time
MOST_COMPUTING = 2  # threads; more would not keep to 512 MB with the definition
FACTS = ("count", "nan", "inf", "zeros", "min", "max", "table_dtype", "exact")
LEVEL = tuple(column.name for column in fields(Pyramid))

_COMPUTING = threading.BoundedSemaphore(MOST_COMPUTING)


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
    return max(1, PIECE_BYTES // (BLOCK * max(1, DTYPES[dtype].bits // 8))) * BLOCK


def summarize(values: np.ndarray, dtype: str) -> TensorSummary:
    """Summary of decoded numbers, (n,), by the version of the kernel that is ready. `dtype` as in the file."""
    return version("summarize", values.size).summarize_block(values, dtype)


def summarize_stored(stored: StoredNumbers, first: int, count: int) -> TensorSummary:
    """Summary of numbers first to first + count. Raises InputError when the file is no longer what it was."""
    bits = DTYPES[stored.dtype].bits
    begin, end = first * bits // 8, ((first + count) * bits + 7) // 8
    try:
        raw = read_stored(stored.path, stored.size, stored.mtime_ns, stored.place + begin, end - begin)
    except OSError as error:
        raise InputError(stored.path, "unreadable", reason=error.strerror or str(error)) from error
    with _COMPUTING:
        return _summarize_raw(raw, stored, first - begin * 8 // bits, count)


def _summarize_raw(raw: np.ndarray, stored: StoredNumbers, skipped: int, count: int) -> TensorSummary:
    """Summary of stored numbers, (n,) uint8; the fewest are decoded. `skipped`: those before them in the first byte."""
    bits, kernel = DTYPES[stored.dtype].bits, version("summarize", count)
    if bits == 16:
        items = raw.view(">u2" if stored.big_endian else "<u2").astype(np.uint16, copy=False)
        return kernel.summarize_block(items if stored.dtype == "bfloat16" else items.view(stored.dtype), stored.dtype)
    if skipped or bits > 8:
        values = decode(raw, stored.dtype, skipped + count, stored.big_endian)[skipped:]
        return kernel.summarize_block(values, stored.dtype)
    whole = count * bits // 8
    parts = [of_bytes(kernel.summarize_block(raw[:whole]).table, stored.dtype)]
    if rest := count - whole * 8 // bits:
        parts.append(kernel.summarize_block(decode(raw[whole:], stored.dtype, rest), stored.dtype))
    return fold(parts) if len(parts) > 1 else parts[0]


def to_message(summary: TensorSummary) -> Message:
    """The summary as it goes through a pipe or into a file: of its counts only those that are not 0."""
    counts = summary.bins if summary.table is None else summary.table
    assert counts is not None
    places = np.flatnonzero(counts)
    known = counts[places]
    arrays = [summary.blocks, places.astype("<u2"), known.astype(np.min_scalar_type(known.max(initial=0)))]
    if summary.pyramid is not None:
        arrays += [getattr(summary.pyramid, name) for name in LEVEL]
    facts = {name: getattr(summary, name) for name in FACTS}
    return Message({**facts, "bins": len(counts)}, arrays)


def from_message(message: Message) -> TensorSummary:
    """The summary that `to_message` was given, bit by bit."""
    blocks, places, known, *level = message.arrays
    facts = {name: message.facts[name] for name in FACTS}
    counts = np.zeros(message.facts["bins"], np.int64)
    counts[places] = known
    pyramid = Pyramid(*level) if level else None
    bins, table = (counts, None) if facts["table_dtype"] is None else (None, counts)
    return TensorSummary(**facts, blocks=blocks, bins=bins, table=table, pyramid=pyramid)


def to_bytes(summary: TensorSummary) -> bytes:
    """The summary as bytes; the same for the same bits."""
    message, stream = to_message(summary), BytesIO()
    send(stream, message.facts, message.arrays)
    return stream.getvalue()


def from_bytes(data: bytes) -> TensorSummary:
    """The summary that `to_bytes` was given, bit by bit. Raises ValueError where there is only a part of it."""
    message = receive(BytesIO(data))
    if message is None:
        raise ValueError("the summary is cut off")
    return from_message(message)


def joined(pieces: Sequence[bytes]) -> bytes:
    """Pieces as one, from which `parted` takes them again."""
    stream = BytesIO()
    send(stream, {}, [np.array([len(piece) for piece in pieces], "<i8")])
    return stream.getvalue() + b"".join(pieces)


def parted(body: bytes) -> list[bytes]:
    """The pieces that `joined` was given. Raises ValueError where they are not whole."""
    stream = BytesIO(body)
    message = receive(stream)
    pieces = [] if message is None else [stream.read(size) for size in message.arrays[0].tolist()]
    if message is None or sum(map(len, pieces)) != message.arrays[0].sum():
        raise ValueError("the pieces are cut off")
    return pieces


def request(stored: StoredNumbers, first: int, count: int) -> Mapping[str, Any]:
    """Arguments of the task "summarize"."""
    return {"stored": asdict(stored), "first": first, "count": count}


def answer(arguments: Mapping[str, Any]) -> Message:
    """What a worker answers to `request`."""
    return to_message(summarize_stored(StoredNumbers(**arguments["stored"]), arguments["first"], arguments["count"]))
