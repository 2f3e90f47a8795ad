"""The OpenGL context and the few objects that painters need: programs, instanced geometry, textures, targets.

vispy makes the context of a window and delivers its events, EGL one without a window; all drawing is PyOpenGL.
One process uses EGL or GLX, never both. Every pass leaves program 0 and vertex array 0 bound.
"""

from __future__ import annotations

import ctypes
import itertools
import os
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .gpu_egl import EglError, EglSurface
from .gpu_functions import functions
from .kernels.errors import InputError

__all__ = [
    "Context", "GraphicsError", "Instances", "Program", "Target", "Texture",
    "draw_full_screen", "read_pixels", "shader_text",
]  # fmt: skip

SHADERS = Path(__file__).resolve().parent.parent / "shaders"


class GraphicsError(InputError):
    """OpenGL is missing, too old, or reported a fault."""


class Canvas(Protocol):
    """What a context is bound to: a canvas of vispy, or the surface of EGL."""

    def set_current(self) -> None: ...

    def close(self) -> None: ...


class Context:
    """An OpenGL context with its programs.

    Make one by `Context.offscreen()` or, for a window, from a vispy canvas of the glfw backend. Host side only;
    a context belongs to the thread that made it. `gl` holds OpenGL's functions.
    """

    def __init__(self, canvas: Canvas, platform: str) -> None:
        _quicken()
        self.canvas = canvas
        self.platform = platform  # "egl" or "glfw"
        self.gl = functions()
        self._programs: dict[tuple[str, str], Program] = {}
        canvas.set_current()
        version = (self.gl.glGetString(self.gl.GL_VERSION) or b"").decode("ascii", "replace")
        numbers = version.split(" ")[0].split(".")
        if len(numbers) < 2 or (int(numbers[0]), int(numbers[1])) < (3, 3):
            raise GraphicsError("OpenGL", "opengl_too_old", found=version or "-")
        self.version = version
        self.renderer = (self.gl.glGetString(self.gl.GL_RENDERER) or b"").decode("ascii", "replace")

    @classmethod
    def offscreen(cls) -> Context:
        """A context without a window, by EGL.

        Raises GraphicsError when libEGL is missing or gives no display.
        """
        os.environ["PYOPENGL_PLATFORM"] = "egl"
        _quicken()
        try:
            return cls(EglSurface(), "egl")
        except EglError as error:
            raise GraphicsError("OpenGL", "no_egl", found=str(error)) from error

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
        """Binds the context to this thread and, for a window, clears vispy's idea of the state."""
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


def _quicken() -> None:
    """Has PyOpenGL not ask for faults after every call, which is slow; `Context.check` asks once a pass."""
    import OpenGL

    OpenGL.ERROR_CHECKING = False


class Program:
    """A linked GLSL program. `use` sets uniforms by name: float, int, vectors, (4, 4) and (3, 3) matrices as arrays."""

    def __init__(self, vertex: str, fragment: str) -> None:
        gl = functions()
        names = (f"{vertex}.vert", gl.GL_VERTEX_SHADER), (f"{fragment}.frag", gl.GL_FRAGMENT_SHADER)
        self._link([(name, kind, shader_text(name)) for name, kind in names])

    def _link(self, stages: list[tuple[str, int, str]]) -> None:
        """From (file name, kind, text) of its shaders."""
        gl = self._gl = functions()
        self.id = gl.glCreateProgram()
        for name, kind, text in stages:
            shader = gl.glCreateShader(kind)
            gl.glShaderSource(shader, text)
            gl.glCompileShader(shader)
            if not gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS):
                log = gl.glGetShaderInfoLog(shader)
                raise GraphicsError("OpenGL", "shader_fault", found=f"{name}: {_text(log)}")
            gl.glAttachShader(self.id, shader)
            gl.glDeleteShader(shader)
        gl.glLinkProgram(self.id)
        if not gl.glGetProgramiv(self.id, gl.GL_LINK_STATUS):
            names = ", ".join(name for name, _, _ in stages)
            log = gl.glGetProgramInfoLog(self.id)
            raise GraphicsError("OpenGL", "shader_fault", found=f"{names}: {_text(log)}")
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


