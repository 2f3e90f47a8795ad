"""The pool gives the values' own tiles whatever was read before, and stands in for what is still being read."""

import threading
import time

import numpy as np
import pytest
from tensornaut.engine.kernels.colorize import block_means, light_tables, plain_tables
from tensornaut.engine.kernels.cut import TILE, Tiles
from tensornaut.engine.tile_data import BLANK, BLOCK_MEAN, EXACT, SAMPLE, Source, lattice
from tensornaut.engine.tile_jobs import Job
from tensornaut.engine.tiles import SLOT_BYTES, TilePool
from tensornaut.engine.values import ArrayValues, InstantValues

TABLES = light_tables(np.linspace((0.1, 0.6, 1.0), (1.0, 0.6, 0.1), 256))


class GatedValues(ArrayValues):
    """Values that can be read only once the gate is open."""

    gate = None

    def read(self, rows, cols):
        assert self.gate.wait(10)
        return super().read(rows, cols)


def source(rows=200, cols=300, key="a", seed=0):
    values = np.random.default_rng(seed).standard_normal((rows, cols)).astype(np.float32)
    return Source(ArrayValues(values, key), 2.0, (rows, cols), TABLES)


def gated(rows=200, cols=300):
    values = GatedValues(source(rows, cols).values.array, "gated")
    object.__setattr__(values, "gate", threading.Event())
    return Source(values, 2.0, (rows, cols), TABLES)


def tiles_of(level, *places, grid=0):
    row, col = np.array(places, np.int32).T
    whole = np.full(len(places), level, np.int32)
    pixels = np.arange(len(places), 0, -1, dtype=float)
    return Tiles(np.full(len(places), grid, np.int32), whole, row, col, pixels, np.full(len(places), np.inf), 0, 1.0)


