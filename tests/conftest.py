"""What every test stands on: the checkout's files, no window on anybody's desktop, repeatable random inputs on CI.

And homes for processes that tests start: `cold`, an empty one, and `warm`, in which all kernels were compiled.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent
NOT_OURS = {
    ".git",
    ".venv",
    "build",
    "dist",
    "__pycache__",
    ".hypothesis",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
}

COMPILE = """
import time
from tensornaut.engine.kernel_cache import Compilation
compilation = Compilation()
while not compilation.is_done():
    time.sleep(0.05)
assert not compilation.failed
"""

settings.register_profile("tensornaut", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tensornaut")

for variable in ("DISPLAY", "WAYLAND_DISPLAY"):  # tests that need a display start their own
    os.environ.pop(variable, None)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="module")
def context():
    """An OpenGL context without a window."""
    from tensornaut.engine.gpu import Context, GraphicsError

    try:
        made = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def project_files() -> list[str]:
    """The project's files relative to the checkout, sorted: those that git tracks, without git all."""
    try:
        listing = subprocess.check_output(["git", "ls-files", "-z"], cwd=CHECKOUT, stderr=subprocess.DEVNULL)
        names = [name for name in listing.decode().split("\0") if name and (CHECKOUT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        names = list(_walk())
    return sorted(names)


def _walk():
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(".egg-info")]
        yield from (Path(folder, name).relative_to(CHECKOUT).as_posix() for name in files)


def _environment_in(home):
    """Variables of a process whose home is `home`; nothing of ours or numba's is inherited."""
    ours = ("TENSORNAUT_", "NUMBA_", "XDG_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**variables, "HOME": str(home)}


@pytest.fixture
def cold(tmp_path):
    """Variables of processes in an empty home."""
    return _environment_in(tmp_path)


@pytest.fixture(scope="session")
def warm(tmp_path_factory):
    """Variables of processes in a home where a worker has compiled all kernels."""
    variables = _environment_in(tmp_path_factory.mktemp("home"))
    subprocess.run([sys.executable, "-c", COMPILE], env=variables, check=True, timeout=300)
    return variables


@pytest.fixture
def python():
    """Runs a script in a process of its own, gives what it printed."""

    def run(code, variables, *arguments, cwd=None):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, env=variables, cwd=cwd, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
