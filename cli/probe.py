"""Asks a part of the machine that may crash, hang or print noise, in a child process: EGL, a window, CUDA, a headset.

The child answers with one line of JSON, the last on its standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean

__all__ = ["answer", "ask"]

TIMEOUT_S = 30
# The child searches modules where we do: `python -m` would add the current folder, which may be somebody's model.
CHILD = "import sys; sys.path[:] = sys.argv[2:]; from {module} import answer; answer(sys.argv[1])"


def ask(what: str) -> dict[str, object]:
    """What the child found about "egl", "window", "rasterizer", "cuda" or "headset".

    {"fault": reason} where it could not tell.
    """
    command = [sys.executable, "-c", CHILD.format(module=__name__), what, *sys.path]
    try:
        child = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return {"fault": f"no answer in {TIMEOUT_S} s"}
    except OSError as error:
        return {"fault": str(error)}
    try:
        return json.loads(child.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        noise = child.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        return {"fault": clean(f"ended with {child.returncode}: {noise[-1]}")}


def answer(what: str) -> None:
    """Prints what this process finds out, as JSON."""
    try:
        parts = {"egl": _egl, "window": _window, "rasterizer": _rasterizer, "cuda": _cuda, "headset": _headset}
        found = parts[what]()
    except InputError as error:
        found = {"fault": str(error)}
    except Exception as error:  # a driver or a missing library may raise anything; it is the answer
        found = {"fault": clean(f"{type(error).__name__}: {error}")}
    print("\n" + json.dumps(found), flush=True)


def _egl() -> dict[str, object]:
    from ..engine.gpu import Context

    context = Context.offscreen()
    return {"renderer": context.renderer, "version": context.version}


def _window() -> dict[str, object]:
    from vispy import app

    from ..engine.gpu import Context

    context = Context(app.Canvas(app=app.Application("glfw"), size=(16, 16), show=False, dpi=96), "glfw")
    return {"renderer": context.renderer, "version": context.version}


def _rasterizer() -> dict[str, object]:
    """Which draws points in live pictures and why, how long each takes, and why others are not offered."""
    from ..engine.gpu import Context
    from ..engine.kernel_choice import WORTH, version
    from ..engine.rasterize import DefinitionRasterizer
    from ..engine.rasterize.trial import candidates, durations_ms

    context = Context.offscreen()
    module = version("rasterize", WORTH)
    processor = getattr(module, "CompiledRasterizer", DefinitionRasterizer)()
    found, missing = candidates(context, processor)
    taken, failed = durations_ms(context, found)
    missing |= failed
    chosen = min(taken, key=taken.__getitem__)
    reason = "fastest" if len(taken) > 1 else "only"
    if processor.name == DefinitionRasterizer.name:
        chosen, reason = processor.name, "cold"
    elif chosen == "compute" and context.is_software:
        chosen, reason = processor.name, "software"
    rounded = {name: round(duration, 1) for name, duration in taken.items()}
    return {
        "chosen": chosen,
        "reason": reason,
        "threads": processor.threads,
        "milliseconds": rounded,
        "missing": missing,
    }


def _cuda() -> dict[str, object]:
    from ..engine.device import cuda_facts

    return asdict(cuda_facts())


def _headset() -> dict[str, object]:
    import openvr

    return {"runtime": bool(openvr.isRuntimeInstalled()), "connected": bool(openvr.isHmdPresent())}
