"""A survey beside somebody's looking: the same numbers as `stats` has, first what is wanted first, nobody waits."""

import json
import os
import time

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.engine.cache import Cache
from tensornaut.engine.summaries import to_bytes
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import Focus, show_focus
from tensornaut.scenes.looks import Look
from tensornaut.scenes.network_scene import build, show_look
from tensornaut.scenes.peaks import find_pyramids, lacking
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.survey import Survey
from tensornaut.scenes.survey_feed import SurveyFeed
from tensornaut.scenes.survey_parts import has_pyramid
from tensornaut.scenes.survey_pass import summaries

PATIENCE_S = 60
WEEK_NS = 7 * 86_400 * 10**9
LEVEL = ("mean", "min", "max", "count")


@pytest.fixture
def model(tmp_path):
    """Two large batches and a small tensor."""
    random = np.random.default_rng(0)
    tensors = {f"{k}.weight": random.normal(0, 0.02, (1100, 2000)).astype(np.float32) for k in range(5)}
    tensors["0.bias"] = random.normal(0, 0.02, 2000).astype(np.float32)
    path = tmp_path / "model.safetensors"
    reference.save_file(tensors, path)
    long_ago_ns = path.stat().st_mtime_ns - WEEK_NS
    os.utime(path, ns=(long_ago_ns, long_ago_ns))
    return path


def all_of(survey):
    found, end_s = [], time.monotonic() + PATIENCE_S
    while not survey.is_done:
        assert time.monotonic() < end_s
        found += survey.step()
        time.sleep(0.01)
    return found


def bits(summary):
    return to_bytes(summary), [getattr(summary.pyramid, name).tobytes() for name in LEVEL]


def test_what_is_found_is_what_stats_finds_from_cold_and_warm(model, tmp_path):
    network = open_network(str(model))
    expected = {tensor.name: summary for tensor, summary in summaries(network) if tensor.count > 1 << 16}
    (tmp_path / "kept").mkdir()
    for cache in (None, Cache(tmp_path / "kept"), Cache(tmp_path / "kept")):
        survey = Survey(network, cache)
        found = all_of(survey)
        assert survey.progress == (network.parameter_count, network.parameter_count) and not survey.faults
        survey.close()
        assert len(found) == len(expected) == 5
        for index, summary in found:
            assert bits(summary) == bits(expected[network.tensors[index].name])
    assert len(list((tmp_path / "kept").iterdir())) == 6


def test_what_is_wanted_first_comes_first(model):
    network = open_network(str(model))
    names = network.tensors.all_names()
    survey = Survey(network, None)
    survey.first([names.index("4.weight")])
    order = [network.tensors[index].name for index, _ in all_of(survey)]
    survey.close()
    assert order.index("4.weight") <= 2 and len(order) == 5


def test_it_ends_at_once_and_twice(model):
    survey = Survey(open_network(str(model)), None)
    begun_s = time.monotonic()
    survey.close()
    survey.close()
    assert survey.is_done or survey.step() is not None
    assert time.monotonic() - begun_s < PATIENCE_S


def test_a_file_that_changes_meanwhile_is_a_fault_and_the_end(model):
    network = open_network(str(model))
    os.truncate(model, model.stat().st_size - 4)
    survey = Survey(network, None)
    assert all_of(survey) == []
    survey.close()
    ((key, message),) = survey.faults
    assert key in {tensor.key for tensor in network.tensors} and "changed" in message


def test_packed_complex_and_turned_tensors(tmp_path):
    random = np.random.default_rng(1)
    square = random.normal(0, 1, (300, 400))
    np.savez_compressed(tmp_path / "m.npz", a=square, b=square + 1j, c=np.asfortranarray(square))
    network = open_network(str(tmp_path / "m.npz"))
    survey = Survey(network, None)
    found = {network.tensors[index].name: summary for index, summary in all_of(survey)}
    survey.close()
    assert set(found) == {"a", "c"}
    np.testing.assert_array_equal(found["a"].pyramid.max, found["c"].pyramid.max)
    assert found["a"].pyramid.max[2, 3] == np.float32(square[64:96, 96:128].max())


def test_words_become_exact_and_the_picture_stays(model):
    network = open_network(str(model))
    built = build(network, THEMES["dark"], Analysis())
    index = network.tensors.all_names().index("2.weight")
    layer = next(part.layer for part in built.grids if part.tensor == index)
    show_focus(built, Focus(layer, 1.0))
    values, tensor = reference.load_file(model)["2.weight"], network.tensors[index]
    before, ranges = built.analysis.told(tensor), [part.grid.value_range for part in built.grids]
    assert not before.exact and before.maximum < values.max()
    feed = SurveyFeed(network, None)
    end_s = time.monotonic() + PATIENCE_S
    while not feed.is_done:
        assert time.monotonic() < end_s
        feed.take(built)
    feed.close()
    told = built.analysis.told(tensor)
    assert told.exact and told.maximum == values.max() and told.value_range == before.value_range
    assert told.mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-9)
    assert told.beyond == pytest.approx(np.mean(np.abs(values) > told.value_range), rel=0.05)
    assert int(told.histogram.sum()) == values.size
    assert built.analysis.facts(tensor) is not told and not built.analysis.facts(tensor).exact
    assert [part.grid.value_range for part in built.grids] == ranges


def test_peaks_know_their_pyramids_alike_by_survey_and_by_waiting(model):
    network = open_network(str(model))
    peaks = Look("outlier")
    waited, surveyed = (build(network, THEMES["dark"], Analysis(), peaks) for _ in range(2))
    assert len(lacking(waited)) == 5
    find_pyramids(waited)
    feed = SurveyFeed(network, None)
    end_s, wants_picture = time.monotonic() + PATIENCE_S, False
    while not feed.is_done:
        assert time.monotonic() < end_s
        wants_picture |= feed.take(surveyed)
    feed.close()
    assert lacking(waited) == lacking(surveyed) == [] and wants_picture
    for one, other in zip(waited.grids, surveyed.grids, strict=True):
        for name in LEVEL if one.grid.pyramid else ():
            assert getattr(one.grid.pyramid, name).tobytes() == getattr(other.grid.pyramid, name).tobytes()
    show_look(surveyed, Look("value"))
    assert lacking(surveyed) == []


@pytest.mark.parametrize(
    ("shape", "has_one"),
    [((256, 256), False), ((257, 256), True), ((100_000, 100_000), True), ((3, 10**7), True), ((3, 10**8), False)]
    + [((10**9,), True), ((10**9 + 7,), False), ((10**12, 4), False), ((1, 5 * 10**7), True)],
)
def test_what_would_take_too_much_memory_has_no_pyramid(shape, has_one, tmp_path):
    path, count = tmp_path / "x.safetensors", int(np.prod(shape, dtype=object))
    header = json.dumps({"x": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * count]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(path, path.stat().st_size + 4 * count)
    (tensor,) = open_network(str(path)).tensors
    assert has_pyramid(tensor) == has_one
