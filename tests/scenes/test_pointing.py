"""What is pointed at, selected or sought is named and numbered as the tensor has it; the scene marks it."""

import json
import time

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.picking import Pick
from tensornaut.engine.scene import Lines
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.exact_values import exact_value, json_line
from tensornaut.scenes.looks import Look
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.peaks import know_pyramid, level_of
from tensornaut.scenes.pointing import Pointing
from tensornaut.scenes.selection import NODE, Weight, weight_of
from tensornaut.scenes.strings import set_language, text
from tensornaut.scenes.style import THEMES

WIDE = np.random.default_rng(1).standard_normal((300, 5000)).astype(np.float32)
WIDE[211, 4321] = 50
TENSORS = {
    "conv.weight": np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2) / 8,
    "count": np.array(-70000, np.int64),
    "wide.weight": WIDE,
}


@pytest.fixture
def path(tmp_path):
    reference.save_file(TENSORS, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.fixture
def built(path):
    return build(open_network(str(path)), THEMES["dark"], Analysis())


@pytest.fixture
def pointing():
    made = Pointing(lambda: None, lambda: None)
    yield made
    made.close()


def index_in(built, name):
    return [tensor.name for tensor in built.network.tensors].index(name)


def pick_of(built, name, rows, cols, quality="exact"):
    """A pick in the grid of a tensor that holds these columns of its matrix."""
    for part in built.grids:
        first = part.first_column
        if part.tensor == index_in(built, name) and first <= cols.start < first + part.grid.shape[1]:
            return Pick(part.grid, rows, slice(cols.start - first, cols.stop - first), quality, np.zeros(3))
    raise KeyError(name)


def one(built, name, row, column):
    return pick_of(built, name, slice(row, row + 1), slice(column, column + 1))


def settled(ask, wanted):
    """What `ask` says once it has all that is wanted."""
    end_s = time.monotonic() + 10
    while time.monotonic() < end_s:
        words = ask()
        if wanted(words):
            return words
        time.sleep(0.005)
    raise AssertionError(words)


@pytest.mark.parametrize(
    ("name", "row", "column", "title", "place"),
    [
        ("conv.weight", 2, 5, "+3.625", "conv.weight[2, 1, 0, 1]"),
        ("count", 0, 0, "−70000", "count"),
        ("wide.weight", 211, 4321, "+50.0", "wide.weight[211, 4321]"),
    ],
)
def test_a_weight_by_its_index_and_value(built, pointing, name, row, column, title, place):
    pick = one(built, name, row, column)
    words = settled(lambda: pointing.hover(built, pick), lambda words: words.title != "…")
    assert (words.title, words.lines[0]) == (title, place)
    assert "exact" in words.lines[1]


def test_a_rank_among_few_is_counted_while_the_mouse_passes(built, pointing):
    pick = one(built, "conv.weight", 2, 5)
    words = settled(lambda: pointing.hover(built, pick), lambda words: "rank" in words.lines[1])
    assert "rank 19 of 48" in words.lines[1]


@pytest.mark.parametrize("with_pyramid", [False, True])
def test_a_block_by_its_range_and_what_it_holds(built, pointing, with_pyramid):
    if with_pyramid:
        tensor = index_in(built, "wide.weight")
        know_pyramid(built, tensor, level_of(built.network.tensors[tensor]))
    part = next(part for part in built.grids if part.first_column and part.grid.shape[1] >= 64)
    rows, cols = slice(32, 64), slice(part.first_column, part.first_column + 64)
    pick = pick_of(built, "wide.weight", rows, cols, "block mean")
    words = settled(lambda: pointing.hover(built, pick), lambda words: len(words.lines) == 3)
    block = WIDE[rows, cols].astype(np.float64)
    assert words.title == "2,048 weights"
    expected = [f"{number:.5g}".replace("-", "−") for number in (block.mean(), block.min(), block.max())]
    assert words.lines[0] == "mean {}   min {}   max {}".format(*expected)
    assert words.lines[1] == f"wide.weight[32:64, {cols.start}:{cols.stop}]"
    assert words.lines[2] == "shown: block mean   exact"


def test_a_pick_of_another_scene_is_nothing(built, pointing):
    other = build(built.network, THEMES["light"], Analysis())
    assert pointing.hover(built, one(other, "count", 0, 0)) is None


def test_a_file_that_changed_is_said_once(built, pointing, path):
    with path.open("ab") as file:
        file.write(b"more")
    pick = one(built, "count", 0, 0)
    words = settled(lambda: pointing.hover(built, pick), lambda words: words.title != "…")
    pointing.hover(built, pick)
    assert words.title == text("pointed.unreadable")
    assert len(pointing.faults) == 1 and "changed" in pointing.faults[0][1]


def selected(built, pointing, name, row, column):
    weight = Weight(index_in(built, name), row, column)
    return settled(
        lambda: pointing.show(built, weight),
        lambda words: any("rank" in fact[1] and "counting" not in fact[1] for fact in words.facts),
    )


def test_all_that_is_known_of_the_selected_weight(built, pointing, path):
    words = selected(built, pointing, "wide.weight", 211, 4321)
    facts = [fact[1] for fact in words.facts]
    assert words.facts[0][0] == "float32"
    offset = built.network.tensors[index_in(built, "wide.weight")].place + 4 * (211 * 5000 + 4321)
    assert (words.title, words.place) == ("+50.0", "wide.weight[211, 4321]")
    assert facts == [
        "0x42480000", "0  10000100  10010000000000000000000",
        f"model.safetensors, byte {offset:,}", "rank 1 of 1,500,000",
    ]  # fmt: skip
    table = dict((line[0], line[1:]) for line in words.table)
    assert table[""] == ("exact", "exact")
    row, column = WIDE[211].astype(np.float64), WIDE[:, 4321].astype(np.float64)
    for name, measure in (("mean", np.mean), ("std", np.std), ("min", np.min), ("max", np.max)):
        expected = tuple(f"{measure(line):.5g}".replace("-", "−") for line in (row, column))
        assert table[name] == expected
    assert table["L2"] == tuple(f"{np.sqrt((line * line).sum()):.5g}" for line in (row, column))
    assert words.table[0] == ("", "row 211", "column 4,321")


def test_a_scalar_has_neither_row_nor_column(built, pointing):
    words = selected(built, pointing, "count", 0, 0)
    assert words.table == () and words.facts[-1][1] == "rank 1 of 1"


@pytest.mark.parametrize("look", [Look(), Look("magnitude"), Look("outlier")])
def test_the_selected_weight_is_framed_where_its_point_stands(path, pointing, look):
    built = build(open_network(str(path)), THEMES["dark"], Analysis(), look)
    selected(built, pointing, "wide.weight", 211, 4321)
    (node,) = [child for child in built.scene.root.children if child.name == NODE]
    assert node.visible and all(isinstance(child.drawable, Lines) for child in node.children)
    frame = node.children[1].drawable.vertices
    part = next(part for part in built.grids if 0 <= 4321 - part.first_column < part.grid.shape[1] and part.tensor == 2)
    grid = part.grid
    point = grid.origin + 211 * grid.du + (4321 - part.first_column) * grid.dv + grid.dh
    middle = (frame.min(0) + frame.max(0)) / 2
    assert np.allclose(middle[[0, 2]], point[[0, 2]]) and np.isclose(frame[:, 1].max(), point[1])
    pointing.show(built, None)
    assert not node.visible


@pytest.mark.parametrize("with_pyramid", [False, True])
def test_a_blob_turns_out_to_be_its_peak(path, pointing, with_pyramid):
    built = build(open_network(str(path)), THEMES["dark"], Analysis(), Look("outlier"))
    tensor = index_in(built, "wide.weight")
    if with_pyramid:
        know_pyramid(built, tensor, level_of(built.network.tensors[tensor]))
    part = [part for part in built.grids if part.tensor == tensor and part.first_column <= 4321][-1]
    column = (4321 - part.first_column) // 64 * 64
    blob = Pick(part.grid, slice(192, 256), slice(column, column + 64), "block peak", np.zeros(3))
    pointing.seek(built, blob, fly=True)
    found = settled(lambda: pointing.found(built), lambda found: found is not None)
    assert (found.weight, found.fly) == (Weight(tensor, 211, 4321), True)
    assert pointing.found(built) is None


def test_a_line_to_paste_names_the_tensor_and_the_number(built):
    weight = weight_of(built, one(built, "conv.weight", 2, 5))
    line = json.loads(json_line(exact_value(built.network.tensors[weight.tensor], weight.row, weight.column)))
    assert (line["tensor"], line["index"], line["value"]) == ("conv.weight", [2, 1, 0, 1], 3.625)


def test_words_are_chinese_too(built, pointing):
    set_language("zh")
    try:
        words = selected_in_chinese(built, pointing)
    finally:
        set_language("en")
    assert words.facts[-2][0] == "文件"


def selected_in_chinese(built, pointing):
    weight = Weight(index_in(built, "conv.weight"), 0, 1)
    return settled(lambda: pointing.show(built, weight), lambda words: "排名" in words.facts[-1][1])
