"""The drawing pad: for which networks, what strokes leave, and what the network says."""

import numpy as np
import pytest
from tensornaut.engine.runners.program import Feed, Output, Program, Trace
from tensornaut.scenes.drawing_pad import DrawingPad, answer_of, pad_for


def program(*feeds):
    return Program(feeds, ("logits",), (), {})


def trace_of(*numbers):
    return Trace([Output("logits", "", "Linear", np.array([numbers], np.float32), 0.0)])


@pytest.mark.parametrize("shape", [("n", 1, 8, 8), (1, 1, 28, 28), (None, 1, 16, 12), (1, 8, 8)])
def test_networks_of_small_gray_pictures_have_one(shape):
    pad = pad_for(program(Feed("image", shape)))
    assert pad.inputs()["image"].shape == (*(1,) * (len(shape) - 2), *shape[-2:])


@pytest.mark.parametrize("shape", [("n", 3, 8, 8), (1, 1, 224, 224), ("n", 8), (1, 1, "h", "w"), (1, 1, 8, 40)])
def test_others_have_none(shape):
    assert pad_for(program(Feed("image", shape))) is None


def test_neither_have_those_of_two_inputs_or_of_whole_numbers():
    feed = Feed("image", (1, 1, 8, 8))
    assert pad_for(program(feed, Feed("more", (1,)))) is None
    assert pad_for(program(Feed("image", (1, 1, 8, 8), "int64"))) is None


@pytest.fixture
def pad():
    return pad_for(program(Feed("image", (1, 1, 8, 8))), [np.eye(8), np.zeros((9, 9))])


def test_a_stroke_is_bright_along_its_way_and_nowhere_else(pad):
    pad.draw((1.5, 1.5), (1.5, 6.5))
    assert (pad.image[1:7, 1] > 0.9).all() and not pad.image[:, 4:].any()


def test_the_same_stroke_again_changes_nothing_and_the_eraser_takes_it_away(pad):
    pad.draw((1.5, 1.5), (6.5, 6.5))
    before = pad.revision
    pad.draw((1.5, 1.5), (6.5, 6.5))
    assert pad.revision == before
    pad.draw((1.5, 1.5), (6.5, 6.5), erase=True)
    assert pad.image.max() < 0.5 and pad.revision > before


def test_strokes_beyond_the_edge_do_no_harm(pad):
    pad.draw((-40.0, 3.5), (50.0, 3.5))
    assert (pad.image[3] > 0.9).all() and pad.image.max() <= 1


def test_examples_that_fit_come_one_after_the_other_and_clear_wipes_them(pad):
    pad.take_example()
    assert np.array_equal(pad.image, np.eye(8)) and len(pad.examples) == 1
    pad.clear()
    assert not pad.image.any()


def test_logits_become_shares_and_shares_stay(pad):
    assert answer_of(program(), trace_of(0.0, 0.0, 1000.0)) == pytest.approx([0, 0, 1])
    assert answer_of(program(), trace_of(0.25, 0.75)) == pytest.approx([0.25, 0.75])


def test_what_names_no_classes_is_no_answer():
    assert answer_of(program(), Trace()) is None
    assert answer_of(program(), trace_of(1.0)) is None
    assert answer_of(program(), trace_of(1.0, np.nan)) is None


def test_another_image_takes_the_place_of_what_was_drawn():
    pad = DrawingPad(Feed("image", (1, 1, 8, 8)))
    before = pad.revision
    pad.show(np.ones((8, 8), np.float32))
    assert pad.revision > before and pad.image.min() == 1
