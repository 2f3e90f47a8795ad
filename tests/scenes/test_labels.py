"""Words in the picture: the file's names, cleaned; its numbers; nothing said twice or falsely."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.engine.glyphs import GlyphAtlas
from tensornaut.engine.scene import GLYPHS
from tensornaut.scenes.flow import Flow, Stop
from tensornaut.scenes.labels import (
    block_titles,
    callouts,
    heading,
    layer_heading,
    rulers,
    shape_text,
    shared_start,
    short_name,
)
from tensornaut.scenes.layer_volumes import PADDING
from tensornaut.scenes.placement import place, place_flow
from tensornaut.scenes.strings import set_language
from tensornaut.scenes.style import KINDS, THEMES, kind_color, kind_glyph

DARK = THEMES["dark"]


@pytest.fixture
def chinese():
    set_language("zh")
    yield
    set_language("en")


def words(labels):
    return [text.text for text in labels.texts]


def test_shapes_are_written_as_people_write_them():
    assert [shape_text(shape) for shape in ((192, 48), (7,), ())] == ["192 × 48", "7", "1"]


def test_inside_its_block_a_layer_has_its_short_name():
    assert short_name("layers.0.attention.query", "layers.0") == "attention.query"
    assert short_name("layers.0", "layers.0") == "layers.0"
    assert short_name("layers.10.query", "") == "layers.10.query"


def test_a_number_alone_is_no_name():
    assert short_name("base_net.1.3", "base_net.1") == "base_net.1.3"
    assert short_name("features.0.2.1", "features.0") == "features.0.2.1"
    assert short_name("0") == "0"


def test_the_beginning_that_most_names_share_goes_without_saying():
    assert shared_start(["net/a/b", "net/a/c", "net/d", "net/e", "image", "Add"]) == "net/"
    assert shared_start(["net/a/b", "net/a/c"]) == "net/a/"
    assert shared_start(["a.b", "c.d"]) == shared_start(["a.b"]) == shared_start([]) == ""
    assert short_name("net/conv1", "", "net/") == "conv1" and short_name("image", "", "net/") == "image"
    assert short_name("layers.0", "", "layers.") == "layers.0"


def test_long_names_keep_their_end(outline):
    network = outline({"get_logits_/somewhere_deep_inside/MagikaV2/Conv_0.weight": (4, 4)})
    (text,) = callouts(network, place(network), DARK).texts
    assert text.text == "MagikaV2/Conv_0"


def test_in_a_crowd_what_is_alike_is_named_once(outline, stop):
    network = outline({})
    flow = Flow(stops=[stop(f"conv{k}", value=(1, 8 if k % 2 else 16, 28, 28)) for k in range(80)])
    assert words(callouts(network, place_flow(flow), DARK)) == ["conv0", "conv1"]
    few = Flow(stops=flow.stops[:20])
    assert len(callouts(network, place_flow(few), DARK).texts) == 20


def test_inside_operators_only_what_holds_weights_is_named(outline, stop):
    network = outline({"w": (4, 4)})
    inner = Flow("body", [stop("empty"), stop("full", [(4, 4)])])
    layout = place_flow(Flow(stops=[Stop(stop("loop").volume, inner=(inner,))]))
    assert words(callouts(network, layout, DARK)) == ["loop", "full"]
    assert "body" in words(block_titles(layout))


@pytest.mark.parametrize("width", [4, 16, 64])
def test_titles_on_the_floor_are_no_wider_than_what_they_name(outline, width):
    names = ("fc1", "fc2")
    layout = place(outline({f"layers.{k}.{name}.weight": (width, 2) for k in range(12) for name in names}))
    atlas, texts = GlyphAtlas(), block_titles(layout).texts
    assert len(texts) == len(layout.plates) == 12
    for text, plate in zip(texts, layout.plates, strict=True):
        half = atlas.measure(text.text, text.size, text.weight) / 2
        assert plate.x0 <= text.anchor[0] - half and text.anchor[0] + half <= plate.x1
        assert text.anchor[2] - text.size / 2 >= plate.z1


def test_names_from_the_file_are_cleaned(written):
    evil = "a\x1b[2J\u202e\n" + "x" * 200
    network = written({f"{evil}.weight": np.zeros((2, 2), np.float32)}, {"name": evil, "description": evil})
    layout = place(network)
    labels = [callouts(network, layout, DARK), heading(network, DARK)]
    labels.append(layer_heading(network, layout, layout.layers[0], DARK))
    for text in (text for shown in labels for text in shown.texts):
        assert not set("\x1b\u202e\n") & set(text.text + text.detail)
        assert len(text.text) <= 80


def test_a_callout_says_the_name_shape_and_kind_of_a_layer_above_it(transformer):
    layout = place(transformer)
    text = next(text for text in callouts(transformer, layout, DARK).texts if text.text == "embed")
    layer = next(layer for layer in layout.layers if layer.volume.path == "embed")
    assert text.detail == "40 × 16"
    assert text.dot[:3] == kind_color("embedding", "dark")
    assert text.anchor.tolist() == [layer.x, layer.volume.top, layer.z]


def test_layers_are_named_in_the_first_of_blocks_alike_only(transformer):
    layout = place(transformer)
    shown = callouts(transformer, layout, DARK).texts
    names = [text.text for text in shown]
    assert names.count("attention.query") == 1
    assert [(text.text, text.detail) for text in shown if text.text.startswith("block")] == [
        ("block 2", "same structure as block 1"),
        ("block 3", "same structure as block 1"),
    ]
    assert len(names) == len(set(names))


def test_blocks_that_differ_are_not_called_alike(outline):
    shapes = {}
    for block in range(4):
        for name in ("fc1", "fc2"):
            shapes[f"layers.{block}.{name}.weight"] = (8 if block % 2 else 9, 8)
    network = outline(shapes)
    details = {text.text: text.detail for text in callouts(network, place(network), DARK).texts}
    same = {name: detail for name, detail in details.items() if name.startswith("block")}
    assert same == {"block 3": "same structure as block 1", "block 4": "same structure as block 2"}


def test_blocks_of_one_width_are_told_once_whatever_comes_into_the_first(outline):
    shapes = {}
    for block, width in enumerate((8, 8, 16, 16)):
        shapes[f"layers.{block}.conv1.weight"] = (width, 16 if block == 3 else 8, 3, 3)
        shapes[f"layers.{block}.conv2.weight"] = (width, width, 3, 3)
    network = outline(shapes)
    shown = words(callouts(network, place(network), DARK))
    assert [name for name in shown if name.startswith("block")] == ["block 2", "block 4"]
    assert shown.count("conv1") == 2  # of the first block of each width


def test_of_very_many_equal_blocks_the_first_and_the_last_are_told(outline):
    network = outline({f"layers.{block}.fc{part}.weight": (8, 8) for block in range(20) for part in (1, 2)})
    shown = words(callouts(network, place(network), DARK))
    assert shown == ["fc1", "fc2", "block 2", "block 20"]


def test_the_layer_in_focus_has_no_callout(transformer):
    layout = place(transformer)
    near = [words(callouts(transformer, layout, DARK, without=number)) for number in (0, 1)]
    assert "embed" not in near[0] and "embed" in near[1] and len(near[0]) == len(near[1])


def test_norms_beside_matrices_are_named_only_from_near(transformer, outline):
    layout = place(transformer)
    assert not any(name.startswith("norm") for name in words(callouts(transformer, layout, DARK)))
    assert any(name.startswith("norm") for name in words(callouts(transformer, layout, DARK, without=0)))
    alone = outline({"norm.weight": (8,)})
    assert len(callouts(alone, place(alone), DARK).texts) == 1


def test_names_stand_above_the_far_side_of_what_they_name(transformer):
    layout = place(transformer)
    by_name = {text.text: text for text in callouts(transformer, layout, DARK).texts}
    layer = layout.layers[0]
    text, main = by_name["embed"], layer.volume.main
    assert text.half == (main.size[0] / 2 + PADDING, main.size[1] / 2 + PADDING)
    assert text.anchor.tolist() == [layer.x + main.x, layer.volume.top, layer.z + main.z]


def test_every_kind_has_a_form_of_its_own(transformer):
    forms = [kind_glyph(kind) for kind in KINDS]
    assert len(set(forms)) == len(forms) and set(forms) <= set(GLYPHS)
    for text in callouts(transformer, place(transformer), DARK).texts:
        assert text.dot is None or text.glyph in forms


def test_titles_between_rows_reach_no_tray_of_the_next_row(outline):
    network = outline({f"layers.{block}.fc{part}.weight": (24, 24) for block in range(40) for part in (1, 2)})
    layout = place(network)
    boxes = [(layer.x, layer.z, layer.volume.bounds) for layer in layout.layers]
    assert len({z for _, z, _ in boxes}) > 1  # more rows than one
    for title in block_titles(layout).texts:
        front = title.anchor[2] + title.size / 2
        for x, z, (x0, z0, x1, _) in boxes:
            if x + x0 < title.anchor[0] < x + x1 and z + z0 > title.anchor[2]:
                assert front < z + z0


def test_blocks_have_titles_on_the_floor_before_their_plates(transformer):
    layout = place(transformer)
    titles = block_titles(layout).texts
    assert [title.text for title in titles] == ["BLOCK 1", "BLOCK 2", "BLOCK 3"]
    for title, plate in zip(titles, layout.plates, strict=True):
        assert plate.x0 < title.anchor[0] < plate.x1 and title.anchor[1] == 0 and title.anchor[2] > plate.z1
        assert title.placement == "floor"


def test_the_heading_says_what_the_file_says(written):
    arrays = {"fc.weight": np.zeros((30, 40), np.float32), "fc.bias": np.zeros(34, np.float16)}
    network = written(arrays)
    title, about, facts = words(heading(network, DARK))
    assert title == network.name and about == "safetensors"
    assert "1,234 parameters" in facts and "float16" in facts and "float32" in facts and "inferred order" in facts
    named = written(arrays, {"name": "Digits", "description": "reads digits"})
    assert words(heading(named, DARK))[:2] == ["Digits", "reads digits"]


def test_the_heading_speaks_chinese(written, chinese):
    facts = words(heading(written({"a.weight": np.zeros((2, 3), np.float32)}), DARK))[2]
    assert "6" in facts and "parameters" not in facts and "inferred" not in facts


def test_a_layers_heading_says_its_place_kind_and_numbers(transformer):
    layout = place(transformer)
    layer = next(layer for layer in layout.layers if layer.volume.path == "layers.1.attention.key")
    title, about, facts = words(layer_heading(transformer, layout, layer, DARK))
    assert title == "attention.key" and about == "block 2, attention"
    assert facts.split("   ") == ["16 × 16", "256 weights", "float32"]


@given(data=st.data())
def test_every_layer_of_every_network_has_words(outlines, data):
    network = data.draw(outlines)
    layout = place(network)
    assert all(text.text for text in callouts(network, layout, DARK).texts)
    for layer in layout.layers:
        title, about, facts = words(layer_heading(network, layout, layer, DARK))
        assert title and about and facts
        assert all(np.isfinite(text.anchor).all() for text in rulers(layer, DARK).texts)


@pytest.mark.parametrize(("shape", "turned"), [((8, 20), False), ((20, 8), True)])
def test_rulers_stand_beside_the_rows_and_columns_they_number(outline, shape, turned):
    network = outline({"fc.weight": shape})
    (layer,) = place(network).layers
    tray = layer.volume.main
    texts = rulers(layer, DARK).texts
    x0, z0 = layer.x + tray.x - tray.size[0] / 2, layer.z + tray.z - tray.size[1] / 2
    numbers = [text for text in texts if text.text.isdigit()]
    front = [text for text in numbers if text.anchor[2] > z0 + tray.size[1]]
    side = [text for text in numbers if text.anchor[0] < x0]
    assert len(front) + len(side) == len(numbers)
    assert [int(text.text) for text in front] == list(range(8)) and [int(text.text) for text in side] == [0, 8, 16]
    for text in front:
        assert text.anchor[0] == pytest.approx(x0 + (int(text.text) + 0.5) * tray.cell)
    for text in side:
        assert text.anchor[2] == pytest.approx(z0 + (int(text.text) + 0.5) * tray.cell)
    names = {text.text: text.anchor for text in texts if not text.text.isdigit()}
    assert set(names) == {"row", "column"}
    in_front = "column" if turned else "row"
    assert names[in_front][2] > z0 + tray.size[1]


@pytest.mark.parametrize("cells", [4, 8, 9, 64, 65, 1000, 300_000_000, 10**13])
def test_rulers_have_at_most_eight_numbers_a_side_however_long(outline, cells):
    network = outline({"fc.weight": (cells, 4)})
    (layer,) = place(network).layers
    ticks = [int(text.text) for text in rulers(layer, DARK).texts if text.text.isdigit()]
    assert 4 < len(ticks) <= 4 + 8 and max(ticks) < cells and max(ticks) >= cells / 2 - 1


def test_folded_matrices_and_vectors_have_no_rulers(outline):
    network = outline({"fc.weight": (4, 100_000), "b.bias": (50,), "c.weight": ()})
    for layer in place(network).layers:
        assert rulers(layer, DARK).texts == []
