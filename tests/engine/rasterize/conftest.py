import numpy as np
import pytest
from tensornaut.engine.rasterize import MORPH, Batch, DefinitionRasterizer, Pool, eye_rows, pack, unmorphed
from tensornaut.engine.rasterize.compiled import CompiledRasterizer
from tensornaut.engine.view import Eye, frustum, look_at, perspective


@pytest.fixture(scope="session")
def compiled():
    """Compiled rasterizers by number of threads."""
    rasterizers = {threads: CompiledRasterizer(threads) for threads in (1, 2, 8)}
    yield rasterizers
    for rasterizer in rasterizers.values():
        rasterizer.close()


@pytest.fixture(params=["numpy", "numba"])
def rasterizer(request, compiled):
    return DefinitionRasterizer() if request.param == "numpy" else compiled[2]


class Scenes:
    """Small batches for tests."""

    size_px = (64, 48)

    def eye(self, width=64, height=48):
        """At the origin, looking along -z, 90 degrees high."""
        return Eye(np.eye(4), perspective(np.pi / 2, width / height, 0.1, 100), (0, 0, width, height))

    def position(self, column, row, depth, width=64, height=48):
        """The position that the eye sees in the middle of a pixel."""
        focal = height / 2
        return np.array([(column + 0.5 - width / 2) * depth / focal, (row + 0.5 - height / 2) * depth / focal, -depth])

    def single(self, positions, colors, cell=0.1):
        """One tile of one sample at each position."""
        count = len(positions)
        light = np.zeros((count, 32, 32), np.uint64)
        light[:, 0, 0] = pack(np.asarray(colors, float))
        none = np.zeros((count, 3), np.float32)
        batch = Batch(
            np.array(positions, np.float32), none.copy(), none.copy(), none.copy(), np.ones((count, 2), np.int32),
            np.arange(count, dtype=np.int32), np.ones(count, np.float32), np.zeros(count, np.int32),
            np.full(count, cell, np.float32), *unmorphed(count),
        )  # fmt: skip
        return batch, Pool(light, np.zeros((count, 32, 32), np.int16))

    def near(self, color=(0.5, 0.5, 0.5)):
        return np.tile(pack(np.array(color, float)), (1, 512))

    def grid(self, spacing_px, elevation, color, size_px):
        """A flat grid whose samples are `spacing_px` apart on the screen, filling it, from far away."""
        distance, width, height = 20_000.0, *size_px
        fov = 2 * np.arctan(height / 2 * 1.0 / (spacing_px * distance))
        away = np.array([0.0, np.sin(elevation), np.cos(elevation)]) * distance
        eye = Eye(look_at(away, np.zeros(3)), perspective(fov, width / height, 10, 1e5), (0, 0, width, height))
        reach = 1.1 * np.array([height / np.sin(elevation), width]) / spacing_px / 2 + 40
        y, x = (np.arange(-int(extent / 32) - 1, int(extent / 32) + 1) * 32.0 for extent in reach)
        corner = np.array([(b, 0.0, a) for a in y for b in x]) + (0.37, 0, 0.61) - eye.position
        count = len(corner)
        back, right, up = (np.tile(np.float32(axis), (count, 1)) for axis in ((0, 0, 1), (1, 0, 0), (0, 1, 0)))
        ones = np.ones(count, np.float32)
        same = np.zeros(count, np.int32)
        counts = np.full((count, 2), 32, np.int32)
        pool = Pool(np.full((1, 32, 32), pack(np.array(color)), np.uint64), np.zeros((1, 32, 32), np.int16))
        columns = corner.astype(np.float32), back, right, up, counts, same, ones, same, ones, *unmorphed(count)
        return Batch(*columns), pool, eye_rows(eye)

    def random(self, seed, tiles, cell, size_px):
        """Tiles of any shape before and behind an eye with an asymmetric frustum."""
        random = np.random.default_rng(seed)
        left, right, bottom, top = random.uniform(0.2, 1.2, 4) * (-1, 1, -1, 1)
        turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
        world_from_eye = np.eye(4)
        world_from_eye[:3, :3] = turn * np.sign(np.linalg.det(turn))
        eye = Eye(world_from_eye, frustum(left, right, bottom, top, 1, 100), (0, 0, *size_px))
        forward = -world_from_eye[:3, 2]
        corner = forward * random.uniform(-2, 40, (tiles, 1)) + random.normal(0, 8, (tiles, 3))
        du, dv, dh = random.normal(0, cell, (3, tiles, 3)).astype(np.float32)
        slots = 3
        light = random.integers(0, 16377, (slots, 32, 32, 3)).astype(np.uint64)
        light[random.random((slots, 32, 32)) < 0.3] = 0
        light = light[..., 0] | light[..., 1] << np.uint64(21) | light[..., 2] << np.uint64(42)
        pool = Pool(light, random.integers(-32767, 32768, (slots, 32, 32)).astype(np.int16))
        batch = Batch(
            corner.astype(np.float32), du, dv, dh, random.integers(0, 33, (tiles, 2)).astype(np.int32),
            random.integers(0, slots, tiles).astype(np.int32), random.random(tiles, np.float32),
            random.integers(0, 2, tiles).astype(np.int32), (cell * random.uniform(0.5, 2, tiles)).astype(np.float32),
            random.integers(0, MORPH + 1, tiles).astype(np.int32) * random.integers(0, 2, tiles).astype(np.int32),
            np.stack([corner, du * 2.1, dv * 1.9], 1).astype(np.float32),
            np.column_stack([random.integers(-1, slots, tiles), *random.integers(0, 17, (2, tiles))]).astype(np.int32),
        )  # fmt: skip
        near = pack(random.uniform(0, 1.999, (2, 512, 3)))
        return batch, pool, near, eye_rows(eye)


@pytest.fixture(scope="session")
def scenes():
    return Scenes()
