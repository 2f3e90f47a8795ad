"""The cut covers what is in view once, at the resolution asked for, within its budget; both versions agree."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels import cut as definition
from tensornaut.engine.kernels import cut_numba as compiled
from tensornaut.engine.kernels.cut import TILE, CutEyes, CutGrids
from tensornaut.engine.view import Eye, clip_from_world, look_at, perspective

PLENTY = 1 << 40


def grids_of(*grids):
    """Grids from (origin, du, dv, dh, rows, cols)."""
    return CutGrids.of(*(np.array(column) for column in zip(*grids, strict=True)))


def eyes_of(*eyes):
    return CutEyes.of(
        np.array([eye.position for eye in eyes]),
        np.array([clip_from_world(eye) for eye in eyes]),
        np.array([eye.focal_px for eye in eyes]),
    )


def eye_at(position, target, size_px=(320, 180), fov=0.7):
    width, height = size_px
    return Eye(
        look_at(np.array(position, float), np.array(target, float)),
        perspective(fov, width / height, 0.01, 1e4),
        (0, 0, width, height),
    )


def lying(rows, cols, x=0.0, y=0.0, cell=1.0, height=2.0):
    return ((x, y, 0.0), (0, 0, cell), (cell, 0, 0), (0, height, 0), rows, cols)


def same(a, b):
    assert (a.samples, a.tau) == (b.samples, b.tau)
    for name in ("grid", "level", "row", "col", "pixels"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def covered(tiles, rows, cols, grid=0):
    """(rows, cols) int: how many tiles hold each weight."""
    times = np.zeros((rows, cols), int)
    for level, row, col in zip(*(c[tiles.grid == grid] for c in (tiles.level, tiles.row, tiles.col)), strict=True):
        size = TILE << int(level)
        times[row * size : (row + 1) * size, col * size : (col + 1) * size] += 1
    return times


coordinate = st.floats(-60, 160)
place = st.tuples(coordinate, st.floats(-30, 90), coordinate)
tau = st.floats(0.5, 40)
matrix = st.tuples(
    st.integers(1, 150), st.integers(1, 150), st.floats(-100, 100), st.floats(-5, 5), st.floats(0.1, 3), st.floats(0, 5)
)


@settings(max_examples=60, deadline=None)
@given(matrix, place, place, tau)
def test_every_weight_in_view_is_in_one_tile(shape, position, target, tau):
    rows, cols, x, y, cell, height = shape
    grids, eye = grids_of(lying(rows, cols, x, y, cell, height)), eye_at(position, np.add(target, 1e-3))
    tiles = definition.cut(grids, eyes_of(eye), tau, PLENTY, PLENTY)
    times = covered(tiles, rows, cols)
    assert times.max(initial=0) <= 1
    i, j = np.mgrid[:rows, :cols]
    points = np.stack([x + j * cell, np.full(i.shape, y), i * cell, np.ones(i.shape)], -1)
    clip = points @ clip_from_world(eye).T
    inside = (np.abs(clip[..., :2]) <= clip[..., 3:]).all(-1)
    assert (times[inside] == 1).all()
    distance = np.linalg.norm(points[..., :3] - eye.position, axis=-1)
    for level, row, col in zip(tiles.level, tiles.row, tiles.col, strict=True):
        size = TILE << int(level)
        part = distance[row * size : (row + 1) * size, col * size : (col + 1) * size]
        assert level == 0 or eye.focal_px * cell * 2.0**level <= tau * part.min() * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(matrix, min_size=1, max_size=6), st.lists(place, min_size=1, max_size=3), place, tau, st.booleans())
def test_the_compiled_version_finds_the_same_tiles(shapes, positions, target, tau, tight):
    grids = grids_of(*(lying(*shape) for shape in shapes))
    eyes = eyes_of(*(eye_at(position, np.add(target, 1e-3)) for position in positions))
    budget, limit = (700, 9) if tight else (PLENTY, 1 << 20)
    same(definition.cut(grids, eyes, tau, budget, limit), compiled.cut(grids, eyes, tau, budget, limit))


def test_slanted_steps_are_bounded_too():
    slanted = ((3.0, 1.0, 2.0), (0.1, 0.7, 0.9), (0.8, 0.6, 0.4), (0.5, 2.0, -1.0), 300, 500)
    eye = eye_at((-40, 80, -90), (200, 150, 250))
    tiles = compiled.cut(grids_of(slanted), eyes_of(eye), 1.5, PLENTY, 1 << 20)
    same(tiles, definition.cut(grids_of(slanted), eyes_of(eye), 1.5, PLENTY, 1 << 20))
    origin, du, dv, dh = (np.array(vector) for vector in slanted[:4])
    i, j = np.mgrid[:300, :500]
    points = origin + i[..., None] * du + j[..., None] * dv
    times = covered(tiles, 300, 500)
    for height in (-1, 1):
        clip = np.append(points + height * dh, np.ones((300, 500, 1)), -1) @ clip_from_world(eye).T
        assert (times[(np.abs(clip[..., :2]) <= clip[..., 3:]).all(-1)] == 1).all()


@pytest.mark.parametrize("version", [definition, compiled])
@pytest.mark.parametrize("budget", [10, 1000, 20_000])
def test_the_budget_is_kept(version, budget):
    grids = grids_of(*(lying(700, 900, 1000.0 * k) for k in range(5)))
    eyes = eyes_of(eye_at((2500, 1500, -2000), (2500, 0, 300)))
    free = version.cut(grids, eyes, 0.2, PLENTY, 1 << 20)
    tiles = version.cut(grids, eyes, 0.2, budget, 1 << 20)
    assert free.samples > 100_000
    assert 0 < tiles.samples <= budget
    assert tiles.tau > 0.2
    assert set(tiles.grid) == set(free.grid)  # no matrix is dropped


def test_a_far_matrix_costs_one_sample():
    tiles = definition.cut(grids_of(lying(768, 3072)), eyes_of(eye_at((0, 4e6, 0), (0, 0, 0))), 1.0, PLENTY, PLENTY)
    assert (tiles.samples, tiles.level.tolist()) == (1, [12])


def test_two_eyes_get_the_tiles_of_both():
    grids = grids_of(lying(640, 640))
    left, right = eye_at((100, 30, 100), (60, 0, 100)), eye_at((500, 30, 500), (540, 0, 500))
    both = covered(definition.cut(grids, eyes_of(left, right), 1.0, PLENTY, PLENTY), 640, 640)
    for eye in (left, right):
        alone = definition.cut(grids, eyes_of(eye), 1.0, PLENTY, PLENTY)
        assert (both[covered(alone, 640, 640) == 1] == 1).all()
    assert both.max() == 1


def test_what_is_behind_the_eye_is_left_out():
    grids = grids_of(lying(64, 64, x=100.0), lying(64, 64, x=-200.0))
    tiles = definition.cut(grids, eyes_of(eye_at((0, 5, 32), (100, 5, 32))), 1.0, PLENTY, PLENTY)
    assert set(tiles.grid.tolist()) == {0}


def test_a_million_million_weights_are_cut_within_the_budget():
    count = 3700
    steps = np.tile(np.eye(3)[:, None], (1, count, 1))
    origin = np.column_stack([np.zeros(count), np.arange(count) * 40.0, np.zeros(count)])
    side = np.full(count, 16384)
    grids = CutGrids.of(origin, steps[2], steps[0], 3.3 * steps[1], side, side)
    for position in ((-2e4, 74_000, -2e4), (8000.0, 74_010.0, 8000.0), (-1.5e5, 7e4, -1.5e5)):
        tiles = compiled.cut(grids, eyes_of(eye_at(position, (8200, 74_000, 8100))), 1.0, 1_000_000, 26_000)
        assert 100_000 < tiles.samples <= 1_000_000


def cover(eyes, *corners):
    """The eyes with one cover: all behind the face with these corners, of which the first is as near as any."""
    away = np.array(corners, float)[None] - eyes.position[:, None]
    normals = np.cross(away, np.roll(away, -1, 1))
    normals *= np.sign((normals * away.mean(1)[:, None]).sum(-1, keepdims=True))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    face = np.broadcast_to([0.0, -1, 0], (len(away), 1, 3))
    offsets = np.concatenate([np.zeros((len(away), 4)), np.abs(away[:, :1, 1])], 1)
    return replace(eyes, covers=np.concatenate([np.concatenate([normals, face], 1), offsets[..., None]], 2)[:, None])


FACE = (2, 20, 2), (18, 20, 2), (18, 20, 18), (2, 20, 18)


def test_tiles_that_a_cover_hides_are_not_there_and_all_others_are_the_same():
    grids, eyes = grids_of(lying(900, 900, x=-35.0, cell=0.1)), eyes_of(eye_at((10, 40, 10), (10.1, 0, 10)))
    everything, covered_eyes = definition.cut(grids, eyes, 1.0, PLENTY, PLENTY), cover(eyes, *FACE)
    tiles = definition.cut(grids, covered_eyes, 1.0, PLENTY, PLENTY)
    here = set(zip(*(column.tolist() for column in tiles.columns), strict=True))
    there = set(zip(*(column.tolist() for column in everything.columns), strict=True))
    assert here < there
    for _, level, row, col, *_ in there - here:  # wholly within the shadow of the face on the plane
        size = 0.1 * (TILE << level)
        x, z = -35 + col * size, row * size
        assert -6 < x and x + size < 26 and -6 < z and z + size < 26


def test_a_cover_hides_only_from_the_eye_that_cannot_see_past_it():
    grids = grids_of(lying(200, 200, cell=0.1))
    above, beside = eye_at((10, 40, 10), (10.1, 0, 10)), eye_at((-50, 12, 10), (10, 0, 10))
    both = cover(eyes_of(above, beside), *FACE)
    one = cover(eyes_of(above), *FACE)
    assert len(definition.cut(grids, one, 1.0, PLENTY, PLENTY)) < len(definition.cut(grids, both, 1.0, PLENTY, PLENTY))
    in_front = grids_of(lying(200, 200, y=25.0, cell=0.1))
    assert len(definition.cut(in_front, one, 4.0, PLENTY, PLENTY)) > 0


@settings(max_examples=40, deadline=None)
@example((1, 1, 0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0), 1.0, 0.0, 1.0)  # the eye lies in the face: its planes are NaN
@given(matrix, place, tau, st.floats(-30, 30), st.floats(1, 40))
def test_both_versions_hide_the_same(shape, position, tau, low, side):
    rows, cols, x, y, cell, height = shape
    grids, eyes = grids_of(lying(rows, cols, x, y - 8, cell, height)), eyes_of(eye_at(position, (1, -5, 2)))
    face = (low, 1, low), (low + side, 1, low), (low + side, 1, low + side), (low, 1, low + side)
    hiding = cover(eyes, *face)
    same(definition.cut(grids, hiding, tau, PLENTY, 1 << 20), compiled.cut(grids, hiding, tau, 1 << 20, 1 << 20))
