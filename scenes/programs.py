"""A network -> the program that computes its layers, and what a run of it gave, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.kernels.errors import InputError
from ..engine.runners.program import Output, Program, Trace
from ..loaders.network import Network
from .digits_program import digits_program
from .flow import Stop
from .gpt_program import gpt_program
from .graph_flow import stops_of_values
from .graph_programs import graph_program
from .sequence_program import sequence_program

__all__ = ["layer_outputs", "program_of"]


def program_of(network: Network) -> Program:
    """The program of a network: of the operators that it states, or of a structure that is known by its tensors.

    Each step names the layer that it belongs to, as the flow of the network does. Raises InputError where neither the
    file nor the names of its tensors tell how the layers are connected.
    """
    if network.structure == "graph" and network.format == "onnx":
        return graph_program(network, {name: path for name, (_, path) in stops_of_values(network).items()})
    for known in (digits_program, gpt_program, sequence_program):
        program = known(network) if network.structure == "inferred" else None
        if program is not None:
            return program
    raise InputError(network.name, "run_structure")


def layer_outputs(network: Network, stops: Sequence[Stop], trace: Trace) -> list[list[Output]]:
    """What each stop of the network's flow gave, in order of execution; the last one is what it passes on."""
    found: list[list[Output]] = [[] for _ in stops]
    if network.structure == "graph":
        known = {name: number for name, (number, _) in stops_of_values(network).items()}
    else:
        paths = {stop.volume.path: number for number, stop in enumerate(stops)}
        known = {output.name: paths[output.layer] for output in trace.outputs if output.layer in paths}
    for output in trace.outputs:
        if output.name in known:
            found[known[output.name]].append(output)
    return found
