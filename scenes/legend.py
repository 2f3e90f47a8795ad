"""The legend, bottom right: what color and height mean, kinds in view and the ruler; for one layer its histogram."""

from __future__ import annotations

import numpy as np

from ..engine.scene import GLYPHS, Labels, ScreenShapes, Text
from ..engine.theme import Theme
from .analysis import Facts
from .layer_volumes import Volume
from .look_words import (
    BARS,
    Distribution,
    beyond_words,
    ends,
    number,
    percent,
    points_words,
    scaled_words,
    shared_words,
)
from .looks import VALUE, Look, bar_colors
from .scales import Scale, Scales
from .strings import text
from .style import KINDS, diverging, kind_color, kind_glyph, sequential

__all__ = ["LAYER_PX", "PANEL_MARGIN_PX", "WIDTH_PX", "layer_legend", "legend", "point_line", "run_legend", "veil"]

BAR_PX, BAR_PIECES, BAR_HEIGHT_PX = 380.0, 48, 8.0
WIDTH_PX, BOTTOM_PX = 500.0, 56.0
PANEL_MARGIN_PX, PANEL_RADIUS_PX, PANEL_ALPHA = 28.0, 14.0, 0.97
GROUND_ALPHA = 0.97
HISTOGRAM_PX = 84.0
LINE_PX = 28.0
LINES = 6  # of a layer's legend at most, below its scale
LAYER_PX = HISTOGRAM_PX + 94.0 + LINE_PX * LINES + BOTTOM_PX + PANEL_MARGIN_PX  # height of a layer's legend
LEAST_CONTRAST = 1.7  # of a bar to the panel
KIND_PX, KINDS_A_ROW = 134.0, 3
SHARED_PX, SHARED_GAP_PX = 218.0, 26.0  # a kind with its scale, and behind it
DOT_PX, DOT_TOP_PX = 11.0, 5.0
CORNER = np.ones(2)
LOOKS_OF_VALUES = ("value", "zscore", "outlier")  # whose scale is one of values
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

# x, y, width, height, color at the left and at the right, radius
Rows = list[tuple[float, float, float, float, np.ndarray, np.ndarray, float]]


