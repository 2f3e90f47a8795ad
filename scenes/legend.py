"""The legend, bottom right: what color and height mean, kinds in view and the ruler; for one layer its histogram."""

from __future__ import annotations

import numpy as np

from ..engine.scene import Labels, ScreenShapes, Text
from ..engine.theme import Theme
from .analysis import Facts
from .layer_volumes import Volume
from .strings import text
from .style import KINDS, diverging, kind_color

__all__ = ["WIDTH_PX", "layer_legend", "legend", "veil"]

BAR_PX, BAR_PIECES, BAR_HEIGHT_PX = 380.0, 48, 8.0
WIDTH_PX, BOTTOM_PX = 500.0, 56.0
PANEL_MARGIN_PX, PANEL_RADIUS_PX, PANEL_ALPHA = 28.0, 14.0, 0.92
HISTOGRAM_PX, HISTOGRAM_BARS = 84.0, 64
LINE_PX = 28.0
KIND_PX, KINDS_A_ROW = 142.0, 3
DOT_PX = 8.0
CORNER = np.ones(2)

# x, y, width, height, color at the left and at the right, radius
Rows = list[tuple[float, float, float, float, np.ndarray, np.ndarray, float]]


def legend(volumes: list[Volume], theme: Theme, floor_step: float, left_out: int = 0) -> tuple[Labels, ScreenShapes]:
    """The whole network: the color scale, the kinds of its layers, the floor's ruler, and how many numbers it lacks."""
    kinds = [kind for kind in KINDS if kind in {volume.kind for volume in volumes}]
    remarks = _remarks(volumes, left_out)
    below = 114 + LINE_PX * -(-len(kinds) // KINDS_A_ROW)
    pen = _Pen(theme, below + 24 + LINE_PX * len(remarks))
    shapes = _scale(theme, pen.x, pen.y + 27)
    pen.write(text("legend.weight").upper(), 0, 0, weight="semibold")
    _ends(pen, "− p99.5", "+ p99.5", 42)
    pen.write(text("legend.scaled"), 0, 70)
    for index, kind in enumerate(kinds):
        dx, dy = KIND_PX * (index % KINDS_A_ROW), 106 + LINE_PX * (index // KINDS_A_ROW)
        color = np.array([*kind_color(kind, theme.name), 1.0], np.float32)
        shapes.append((pen.x + dx, pen.y + dy + 6.5, DOT_PX, DOT_PX, color, color, DOT_PX / 2))
        pen.write(text(f"kind.{kind}"), dx + 16, dy, bright=True)
    for index, remark in enumerate([text("legend.floor", n=f"{floor_step:g}"), *remarks]):
        pen.write(remark, 0, below + LINE_PX * index)
    return Labels(pen.texts), _shapes(shapes)


def _remarks(volumes: list[Volume], left_out: int) -> list[str]:
    """What a person must know to read sizes right."""
    remarks = []
    if any(tray.cell < 1 for volume in volumes for tray in volume.trays):
        remarks.append(text("legend.compressed"))
    if any(volume.slab for volume in volumes):
        remarks += [text("legend.slabs"), text("legend.lattice")]
    if left_out:
        remarks.append(text("legend.left_out", count=f"{left_out:,}"))
    return remarks


def layer_legend(facts: Facts, theme: Theme) -> tuple[Labels, ScreenShapes]:
    """One tensor: histogram (square root), color scale with its numbers, and statistics, on a panel."""
    pen = _Pen(theme, HISTOGRAM_PX + 100 + LINE_PX * 5)
    base = pen.y + 38 + HISTOGRAM_PX
    shapes = [_panel(theme, pen.x, pen.y, BAR_PX, -pen.y - BOTTOM_PX), *_histogram(facts, theme, pen.x, base)]
    shapes += _scale(theme, pen.x, base + 8)
    pen.write(text("legend.value").upper(), 0, 0, weight="semibold")
    pen.write(text("legend.share" if facts.exact else "legend.sample"), BAR_PX, 0, align="right")
    _ends(pen, _number(-facts.value_range), _number(facts.value_range), 38 + HISTOGRAM_PX + 24)
    lines = {
        "minimum": _number(facts.minimum),
        "maximum": _number(facts.maximum),
        "mean": _number(facts.mean),
        "std": _number(facts.std).lstrip("+"),
        "beyond": f"{facts.beyond * 100:.1f} %",
    }
    for index, (name, shown) in enumerate(lines.items()):
        dy = 38 + HISTOGRAM_PX + 60 + LINE_PX * index
        pen.write(text(f"legend.{name}"), 0, dy)
        pen.write(shown, BAR_PX, dy, align="right", bright=True)
    return Labels(pen.texts), _shapes(shapes)


def veil(theme: Theme) -> ScreenShapes:
    """What lies behind the heading while slabs fill the picture: the ground's color, fading to the right."""
    solid = np.array([*theme.floor, 0.96], np.float32)
    clear = np.array([*theme.floor, 0.0], np.float32)
    whole, fading = (0.0, 0.0, 400.0, 184.0, solid, solid, 0.0), (400.0, 0.0, 400.0, 184.0, solid, clear, 0.0)
    return _shapes([whole, fading], np.zeros(2))


class _Pen:
    """Writes lines from the legend's top left corner on; places are px at 1080 lines."""

    def __init__(self, theme: Theme, height_px: float) -> None:
        self.x, self.y = -WIDTH_PX, -(height_px + BOTTOM_PX)
        self.texts: list[Text] = []
        self._dim, self._plain = (*theme.text3, 1.0), (*theme.text2, 1.0)

    def write(
        self, words: str, dx: float, dy: float, size: float = 17, align: str = "left", bright=False, weight="regular"
    ) -> None:
        """Adds a text whose top is `dy` below the corner."""
        color, offset = self._plain if bright else self._dim, (self.x + dx, self.y + dy)
        self.texts.append(
            Text(words, CORNER, "screen", size=size, weight=weight, color=color, offset_px=offset, align=align)
        )


def _ends(pen: _Pen, low: str, high: str, dy: float) -> None:
    pen.write(low, 0, dy)
    pen.write("0", BAR_PX / 2, dy, align="center")
    pen.write(high, BAR_PX, dy, align="right")


def _scale(theme: Theme, x: float, y: float) -> Rows:
    """The diverging map as a bar with round ends."""
    colors = _opaque(diverging(theme.name)[np.linspace(0, 255, BAR_PIECES + 1).round().astype(int)])
    width = BAR_PX / BAR_PIECES
    ends = [(x - 1, colors[0]), (x + BAR_PX - BAR_HEIGHT_PX + 1, colors[-1])]
    caps: Rows = [(at, y, BAR_HEIGHT_PX, BAR_HEIGHT_PX, color, color, BAR_HEIGHT_PX / 2) for at, color in ends]
    inner = range(BAR_PIECES)
    edge = BAR_HEIGHT_PX / 2
    return caps + [
        (
            x + max(k * width, edge - 1),
            y,
            min((k + 1) * width, BAR_PX - edge + 1) - max(k * width, edge - 1) + (0.5 if k < BAR_PIECES - 1 else 0.0),
            BAR_HEIGHT_PX,
            colors[k],
            colors[k + 1],
            0.0,
        )
        for k in inner
    ]


def _histogram(facts: Facts, theme: Theme, x: float, base: float) -> Rows:
    """Bars over the color scale, heights by the square root of the share."""
    counts = np.sqrt(facts.histogram.reshape(HISTOGRAM_BARS, -1).sum(1))
    tall = counts / max(counts.max(initial=0.0), 1.0) * HISTOGRAM_PX
    width = BAR_PX / len(tall)
    places = np.linspace(0, 255, len(tall)).round().astype(int)
    colors = _opaque(diverging(theme.name)[places])
    return [
        (x + k * width, base - height, width - 1.0, height, color, color, 0.0)
        for k, (height, color) in enumerate(zip(tall.tolist(), colors, strict=True))
        if height > 0
    ]


def _panel(theme: Theme, x: float, y: float, width: float, height: float) -> tuple:
    color = np.array([*theme.panel, PANEL_ALPHA], np.float32)
    margin = PANEL_MARGIN_PX
    return x - margin, y - margin, width + 2 * margin, height + 2 * margin, color, color, PANEL_RADIUS_PX


def _opaque(colors: np.ndarray) -> np.ndarray:
    return np.concatenate([colors, np.ones((len(colors), 1), np.float32)], 1)


def _shapes(rows: Rows, fraction: np.ndarray = CORNER) -> ScreenShapes:
    return ScreenShapes(
        fractions=np.tile(fraction, (len(rows), 1)),
        rectangles_px=np.array([row[:4] for row in rows], float).reshape(-1, 4),
        left=np.array([row[4] for row in rows], np.float32).reshape(-1, 4),
        right=np.array([row[5] for row in rows], np.float32).reshape(-1, 4),
        radius_px=np.array([row[6] for row in rows], float),
    )


def _number(value: float | None) -> str:
    """Four significant digits with a sign."""
    return "–" if value is None else f"{value:+.4g}".replace("-", "−")
