"""What the mouse points at is named as the tensor names it."""

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.picking import Pick
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.panels.pointed import describe
from tensornaut.scenes.style import THEMES

TENSORS = {
    "conv.weight": np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2) / 8,
    "count": np.array(-70000, np.int64),
    "wide.weight": np.arange(4 * 5000, dtype=np.float32).reshape(4, 5000),
}


@pytest.fixture
def built(tmp_path):
    path = tmp_path / "model.safetensors"
    reference.save_file(TENSORS, path)
    return build(open_network(str(path)), THEMES["dark"], Analysis())


def pick_of(built, name, rows, cols):
    """A pick in the grid of a tensor that holds these columns of its matrix."""
    for part in built.grids:
        first = part.first_column
        if built.network.tensors[part.tensor].name == name and first <= cols.start < first + part.grid.shape[1]:
            return Pick(part.grid, rows, slice(cols.start - first, cols.stop - first), "exact", np.zeros(3))
    raise KeyError(name)


@pytest.mark.parametrize(
    ("name", "row", "column", "expected"),
    [
        ("conv.weight", 2, 5, ("conv.weight[2, 1, 0, 1]", f"{TENSORS['conv.weight'][2, 1, 0, 1]:.6g}")),
        ("count", 0, 0, ("count", "−70000")),
        ("wide.weight", 3, 4321, ("wide.weight[3, 4321]", "19321")),
    ],
)
def test_a_weight_by_its_index_and_value(built, name, row, column, expected):
    assert describe(built, pick_of(built, name, slice(row, row + 1), slice(column, column + 1))) == expected


def test_a_block_by_its_range_and_mean(built):
    words = describe(built, pick_of(built, "conv.weight", slice(0, 2), slice(4, 8)))
    mean = TENSORS["conv.weight"].reshape(4, 12)[:2, 4:8].mean()
    assert words == ("conv.weight[0:2, 4:8]", f"8 weights, mean {mean:.4g}")


def test_a_pick_of_another_scene_is_nothing(built):
    other = build(built.network, THEMES["light"], Analysis())
    assert describe(built, pick_of(other, "count", slice(0, 1), slice(0, 1))) is None


def test_a_file_that_changed_is_said(built):
    found = pick_of(built, "count", slice(0, 1), slice(0, 1))
    with open(built.network.tensors[0].path, "ab") as file:
        file.write(b"more")
    with pytest.raises(FormatError):
        describe(built, found)
