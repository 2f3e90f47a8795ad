"""What a person says of where to look from, as a view and what is in focus there."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from ..engine.kernels.errors import InputError
from .focus import WHOLE, Focus
from .layer_volumes import Tray
from .network_scene import NetworkScene
from .views import NAMED, OVERVIEW_FOV, View, layer_view, typical_layer, view_named, weight_view

__all__ = ["FORMS", "Camera", "parse_camera", "stand"]

FORMS = "overview | layer | weight | layer:NAME | weight:NAME | X,Y,Z,TX,TY,TZ[,FOV]"
OVERVIEW, LAYER, _ = NAMED
FARTHEST = 1e9  # a coordinate
FOV_DEG = (1.0, 150.0)
NAMES_SHOWN = 4


@dataclass(frozen=True)
class Camera:
    """One of the three nearnesses, of the typical layer or of a named one (or one of its tensors); or a free view."""

    nearness: str = OVERVIEW
    name: str = ""
    view: View | None = None


def parse_camera(words: str) -> Camera:
    """The camera that is meant. Raises InputError."""
    nearness, colon, name = words.partition(":")
    if nearness in NAMED and (not colon or (name and nearness != OVERVIEW)):
        return Camera(nearness, name)
    numbers = [_number(part) for part in words.split(",")]
    if len(numbers) not in (6, 7) or not all(map(math.isfinite, numbers)):
        raise _unknown(words, FORMS)
    position, target = np.array(numbers[:3]), np.array(numbers[3:6])
    fov_deg = numbers[6] if len(numbers) == 7 else math.degrees(OVERVIEW_FOV)
    if max(map(abs, numbers[:6])) > FARTHEST or (position == target).all():
        raise _unknown(words, FORMS)
    if not FOV_DEG[0] <= fov_deg <= FOV_DEG[1]:
        raise _unknown(words, f"FOV {FOV_DEG[0]:g} to {FOV_DEG[1]:g}")
    return Camera(view=View(position, target, math.radians(fov_deg)))


def stand(built: NetworkScene, camera: Camera, aspect: float) -> tuple[View, Focus]:
    """Where a picture of this aspect is taken from, and what is in focus in it. Raises InputError for unknown names."""
    if camera.view is not None:
        return camera.view, WHOLE
    depth = float(NAMED.index(camera.nearness))
    if not camera.name:
        layer = typical_layer(built)
        focus = WHOLE if camera.nearness == OVERVIEW or layer < 0 else Focus(layer, depth)
        return view_named(built, camera.nearness, aspect), focus
    layer, tray = _found(built, camera)
    placed = built.layout.layers[layer]
    view = layer_view(built, placed, aspect) if camera.nearness == LAYER else weight_view(built, placed, tray)
    return view, Focus(layer, depth)


def _found(built: NetworkScene, camera: Camera) -> tuple[int, Tray | None]:
    """The layer of that name, or the layer and the tray of a tensor of that name."""
    names: list[str] = []
    for number, layer in enumerate(built.layout.layers):
        if layer.volume.path == camera.name:
            return number, None
        names.append(layer.volume.path)
        for tray in layer.volume.trays:
            name = built.network.tensors[tray.tensor].name
            if name == camera.name:
                return number, tray
            names.append(name)
    from difflib import get_close_matches

    near = get_close_matches(camera.name, names, NAMES_SHOWN, 0.3) or names[:NAMES_SHOWN]
    raise _unknown(f"{camera.nearness}:{camera.name}", " | ".join(near) or FORMS)


def _number(word: str) -> float:
    """NaN for what is none."""
    return float(word) if re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", word) else math.nan


def _unknown(found: str, expected: str) -> InputError:
    return InputError("--camera", "option_value", found=found, expected=expected)
