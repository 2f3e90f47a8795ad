"""Words in the picture: callouts of layers, titles of blocks, headings, and rulers along a matrix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from ..engine.kernels.names import clean
from ..engine.scene import Labels, Text
from ..engine.theme import Theme
from ..loaders.network import Network
from .layer_volumes import FLOOR_GAP, PADDING, Volume
from .placement import BLOCK_MARGIN, Frame, Layout, Placed, Plate
from .strings import text
from .style import kind_color, kind_glyph

__all__ = ["block_titles", "callouts", "heading", "layer_heading", "rulers", "shape_text"]

BLOCK_TITLE, FRAME_TITLE = 9.0, 3.5  # largest height of titles, world units
BLOCK_TITLE_SHARE, LARGEST_TITLE = 0.025, 24.0  # of a block's title: of the length of all, world units
TITLE_OF_ROOM, LEAST_TITLE = 0.45, 3.0  # of what is free before a plate; world units
HIDDEN_FLOOR = 2.2  # behind a layer, in its heights, as it is mostly seen
EM = 0.78  # width of a character in heights, at most on average
RULER_GAP = 1.2  # from the glass to the numbers, in heights of the numbers
MOST_TICKS = 8
LONGEST_NAME = 28  # characters of a callout
MOST = 0.8  # of names that have a beginning in common, which then goes without saying
MOST_PARTS = 16  # of such a beginning
CROWD = 24  # layers
FEW_CELLS = 16  # of a tensor that needs no name where there is a crowd
MOST_REPEATS = 12  # of a block, from which on only the first and the last are told
PART = re.compile(r"[^./]+[./]+")


def shape_text(shape: Sequence[object]) -> str:
    """192 × 48; a scalar is 1."""
    return " × ".join(str(side) for side in shape) or "1"


def short_name(path: str, block_path: str = "", start: str = "") -> str:
    """The part of a module's path that a person needs inside its block, or without the `start` that most names have.

    A number alone says nothing: it keeps what stands before it.
    """
    inside = path.removeprefix(block_path).lstrip("./") if block_path else path
    if inside == path and not path.removeprefix(start)[:1].isdigit():
        inside = path.removeprefix(start)
    if not re.search("[^0-9./]", inside):
        before = path.rstrip("0123456789./")
        inside = path[max(before.rfind("."), before.rfind("/")) + 1 :]
    return clean(inside or path, 40)


def shared_start(paths: Iterable[str]) -> str:
    """The beginning, in whole parts, that most names of several parts have."""
    named, start = [path for path in paths if PART.match(path)], ""
    for _ in range(MOST_PARTS):
        parts = [PART.match(path, len(start)) for path in named if path.startswith(start)]
        heads = Counter(part.group() for part in parts if part)
        head, times = heads.most_common(1)[0] if heads else ("", 0)
        if times < max(MOST * len(named), 2):
            break
        start += head
    return start


def _callout_name(name: str) -> str:
    """A name without as many of its first parts as it takes to be short."""
    tail = name[-LONGEST_NAME:]
    part = PART.match(tail) if len(name) > LONGEST_NAME else None
    return clean(tail[part.end() :] if part else name, LONGEST_NAME)


def callouts(network: Network, layout: Layout, theme: Theme, without: int = -1) -> Labels:
    """One callout a layer but for one; of blocks that are alike only the first is named in its parts.

    In the overview, where none is left out, a norm beside a matrix goes without. In a crowd, what gives the same as
    another of its kind has none; inside operators, what holds no weights.
    """
    texts, models = [], _models(network, layout)
    start = shared_start(layer.volume.path for layer in layout.layers)
    hidden = _alike(layout) if len(layout.layers) > CROWD else set()
    if without < 0:
        hidden |= _besides(layout)
    for number, layer in enumerate(layout.layers):
        volume, plate = layer.volume, layout.plates[layer.block] if layer.block >= 0 else None
        if number == without or plate and models[layer.block] != layer.block:
            continue
        if number in hidden or layer.depth and not volume.trays:
            continue
        name = _callout_name(short_name(volume.path, plate.path if plate else "", start) or network.name)
        texts.append(_callout(name, _shape_of(network, volume), layer, theme))
    tops = _plate_tops(layout)
    for number in _told_blocks(models):
        plate = layout.plates[number]
        middle = np.array([(plate.x0 + plate.x1) / 2, tops[number], (plate.z0 + plate.z1) / 2])
        half = (plate.x1 - plate.x0) / 2, (plate.z1 - plate.z0) / 2 - BLOCK_MARGIN
        same = text("scene.same_structure", name=_block_name(layout.plates[models[number]].number))
        name = _block_name(plate.number)
        texts.append(Text(name, middle, detail=same, weight="semibold", priority=1e12, half=half))
    return Labels(_once(texts) if without < 0 else texts)


def _once(texts: list[Text]) -> list[Text]:
    """Without what says the same as one before."""
    return list({(text.text, text.detail, text.glyph): text for text in reversed(texts)}.values())[::-1]


def _callout(name: str, detail: str, layer: Placed, theme: Theme) -> Text:
    """Above the slab of a layer if that is its highest part, else above its main tray."""
    volume, slab, main = layer.volume, layer.volume.slab, layer.volume.main
    x, z, half = volume.anchor_x, 0.0, (0.0, 0.0)
    if slab is not None and (main is None or FLOOR_GAP + slab.height == volume.top):
        x, half = slab.x, (slab.thickness / 2, slab.depth / 2)
    elif main is not None:
        x, z, half = main.x, main.z, (main.size[0] / 2 + PADDING, main.size[1] / 2 + PADDING)
    return Text(
        name,
        np.array([layer.x + x, volume.top, layer.z + z]),
        detail=detail,
        weight="semibold",
        dot=(*kind_color(volume.kind, theme.name), 1.0),
        glyph=kind_glyph(volume.kind),
        half=half,
        priority=float(volume.cells),
    )


def _besides(layout: Layout) -> set[int]:
    """Norms of vectors only, that stand beside a layer with a matrix or a slab."""
    rich = {number for number, layer in enumerate(layout.layers) if _has_matrix(layer.volume)}
    return {
        number
        for number, layer in enumerate(layout.layers)
        if layer.volume.kind == "norm" and number not in rich and {number - 1, number + 1} & rich
    }


def _has_matrix(volume: Volume) -> bool:
    return volume.slab is not None or volume.main is not None and min(volume.main.rows, volume.main.columns) > 1


def _told_blocks(models: list[int]) -> list[int]:
    """Blocks that are like an earlier one; of a long run of them the first and the last."""
    alike: dict[int, list[int]] = {}
    for number, model in enumerate(models):
        if model != number:
            alike.setdefault(model, []).append(number)
    return sorted(
        number
        for others in alike.values()
        for number in (others if len(others) < MOST_REPEATS else {others[0], others[-1]})
    )


def _plate_tops(layout: Layout) -> list[float]:
    """The highest glass of each block."""
    tops = [0.0] * len(layout.plates)
    for layer in layout.layers:
        if layer.block >= 0:
            tops[layer.block] = max(tops[layer.block], layer.volume.top)
    return tops


def _alike(layout: Layout) -> set[int]:
    """Layers of no kind and few weights, and with slabs that merge or give what another of their kind gave before."""
    seen: set[tuple[object, object]] = {("merge", None)}
    alike: set[int] = set()
    for number, layer in enumerate(layout.layers):
        volume = layer.volume
        if volume.kind == "other" and volume.cells < FEW_CELLS:
            alike.add(number)
        if volume.slab is None:
            continue
        given = (volume.kind, volume.slab.shape if volume.kind != "merge" else None)
        if given in seen:
            alike.add(number)
        seen.add(given)
    return alike


def _shape_of(network: Network, volume: Volume) -> str:
    """Shape of the main tensor; without a matrix that of what the operator gives."""
    if volume.main is not None and (volume.slab is None or volume.main.rows > 1):
        return shape_text(network.tensors.shape(volume.main.tensor))
    if volume.slab is None or volume.slab.shape is None:
        return ""
    return " × ".join("?" if side is None else clean(str(side), 20) for side in volume.slab.shape)


def _models(network: Network, layout: Layout) -> list[int]:
    """For each block the first one with the same layers of the same widths."""
    contents: list[list[tuple[str, tuple[object, ...]]]] = [[] for _ in layout.plates]
    for layer in layout.layers:
        if layer.block >= 0:
            inside = layer.volume.path[len(layout.plates[layer.block].path) :]
            widths = tuple(network.tensors.shape(tray.tensor)[:1] for tray in layer.volume.trays)
            contents[layer.block].append((inside, widths))
    first: dict[tuple[object, ...], int] = {}
    return [first.setdefault(tuple(content), number) for number, content in enumerate(contents)]


def _block_name(number: int) -> str:
    return text("scene.block", number=number)


def block_titles(layout: Layout) -> Labels:
    """Names of blocks and of graphs inside operators, on the floor in front of their plates and no wider."""
    x0, _, x1, _ = layout.bounds
    largest = min(max(BLOCK_TITLE, BLOCK_TITLE_SHARE * (x1 - x0)), LARGEST_TITLE)
    frames = [_floor_title(clean(frame.name, 40), frame, FRAME_TITLE) for frame in layout.frames]
    room = _room_in_front(layout)
    plates = [
        _floor_title(_block_name(plate.number).upper(), plate, min(largest, TITLE_OF_ROOM * free))
        for plate, free in zip(layout.plates, room, strict=True)
        if TITLE_OF_ROOM * free >= LEAST_TITLE
    ]
    return Labels(frames + plates)


def _room_in_front(layout: Layout) -> list[float]:
    """From each plate to what hides the floor before the next row from the viewer, world units, and below 0."""
    boxes = [(plate.x0, plate.x1, plate.z0, plate.z0) for plate in layout.plates]
    for layer in layout.layers:
        x0, z0, x1, _ = layer.volume.bounds
        boxes.append((layer.x + x0, layer.x + x1, layer.z + z0 - HIDDEN_FLOOR * layer.volume.top, layer.z + z0))
    x0s, x1s, hidden_z, z0s = np.array(boxes).reshape(-1, 4).T
    room = []
    for plate in layout.plates:
        in_front = (x0s < plate.x1) & (x1s > plate.x0) & (z0s >= plate.z1)
        room.append(float(hidden_z[in_front].min(initial=np.inf)) - plate.z1)
    return room


def _floor_title(words: str, ground: Plate | Frame, largest: float) -> Text:
    size = min(largest, (ground.x1 - ground.x0) / (EM * max(len(words), 1)))
    anchor = np.array([(ground.x0 + ground.x1) / 2, 0.0, ground.z1 + size])
    return Text(words, anchor, "floor", size=size, weight="semibold", align="center")


def heading(network: Network, theme: Theme) -> Labels:
    """Title, what it is, and the facts, at the top left."""
    facts = [text("scene.parameters", count=f"{network.parameter_count:,}"), ", ".join(_dtype_names(network))]
    if network.structure != "graph":
        facts.append(text("scene.inferred"))
    title = clean(network.metadata.get("name") or network.name, 48)
    about = clean(network.metadata.get("description") or network.format, 80)
    return _heading(title, about, facts, theme)


def layer_heading(network: Network, layout: Layout, layer: Placed, theme: Theme) -> Labels:
    """The layer's name, where it stands and what it is, at the top left."""
    plate = layout.plates[layer.block] if layer.block >= 0 else None
    place = [_block_name(plate.number)] if plate else []
    facts = [_shape_of(network, layer.volume)]
    if layer.volume.main is not None:
        tensor = network.tensors[layer.volume.main.tensor]
        facts += [text("scene.weights", count=f"{tensor.count:,}"), tensor.dtype]
    title = short_name(layer.volume.path, plate.path if plate else "") or clean(network.name, 40)
    return _heading(title, ", ".join([*place, text(f"kind.{layer.volume.kind}")]), facts, theme)


