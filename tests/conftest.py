"""What every test stands on: the checkout's files, no window on anybody's desktop, repeatable random inputs on CI."""

import os
import subprocess
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
