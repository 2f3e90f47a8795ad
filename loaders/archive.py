"""Zip archives: members in place or unpacked in memory; never extracted, never more than they declare.

Source: APPNOTE.TXT, the .ZIP file format specification, sections 4.3 and 4.4.
"""

from __future__ import annotations

import io
import struct
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import FormatError
from .item_places import ItemPlace
from .limits import INFLATED_FLOOR_BYTES, INFLATED_RATIO, UNPACKED_CACHE_BYTES, ZIP_DIRECTORY_BYTES, ZIP_MEMBERS
from .source import OpenFile, Source

__all__ = [
    "Inflated",
    "Member",
    "UnpackedCache",
    "directory",
    "first_name",
    "matches",
    "member",
    "problem",
    "too_large",
]

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
PIECE_BYTES = 64 << 10
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ENCRYPTED = 1


def matches(start: bytes) -> bool:
    """True for the first bytes of a zip archive, also of an empty one."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def first_name(start: bytes) -> str:
    """Name of the member that stands first in an archive, as far as its first bytes tell."""
    if not start.startswith(b"PK\x03\x04") or len(start) < LOCAL_HEADER.size:
        return ""
    length = LOCAL_HEADER.unpack_from(start)[9]
    return start[LOCAL_HEADER.size : LOCAL_HEADER.size + length].decode("utf-8", "replace")


class UnpackedCache:
    """The members used last, unpacked. Any thread. A copy in another process begins empty."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def __reduce__(self) -> tuple[type[UnpackedCache], tuple[()]]:
        return UnpackedCache, ()

    def unpacked(self, member: Member) -> bytes:
        """All bytes of the member. Raises FormatError."""
        with self._lock:
            data = self._kept.pop(member.start, None)
            if data is None:
                data = member.unpack()
            self._kept[member.start] = data
            while sum(map(len, self._kept.values())) > UNPACKED_CACHE_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
            return data


@dataclass(frozen=True)
class Member:
    """One file in an archive."""

    name: str
    source: Source
    start: int  # of its data in the archive
    stored_size: int
    size: int  # unpacked
    checksum: int
    deflated: bool
    cache: UnpackedCache = field(repr=False, compare=False)

    def head(self, file: OpenFile, count: int) -> bytes:
        """The first bytes, at most `count`. Raises FormatError."""
        if not self.deflated:
            return file.read(self.start, min(count, self.size))
        head = b""
        for piece in self._pieces(file):
            head += piece[: count - len(head)]
            if len(head) >= count:
                break
        return head

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count) of the unpacked member. Raises FormatError."""
        return self.cache.unpacked(self)[offset : offset + count]

    def where(self, offset: int) -> ItemPlace:
        """Where a byte of the unpacked member stands."""
        if not self.deflated:
            return ItemPlace(self.source.path, self.start + offset)
        return ItemPlace(self.source.path, None, storage="deflated", member=self.name, inside=offset)

    def unpack(self) -> bytes:
        """All bytes, known to be as many as declared and to have the declared checksum. Raises FormatError."""
        data = bytearray()
        with self.source.open() as file:
            for piece in self._pieces(file):
                data += piece
                if len(data) > self.size:
                    break
        if len(data) != self.size or zlib.crc32(data) != self.checksum:
            raise FormatError(self.source.path, "archive_damaged", reason=f"{self.name} is not what it declares")
        return bytes(data)

    def _pieces(self, file: OpenFile) -> Iterator[bytes]:
        """The unpacked bytes, at most 1 MiB at a time."""
        machine = zlib.decompressobj(-zlib.MAX_WBITS)
        at, end = self.start, self.start + self.stored_size
        rest = b""
        while not machine.eof and (rest or at < end):
            if not rest:
                rest = file.read(at, min(PIECE_BYTES, end - at))
                at += len(rest)
            try:
                piece = machine.decompress(rest, 1 << 20)
            except zlib.error as error:
                raise FormatError(file.source.path, "archive_damaged", reason=f"{self.name}: {error}") from error
            rest = machine.unconsumed_tail
            if piece:
                yield piece


@dataclass(frozen=True)
class Inflated:
    """The numbers of a tensor in a deflated member."""

    member: Member
    skipped: int  # bytes of the member before them

    @property
    def layout(self) -> tuple[int]:
        """What tells this tensor from others of its shape in the member."""
        return (self.skipped,)

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count) of the numbers. Raises FormatError."""
        return self.member.read(self.skipped + offset, count)

    def where(self, offset: int) -> ItemPlace:
        """Where the number stands that begins at this byte of the numbers."""
        return self.member.where(self.skipped + offset)


def directory(file: OpenFile) -> list[zipfile.ZipInfo]:
    """Entries of the archive's directory, in the order of their data. Raises FormatError."""
    try:
        with zipfile.ZipFile(_Window(file)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise FormatError(file.source.path, "archive_damaged", reason=str(error) or type(error).__name__) from error
    if len(entries) > ZIP_MEMBERS:
        raise FormatError(file.source.path, "archive_damaged", reason=f"{len(entries)} members")
    return sorted(entries, key=lambda entry: entry.header_offset)


def problem(entry: zipfile.ZipInfo) -> str | None:
    """Why a member cannot be read; None when it can, as far as the directory tells."""
    if entry.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in METHODS:
        return f"it is compressed by method {entry.compress_type}"
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        return "its sizes contradict each other"
    if too_large(entry.file_size, entry.compress_size):
        return f"it would unpack to {entry.file_size} bytes from {entry.compress_size}"
    return None


def too_large(size: int, stored_size: int) -> bool:
    """True where so much out of so little is no honest archive."""
    return size > INFLATED_RATIO * stored_size + INFLATED_FLOOR_BYTES


def member(file: OpenFile, entry: zipfile.ZipInfo, end: int, cache: UnpackedCache) -> Member | str:
    """The member of an entry, whose data ends before byte `end`; or why it cannot be read."""
    if entry.header_offset < 0 or entry.header_offset + LOCAL_HEADER.size > end:
        return "it overlaps what follows"
    fields = LOCAL_HEADER.unpack(file.read(entry.header_offset, LOCAL_HEADER.size))
    start = entry.header_offset + LOCAL_HEADER.size + fields[9] + fields[10]
    if fields[0] != b"PK\x03\x04" or fields[3] != entry.compress_type:
        return "its header contradicts the directory"
    if start + entry.compress_size > end:
        return "it overlaps what follows"
    return Member(
        entry.filename,
        file.source,
        start,
        entry.compress_size,
        entry.file_size,
        entry.CRC,
        entry.compress_type == zipfile.ZIP_DEFLATED,
        cache,
    )


class _Window(io.RawIOBase):
    """An open file as zipfile wants it; refuses to read more at once than an honest directory needs."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.source.size}[whence]
        if begin + offset < 0:
            raise OSError("before the start of the file")
        self._at = begin + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int | None = -1) -> bytes:
        left = max(self._file.source.size - self._at, 0)
        wanted = left if count is None or count < 0 else min(count, left)
        if wanted > ZIP_DIRECTORY_BYTES:
            raise OSError(f"a directory of {wanted} bytes")
        data = self._file.read(self._at, wanted)
        self._at += wanted
        return data
