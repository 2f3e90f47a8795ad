"""`tensornaut run`: what every layer gives for an input, as a table for people or as JSON for programs."""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.kernels.errors import InputError
from ..engine.kernels.names import clean
from ..engine.outputs.part_file import begin, discard, finish, unwritable
from ..engine.runners.feeding import wanted
from ..engine.runners.program import Output, Program, Skipped, Trace
from ..engine.runners.run import Runner, on_host
from ..engine.summaries import summarize
from ..loaders.open import open_network
from ..scenes.programs import program_of
from ..scenes.strings import text
from .main import one_line
from .options import add_input, add_source, check_output, wants_gpu
from .progress import Progress
from .run_input import inputs_of
from .strict_json import encode, or_null
from .table import aligned, shape_text, terminal_width

__all__ = ["add_arguments", "run"]

WIDTH_WHERE_UNKNOWN = 120  # cells, where there is no terminal
COLUMNS = ("name", "shape", "type", "mean", "std", "min", "max", "time")
MANY_NUMBERS = 1 << 18  # in weights or inputs; with more, compiled kernels are worth their import
SHOWN_CAUSES = 20
STORED_DATE = (1980, 1, 1, 0, 0, 0)  # of members of an archive, so that it is the same every time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE, what goes in, and where what comes out goes."""
    add_source(parser)
    add_input(parser)
    parser.add_argument("--json", action="store_true", help=text("run.option.json"))
    parser.add_argument("--save", metavar="FILE", help=text("run.option.save"))


def run(arguments: argparse.Namespace) -> int:
    """0, after printing what the layers give. Raises InputError."""
    on_gpu = wants_gpu(arguments)
    target = check_output(arguments.save, (".npz",)) if arguments.save else None
    network = open_network(arguments.source)
    program = program_of(network)
    if program.inputs and not arguments.input:
        raise InputError(network.name, "run_input_none", inputs=wanted(program.inputs))
    inputs = inputs_of(program.inputs, arguments.input)
    most = max([network.parameter_count, *(array.size for array in inputs.values())])
    with Progress(text("run.progress"), len(program.steps)) as progress:
        trace = Runner(program, compiled=most > MANY_NUMBERS and not on_gpu, cuda=on_gpu).run(inputs, progress.advance)
    if not trace.outputs and trace.causes and trace.causes[0].error:
        raise trace.causes[0].error
    if target is not None:
        _save(trace, target)
    width = terminal_width(WIDTH_WHERE_UNKNOWN)
    for line in _json_lines(program, trace) if arguments.json else _table(network.name, program, trace, width):
        print(line)
    if arguments.json:
        for cause in trace.causes[:SHOWN_CAUSES]:
            print(_cause(cause), file=sys.stderr)
    return 0


def _json_lines(program: Program, trace: Trace) -> Iterator[str]:
    """Lines of one JSON object, one for each output; the same in every run."""
    yield '{"outputs": ['
    for k, output in enumerate(trace.outputs, 1):
        yield encode(_report(output)) + ("," if k < len(trace.outputs) else "")
    skipped = [_skipped(step) for step in trace.skipped]
    yield '], "skipped": ' + encode(skipped) + ', "notes": ' + encode(list(program.notes)) + "}"


def _report(output: Output) -> dict[str, Any]:
    array = output.array
    whole = np.ascontiguousarray(array) if isinstance(array, np.ndarray) else array  # on a GPU it always is
    summary = summarize(whole.reshape(-1), array.dtype.name)
    names = ("min", "max", "mean", "std", "l2")
    facts = {name: or_null(getattr(summary, name)) for name in names}
    return {"name": output.name, "shape": list(array.shape), "dtype": array.dtype.name, **facts}


def _skipped(step: Skipped) -> dict[str, Any]:
    return {"name": step.name, "reason": str(step.error) if step.error else f"needs {step.needs}"}


def _table(name: str, program: Program, trace: Trace, width: int) -> Iterator[str]:
    """Lines of at most `width` cells, a line for each output."""
    yield clean(name)
    yield ""
    rows = [[text(f"run.column.{column}") for column in COLUMNS], *map(_cells, trace.outputs)]
    yield from (line.rstrip() for line in aligned(rows, 3, width))
    if program.notes or trace.causes:
        yield ""
    for note in program.notes:
        yield text("run.note", note=note)
    for cause in trace.causes[:SHOWN_CAUSES]:
        yield _cause(cause)
    if len(trace.causes) > SHOWN_CAUSES:
        yield text("info.more", count=f"{len(trace.causes) - SHOWN_CAUSES:,}")
    waiting = len(trace.skipped) - len(trace.causes)
    if waiting:
        yield text("run.waiting", count=f"{waiting:,}")


def _cells(output: Output) -> list[str]:
    report = _report(output)
    numbers = [_number(report[key]) for key in ("mean", "std", "min", "max")]
    head = [clean(output.name), shape_text(output.array.shape), output.array.dtype.name]
    return [*head, *numbers, f"{output.seconds * 1000:.2f} ms"]


def _number(value: int | float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _cause(step: Skipped) -> str:
    return text("run.skipped", error=one_line(step.error)) if step.error else ""


def _save(trace: Trace, path: Path) -> None:
    """Writes all arrays as npz, named as the values. Raises InputError."""
    part = begin(path)
    try:
        with unwritable(path), zipfile.ZipFile(part, "w") as archive:
            for output in trace.outputs:
                member = zipfile.ZipInfo(f"{output.name}.npy", STORED_DATE)
                with archive.open(member, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, np.ascontiguousarray(on_host(output.array)), allow_pickle=False)
    except BaseException:
        discard(part)
        raise
    finish(part, path)