def _heading(title: str, about: str, facts: list[str], theme: Theme) -> Labels:
    place = np.zeros(2)
    return Labels(
        [
            Text(title, place, "screen", size=44, weight="light", offset_px=(64, 50), color=(*theme.text, 1.0)),
            Text(about, place, "screen", size=19, offset_px=(66, 104), color=(*theme.text2, 1.0)),
            Text("   ".join(facts), place, "screen", size=17, offset_px=(66, 134), color=(*theme.text2, 1.0)),
        ]
    )


def rulers(layer: Placed, theme: Theme) -> Labels:
    """Numbers of rows and columns on the floor beside a layer's main matrix; nothing for a folded or one-row matrix."""
    tray = layer.volume.main
    if tray is None or len(tray.strips) > 1 or min(tray.rows, tray.columns) < 4:
        return Labels([])
    x0, z0 = layer.x + tray.x - tray.size[0] / 2, layer.z + tray.z - tray.size[1] / 2
    along, across = (tray.rows, tray.columns) if tray.columns_across else (tray.columns, tray.rows)
    names = ("scene.rows", "scene.columns") if tray.columns_across else ("scene.columns", "scene.rows")
    size = min(max(0.05 * min(tray.size), 1.2), 6.0)
    gap = PADDING + RULER_GAP * size
    front, side = z0 + tray.size[1] + gap, x0 - gap
    texts = [_tick(k, (x0 + (k + 0.5) * tray.cell, front), size, (1.0, 0.0, 0.0)) for k in _ticks(along)]
    texts += [_tick(k, (side, z0 + (k + 0.5) * tray.cell), size, (1.0, 0.0, 0.0)) for k in _ticks(across)]
    texts.append(_tick(text(names[0]), (x0 + tray.size[0] / 2, front + 2.2 * size), 1.3 * size, (1.0, 0.0, 0.0)))
    texts.append(_tick(text(names[1]), (side - 2.6 * size, z0 + tray.size[1] / 2), 1.3 * size, (0.0, 0.0, 1.0)))
    return Labels(texts)


def _ticks(cells: int) -> range:
    """About eight round numbers."""
    if cells <= MOST_TICKS:
        return range(cells)
    step = 8
    while cells > MOST_TICKS * step:
        step *= 2
    return range(0, cells, step)


def _tick(words: object, place: tuple[float, float], size: float, right: tuple[float, float, float]) -> Text:
    anchor = np.array([place[0], 0.0, place[1]])
    return Text(str(words), anchor, "floor", size=size, weight="semibold", right=right, align="center")


def _dtype_names(network: Network) -> list[str]:
    return [name for name, _ in Counter(network.dtypes).most_common(3)]
