"""What was computed from files, kept in files of ours: found again by a key, never trusted, never needed.

An entry is a file: a mark, a checksum over key and body, the body. It is written beside and put in its place in one
step, so it is there whole or not at all; what a power cut leaves of it fails its checksum. Nobody waits for another
process: two that write the same entry write the same bytes, and an entry that another one removes is computed again.
What fails here, a full disk or a folder that cannot be written, costs time and nothing else.

The names of entries begin with a version: a digest of the sources that decide what numbers are and mean.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .kernels.errors import InputError
from .places import cache_folder, is_temporary
from .posix import hold

__all__ = ["Buffer", "Cache", "CacheState", "limit_bytes", "opened", "version"]

Buffer = bytes | memoryview
FORMAT = 1  # of entries and their bodies
VARIABLE = "TENSORNAUT_CACHE_BYTES"  # environment: the most that all entries may take; 0: no cache
LIMIT_BYTES = 512 << 20
KEPT_SHARE = 0.9  # of the limit, when entries are removed
RUN_SHARE = 0.5  # of the limit, that one run fills at most
LARGEST_ENTRY_BYTES = 256 << 20
FOLDER = "summaries"
MARK = b"tnsumm1\n"
CHECKSUM_BYTES = 32
PART = ".part"
NAME = re.compile(r"(?P<version>[0-9a-f]{12})-[0-9a-f]{32}(-(?P<kind>[a-z]+))?\.entry")
OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
SETTLED_NS = 2_000_000_000  # the coarsest step in which a file system counts time
FAILURES = 3  # after which nothing more is written
STORES_BETWEEN_COUNTS = 32  # other processes write, too
PACKAGE = Path(__file__).absolute().parent.parent
SOURCES = ("__init__.py", "engine/messages.py", "engine/summaries.py", "engine/kernels/*.py", "loaders/*.py")


@dataclass(frozen=True)
class CacheState:
    """What a cache holds."""

    folder: Path
    entries: int
    byte_count: int
    versions: Mapping[str, int]  # entries of each version
    kinds: Mapping[str, int]  # bytes of each kind: "summaries", or as the keys end


class Cache:
    """Entries in one folder. For one thread; any number of processes may use the folder at the same time."""

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self.limit = limit  # bytes
        self._total = self._written = self._stores = self._failures = 0

    def find(self, key: str) -> memoryview | None:
        """The body stored under a key, 32 hex digits and maybe a kind; None where there is none, or a damaged one."""
        path = self._path(key)
        try:
            data = _read(path)
        except OSError:
            return None
        body = _body(key, data)
        if body is None:
            _remove(path)
            return None
        with suppress(OSError):  # cannot be written any more
            os.utime(path)  # it was used last
        return body

    def store(self, key: str, body: Buffer | Sequence[Buffer], changed_ns: int, share: float = RUN_SHARE) -> bool:
        """Whether the entry was written. `body`: bytes or pieces of them, `changed_ns`: when the file changed.

        Not where that was a moment ago: a further change might leave the same time. And one run does not fill more
        than `share` of the cache, or it would push out what it wrote first.
        """
        pieces = [body] if isinstance(body, bytes | memoryview) else body
        size = len(MARK) + CHECKSUM_BYTES + sum(map(len, pieces))
        if self._failures >= FAILURES or size > LARGEST_ENTRY_BYTES or self._written + size > self.limit * share:
            return False
        try:
            is_written = self._write(key, pieces, changed_ns)
        except FileNotFoundError:  # another process found it between its making and its holding, or cleared all
            return False
        except OSError:
            self._failures += 1
            return False
        if is_written:
            self._written += size
            self._make_room(size)
        return is_written

    def tidy(self) -> None:
        """Removes what processes that were killed have left."""
        with suppress(OSError):
            for entry in os.scandir(self.folder):
                if entry.name.endswith(PART):
                    _remove_left(entry.path)

    def state(self) -> CacheState:
        """What there is now."""
        return self._state(list(self._entries()))

    def clear(self) -> CacheState:
        """What was removed: all of it."""
        removed = [(path, status) for path, status in self._entries() if _remove(path)]
        self.tidy()
        return self._state(removed)

    def _state(self, entries: Sequence[tuple[Path, os.stat_result]]) -> CacheState:
        versions, kinds = Counter[str](), Counter[str]()
        for path, status in entries:
            match = NAME.fullmatch(path.name)
            assert match is not None
            versions[match["version"]] += 1
            kinds[match["kind"] or FOLDER] += status.st_size
        return CacheState(self.folder, len(entries), sum(kinds.values()), dict(versions), dict(kinds))

    def _path(self, key: str) -> Path:
        return self.folder / f"{version()}-{key}.entry"

    def _write(self, key: str, body: Sequence[Buffer], changed_ns: int) -> bool:
        descriptor, part = tempfile.mkstemp(PART, dir=self.folder)
        try:
            with open(descriptor, "wb") as file:
                hold(descriptor)
                if os.fstat(descriptor).st_mtime_ns - changed_ns < SETTLED_NS:
                    return False
                file.write(MARK + _checksum(key, body))
                file.writelines(body)
            os.replace(part, self._path(key))
            return True
        finally:
            _remove(Path(part))  # still there where something went wrong

    def _make_room(self, size: int) -> None:
        """Removes the entries that were used longest ago where all together are too large."""
        self._stores += 1
        self._total += size
        if self._total <= self.limit and self._stores % STORES_BETWEEN_COUNTS != 1:
            return
        found = sorted(self._entries(), key=lambda entry: entry[1].st_mtime_ns)
        self._total = sum(status.st_size for _, status in found)
        if self._total <= self.limit:
            return
        for path, status in found:
            if self._total <= self.limit * KEPT_SHARE:
                return
            _remove(path)
            self._total -= status.st_size

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        try:
            names = [name for name in os.listdir(self.folder) if NAME.fullmatch(name)]
        except OSError:
            return
        for name in names:
            with suppress(OSError):  # another process removed it
                status = (self.folder / name).lstat()
                if stat.S_ISREG(status.st_mode):
                    yield self.folder / name, status


def opened() -> Cache | None:
    """The person's cache; None where nothing can be kept, or shall be. Raises InputError for a wrong limit."""
    limit = limit_bytes()
    if not limit:
        return None
    try:
        folder = cache_folder()
        if is_temporary(folder):
            return None
        (folder / FOLDER).mkdir(exist_ok=True)
    except (InputError, OSError):
        return None
    found = Cache(folder / FOLDER, limit)
    found.tidy()
    return found


