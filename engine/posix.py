"""What only POSIX systems have, and what is done elsewhere."""

from __future__ import annotations

import os
import sys
import threading

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["forget", "give_way", "hold", "in_memory", "memory_bytes"]

GUESSED_MEMORY_BYTES = 8 << 30
LESS_URGENT = 10  # of 19 steps that Linux knows
NO_WAIT = getattr(os, "RWF_NOWAIT", 0)


def hold(descriptor: int) -> bool:
    """True when no other process holds this open file; this one does then until it closes it.

    Elsewhere always True: there nobody can remove a file that is open.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def in_memory(descriptor: int, place: int) -> bool:
    """Whether the system has the byte at `place` of an open file in memory. True where it does not say."""
    if not NO_WAIT:
        return True
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)  # what follows is not to be fetched
    try:
        return os.preadv(descriptor, [bytearray(1)], place, NO_WAIT) == 1
    except BlockingIOError:
        return False
    except OSError:  # a file system that cannot tell
        return True
    finally:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)


def forget(descriptor: int, place: int, count: int) -> None:
    """Takes bytes [place, place + count) of an open file out of the system's memory. Elsewhere: nothing."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, place, count, os.POSIX_FADV_DONTNEED)


def give_way(process: int | None = None) -> None:
    """Has the calling thread, or a process, run only where others leave time, if the system can tell them apart."""
    if sys.platform == "linux":
        own = os.getpriority(os.PRIO_PROCESS, 0)
        try:
            os.setpriority(os.PRIO_PROCESS, process or threading.get_native_id(), min(own + LESS_URGENT, 19))
        except OSError:  # a sandbox forbids it
            return


def memory_bytes() -> int:
    """Of the machine; a guess where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return GUESSED_MEMORY_BYTES
