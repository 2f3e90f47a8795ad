"""Bytes of a file in memory that is used again.

Fresh memory costs more than the reading itself: the system clears each page of it. So each thread has one buffer. And
a file that would fill much of the system's own memory is taken out of it again as it is read: to make room for it later
would cost as much as reading it, and push out what somebody needs.
"""

from __future__ import annotations

import os
import threading

import numpy as np

from .posix import forget, in_memory, memory_bytes

__all__ = ["read_stored"]

FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
LARGE_SHARE = 1 / 8  # of the machine's memory, which a file exceeds that does not stay there
LARGE_READ_BYTES = 1 << 20  # from which on it is worth to take out what was read


class _Buffer(threading.local):
    """Memory of one thread, as large as its largest read."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def first(self, count: int) -> np.ndarray:
        if len(self._memory) < count:
            self._memory = np.empty(count, np.uint8)
        return self._memory[:count]


_BUFFER = _Buffer()


def read_stored(path: str, size: int, mtime_ns: int, place: int, count: int) -> np.ndarray:
    """(count,) uint8: bytes [place, place + count) of a file; until this thread reads again.

    Raises OSError when the file is no longer of this size and time, or ends before.
    """
    descriptor = os.open(path, FLAGS)
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if (status.st_size, status.st_mtime_ns) != (size, mtime_ns):
            raise OSError("it changed")
        if place < 0 or count < 0 or place + count > size:
            raise OSError("it was cut off")
        stays = count < LARGE_READ_BYTES or size < memory_bytes() * LARGE_SHARE or in_memory(descriptor, place)
        found = _BUFFER.first(count)
        file.seek(place)
        done = 0
        while done < count:
            read = file.readinto(found[done:].data)
            if not read:
                raise OSError("it was cut off")
            done += read
        if not stays:
            forget(descriptor, place, count)
        return found
