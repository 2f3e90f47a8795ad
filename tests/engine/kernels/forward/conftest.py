"""A second implementation to compare with: onnxruntime."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="comparing kernels needs onnx (pip install onnx)")
onnxruntime = pytest.importorskip("onnxruntime", reason="comparing kernels needs onnxruntime (pip install onnxruntime)")


def _model(kind, arrays, outputs, opset, attributes):
    from onnx import helper

    names = [f"in{k}" if array is not None else "" for k, array in enumerate(arrays)]
    node = helper.make_node(kind, names, [f"out{k}" for k in range(outputs)], **attributes)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, arrays, strict=True)
        if name
    ]
    results = [onnx.ValueInfoProto(name=f"out{k}") for k in range(outputs)]
    graph = helper.make_graph([node], "one", inputs, results)
    fed = {name: np.asarray(array) for name, array in zip(names, arrays, strict=True) if name}
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9), fed


def _run(model, fed):
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, fed)


@pytest.fixture(scope="session")
def onnx_says():
    """says(kind, *arrays, outputs=1, opset=20, **attributes): what ONNX's operator gives; a list for many outputs."""

    def says(kind, *arrays, outputs=1, opset=20, **attributes):
        found = _run(*_model(kind, arrays, outputs, opset, attributes))
        return found[0] if outputs == 1 else found

    return says


@pytest.fixture(scope="session")
def same():
    """same(found, expected): of one shape and type, and equal to 1e-5 of the largest number."""

    def check(found, expected):
        found, expected = np.asarray(found), np.asarray(expected)
        assert found.shape == expected.shape and found.dtype == expected.dtype
        if expected.dtype.kind != "f":
            assert np.array_equal(found, expected)
            return
        finite = np.isfinite(expected)
        scale = max(1.0, float(np.abs(expected[finite]).max(initial=0)))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * scale)

    return check


@pytest.fixture(scope="session")
def versions():
    """versions(kernel): the definition, and the compiled function where there is one."""
    from tensornaut.engine.kernel_cache import use_cache
    from tensornaut.engine.kernels.forward.table import KERNELS

    use_cache()

    def of(name):
        kernel = KERNELS[name]
        return [kernel.definition, kernel.fast] if kernel.compiled else [kernel.definition]

    return of
