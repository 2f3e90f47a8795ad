"""The rasterizer to draw with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..kernel_choice import version
from ..kernels.errors import InputError
from .batch import Batch, Pool
from .definition import DefinitionRasterizer
from .rasterizer import Rasterizer

if TYPE_CHECKING:
    from ..gpu import Context

__all__ = ["AUTO", "WANTED", "RasterizerChoice"]

AUTO, DEFINITION = "auto", "definition"
WANTED = (AUTO, "numba", "compute", "cuda", DEFINITION)


class RasterizerChoice:
    """The rasterizer to draw with, one of WANTED.

    On the processor: the definition, and the compiled one as soon as it is ready and worth its import, with `threads`
    threads (0: as many as help). "auto": exact frames are drawn there, so that films and snapshots depend on the scene
    alone; live ones by whichever is fastest in a short trial, which begins once the compiled one is there, until it
    fails. "compute" and "cuda", on a GPU, draw all frames when they are asked for; InputError where they cannot.
    `context`: the OpenGL context that will be current, None: there is none, as without a picture to show.
    """

    def __init__(self, threads: int = 0, wanted: str = AUTO, context: Context | None = None) -> None:
        self._threads, self._wanted, self._context = threads, wanted, context
        self._processor: Rasterizer = DefinitionRasterizer()
        self._asked = _asked(wanted, context)
        self._fastest: Rasterizer | None = None  # after the trial
        self.given_up: InputError | None = None  # why the fastest one draws no longer, for whoever wants to say it

    def rasterizer(self, batch: Batch, exact: bool = True, pool: Pool | None = None) -> Rasterizer:
        """The one for the next picture, in which `batch` of `pool` is drawn."""
        if self._asked is not None:
            return self._asked
        processor = self._on_processor(batch)
        if exact or self._wanted != AUTO or self._context is None or processor.name == DefinitionRasterizer.name:
            return processor
        if self._fastest is None:
            self._fastest = _fastest(self._context, processor)
        return self._fastest if pool is None or _fits(self._fastest, pool) else processor

    def give_up(self, rasterizer: Rasterizer, error: InputError) -> None:
        """A rasterizer could not draw: the processor does from now on. Raises the error where it was asked for."""
        if rasterizer is not self._fastest or rasterizer is self._processor:
            raise error
        self._fastest, self.given_up = self._processor, error

    def _on_processor(self, batch: Batch) -> Rasterizer:
        if self._wanted == DEFINITION or self._processor.name != DefinitionRasterizer.name:
            return self._processor
        module = version("rasterize", int(batch.counts.prod(1, dtype=np.int64).sum()))
        if hasattr(module, "CompiledRasterizer"):
            self._processor = module.CompiledRasterizer(self._threads)
        return self._processor


def _asked(wanted: str, context: Context | None) -> Rasterizer | None:
    """The one on a GPU that is wanted. Raises InputError where there is none."""
    if wanted == "cuda":
        from .rasterizer_cupy import CudaRasterizer

        return CudaRasterizer()
    if wanted != "compute":
        return None
    if context is None:
        raise InputError("OpenGL", "opengl_no_compute", found="no context")
    from .gl_compute import ComputeRasterizer

    return ComputeRasterizer(context)


def _fastest(context: Context, processor: Rasterizer) -> Rasterizer:
    """The winner of a trial. OpenGL that draws on the processor loses it everywhere and is not tried."""
    from .trial import candidates, durations_ms

    found, _ = candidates(context, processor, software=False)
    if len(found) == 1:
        return processor
    taken, _ = durations_ms(context, found)
    fastest = found.pop(min(taken, key=taken.__getitem__))
    for other in found.values():
        if other is not processor and hasattr(other, "close"):
            other.close()
    return fastest


def _fits(rasterizer: Rasterizer, pool: Pool) -> bool:
    if rasterizer.name != "compute":
        return True
    from .gl_compute import holds

    return holds(pool)
