"""Summaries of numbers that stand plainly in a file, made here or by a worker; and summaries as bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np

from .cache import Buffer
from .kernel_choice import version, version_for
from .kernels.decode import DTYPES, decode
from .kernels.ends import ends_of
from .kernels.errors import InputError
from .kernels.matrix_runs import MatrixRun, whole_zero_rows
from .kernels.pyramid import Pyramid
from .kernels.summarize import BLOCK, TensorSummary, fold, of_bytes
from .kernels.summarize_small import summarize_many
from .messages import Message, parsed, send
from .reading import read_stored

__all__ = [
    "StoredNumbers",
    "answer",
    "from_bytes",
    "from_message",
    "joined",
    "parted",
    "piece_size",
    "read_raw",
    "request",
    "summarize",
    "summarize_stored",
    "summarize_whole",
    "to_bytes",
    "to_message",
    "values_of",
]

PIECE_BYTES = 16 << 20  # of stored numbers in memory at a time
MOST_COMPUTING = 2  # threads; more would not keep to 512 MB with the definition
FACTS = ("count", "nan", "inf", "zeros", "min", "max", "table_dtype", "exact", "at_min", "at_max", "zero_rows")
RUN = ("zero_rows", "head_is_zero", "tail_is_zero")

_COMPUTING = threading.BoundedSemaphore(MOST_COMPUTING)


@dataclass(frozen=True)
class StoredNumbers:
    """Numbers of one type that follow each other in a file, and the file's identity.

    `read(place, count)` gives bytes of a file that is not on this machine, and raises InputError when it is no longer
    what it was. It is a method of plain data, so that it travels to other machines, but not in messages.
    """

    path: str
    size: int  # bytes of the file
    mtime_ns: int
    place: int  # of the first number
    dtype: str
    big_endian: bool
    read: Callable[[int, int], bytes] | None = None


def piece_size(dtype: str) -> int:
    """Elements to summarize at a time: whole blocks."""
    kind = DTYPES[dtype]
    item_bytes = kind.bits // 8 or np.dtype(kind.decoded).itemsize
    return max(1, PIECE_BYTES // (BLOCK * item_bytes)) * BLOCK


def summarize(values: np.ndarray, dtype: str, first: int = 0, width: int | None = None) -> TensorSummary:
    """Summary of decoded numbers, (n,), by the version of the kernel that is ready. `dtype` as in the file.

    They may lie on a GPU, and are summarized there. With `width` also their `run`: they are those from number `first`
    on of a matrix of so many columns.
    """
    if width is None:
        summary = version_for("summarize", values).summarize_block(values, dtype)
    else:
        summary = version_for("summarize_matrix", values).summarize_run(values, dtype, first, width)
    at_min, at_max = version_for("ends", values).ends_of(summary, values)
    return replace(summary, at_min=at_min, at_max=at_max)


def summarize_whole(rows: np.ndarray, dtype: str, widths: Sequence[int | None]) -> list[TensorSummary]:
    """Summaries of small tensors, (k, n), that are matrices of so many columns; with the zero rows of each."""
    found = []
    for row, width, summary in zip(rows, widths, summarize_many(rows, dtype), strict=True):
        zero_rows = None
        if width and rows.dtype.kind != "c":
            zero_rows = whole_zero_rows(row, dtype, 0, width, summary.zeros)[0] if summary.zeros >= width else 0
        at_min, at_max = ends_of(summary, row)
        found.append(replace(summary, at_min=at_min, at_max=at_max, zero_rows=zero_rows))
    return found


def values_of(raw: np.ndarray, dtype: str, count: int, big_endian: bool) -> np.ndarray:
    """(count,) numbers that (n,) uint8 stand for, as `summarize` takes them: bfloat16 as words."""
    if DTYPES[dtype].bits != 16:
        return decode(raw, dtype, count, big_endian)
    items = raw[: 2 * count].view(">u2" if big_endian else "<u2").astype(np.uint16, copy=False)
    return items if dtype == "bfloat16" else items.view(dtype)


def summarize_stored(stored: StoredNumbers, first: int, count: int, width: int | None = None) -> TensorSummary:
    """Summary of numbers first to first + count, `width` as in `summarize`.

    Raises InputError when the file is no longer what it was.
    """
    bits = DTYPES[stored.dtype].bits
    begin, end = first * bits // 8, ((first + count) * bits + 7) // 8
    raw = read_raw(stored, begin, end - begin)
    with _COMPUTING:
        return _summarize_raw(raw, stored, first, count, first - begin * 8 // bits, width)


def read_raw(stored: StoredNumbers, begin: int, count: int) -> np.ndarray:
    """(count,) uint8: bytes from `begin` on of the numbers; until this thread reads again. Raises InputError."""
    if stored.read is not None:
        return np.frombuffer(stored.read(stored.place + begin, count), np.uint8)
    try:
        return read_stored(stored.path, stored.size, stored.mtime_ns, stored.place + begin, count)
    except OSError as error:
        raise InputError(stored.path, "unreadable", reason=error.strerror or str(error)) from error


def _summarize_raw(
    raw: np.ndarray, stored: StoredNumbers, first: int, count: int, skipped: int, width: int | None
) -> TensorSummary:
    """Summary of stored numbers, (n,) uint8; the fewest are decoded. `skipped`: those before them in the first byte."""
    bits = DTYPES[stored.dtype].bits
    if skipped or bits > 8 or (bits < 8 and width is not None):
        values = values_of(raw, stored.dtype, skipped + count, stored.big_endian)[skipped:]
        return summarize(values, stored.dtype, first, width)
    if width is not None:
        counted = version("summarize_matrix", count).summarize_run(raw, stored.dtype, first, width)
        return replace(of_bytes(counted.table, stored.dtype), run=counted.run)
    whole = count * bits // 8
    parts = [of_bytes(version("summarize", count).summarize_block(raw[:whole]).table, stored.dtype)]
    if rest := count - whole * 8 // bits:
        parts.append(summarize(decode(raw[whole:], stored.dtype, rest), stored.dtype))
    return fold(parts) if len(parts) > 1 else parts[0]


def to_message(summary: TensorSummary) -> Message:
    """The summary as it goes through a pipe or into a file: of its counts only those that are not 0; no pyramid."""
    counts = summary.bins if summary.table is None else summary.table
    assert counts is not None
    places = np.flatnonzero(counts)
    known = counts[places]
    arrays = [summary.blocks, places.astype("<u2"), known.astype(np.min_scalar_type(known.max(initial=0)))]
    facts: dict[str, Any] = {name: getattr(summary, name) for name in FACTS}
    if summary.run is not None:
        arrays += summary.run.level.columns
        facts["run"] = [getattr(summary.run, name) for name in RUN]
    return Message({**facts, "bins": len(counts)}, arrays)


def from_message(message: Message) -> TensorSummary:
    """The summary that `to_message` was given, bit by bit."""
    blocks, places, known, *level = message.arrays
    facts = {name: message.facts[name] for name in FACTS}
    counts = np.zeros(message.facts["bins"], np.int64)
    counts[places] = known
    run = MatrixRun(Pyramid(*level), *message.facts["run"]) if level else None
    bins, table = (counts, None) if facts["table_dtype"] is None else (None, counts)
    return TensorSummary(**facts, blocks=blocks, bins=bins, table=table, run=run)


def to_bytes(summary: TensorSummary) -> bytes:
    """The summary as bytes; the same for the same bits."""
    message, stream = to_message(summary), BytesIO()
    send(stream, message.facts, message.arrays)
    return stream.getvalue()


def from_bytes(data: Buffer) -> TensorSummary:
    """The summary that `to_bytes` was given, bit by bit. Raises ValueError where there is only a part of it."""
    found = parsed(data)
    if found is None:
        raise ValueError("the summary is cut off")
    return from_message(found[0])


def joined(pieces: Sequence[bytes]) -> bytes:
    """Pieces as one, from which `parted` takes them again."""
    stream = BytesIO()
    send(stream, {}, [np.array([len(piece) for piece in pieces], "<i8")])
    return stream.getvalue() + b"".join(pieces)


def parted(body: Buffer) -> list[Buffer]:
    """The pieces that `joined` was given. Raises ValueError where they are not whole."""
    found = parsed(body)
    if found is None or len(body) < found[1] + int(found[0].arrays[0].sum()):
        raise ValueError("the pieces are cut off")
    ends = found[1] + np.cumsum(found[0].arrays[0])
    starts = [found[1], *ends[:-1].tolist()]
    return [body[start:end] for start, end in zip(starts, ends.tolist(), strict=False)]


def request(stored: StoredNumbers, first: int, count: int, width: int | None = None) -> Mapping[str, Any]:
    """Arguments of the task "summarize"."""
    return {"stored": asdict(stored), "first": first, "count": count, "width": width}


def answer(arguments: Mapping[str, Any]) -> Message:
    """What a worker answers to `request`."""
    stored = StoredNumbers(**arguments["stored"])
    return to_message(summarize_stored(stored, arguments["first"], arguments["count"], arguments["width"]))
