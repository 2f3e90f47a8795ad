"""Analysis: what a scene must know of numbers, from all of them or from a sample that says so."""

import json
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import BINS, LATTICE, WHOLE, Analysis
from tensornaut.scenes.style import diverging

BIN_WIDTH = 1 / 8  # of a magnitude: how exactly ranges of float32 are known


def facts_of(network):
    return Analysis().facts(network.tensors[0])


def percentile(values):
    """The smallest magnitude that 99.5 % of the finite values do not exceed."""
    magnitudes = np.sort(np.abs(values[np.isfinite(values)].astype(np.float64)))
    return magnitudes[int(np.ceil(0.995 * len(magnitudes))) - 1]


def raw_file(path, dtype, shape, data):
    """A safetensors file of bytes as they are."""
    header = json.dumps({"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return open_network(path)


@pytest.mark.parametrize("kind", ["normal", "cauchy", "uniform"])
def test_the_range_is_where_995_of_1000_magnitudes_end(written, kind):
    random = np.random.default_rng(4)
    draw = {"normal": random.standard_normal, "cauchy": random.standard_cauchy, "uniform": random.random}[kind]
    values = draw(50_000).astype(np.float32)
    facts = facts_of(written({"a": values}))
    assert facts.exact
    assert facts.value_range == pytest.approx(percentile(values), rel=BIN_WIDTH)
    assert facts.minimum == values.min() and facts.maximum == values.max()
    assert facts.mean == pytest.approx(values.mean(dtype=np.float64))
    assert facts.std == pytest.approx(values.std(dtype=np.float64))
    assert facts.beyond == np.mean(np.abs(values) > facts.value_range) and 0 <= facts.beyond < 0.01


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint16, ml_dtypes.bfloat16])
def test_the_range_of_small_types_is_exact(tmp_path, dtype):
    values = (np.random.default_rng(1).normal(size=(50, 100)) * 9).astype(dtype)
    names = {"float16": "F16", "int8": "I8", "uint16": "U16", "bfloat16": "BF16"}
    network = raw_file(tmp_path / "a.safetensors", names[values.dtype.name], values.shape, values.tobytes())
    assert facts_of(network).value_range == percentile(values.astype(np.float64))


@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.bool_, np.uint8, np.complex64]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
    )
)
def test_whatever_numbers_there_are_the_range_is_usable(written, values):
    facts = facts_of(written({"a": values}))
    assert np.isfinite(facts.value_range) and facts.value_range > 0
    wide = values.astype(np.complex128) if np.iscomplexobj(values) else values
    finite = int(np.isfinite(np.abs(wide)).sum())
    assert facts.histogram.shape == (BINS,) and facts.histogram.sum() == finite
    assert facts.exact and 0 <= facts.beyond <= 1
    assert np.isfinite(facts.mean_color(diverging("dark"))).all()
    assert (facts.minimum is None) == (facts.maximum is None) == (facts.mean is None) == (finite == 0)


def test_complex_numbers_count_by_magnitude(written):
    facts = facts_of(written({"a": np.array([3 + 4j, 0, -1j], np.complex64)}))
    assert (facts.minimum, facts.maximum) == (0, 5)
    assert facts.histogram[: BINS // 2].sum() == 0


def test_nothing_is_computed_from_what_is_no_number(written):
    values = np.array([np.nan, np.inf, -np.inf, 1, -3], np.float32)
    facts = facts_of(written({"a": values}))
    assert (facts.minimum, facts.maximum, facts.mean) == (-3, 1, -1) and facts.histogram.sum() == 2
    assert 1 < facts.value_range <= 3 * (1 + BIN_WIDTH)


def test_strings_hold_no_numbers(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array(["one", "two"]))
    try:
        network = open_network(path)
    except FormatError:
        pytest.skip("strings are not read from this format")
    facts = facts_of(network)
    assert facts.value_range > 0 and facts.histogram.sum() == 0 and facts.minimum is None


@pytest.mark.parametrize("shape", [(1000, 1000), (3_000_000,), (2, 500_000), (500_000, 2), (40, 9000)])
def test_large_tensors_are_judged_by_a_sample_spread_over_all_of_them(written, shape):
    values = np.linspace(-1, 3, np.prod(shape)).astype(np.float32).reshape(shape)
    facts = facts_of(written({"a": values}))
    assert values.size > WHOLE and not facts.exact
    assert LATTICE**2 / 4 <= facts.histogram.sum() <= 2 * LATTICE**2
    assert facts.mean == pytest.approx(1, abs=0.05) and facts.maximum > 2.95
    assert facts.value_range == pytest.approx(2.98, rel=BIN_WIDTH)


def test_few_values_among_zeros_are_not_lost(written):
    values = np.zeros((100, 100), np.float32)
    values[3, 5:15] = np.arange(1, 11)
    assert facts_of(written({"a": values})).value_range == 10


def test_facts_are_found_once(written, monkeypatch):
    network, analysis = written({"a": np.ones(4, np.float32)}), Analysis()
    first = analysis.facts(network.tensors[0])
    monkeypatch.setattr(type(network.tensors[0]), "read", None)
    assert analysis.facts(network.tensors[0]) is first


def test_a_file_that_changed_is_said(tmp_path):
    network = raw_file(tmp_path / "a.safetensors", "F32", [2], b"\0" * 8)
    (tmp_path / "a.safetensors").write_bytes(b"changed")
    with pytest.raises(FormatError):
        facts_of(network)


def test_the_mean_color_is_that_of_the_light_of_the_values(written):
    colors = diverging("dark").astype(float)
    bright = facts_of(written({"a": np.full(9, 2.0, np.float32)})).mean_color(colors)
    assert bright == pytest.approx((0.14 + 1.15) * colors[-1], rel=1e-6)
    dim = facts_of(written({"a": np.append(np.zeros(999), 1).astype(np.float32)})).mean_color(colors)
    assert dim == pytest.approx(0.14 * colors[128], abs=0.02)
