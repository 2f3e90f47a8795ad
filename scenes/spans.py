"""Spans: which part of the flow works at which size of picture, as brackets and words on the floor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..engine.scene import Labels, Lines, Text
from ..engine.text_layout import EM
from ..engine.theme import Theme
from .placement import Layout, Placed

__all__ = ["Span", "size_spans", "span_lines", "span_titles"]

FRONT_GAP = 5.0  # from the volumes to the bracket
FRAME_ROOM = 9.0  # of a frame and its title around what is inside an operator
HOOK = 2.0
TITLE_SIZE, LEAST_TITLE_SIZE = 8.0, 4.0  # world units
LINE_ALPHA = 0.45


@dataclass(frozen=True)
class Span:
    """Neighbors in one row whose feature maps are of one size."""

    size: tuple[int, int]  # height, width
    x0: float
    x1: float
    z: float  # of the bracket, before all that it spans


def size_spans(layout: Layout) -> list[Span]:
    """Spans of the main flow, in order; a row's end ends a span."""
    spans: list[Span] = []
    previous = -np.inf
    for stage in layout.stages:
        outer = [layer for layer in stage if not layer.depth]
        size = _size(outer)
        x0 = min(layer.x + layer.volume.bounds[0] for layer in outer)
        x1 = max(layer.x + layer.volume.bounds[2] for layer in outer)
        z = max(layer.z + layer.volume.bounds[3] for layer in stage) + FRONT_GAP
        z += FRAME_ROOM * max(layer.depth for layer in stage)
        last = spans[-1] if spans and x0 > previous else None
        if size and last and last.size == size and last.x1 == previous:
            spans[-1] = Span(size, last.x0, x1, max(last.z, z))
        elif size:
            spans.append(Span(size, x0, x1, z))
        previous = x1
    return spans


def _size(layers: list[Placed]) -> tuple[int, int] | None:
    """The one size of all feature maps among layers side by side."""
    sizes = set()
    for layer in layers:
        shape = layer.volume.slab.shape if layer.volume.slab else None
        if shape is None or len(shape) != 3:
            return None
        sizes.add(shape[1:])
    (height, width) = sizes.pop() if len(sizes) == 1 else (None, None)
    return (height, width) if isinstance(height, int) and isinstance(width, int) and height * width > 1 else None


def span_lines(layout: Layout, theme: Theme) -> Lines:
    """A bracket on the floor for each span."""
    vertices = [
        (x, 0.0, z)
        for span in size_spans(layout)
        for x, z in ((span.x0, span.z - HOOK), (span.x0, span.z), (span.x1, span.z), (span.x1, span.z - HOOK))
    ]
    count = len(vertices) // 4
    colors = np.tile(np.array([*theme.stream, LINE_ALPHA], np.float32), (count, 1))
    return Lines(np.array(vertices, float).reshape(-1, 3), np.arange(count + 1, dtype=np.int64) * 4, colors)


def span_titles(layout: Layout) -> Labels:
    """The sizes, before their brackets, where there is room."""
    return Labels(list(_titles(layout)))


def _titles(layout: Layout) -> Iterator[Text]:
    for span in size_spans(layout):
        words = f"{span.size[0]} × {span.size[1]}"
        size = min(TITLE_SIZE, (span.x1 - span.x0) / (EM * len(words)))
        if size >= LEAST_TITLE_SIZE:
            anchor = np.array([(span.x0 + span.x1) / 2, 0.0, span.z + 0.9 * size])
            yield Text(words, anchor, "floor", size=size, weight="semibold", align="center")
