"""OpenGL without a window, by EGL: a context with a surface of 16 x 16 pixels that nobody sees.

EGL is called directly: what vispy would import on the way takes longer than drawing the first picture.
Source: https://registry.khronos.org/EGL/specs/eglspec.1.5.pdf, EGL_MESA_platform_surfaceless.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from ctypes import CDLL, Array, byref, c_int32, c_uint32, c_void_p
from functools import cache

__all__ = ["EglError", "EglSurface"]

SIDE_PX = 16
NONE = 0x3038
OPENGL_API = 0x30A2
PLATFORM_SURFACELESS = 0x31DD
WIDTH, HEIGHT = 0x3057, 0x3056
WANTED = {  # attribute: value, of the configuration
    0x3024: 8,  # red
    0x3023: 8,  # green
    0x3022: 8,  # blue
    0x3021: 8,  # alpha
    0x3033: 0x0001,  # surface type: pbuffer
    0x3040: 0x0008,  # renderable type: OpenGL
}
SIGNATURES = {  # function: result, arguments
    "eglBindAPI": (c_uint32, c_uint32),
    "eglChooseConfig": (c_uint32, c_void_p, c_void_p, c_void_p, c_int32, c_void_p),
    "eglCreateContext": (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p),
    "eglCreatePbufferSurface": (c_void_p, c_void_p, c_void_p, c_void_p),
    "eglDestroyContext": (c_uint32, c_void_p, c_void_p),
    "eglDestroySurface": (c_uint32, c_void_p, c_void_p),
    "eglGetCurrentContext": (c_void_p,),
    "eglGetDisplay": (c_void_p, c_void_p),
    "eglGetError": (c_int32,),
    "eglGetPlatformDisplay": (c_void_p, c_uint32, c_void_p, c_void_p),
    "eglInitialize": (c_uint32, c_void_p, c_void_p, c_void_p),
    "eglMakeCurrent": (c_uint32, c_void_p, c_void_p, c_void_p, c_void_p),
    "eglTerminate": (c_uint32, c_void_p),
}


class EglError(Exception):
    """EGL is missing, or gives no display or no OpenGL."""


class EglSurface:
    """A new OpenGL context, current from the start. Raises EglError."""

    def __init__(self) -> None:
        self._egl, self._display = _library(), _display()
        config, count = c_void_p(), c_int32()
        wanted = _attributes([number for pair in WANTED.items() for number in pair])
        self._must(self._egl.eglBindAPI(OPENGL_API), "OpenGL")
        self._egl.eglChooseConfig(self._display, wanted, byref(config), 1, byref(count))
        self._must(count.value, "configuration")
        self._context = self._must(self._egl.eglCreateContext(self._display, config, None, None), "context")
        size = _attributes([WIDTH, SIDE_PX, HEIGHT, SIDE_PX])
        self._surface = self._must(self._egl.eglCreatePbufferSurface(self._display, config, size), "surface")
        self.set_current()

    def set_current(self) -> None:
        """Binds the context to this thread."""
        self._must(self._egl.eglMakeCurrent(self._display, self._surface, self._surface, self._context), "context")

    def close(self) -> None:
        """Frees the context. Another that is current stays so."""
        if self._egl.eglGetCurrentContext() == self._context:
            self._egl.eglMakeCurrent(self._display, None, None, None)
        self._egl.eglDestroySurface(self._display, self._surface)
        self._egl.eglDestroyContext(self._display, self._context)

    def _must(self, result: int | None, what: str) -> int:
        if not result:
            raise EglError(f"EGL gives no {what}: 0x{self._egl.eglGetError():04X}")
        return result


def _attributes(numbers: Sequence[int]) -> Array[c_int32]:
    return (c_int32 * (len(numbers) + 1))(*numbers, NONE)


@cache
def _library() -> CDLL:
    """libEGL with typed functions; libGL, where the contexts' functions stand, is there too. Raises EglError."""
    from OpenGL import platform

    if platform.PLATFORM.GL is None:
        raise EglError("libGL cannot be loaded")
    try:
        egl = platform.PLATFORM.EGL
        for name, (result, *arguments) in SIGNATURES.items():
            function = getattr(egl, name)
            function.restype, function.argtypes = result, arguments
    except (ImportError, AttributeError) as error:  # no library, no function of that name
        raise EglError("libEGL cannot be loaded") from error
    return egl


@cache
def _display() -> int:
    """The display, initialized until the process ends. Mesa without a display answers only as `surfaceless`, so that is
    tried second. Raises EglError."""
    egl = _library()
    screen = os.environ.pop("DISPLAY", None)  # of another machine, it would lead there; here nothing is to be shown
    try:
        display = egl.eglGetDisplay(None)
    finally:
        if screen is not None:
            os.environ["DISPLAY"] = screen
    if not (display and egl.eglInitialize(display, None, None)):
        display = egl.eglGetPlatformDisplay(PLATFORM_SURFACELESS, None, None)
        if not (display and egl.eglInitialize(display, None, None)):
            raise EglError(f"EGL gives no display: 0x{egl.eglGetError():04X}")
    atexit.register(egl.eglTerminate, display)
    return display
