"""Options that several commands have, and where outputs may go."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..engine.kernels.errors import InputError
from ..scenes.strings import text

__all__ = ["add_input", "add_source", "check_output", "wants_gpu"]

DEVICES = CPU, CUDA = ("cpu", "cuda")


def add_source(parser: argparse.ArgumentParser) -> None:
    """SOURCE: the model."""
    parser.add_argument("source", metavar="SOURCE", help=text("cli.argument.source"))


def add_input(parser: argparse.ArgumentParser) -> None:
    """--input, any number of times: what to run the model on; --device: where."""
    parser.add_argument("--input", metavar="FILE", action="append", default=[], help=text("run.option.input"))
    parser.add_argument("--device", choices=DEVICES, default=CPU, help=text("run.option.device"))


def wants_gpu(arguments: argparse.Namespace) -> bool:
    """Whether models run on a GPU. Raises InputError where that was asked for and there is none."""
    if arguments.device == CUDA:
        from ..engine.kernels.machine_cupy import machine

        machine()
    return bool(arguments.device == CUDA)


def check_output(path: str, suffixes: tuple[str, ...]) -> Path:
    """The path, known to have one of the suffixes and a folder. Raises InputError before anything slow begins."""
    output = Path(path)
    if output.suffix.lower() not in suffixes:
        raise InputError(path, "output_suffix", found=output.suffix or "-", expected=" | ".join(suffixes))
    if not output.parent.is_dir() or output.is_dir():
        raise InputError(path, "output_unwritable", reason=str(output.parent))
    return output
