"""Which version of a kernel a process uses, in processes of their own: what was imported stays."""

from tensornaut.engine.kernel_choice import VERSIONS, KernelChoice

FUNCTIONS = {
    "colorize": "block_means",
    "cut": "cut",
    "decode": "decode",
    "norms": "norms_of",
    "outliers": "outliers_of",
    "pyramid": "pyramid_of",
    "rasterize": "Rasterizer",
    "summarize": "summarize_block",
    "summarize_matrix": "summarize_run",
}
SHOW = """
import sys, time
from tensornaut.engine.kernel_choice import WORTH, KernelChoice
choice = KernelChoice()
"""


def test_both_versions_of_every_kernel_offer_the_same(python, warm):
    code = SHOW + "from importlib import import_module\n"
    code += f"for names in {list(VERSIONS.values())}:\n"
    code += "    print([import_module('tensornaut.engine' + name).__all__ for name in names])"
    for name, line in zip(VERSIONS, python(code, warm).splitlines(), strict=True):
        assert line.count(FUNCTIONS[name]) >= 2


def test_little_work_imports_nothing_and_much_work_the_compiled_kernel(python, warm):
    code = """
before = choice.version("cut", WORTH // 2).__name__, "numba" in sys.modules
after = choice.version("cut", WORTH).__name__, "numba" in sys.modules
print(*before, *after)
"""
    kernels = "tensornaut.engine.kernels"
    assert python(SHOW + code, warm).split() == [f"{kernels}.cut", "False", f"{kernels}.cut_numba", "True"]


def test_a_second_frame_brings_the_compiled_kernels_without_waiting_for_them(python, warm):
    code = """
choice.begin_frame()
assert "numba" not in sys.modules
choice.begin_frame()
first = choice.version("cut", 1).__name__
end = time.monotonic() + 60
while choice.version("cut", 1).__name__ == first and time.monotonic() < end:
    time.sleep(0.01)
print(first, choice.version("cut", 1).__name__, choice.is_compiled("cut"))
"""
    assert [name.rpartition(".")[2] for name in python(SHOW + code, warm).split()] == ["cut", "cut_numba", "True"]


def test_a_machine_without_numba_draws_with_the_definitions_and_asks_once(python, cold, tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('no numba')\n")
    code = """
choice.begin_frame(), choice.begin_frame()
worker, end = choice._compilation, time.monotonic() + 60
while not worker.failed and time.monotonic() < end:
    time.sleep(0.01)
    choice.begin_frame()
choice.begin_frame()
print(choice._compilation is worker, worker.failed, choice.version("cut", 10 * WORTH).__name__.rpartition(".")[2])
"""
    variables = {**cold, "PYTHONPATH": str(tmp_path)}
    assert python(SHOW + code, variables) == "True True cut\n"


def test_no_work_is_no_reason_for_anything():
    assert KernelChoice().version("summarize", 0).__name__ == "tensornaut.engine.kernels.summarize"
