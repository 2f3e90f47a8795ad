"""A session: a network that somebody looks at, the hand that flies, and the commands that lead from view to view.

It knows no window and no GPU: whoever shows it calls `prepare` before each frame, with the frame's time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..engine.camera import Camera
from ..engine.commands import Command, Undo
from ..engine.controls import FlyControls
from ..engine.movement import movement_commands
from ..engine.picking import Pick
from ..engine.scene import Scene
from ..engine.surroundings import Surroundings
from ..loaders.network import Network
from .analysis import Analysis
from .focus import WHOLE, Focus, FocusTrack, ReliefTrack, show_focus
from .layer_volumes import Tray
from .looks import LOOKS, RANGES, VALUE, Look, relief_of
from .network_scene import NetworkScene, build, main_bounds, show_at, show_look, tray_bounds
from .placement import Placed
from .runs import Runs
from .selection import Weight, part_of, place_of, stands_in
from .style import THEMES
from .tours import Tour, default_tour
from .views import View, layer_view, overview, typical_layer, weight_view
from .visits import Place, Visits

__all__ = ["Session"]

TOUR_S = 24.0
CLOSEST_CELLS = 4.0  # how near the wheel brings


class Session:
    """`built` is the network's scene, `controls` its camera, `aspect` width over height of the picture.

    `show` is called with every further scene. `look` is what it begins with; looks stay from model to model.
    """

    _tour: Tour | None
    _goal: Focus
    _aimed: Focus
    _shown: Focus
    _whole: View  # as it was fitted to the picture last

    def __init__(
        self, network: Network, theme: str, aspect: float, show: Callable[[Scene], None], look: Look = VALUE
    ) -> None:
        self.aspect = aspect
        self.is_right_taken = False  # a panel stands above the legend
        self.size_px = round(720 * aspect), 720  # of the picture
        self.theme = theme
        self.look = look
        self._show = show
        self._relief = ReliefTrack(relief_of(look))
        self.built = build(network, THEMES[theme], Analysis(), look)
        show_at(self.built, self.size_px[1])
        self.runs = Runs(self.built)
        self._whole = overview(self.built, aspect)
        self.controls = FlyControls(_entrance(self.built, self._whole))
        self._begin()

    def open(self, network: Network) -> None:
        """Shows another network from its first view. Raises FormatError, and then changes nothing."""
        self.built = build(network, THEMES[self.theme], Analysis(), self.look)
        show_at(self.built, self.size_px[1])
        self.runs.open(self.built)
        self._whole = overview(self.built, self.aspect)
        self.controls.enter(_entrance(self.built, self._whole))
        self._begin()
        self._show(self.built.scene)

    def reopen(self, network: Network) -> bool:
        """Shows what the network's file holds now. True: the same tensors, so camera, focus and layer stay.

        Raises FormatError, and then changes nothing.
        """
        if not _are_alike(self.built.network, network):
            self.open(network)
            return False
        self.built = build(network, THEMES[self.theme], Analysis(), self.look)
        self.runs.open(self.built)
        self._show(self.built.scene)
        return True

    def _begin(self) -> None:
        self.selected: Weight | None = None
        self._layer = -1  # that Tab goes on from
        self._visits = Visits()
        self._tour = None
        self._refocus(WHOLE)

    def resize(self, size_px: tuple[int, int]) -> bool:
        """Takes note of the picture's size. True: the whole network, which was in view, was fitted to it anew."""
        if size_px == self.size_px or min(size_px) < 1:
            return False
        is_fitted = self.is_home and self._is_at(self._whole)
        self.size_px, self.aspect = size_px, size_px[0] / size_px[1]
        show_at(self.built, size_px[1])
        if is_fitted:
            self._whole = overview(self.built, self.aspect, self.is_right_taken)
            self.controls.stand(self._whole.position, self._whole.target, self._whole.fov_y_rad)
        return is_fitted

    def _is_at(self, view: View) -> bool:
        return self.controls.is_at(view.position, view.target, view.fov_y_rad)

    def prepare(self, time_s: float) -> bool:
        """Brings the scene to a time, which never goes back. True: it is on the move, another frame is wanted."""
        if self._tour is not None and not self.controls.is_touring(self._tour.flight):
            self._leave_tour()
        if self._tour is not None and self.controls.flown_s is not None:
            self._shown = self._tour.focus.at(self.controls.flown_s)
        else:
            if self._aimed != self._goal:
                self._track.go(time_s, self._goal)
                self._aimed = self._goal
            self._shown = self._track.at(time_s)
        if self._relief.goal != relief_of(self.look):
            self._relief.go(time_s, relief_of(self.look))
        show_at(self.built, self.size_px[1])
        shines_on = self.runs.prepare(time_s, self.size_px)
        show_focus(self.built, self._shown, self._relief.at(time_s))
        return shines_on or self.controls.is_moving or self._track.is_moving(time_s) or self._relief.is_moving(time_s)

    def commands(self) -> list[Command]:
        """Flying, views, the theme, looks, and the light of runs."""
        return [
            *movement_commands(self.controls, self.go_home),
            Command("view.overview", self.go_home, "1"),
            Command("view.layer", self.go_to_layer, "2", {"layer": int}),
            Command("view.weight", self.go_to_weights, "3"),
            Command("view.point", self.go_to_point, "", {"layer": int, "x": float, "z": float}),
            Command("view.next", lambda: self._step(1), "Tab"),
            Command("view.previous", lambda: self._step(-1), "Shift+Tab"),
            Command("view.back", self.go_back, "Alt+Left"),
            Command("view.forward", self.go_forward, "Alt+Right"),
            Command("view.tour", self.toggle_tour, "T"),
            Command("view.theme", self.switch_theme, "L"),
            Command("look.next", lambda: self._look(self.look.after(1)), "V"),
            Command("look.previous", lambda: self._look(self.look.after(-1)), "Shift+V"),
            Command("look.range", lambda: self._look(self.look.wider()), "R"),
            Command("look.heights", lambda: self._look(replace(self.look, heights=not self.look.heights)), "H"),
            Command("value.select", self.select, "", {"tensor": int, "row": int, "column": int}),
            Command("value.clear", self.select_none),
            Command("value.go", self.go_to_selected, "G"),
            *self.runs.commands(),
            Command("look.set", self.set_look, "", {"look": str, "scale": str, "heights": bool}),
        ]

    def go_home(self) -> Undo:
        """To the whole network."""
        self._whole = overview(self.built, self.aspect, self.is_right_taken)
        return self._go(self._whole, WHOLE)

    @property
    def is_home(self) -> bool:
        """Whether the whole network is what is looked at."""
        return self._goal == WHOLE and self._layer < 0 and self._tour is None

    def go_to_layer(self, layer: int | None = None) -> Undo | None:
        """To a layer; None: the one in focus, else the typical one."""
        index = self._chosen(layer)
        if index < 0:
            return None
        return self._go(layer_view(self.built, self._placed(index), self.aspect), Focus(index, 1.0))

    def go_to_weights(self) -> Undo | None:
        """To a few weights of the layer in focus, else of the typical one."""
        index = self._chosen(None)
        if index < 0:
            return None
        return self._go(weight_view(self.built, self._placed(index)), Focus(index, 2.0))

    def go_to_point(self, layer: int, x: float, z: float) -> Undo:
        """To a weight of a layer that lies at a place of the floor plan, near enough for its number."""
        view = weight_view(self.built, self._placed(layer), _tray_at(self._placed(layer), x, z))
        shift = np.array([x - view.target[0], 0.0, z - view.target[2]])
        return self._go(View(view.position + shift, view.target + shift, view.fov_y_rad), Focus(layer, 2.0))

    def go_back(self) -> Undo | None:
        """To the place before, or to where a hand began to fly away."""
        return self._revisit(self._visits.back(self._here()))

    def go_forward(self) -> Undo | None:
        """To the place that `go_back` left."""
        return self._revisit(self._visits.forward(self._here()))

    def layer_ahead(self) -> int:
        """Index of the layer that is nearest to the middle of the picture; -1 without layers."""
        if not self.built.layout.layers:
            return -1
        camera = self.controls.camera
        bounds = np.array([main_bounds(layer) for layer in self.built.layout.layers])
        ways = bounds.mean(1) - camera.position
        return int(np.argmax(ways @ camera.forward / np.maximum(np.linalg.norm(ways, axis=1), 1e-9)))

    def way_to(self, pick: Pick) -> tuple[str, dict[str, float]] | None:
        """(command, arguments) that lead nearer to what was picked: to its layer as long as weights are too small."""
        layer = next((part.layer for part in self.built.grids if part.grid is pick.grid), None)
        if layer is None:
            return None
        if pick.count > 1 or self._shown.layer != layer:
            return "view.layer", {"layer": layer}
        return "view.point", {"layer": layer, "x": float(pick.position[0]), "z": float(pick.position[2])}

    def select(self, tensor: int, row: int, column: int) -> Undo:
        """Selects a weight by its place in the tensor's matrix. Raises ValueError where there is none."""
        weight = Weight(tensor, row, column)
        if not stands_in(self.built.network, weight):
            raise ValueError(f"no weight {row}, {column} in tensor {tensor}")
        return self._select(weight)

    def select_none(self) -> Undo | None:
        """Nothing is selected any more."""
        return None if self.selected is None else self._select(None)

    def go_to_selected(self) -> Undo | None:
        """To the selected weight, near enough for its number."""
        part = part_of(self.built, self.selected) if self.selected is not None else None
        if part is None or self.selected is None:
            return None
        place = place_of(part, self.selected)
        return self.go_to_point(part.layer, float(place[0]), float(place[2]))

    def _select(self, weight: Weight | None) -> Undo:
        self.end_tour()
        before, self.selected = self.selected, weight

        def undo() -> None:
            self.selected = before

        return undo

    def toggle_tour(self) -> Undo | None:
        """Begins the tour, or ends it where it is."""
        if self._tour is not None:
            self.stop()
            return None
        tour, self._visits = default_tour(self.built, self.aspect, TOUR_S), self._visits.noting(self._here())
        undo = self._focus(WHOLE, self.controls.tour(tour.flight))
        self._tour = tour
        return undo

    def stop(self) -> None:
        """Ends a flight or a tour where it is."""
        self.controls.stop()
        self._leave_tour()

    def end_tour(self) -> None:
        """Ends a tour where it is; another flight goes on."""
        if self._tour is not None:
            self.stop()

    def switch_theme(self) -> Undo:
        """From dark to light, or back."""
        names = list(THEMES)
        self._show_in(names[(names.index(self.theme) + 1) % len(names)])
        return self.switch_theme_back

    def switch_theme_back(self) -> None:
        """Takes `switch_theme` back."""
        names = list(THEMES)
        self._show_in(names[names.index(self.theme) - 1])

    def set_look(self, look: str | None = None, scale: str | None = None, heights: bool | None = None) -> Undo | None:
        """Shows weights by one of LOOKS, with one scale for each of RANGES, with or without heights; None: as now.

        Raises ValueError for other names.
        """
        before = self.look
        wanted = Look(look or before.name, scale or before.scale, before.heights if heights is None else heights)
        if wanted.name not in LOOKS or wanted.scale not in RANGES:
            raise ValueError(f"{wanted.name}, {wanted.scale}: expected one of {LOOKS} and one of {RANGES}")
        return self._look(wanted)

    def _look(self, look: Look) -> Undo | None:
        """Shows another look. Heights follow within 0.4 s."""
        before = self.look
        if look == before:
            return None
        self.look = look
        show_look(self.built, look)
        self.runs.dress()

        def undo() -> None:
            self._look(before)

        return undo

    def _show_in(self, theme: str) -> None:
        self.theme = theme
        self.built = build(self.built.network, THEMES[theme], self.built.analysis, self.look)
        self.runs.attach(self.built)
        self._show(self.built.scene)

    def _step(self, step: int) -> Undo | None:
        """To the next layer along the flow, or the one before; round at the ends."""
        count = len(self.built.layout.layers)
        if not count:
            return None
        return self.go_to_layer((self._layer + step) % count if self._layer >= 0 else min(step, 0) % count)

    def _chosen(self, layer: int | None) -> int:
        if layer is not None:
            return layer
        return self._layer if self._layer >= 0 else typical_layer(self.built)

    def _placed(self, layer: int) -> Placed:
        return self.built.layout.layers[layer]

    def _go(self, view: View, focus: Focus) -> Undo:
        camera = Camera.looking(view.position, view.target, view.fov_y_rad)
        place = Place(camera, view.target, focus, focus.layer)
        return self._move(place, self._visits.go(self._here(), place))

    def _here(self) -> Place:
        """Where one is; on the way to a place, that place."""
        if self.controls.is_under_way and self._tour is None and self._visits.places:
            return self._visits.place
        return Place(self.controls.camera, self.controls.middle, self._goal, self._layer)

    def _revisit(self, visits: Visits | None) -> Undo | None:
        return self._move(visits.place, visits) if visits is not None else None

    def _move(self, place: Place, visits: Visits) -> Undo:
        """Flies to a place, with the visits that there are then."""
        before = self._layer, self._visits
        undo_focus = self._focus(place.focus, self.controls.go_to_camera(place.camera, place.target))
        self._layer, self._visits = place.layer, visits

        def undo() -> None:
            undo_focus()
            self._layer, self._visits = before

        return undo

    def _focus(self, focus: Focus, undo_flight: Undo) -> Undo:
        self._leave_tour()
        before, self._goal = self._goal, focus

        def undo() -> None:
            undo_flight()
            self._leave_tour()
            self._goal = before

        return undo

    def _leave_tour(self) -> None:
        """What the tour shows now stays."""
        if self._tour is not None:
            self._tour = None
            self._refocus(self._shown)

    def _refocus(self, focus: Focus) -> None:
        """Shows a focus at once. `_goal` is where it is to go, `_aimed` where the track goes already."""
        self._track = FocusTrack(focus)
        self._goal = self._aimed = self._shown = focus


