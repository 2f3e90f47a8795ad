"""Bytes of a file in memory that is used again, and word to the system which ones will be wanted next.

Fresh memory costs more than the reading itself: the system clears each page of it. So each thread has one buffer.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import numpy as np

from .posix import fetch

__all__ = ["announce", "read_stored"]

FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
CALL_BYTES = 4 << 20  # read by one call: what lies ahead of it is fetched meanwhile


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
        found = _BUFFER.first(count)
        file.seek(place)
        done = 0
        while done < count:
            read = file.readinto(found[done : done + CALL_BYTES].data)
            if not read:
                raise OSError("it was cut off")
            done += read
    return found


def announce(path: str, place: int, count: int) -> None:
    """Has the system fetch bytes [place, place + count) of a file while others are being worked on."""
    with suppress(OSError):  # who reads will say what is wrong
        descriptor = os.open(path, FLAGS)
        try:
            fetch(descriptor, place, count)
        finally:
            os.close(descriptor)
