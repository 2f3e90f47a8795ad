"""Four tiles that have just replaced a coarser one give its picture; then they become themselves."""

import numpy as np
import pytest
from tensornaut.engine.rasterize import MORPH, UNIT, Batch, Pool, eye_rows, pack, unmorphed, unpack
from tensornaut.engine.view import Eye, look_at, perspective

SIZE = 96, 72


def scene(known):
    """(coarse batch, fine batch, pool, rows): 32 x 32 samples, .95 px apart, and the 64 x 64 of which they are means.

    With `known` the coarse samples are no means but others, found in slot 4.
    """
    random = np.random.default_rng(3)
    color, height = random.uniform(0, 1.9, (64, 64, 3)), random.integers(-9000, 9000, (64, 64))
    fine = unpack(pack(color)).reshape(32, 2, 32, 2, 3).mean((1, 3)) / UNIT
    other = random.uniform(0, 1.9, (32, 32, 3)) if known else fine
    low = height.reshape(32, 2, 32, 2).mean((1, 3)) if not known else random.integers(-9000, 9000, (32, 32))
    quarters = [(slice(32 * i, 32 * i + 32), slice(32 * j, 32 * j + 32)) for i in (0, 1) for j in (0, 1)]
    pool = Pool(
        np.stack([pack(color[q]) for q in quarters] + [pack(other)]),
        np.stack([height[q] for q in quarters] + [np.floor(low + 0.5)]).astype(np.int16),
    )
    view = look_at(np.array([31.5, 50, 70]), np.array([31.5, 0, 31.5]))
    eye = Eye(view, perspective(2 * np.arctan(36 / 30), SIZE[0] / SIZE[1], 0.1, 1000), (0, 0, *SIZE))
    back, right, up = np.eye(3)[[2, 0, 1]].astype(np.float32)

    def tiles(corner, step, slots, cell, morph):
        count = len(corner)
        columns = [np.tile(axis, (count, 1)) for axis in (step * back, step * right, 5 * up)]
        ones = np.ones(count, np.float32)
        counts, table = np.full((count, 2), 32, np.int32), np.zeros(count, np.int32)
        corner = (np.array(corner, float) - eye.position).astype(np.float32)
        return Batch(corner, *columns, counts, np.array(slots, np.int32), ones, table, cell * ones, *morph)

    starts = np.array([(32 * j, 0, 32 * i) for i in (0, 1) for j in (0, 1)], float)
    above = np.stack([starts + (0.5, 0, 0.5) - eye.position, *(np.tile(2 * a, (4, 1)) for a in (back, right))], 1)
    at = [(4 if known else -1, 16 * i, 16 * j) for i in (0, 1) for j in (0, 1)]
    morph = np.full(4, MORPH, np.int32), above.astype(np.float32), np.array(at, np.int32)
    coarse = tiles([(0.5, 0, 0.5)], 2.0, [4], 2.0, unmorphed(1))
    return coarse, tiles(starts, 1.0, range(4), 1.0, morph), pool, eye_rows(eye)


@pytest.mark.parametrize("known", [False, True])
def test_a_tile_that_was_just_refined_looks_as_before(rasterizer, scenes, known):
    coarse, fine, pool, rows = scene(known)
    before = unpack(rasterizer.light(coarse, pool, scenes.near(), rows, SIZE))
    after = unpack(rasterizer.light(fine, pool, scenes.near(), rows, SIZE))
    assert before.max() > UNIT / 3
    assert np.abs(before - after).max() <= 0.004 * UNIT  # 1 of 255; light is rounded four times in place of once


def test_it_becomes_itself_by_degrees_and_keeps_its_light(rasterizer, scenes):
    _, fine, pool, rows = scene(False)
    pictures = []
    for morph in range(MORPH, -1, -8):
        fine.morph[:] = morph
        pictures.append(unpack(rasterizer.light(fine, pool, scenes.near(), rows, SIZE)))
    fine.morph[:] = 0
    steps = [np.abs(b - a).max() for a, b in zip(pictures, pictures[1:], strict=False)]
    assert np.abs(pictures[-1] - pictures[0]).max() > 3 * max(steps)
    totals = [picture.sum() for picture in pictures]
    assert np.ptp(totals) < 0.01 * np.mean(totals)


def test_nearest_samples_stand_where_their_light_does(rasterizer):
    coarse, fine, pool, rows = scene(True)
    before, after = (rasterizer.nearest(batch, pool, rows, SIZE) for batch in (coarse, fine))
    seen = before != rasterizer.nearest(Batch(**{k: c[:0] for k, c in vars(coarse).items()}), pool, rows, SIZE)
    depth = [(pixels >> np.uint64(32)).astype(np.uint32).view(np.float32) for pixels in (before, after)]
    assert seen.sum() > 200
    assert (np.abs(depth[0] - depth[1])[seen] < 0.5).mean() > 0.98
