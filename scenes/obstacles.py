"""What a flight must not meet: all glass, as high as it stands while a layer is in focus, and the slabs."""

from __future__ import annotations

import numpy as np

from ..engine.surroundings import crossed
from .focus import Focus, shown_height
from .layer_volumes import GLASS_HEIGHT, Tray
from .network_scene import NetworkScene, tray_bounds
from .slabs import placed_slabs, slab_bounds

__all__ = ["Obstacles"]


class Obstacles:
    """The boxes of a scene. All of them stand on the floor, none above another, so the way past them is always up.

    `highest`: height above the floor that none of them ever reaches beyond.
    """

    def __init__(self, built: NetworkScene) -> None:
        layout = built.layout
        trays = list(layout.trays())
        boxes = [tray_bounds(layer, tray) for _, layer, tray in trays]
        boxes += [slab_bounds(layer, slab) for layer, slab in placed_slabs(layout)]
        if built.sheets is not None:
            boxes += list(zip(*built.sheets, strict=True))
        self._lower, self._upper = (np.array([box[side] for box in boxes]).reshape(-1, 3) for side in (0, 1))
        self._trays: dict[int, list[tuple[int, Tray]]] = {}
        for number, (layer, _, tray) in enumerate(trays):
            self._trays.setdefault(layer, []).append((number, tray))
        tallest = [tray.zero_y + GLASS_HEIGHT * shown_height(tray, 1.0, 0.0) for _, _, tray in trays]
        self.highest = max([*tallest, *self._upper[:, 1].tolist()], default=0.0)

    def climb(self, position: np.ndarray, focus: Focus, margin: float) -> float:
        """How much higher an eye must be to stand no nearer than `margin` to any box, world units; 0: it does not."""
        aside = np.maximum(self._lower - position, position - self._upper)[:, [0, 2]].max(1)
        near = np.flatnonzero(aside < margin)
        return max(float(self._tops(near, focus).max(initial=-np.inf)) + margin - float(position[1]), 0.0)

    def between(self, position: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
        """Share of a box, given by (3,) corners, that stands behind other boxes; 1 for an eye inside of one of them."""
        grown = 1e-6 * (1 + np.abs(upper))
        others = ((self._lower < lower - grown) | (self._upper > upper + grown)).any(1)
        others &= (self._upper >= np.minimum(position, lower)).all(1)
        others &= (self._lower <= np.maximum(position, upper)).all(1)
        boxes = self._lower[others], self._upper[others]
        if not len(boxes[0]):
            return 0.0
        shares = np.array(np.meshgrid((0.1, 0.5, 0.9), (0.5, 1.0), (0.1, 0.5, 0.9))).reshape(3, -1).T
        return float(np.mean([_is_behind(position, place, *boxes) for place in lower + shares * (upper - lower)]))

    def _tops(self, boxes: np.ndarray, focus: Focus) -> np.ndarray:
        """(n,) float64 height of the boxes of these numbers above the floor."""
        tops = self._upper[boxes, 1]
        near, flat = min(max(focus.depth, 0.0), 1.0), min(max(focus.depth - 1.0, 0.0), 1.0)
        for number, tray in self._trays.get(focus.layer, ()):
            tops[boxes == number] = tray.zero_y + GLASS_HEIGHT * shown_height(tray, near, flat)
        return tops


def _is_behind(position: np.ndarray, place: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> bool:
    """Whether a place is seen through any of n boxes, or stands in one."""
    enter, leave = crossed(position, place - position, lower, upper)
    return bool(((enter <= leave) & (leave > 0) & (enter < 1)).any())
