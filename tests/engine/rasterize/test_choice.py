import subprocess
import sys

from tensornaut.engine.rasterize import choose


def test_the_compiled_rasterizer_is_chosen_when_it_may_be():
    assert (choose(2).name, choose(2).threads) == ("numba", 2)
    assert choose(2, compiled=False).name == "numpy"


def test_the_definition_needs_neither_numba_nor_opengl():
    code = (
        "import sys; from tensornaut.engine.rasterize import choose; choose(compiled=False);"
        "sys.exit(any(name in sys.modules for name in ('numba', 'OpenGL', 'vispy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
