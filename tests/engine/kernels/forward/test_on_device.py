"""What layers give in CUDA, run on the CPU: equal to the definitions but for the last bits."""

import numpy as np
import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.on_device import IN_PLACE, ON_DEVICE, function
from tensornaut.engine.kernels.forward.table import KERNELS

RANDOM = np.random.default_rng(0)
NUMBERS = np.concatenate([np.linspace(-12, 12, 995), [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(np.float32)
INF = np.float32(np.inf)


def some(*shape):
    return RANDOM.normal(0, 1, shape).astype(np.float32)


def check(name, *arrays, tolerance=1e-5, **settings):
    """Compares all results, infinities and NaN included."""
    with np.errstate(all="ignore"):
        expected, found = (f(*arrays, **settings) for f in (KERNELS[name].definition, function(name)))
    expected, found = (result if isinstance(result, tuple) else (result,) for result in (expected, found))
    for one, other in zip(expected, found, strict=True):
        assert (other.shape, other.dtype) == (one.shape, one.dtype)
        np.testing.assert_allclose(other, one, tolerance, tolerance)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *((name, {}) for name in ON_DEVICE if ON_DEVICE[name] == "activation_cupy" and name not in ("Clip", "PRelu")),
        ("Celu", {"alpha": 2.5}),
        ("Elu", {"alpha": 0.3}),
        ("Gelu", {"approximate": "tanh"}),
        ("HardSigmoid", {"alpha": 0.5, "beta": 0.1}),
        ("LeakyRelu", {"alpha": 0.2}),
        ("Silu", {"alpha": 1.5}),
        ("ThresholdedRelu", {"alpha": -1.0}),
    ],
)
def test_functions_of_one_number(gpu, name, settings):
    check(
        name,
        NUMBERS[:995] if name in ("Mish", "Gelu", "Softsign", "HardSwish", "Silu", "QuickGelu") else NUMBERS,
        **settings,
    )
    check(name, NUMBERS[1:996].reshape(5, 199), **settings)
    check(name, NUMBERS[:0], **settings)


def test_slopes_and_bounds(gpu):
    x = some(2, 3, 4, 5)
    for shape in ((1,), (3, 1, 1), (1, 3, 1, 1), (3, 4, 5), (5,), (2, 1, 1, 5)):
        check("PRelu", x, some(*shape))
    for low, high in ((None, None), (-0.5, None), (None, 0.25), (-0.5, 0.25)):
        check("Clip", x, *(None if b is None else np.array(b, np.float32) for b in (low, high)))


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 4), (4, 5)), ((70, 33), (33, 65)), ((2, 3, 9, 8), (8, 7)), ((5, 1, 3, 4), (2, 4, 6)), ((4,), (4, 3)),
     ((3, 4), (4,)), ((4,), (4,)), ((2, 0), (0, 3)), ((0, 4), (4, 2)), ((2, 3, 4), (4,))],
)  # fmt: skip
def test_products(gpu, a, b):
    check("MatMul", some(*a), some(*b))


def test_products_of_large_matrices(gpu):
    check("MatMul", some(513, 20), some(20, 530), tolerance=1e-4)


