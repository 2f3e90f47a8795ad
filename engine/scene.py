"""The scene graph: nodes with plain-data drawables. Nothing here knows OpenGL or a file format.

Drawables are mutable; whoever changes one calls `touch()`, and painters compare `revision` with what they uploaded.
Lengths are world units (one weight cell = 1), widths of lines and text sizes are pixels of a picture 1080 lines high.
Colors are (.., 4) float32 RGBA in display space (sRGB), not premultiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .kernels.colorize import BrightnessLaw
from .kernels.pyramid import Pyramid
from .theme import Theme
from .values import Values

__all__ = [
    "GLYPHS",
    "Boxes",
    "Drawable",
    "Images",
    "Labels",
    "Lines",
    "Node",
    "Points",
    "Scene",
    "ScreenShapes",
    "Surface",
    "Text",
    "WeightGrid",
    "walk",
]

# What a dot or a rectangle on the picture may look like, in the order of shaders/labels_shapes.frag.
GLYPHS = (
    "rectangle",
    "disc",
    "ring",
    "square",
    "frame",
    "diamond",
    "up",
    "down",
    "right",
    "plus",
    "bars",
    "point",
)


@dataclass(eq=False)
class Drawable:
    """What a node can show."""

    revision: int = field(default=0, init=False)

    def touch(self) -> None:
        """Says that the content changed: painters upload it again."""
        self.revision += 1


@dataclass(eq=False)
class WeightGrid(Drawable):
    """A matrix of values as an implicit grid: sample (i, j) stands at origin + i*du + j*dv + share*dh.

    `origin` is the center of cell (0, 0) on the zero plane. i counts rows, j columns of `values`' matrix. The share is
    (value - center) / range clipped to -1 to 1. What is picked and read out is always of `values`.
    """

    origin: np.ndarray  # (3,) float64
    du: np.ndarray  # (3,) float64, step from row to row
    dv: np.ndarray  # (3,) float64, step from column to column
    dh: np.ndarray  # (3,) float64, height of share 1
    values: Values | None  # None: the file has shapes only; drawn as a flat neutral lattice
    value_range: float  # > 0
    shape: tuple[int, int]  # rows, cols
    colors: np.ndarray  # (256, 3) float32, color of shares from -1 to +1
    emphasis: float = 1.0  # 1 plain, < 1 receding
    center: float = 0.0  # value that stands on the zero plane and has the middle one of `colors`
    reduce: str = "mean"  # a sample of many: "mean" light of all, or that of the "peak", the value farthest from center
    painted: Values | None = None  # what is shown in place of `values`, same matrix; None: these themselves
    law: BrightnessLaw | None = None  # of far samples, by share; None: that of the theme
    near_law: BrightnessLaw | None = None  # of near ones
    pyramid: Pyramid | None = None  # of `values` in blocks of 32 x 32, once it is known; peaks are found by it
    typical: float | None = None  # magnitude of `values` that is large but not rare; None: `value_range`


@dataclass(eq=False)
class Points(Drawable):
    """Explicit positions, for clouds that are no grid."""

    positions: np.ndarray  # (n, 3) float64
    colors: np.ndarray  # (n, 4) float32
    size: float = 1.0  # diameter, world units


@dataclass(eq=False)
class Boxes(Drawable):
    """Axis-aligned boxes in the node's space; nodes above boxes translate only.

    `style`: glass (translucent faces, zero plane, edges), solid (opaque cubes that hide what is behind),
    floor (soft pool of light or shadow, y ignored) or plate (a thin outlined rectangle on the floor).
    """

    lower: np.ndarray  # (n, 3) float64
    upper: np.ndarray  # (n, 3) float64
    colors: np.ndarray  # (n, 4) float32; glass: color of the kind
    style: str = "glass"
    selected: np.ndarray | None = None  # (n,) bool


@dataclass(eq=False)
class Lines(Drawable):
    """Separate polylines with a width in pixels and a soft edge.

    `offsets` are first-vertex indices, one more than there are lines: line k has vertices offsets[k]:offsets[k + 1].
    """

    vertices: np.ndarray  # (n, 3) float64
    offsets: np.ndarray  # (lines + 1,) int64
    colors: np.ndarray  # (lines, 4) float32
    width_px: float = 1.0
    halo: float = 0.0  # 0 none, 1 the full glow of a residual arc
    layer: str = "back"  # back: before the data; front: after the front faces
    apart: np.ndarray | None = None  # (lines, 2) along z to the next line at start and end; dense ones are weaker


@dataclass(eq=False)
class Text:
    """One piece of text in a `Labels` drawable.

    `placement`: callout (faces the viewer above `anchor`, or above the far side of what has its top there; leader line,
    dot in `dot` color), floor (lies in the xz
    plane, `size` in world units, reading along +`right`), face (lies on a cube top like floor text), or screen
    (anchor = fractions of width and height from the top left plus `offset_px`).
    """

    text: str
    anchor: np.ndarray  # (3,) float64 world, or (2,) fractions for screen
    placement: str = "callout"
    detail: str = ""  # second line, quieter
    size: float = 17.0  # px at 1080 lines, where capitals are 12 px high; world units for floor and face
    weight: str = "regular"  # light, regular, semibold
    color: tuple[float, float, float, float] | None = None  # None: the theme's text color
    dot: tuple[float, float, float, float] | None = None
    glyph: str = "disc"  # form of the dot, one of GLYPHS
    half: tuple[float, float] = (0.0, 0.0)  # callout: sides along x and z, halved, of what has its top at the anchor
    offset_px: tuple[float, float] = (0.0, 0.0)
    right: tuple[float, float, float] = (1.0, 0.0, 0.0)  # reading direction of floor and face text
    align: str = "left"  # left, center, right
    priority: float = 0.0  # higher stays when two collide


@dataclass(eq=False)
class Labels(Drawable):
    """Pieces of text."""

    texts: list[Text]


@dataclass(eq=False)
class ScreenShapes(Drawable):
    """Rectangles on the picture: panels, color bars, histograms; or glyphs that fill them.

    Places are fractions of the picture (0, 0 top left) plus pixels at 1080 lines.
    """

    fractions: np.ndarray  # (n, 2) float64 place of the rectangle's top left corner
    rectangles_px: np.ndarray  # (n, 4) float64 x, y (added to the place), width, height
    left: np.ndarray  # (n, 4) float32 color at the left end
    right: np.ndarray  # (n, 4) float32 color at the right end
    radius_px: np.ndarray  # (n,) float64 of the corners
    glyphs: np.ndarray | None = None  # (n,) int, of a glyph the index in GLYPHS; 0 for a rectangle


@dataclass(eq=False)
class Surface(Drawable):
    """A triangle mesh with a color at each vertex.

    `style`: solid (hides what is behind), or a veil that hides nothing: floor (under the data) or light (over it).
    """

    vertices: np.ndarray  # (n, 3) float64
    triangles: np.ndarray  # (m, 3) int32
    colors: np.ndarray  # (n, 4) float32
    style: str = "solid"


@dataclass(eq=False)
class Images(Drawable):
    """Flat pictures standing in the scene: image k spans origin[k] + s*du[k] + t*dv[k], s and t from 0 to 1."""

    images: np.ndarray  # (n, height, width, 4) uint8
    origin: np.ndarray  # (n, 3) float64
    du: np.ndarray  # (n, 3) float64
    dv: np.ndarray  # (n, 3) float64


@dataclass(eq=False)
class Node:
    """A place in the scene: its own frame, at most one drawable, children in its frame."""

    name: str = ""
    parent_from_node: np.ndarray = field(default_factory=lambda: np.eye(4))  # (4, 4) float64
    drawable: Drawable | None = None
    children: list[Node] = field(default_factory=list)
    visible: bool = True

    def add(self, child: Node) -> Node:
        """The child, now part of this node."""
        self.children.append(child)
        return child


@dataclass(eq=False)
class Scene:
    """A node tree with its surroundings."""

    root: Node
    theme: Theme
    lower: np.ndarray  # (3,) float64, bounds of all volumes
    upper: np.ndarray  # (3,) float64
    floor_y: float = 0.0
    floor_step: float = 16.0  # world units between thin floor lines
    sample_px: float = 1.0  # size of a sample of weights up to which it is not refined
    axes: tuple[str, str] = ("row", "column")  # what rows and columns of weights are called
    revision: int = 0  # raised when nodes come, go or move

    @property
    def length(self) -> float:
        """The longest side of the bounds, world units."""
        return float(np.max(self.upper - self.lower))


def walk(root: Node) -> Iterator[tuple[np.ndarray, Node]]:
    """(world_from_node, node) of every visible node, parents first, in order of `children`."""
    stack = [(np.eye(4), root)]
    while stack:
        world_from_parent, node = stack.pop()
        if not node.visible:
            continue
        world_from_node = world_from_parent.dot(node.parent_from_node)  # for small matrices twice as fast as `@`
        yield world_from_node, node
        if node.children:
            stack.extend([(world_from_node, child) for child in reversed(node.children)])
