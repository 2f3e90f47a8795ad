"""Facts found at once are those of the numbers that were read, and nearly those of all."""

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import BINS, SOME, Analysis
from tensornaut.scenes.many_facts import sampled_facts


@pytest.fixture
def opened(tmp_path):
    """Opens a network of these arrays."""

    def make(arrays):
        path = tmp_path / "model.safetensors"
        reference.save_file(arrays, path)
        return open_network(path)

    return make


def test_small_tensors_are_read_whole(opened):
    random = np.random.default_rng(0)
    arrays = {
        "a": random.standard_normal((4, 100)).astype("f4"),
        "b": random.integers(-90, 90, 700).astype("i1"),
        "c": np.full((3, 5), 2.5, "f2"),
    }
    network = opened(arrays)
    found = dict(sampled_facts(network.tensors, BINS))
    for tensor in network.tensors:
        values = arrays[tensor.name].astype(np.float64)
        value_range, lowest, highest, mean, std, histogram, beyond, exact, _ = found[tensor.key]
        assert exact
        assert (lowest, highest) == (values.min(), values.max())
        assert (mean, std) == (pytest.approx(values.mean()), pytest.approx(values.std()))
        assert histogram.sum() == values.size
        assert beyond <= 0.005
        assert np.mean(np.abs(values) <= value_range) >= 0.995


def test_what_is_not_finite_does_not_count(opened):
    values = np.array([[np.nan, 1, -3, np.inf], [2, -np.inf, np.nan, 0]], "f4")
    network = opened({"odd": values, "none": np.full(9, np.nan, "f4"), "zero": np.zeros(5, "f4")})
    found = dict(sampled_facts(network.tensors, BINS))
    of = {tensor.name: found[tensor.key] for tensor in network.tensors}
    assert of["odd"][:4] == (3.0, -3.0, 2.0, 0.0)
    assert of["odd"][5].sum() == 4
    assert of["none"][:5] == (1.0, None, None, None, None)
    assert of["none"][5].sum() == 0
    assert of["zero"][:3] == (1.0, 0.0, 0.0)


def test_large_tensors_are_sampled_and_say_so(opened):
    random = np.random.default_rng(1)
    network = opened({"w": random.normal(0.1, 2.0, (700, 900)).astype("f4")})
    ((_, found),) = sampled_facts(network.tensors, BINS)
    value_range, _, _, mean, std, *_, exact, norms = found
    assert not exact
    assert value_range == pytest.approx(2.0 * 2.81, rel=0.2)
    assert mean == pytest.approx(0.1, abs=0.3)
    assert std == pytest.approx(2.0, rel=0.15)
    assert norms[0] <= 2.0 * 30 * 1.1
    assert norms[1] >= 2.0 * 30 * 0.9


def test_very_many_tensors_are_begun_at_once(opened):
    random = np.random.default_rng(2)
    network = opened({f"layer{k}.weight": random.standard_normal((40, 50)).astype("f4") for k in range(SOME + 1)})
    analysis, reads = Analysis(), []
    analysis.begin(network.tensors)
    analysis.sample = reads.append
    assert all(analysis.facts(tensor).histogram.sum() == 20 * 50 for tensor in network.tensors)
    assert not reads