def whole(source, level):
    """All tiles of a level."""
    size = TILE << level
    return [(i, j) for i in range(-(-source.shape[0] // size)) for j in range(-(-source.shape[1] // size))]


def expected(source, level):
    """(light, height) of the whole matrix at a level."""
    return block_means(source.values.array, source.value_range, TABLES.overview, (1 << level, 1 << level))


def gathered(pool, source, level, tiles, resident):
    """(light, height) of the whole matrix, put together from slots."""
    shape = [-(-side // (1 << level)) for side in source.shape]
    planes = np.zeros((2, *[(side + TILE) for side in shape]), np.int64)
    for row, col, slot in zip(tiles.row, tiles.col, resident.slot, strict=True):
        part = (slice(row * TILE, (row + 1) * TILE), slice(col * TILE, (col + 1) * TILE))
        for plane, data in zip(planes, (pool.data.light, pool.data.height), strict=True):
            plane[part] = data[slot][: plane[part].shape[0], : plane[part].shape[1]]
    return planes[:, : shape[0], : shape[1]]


@pytest.mark.parametrize("level", [0, 1, 3, 8])
def test_exact_tiles_are_the_values_own(level):
    matrix, pool = source(), TilePool()
    pool.open([matrix])
    tiles = tiles_of(level, *whole(matrix, level))
    resident = pool.request(tiles, "exact")
    assert (resident.level == level).all()
    assert (resident.quality == (BLOCK_MEAN if level else EXACT)).all()
    for got, wanted in zip(gathered(pool, matrix, level, tiles, resident), expected(matrix, level), strict=True):
        np.testing.assert_array_equal(got, wanted.astype(np.int64))


def test_live_requests_never_wait_and_end_up_exact():
    matrix, pool = gated(), TilePool(threads=2)
    pool.open([matrix])
    tiles = tiles_of(1, *whole(matrix, 1))
    first = pool.request(tiles, "live")
    assert (first.slot == -1).all()
    assert first.waiting == len(tiles)
    matrix.values.gate.set()
    pool.wait()
    last = pool.request(tiles, "live")
    assert last.waiting == 0
    for got, wanted in zip(gathered(pool, matrix, 1, tiles, last), expected(matrix, 1), strict=True):
        np.testing.assert_array_equal(got, wanted.astype(np.int64))


@pytest.mark.parametrize(("resident_level", "wanted_level"), [(3, 2), (3, 0), (8, 0), (8, 4)])
def test_what_is_missing_is_shown_by_its_ancestor(resident_level, wanted_level):
    matrix, pool = gated(), TilePool()
    pool.open([matrix])
    matrix.values.gate.set()
    pool.request(tiles_of(resident_level, *whole(matrix, resident_level)), "exact")
    matrix.values.gate.clear()
    tiles = tiles_of(wanted_level, *whole(matrix, wanted_level))
    resident = pool.request(tiles, "live")
    shown = min(resident_level, wanted_level + 5)
    assert (resident.slot >= 0).all()
    assert (resident.level == shown).all()
    light, _ = expected(matrix, resident_level)
    for row, col, slot in zip(tiles.row.tolist(), tiles.col.tolist(), resident.slot.tolist(), strict=True):
        first = [place * TILE << wanted_level for place in (row, col)]
        extent = [min(TILE << wanted_level, side - at) for side, at in zip(matrix.shape, first, strict=True)]
        for i in range(-(-extent[0] // (1 << shown))):
            for j in range(-(-extent[1] // (1 << shown))):
                at = ((first[0] + (i << shown)) >> resident_level, (first[1] + (j << shown)) >> resident_level)
                assert pool.data.light[slot, i, j] == light[at]
    matrix.values.gate.set()


def test_what_is_missing_is_shown_by_its_children():
    matrix, pool = gated(210, 330), TilePool()
    pool.open([matrix])
    matrix.values.gate.set()
    pool.request(tiles_of(1, *whole(matrix, 1)), "exact")
    matrix.values.gate.clear()
    tiles = tiles_of(2, *whole(matrix, 2))
    resident = pool.request(tiles, "live")
    assert (resident.level == 2).all()
    assert resident.waiting == len(tiles)
    _, height = gathered(pool, matrix, 2, tiles, resident)
    _, wanted = expected(matrix, 2)
    np.testing.assert_allclose(height[:52, :82], wanted[:52, :82], atol=1)
    assert (height != 0).all()
    matrix.values.gate.set()
    pool.wait()
    final = pool.request(tiles, "live")
    np.testing.assert_array_equal(gathered(pool, matrix, 2, tiles, final)[1], wanted)


def test_tiles_that_nobody_wants_any_more_are_not_read():
    matrix, pool = gated(640, 640), TilePool(threads=1)
    pool.open([matrix])
    pool.request(tiles_of(0, *whole(matrix, 0)), "live")
    wanted = tiles_of(0, (19, 19))
    pool.request(wanted, "live")
    matrix.values.gate.set()
    pool.wait()
    assert pool.request(wanted, "live").waiting == 0
    assert pool.request(tiles_of(0, (0, 5), (7, 7)), "live").waiting == 2


def test_the_budget_holds_and_the_oldest_tiles_go():
    matrix, pool = source(640, 640), TilePool(budget_bytes=20 * SLOT_BYTES)
    pool.open([matrix])
    places = whole(matrix, 0)
    for start in range(0, 400, 16):
        tiles = tiles_of(0, *places[start : start + 16])
        resident = pool.request(tiles, "exact")
        for k, (row, col) in enumerate(places[start : start + 16]):
            part = matrix.values.array[row * 32 : row * 32 + 32, col * 32 : col * 32 + 32]
            height = block_means(part, 2.0, TABLES.overview, (1, 1))[1]
            np.testing.assert_array_equal(pool.data.height[resident.slot[k]], height)
    assert len(pool.data.light) == 20
    with pytest.raises(MemoryError):
        pool.request(tiles_of(0, *places[:21]), "exact")


def test_equal_matrices_share_tiles_and_changed_ones_do_not():
    pool = TilePool()
    pool.open([source(key="a"), source(key="a"), source(key="b", seed=1)])
    slots = [pool.request(tiles_of(0, (1, 2), grid=grid), "exact").slot[0] for grid in range(3)]
    assert slots[0] == slots[1] != slots[2]
    pool.open([source(key="c", seed=2), source(key="b", seed=1)])
    assert pool.request(tiles_of(0, (1, 2), grid=1), "live").slot[0] == slots[2]
    assert pool.request(tiles_of(0, (1, 2), grid=0), "live").waiting == 1


def test_a_file_that_shrank_leaves_a_blank_and_a_note():
    class Shrunk(ArrayValues):
        def read(self, rows, cols):
            if rows.start >= 96:
                raise OSError("unexpected end")
            return super().read(rows, cols)[: 40 - rows.start]

    values = Shrunk(np.ones((128, 32), np.float32), "shrunk")
    pool = TilePool()
    pool.open([Source(values, 1.0, (128, 32), TABLES)])
    resident = pool.request(tiles_of(0, (0, 0), (1, 0), (3, 0)), "exact")
    assert resident.quality.tolist() == [EXACT, BLANK, BLANK]
    assert not pool.data.light[resident.slot[1:]].any()
    assert [key for key, _ in pool.faults] == ["shrunk"]
    assert "found (8, 32) values" in pool.faults[0][1]


def test_values_that_fail_are_not_asked_for_again_and_stay_as_they_are():
    matrix = source(256, 256, "fails")
    reads = []

    class Failing(ArrayValues):
        def read(self, rows, cols):
            reads.append((rows, cols))
            if len(reads) > 1:
                raise OSError("it changed")
            return super().read(rows, cols)

    values = Failing(matrix.values.array, "fails")
    pool, other = TilePool(), source(256, 256, "other")
    pool.open([Source(values, 2.0, (256, 256), TABLES), other])
    coarse = tiles_of(3, (0, 0))
    pool.request(coarse, "live")
    pool.wait()
    shown = pool.request(coarse, "live")
    light = pool.data.light[shown.slot[0]].copy()
    fine = tiles_of(0, *[(row, col) for row in range(8) for col in range(8)])
    for _ in range(2):
        resident = pool.request(fine, "live")
        pool.wait()
    assert (resident.waiting, pool.faults) == (0, [("fails", "it changed")])
    before = len(reads)
    for _ in range(5):
        resident = pool.request(fine, "live")
        assert resident.waiting == 0
    assert len(reads) == before
    assert (resident.slot >= 0).all() and (resident.level == 3).all()  # through the coarse tile
    np.testing.assert_array_equal(pool.data.light[pool.request(coarse, "live").slot[0]], light)
    pool.open([other, Source(values, 2.0, (256, 256), TABLES)])
    assert pool.request(tiles_of(0, (1, 1), grid=1), "live").waiting == 0
    assert pool.request(tiles_of(0, (1, 1), grid=0), "live").waiting == 1
    pool.retry()
    assert pool.request(tiles_of(0, (1, 1), grid=1), "live").waiting == 1


def test_a_lattice_without_values_takes_one_slot():
    pool = TilePool()
    pool.open([Source(None, 1.0, (10**6, 10**6), plain_tables((0.5, 0.5, 0.5)))])
    resident = pool.request(tiles_of(3, (0, 0), (700, 12)), "exact")
    assert resident.slot[0] == resident.slot[1]
    assert len(np.unique(pool.data.light[resident.slot[0]])) == 1
    assert not pool.data.height[resident.slot[0]].any()


@pytest.mark.parametrize(
    ("shape", "level"), [((2048, 2048), 6), ((4096, 4096), 7), ((16384, 16384), 9), ((16384, 16384), 14)]
)
def test_large_tiles_are_sampled_evenly_and_say_so(shape, level):
    rows, cols, block, quality = lattice(shape, level, 0, 0)
    read = len(range(*rows.indices(shape[0]))) * len(range(*cols.indices(shape[1])))
    assert quality == (SAMPLE if shape[0] * shape[1] > 1 << 22 else BLOCK_MEAN)
    assert read <= 1 << 22
    samples = -(-shape[0] // (1 << level)) * -(-shape[1] // (1 << level))
    assert quality == BLOCK_MEAN or read <= 1024 * samples
    assert block[0] * rows.step == block[1] * cols.step == 1 << level


@pytest.mark.parametrize("shape", [(1, 1 << 25), (1 << 25, 1), (5, 10_000_001), (40_961, 8193)])
def test_every_block_of_a_sampled_tile_is_read(shape):
    level = (max(shape) - 1).bit_length()
    rows, cols, block, _ = lattice(shape, level - 4, 0, 0)
    counts = [-(-side // (1 << (level - 4))) for side in shape]
    read = [len(range(*part.indices(side))) for part, side in zip((rows, cols), shape, strict=True)]
    assert [-(-number // size) for number, size in zip(read, block, strict=True)] == counts


def test_every_write_of_a_slot_is_counted():
    """Rasterizers with memory of their own copy only slots that were written."""
    matrix, pool = gated(), TilePool(100 * SLOT_BYTES)
    pool.open([matrix])
    written = set()
    for level, mode in ((3, "exact"), (0, "live"), (1, "exact"), (2, "live"), (0, "exact"), (1, "live"), (8, "live")):
        before = pool.data.light.copy(), pool.data.height.copy(), pool.data.writes.copy()
        matrix.values.gate.set() if mode == "exact" else matrix.values.gate.clear()
        resident = pool.request(tiles_of(level, *whole(matrix, level)), mode)
        pool.scratch(resident.slot[:1])
        changed = (pool.data.light != before[0]).any((1, 2)) | (pool.data.height != before[1]).any((1, 2))
        assert not (changed & (pool.data.writes == before[2])).any(), (level, mode)
        written |= set(np.flatnonzero(changed).tolist())
        matrix.values.gate.set()
        pool.wait()
    assert len(written) > 50


class CountedValues(ArrayValues):
    """Values that note what was read of them, and may hold back reads after the first ones."""

    reads = None
    gate = None
    free = 1 << 60

    def read(self, rows, cols):
        self.reads.append((rows, cols))
        assert len(self.reads) <= self.free or self.gate.wait(10)
        return super().read(rows, cols)


def counted(rows, cols, free=1 << 60):
    values = CountedValues(source(rows, cols).values.array, f"counted {rows} x {cols}")
    for name, value in (("reads", []), ("gate", threading.Event()), ("free", free)):
        object.__setattr__(values, name, value)
    return Source(values, 2.0, (rows, cols), TABLES)


@pytest.mark.parametrize("level", [0, 2, 4])
def test_neighbors_are_read_in_few_reads(level):
    matrix, pool = counted(1000, 1500), TilePool(threads=1)
    pool.open([matrix])
    places = whole(matrix, level)
    tiles = tiles_of(level, *places)
    resident = pool.request(tiles, "exact")
    for got, wanted in zip(gathered(pool, matrix, level, tiles, resident), expected(matrix, level), strict=True):
        np.testing.assert_array_equal(got, wanted.astype(np.int64))
    assert len(matrix.values.reads) <= max(8, len(places) // 16)


def test_large_matrices_are_first_shown_by_few_of_their_values():
    matrix, pool = counted(4096, 4096, free=2), TilePool(threads=1)
    pool.open([matrix])
    tiles = tiles_of(5, *whole(matrix, 5))
    assert (pool.request(tiles, "live").slot == -1).all()
    while len(matrix.values.reads) <= 2:
        time.sleep(0.001)
    first = pool.request(tiles, "live")
    assert (first.slot >= 0).all()
    assert set(first.quality.tolist()) == {SAMPLE}
    assert first.waiting == len(tiles)
    values = sum(
        len(range(*rows.indices(4096))) * len(range(*cols.indices(4096))) for rows, cols in matrix.values.reads
    )
    assert values < 4096 * 4096 / 16
    matrix.values.gate.set()
    for _ in range(3):  # a request asks for so many reads at once
        pool.wait()
        last = pool.request(tiles, "live")
    assert last.waiting == 0
    assert set(last.quality.tolist()) == {BLOCK_MEAN}
    for got, wanted in zip(gathered(pool, matrix, 5, tiles, last), expected(matrix, 5), strict=True):
        np.testing.assert_array_equal(got, wanted.astype(np.int64))


def test_a_long_read_is_given_up_once_nobody_wants_it():
    matrix = counted(2048, 2048, free=0)
    job = Job(matrix, 6, np.array([1]), np.array([[0, 0]]))
    results = []
    reader = threading.Thread(target=lambda: results.append(job.load()))
    reader.start()
    while not matrix.values.reads:
        time.sleep(0.001)
    job.is_wanted = False
    matrix.values.gate.set()
    reader.join(10)
    assert results == [None]
    assert len(matrix.values.reads) == 1


def test_drafts_leave_no_trace_in_exact_tiles():
    matrix, used, fresh = source(3000, 2000), TilePool(), TilePool()
    tiles = tiles_of(5, *whole(matrix, 5))
    used.open([matrix])
    fresh.open([matrix])
    for _ in range(4):
        used.request(tiles, "live")
    after, alone = used.request(tiles, "exact"), fresh.request(tiles, "exact")
    np.testing.assert_array_equal(after.quality, alone.quality)
    np.testing.assert_array_equal(used.data.light[after.slot], fresh.data.light[alone.slot])
    np.testing.assert_array_equal(used.data.height[after.slot], fresh.data.height[alone.slot])


def test_the_pool_takes_no_further_memory():
    matrix, pool = source(2000, 2000), TilePool(budget_bytes=300 * SLOT_BYTES)
    pool.open([matrix])
    light, height = pool.data.light, pool.data.height
    places = whole(matrix, 0)
    for start in range(0, len(places), 200):
        pool.request(tiles_of(0, *places[start : start + 200]), "live" if start % 400 else "exact")
    assert pool.data.light is light
    assert pool.data.height is height
    assert light.nbytes + height.nbytes <= 300 * SLOT_BYTES


def test_values_that_change_while_they_are_looked_at_are_there_in_the_frame_that_wants_them():
    pool = TilePool(64 * SLOT_BYTES)
    slots = []
    for seed in range(4):
        array = np.random.default_rng(seed).standard_normal((60, 60)).astype(np.float32)
        changing = Source(InstantValues(array, f"run {seed}"), 2.0, array.shape, TABLES)
        pool.open([source(), changing])
        tiles = tiles_of(0, *whole(changing, 0), grid=1)
        resident = pool.request(tiles, "live")
        light, height = expected(changing, 0)
        found = gathered(pool, changing, 0, tiles, resident)
        assert resident.waiting == 0 and (resident.level == 0).all()
        assert np.array_equal(found[0], light.astype(np.int64)) and np.array_equal(found[1], height)
        slots.append(sorted(resident.slot.tolist()))
    assert slots[1:] == slots[:-1]  # those in their place have their memory
    pool.close()
