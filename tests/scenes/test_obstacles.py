"""Obstacles: how high an eye must be not to meet glass, and what hides what."""

import numpy as np
import pytest
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import WHOLE, Focus, show_focus
from tensornaut.scenes.network_scene import build, tray_bounds
from tensornaut.scenes.obstacles import Obstacles
from tensornaut.scenes.style import THEMES

MARGIN = 0.5


@pytest.fixture(scope="module")
def built(transformer):
    return build(transformer, THEMES["dark"], Analysis())


@pytest.mark.parametrize("focus", [WHOLE, Focus(3, 1.0), Focus(3, 2.0), Focus(3, 0.4)])
def test_the_climb_from_above_a_tray_leads_out_of_its_glass_as_it_is_shown(built, focus):
    show_focus(built, focus)
    obstacles = Obstacles(built)
    for k, (_, layer, tray) in enumerate(built.layout.trays()):
        position = np.array([layer.x + tray.x, 1.0, layer.z + tray.z])
        climb = obstacles.climb(position, focus, MARGIN)
        assert climb + 1.0 == pytest.approx(built.glass.upper[k, 1] + MARGIN)
        assert obstacles.climb(position + (0, climb + 1e-9, 0), focus, MARGIN) == pytest.approx(0, abs=1e-8)


def test_beside_everything_and_above_everything_no_climb_is_needed(built):
    obstacles = Obstacles(built)
    beside = np.array([0.0, 1.0, built.scene.upper[2] + MARGIN + 0.1])
    above = (built.scene.lower + built.scene.upper) / 2
    above[1] = obstacles.highest + MARGIN
    assert obstacles.climb(beside, WHOLE, MARGIN) == obstacles.climb(above, WHOLE, MARGIN) == 0


def test_a_tray_is_hidden_from_along_the_floor_and_free_from_above(built):
    obstacles = Obstacles(built)
    _, layer, tray = list(built.layout.trays())[-1]
    lower, upper = tray_bounds(layer, tray)
    middle = (lower + upper) / 2
    assert obstacles.between(middle - (300, 0, 0), lower, upper) > 0.5
    assert obstacles.between(middle + (0, 300, 0), lower, upper) == 0


def test_a_scene_without_boxes_is_free(outline):
    empty = Obstacles(build(outline({}), THEMES["dark"], Analysis()))
    assert empty.highest == 0 and empty.climb(np.zeros(3), WHOLE, MARGIN) == 0
    assert empty.between(np.zeros(3), np.ones(3), 2 * np.ones(3)) == 0
