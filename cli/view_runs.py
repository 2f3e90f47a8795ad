"""Runs in a window: what is given by the command line, dropped, or drawn on the pad, and how the light is led."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engine.commands import Command, CommandTable, Undo
from ..engine.kernels.errors import InputError
from ..loaders.open import open_network
from ..scenes.answering import Answer, Answering
from ..scenes.drawing_pad import DrawingPad, answer_of, pad_for
from ..scenes.strings import text
from ..scenes.style import sequential
from .main import one_line
from .run_input import inputs_of

if TYPE_CHECKING:
    from ..engine.picking import Pick
    from ..scenes.session import Session
    from ..scenes.weight_words import BlockWords

__all__ = ["ViewRuns"]

SAMPLES = Path(__file__).parent.parent / "assets" / "demo" / "digits_samples.npz"
BRIGHTEST = 16.0  # of the samples
PICTURES, ARRAYS = (".png", ".jpg", ".jpeg", ".txt", ".json"), (".npy", ".npz")  # what dropped files may be
Inputs = Mapping[str, np.ndarray]


class ViewRuns:
    """`say` shows a notice, `request` asks for another frame and may be called by any thread."""

    def __init__(
        self, session: Session, table: CommandTable, say: Callable[[str], None], request: Callable[[], None]
    ) -> None:
        from ..scenes.panels.pad import PadPanel

        self._session, self._table, self._say, self._request = session, table, say, request
        self._pad: DrawingPad | None = None
        self._panel = PadPanel()
        self._answer: np.ndarray | None = None
        self._drawn = 0  # revision of the pad that was asked about
        self._before: np.ndarray | None = None  # its image before the stroke
        self._answering = Answering(session.runs.compute, request)

    @property
    def has_pad(self) -> bool:
        """Whether the pad stands at the upper right."""
        return self._pad is not None

    @property
    def has_transport(self) -> bool:
        """Whether the line of the light is to be seen."""
        return self._session.runs.shown is not None

    def commands(self) -> list[Command]:
        """The pad; what leads the light is the session's."""
        return [
            Command("run.pad", self.toggle_pad, "P"),
            Command("run.clear", lambda: self._redraw(bytes(0)), "Delete"),
            Command("run.draw", self._redraw, "", {"image": bytes}),
        ]

    def opened(self) -> None:
        """Another network is shown, or the same one anew: nothing was run of it."""
        self._answering.close()
        self._answering = Answering(self._session.runs.compute, self._request)
        self._pad = self._answer = None
        self._session.is_right_taken = False

    def start(self, inputs: Inputs) -> None:
        """Runs the network, and shows how the light passes."""
        self._answering.ask(inputs, play=True)

    def toggle_pad(self) -> None:
        """Shows the drawing pad where the network wants a small picture, with an example at first; or puts it away."""
        if self._pad is not None:
            self._pad, self._session.is_right_taken = None, False
            return
        try:
            self._pad = pad_for(self._session.runs.program, _examples())
        except InputError as error:
            self._say(one_line(error))
            return
        if self._pad is None:
            self._say(text("pad.none"))
            return
        self._session.is_right_taken = True
        self._pad.take_example()
        self._drawn = self._pad.revision
        self._answering.ask(self._pad.inputs(), play=True)

    def drop(self, path: str) -> bool:
        """Runs the network on a dropped file. False: it is no input of it, but may be another network."""
        suffix = Path(path).suffix.lower()
        if suffix not in PICTURES + ARRAYS:
            return False
        try:
            program = self._session.runs.program
            inputs = inputs_of(program.inputs, [path])
            self._session.runs.check(inputs)
        except InputError as error:
            if suffix in ARRAYS:
                return False
            self._say(one_line(error))
            return True
        self.start(inputs)
        return True

    def prepare(self) -> None:
        """Before a frame: asks about what was drawn, and shows what is known."""
        if self._pad is not None and self._pad.revision != self._drawn:
            self._drawn = self._pad.revision
            self._answering.ask(self._pad.inputs())
        answer = self._answering.take()
        if answer is not None:
            self._show(answer)

    def draw(self) -> None:
        """The panels; to be called inside `PanelHost.frame`."""
        from ..scenes.panels.transport import transport_panel

        runs = self._session.runs
        if runs.shown is not None and transport_panel(runs.playback, self._table):
            self._request()
        if self._pad is None:
            return
        colors, before = sequential("dark" if not self._session.built.scene.theme.ink else "light"), self._pad.image
        if self._panel.draw(self._pad, self._answer, colors):
            self._remember(before)
            self._request()

    def stroke(self, x_px: float, y_px: float, button: int, is_new: bool) -> bool:
        """Draws on the pad. True: there is more on it now."""
        if self._pad is None:
            return False
        if is_new:
            self._before = self._pad.image
        return self._panel.stroke(self._pad, x_px, y_px, button, is_new)

    def end_stroke(self) -> None:
        """The stroke is done, and can be taken back."""
        if self._pad is not None and self._panel.is_held and self._before is not None:
            self._remember(self._before)
        self._panel.end_stroke()

    def words(self, pick: Pick) -> BlockWords | None:
        """Words on an activation that is pointed at."""
        return self._session.runs.words(pick)

    def close(self) -> None:
        """Takes no more answers."""
        self._answering.close()

    def _remember(self, before: np.ndarray) -> None:
        """Lets what was drawn since be taken back."""
        assert self._pad is not None
        image = self._pad.image
        if not np.array_equal(before, image):
            self._pad.show(before)
            self._table.run("run.draw", image=image.tobytes())

    def _redraw(self, image: bytes) -> Undo | None:
        """Another image on the pad, float32; of no bytes: nothing. Returns what takes it back."""
        pad = self._pad
        if pad is None:
            return None
        before = pad.image
        pad.show(np.frombuffer(image or bytes(before.nbytes), np.float32).reshape(before.shape))
        return lambda: pad.show(before)

    def _show(self, answer: Answer) -> None:
        runs = self._session.runs
        if answer.error is not None:
            self._say(one_line(answer.error))
        if answer.trace is None:
            return
        is_first = runs.shown is None
        runs.show(answer.inputs, answer.trace, answer.play)
        self._answer = answer_of(runs.program, answer.trace)
        if answer.play and self._session.is_home:
            self._session.go_home()  # there is more to see now
        causes = answer.trace.causes
        if causes and causes[0].error is not None and (is_first or answer.play):
            self._say(text("run.skipped", error=one_line(causes[0].error)))
        self._request()


def _examples() -> Sequence[np.ndarray]:
    """The digits that are shipped with the demo model, 8 x 8 each."""
    images = next(tensor for tensor in open_network(SAMPLES).tensors if len(tensor.shape) == 3)
    return list(images.values().astype(np.float32) / BRIGHTEST)
