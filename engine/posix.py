"""What only POSIX systems have, and what is done elsewhere."""

from __future__ import annotations

import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["fetch", "hold"]


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


def fetch(descriptor: int, place: int, count: int) -> None:
    """Begins to bring bytes [place, place + count) of an open file into memory. Elsewhere: nothing. Raises OSError."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, place, count, os.POSIX_FADV_WILLNEED)
