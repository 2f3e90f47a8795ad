"""Messages between this process and its workers: a JSON object and NumPy arrays through a pipe, nothing that can run.

A message is the length of its JSON (4 bytes, little-endian), the JSON, then the bytes of each array, C order.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from typing import IO, Any

import numpy as np

__all__ = ["HELLO", "Message", "parsed", "receive", "send"]

HELLO = b"\0tensornaut worker\n"  # what a worker says first; whatever stands before it on its output is noise
LENGTH = struct.Struct("<I")
PIECE_BYTES = 1 << 20
JSON = json.JSONEncoder(allow_nan=False)


@dataclass(frozen=True)
class Message:
    """One message. `facts` is what JSON can hold."""

    facts: Mapping[str, Any]
    arrays: list[np.ndarray] = field(default_factory=list)


def send(stream: IO[bytes], facts: Mapping[str, Any], arrays: Sequence[np.ndarray] = ()) -> None:
    """Writes one message. Raises OSError when nobody listens, TypeError for what JSON or plain bytes cannot hold."""
    plain = [np.asarray(array, order="C") for array in arrays]
    if any(array.dtype.hasobject for array in plain):
        raise TypeError("found an array of Python objects, expected numbers")
    layout = [[array.dtype.str, array.shape] for array in plain]
    head = JSON.encode({"facts": facts, "arrays": layout}).encode()
    stream.write(LENGTH.pack(len(head)) + head)
    for array in plain:
        stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()


def receive(stream: IO[bytes] | FileIO) -> Message | None:
    """The next message; None when the other side has ended, also in the middle of one."""
    try:
        (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
        head = json.loads(_exactly(stream, length))
        arrays = []
        for dtype, shape in head["arrays"]:
            size = math.prod(shape) * np.dtype(dtype).itemsize
            arrays.append(np.frombuffer(_exactly(stream, size), dtype).reshape(shape))
    except EOFError:
        return None
    return Message(head["facts"], arrays)


def parsed(data: bytes | memoryview) -> tuple[Message, int] | None:
    """The message that bytes begin with, and where it ends; None where there is only a part of one.

    The arrays share the memory of `data`.
    """
    if len(data) < LENGTH.size:
        return None
    end = LENGTH.size + LENGTH.unpack_from(data)[0]
    if len(data) < end:
        return None
    head, arrays = json.loads(bytes(data[LENGTH.size : end])), []
    for name, shape in head["arrays"]:
        dtype, count = np.dtype(name), math.prod(shape)
        if len(data) < end + count * dtype.itemsize:
            return None
        arrays.append(np.frombuffer(data, dtype, count, end).reshape(shape) if count else np.empty(shape, dtype))
        end += count * dtype.itemsize
    return Message(head["facts"], arrays), end


def _exactly(stream: IO[bytes] | FileIO, count: int) -> bytearray:
    """So many bytes, also from a stream without a buffer. Raises EOFError."""
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        piece = stream.read(min(count - done, PIECE_BYTES))
        if not piece:
            raise EOFError
        view[done : done + len(piece)] = piece
        done += len(piece)
    return data
