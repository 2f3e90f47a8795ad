"""Random picks in pictures of real models: value, index and place in the file are those of an independent reader.

Bit for bit, on a float32 model, on the same one as float16, bfloat16 and int8, and in three shards. Points that stand
for many weights have the count, mean, minimum and maximum that NumPy finds. TENSORNAUT_PICKS says how many single
weights are picked in all (10,000 take some minutes); a sample of them otherwise.
"""

import json
import os
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import safetensors
from safetensors.numpy import load_file, save_file
from tensornaut.engine.block_facts import known_facts, read_facts
from tensornaut.engine.detail import Detail
from tensornaut.engine.picking import REACH_PX, pick
from tensornaut.engine.rasterize import DefinitionRasterizer, eye_rows, unpack
from tensornaut.engine.view import Eye, Frame, look_at, perspective
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.exact_values import exact_value
from tensornaut.scenes.looks import Look
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.peaks import find_pyramids, know_pyramid, level_of
from tensornaut.scenes.pointing import Pointing
from tensornaut.scenes.selection import part_of, place_of, share_of, weight_of
from tensornaut.scenes.session import Session
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.survey_parts import SMALL

MODELS = Path(os.environ.get("TENSORNAUT_MODELS") or Path(__file__).resolve().parents[2] / "shared" / "models")
REAL = MODELS / "snakers4+silero-vad/src/silero_vad/data/silero_vad_16k.safetensors"
SHIPPED = Path(__file__).resolve().parents[1] / "assets/demo/digits.safetensors"
KINDS = ("float32", "float16", "bfloat16", "int8", "sharded")
PICKS = int(os.environ.get("TENSORNAUT_PICKS", "1500")) // len(KINDS)  # of each model
AT_ONCE = 40  # places of one picture
SIZE_PX = (640, 360)
NUMPY = {"F32": "<f4", "F16": "<f2", "BF16": ml_dtypes.bfloat16, "I8": "i1", "I64": "<i8"}


class Reader:
    """What safetensors says of its files: the array, its file, and the byte at which it begins."""

    def __init__(self, paths):
        self.arrays, self.places = {}, {}
        for path in paths:
            content = path.read_bytes()
            size = int.from_bytes(content[:8], "little")
            header = json.loads(content[8 : 8 + size])
            for name, entry in safetensors.deserialize(content):
                array = np.frombuffer(entry["data"], NUMPY[entry["dtype"]]).reshape(entry["shape"])
                self.arrays[name], self.places[name] = array, (path, 8 + size + header[name]["data_offsets"][0])


def converted(arrays, kind):
    if kind in ("float16", "bfloat16"):
        dtype = np.float16 if kind == "float16" else ml_dtypes.bfloat16
        return {name: array.astype(dtype) if array.dtype.kind == "f" else array for name, array in arrays.items()}
    scales = {name: max(float(np.abs(array).max()), 1e-9) / 127 for name, array in arrays.items()}
    return {name: np.rint(array / scales[name]).astype(np.int8) for name, array in arrays.items()}


def in_shards(arrays, folder):
    names, shards = sorted(arrays), [f"model-{k + 1:05}-of-00003.safetensors" for k in range(3)]
    for k, shard in enumerate(shards):
        save_file({name: arrays[name] for name in names[k::3]}, folder / shard)
    weights = {name: shards[k % 3] for k, name in enumerate(names)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weights}))
    return [folder / shard for shard in shards]


@pytest.fixture(scope="module", params=KINDS)
def model(request, tmp_path_factory):
    """(network's scene, independent reader)."""
    real, folder = REAL if REAL.is_file() else SHIPPED, tmp_path_factory.mktemp("model")
    if request.param == "float32":
        source, paths = real, [real]
    elif request.param == "sharded":
        paths = in_shards(load_file(real), folder)
        source = folder / "model.safetensors.index.json"
    else:
        source = folder / "model.safetensors"
        save_file(converted(load_file(real), request.param), source)
        paths = [source]
    return build(open_network(str(source)), THEMES["dark"], Analysis()), Reader(paths)


def eye_at(part, random, cells):
    """An eye somewhere above a random weight of a drawable, between so many cells away."""
    grid = part.grid
    row, col = (random.random(2) * grid.shape).astype(int)
    target = grid.origin + row * grid.du + col * grid.dv
    distance = np.exp(random.uniform(*np.log(cells)))
    azimuth, elevation = random.uniform(0, 2 * np.pi), random.uniform(0.4, 1.5)
    away = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(elevation), np.sin(azimuth) * np.cos(elevation)])
    return Eye(
        look_at(target + distance * np.linalg.norm(grid.du) * away, target),
        perspective(0.6, 16 / 9, 0.01, 1e5),
        (0, 0, *SIZE_PX),
    )


def picks(built, seed, cells, spread_px, wanted, limit):
    """(eye, place on the screen, pick) of places around the middle of random pictures, until so many are `wanted`."""
    random, detail, count = np.random.default_rng(seed), Detail(built.scene), 0
    try:
        while count < limit:
            eye = eye_at(built.grids[random.integers(len(built.grids))], random, cells)
            detail.prepare(Frame(0, 0.0, (eye,)))
            for place in np.array(SIZE_PX) / 2 + random.normal(0, spread_px, (AT_ONCE, 2)):
                found = pick(detail, eye, *place)
                if found is not None and weight_of(built, found) is not None and wanted(found) and count < limit:
                    count += 1
                    yield eye, place, found
    finally:
        detail.pool.close()