def legend(
    volumes: list[Volume],
    theme: Theme,
    floor_step: float,
    left_out: int = 0,
    look: Look = VALUE,
    scales: Scales | None = None,
    is_short: bool = False,
) -> tuple[Labels, ScreenShapes]:
    """The whole network: the color scale, the kinds of its layers, the floor's ruler, and how many numbers it lacks.

    `is_short`: without what may be known.
    """
    kinds = [kind for kind in KINDS if kind in {volume.kind for volume in volumes}]
    remarks = _remarks([] if is_short else volumes, left_out)
    shared = look.scale == "kind" and look.name != "sign" and scales is not None
    kinds_a_row, kind_px = (2, SHARED_PX) if shared else (KINDS_A_ROW, KIND_PX)
    scaled = scaled_words(look).split("\n")[-1 if is_short else 0 :]
    above = 78 + LINE_PX * len(scaled)
    below = above + 8 + LINE_PX * -(-len(kinds) // kinds_a_row)
    pen = _Pen(theme, below + 24 + LINE_PX * len(remarks))
    shapes = [_ground(theme, pen), *_scale(bar_colors(look, theme), pen.x, pen.y + 27)]
    title = text("legend.weight") if look.name == "value" else text(f"look.{look.name}")
    pen.write(title.upper(), 0, 0, weight="semibold")
    _ends(pen, ends(look, scales.of_all() if scales else None), 42)
    for place, line in enumerate(scaled):
        pen.write(line, 0, 70 + LINE_PX * place)
    glyphs: dict[int, int] = {}
    for index, kind in enumerate(kinds):
        dx, dy = kind_px * (index % kinds_a_row), above + LINE_PX * (index // kinds_a_row)
        color = np.array([*kind_color(kind, theme.name), 1.0], np.float32)
        shapes.append((pen.x + dx, pen.y + dy + DOT_TOP_PX, DOT_PX, DOT_PX, color, color, 0.0))
        glyphs[len(shapes) - 1] = GLYPHS.index(kind_glyph(kind))
        pen.write(text(f"kind.{kind}"), dx + 18, dy, bright=True)
        scale = scales.of_kind(kind) if shared and scales else None
        if scale is not None:
            pen.write(shared_words(look, scale), dx + kind_px - SHARED_GAP_PX, dy, align="right")
    for index, remark in enumerate([*remarks, text("legend.floor", n=f"{floor_step:g}")]):
        pen.write(remark, 0, below + LINE_PX * index)
    drawn = _shapes(shapes)
    drawn.glyphs = np.array([glyphs.get(number, 0) for number in range(len(shapes))])
    return Labels(pen.texts), drawn


def run_legend(
    theme: Theme, shares: bool, floor_step: float, batch: int = 1, left_out: int = 0
) -> tuple[Labels, ScreenShapes]:
    """A run: the scale of what layers give, that of attention and shares, and what points and lines are.

    `batch`: inputs that were run at once; `left_out`: tensors whose weights do not show what they did.
    """
    lines = [text("legend.run.sheets"), text("legend.run.points")]
    if left_out:
        lines.append(text("legend.run.left_out", count=f"{left_out:,}"))
    if batch > 1:
        lines.append(text("legend.run.batch", count=f"{batch:,}"))
    lines.append(text("legend.floor", n=f"{floor_step:g}"))
    second = 92.0 if shares else 0.0
    pen = _Pen(theme, 78 + second + LINE_PX * len(lines))
    shapes = [_ground(theme, pen), *_scale(diverging(theme.name), pen.x, pen.y + 27)]
    pen.write(text("legend.run.activation").upper(), 0, 0, weight="semibold")
    _ends(pen, (text("legend.run.negative"), "0", text("legend.run.positive")), 42)
    if shares:
        shapes += _scale(sequential(theme.name), pen.x, pen.y + second + 27)
        pen.write(text("legend.run.shares").upper(), 0, second, weight="semibold")
        _ends(pen, ("0", "", "1"), second + 42)
    for place, line in enumerate(lines):
        pen.write(line, 0, 78 + second + LINE_PX * place)
    return Labels(pen.texts), _shapes(shapes)


def _remarks(volumes: list[Volume], left_out: int) -> list[str]:
    """What a person must know to read sizes right."""
    remarks = []
    if any(tray.cell < 1 for volume in volumes for tray in volume.trays):
        remarks.append(text("legend.compressed"))
    if any(tray.in_lines for volume in volumes for tray in volume.trays):
        remarks.append(text("legend.lines"))
    if any(volume.slab for volume in volumes):
        remarks += [text("legend.slabs"), text("legend.lattice")]
    if left_out:
        remarks.append(text("legend.left_out", count=f"{left_out:,}"))
    return remarks


def layer_legend(
    facts: Facts,
    theme: Theme,
    look: Look = VALUE,
    scale: Scale | None = None,
    found: Distribution | None = None,
) -> tuple[Labels, ScreenShapes]:
    """One tensor: histogram (square root), color scale with its numbers, and statistics, on a panel.

    `scale` and `found` of the look, those of the facts by default. Room for `point_line` is left below.
    """
    scale = scale or Scale(0.0, facts.value_range)
    found = found or Distribution(facts.histogram.reshape(BARS, -1).sum(1), facts.beyond)
    lines = _statistics(facts, look, found)
    pen = _Pen(theme, HISTOGRAM_PX + 94 + LINE_PX * (len(lines) + 1))
    base = pen.y + 38 + HISTOGRAM_PX
    colors = bar_colors(look, theme)
    shapes = [_panel((*theme.panel, PANEL_ALPHA), pen), *_histogram(found, colors, pen.x, base, theme)]
    shapes += _scale(colors, pen.x, base + 8)
    pen.write(
        (text("legend.value") if look.name == "value" else text(f"look.{look.name}")).upper(), 0, 0, weight="semibold"
    )
    pen.write(text("legend.share" if facts.exact else "legend.sample"), BAR_PX, 0, align="right")
    _ends(pen, ends(look, scale, found), 38 + HISTOGRAM_PX + 24)
    for index, (name, shown) in enumerate(lines.items()):
        dy = 38 + HISTOGRAM_PX + 60 + LINE_PX * index
        pen.write(name, 0, dy)
        pen.write(shown, BAR_PX, dy, align="right", bright=True)
    return Labels(pen.texts), _shapes(shapes)


def _statistics(facts: Facts, look: Look, found: Distribution) -> dict[str, str]:
    """Name and number of each line of a layer's legend; numbers of values are called so where others are shown."""
    numbers = {"minimum": facts.minimum, "maximum": facts.maximum, "mean": facts.mean, "std": facts.std}
    lines = {}
    for key, value in numbers.items():
        name = text(f"legend.{key}")
        if look.name not in LOOKS_OF_VALUES:
            name = text("legend.of_values", name=name)
        lines[name] = number(value).lstrip("+") if key == "std" else number(value)
    if look.name != "sign":
        lines[beyond_words(look)] = percent(found.beyond, 2 if look.is_peak else 1)
    return lines


def point_line(beside: Labels, theme: Theme, look: Look, block: tuple[int, int], cubes: bool, below: bool) -> Labels:
    """Words on a point (a cube) being of a block of at most these weights, below a legend's lines or beside its title.

    No words where the block is 0.
    """
    if not block[0]:
        return Labels([])
    title, last = beside.texts[0].offset_px, max(piece.offset_px[1] for piece in beside.texts)
    place = (title[0], last + LINE_PX) if below else (title[0] + BAR_PX, title[1])
    color, align = (*theme.text3, 1.0), "left" if below else "right"
    return Labels(
        [Text(points_words(look, block, cubes), CORNER, "screen", size=17, color=color, offset_px=place, align=align)]
    )


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


def _ends(pen: _Pen, words: tuple[str, str, str], dy: float) -> None:
    """What stands below the left end, the middle and the right end of the scale."""
    places = ((0.0, "left"), (BAR_PX / 2, "center"), (BAR_PX, "right"))
    for shown, (dx, align) in zip(words, places, strict=True):
        if shown:
            pen.write(shown, dx, dy, align=align)


def _scale(colors: np.ndarray, x: float, y: float) -> Rows:
    """A map, (256, 3), as a bar with round ends."""
    colors = _opaque(colors[np.linspace(0, 255, BAR_PIECES + 1).round().astype(int)])
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


def _histogram(found: Distribution, colors: np.ndarray, x: float, base: float, theme: Theme) -> Rows:
    """Bars over the color scale, heights by the square root of the share."""
    counts = np.sqrt(found.counts)
    tall = counts / max(counts.max(initial=0.0), 1.0) * HISTOGRAM_PX
    width = BAR_PX / len(tall)
    places = np.linspace(0, 255, len(tall)).round().astype(int)
    colors = _opaque(_apart(colors[places], theme))
    return [
        (x + k * width, base - height, width - 1.0, height, color, color, 0.0)
        for k, (height, color) in enumerate(zip(tall.tolist(), colors, strict=True))
        if height > 0
    ]


def _panel(color: tuple[float, ...], pen: _Pen) -> tuple:
    """What lies behind all that a pen writes."""
    filled, margin = np.array(color, np.float32), PANEL_MARGIN_PX
    width, height = BAR_PX + 2 * margin, -pen.y - BOTTOM_PX + 2 * margin
    return pen.x - margin, pen.y - margin, width, height, filled, filled, PANEL_RADIUS_PX


def _ground(theme: Theme, pen: _Pen) -> tuple:
    """A panel of the floor's color, which is hardly seen unless it hides something."""
    return _panel((*theme.floor, GROUND_ALPHA), pen)


def _apart(colors: np.ndarray, theme: Theme) -> np.ndarray:
    """Colors (n, 3), those that are nearly the panel's as much nearer to that of words as it takes to see them."""
    shares = np.linspace(0, 1, 33)[:, None, None]
    mixed = colors + shares * (np.array(theme.text3) - colors)
    panel, light = ((np.clip(color, 0, 1) ** 2.2) @ LUMINANCE + 0.05 for color in (np.array(theme.panel), mixed))
    enough = np.maximum(light / panel, panel / light) >= LEAST_CONTRAST
    return mixed[enough.argmax(0), np.arange(len(colors))].astype(np.float32)


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
