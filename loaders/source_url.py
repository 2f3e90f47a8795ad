"""Files behind an address, such as https://, s3:// or sftp://: parts of them by fsspec, nothing kept.

Only when the person gave the address. Its size and what the server says of its version are known before anything is
read, and asked again after a reading, so what was read is of the version that was opened. `Source` in source.py is what
readers use.

Source: https://filesystem-spec.readthedocs.io (`url_to_fs`, `info`, `cat_file`).
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from ..engine.kernels.errors import InputError
from .errors import FormatError

__all__ = ["beside", "is_url", "path_of", "read_range", "stated"]

ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")  # of at least two letters: C:// is a drive
WEB = ("http", "https")
CONNECT_S, SILENCE_S = 20, 60  # that a web server may take
PART_BYTES = 16 << 20  # asked for at a time; what is cut off is asked for again
PAUSES_S = (0.2, 1.0, 3.0)  # before each further try
VERSION_MARKS = (  # what servers call that which changes with a file, the surest first
    *("ETag", "etag", "e_tag", "md5Hash", "checksum", "Content-MD5", "content_md5", "Digest", "VersionId"),
    *("generation", "Last-Modified", "LastModified", "last_modified", "updated", "modified", "mtime", "blob_id"),
)
FAULTS = {  # errors of libraries that fsspec reads with, which are no OSError
    "aiohttp": ("ClientError",),
    "asyncio.exceptions": ("IncompleteReadError", "TimeoutError"),
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "gcsfs.retry": ("HttpError",),
    "paramiko.ssh_exception": ("SSHException",),
}


def is_url(place: str) -> bool:
    """True for an address, false for a path of this machine."""
    return ADDRESS.match(place) is not None


def path_of(url: str) -> PurePosixPath:
    """The path in an address: for names and suffixes."""
    parts = urlsplit(url)
    return PurePosixPath(unquote(parts.path) if parts.scheme.lower() in WEB else parts.path)


def beside(url: str, name: str) -> str:
    """Address of the file `name`, a relative path without surprises, in the folder of `url`."""
    parts = urlsplit(url)
    name = quote(name) if parts.scheme.lower() in WEB else name
    return urlunsplit(parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}"))


def stated(url: str) -> tuple[int, str]:
    """(size in bytes, mark of its version, empty where there is none), as the server says now. Raises InputError."""
    system, path = _system(url)
    try:
        system.invalidate_cache()
        facts = system.info(path)
    except _faults(OSError, ValueError) as error:
        raise _explained(url, error) from error
    if facts.get("type", "file") != "file":
        found = "a folder" if facts["type"] == "directory" else "something that is no file"
        raise FormatError(url, "not_regular", found=found)
    if facts.get("partial") is False:
        raise FormatError(url, "remote_ranges")
    if type(facts.get("size")) is not int:
        raise FormatError(url, "remote_size")
    mark = next((f"{name} {facts[name]}" for name in VERSION_MARKS if facts.get(name)), "")
    return facts["size"], mark


def read_range(url: str, size: int, place: int, count: int) -> bytes:
    """Bytes [place, place + count) of a file of `size` bytes; fewer where it ends before. Raises InputError."""
    parts = [
        _read_part(url, size, begin, min(PART_BYTES, place + count - begin))
        for begin in range(place, place + count, PART_BYTES)
    ]
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_part(url: str, size: int, place: int, count: int) -> bytes:
    """As `read_range`, by one request; by another one after a while where the first was cut off."""
    system, path = _system(url)
    for pause_s in (*PAUSES_S, None):
        try:
            data = _request(system, path, size, place, count)
            if len(data) == count:
                return data
            failure: InputError = FormatError(url, "remote_cut", found=len(data), expected=count, offset=place)
        except ValueError as error:
            raise FormatError(url, "remote_ranges") from error
        except (FileNotFoundError, PermissionError) as error:
            raise _explained(url, error) from error
        except _faults(OSError) as error:
            failure = _explained(url, error)
        if pause_s is not None:
            time.sleep(pause_s)
    raise failure


def _request(system: Any, path: str, size: int, place: int, count: int) -> bytes:
    """What one request gives. A web server that sends the whole file instead is not listened to."""
    if not _is_web(system):
        return system.cat_file(path, start=place, end=place + count)
    with system.open(path, "rb", block_size=max(count, 1), cache_type="none", size=size) as file:
        file.seek(place)
        return file.read(count)


def _system(url: str) -> tuple[Any, str]:
    """(file system of fsspec, path in it). Raises FormatError where a library is missing."""
    try:
        import fsspec
    except ImportError as error:
        raise FormatError(url, "remote_missing") from error
    protocol = urlsplit(url).scheme.lower()
    try:
        return fsspec.url_to_fs(url, **(_web_options() if protocol in WEB else {}))
    except (ImportError, ValueError) as error:
        raise FormatError(url, "remote_protocol", found=f"{protocol}://", reason=str(error)) from error
    except _faults(OSError) as error:
        raise _explained(url, error) from error


def _web_options() -> dict[str, Any]:
    """Bytes as they are, and no endless waiting."""
    from aiohttp import ClientTimeout

    patience = ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S)
    return {"headers": {"Accept-Encoding": "identity"}, "client_kwargs": {"timeout": patience}}


def _is_web(system: Any) -> bool:
    return "http" in system.protocol


def _faults(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Errors of the libraries that are loaded, and more."""
    loaded = [(sys.modules[module], names) for module, names in FAULTS.items() if module in sys.modules]
    return (*more, *(getattr(module, name) for module, names in loaded for name in names))


def _explained(url: str, error: BaseException) -> InputError:
    """What to tell the person."""
    cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
    status = getattr(cause, "status", None)
    if status == 404 or (isinstance(error, FileNotFoundError) and cause is error):
        return InputError(url, "not_found")
    reason = f"{status} {getattr(cause, 'message', '')}" if status else str(cause) or type(cause).__name__
    return FormatError(url, "remote_unreadable", reason=reason)
