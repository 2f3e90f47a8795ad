"""Bytes of a file in memory that is used again, past the system's own memory where they are not in it already.

Fresh memory costs more than the reading itself: the system clears each page of it. So each thread has one buffer. And
what is read once need not go by way of the system's memory: that would take the time of a processor that others want,
and push out what somebody needs.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from .posix import DIRECT, in_memory

__all__ = ["read_stored"]

FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
PAGE_BYTES = 4096  # what is read directly begins and ends at a multiple
DIRECT_BYTES = 1 << 20  # from which on reading directly pays
ALIGNMENT_BYTES = 16  # of the largest number


class _Buffer(threading.local):
    """Memory of one thread, as large as its largest read; it begins at a page."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def first(self, count: int) -> np.ndarray:
        if len(self._memory) < count:
            self._memory = np.frombuffer(mmap.mmap(-1, count), np.uint8)
        return self._memory[:count]


_BUFFER = _Buffer()


def read_stored(path: str, size: int, mtime_ns: int, place: int, count: int) -> np.ndarray:
    """(count,) uint8: bytes [place, place + count) of a file; until this thread reads again.

    Raises OSError when the file is no longer of this size and time, or ends before.
    """
    with _opened(path, size, mtime_ns) as descriptor:
        if place < 0 or count < 0 or place + count > size:
            raise OSError("it was cut off")
        if _pays(descriptor, place, count):
            begin = place // PAGE_BYTES * PAGE_BYTES
            pages = _BUFFER.first(-(-(place + count - begin) // PAGE_BYTES) * PAGE_BYTES)
            with suppress(OSError), _opened(path, size, mtime_ns, DIRECT) as direct:  # not every file system can
                if _fill(direct, pages, begin) >= place + count - begin:
                    return pages[place - begin : place - begin + count]
        found = _BUFFER.first(count)
        if _fill(descriptor, found, place) < count:
            raise OSError("it was cut off")
        return found


@contextmanager
def _opened(path: str, size: int, mtime_ns: int, flags: int = 0) -> Iterator[int]:
    """A descriptor. Raises OSError when the file is another one."""
    descriptor = os.open(path, FLAGS | flags)
    try:
        status = os.fstat(descriptor)
        if (status.st_size, status.st_mtime_ns) != (size, mtime_ns):
            raise OSError("it changed")
        yield descriptor
    finally:
        os.close(descriptor)


def _pays(descriptor: int, place: int, count: int) -> bool:
    """Whether to read directly: much, that is not in the system's memory, and whose numbers stay aligned."""
    if not DIRECT or count < DIRECT_BYTES or place % ALIGNMENT_BYTES:
        return False
    return not (in_memory(descriptor, place) and in_memory(descriptor, place + count - 1))


def _fill(descriptor: int, memory: np.ndarray, place: int) -> int:
    """Bytes read into memory: all, or up to the file's end. Raises OSError."""
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        file.seek(place)
        done = 0
        while done < len(memory):
            read = file.readinto(memory[done:].data)
            if not read:
                break
            done += read
    return done
