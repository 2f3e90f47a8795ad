"""`tensornaut doctor`: what this machine offers. Always exit 0: a thing that is missing is an answer."""

from __future__ import annotations

import argparse
import json
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .. import __version__
from ..engine import places
from ..engine.kernels.errors import InputError
from ..scenes.strings import text
from .main import has_display
from .probe import ask

LIBRARIES = (
    "numpy",
    "vispy",
    "PyOpenGL",
    "PyOpenGL-accelerate",
    "glfw",
    "openvr",
    "imgui-bundle",
    "freetype-py",
    "av",
    "numba",
    "platformdirs",
)
OPTIONAL = ("torch", "cupy")
FOLDERS = {"cache": places.cache_folder, "state": places.state_folder, "config": places.config_folder}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help=text("doctor.option.json"))


def run(arguments: argparse.Namespace) -> int:
    """0, after printing the report."""
    report = examine()
    print(json.dumps(report, indent=2) if arguments.json else "\n".join(_lines(report)))
    return 0


def examine() -> dict[str, Any]:
    """Everything that the report says, as JSON types."""
    with ThreadPoolExecutor() as pool:
        egl, cuda, headset = (pool.submit(ask, what) for what in ("egl", "cuda", "headset"))
        window = ask("window") if has_display() else {"fault": "no display"}
        return {
            "tensornaut": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "opengl": {"egl": egl.result(), "window": window},
            "cuda": cuda.result(),
            "headset": headset.result(),
            "rasterizer": ask("rasterizer"),  # alone, as it takes times
            "libraries": {name: _version(name) for name in LIBRARIES},
            "optional": {name: find_spec(name) is not None for name in OPTIONAL},
            "folders": {name: _folder(name) for name in FOLDERS},
        }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _folder(name: str) -> dict[str, object]:
    try:
        folder = FOLDERS[name]()
    except InputError as error:
        return {"path": error.name, "writable": False}
    return {"path": str(folder), "writable": not places.is_temporary(folder)}


def _lines(report: dict[str, Any]) -> list[str]:
    rows = [
        *((text(f"doctor.opengl.{way}"), _opengl(found)) for way, found in report["opengl"].items()),
        (text("doctor.rasterizer"), _rasterizer(report["rasterizer"])),
        (text("doctor.cuda"), _cuda(report["cuda"])),
        (text("doctor.cuda.kernels"), _cuda_kernels(report["cuda"])),
        (text("doctor.headset"), _headset(report["headset"])),
        *((name, version or text("doctor.absent")) for name, version in report["libraries"].items()),
        *((name, text("doctor.installed" if found else "doctor.absent")) for name, found in report["optional"].items()),
        *((text(f"doctor.folder.{name}"), _place(folder)) for name, folder in report["folders"].items()),
    ]
    head = f"tensornaut {report['tensornaut']}, Python {report['python']}, {report['platform']}"
    return [head, *(f"{label}: {found}" for label, found in rows)]


def _opengl(found: dict[str, str]) -> str:
    return (
        text("doctor.unusable", reason=found["fault"])
        if "fault" in found
        else f"{found['renderer']}, {found['version']}"
    )


def _cuda(found: dict[str, Any]) -> str:
    if found["fault"] is not None:
        return text("doctor.unusable", reason=found["fault"])
    return ", ".join(
        text("doctor.cuda.gpu", driver=found["driver"], gib=gpu["memory_bytes"] >> 30, **gpu)
        for gpu in found["devices"]
    )


def _cuda_kernels(found: dict[str, Any]) -> str:
    """What computes there, and how colors come from there to OpenGL."""
    if found.get("cupy") is None:
        return text("doctor.cuda.without", nvrtc=found.get("nvrtc") or text("doctor.absent"))
    return text("doctor.cuda.with", cupy=found["cupy"], nvrtc=found["nvrtc"] or text("doctor.absent"))


def _rasterizer(found: dict[str, Any]) -> str:
    """Which draws points in live pictures and why."""
    if "fault" in found:
        return text("doctor.unusable", reason=found["fault"])
    taken = ", ".join(f"{name} {duration} ms" for name, duration in found["milliseconds"].items())
    missing = "".join(f"; {name}: {reason}" for name, reason in found["missing"].items())
    return text(f"doctor.rasterizer.{found['reason']}", taken=taken, **found) + missing


def _headset(found: dict[str, Any]) -> str:
    if "fault" in found:
        return text("doctor.unusable", reason=found["fault"])
    if not found["runtime"]:
        return text("doctor.headset.absent")
    return text("doctor.headset.present" if found["connected"] else "doctor.headset.runtime")


def _place(folder: dict[str, Any]) -> str:
    return text("doctor.writable" if folder["writable"] else "doctor.unwritable", path=Path(folder["path"]))