def shader_text(file_name: str, head: str = "#version 330") -> str:
    """Text of a shader file with `head` in front and `#include "x.glsl"` lines replaced."""
    lines = [head]
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
        gl = self._gl = functions()
        self._dtype = np.dtype(dtype)
        self._array = gl.glGenVertexArrays(1)
        self._buffer = gl.glGenBuffers(1)
        self.count = 0
        gl.glBindVertexArray(self._array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._buffer)
        for name, (field, offset, *_) in (self._dtype.fields or {}).items():
            location = gl.glGetAttribLocation(program.id, name)
            if location < 0:
                continue
            base, shape = field.subdtype or (field, ())
            width = shape[0] if shape else 1
            kind, normalized = (gl.GL_UNSIGNED_BYTE, True) if base == np.uint8 else (gl.GL_FLOAT, False)
            gl.glVertexAttribPointer(
                location, width, kind, normalized, self._dtype.itemsize, ctypes.c_void_p(offset)
            )
            gl.glEnableVertexAttribArray(location)
            gl.glVertexAttribDivisor(location, 1)
        gl.glBindVertexArray(0)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, 0)

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
        gl = self._gl = functions()
        self.id = gl.glGenTextures(1)
        self._mipmaps = mipmaps
        self._shape: tuple[int, ...] = ()
        gl.glBindTexture(gl.GL_TEXTURE_2D, self.id)
        near = gl.GL_LINEAR if smooth else gl.GL_NEAREST
        gl.glTexParameteri(gl.GL_TEXTURE_2D, gl.GL_TEXTURE_MAG_FILTER, near)
        gl.glTexParameteri(
            gl.GL_TEXTURE_2D, gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR_MIPMAP_LINEAR if mipmaps else near
        )
        for axis in (gl.GL_TEXTURE_WRAP_S, gl.GL_TEXTURE_WRAP_T):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, axis, gl.GL_CLAMP_TO_EDGE)
        gl.glBindTexture(gl.GL_TEXTURE_2D, 0)

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
        gl = self._gl = functions()
        self.size_px = (width_px, height_px)
        self.color = Texture()
        self.color.upload(np.zeros((height_px, width_px, 4), np.uint8))
        self.framebuffer = gl.glGenFramebuffers(1)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self.framebuffer)
        gl.glFramebufferTexture2D(gl.GL_FRAMEBUFFER, gl.GL_COLOR_ATTACHMENT0, gl.GL_TEXTURE_2D, self.color.id, 0)
        self._depth = gl.glGenRenderbuffers(1) if depth else None
        if depth:
            gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, self._depth)
            gl.glRenderbufferStorage(gl.GL_RENDERBUFFER, gl.GL_DEPTH_COMPONENT24, width_px, height_px)
            gl.glFramebufferRenderbuffer(
                gl.GL_FRAMEBUFFER, gl.GL_DEPTH_ATTACHMENT, gl.GL_RENDERBUFFER, self._depth
            )
            gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, 0)
        complete = gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER) == gl.GL_FRAMEBUFFER_COMPLETE
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)
        if not complete:
            _faults(gl)  # what led here is said by the error below
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
    gl = functions()
    x, y, width, height = viewport
    if into is None or into.shape != (height, width, 4):
        into = np.empty((height, width, 4), np.uint8)
    gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, framebuffer)
    gl.glPixelStorei(gl.GL_PACK_ALIGNMENT, 1)
    gl.glReadPixels(x, y, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, into)
    gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, 0)
    return into[::-1]


def draw_full_screen() -> None:
    """Draws one triangle over the whole viewport with the program in use (corners from gl_VertexID)."""
    gl = functions()
    gl.glDrawArrays(gl.GL_TRIANGLES, 0, 3)
