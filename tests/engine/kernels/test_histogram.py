import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels.histogram import histogram
from tensornaut.engine.kernels.summarize import summarize_block


@given(arrays(np.float16, st.integers(1, 60)), st.integers(1, 70))
def test_exact_for_small_types(values, bins):
    finite = values[np.isfinite(values)].astype(np.float64)
    found = histogram(summarize_block(values), bins)
    if not len(finite):
        assert found is None
        return
    edges, counts = found
    assert edges[0] == finite.min() and edges[-1] == finite.max()
    if finite.min() < finite.max():
        assert counts.tolist() == np.histogram(finite, edges)[0].tolist()
    else:
        assert counts.tolist() == [len(finite)]


@given(arrays(np.float64, st.integers(1, 60)), st.integers(1, 70))
def test_counts_add_up_for_large_types(values, bins):
    found = histogram(summarize_block(values), bins)
    finite = values[np.isfinite(values)]
    if len(finite) and np.isfinite(finite.max() - finite.min()):
        assert found[1].sum() == len(finite) and (found[1] >= 0).all()
        assert len(found[0]) == len(found[1]) + 1 and (np.diff(found[0]) >= 0).all()
    else:
        assert found is None


def test_close_to_the_real_one_for_weights():
    values = np.random.default_rng(0).normal(0.01, 0.02, 200_000).astype(np.float32)
    edges, counts = histogram(summarize_block(values), 64)
    expected = np.histogram(values.astype(np.float64), edges)[0]
    assert np.abs(counts - expected).max() < 0.02 * expected.max()
    assert np.abs(np.cumsum(counts) - np.cumsum(expected)).max() < 0.005 * len(values)
