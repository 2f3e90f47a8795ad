"""Runs of the network that somebody looks at: its program, what was run last, and where the light is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..engine.commands import Command
from ..engine.kernels.errors import InputError
from ..engine.picking import Pick
from ..engine.runners.feeding import fed
from ..engine.runners.program import Program, Trace
from .network_scene import NetworkScene
from .playback import Playback
from .weight_words import BlockWords

if TYPE_CHECKING:  # what is needed for a run only is imported when there is one
    from ..engine.runners.run import Runner
    from .activations import Activations

__all__ = ["Runs"]

Inputs = Mapping[str, np.ndarray]
FASTER = 2.0


class Runs:
    """`built` is the scene of the network; `open` and `attach` tell of further ones. `cuda`: networks run on a GPU."""

    def __init__(self, built: NetworkScene, cuda: bool = False) -> None:
        self.cuda = cuda
        self.playback = Playback()
        self.shown: Activations | None = None
        self.inputs: Inputs = {}
        self.trace: Trace | None = None
        self._built = built
        self._program: Program | InputError | None = None
        self._runner: Runner | None = None

    @property
    def program(self) -> Program:
        """What the network computes. Raises InputError where nothing tells it."""
        if self._program is None:
            from .programs import program_of

            try:
                self._program = program_of(self._built.network)
            except InputError as error:
                self._program = error
        if isinstance(self._program, InputError):
            raise self._program
        return self._program

    def compute(self, inputs: Inputs, advance: Callable[[], None] | None = None) -> Trace:
        """What every layer gives; may be called by any one thread at a time. Raises InputError.

        `advance` is called at every step.
        """
        from ..engine.runners.run import Runner, on_host

        if self._runner is None:
            self._runner = Runner(self.program, cuda=self.cuda)
        trace = self._runner.run(inputs, advance)
        if not self.cuda:
            return trace
        return replace(trace, outputs=[replace(output, array=on_host(output.array)) for output in trace.outputs])

    def check(self, inputs: Inputs) -> None:
        """Raises InputError where inputs do not fit."""
        fed(self.program.inputs, inputs)

    def show(self, inputs: Inputs, trace: Trace, play: bool) -> None:
        """Shows a run: from its beginning with `play`, else all of it; one that is shown already stays where it is."""
        self.inputs, self.trace = fed(self.program.inputs, inputs), trace
        is_new = self.shown is None
        if self.shown is None:
            self.shown = self._activations()
        self.shown.show(self.inputs, trace)
        length = self.shown.wave.length
        if play:
            self.playback.begin(length)
        elif is_new or self.playback.length != length:
            self.playback.finish(length)

    def end(self) -> None:
        """The network alone again."""
        if self.shown is not None:
            self.shown.close()
            self.shown = self.trace = None

    def open(self, built: NetworkScene) -> None:
        """Another network, of which nothing was run."""
        self.shown = self.trace = self._program = self._runner = None
        self._built = built

    def attach(self, built: NetworkScene) -> None:
        """Another scene of the same network, which shows the run from now on."""
        self._built = built
        if self.shown is not None and self.trace is not None:
            self.shown = self._activations()
            self.shown.show(self.inputs, self.trace)

    def prepare(self, time_s: float, size_px: tuple[int, int]) -> bool:
        """Brings the light to a time. True: it moves on."""
        if self.shown is None:
            return False
        moves = self.playback.advance(time_s)
        self.shown.light(self.playback.place, size_px)
        return moves

    def dress(self) -> None:
        """To be called when the look of weights was changed."""
        if self.shown is not None:
            self.shown.dress()

    def words(self, pick: Pick) -> BlockWords | None:
        """Words on what was picked; None when it is nothing that a run gave."""
        return self.shown.words(pick) if self.shown is not None else None

    def _activations(self) -> Activations:
        from .activations import Activations

        return Activations(self._built, self.program)

    def commands(self) -> list[Command]:
        """Playing, steps, speed, and an end."""
        playback = self.playback

        def command(name: str, key: str, act: Callable[..., None], **arguments: type) -> Command:
            def run(**given: float) -> None:
                if self.shown is not None:
                    act(**given)

            return Command(f"run.{name}", run, key, arguments)

        return [
            command("play", "Space", playback.toggle),
            command("step", ".", lambda: playback.step(1)),
            command("back", ",", lambda: playback.step(-1)),
            command("faster", "]", lambda: playback.change_speed(FASTER)),
            command("slower", "[", lambda: playback.change_speed(1 / FASTER)),
            command("scrub", "", playback.scrub, share=float),
            command("end", "Backspace", self.end),
        ]
