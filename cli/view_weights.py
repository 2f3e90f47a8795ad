"""Single weights in a window: what the mouse points at, what a click selects, what is copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..engine.commands import Command, CommandTable
from ..engine.tile_data import READ_FAULTS
from ..scenes.exact_values import exact_value, json_line
from ..scenes.panels.selected import SelectedPanel
from ..scenes.pointing import Pointing
from ..scenes.selection import Weight, seen_at, weight_of
from ..scenes.strings import text
from ..scenes.weight_words import index_words, value_words

if TYPE_CHECKING:
    from ..engine.outputs.window import WindowClock
    from ..engine.picking import Pick
    from ..engine.view import Eye
    from ..scenes.session import Session
    from ..scenes.weight_words import BlockWords, Selected

__all__ = ["Weights"]

FARTHEST_PX = 120.0  # of words from the mouse
Place = tuple[float, float]  # px from the picture's top left


class Weights:
    """`pick` says what stands at a place of the picture; `say` shows a notice. `faults` are those of `Pointing`."""

    def __init__(
        self,
        session: Session,
        table: CommandTable,
        pick: Callable[[float, float], Pick | None],
        say: Callable[[str], None],
    ) -> None:
        self._session, self._table, self._pick, self._say = session, table, pick, say
        self._clock: WindowClock | None = None
        self._pointing = Pointing(self._refresh, self._request)
        self._said: Selected | None = None
        self._panel = SelectedPanel()
        self._pointed: tuple[Place, Pick | None] | None = None

    @property
    def faults(self) -> list[tuple[str, str]]:
        """(key of values, message) of what could not be read; who tells of them takes them away."""
        return self._pointing.faults

    def commands(self) -> list[Command]:
        """Copying, and what a mouse does, done in the middle of the picture; what selects is the session's."""
        return [
            Command("view.focus", self._focus_middle, "Enter"),
            Command("value.middle", self._select_middle, "X"),
            Command("value.copy", self._copy, "Ctrl+C"),
            Command("value.copy_index", self._copy_index, "Ctrl+Shift+C"),
        ]

    def show_in(self, clock: WindowClock) -> None:
        """From now on it is told when more is known, and its clipboard is used."""
        self._clock = clock

    def prepare(self) -> None:
        """Before a frame: selects what was found, and marks what is selected."""
        sought = self._pointing.found(self._session.built)
        if sought is not None and sought.weight is None:
            self._say(text("value.too_large"))
        elif sought is not None and sought.weight is not None:
            self._select(sought.weight)
            if sought.fly:
                self._table.run("value.go")
        self._said = self._pointing.show(self._session.built, self._session.selected)
        self._pointed = None

    def draw(
        self,
        mouse_px: Place | None,
        eye: Eye,
        others: Callable[[Pick], BlockWords | None] = lambda pick: None,
        is_right_taken: bool = False,
    ) -> None:
        """Panels of what is selected, and of what is pointed at while the picture is at rest.

        `others` has words on what is no weight. `is_right_taken`: another panel stands at the upper right.
        """
        from ..scenes.panels.pointed import pointed_panel

        built, selected = self._session.built, self._session.selected
        if self._said is not None and selected is not None:
            self._panel.draw(self._said, seen_at(built, selected, eye), is_right_taken)
        pick = self._pointed_at(mouse_px)
        if pick is None or mouse_px is None:
            return
        if selected is not None and pick.count == 1 and weight_of(built, pick) == selected:
            return
        words = others(pick) or self._pointing.hover(built, pick)
        if words is not None:
            pointed_panel(words, mouse_px, _reach_px(pick, eye))

    def click(self, x_px: float, y_px: float) -> None:
        """Ends a tour, and selects the weight that was clicked at; of many shown by their peak, the one it is."""
        self._session.end_tour()
        pick = self._pick(x_px, y_px)
        weight = weight_of(self._session.built, pick) if pick is not None else None
        if pick is None or weight is None:
            return
        if pick.count == 1:
            self._select(weight)
        elif pick.grid.reduce == "peak":
            self._pointing.seek(self._session.built, pick)

    def focus(self, x_px: float, y_px: float) -> None:
        """A double click: nearer to what was clicked at; in a look of peaks to the very weight."""
        pick = self._pick(x_px, y_px)
        if pick is None:
            return
        if pick.grid.reduce == "peak" and pick.count > 1:
            self._pointing.seek(self._session.built, pick, fly=True)
            return
        way = self._session.way_to(pick)
        if way is not None:
            self._table.run(way[0], **way[1])

    def escape(self) -> bool:
        """Selects nothing. False: nothing was selected."""
        if self._session.selected is None:
            return False
        self._table.run("value.clear")
        return True

    def close(self) -> None:
        """Ends what is still read."""
        self._clock = None
        self._pointing.close()

    def _focus_middle(self) -> None:
        """Nearer to what is in the middle of the picture, or to the layer next to it."""
        middle = self._middle_px()
        if self._pick(*middle) is not None:
            self.focus(*middle)
        elif (layer := self._session.layer_ahead()) >= 0:
            self._table.run("view.layer", layer=layer)

    def _select_middle(self) -> None:
        """Selects the weight in the middle of the picture."""
        middle = self._middle_px()
        pick = self._pick(*middle)
        if pick is None or (pick.count > 1 and pick.grid.reduce != "peak"):
            self._say(text("value.nearer"))
        self.click(*middle)

    def _middle_px(self) -> Place:
        width, height = self._session.size_px
        return width / 2, height / 2

    def _select(self, weight: Weight) -> None:
        if weight != self._session.selected:
            self._table.run("value.select", tensor=weight.tensor, row=weight.row, column=weight.column)

    def _pointed_at(self, mouse_px: Place | None) -> Pick | None:
        """What the mouse points at, while the picture is at rest."""
        if mouse_px is None or self._session.controls.is_moving:
            return None
        if self._pointed is None or self._pointed[0] != mouse_px:
            self._pointed = mouse_px, self._pick(*mouse_px)
        return self._pointed[1]

    def _copy(self) -> None:
        """Copies all that is known of the selected weight, else of the one that is pointed at."""
        weight = self._meant()
        if weight is None:
            return
        tensor = self._session.built.network.tensors[weight.tensor]
        try:
            value = exact_value(tensor, weight.row, weight.column)
        except READ_FAULTS as error:
            self.faults.append((tensor.key, str(error)))
            return
        self._put(json_line(value), f"{index_words(tensor, weight.row, weight.column)}   {value_words(value)}")

    def _copy_index(self) -> None:
        """Copies its name and index."""
        weight = self._meant()
        if weight is not None:
            words = index_words(self._session.built.network.tensors[weight.tensor], weight.row, weight.column)
            self._put(words, words)

    def _meant(self) -> Weight | None:
        """What is to be copied; None, and a notice, where there is nothing."""
        weight, pick = self._session.selected, self._pointed[1] if self._pointed is not None else None
        if weight is None and pick is not None and pick.count == 1:
            weight = weight_of(self._session.built, pick)
        if weight is None:
            self._say(text("value.nothing"))
        return weight

    def _put(self, words: str, told: str) -> None:
        if self._clock is not None:
            self._clock.copy(words)
            self._say(text("value.copied", words=told))

    def _refresh(self) -> None:
        if self._clock is not None:
            self._clock.refresh_panels()

    def _request(self) -> None:
        if self._clock is not None:
            self._clock.request()


def _reach_px(pick: Pick, eye: Eye) -> float:
    """How far a single weight reaches from any place within it, across the picture."""
    distance = float(np.linalg.norm(pick.position - eye.position))
    cell = float(np.sqrt(np.linalg.norm(pick.grid.du) * np.linalg.norm(pick.grid.dv)))
    return min(cell * eye.focal_px / max(distance, 1e-9), FARTHEST_PX) if pick.count == 1 else 0.0
