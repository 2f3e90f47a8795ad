"""The scene of a network: every value at its place, whatever its shape or type."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.scene import Boxes, Labels, WeightGrid, walk
from tensornaut.loaders.network import Module, Network, Tensor, TensorTable
from tensornaut.loaders.source import Source
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.layer_volumes import GLASS_HEIGHT, PADDING
from tensornaut.scenes.network_scene import box_corners, build, tray_bounds
from tensornaut.scenes.style import THEMES, diverging

DARK = THEMES["dark"]


def built(network, theme=DARK):
    return build(network, theme, Analysis())


def cells(part):
    """(place of each cell (rows, columns, 3), value of each (rows, columns)) of a grid."""
    rows, columns = part.grid.shape
    i, j = np.mgrid[:rows, :columns][..., None]
    return part.grid.origin + i * part.grid.du + j * part.grid.dv, part.grid.values.read(slice(None), slice(None))


@pytest.mark.parametrize(
    ("shape", "turned", "folded"),
    [
        ((8, 20), False, False),
        ((20, 8), True, False),
        ((4, 3, 2, 2), False, False),
        ((5, 9000), False, True),
        ((300, 9), True, False),
        ((40, 10_001), False, True),
        ((7,), False, False),
        ((), False, False),
    ],
)
def test_every_value_stands_at_its_row_and_column(written, shape, turned, folded):
    values = np.arange(np.prod(shape, dtype=int)).astype(np.float32).reshape(shape)
    scene = built(written({"fc.weight": values}))
    matrix = values.reshape(-1, int(np.prod(shape[1:], dtype=int))) if len(shape) > 1 else values.reshape(1, -1)
    (layer,) = scene.layout.layers
    tray = layer.volume.main
    assert (len(tray.strips) > 1) == folded and tray.columns_across != turned
    x0, z0 = layer.x + tray.x - tray.size[0] / 2, layer.z + tray.z - tray.size[1] / 2
    seen = []
    for part in scene.grids:
        strip = next(strip for strip in tray.strips if strip.first_column == part.first_column)
        places, read = cells(part)
        rows, columns = np.divmod(read.astype(int), matrix.shape[1])
        across = rows + strip.offset_cells  # cells from the first row of the first strip
        along = columns - strip.first_column
        x, z = (across, along) if tray.columns_across else (along, across)
        assert np.allclose(places[..., 0], x0 + (x + 0.5) * tray.cell)
        assert np.allclose(places[..., 2], z0 + (z + 0.5) * tray.cell)
        assert np.allclose(places[..., 1], tray.zero_y)
        seen.append(read.ravel())
    assert np.array_equal(np.sort(np.concatenate(seen)), values.ravel())


@given(data=st.data())
@settings(max_examples=40)
def test_all_grids_together_hold_every_parameter_once(written, data):
    shapes = data.draw(st.lists(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40), max_size=5))
    tensors = {f"layer{k}.weight": np.full(shape, k, np.float32) for k, shape in enumerate(shapes)}
    scene = built(written(tensors))
    found = {name: 0 for name in tensors}
    for part in scene.grids:
        name = scene.network.tensors[part.tensor].name
        values = part.grid.values.read(slice(None), slice(None))
        assert values.shape == part.grid.shape and (values == tensors[name].flat[0]).all()
        found[name] += values.size
    assert found == {name: array.size for name, array in tensors.items()}
    assert sum(found.values()) == scene.network.parameter_count
    drawn = [node.drawable for _, node in walk(scene.scene.root) if isinstance(node.drawable, WeightGrid)]
    assert drawn == [part.grid for part in scene.grids]


def test_all_cells_lie_within_the_glass_of_their_tray(transformer):
    scene = built(transformer)
    trays = {id(tray): tray_bounds(layer, tray) for _, layer, tray in scene.layout.trays()}
    for part in scene.grids:
        lower, upper = trays[id(part.tray)]
        places, _ = cells(part)
        half = part.tray.cell / 2
        for axis in (0, 2):
            assert places[..., axis].min() - half == pytest.approx(lower[axis] + PADDING)
            assert places[..., axis].max() + half == pytest.approx(upper[axis] - PADDING)
        assert lower[1] < part.tray.zero_y - part.grid.dh[1] < part.tray.zero_y + part.grid.dh[1] < upper[1]
        assert upper[1] - part.tray.zero_y == pytest.approx(GLASS_HEIGHT * part.grid.dh[1])


def test_glass_of_different_trays_never_meets(transformer):
    glass = built(transformer).glass
    for k in range(len(glass.lower)):
        apart = np.maximum(glass.lower[k + 1 :] - glass.upper[k], glass.lower[k] - glass.upper[k + 1 :])
        assert (apart[:, [0, 2]].max(1) > 0).all()
    assert (glass.lower[:, 1] > 0).all()


def test_colors_and_ranges_are_those_of_the_tensor(transformer):
    scene = built(transformer, THEMES["light"])
    for part in scene.grids:
        facts = scene.analysis.facts(scene.network.tensors[part.tensor])
        assert part.grid.value_range == facts.value_range and part.grid.emphasis == 1
        assert part.grid.colors is diverging("light")


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float16, np.float64, np.complex64])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (5, 4)])
def test_tensors_of_any_type_and_shape_have_a_scene(written, dtype, shape):
    scene = built(written({"odd.weight": np.ones(shape, dtype), "fc.weight": np.ones((3, 3), np.float32)}))
    assert sum(np.prod(part.grid.shape) for part in scene.grids) == 9 + np.prod(shape, dtype=int)


@pytest.mark.parametrize("shape", [(2, 3), (4, 20_000)])
def test_of_complex_numbers_the_magnitudes_are_drawn(written, shape):
    values = np.random.default_rng(0).normal(size=(*shape, 2)).astype(np.float32).view(np.complex64)[..., 0]
    for part in built(written({"fc.weight": values})).grids:
        shown = part.grid.values.read(slice(None), slice(None))
        window = values[:, part.first_column :][:, : part.grid.shape[1]]
        assert (shown == np.abs(window.astype(np.complex128))).all()
        assert shown.dtype == part.grid.values.dtype == "float64"


def test_strings_are_drawn_as_cells_without_values():
    table = TensorTable.of([Tensor("words", (3, 4), "string", 12, 40, Source("/nowhere", 0, 0), 0)])
    root = Module("", "", "group", (Module("words", "words", "other", (), (0, 1)),), (0, 1))
    scene = built(Network("n", "npy", "/nowhere", table, "flat", lambda: root))
    (part,) = scene.grids
    assert part.grid.values is None and part.grid.shape == (3, 4) and part.grid.value_range > 0


@pytest.mark.parametrize("theme", THEMES)
def test_a_file_without_tensors_has_a_scene(written, theme):
    scene = built(written({}), THEMES[theme])
    assert not scene.grids and scene.scene.length > 0
    assert (scene.scene.lower < scene.scene.upper).all()
    assert scene.glass_corners().shape == (8, 3)
    words = [
        text for _, node in walk(scene.scene.root) if isinstance(node.drawable, Labels) for text in node.drawable.texts
    ]
    assert any("0 parameters" in text.text for text in words)


def test_the_bounds_hold_all_glass_and_the_floor(transformer):
    scene = built(transformer)
    assert scene.scene.lower[1] == 0
    corners = scene.glass_corners()
    assert (corners >= scene.scene.lower).all() and (corners <= scene.scene.upper).all()
    assert corners.shape == (8 * len(scene.glass.lower), 3)
    assert (scene.scene.upper == corners.max(0)).all()


def test_every_tray_has_glass_and_a_pool_and_every_block_a_plate(transformer):
    scene = built(transformer)
    boxes = {}
    for _, node in walk(scene.scene.root):
        if isinstance(node.drawable, Boxes):
            boxes[node.drawable.style] = node.drawable
    assert len(boxes["glass"].lower) == len(boxes["floor"].lower) == len(list(scene.layout.trays()))
    assert len(boxes["plate"].lower) == 3
    assert (boxes["floor"].lower[:, [0, 2]] < boxes["glass"].lower[:, [0, 2]]).all()
    assert (boxes["plate"].upper[:, 1] == 0).all()


def test_corners_of_a_box_are_all_eight():
    corners = box_corners(np.array([[0.0, 1.0, 2.0]]), np.array([[3.0, 4.0, 5.0]]))
    assert {tuple(corner) for corner in corners.tolist()} == {(x, y, z) for x in (0, 3) for y in (1, 4) for z in (2, 5)}


def test_nodes_have_the_names_of_the_files_tensors(transformer):
    scene = built(transformer)
    names = {node.name for _, node in walk(scene.scene.root) if isinstance(node.drawable, WeightGrid)}
    assert names == set(transformer.tensors.all_names())