def test_single_weights_are_those_of_the_file(model):
    built, reader = model
    tensors = set()
    for eye, place, found in picks(built, 1, (4, 60), 120, lambda found: found.count == 1, PICKS):
        weight = weight_of(built, found)
        tensor = built.network.tensors[weight.tensor]
        array, (path, start) = reader.arrays[tensor.name], reader.places[tensor.name]
        value = exact_value(tensor, weight.row, weight.column)
        expected = array[value.index]
        flat = int(np.ravel_multi_index(value.index, array.shape)) if array.shape else 0
        raw = expected.tobytes()
        assert value.bits == (int.from_bytes(raw, "little"),)
        assert np.array(float(value.text)).astype(array.dtype).tobytes() == raw
        assert (Path(value.place.path).resolve(), value.place.offset) == (path.resolve(), start + flat * array.itemsize)
        assert np.memmap(path, "u1", "r", value.place.offset, array.itemsize).tobytes() == raw
        assert found.exact and found.read().astype(array.dtype).tobytes() == raw
        assert_is_there(built, found, weight, float(expected), eye, place)
        tensors.add(tensor.name)
    assert len(tensors) > len(reader.arrays) / 2


def assert_is_there(built, found, weight, number, eye, place):
    """The weight, drawn at the height of its number, is seen at the place: within its cell, or within reach."""
    part = next(part for part in built.grids if part.grid is found.grid)
    x, y, w = eye_rows(eye) @ (place_of(part, weight, share_of(part, number)) - eye.position)
    cell_px = eye.focal_px * np.linalg.norm(part.grid.du) / w
    assert np.hypot(x / w - place[0], y / w - place[1]) <= max(REACH_PX, cell_px) + 1


def test_points_of_many_weights_are_of_the_block_that_they_name(model):
    built, reader = model
    for number, tensor in enumerate(built.network.tensors):
        if tensor.count > SMALL:
            know_pyramid(built, number, level_of(tensor))
    sizes = set()
    for _, _, found in picks(built, 2, (400, 20000), 12, lambda found: found.count > 1, PICKS // 5):
        weight = weight_of(built, found)
        array = reader.arrays[built.network.tensors[weight.tensor].name]
        matrix = array.reshape(found.grid.shape[0], -1)
        first = weight.column - found.cols.start
        block = matrix[found.rows, found.cols.start + first : found.cols.stop + first].astype(np.float64)
        for facts in (known_facts(found), read_facts(found)):
            if facts is None:
                continue
            assert (facts.count, facts.exact, facts.finite) == (block.size, True, block.size)
            assert (facts.minimum, facts.maximum) == (block.min(), block.max())
            assert facts.mean == pytest.approx(block.mean(), rel=1e-6, abs=1e-6 * np.abs(block).max())
        assert found.quality in ("block mean", "sample")
        sizes.add(found.count)
    assert len(sizes) > 3


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("value", [0.8, -0.7])
def test_a_click_on_the_blob_of_an_outlier_reaches_that_very_weight(tmp_path, theme, value):
    """From the overview, where it is one of nine million, by the brightest or darkest pixel of the picture."""
    random = np.random.default_rng(7)
    numbers = (random.standard_normal((3000, 3000)) * 0.02).astype(np.float16)
    row, column = random.integers(100, 2900, 2).tolist()
    numbers[row, column] = value
    save_file({"layer.weight": numbers}, tmp_path / "m.safetensors")
    session = Session(open_network(str(tmp_path / "m.safetensors")), theme, 16 / 9, lambda scene: None, Look("outlier"))
    session.prepare(0.0)
    find_pyramids(session.built)
    detail, eye = Detail(session.built.scene), session.controls.eye(SIZE_PX)
    detail.prepare(Frame(0, 0.0, (eye,)))
    batch = detail.batch(eye)
    light = DefinitionRasterizer().light(
        batch, detail.pool.data, detail.near_tables, eye_rows(eye), eye.size_px, 1.5, theme == "dark"
    )
    y, x = np.unravel_index(unpack(light).sum(-1).argmax(), light.shape)
    blob = pick(detail, eye, x + 0.5, y + 0.5)
    assert blob.count > 1 and blob.quality == "block peak"
    pointing = Pointing(lambda: None, lambda: None)
    pointing.seek(session.built, blob, fly=True)
    while (found := pointing.found(session.built)) is None:
        time.sleep(0.005)
    assert (found.weight.row, found.weight.column) == (row, column)
    session.select(found.weight.tensor, found.weight.row, found.weight.column)
    session.go_to_selected()
    for step in range(1, 400):
        session.controls.update(1 / 60)
        session.prepare(step / 60)
    eye = session.controls.eye(SIZE_PX)
    detail.prepare(Frame(1, 9.0, (eye,)))
    part = part_of(session.built, found.weight)
    there = place_of(part, found.weight, share_of(part, float(np.float16(value))))
    x, y, w = eye_rows(eye) @ (there - eye.position)
    cube = pick(detail, eye, x / w, y / w)
    assert len(detail.near) and (cube.rows.start, cube.cols.start) == (row, column - part.first_column)
    detail.pool.close()
    pointing.close()
