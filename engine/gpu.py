"""The OpenGL context and the few objects that painters need: programs, instanced geometry, textures, targets.

vispy makes the context (egl headless, glfw in a window) and delivers events; all hot drawing is PyOpenGL.
One process uses EGL or GLX, never both. Every pass leaves program 0 and vertex array 0 bound.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .kernels.errors import InputError

if TYPE_CHECKING:
    from vispy import app

__all__ = ["Context", "GraphicsError", "Instances", "Program", "Target", "Texture", "draw_full_screen", "read_pixels"]

SHADERS = Path(__file__).resolve().parent.parent / "shaders"


class GraphicsError(InputError):
    """OpenGL is missing, too old, or reported a fault."""


class Context:
    """An OpenGL context with its programs.

    Make one by `Context.offscreen()` or, for a window, from a vispy canvas of the glfw backend. Host side only;
    a context belongs to the thread that made it.
    """

    def __init__(self, canvas: app.Canvas, platform: str) -> None:
        import OpenGL

        OpenGL.ERROR_CHECKING = False  # asking after every call is slow; `check` asks once a pass
        from OpenGL import GL

        self.canvas = canvas
        self.platform = platform  # "egl" or "glfw"
        self.gl = GL
        self._programs: dict[tuple[str, str], Program] = {}
        canvas.set_current()
        version = (GL.glGetString(GL.GL_VERSION) or b"").decode("ascii", "replace")
        numbers = version.split(" ")[0].split(".")
        if len(numbers) < 2 or (int(numbers[0]), int(numbers[1])) < (3, 3):
            raise GraphicsError("OpenGL", "opengl_too_old", found=version or "-")
        self.version = version
        self.renderer = (GL.glGetString(GL.GL_RENDERER) or b"").decode("ascii", "replace")

    @classmethod
    def offscreen(cls) -> Context:
        """A context without a window, by EGL.

        Raises GraphicsError when libEGL is missing or gives no display.
        """
        return cls(_egl_canvas(), "egl")

    @cached_property
    def is_software(self) -> bool:
        """True when the driver draws on the CPU."""
        return any(name in self.renderer.lower() for name in ("llvmpipe", "softpipe", "swrast", "software"))

    def program(self, vertex: str, fragment: str = "") -> Program:
        """The program of shaders/VERTEX.vert and FRAGMENT.frag (by default of the same stem), compiled once."""
        key = (vertex, fragment or vertex)
        if key not in self._programs:
            self._programs[key] = Program(*key)
        return self._programs[key]

    def make_current(self) -> None:
        """Binds the context to this thread and clears vispy's idea of the state."""
        self.canvas.set_current()

    def check(self, where: str) -> None:
        """Raises GraphicsError when OpenGL has reported a fault since the last check."""
        if faults := _faults(self.gl):
            raise GraphicsError("OpenGL", "opengl_fault", found=", ".join(faults), where=where)

    def close(self) -> None:
        """Frees the context and all that lives in it."""
        self._programs.clear()
        self.canvas.close()


def _faults(gl: Any) -> list[str]:
    """Codes of the faults since this was last asked, at most 16."""
    codes = iter(gl.glGetError, gl.GL_NO_ERROR)
    return [f"0x{int(code):04X}" for code in itertools.islice(codes, 16)]


def _egl_canvas() -> app.Canvas:
    """A 16 x 16 vispy canvas on EGL; Mesa without a display answers only as `surfaceless`, so that is tried second."""
    os.environ["PYOPENGL_PLATFORM"] = "egl"
    backend_name = "vispy.app.backends._egl"
    backend = importlib.import_module(backend_name)
    if not backend.available and "EGL_PLATFORM" not in os.environ:
        os.environ["EGL_PLATFORM"] = "surfaceless"
        for name in (backend_name, "vispy.ext.egl"):
            sys.modules.pop(name, None)
        backend = importlib.import_module(backend_name)
    if not backend.available:
        raise GraphicsError("OpenGL", "no_egl", found=str(backend.why_not) or "-")
    from vispy import app

    # dpi is given, as vispy would ask a program of the display and print what that complains about.
    return app.Canvas(app=app.Application("egl"), size=(16, 16), show=False, dpi=96)


