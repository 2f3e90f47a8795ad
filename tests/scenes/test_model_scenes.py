"""Scenes of real models: nothing meets, nothing is lost, everything can be read.

The models are not part of the checkout: TENSORNAUT_MODELS names their folder, ../shared/models is looked at otherwise.
"""

import json
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from tensornaut.engine.glyphs import GlyphAtlas, shipped_fonts
from tensornaut.engine.painters.label_parts import Card, LabelColors, line_bounds, project, screen_lines
from tensornaut.engine.scene import Labels, walk
from tensornaut.engine.screen_cover import screen_cover
from tensornaut.engine.text_layout import (
    MOST_COVERED,
    SURE_CALLOUTS,
    Typesetter,
    layout_callouts,
    least_size_px,
    nearest_by_cell,
    screen_scale,
)
from tensornaut.engine.view import clip_from_world
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.legend import WIDTH_PX
from tensornaut.scenes.network_scene import box_corners, build
from tensornaut.scenes.rows import LONGEST_ASPECT, SHORTEST_ROW
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.views import overview

MODELS = Path(os.environ.get("TENSORNAUT_MODELS") or Path(__file__).resolve().parents[3] / "shared" / "models")
SIZE = (1920, 1080)
CAP_PX = 12  # least height of capitals
FILLED = 0.6  # of one axis of the picture
HIDDEN = 0.1  # share of most names that lies over things
CAPITALS = 0.727  # em, Inter


def _paths():
    try:
        facts = json.loads((MODELS / "facts.json").read_text("utf-8"))
    except OSError:
        return []
    return sorted(path for path, fact in facts.items() if fact["format"] in ("onnx", "torch"))


PATHS = _paths()
pytestmark = pytest.mark.skipif(not PATHS, reason=f"no models in {MODELS}; set TENSORNAUT_MODELS")


@lru_cache(maxsize=2)
def scene_of(path):
    return build(open_network(MODELS / path), THEMES["dark"], Analysis())


@pytest.fixture(params=PATHS or [None])
def built(request):
    return scene_of(request.param)


@pytest.fixture(scope="module")
def typesetter():
    return Typesetter(GlyphAtlas())


def volumes(built):
    """((n, 3) lower, (n, 3) upper) corners of all trays with their glass and of all slabs."""
    corners = built.glass_corners().reshape(8, -1, 3)
    return corners.min(0), corners.max(0)


def words(built):
    """(world_from_node, text) of all text that is seen."""
    nodes = walk(built.scene.root)
    return [(world, text) for world, node in nodes if isinstance(node.drawable, Labels) for text in node.drawable.texts]


def test_no_two_volumes_meet(built):
    lower, upper = volumes(built)
    for k in range(len(lower)):
        apart = np.maximum(lower[k + 1 :] - upper[k], lower[k] - upper[k + 1 :]).max(1, initial=-1)
        assert (apart >= 0).all()


def test_the_whole_is_at_most_eight_times_longer_than_deep(built):
    lower, upper = volumes(built)
    length, _, depth = upper.max(0) - lower.min(0)
    columns = len({layer.stage for layer in built.layout.layers})
    assert length <= LONGEST_ASPECT * depth or columns < 2 * SHORTEST_ROW


def test_every_number_is_drawn_once_or_said_to_be_left_out(built):
    cells = [(part.tensor, int(np.prod(part.grid.shape))) for part in built.grids]
    counts = {row: sum(cells for tensor, cells in cells if tensor == row) for row in {row for row, _ in cells}}
    assert all(built.network.tensors[row].count == count for row, count in counts.items())
    left_out = built.network.parameter_count - sum(counts.values())
    said = any(text.text.startswith(f"{left_out:,} ") for _, text in words(built))
    assert said == (left_out > 0)


def test_no_two_words_overlap_and_all_can_be_read(built, typesetter):
    eye = overview(built, SIZE[0] / SIZE[1]).eye(SIZE, built.scene.length)
    theme, texts = built.scene.theme, words(built)
    colors = LabelColors(theme.text, theme.text2, theme.text3, theme.panel)
    on_screen = [text for _, text in texts if text.placement == "screen"]
    lines = [line for text in on_screen for line in screen_lines(text, typesetter, eye, colors)]
    names = [placed for placed in texts if placed[1].placement == "callout"]
    index, anchors, distance = project(names, eye)
    priority = np.array([names[k][1].priority for k in index], float)
    chosen = nearest_by_cell(anchors, distance, priority, np.zeros(len(index), bool), screen_scale(SIZE[1]))
    cards = [Card(names[index[k]][1], typesetter, SIZE[1]) for k in chosen]
    sizes = np.array([card.size_px for card in cards]).reshape(-1, 2)
    lower, upper = volumes(built)
    cover = screen_cover(lower, upper, np.ones(len(lower)), eye)
    placed, rectangles = layout_callouts(anchors[chosen], sizes, SIZE, line_bounds(lines), cover)
    assert (cover.shares(rectangles)[SURE_CALLOUTS:] <= MOST_COVERED).all()
    assert not len(placed) or np.median(cover.shares(rectangles)) <= HIDDEN
    assert len(placed) >= min(len(names), 1)
    boxes = np.concatenate([rectangles, line_bounds(lines)])
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    for k in range(len(boxes)):
        beside = (left[k + 1 :] >= right[k] - 1) | (right[k + 1 :] <= left[k] + 1)
        assert (beside | (top[k + 1 :] >= bottom[k] - 1) | (bottom[k + 1 :] <= top[k] + 1)).all()
    assert (left >= 0).all() and (top >= 0).all() and (right <= SIZE[0]).all() and (bottom <= SIZE[1]).all()
    lines += [line for k, box in zip(placed, rectangles, strict=True) for line in cards[k].lines(box, colors, 1.0)]
    assert all(line.size_px * CAPITALS >= CAP_PX for line in lines)


def test_no_two_words_on_the_floor_overlap(built, typesetter):
    boxes = []
    for _, text in words(built):
        if text.placement == "floor":
            half = typesetter.atlas.measure(text.text, text.size, text.weight) / 2
            (x, _, z), tall = text.anchor, text.size / 2
            boxes.append((x - half, z - tall, x + half, z + tall))
    for k, (x0, z0, x1, z1) in enumerate(boxes):
        for other in boxes[k + 1 :]:
            assert max(x0 - other[2], other[0] - x1, z0 - other[3], other[1] - z1) >= 0


def test_the_network_fills_the_picture(built):
    eye = overview(built, SIZE[0] / SIZE[1]).eye(SIZE, built.scene.length)
    corners = box_corners(*volumes(built))
    clip = np.c_[corners, np.ones(len(corners))] @ clip_from_world(eye).T
    assert (clip[:, 3] > 0).all()
    spots = clip[:, :2] / clip[:, 3:]
    assert np.abs(spots).max() <= 1 and (np.ptp(spots, axis=0) / 2).max() >= FILLED
    from_corner_px = (1 + spots * (-1, 1)) / 2 * SIZE
    assert not (from_corner_px < (WIDTH_PX, built.legend_height_px)).all(1).any()


@pytest.mark.parametrize("weight", ["light", "regular", "semibold"])
def test_capitals_are_as_high_as_said(weight):
    atlas = GlyphAtlas(shipped_fonts())
    assert atlas.glyph("H", weight, 100).height == pytest.approx(100 * CAPITALS, abs=1)
    assert least_size_px(17, SIZE[1]) * CAPITALS >= CAP_PX
