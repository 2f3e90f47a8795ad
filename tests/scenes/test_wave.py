"""The wave of light: every layer once, in the order of the flow, brightest where the light is."""

import numpy as np
import pytest
from tensornaut.loaders.open import open_network
from tensornaut.scenes.placement import place
from tensornaut.scenes.wave import Wave


@pytest.fixture(scope="module")
def layout(checkout):
    return place(open_network(checkout / "assets" / "demo" / "digits.safetensors"))


@pytest.fixture(params=[False, True])
def wave(layout, request):
    return Wave(layout, [True] * len(layout.layers), ink=request.param)


def test_each_layer_is_passed_once_and_in_the_order_of_the_flow(wave, layout):
    passed = [number for stage in wave.stages for number in stage.layers]
    assert sorted(passed) == list(range(len(layout.layers)))
    assert [layout.layers[number].stage for number in passed] == sorted(layer.stage for layer in layout.layers)


def test_the_light_never_goes_back_and_passes_the_trays_of_its_layer(wave, layout):
    fronts = [wave.front(place) for place in np.arange(0, wave.length, 0.1)]
    assert all(a.x < b.x for a, b in zip(fronts, fronts[1:], strict=False))
    for number, stage in enumerate(wave.stages):
        for index in stage.layers:
            layer = layout.layers[index]
            assert wave.front(number).x <= layer.x + layer.volume.bounds[0]
            assert wave.front(number + 0.999).x >= layer.x + layer.volume.bounds[2]


def test_layers_are_dim_ahead_brightest_in_the_light_and_bright_behind(wave):
    middle = wave.length / 2 + 0.5
    data = wave.lights(middle).data
    order = [stage.layers[0] for stage in wave.stages]
    here = order.index(wave.front(middle).layer)
    assert max(data[order[here + 1 :]]) < min(data[order[:here]]) < data[order[here]] <= 1


def test_what_gave_nothing_stays_dark(layout):
    ran = [True] * len(layout.layers)
    ran[3] = False
    lights = Wave(layout, ran, ink=False).lights(99.0)
    assert lights.passed[3] == 0 and lights.data[3] < min(np.delete(lights.data, 3))


def test_there_is_no_light_before_and_behind_the_network(wave):
    assert wave.front(wave.length) is None and wave.front(-0.1) is None and wave.front(0.0) is not None


def test_places_of_the_floor_plan_are_passed_when_the_light_is_there(wave):
    front = wave.front(4.25)
    assert wave.place_at(front.x, (front.z0 + front.z1) / 2) == pytest.approx(4.25)
