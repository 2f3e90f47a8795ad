"""The cut in CUDA, run on the CPU: the tiles of the definition, in its order."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernel_choice import version_for
from tensornaut.engine.kernels import cut as definition
from tensornaut.engine.kernels import cut_cupy as on_device
from tensornaut.engine.kernels.cut import CutEyes, CutGrids

PLENTY = 1 << 40
COLUMNS = ("grid", "level", "row", "col", "pixels", "above")


def eyes_of(positions, covers=0, seed=0):
    """Eyes that look along an axis each, with `covers` of half spaces at random."""
    random = np.random.default_rng(seed)
    count = len(positions)
    planes = random.normal(0, 1, (count, 5, 3)) + np.eye(3)[random.integers(0, 3, count)][:, None] * 3
    planes /= np.linalg.norm(planes, axis=-1, keepdims=True)
    eyes = CutEyes(np.array(positions, float), planes, random.uniform(50, 900, count), np.zeros((count, 0, 5, 4)))
    if not covers:
        return eyes
    hiding = random.normal(0, 1, (count, covers, 5, 4))
    hiding[..., 3] *= 5
    hiding[..., 1:, :] = [0, 0, 0, -1e9]  # half spaces
    return replace(eyes, covers=hiding)


def grids_of(count, longest, seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(0, 1, (3, count, 3)) * 10.0 ** random.uniform(-2, 1, (3, count, 1))
    sides = random.integers(1, longest, (2, count), endpoint=True)
    return CutGrids.of(random.normal(0, 80, (count, 3)), *vectors, *sides)


def same(found, expected):
    assert (found.samples, found.tau, type(found.tau)) == (expected.samples, expected.tau, float)
    for name in COLUMNS:
        one, other = getattr(found, name), getattr(expected, name)
        assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes()), name


def check(grids, eyes, tau, budget=PLENTY, limit=PLENTY):
    expected = definition.cut(grids, eyes, tau, budget, limit)
    same(on_device.cut(on_device.placed(grids), eyes, tau, budget, limit), expected)
    return expected


places = st.lists(st.tuples(*[st.floats(-200, 200)] * 3), min_size=1, max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 6), st.integers(1, 400), places, st.floats(0.5, 200), st.integers(0, 2), st.integers(0, 999))
def test_the_tiles_of_the_definition_in_its_order(gpu, count, longest, positions, tau, covers, seed):
    check(grids_of(count, longest, seed), eyes_of(positions, covers, seed), tau)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3000), st.integers(0, 20), st.integers(0, 999))
def test_tau_is_raised_as_the_definition_does(gpu, budget, limit, seed):
    check(grids_of(4, 150, seed), eyes_of([(0, 0, 0)], 0, seed), 0.4, budget, limit)


@pytest.mark.parametrize("nodes", [1, 40])
def test_room_is_made_where_there_is_too_little(gpu, monkeypatch, nodes):
    monkeypatch.setattr(on_device, "NODES", nodes)
    grids = CutGrids.of(np.zeros((1, 3)), np.eye(3)[:1], np.eye(3)[1:2], np.eye(3)[2:], [900], [700])
    eyes = eyes_of([(-300.0, -300.0, 50.0)], 0, 3)
    eyes = replace(eyes, planes=np.tile([0.6, 0.0, 0.8], (1, 5, 1)))
    assert len(check(grids, eyes, 1.0)) > 100
    check(grids, eyes, 1.0, 5000, 300)


def test_many_matrices_of_which_some_are_large(gpu):
    count = 1500
    origin = np.column_stack([np.zeros(count), np.arange(count) * 40.0, np.zeros(count)])
    steps = np.tile(np.eye(3)[:, None], (1, count, 1))
    rows = np.where(np.arange(count) % 3 == 0, 16384, 33)
    grids = CutGrids.of(origin, steps[2], steps[0], 3.3 * steps[1], rows, rows[::-1])
    eyes = eyes_of([(-500.0, 30_000.0, -500.0)], 0, 1)
    eyes = replace(eyes, planes=np.tile([0.7, 0.1, 0.7], (1, 5, 1)))
    tiles = check(grids, eyes, 40.0, 300_000, 5000)
    assert len(tiles) >= 500 and len(set(tiles.level.tolist())) > 4


def test_no_matrices_and_matrices_out_of_sight(gpu):
    none = CutGrids.of(*np.zeros((4, 0, 3)), np.zeros(0), np.zeros(0))
    eyes = eyes_of([(0.0, 0.0, 0.0)])
    assert len(check(none, eyes, 1.0)) == 0
    away = replace(eyes, planes=np.tile([1.0, 0.0, 0.0], (1, 5, 1)))
    behind = CutGrids.of([[-500.0, 0, 0]], np.eye(3)[1:2], np.eye(3)[2:], np.eye(3)[:1], [50], [60])
    assert len(check(behind, away, 1.0)) == 0


def test_it_is_the_version_for_matrices_on_a_device(gpu, cuda):
    assert version_for("cut", cuda.Interface(np.zeros((3, 3)))) is on_device


def test_covers_that_are_no_planes_hide_nothing(gpu):
    grids, eyes = grids_of(4, 200, 1), eyes_of([(10, 20, 30)], 1, 1)
    unknown = replace(eyes, covers=np.full_like(eyes.covers, np.nan))
    assert len(check(grids, unknown, 2.0)) == len(check(grids, replace(eyes, covers=eyes.covers[:, :0]), 2.0)) > 0