@pytest.mark.parametrize("turned", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_products_of_turned_matrices(gpu, turned):
    a, b = (some(*((k, n)[::-1] if t else (k, n))) for (k, n), t in zip(((40, 70), (70, 30)), turned, strict=True))
    check("Gemm", a, b, transA=turned[0], transB=turned[1])
    check("Gemm", a, b, some(30), alpha=0.5, beta=2.0, transA=turned[0], transB=turned[1])


@pytest.mark.parametrize("x", [(5,), (4, 5), (2, 3, 5), (0, 5), (520, 5)])
def test_layers_of_weights(gpu, x):
    check("Linear", some(*x), some(530, 5), some(530))
    check("Linear", some(*x), some(0, 5))
    check("Linear", some(*x[:-1], 0), some(3, 0), some(3))
    check("Linear", np.ones(x, np.int64), np.ones((2, 5), np.int64))


@pytest.mark.parametrize(
    ("name", "shapes", "settings"),
    [
        ("PRelu", ((2, 3), (4,)), {}),
        ("PRelu", ((2, 3), (2, 2, 3)), {}),
        ("MatMul", ((2, 3, 4), (3, 4, 5)), {}),
        ("MatMul", ((3, 4), (5, 4)), {}),
        ("Gemm", ((3, 4), (4, 5), (4,)), {}),
        ("Gemm", ((3, 4), (4, 5), (2, 3, 5)), {}),
        ("Linear", ((3, 4), (5, 3)), {}),
        ("Linear", ((3, 4), (5, 4), (4,)), {}),
        ("Linear", ((3, 4), (5, 4), (1,)), {}),
        ("LayerNormalization", ((2, 4), (3,)), {}),
        ("RMSNormalization", ((2, 4), (2, 2, 4)), {}),
        ("GroupNormalization", ((1, 4, 2), (3,), (3,)), {"num_groups": 2}),
        ("InstanceNormalization", ((4,), (4,), (4,)), {}),
        ("Attention", ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4), (2, 5)), {}),
    ],
)
def test_shapes_that_do_not_fit_are_refused_as_by_the_definition(gpu, name, shapes, settings):
    arrays = [some(*shape) for shape in shapes]
    for version in (KERNELS[name].definition, function(name)):
        with pytest.raises(InputError):
            version(*arrays, **settings)


@pytest.mark.parametrize(
    ("x", "weight", "settings"),
    [
        ((2, 3, 17), (4, 3, 5), {"pads": (2, 1), "strides": (2,)}),
        ((1, 1, 28, 28), (16, 1, 3, 3), {"pads": (1, 1, 1, 1)}),
        ((2, 6, 9, 11), (8, 3, 3, 2), {"group": 2, "dilations": (2, 1), "strides": (1, 3)}),
        ((1, 70, 6, 5), (70, 1, 3, 3), {"group": 70, "auto_pad": "SAME_UPPER"}),
        ((2, 20, 5, 6, 4), (3, 20, 2, 3, 2), {"pads": (0, 1, 0, 1, 0, 2)}),
        ((3, 80, 7, 7), (66, 80, 1, 1), {}),
    ],
)
def test_convolution(gpu, x, weight, settings):
    check("Conv", some(*x), some(*weight), some(weight[0]), tolerance=1e-4, **settings)
    check("Conv", some(*x), some(*weight), tolerance=1e-4, **settings)


@pytest.mark.parametrize("name", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((2, 3, 11), {"kernel_shape": (3,), "strides": (2,)}),
        ((1, 2, 9, 8), {"kernel_shape": (3, 2), "pads": (1, 0, 1, 1), "strides": (2, 2), "ceil_mode": 1}),
        ((2, 2, 7, 6, 5), {"kernel_shape": (2, 2, 3), "dilations": (1, 2, 1)}),
        ((1, 1, 5, 5), {"kernel_shape": (3, 3), "auto_pad": "SAME_LOWER"}),
    ],
)
def test_pooling(gpu, name, shape, settings):
    x = some(*shape)
    check(name, x, **settings)
    x.flat[7] = np.nan
    check(name, x, **settings)
    if name == "AveragePool":
        check(name, some(*shape), count_include_pad=1, **settings)


@pytest.mark.parametrize("name", ["GlobalAveragePool", "GlobalMaxPool"])
def test_pooling_of_everything(gpu, name):
    for shape in ((2, 3, 40), (1, 7, 5, 6), (3, 1, 2, 2, 2), (0, 3, 4)):
        check(name, some(*shape))


def test_norms(gpu):
    x = some(2, 6, 5, 4) * 3 + 1
    check("LayerNormalization", x, some(4), some(4))
    check("LayerNormalization", x, some(5, 4), some(4), axis=2, epsilon=0.1)
    check("LayerNormalization", x)
    check("RMSNormalization", x, some(4))
    check("RMSNormalization", x, some(6, 5, 4), axis=1)
    check("InstanceNormalization", x, some(6), some(6))
    check("GroupNormalization", x, some(6), some(6), num_groups=3)
    check("GroupNormalization", x, some(2), some(2), num_groups=2)
    check("BatchNormalization", x, some(6), some(6), some(6), np.abs(some(6)))
    check("BatchNormalization", x[..., 0, 0], some(6), some(6), some(6), np.abs(some(6)), epsilon=0.01)
    check("LayerNormalization", some(3, 700), some(700), some(700))


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax"])
def test_shares(gpu, name):
    for shape, axis in (((3, 5), -1), ((2, 70, 3), 1), ((4, 100), 0), ((7,), 0), ((2, 3, 0), 1)):
        check(name, some(*shape) * 20, axis=axis)
    check(name, some(2, 3, 4), axis=1, flattened=1)
    check(name, np.array([[1, -INF, 2], [-INF, 0, -INF]], np.float32))


