"""Attention as torch makes it: heads that share keys, masks, causal order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.attention import attention


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


@settings(max_examples=30)
@given(
    st.integers(1, 2), st.integers(1, 3), *[st.integers(1, 6)] * 3, st.booleans(), st.sampled_from(["", "bool", "add"])
)
def test_all_of_it(same, heads, share, queries, keys, width, causal, mask_kind):
    torch = pytest.importorskip("torch", reason="the second implementation is torch's")
    query = numbers(1, 2, heads * share, queries, width)
    key, value = numbers(2, 2, heads, keys, width), numbers(3, 2, heads, keys, width + 1)
    mask = None
    if not causal and mask_kind == "bool":
        mask = np.random.default_rng(4).random((queries, keys)) < 0.7
        mask[:, 0] = True
    elif not causal and mask_kind == "add":
        mask = numbers(5, 2, 1, queries, keys)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (query, key, value)),
        attn_mask=None if mask is None else torch.from_numpy(mask),
        is_causal=causal,
        enable_gqa=True,
    )
    mixed, weights = attention(query, key, value, mask, is_causal=int(causal))
    same(mixed, expected.numpy())
    assert weights.shape == (2, heads * share, queries, keys)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)


def test_three_axes_are_heads_side_by_side(same):
    query, key, value = (numbers(k, 2, 5, 6) for k in range(3))
    parted = [x.reshape(2, 5, 3, 2).transpose(0, 2, 1, 3) for x in (query, key, value)]
    mixed, weights = attention(query, key, value, q_num_heads=3, kv_num_heads=3)
    expected, expected_weights = attention(*parted)
    same(mixed, expected.transpose(0, 2, 1, 3).reshape(2, 5, 6))
    same(weights, expected_weights)


def test_a_query_that_may_look_at_nothing_mixes_nothing():
    query, key, value = (numbers(k, 1, 1, 2, 3) for k in range(3))
    mixed, weights = attention(query, key, value, np.zeros((2, 2), bool))
    assert not mixed.any() and not weights.any()


def test_shapes_that_do_not_fit_are_refused():
    x = numbers(0, 1, 3, 4, 5)
    with pytest.raises(InputError):
        attention(x, x[:, :2], x[:, :2])
    with pytest.raises(InputError):
        attention(x, x[..., :2], x)
    with pytest.raises(InputError):
        attention(x[0], x[0], x[0], q_num_heads=2, kv_num_heads=2)
