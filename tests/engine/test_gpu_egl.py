"""OpenGL without a window: wherever a display is said to be, without vispy; one line where a library is missing."""

import os

import pytest
from tensornaut.engine.gpu import Context

pytestmark = pytest.mark.gl
OFFSCREEN = """
import os, sys
from tensornaut.engine.gpu import Context, GraphicsError
try:
    context = Context.offscreen()
except GraphicsError as error:
    print(error.key, "|", error)
else:
    print("drawn by", context.renderer, os.environ.get("DISPLAY"))
    context.close()
"""


@pytest.mark.parametrize("display", ["", ":4711", "nowhere.invalid:0"])
def test_it_asks_no_display_and_leaves_the_variable(context, cold, python, display):
    printed = python(OFFSCREEN, {**cold, "DISPLAY": display})
    assert printed == f"drawn by {context.renderer} {display}\n"


def test_it_loads_neither_vispy_nor_all_of_pyopengl(context, cold, python):
    loaded = set(python(OFFSCREEN + "print(*sys.modules)", cold).split())
    assert "OpenGL.raw.GL.VERSION.GL_3_3" in loaded
    assert not loaded & {"vispy", "OpenGL.GL", "OpenGL.EGL"}


@pytest.mark.parametrize(
    "names", [("libEGL.so", "libEGL.so.1"), ("libGL.so", "libGL.so.1", "libOpenGL.so", "libOpenGL.so.0")]
)
def test_a_missing_library_is_one_line(cold, python, tmp_path, names):
    """Files of the libraries' names that are no libraries stand before the real ones."""
    for name in (*names, "libGLESv2.so", "libGLESv2.so.2", "libGLESv1_CM.so", "libGLESv1_CM.so.1"):
        (tmp_path / name).write_text("no library")
    printed = python(OFFSCREEN, {**cold, "LD_LIBRARY_PATH": str(tmp_path)})
    assert printed.startswith("no_egl | found no OpenGL without a window") and printed.count("\n") == 1


def test_closing_one_context_leaves_another_current(context):
    other = Context.offscreen()
    context.make_current()
    other.close()
    assert context.gl.glGetString(context.gl.GL_RENDERER) == context.renderer.encode()


def test_contexts_come_and_go(context):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        Context.offscreen().close()
    assert len(os.listdir("/proc/self/fd")) <= before
    context.make_current()
