import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tensornaut.engine.kernels.pyramid import pyramid_of


@given(arrays(np.float32, st.tuples(st.integers(0, 20), st.integers(0, 20))))
def test_every_block_has_the_mean_and_extremes_of_its_finite_numbers(matrix):
    level = pyramid_of(matrix)
    assert level.mean.shape == tuple(-(-side // 8) for side in matrix.shape)
    for (i, j), mean in np.ndenumerate(level.mean):
        block = matrix[8 * i : 8 * i + 8, 8 * j : 8 * j + 8].astype(np.float64)
        finite = block[np.isfinite(block)]
        if not len(finite):
            assert np.isnan([mean, level.min[i, j], level.max[i, j]]).all()
            continue
        assert (level.min[i, j], level.max[i, j]) == (finite.min(), finite.max())
        assert np.isclose(mean, finite.mean(), rtol=1e-12, atol=1e-12 * np.abs(finite).max())