def _are_alike(network: Network, other: Network) -> bool:
    """Whether both are laid out in the same way."""
    columns = ("name_starts", "dims", "dim_starts")
    pairs = [(getattr(network.tensors, column), getattr(other.tensors, column)) for column in columns]
    same_names = network.tensors.names == other.tensors.names and network.structure == other.structure
    return same_names and all(np.array_equal(one, two) for one, two in pairs) and _ops_of(network) == _ops_of(other)


def _ops_of(network: Network) -> list[tuple[str, str]]:
    return [(op.name, op.kind) for op in network.ops]


def _tray_at(layer: Placed, x: float, z: float) -> Tray | None:
    """The tray of a layer that lies at a place of the floor plan; None where there is none."""
    for tray in layer.volume.trays:
        aside = abs(x - layer.x - tray.x), abs(z - layer.z - tray.z)
        if aside[0] <= tray.size[0] / 2 and aside[1] <= tray.size[1] / 2:
            return tray
    return None


def _entrance(built: NetworkScene, start: View) -> Surroundings:
    """What `FlyControls` begins with: the first view, and the trays as sheets with the height of their data."""
    trays = [(layer, tray) for layer in built.layout.layers for tray in layer.volume.trays]
    bounds = [tray_bounds(layer, tray) for layer, tray in trays] or [(built.scene.lower, built.scene.upper)]
    lower, upper = (np.array(side, float) for side in zip(*bounds, strict=True))
    height = (upper[:, 1] - lower[:, 1]) / 2
    lower[:, 1] = upper[:, 1] = (lower[:, 1] + upper[:, 1]) / 2
    closest = CLOSEST_CELLS * min((tray.cell for _, tray in trays), default=1.0)
    floor_y = built.scene.floor_y
    return Surroundings(start.position, start.target, start.fov_y_rad, lower, upper, closest, height, floor_y)