class Program:
    """A linked GLSL program. `use` sets uniforms by name: float, int, vectors, (4, 4) and (3, 3) matrices as arrays."""

    def __init__(self, vertex: str, fragment: str) -> None:
        from OpenGL import GL

        self._gl = GL
        self.id = GL.glCreateProgram()
        for name, kind in ((f"{vertex}.vert", GL.GL_VERTEX_SHADER), (f"{fragment}.frag", GL.GL_FRAGMENT_SHADER)):
            shader = GL.glCreateShader(kind)
            GL.glShaderSource(shader, _shader_text(name))
            GL.glCompileShader(shader)
            if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
                log = GL.glGetShaderInfoLog(shader)
                raise GraphicsError("OpenGL", "shader_fault", found=f"{name}: {_text(log)}")
            GL.glAttachShader(self.id, shader)
            GL.glDeleteShader(shader)
        GL.glLinkProgram(self.id)
        if not GL.glGetProgramiv(self.id, GL.GL_LINK_STATUS):
            log = GL.glGetProgramInfoLog(self.id)
            raise GraphicsError("OpenGL", "shader_fault", found=f"{vertex}, {fragment}: {_text(log)}")
        self._locations: dict[str, int] = {}

    def use(self, **uniforms: Any) -> None:
        """Binds the program and sets uniforms."""
        gl = self._gl
        gl.glUseProgram(self.id)
        for name, value in uniforms.items():
            location = self._locations.get(name)
            if location is None:
                location = self._locations[name] = gl.glGetUniformLocation(self.id, name)
            if isinstance(value, (bool, int, np.integer)):
                gl.glUniform1i(location, int(value))
                continue
            data = np.asarray(value, np.float32)
            if data.ndim == 0:
                gl.glUniform1f(location, float(data))
            elif data.shape == (4, 4):
                gl.glUniformMatrix4fv(location, 1, gl.GL_TRUE, data)
            elif data.shape == (3, 3):
                gl.glUniformMatrix3fv(location, 1, gl.GL_TRUE, data)
            elif data.ndim == 2:
                getattr(gl, f"glUniform{data.shape[1]}fv")(location, data.shape[0], data)
            else:
                getattr(gl, f"glUniform{data.shape[0]}fv")(location, 1, data)


def _shader_text(file_name: str) -> str:
    """Text of a shader file with the `#version` line in front and `#include "x.glsl"` lines replaced."""
    lines = ["#version 330"]
    for line in (SHADERS / file_name).read_text("utf-8").splitlines():
        if line.startswith("#include "):
            lines.extend((SHADERS / line.split('"')[1]).read_text("utf-8").splitlines())
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _text(log: bytes | str) -> str:
    text = log.decode("utf-8", "replace") if isinstance(log, bytes) else log
    return " ".join(text.split())[:500]


class Instances:
    """Rows of a structured array drawn as instances: each field is a per-instance attribute of the same name.

    The vertex shader makes its corners from gl_VertexID. Fields are float32 (1 to 4 of them) or uint8 x 4 (normalized).
    """

    def __init__(self, program: Program, dtype: np.dtype) -> None:
        from OpenGL import GL

        self._gl = GL
        self._dtype = np.dtype(dtype)
        self._array = GL.glGenVertexArrays(1)
        self._buffer = GL.glGenBuffers(1)
        self.count = 0
        GL.glBindVertexArray(self._array)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        for name, (field, offset, *_) in (self._dtype.fields or {}).items():
            location = GL.glGetAttribLocation(program.id, name)
            if location < 0:
                continue
            base, shape = field.subdtype or (field, ())
            width = shape[0] if shape else 1
            kind, normalized = (GL.GL_UNSIGNED_BYTE, True) if base == np.uint8 else (GL.GL_FLOAT, False)
            GL.glVertexAttribPointer(
                location, width, kind, normalized, self._dtype.itemsize, GL.ctypes.c_void_p(offset)
            )
            GL.glEnableVertexAttribArray(location)
            GL.glVertexAttribDivisor(location, 1)
        GL.glBindVertexArray(0)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)

    def upload(self, rows: np.ndarray) -> None:
        """Takes (n,) rows of the dtype given at the start, host memory."""
        gl = self._gl
        rows = np.ascontiguousarray(rows, self._dtype)
        self.count = len(rows)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._buffer)
        gl.glBufferData(gl.GL_ARRAY_BUFFER, rows.nbytes, rows, gl.GL_STREAM_DRAW)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, 0)

    def draw(self, vertices: int = 4, strip: bool = True) -> None:
        """Draws `vertices` corners for each row with the program in use: one strip, or separate triangles."""
        if not self.count:
            return
        gl = self._gl
        gl.glBindVertexArray(self._array)
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP if strip else gl.GL_TRIANGLES, 0, vertices, self.count)
        gl.glBindVertexArray(0)

    def close(self) -> None:
        """Frees the GPU memory."""
        self._gl.glDeleteVertexArrays(1, [self._array])
        self._gl.glDeleteBuffers(1, [self._buffer])


