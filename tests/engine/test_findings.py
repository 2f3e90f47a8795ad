import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.findings import closer_look, content_digest, findings
from tensornaut.engine.kernels.summarize import summarize_block
from tensornaut.engine.summaries import summarize_whole

NORMAL = np.random.default_rng(0).normal(0, 0.02, 100_000).astype(np.float32)


def kinds(values, dtype=None):
    return {finding.kind for finding in findings(summarize_block(values, dtype), dtype or values.dtype.name)}


def test_ordinary_weights_are_not_odd():
    random = np.random.default_rng(1)
    assert kinds(NORMAL) == set()
    assert kinds(random.uniform(-1, 1, 100_000).astype(np.float32)) == set()
    assert kinds(NORMAL.astype(np.float16)) == set()
    assert kinds(np.ones(1000, np.float32)) == set(), "scales of norms"
    assert kinds(np.arange(1000)) == set(), "positions"
    assert kinds(1 + NORMAL / 1000) == set(), "the mean is far from 0, in standard deviations"
    assert kinds(np.array([], np.float32)) == kinds(np.array([1.0])) == set()


def test_nan_infinity_and_zeros_are_told():
    assert kinds(np.array([np.nan, 1, 2])) == {"nan"}
    assert kinds(np.array([np.inf, -np.inf, 1])) == {"inf"}
    assert kinds(np.zeros(5, np.int64)) == {"zero"}
    (found,) = findings(summarize_block(np.array([np.nan, np.nan, 1])), "float64")
    assert found.facts == {"count": 2, "of": 3}


@pytest.mark.parametrize("sign", [1, -1])
def test_one_value_far_from_all_others_is_told(sign):
    values = NORMAL.copy()
    values[77] = 3 * sign
    (found,) = findings(summarize_block(values), "float32")
    assert (found.kind, found.facts["value"]) == ("far_std", 3 * sign)
    assert found.facts["ratio"] == pytest.approx(3 / values.std(), rel=1e-3)


def test_a_heavy_tail_is_told_by_the_other_rule():
    values = NORMAL.copy()
    values[:400] = 3 * np.sign(values[:400])
    (found,) = findings(summarize_block(values), "float32")
    assert found.kind == "far_range" and abs(found.facts["value"]) == 3 and 30 < found.facts["ratio"] < 50


def test_integers_at_their_ends_are_saturated():
    wide = np.random.default_rng(2).normal(0, 80, 10_000)
    values = np.clip(wide, -128, 127).astype(np.int8)
    (found,) = findings(summarize_block(values), "int8")
    assert found.kind == "saturated"
    assert found.facts["high_share"] == np.mean(values == 127) and found.facts["min"] == -128
    assert kinds(np.clip(wide / 3, -128, 127).astype(np.int8)) == set()
    assert kinds(np.sign(wide).astype(np.int8)) == set(), "few levels are meant"


def test_clipped_floats_are_looked_at_and_others_are_not():
    clipped = np.clip(NORMAL, -0.03, 0.03)
    assert closer_look(summarize_block(clipped), "float32", 1).ends
    for values in (NORMAL, np.random.default_rng(3).uniform(-1, 1, 100_000).astype(np.float32), NORMAL**3):
        assert not closer_look(summarize_block(values), "float32", 1).ends


def test_rows_are_looked_at_where_zeros_could_fill_one():
    values = NORMAL.copy()
    values[:99] = 0
    assert not closer_look(summarize_block(values), "float32", 100).rows
    values[:100] = 0
    assert closer_look(summarize_block(values), "float32", 100).rows
    assert not closer_look(summarize_block(values), "float32", 1).rows, "a vector has none"
    assert not closer_look(summarize_block(values), "int32", 100).rows, "zeros of integers mean something"


@given(arrays(np.float32, st.integers(2, 40)), st.data())
def test_equal_numbers_share_their_digest_and_other_magnitudes_do_not(values, data):
    digest = content_digest(summarize_block(values), "float32")
    assert content_digest(summarize_block(values.copy()), "float32") == digest
    other = values.copy()
    other[data.draw(st.integers(0, len(other) - 1))] = 12345.0
    found = content_digest(summarize_block(other), "float32")
    assert found is None or found != digest or np.array_equal(np.sort(other), np.sort(values))


def test_constants_have_no_digest():
    assert content_digest(summarize_block(np.ones(9)), "float64") is None
    assert content_digest(summarize_block(np.array([np.nan])), "float64") is None


def test_what_was_counted_meanwhile_is_told_without_a_further_look():
    values = np.clip(NORMAL, -0.03, 0.5)
    (summary,) = summarize_whole(values[None], "float32", [100])
    assert not closer_look(summary, "float32", 100).ends
    (found,) = findings(summary, "float32", 100)
    assert found.kind == "saturated" and found.facts["low_share"] == np.mean(values == values.min())
    values = NORMAL.copy()
    values[:200] = 0
    (summary,) = summarize_whole(values[None], "float32", [100])
    assert not closer_look(summary, "float32", 100).rows
    (found,) = findings(summary, "float32", 100)
    assert (found.kind, found.facts) == ("dead_rows", {"count": 2, "of": 1000})
