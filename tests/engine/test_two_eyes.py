"""Two eyes with frusta of their own see every point where their own projection puts it, so parallax is right."""

from itertools import product

import av
import numpy as np
import pytest
from tensornaut.engine import loop
from tensornaut.engine.near_cells import SIDE, THICKNESS
from tensornaut.engine.outputs.offscreen import OffscreenClock
from tensornaut.engine.outputs.snapshot import SnapshotSink
from tensornaut.engine.renderer import Renderer
from tensornaut.engine.scene import Node, Scene, WeightGrid
from tensornaut.engine.values import ArrayValues
from tensornaut.engine.view import Eye, clip_from_world, frustum, look_at
from tensornaut.scenes.style import THEMES, diverging

pytestmark = pytest.mark.gl
SIZE = 480, 400
DISTANCE_OF_EYES = 0.9
POINTS = np.array([(-4.0, 2.5, 0.0), (3.0, 3.5, -6.0), (0.5, -1.0, 3.0), (-2.5, -4.0, -20.0), (5.5, -3.0, 1.0)])
ONE = ArrayValues(np.ones((1, 1), np.float32), "one")


def single(place, cell):
    """A matrix of one weight, lying flat."""
    steps = [np.array(step, float) for step in ((0, 0, cell), (cell, 0, 0), (0, 1e-4, 0))]
    return WeightGrid(np.array(place, float), *steps, ONE, 1.0, (1, 1), diverging("dark"))


def scene_of(*grids):
    root = Node("root", children=[Node("grid", drawable=grid) for grid in grids])
    return Scene(root, THEMES["dark"], np.full(3, -500.0), np.full(3, 500.0), floor_y=-400.0)


def two_eyes(canted_rad=0.0):
    """A left and a right eye 12 before the origin, as a headset has them: wider outside, turned out by an angle."""
    eyes = []
    for target, side in enumerate((-1, 1)):
        view = look_at(np.array([0.3, 1.0, 12.0]), np.array([0.0, 0.0, 0.0]))
        view[:3, 3] += view[:3, 0] * side * DISTANCE_OF_EYES / 2
        c, s = np.cos(side * canted_rad), np.sin(side * canted_rad)
        view[:3, :3] = view[:3, :3] @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
        left, right = (-1.1, 0.7) if side < 0 else (-0.7, 1.1)
        eyes.append(Eye(view, frustum(0.1 * left, 0.1 * right, -0.085, 0.065, 0.1, 1000), (0, 0, *SIZE), target))
    return tuple(eyes)


def taken(context, folder, scene, eyes):
    """(height, width, 3) int pictures of the eyes, by one run with a snapshot of each."""
    folder.mkdir()
    paths = [folder / f"{name}.png" for name in ("left", "right")]
    renderer = Renderer(context, scene)
    clock = OffscreenClock(context, SIZE, 1, 30, lambda index, time_s: eyes)
    sinks = [SnapshotSink(path, target=target) for target, path in enumerate(paths)]
    assert loop.run(clock, sinks, renderer.prepare, renderer.draw) == 1
    clock.close()
    return [next(av.open(str(path)).decode(video=0)).to_ndarray(format="rgb24").astype(int) for path in paths]


@pytest.fixture
def lit(context, tmp_path):
    """A function that gives, for both eyes, how much brighter each pixel is because of the matrices."""

    def take(eyes, *grids):
        without = taken(context, tmp_path / "without", scene_of(), eyes)
        with_grids = taken(context, tmp_path / "with", scene_of(*grids), eyes)
        return [np.abs(a - b).max(2) for a, b in zip(with_grids, without, strict=True)]

    return take


def projected(eye, places):
    """(n, 2) px from the top left."""
    clip = np.concatenate([places, np.ones((len(places), 1))], 1) @ clip_from_world(eye).T
    shown = clip[:, :2] / clip[:, 3:]
    return np.stack([(1 + shown[:, 0]) / 2 * SIZE[0], (1 - shown[:, 1]) / 2 * SIZE[1]], 1)


def spots(light, threshold):
    """(n, 2) centroids, px from the top left, of what is brighter than a threshold; pixels that touch are one spot."""
    left = {(int(row), int(column)) for row, column in np.argwhere(light > threshold)}
    found = []
    while left:
        edge, spot = [left.pop()], []
        while edge:
            row, column = edge.pop()
            spot.append((row, column))
            near = {(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1)} & left
            left -= near
            edge.extend(near)
        rows, columns = np.array(spot).T
        weight = light[rows, columns]
        found.append(((weight * (columns + 0.5)).sum() / weight.sum(), (weight * (rows + 0.5)).sum() / weight.sum()))
    return np.array(found)


@pytest.mark.parametrize("canted_rad", [0.0, 0.1])
def test_points_are_where_each_eye_projects_them_and_so_is_their_parallax(lit, canted_rad):
    eyes = two_eyes(canted_rad)
    seen = []
    for eye, light in zip(eyes, lit(eyes, *(single(place, 0.15) for place in POINTS)), strict=True):
        expected, found = projected(eye, POINTS), spots(light, 40)
        assert len(found) == len(POINTS)
        distance = np.linalg.norm(expected[:, None] - found[None], axis=2)
        assert distance.min(1).max() < 1
        seen.append(found[distance.argmin(1)])
    parallax = [projected(eyes[0], POINTS), projected(eyes[1], POINTS)]
    assert seen[0] - seen[1] == pytest.approx(parallax[0] - parallax[1], abs=1)
    shifts = (seen[0] - seen[1])[:, 0]
    if not canted_rad:  # nearer things shift more, all by the distance of the eyes
        depths = -(np.concatenate([POINTS, np.ones((5, 1))], 1) @ eyes[0].eye_from_world.T)[:, 2]
        focal_px = eyes[0].clip_from_eye[0, 0] * SIZE[0] / 2
        skew = (eyes[1].clip_from_eye[0, 2] - eyes[0].clip_from_eye[0, 2]) * SIZE[0] / 2
        assert shifts - skew == pytest.approx(focal_px * DISTANCE_OF_EYES / depths, abs=1)


def test_a_cube_fills_the_same_outline_in_each_eye(lit):
    place, cell = np.array([0.4, -0.3, 4.0]), 4.0
    half = np.array([SIDE / 2 * cell, 0, SIDE / 2 * cell])
    top = place + (0, 1e-4, 0)
    lower, upper = top - half - (0, THICKNESS * cell, 0), top + half
    corners = np.array(list(product(*zip(lower, upper, strict=True))))
    eyes = two_eyes()
    edges = []
    for eye, light in zip(eyes, lit(eyes, single(place, cell)), strict=True):
        expected = projected(eye, corners)
        assert (expected > 2).all() and (expected < np.array(SIZE) - 2).all()
        rows, columns = np.nonzero(light > 12)
        edges.append((columns.min(), columns.max() + 1, rows.min(), rows.max() + 1))
        outline = expected[:, 0].min(), expected[:, 0].max(), expected[:, 1].min(), expected[:, 1].max()
        assert edges[-1] == pytest.approx(outline, abs=1)
    assert edges[0][0] - edges[1][0] > 20  # the left eye sees it farther right
