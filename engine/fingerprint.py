"""Identity of stored numbers, without reading all of them."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate

__all__ = ["Stored", "fingerprint"]

SAMPLES = 8
SAMPLE_BYTES = 512
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Stored:
    """Bytes in a file, packed or not, and plain facts about how they are numbers."""

    place: int
    byte_count: int
    facts: Hashable


def fingerprint(path: str, size: int, mtime_ns: int, parts: Sequence[Stored]) -> str | None:
    """32 hex digits that are others once the file, or what is asked of it, is another.

    That is: its real path, size, number, times of change of content and of the file, samples of the bytes, and all that
    is said of the parts. None where the file is no longer of this size and time, or cannot be read.
    """
    try:
        with open(os.open(path, OPEN_FLAGS), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) != (size, mtime_ns):
                return None
            identity = path, size, mtime_ns, status.st_ino, status.st_ctime_ns
            facts = [(part.place, part.byte_count, part.facts) for part in parts]
            digest = hashlib.blake2b(repr((identity, facts)).encode("utf-8", "surrogatepass"), digest_size=16)
            for place in _sampled(parts):
                file.seek(min(place, max(size - SAMPLE_BYTES, 0)))
                digest.update(file.read(SAMPLE_BYTES))
    except OSError:
        return None
    return digest.hexdigest()


def _sampled(parts: Sequence[Stored]) -> list[int]:
    """Places in the file, evenly over the bytes of all parts, also their first and last."""
    ends = list(accumulate(part.byte_count for part in parts))
    total = ends[-1] if ends else 0
    if not total:
        return []
    last = max(total - SAMPLE_BYTES, 0)
    places = []
    for offset in sorted({last * k // (SAMPLES - 1) for k in range(SAMPLES)}):
        part = bisect_right(ends, offset)
        places.append(parts[part].place + offset - (ends[part] - parts[part].byte_count))
    return places