def limit_bytes() -> int:
    """The most bytes that the cache may take. Raises InputError where the environment does not say a number."""
    found = os.environ.get(VARIABLE, "").strip()
    if not found:
        return LIMIT_BYTES
    if not (found.isascii() and found.isdigit() and len(found) <= 18):
        raise InputError(VARIABLE, "option_value", found=found, expected="a number of bytes, 0 for no cache")
    return int(found)


@cache
def version() -> str:
    """12 hex digits: identity of what decides which numbers an entry holds, and how."""
    digest = hashlib.blake2b(repr((FORMAT, sys.byteorder)).encode(), digest_size=6)
    for pattern in SOURCES:
        for path in sorted(PACKAGE.glob(pattern)):
            try:
                content = path.read_bytes()
            except OSError:
                content = b""
            digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    """All bytes of a regular file that is no link. Raises OSError."""
    with open(os.open(path, OPEN_FLAGS), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_ENTRY_BYTES:
            raise OSError("no entry of ours")
        return file.read()


def _body(key: str, data: bytes) -> memoryview | None:
    """The body of an entry; None where it is not what was written under this key."""
    start = len(MARK) + CHECKSUM_BYTES
    body = memoryview(data)[start:]
    return body if data[:start] == MARK + _checksum(key, [body]) else None


def _checksum(key: str, body: Sequence[Buffer]) -> bytes:
    digest = hashlib.blake2b(MARK + version().encode() + key.encode(), digest_size=CHECKSUM_BYTES)
    for piece in body:
        digest.update(piece)
    return digest.digest()


def _remove_left(path: str) -> None:
    """Removes a part that nobody writes any more."""
    with suppress(OSError), open(os.open(path, OPEN_FLAGS), "rb") as file:
        if hold(file.fileno()) and os.name == "posix":
            _remove(Path(path))
            return
    if os.name != "posix":  # which lets nobody remove what is open
        _remove(Path(path))


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
