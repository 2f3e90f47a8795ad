"""`tensornaut info`: what a model file holds, as a table for people or as JSON for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..engine.kernels.names import clean
from ..loaders.network import Module, Network, Port
from ..loaders.open import open_network
from ..scenes.strings import text
from .options import add_source
from .table import aligned, shape_text, terminal_width

__all__ = ["add_arguments", "report_json", "run", "table"]

WIDTH_WHERE_UNKNOWN = 100  # cells, where there is no terminal
NARROWEST_NAME = 12
BAR_CELLS = 10
SHOWN_TENSORS = 1000  # of one layer
SHOWN_PORTS = 100  # inputs, and outputs
NARROW = 72  # cells; below, there are no bars
EIGHTHS = " ▏▎▍▌▋▊▉█"
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
SILENT_KINDS = {"group", "block", "other"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SOURCE and --json."""
    add_source(parser)
    parser.add_argument("--json", action="store_true", help=text("info.option.json"))


def run(arguments: argparse.Namespace) -> int:
    """0, after printing what the file holds. Raises InputError."""
    network = open_network(arguments.source)
    if arguments.json:
        lines = report_json(network, arguments.source)
    else:
        lines = table(network, terminal_width(WIDTH_WHERE_UNKNOWN))
    for line in lines:
        print(line)
    return 0


def report_json(network: Network, source: str) -> Iterator[str]:
    """Lines of one JSON object; the same for the same file in every run. A line for each tensor."""
    head = {
        "source": source,
        "format": network.format,
        "name": network.name,
        "structure": network.structure,
        "tensor_count": len(network.tensors),
        **({"inner_tensor_count": len(network.inner_tensors)} if network.structure == "graph" else {}),
        "parameter_count": network.parameter_count,
        "byte_count": network.byte_count,
        "node_count": len(network.ops) if network.structure == "graph" else None,
        "module_count": sum(1 for _ in network.root.walk()) - 1,
        "dtypes": network.dtypes,
        "inputs": [_port(port) for port in network.inputs],
        "outputs": [_port(port) for port in network.outputs],
        "notes": list(network.notes),
    }
    yield json.dumps(head)[:-1] + ', "tensors": ['
    quoted = json.JSONEncoder().encode
    left = len(network.tensors) + len(network.inner_tensors)
    for table, scope in ((network.tensors, ""), (network.inner_tensors, ', "scope": "inner"')):
        for name, shape, dtype, byte_count in table.listing():
            left -= 1
            facts = f'"name": {quoted(name)}, "shape": {shape}, "dtype": "{dtype}", "byte_count": {byte_count}{scope}'
            yield "{" + facts + ("}," if left else "}")
    yield "]}"


def _port(port: Port) -> dict[str, object]:
    return {"name": port.name, "shape": list(port.shape), "dtype": port.dtype}


@dataclass(frozen=True)
class _Row:
    """A line of the table."""

    depth: int
    name: str
    shape: str
    dtype: str
    parameters: int
    byte_count: int


def table(network: Network, width: int) -> Iterator[str]:
    """Lines of at most `width` cells (but never narrower than the columns need)."""
    yield clean(network.name, max(width, NARROWEST_NAME))
    facts = [
        network.format,
        text("scene.parameters", count=f"{network.parameter_count:,}"),
        _bytes_text(network.byte_count),
        text("info.tensors", count=f"{len(network.tensors):,}"),
    ]
    if network.structure == "graph":
        facts.append(text("info.operators", count=f"{len(network.ops):,}"))
    if "opset" in network.metadata:
        facts.append(text("info.opset", versions=network.metadata["opset"]))
    yield "  ".join(facts)
    for ports, key in ((network.fed_inputs, "info.input"), (network.outputs, "info.output")):
        for port in ports[:SHOWN_PORTS]:
            yield text(key, name=port.name, shape=shape_text(port.shape), dtype=port.dtype)
        if len(ports) > SHOWN_PORTS:
            yield text("info.more", count=f"{len(ports) - SHOWN_PORTS:,}")
    yield ""
    yield from _aligned(list(_rows(network)), network.byte_count, width)
    for note in network.notes:
        yield text("info.note", note=note)


