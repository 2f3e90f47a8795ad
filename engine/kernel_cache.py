"""Where compiled kernels are kept, whether they are there, and making them in a worker: never in this process.

The folder's name is a digest of all that compiled code depends on, also constants of other files, which numba's own
cache does not notice. A stamp in it says that everything was compiled.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from .places import cache_folder

if TYPE_CHECKING:
    from .workers import WorkerProcess

__all__ = ["DRAWING", "Compilation", "compile_here", "kernels_are_ready", "use_cache"]

VARIABLE = "NUMBA_CACHE_DIR"  # numba's; one that the person set is respected
PREFIX = "tensornaut-"  # of folders in our cache
PACKAGE = Path(__file__).absolute().parent.parent
PACKAGE_NAME = __package__.partition(".")[0]
FOLDERS = ("engine/kernels", "engine/kernels/forward", "engine/rasterize")
DRAWING = ("colorize", "cut", "rasterize")  # what draws: kernels, and all that rasterizes
LIBRARIES = ("numba", "llvmlite")
KEPT = 3  # folders of other versions


def use_cache() -> None:
    """Tells numba where to keep compiled kernels. To be called before the first kernel is imported."""
    os.environ[VARIABLE] = str(_folder())
    if "numba" in sys.modules:  # somebody else's import
        sys.modules["numba"].config.reload_config()


def kernels_are_ready(drawing: bool = False) -> bool:
    """True when all kernels, or all that draw, were compiled for this machine and these versions.

    Imports nothing, reads no file.
    """
    return _stamp(drawing).exists()


def compile_here() -> None:
    """Compiles all kernels in this process, which is a worker, and says so in the cache. Several may do so at once."""
    use_cache()
    for drawing in (True, False):  # a picture waits for those that draw, so these come first
        for name in _kernel_modules(drawing):
            import_module(f".{name}", PACKAGE_NAME)
        _put(_stamp(drawing))
    if _folder().name.startswith(PREFIX):
        _remove_old(_folder())


def _put(stamp: Path) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=stamp.parent)
    os.close(descriptor)
    os.replace(part, stamp)


class Compilation:
    """Compiles all kernels in a worker in the background; ends with this process at the latest."""

    def __init__(self) -> None:
        from .workers import WorkerProcess

        self._worker: WorkerProcess | None = None
        self.failed = False
        try:
            self._worker = WorkerProcess()
            self._worker.send("compile", {})
        except OSError:
            self.close()
            self.failed = True
            return
        atexit.register(self.close)

    def is_done(self) -> bool:
        """True when the kernels are ready, or `failed`. Never waits for the work."""
        if self._worker is None:
            return True
        if not kernels_are_ready():
            if self._worker.is_alive:
                return False
            self.failed = True
        self.close()
        return True

    def close(self) -> None:
        """Ends the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        atexit.unregister(self.close)


def _kernel_modules(drawing: bool) -> Iterator[str]:
    """Those that draw, or the others."""
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).glob("*_numba.py")):
            if (path.stem.removesuffix("_numba") in DRAWING or path.parent.name in DRAWING) == drawing:
                yield f"{folder.replace('/', '.')}.{path.stem}"


@cache
def _stamp(drawing: bool) -> Path:
    """The file that stands there when all is compiled, or all that draws."""
    return _folder() / f"{'draws' if drawing else 'ready'}-{_digest()}"


@cache
def _folder() -> Path:
    """The person's choice; one of ours that was inherited is none: the cache folder may be another by now."""
    chosen = os.environ.get(VARIABLE)
    if chosen and not Path(chosen).name.startswith(PREFIX):
        return Path(chosen)
    return cache_folder() / "kernels" / f"{PREFIX}{_digest()}"


@cache
def _digest() -> str:
    """Identity of sources, libraries, Python and processor."""
    sources = [PACKAGE / "__init__.py"]  # it holds the version
    for folder in FOLDERS:
        sources += sorted((PACKAGE / folder).glob("*.py"))
    for library in LIBRARIES:
        found = importlib.util.find_spec(library)
        if found is not None and found.origin is not None:
            sources.append(Path(found.origin).with_name("_version.py"))
    facts: list[object] = [sys.version, sys.byteorder, platform.machine(), _processor()]
    facts += sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_") and item[0] != VARIABLE)
    facts += [(str(path), status.st_mtime_ns, status.st_size) for path, status in map(_status, sources) if status]
    return hashlib.blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _status(path: Path) -> tuple[Path, os.stat_result | None]:
    try:
        return path, path.stat()
    except OSError:
        return path, None


def _processor() -> str:
    """Model and features of the processor, as far as they can be had without starting a program."""
    wanted = ("vendor_id", "model name", "flags", "Features", "CPU implementer", "CPU part")
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            first = file.read(1 << 14).partition("\n\n")[0]
    except OSError:
        return os.environ.get("PROCESSOR_IDENTIFIER", "")
    return "\n".join(line for line in first.splitlines() if line.startswith(wanted))


def _remove_old(folder: Path) -> None:
    """Removes folders of versions that were not compiled lately."""
    others = [other for other in folder.parent.glob(f"{PREFIX}*") if other != folder]
    times = {other: status.st_mtime for other, status in map(_status, others) if status}
    for other in sorted(times, key=lambda path: times[path], reverse=True)[KEPT:]:
        shutil.rmtree(other, ignore_errors=True)
