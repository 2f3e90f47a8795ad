"""Programs on a GPU, here run on the CPU: every layer's output equals that of the definitions."""

import numpy as np
from tensornaut.engine.runners.feeding import made
from tensornaut.engine.runners.run import Runner, on_host
from tensornaut.loaders.open import open_network
from tensornaut.scenes.programs import program_of


def test_the_demo_model_gives_the_same_numbers(gpu, checkout):
    program = program_of(open_network(checkout / "assets" / "demo" / "digits.onnx"))
    inputs = {feed.name: made(feed, 1) for feed in program.inputs}
    here, there = Runner(program).run(inputs), Runner(program, cuda=True).run(inputs)
    assert [output.name for output in there.outputs] == [output.name for output in here.outputs]
    assert not there.skipped
    for one, other in zip(here.outputs, there.outputs, strict=True):
        np.testing.assert_allclose(other.array, one.array, 1e-5, 1e-5, err_msg=one.name)


def test_outputs_come_to_host_memory_only_from_a_gpu(gpu, cuda):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert on_host(array) is array
    np.testing.assert_array_equal(on_host(cuda.Interface(array)), array, strict=True)