@pytest.mark.parametrize(("queries", "keys", "heads", "shared"), [(5, 5, 4, 4), (7, 40, 6, 2), (1, 9, 2, 1)])
def test_attention(gpu, queries, keys, heads, shared):
    q, k, v = some(2, heads, queries, 8), some(2, shared, keys, 8), some(2, shared, keys, 6)
    check("Attention", q, k, v)
    check("Attention", q, k, v, is_causal=1, softcap=2.0, scale=0.7)
    check("Attention", q, k, v, some(queries, keys))
    check("Attention", q, k, v, RANDOM.random((2, 1, queries, keys)) < 0.5)
    flat = [array.transpose(0, 2, 1, 3).reshape(2, array.shape[2], -1) for array in (q, k, v)]
    check("Attention", *flat, q_num_heads=heads, kv_num_heads=shared)


def test_rows_of_a_table(gpu):
    places = np.array([[0, 4, -1], [2, 2, -5]])
    for table in (
        some(5, 8),
        some(5, 3),
        some(5, 7).astype(np.float16),
        np.arange(5) > 2,
        some(5, 2).astype(np.float64),
    ):
        check("Gather", table, places)
    check("Gather", some(3, 5, 4), places.astype(np.int32), axis=1)
    check("Gather", some(5, 4), np.array(3))
    with pytest.raises(InputError):
        function("Gather")(some(5, 4), np.array([5]))


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_numbers_of_other_types_are_computed_in_host_memory(gpu, dtype):
    def numbers(*shape):
        return (some(*shape) * 9).astype(dtype)

    check("Relu", numbers(3, 4))
    check("PRelu", numbers(3, 4), numbers(4))
    check("Clip", numbers(3, 4), some(1), None)
    check("MatMul", numbers(3, 4), numbers(4, 2))
    check("Gemm", some(3, 4), some(4, 2), numbers(2), tolerance=1e-4)
    check("Conv", some(1, 2, 6), some(3, 2, 3), numbers(3), tolerance=1e-4)
    check("MaxPool", numbers(1, 2, 6, 5), kernel_shape=(2, 3), pads=(0, 1, 0, 1))
    check("LayerNormalization", some(3, 4), numbers(4))
    check("BatchNormalization", some(3, 4), numbers(4), some(4), some(4), np.abs(some(4)))
    check("Gather", numbers(3, 4), np.array([1, 0]))
    if dtype == np.float64:
        for name in ("Gelu", "LayerNormalization", "Softmax"):
            check(name, numbers(3, 4))
        check("AveragePool", numbers(1, 2, 6), kernel_shape=(2,))
        check("Attention", *(numbers(1, 2, 3, 4) for _ in range(3)))


def test_more_axes_than_three_are_computed_in_host_memory(gpu):
    x = some(1, 2, 3, 3, 3, 3)
    check("Conv", x, some(2, 2, 2, 2, 2, 2), tolerance=1e-4)
    for name in ("MaxPool", "AveragePool"):
        check(name, x, kernel_shape=(2, 2, 2, 2), pads=(1, 0, 0, 0, 0, 0, 0, 1))


def test_other_kernels_go_by_the_definition(gpu):
    assert set(ON_DEVICE) | IN_PLACE <= set(KERNELS) and not set(ON_DEVICE) & IN_PLACE
    for name, arrays in (
        ("Add", (some(2, 3), some(3))),
        ("Transpose", (some(2, 3),)),
        ("TopK", (some(7), np.array([3]))),
        ("Reshape", (some(2, 3), np.array([-1]))),
        ("ReduceMean", (some(2, 3),)),
    ):
        check(name, *arrays)
