"""Stops of a tour: the more time, the more of them; always along the data."""

import numpy as np
import pytest
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import WHOLE
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.obstacles import Obstacles
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.tour_stops import time_of, tour_stops

ASPECT = 16 / 9


@pytest.fixture(scope="module")
def built(transformer):
    return build(transformer, THEMES["dark"], Analysis())


def stops_in(built, seconds):
    return tour_stops(built, Obstacles(built), ASPECT, seconds)


def test_they_are_in_the_order_of_the_data_and_begin_and_end_with_the_whole(built):
    stops = stops_in(built, 60.0)
    assert [stop.order for stop in stops] == sorted(stop.order for stop in stops)
    assert stops[0].view == stops[-1].view and stops[0].focus == stops[-1].focus == WHOLE


def test_the_more_time_the_more_is_seen(built):
    counts = [len(stops_in(built, seconds)) for seconds in (1.0, 10.0, 24.0, 60.0)]
    assert counts[0] == 3 and counts == sorted(counts) and counts[1] < counts[2] < counts[3]


def test_a_long_tour_sees_input_output_weights_and_every_kind_of_layer(built):
    stops, layers = stops_in(built, 90.0), built.layout.layers
    seen = {stop.focus.layer for stop in stops if stop.focus.depth > 0.5}
    assert {0, len(layers) - 1} <= seen
    assert any(stop.focus.depth == 2.0 for stop in stops)
    assert {layers[k].volume.kind for k in seen} == {layer.volume.kind for layer in layers}


@pytest.mark.parametrize("seconds", [24.0, 60.0])
def test_a_tour_of_enough_seconds_hurries_little(built, seconds):
    assert time_of(stops_in(built, seconds)) <= 1.3 * seconds


def test_numbers_are_read_where_they_differ(written):
    """The largest layer holds the same number everywhere."""
    random = np.random.default_rng(2)
    arrays = {"a.weight": random.normal(size=(20, 20)), "b.weight": np.ones((90, 90)), "c.weight": np.eye(9)}
    built = build(written({name: array.astype("f4") for name, array in arrays.items()}), THEMES["dark"], Analysis())
    read = [built.layout.layers[stop.focus.layer] for stop in stops_in(built, 24.0) if stop.focus.depth == 2.0]
    assert {layer.volume.path for layer in read} == {"a"}


def test_of_what_is_no_number_none_is_looked_for(outline):
    built = build(outline({"words": (20, 20), "more.words": (30, 5)}, "string"), THEMES["dark"], Analysis())
    assert all(stop.focus.depth < 2 for stop in stops_in(built, 24.0))