class Texture:
    """A 2-D texture of (height, width, channels) uint8 or float32 arrays, channels 1 to 4. Row 0 has t = 0."""

    def __init__(self, smooth: bool = True, mipmaps: bool = False) -> None:
        from OpenGL import GL

        self._gl = GL
        self.id = GL.glGenTextures(1)
        self._mipmaps = mipmaps
        self._shape: tuple[int, ...] = ()
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.id)
        near = GL.GL_LINEAR if smooth else GL.GL_NEAREST
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAG_FILTER, near)
        GL.glTexParameteri(
            GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MIN_FILTER, GL.GL_LINEAR_MIPMAP_LINEAR if mipmaps else near
        )
        for axis in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, axis, GL.GL_CLAMP_TO_EDGE)
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)

    def upload(self, image: np.ndarray) -> None:
        """Takes a whole image, (height, width) or (height, width, channels), host memory."""
        gl = self._gl
        image = np.ascontiguousarray(image)
        if image.ndim == 2:
            image = image[..., None]
        height, width, channels = image.shape
        layout = (gl.GL_RED, gl.GL_RG, gl.GL_RGB, gl.GL_RGBA)[channels - 1]
        floats = image.dtype == np.float32
        sizes = (gl.GL_R32F, gl.GL_RG32F, gl.GL_RGB32F, gl.GL_RGBA32F) if floats else (
            gl.GL_R8, gl.GL_RG8, gl.GL_RGB8, gl.GL_RGBA8)
        kind = gl.GL_FLOAT if floats else gl.GL_UNSIGNED_BYTE
        gl.glBindTexture(gl.GL_TEXTURE_2D, self.id)
        gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
        if image.shape == self._shape:
            gl.glTexSubImage2D(gl.GL_TEXTURE_2D, 0, 0, 0, width, height, layout, kind, image)
        else:
            gl.glTexImage2D(gl.GL_TEXTURE_2D, 0, sizes[channels - 1], width, height, 0, layout, kind, image)
            self._shape = image.shape
        if self._mipmaps:
            gl.glGenerateMipmap(gl.GL_TEXTURE_2D)
        gl.glBindTexture(gl.GL_TEXTURE_2D, 0)

    def bind(self, unit: int) -> int:
        """The unit, now holding this texture: a value for a sampler uniform."""
        self._gl.glActiveTexture(self._gl.GL_TEXTURE0 + unit)
        self._gl.glBindTexture(self._gl.GL_TEXTURE_2D, self.id)
        self._gl.glActiveTexture(self._gl.GL_TEXTURE0)
        return unit

    def close(self) -> None:
        """Frees the GPU memory."""
        self._gl.glDeleteTextures(1, [self.id])


class Target:
    """A framebuffer to draw an eye into: RGBA8 color texture and 24-bit depth. Zero at first.

    Raises GraphicsError when the driver has no room for it.
    """

    def __init__(self, width_px: int, height_px: int, depth: bool = True) -> None:
        from OpenGL import GL

        self._gl = GL
        self.size_px = (width_px, height_px)
        self.color = Texture()
        self.color.upload(np.zeros((height_px, width_px, 4), np.uint8))
        self.framebuffer = GL.glGenFramebuffers(1)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self.framebuffer)
        GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, self.color.id, 0)
        self._depth = GL.glGenRenderbuffers(1) if depth else None
        if depth:
            GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, self._depth)
            GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, GL.GL_DEPTH_COMPONENT24, width_px, height_px)
            GL.glFramebufferRenderbuffer(
                GL.GL_FRAMEBUFFER, GL.GL_DEPTH_ATTACHMENT, GL.GL_RENDERBUFFER, self._depth
            )
            GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, 0)
        complete = GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) == GL.GL_FRAMEBUFFER_COMPLETE
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, 0)
        if not complete:
            _faults(GL)  # what led here is said by the error below
            self.close()
            raise GraphicsError("OpenGL", "no_target", found=f"{width_px} x {height_px}")

    def close(self) -> None:
        """Frees the GPU memory."""
        self._gl.glDeleteFramebuffers(1, [self.framebuffer])
        if self._depth is not None:
            self._gl.glDeleteRenderbuffers(1, [self._depth])
        self.color.close()


def read_pixels(framebuffer: int, viewport: tuple[int, int, int, int], into: np.ndarray | None = None) -> np.ndarray:
    """(height, width, 4) uint8 of a finished eye, top row first, as a view of `into` or of a new array.

    `into` is (height, width, 4) uint8, reused from frame to frame: reading into fresh memory is 25 times slower.
    """
    from OpenGL import GL

    x, y, width, height = viewport
    if into is None or into.shape != (height, width, 4):
        into = np.empty((height, width, 4), np.uint8)
    GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, framebuffer)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
    GL.glReadPixels(x, y, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, into)
    GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, 0)
    return into[::-1]


def draw_full_screen() -> None:
    """Draws one triangle over the whole viewport with the program in use (corners from gl_VertexID)."""
    from OpenGL import GL

    GL.glDrawArrays(GL.GL_TRIANGLES, 0, 3)
