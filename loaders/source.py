"""Reading of files: only regular ones, only inside their bounds, only inside the model's folder.

A file stands on this machine, or behind an address that the person gave (source_url.py).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from ..engine.kernels.errors import InputError
from . import source_url
from .errors import FormatError
from .source_url import is_url

__all__ = ["OpenFile", "Source", "is_url", "resolve", "resolve_url"]

OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer does not block
    | getattr(os, "O_NOFOLLOW", 0)  # the real path holds no link
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
PIECE_BYTES = 1 << 30  # one system call reads at most 2 GiB
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class Source:
    """The identity of one regular file. Plain data; `open()` reads it as long as it stays the same file."""

    path: str  # real path, or address
    size: int  # bytes
    mtime_ns: int  # 0 behind an address
    mark: str = ""  # what a server says of the file's version

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Source:
        """The source at a path or address. Raises InputError where there is none, FormatError where it's no file."""
        shown = os.fspath(path)
        if is_url(shown):
            size, mark = source_url.stated(shown)
            return cls(shown, size, 0, mark)
        real = _real_path(path)
        descriptor = _open(shown, real)
        try:
            status = _regular(shown, os.fstat(descriptor))
        finally:
            os.close(descriptor)
        return cls(real, status.st_size, status.st_mtime_ns)

    @property
    def is_remote(self) -> bool:
        """Whether it stands behind an address."""
        return is_url(self.path)

    def open(self) -> OpenFile:
        """The file, open until its `with` block ends. Raises FormatError when it changed since `of`.

        Behind an address that is found at the end of the block.
        """
        if self.is_remote:
            return OpenFile(self, partial(source_url.read_range, self.path, self.size), self._check_version)
        descriptor = _open(self.path, self.path)
        try:
            status = _regular(self.path, os.fstat(descriptor))
            if (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns):
                raise FormatError(self.path, "changed")
        except FormatError:
            os.close(descriptor)
            raise
        return OpenFile(self, partial(_piece, descriptor), lambda failed: os.close(descriptor))

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count). Raises FormatError when the file changed or ends before."""
        with self.open() as file:
            return file.read(offset, count)

    def fate(self) -> str:
        """What became of the file: "same", "gone", "no_file", "shorter", "longer", "written" (of the same size).

        Behind an address: "same", without asking.
        """
        if self.is_remote:
            return "same"
        try:
            status = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return "gone"
        except OSError:  # what cannot be asked is not known to have changed
            return "same"
        if not stat.S_ISREG(status.st_mode):
            return "no_file"
        if status.st_size != self.size:
            return "shorter" if status.st_size < self.size else "longer"
        return "same" if status.st_mtime_ns == self.mtime_ns else "written"

    def _check_version(self, failed: bool) -> None:
        """Raises FormatError where the server has another version now."""
        if not failed and source_url.stated(self.path) != (self.size, self.mark):
            raise FormatError(self.path, "changed")


class OpenFile:
    """An open file: reads of exactly the bytes asked for. For one thread; each thread opens its own.

    `piece(offset, count)` gives those bytes, or fewer; `leave` is called at the end, with whether anything failed.
    """

    def __init__(self, source: Source, piece: Callable[[int, int], bytes], leave: Callable[[bool], None]) -> None:
        self.source = source
        self._piece = piece
        self._leave = leave

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(kind is not None)

    def read(self, offset: int, count: int) -> bytes:
        """Bytes [offset, offset + count). Raises FormatError when the file ends before; nothing is allocated then."""
        if offset < 0 or count < 0 or offset + count > self.source.size:
            raise FormatError(self.source.path, "truncated", size=self.source.size, expected=offset + count)
        try:
            if count <= PIECE_BYTES and len(data := self._piece(offset, count)) == count:
                return data
            pieces = [self._piece(offset, min(count, PIECE_BYTES))]
            done = len(pieces[0])
            while done < count and pieces[-1]:
                pieces.append(self._piece(offset + done, min(count - done, PIECE_BYTES)))
                done += len(pieces[-1])
        except OSError as error:
            raise InputError(self.source.path, "unreadable", reason=error.strerror or str(error)) from error
        if done < count:
            raise FormatError(self.source.path, "truncated", size=offset + done, expected=offset + count)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _piece(descriptor: int, offset: int, count: int) -> bytes:
    """What one system call gives."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)  # Windows
    return os.read(descriptor, count)


def resolve(folder: Path, name: str, where: str) -> Path:
    """The path of a file that a model's file (`where`) names. The one way from a name in a file to a path.

    The name is relative, has no `..`, and leads to a place inside `folder` also when links are followed. One exception:
    in the cache of the Hugging Face Hub, `models--*/snapshots/*` holds links into `models--*/blobs`, and those are
    followed. Raises FormatError.
    """
    parts = _parts(name, where)
    root = _real_path(folder)
    real = _real_path(Path(root, *parts))
    if not (_is_inside(real, root) or os.path.dirname(real) == _hub_blobs(root)):
        raise FormatError(where, "name_unsafe", found=name, where=os.path.basename(where))
    return Path(real)


def resolve_url(url: str, name: str) -> str:
    """The address of a file that the one behind `url` names, in the same folder. Raises FormatError as `resolve`."""
    return source_url.beside(url, "/".join(_parts(name, url)))


def _parts(name: str, where: str) -> list[str]:
    """The parts of a relative name without surprises. Raises FormatError."""
    parts = name.split("/")
    if not name or any(character in name for character in "\\:\0") or {"", ".", ".."} & set(parts):
        raise FormatError(where, "name_unsafe", found=name, where=os.path.basename(where))
    return parts


def _hub_blobs(root: str) -> str | None:
    """Folder of the Hub's cache that the links in `root` lead to; None where `root` is not in that cache."""
    for place in list(Path(root).parents)[:4]:
        if place.name == "snapshots" and place.parent.name.startswith("models--"):
            return _real_path(place.parent / "blobs")
    return None


def _is_inside(path: str, root: str) -> bool:
    try:
        return os.path.commonpath([path, root]) == root and path != root
    except ValueError:  # two drives
        return False


def _real_path(path: str | os.PathLike[str]) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError) as error:  # too long, a NUL
        raise InputError(os.fspath(path), "not_found") from error


def _open(shown: str, real: str) -> int:
    """A descriptor of what is a regular file before it is opened; the caller looks again after. Raises InputError."""
    try:
        _regular(shown, os.stat(real))
        return os.open(real, OPEN_FLAGS)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise InputError(shown, "not_found") from error
    except OSError as error:
        raise InputError(shown, "unreadable", reason=error.strerror or str(error)) from error


def _regular(shown: str, status: os.stat_result) -> os.stat_result:
    if stat.S_ISREG(status.st_mode):
        return status
    found = next((kind for test, kind in KINDS if test(status.st_mode)), "something that is no file")
    raise FormatError(shown, "not_regular", found=found)