def _rows(network: Network) -> Iterator[_Row]:
    """Modules and, below them, their tensors; of modules that repeat, the first and a line for the others."""
    stack: list[_Row | tuple[Module, int]] = [(module, 0) for module in reversed(network.root.children)]
    if not network.root.children:
        yield from _tensor_rows(network, network.root, 0)
    while stack:
        item = stack.pop()
        if isinstance(item, _Row):
            yield item
            continue
        module, depth = item
        if not module.children and module.path == network.tensors.name(module.tensor_range[0]):
            yield from _tensor_rows(network, module, depth)
            continue
        yield _module_row(network, module, depth)
        if not module.children:
            yield from _tensor_rows(network, module, depth + 1)
            continue
        below: list[_Row | tuple[Module, int]] = []
        for run in _alike(network, module.children):
            below.append((run[0], depth + 1))
            if len(run) > 1:
                below.append(_others_row(network, run[1:], depth + 1))
        stack.extend(reversed(below))


def _module_row(network: Network, module: Module, depth: int) -> _Row:
    start, stop = module.tensor_range
    kind = "" if module.kind in SILENT_KINDS else text(f"kind.{module.kind}")
    parameters, byte_count = _sums(network, start, stop)
    return _Row(depth, module.path if module.kind == "block" else module.name, kind, "", parameters, byte_count)


def _tensor_rows(network: Network, module: Module, depth: int) -> Iterator[_Row]:
    """The tensors of a layer; of more than any real layer has, the first and a line for the others."""
    start, stop = module.tensor_range
    shown = min(stop, start + SHOWN_TENSORS)
    for tensor in network.tensors[start:shown]:
        inside = module.path and tensor.name.startswith(module.path)
        name = tensor.name[len(module.path) + 1 :] if inside else tensor.name
        yield _Row(depth, name or tensor.name, shape_text(tensor.shape), tensor.dtype, tensor.count, tensor.byte_count)
    if shown < stop:
        parameters, byte_count = _sums(network, shown, stop)
        yield _Row(depth, "…", text("info.more", count=f"{stop - shown:,}"), "", parameters, byte_count)


def _others_row(network: Network, modules: Sequence[Module], depth: int) -> _Row:
    parameters, byte_count = _sums(network, modules[0].tensor_range[0], modules[-1].tensor_range[1])
    name = modules[0].path if len(modules) == 1 else f"{modules[0].path} … {modules[-1].path}"
    return _Row(depth, name, text("info.alike", count=len(modules)), "", parameters, byte_count)


def _sums(network: Network, start: int, stop: int) -> tuple[int, int]:
    return int(network.tensors.counts[start:stop].sum()), int(network.tensors.byte_counts[start:stop].sum())


def _alike(network: Network, modules: Sequence[Module]) -> Iterator[list[Module]]:
    """Runs of numbered neighbors that hold the same names, shapes and types."""
    run: list[Module] = []
    known: object = None
    for module in modules:
        contents = _contents(network, module) if module.children and module.name[-1:].isdigit() else None
        if run and contents is not None and contents == known:
            run.append(module)
            continue
        if run:
            yield run
        run, known = [module], contents
    yield run


def _contents(network: Network, module: Module) -> tuple[tuple[str, tuple[int, ...], str], ...]:
    tensors = network.tensors[slice(*module.tensor_range)]
    return tuple((tensor.name[len(module.path) :], tensor.shape, tensor.dtype) for tensor in tensors)


def _aligned(rows: list[_Row], total_bytes: int, width: int) -> Iterator[str]:
    """The rows in columns under their titles, and a last one with the totals."""
    parameters = sum(row.parameters for row in rows if not row.depth)
    total = _Row(0, text("info.total"), "", "", parameters, total_bytes)
    titles = [text(f"info.column.{column}") for column in ("name", "shape", "type", "parameters", "bytes")]
    with_bars = width >= NARROW
    room = width - (BAR_CELLS + 2 if with_bars else 0)
    lines = aligned([titles, *(_cells(row) for row in [*rows, total])], 3, room)
    yield next(lines).rstrip()
    for row, line in zip([*rows, total], lines, strict=True):
        bar = _bar(row.byte_count / total_bytes) if with_bars and total_bytes else ""
        yield (line + "  " + bar).rstrip()


def _cells(row: _Row) -> list[str]:
    name = "  " * row.depth + clean(row.name)
    return [name, row.shape, row.dtype, f"{row.parameters:,}", _bytes_text(row.byte_count)]


def _bar(share: float) -> str:
    eighths = round(share * BAR_CELLS * 8)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip() if eighths else ""


def _bytes_text(count: int) -> str:
    """Three digits and a unit: 1.23 MB."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if not unit or value >= 99.95 else f"{value:.3g} {UNITS[unit]}"
