"""Words in the picture: callouts of layers, titles of blocks, the heading and the legend."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..engine.kernels.names import clean
from ..engine.scene import Labels, ScreenShapes, Text
from ..engine.theme import Theme
from ..loaders.network import Network
from .layer_volumes import Volume
from .placement import Layout
from .strings import text
from .style import KINDS, diverging, kind_color

__all__ = ["block_titles", "callouts", "color_bar", "heading", "legend"]

BAR_PX = 300.0
BAR_PIECES = 48
LEGEND_WIDTH_PX = 420.0


def shape_text(shape: tuple[int, ...]) -> str:
    """192 × 48; a scalar is 1."""
    return " × ".join(str(side) for side in shape) or "1"


def short_name(path: str, block_path: str = "") -> str:
    """The part of a module's path that a person needs inside its block."""
    inside = path[len(block_path) :].lstrip("./") if block_path and path.startswith(block_path) else path
    return clean(inside or path, 40)


def callouts(network: Network, layout: Layout, theme: Theme) -> Labels:
    """One callout a layer; of repeated blocks only the first is named in its parts."""
    texts = []
    for layer in layout.layers:
        volume = layer.volume
        plate = layout.plates[layer.block] if layer.block >= 0 else None
        if plate and plate.number > 1:
            continue
        name = short_name(volume.path, plate.path if plate else "")
        detail = shape_text(network.tensors[volume.main.tensor].shape)
        anchor = np.array([layer.x, volume.top, layer.z])
        dot = (*kind_color(volume.kind, theme.name), 1.0)
        size = volume.main.rows * volume.main.columns
        texts.append(Text(name, anchor, detail=detail, weight="semibold", dot=dot, priority=float(size)))
    for plate in layout.plates[1:]:
        anchor = np.array([(plate.x0 + plate.x1) / 2, 16.0, (plate.z0 + plate.z1) / 2])
        same = text("scene.same_structure", name=_block_name(1))
        texts.append(Text(_block_name(plate.number), anchor, detail=same, weight="semibold", priority=1e12))
    return Labels(texts)


def _block_name(number: int) -> str:
    return text("scene.block", number=number)


def block_titles(layout: Layout) -> Labels:
    """Names of blocks, lying on the floor in front of their plates."""
    return Labels(
        [
            Text(
                _block_name(plate.number).upper(),
                np.array([(plate.x0 + plate.x1) / 2, 0.0, plate.z1 + 9.0]),
                placement="floor",
                size=9.0,
                weight="semibold",
                align="center",
            )
            for plate in layout.plates
        ]
    )


def heading(network: Network, theme: Theme) -> Labels:
    """Title, what it is, and the facts, at the top left."""
    facts = [text("scene.parameters", count=f"{network.parameter_count:,}"), ", ".join(_dtype_names(network))]
    if network.structure != "graph":
        facts.append(text("scene.inferred"))
    title = clean(network.metadata.get("name") or network.name, 48)
    about = clean(network.metadata.get("description") or network.format, 80)
    place = np.zeros(2)
    return Labels(
        [
            Text(title, place, "screen", size=44, weight="light", offset_px=(64, 50), color=(*theme.text, 1.0)),
            Text(about, place, "screen", size=18, offset_px=(66, 104), color=(*theme.text2, 1.0)),
            Text("   ".join(facts), place, "screen", size=15, offset_px=(66, 132), color=(*theme.text3, 1.0)),
        ]
    )


def _dtype_names(network: Network) -> list[str]:
    return [name for name, _ in Counter(network.dtypes).most_common(3)]


def legend(volumes: list[Volume], theme: Theme, floor_step: float) -> tuple[Labels, ScreenShapes]:
    """What colors and heights mean, the kinds in view and the floor's ruler, at the bottom right."""
    corner = np.ones(2)
    kinds = [kind for kind in KINDS if kind in {volume.kind for volume in volumes}]
    rows = (len(kinds) + 2) // 3
    x, y = -LEGEND_WIDTH_PX, -(190.0 + 26 * rows)
    dim, plain = (*theme.text3, 1.0), (*theme.text2, 1.0)

    def line(words: str, dx: float, dy: float, size: float = 13, align: str = "left", **more: object) -> Text:
        return Text(words, corner, "screen", size=size, offset_px=(x + dx, y + dy), color=dim, align=align, **more)  # type: ignore[arg-type]

    texts = [
        line(text("legend.weight").upper(), 0, 0, weight="semibold"),
        line("− p99.5", 0, 36),
        line("0", BAR_PX / 2, 36, align="center"),
        line("+ p99.5", BAR_PX, 36, align="right"),
        line(text("legend.scaled"), 0, 60),
    ]
    dots = []
    for index, kind in enumerate(kinds):
        dx, dy = 118.0 * (index % 3), 94.0 + 26 * (index // 3)
        dots.append((x + dx, y + dy + 5, (*kind_color(kind, theme.name), 1.0)))
        texts.append(
            Text(text(f"kind.{kind}"), corner, "screen", size=14, offset_px=(x + dx + 15, y + dy), color=plain)
        )
    step = f"{floor_step:g}"
    texts.append(line(text("legend.floor", n=step), 0, 104 + 26 * rows))
    return Labels(texts), color_bar(corner, x, y + 22, theme, dots)


def color_bar(corner: np.ndarray, x: float, y: float, theme: Theme, dots: list) -> ScreenShapes:
    """The diverging map as a bar of 48 gradient pieces, and a round dot for each kind."""
    colors = diverging(theme.name)[np.linspace(0, 255, BAR_PIECES + 1).round().astype(int)]
    opaque = np.concatenate([colors, np.ones((BAR_PIECES + 1, 1), np.float32)], 1)
    width = BAR_PX / BAR_PIECES
    bars = np.array([[x + k * width, y, width + 0.5, 8.0] for k in range(BAR_PIECES)])
    spots = np.array([[dx, dy, 8.0, 8.0] for dx, dy, _ in dots]).reshape(-1, 4)
    tints = np.array([color for _, _, color in dots], np.float32).reshape(-1, 4)
    return ScreenShapes(
        fractions=np.tile(corner, (BAR_PIECES + len(dots), 1)),
        rectangles_px=np.concatenate([bars, spots]),
        left=np.concatenate([opaque[:-1], tints]),
        right=np.concatenate([opaque[1:], tints]),
        radius_px=np.concatenate([np.zeros(BAR_PIECES), np.full(len(dots), 4.0)]),
    )
