"""The cache of compiled kernels, in processes of their own: an empty home, a warm one, one that cannot be written."""

import os
import shutil
from pathlib import Path

READY = """
import sys
from tensornaut.engine import kernel_cache
print(kernel_cache.kernels_are_ready(), 'numba' in sys.modules)
"""
FOLDER = "from tensornaut.engine import kernel_cache; print(kernel_cache._folder())"
ONE_KERNEL = """
from tensornaut.engine import kernel_cache
kernel_cache.use_cache()
import tensornaut.engine.rasterize.nearest_numba
from pathlib import Path
print(kernel_cache._folder(), len(list(kernel_cache._folder().rglob("*.nbi"))))
"""


def test_ready_after_compiling_and_asked_without_importing_numba(python, cold, warm):
    assert python(READY, cold) == "False False\n"
    assert python(READY, warm) == "True False\n"


def test_loading_ready_kernels_compiles_nothing(python, warm):
    """Whatever is compiled is also written: the cache stays as it is."""
    folder = Path(python(FOLDER, warm).strip())
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")}
    names = ["cut_numba", "colorize_numba"]
    code = "from tensornaut.engine.kernel_choice import KernelChoice, VERSIONS\nchoice = KernelChoice()\n"
    code += "print(all(choice.version(name, 10**9).__name__.endswith(('numba', 'compiled')) for name in VERSIONS))"
    assert python(code, warm) == "True\n"
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")} == before
    assert all(any(name in path.name for path in before) for name in names)


def test_two_workers_may_compile_at_once_where_the_person_wants_it(python, cold, tmp_path):
    code = """
from tensornaut.engine import kernel_cache
from tensornaut.engine.workers import Workers
with Workers(2) as workers:
    for job in [workers.submit("compile", {}) for _ in range(2)]:
        job.result()
print(kernel_cache.kernels_are_ready(), kernel_cache._folder())
"""
    chosen = tmp_path / "chosen"
    assert python(code, {**cold, "NUMBA_CACHE_DIR": str(chosen)}) == f"True {chosen}\n"
    assert list(chosen.rglob("cut_numba*.nbc"))
    assert not [path for path in tmp_path.rglob("*.nbi") if chosen not in path.parents]


def test_kernels_of_another_setting_are_not_ready(python, warm):
    assert python(READY, {**warm, "NUMBA_OPT": "1"}) == "False False\n"


def test_a_changed_source_has_a_cache_of_its_own(python, cold, checkout, tmp_path):
    """Constants of one file are compiled into the kernels of another; numba's cache does not look at those."""
    package = tmp_path / "tensornaut"
    for folder in ("engine", "loaders", "scenes", "shaders"):
        shutil.copytree(checkout / folder, package / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(checkout / "__init__.py", package)
    variables = {**cold, "PYTHONPATH": str(tmp_path)}
    first = python(FOLDER, variables)
    assert python(FOLDER, variables) == first
    os.utime(package / "engine" / "rasterize" / "sprites.py")
    assert python(FOLDER, variables) != first


def test_a_home_that_cannot_be_written_is_no_obstacle(python, cold, tmp_path):
    (tmp_path / "file").touch()
    folder, count = python(ONE_KERNEL, {**cold, "HOME": str(tmp_path / "file")}).split()
    assert int(count) > 0
    assert not os.path.exists(folder), "temporary folders go with the process"


def test_an_inherited_cache_of_ours_gives_way_to_the_own_home(python, warm, cold):
    inherited = python(FOLDER, warm).strip()
    assert python(FOLDER, {**cold, "NUMBA_CACHE_DIR": inherited}).strip() != inherited
