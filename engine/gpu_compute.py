"""Computing with OpenGL 4.3: programs of shaders/*.comp and buffers that they read and write.

Source: https://registry.khronos.org/OpenGL/specs/gl/glspec43.core.pdf, sections 7.6 to 7.12 and 19.
"""

from __future__ import annotations

from ctypes import c_char_p, c_uint
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

from .gpu import Context, Program, Texture, shader_text
from .gpu_functions import functions

__all__ = ["BLOCKS", "BLOCK_BYTES", "ComputeProgram", "Storage", "bind_picture", "lacking", "wide_atomics"]

BLOCKS = 10  # that a program may read and write
BLOCK_BYTES = 128 << 20  # of one
GROUPS = 65535  # in a row that every driver takes
SHARED_BYTES = 32 << 10
WIDE_ATOMICS = ("GL_NV_shader_atomic_int64", "GL_ARB_gpu_shader_int64")
LATER_VERSIONS = ("4_2", "4_3")


@cache
def _functions() -> Any:
    """Functions and constants that came after OpenGL 3.3, in the form of C."""
    gl = SimpleNamespace()
    for version in LATER_VERSIONS:
        declared = vars(import_module(f"OpenGL.raw.GL.VERSION.GL_{version}"))
        vars(gl).update((name, thing) for name, thing in declared.items() if name.startswith(("gl", "GL_")))
    return gl


def lacking(context: Context) -> str:
    """What the driver lacks for computing, as a text for `doctor`; "" where it lacks nothing."""
    major, minor = context.version.split(" ")[0].split(".")[:2]
    if (int(major), int(minor)) < (4, 3):
        return f"OpenGL {major}.{minor}"
    gl, later = context.gl, _functions()
    for name, least in (
        ("GL_MAX_COMPUTE_SHADER_STORAGE_BLOCKS", BLOCKS),
        ("GL_MAX_SHADER_STORAGE_BLOCK_SIZE", BLOCK_BYTES),
        ("GL_MAX_COMPUTE_SHARED_MEMORY_SIZE", SHARED_BYTES),
    ):
        value = np.zeros(1, np.int64)
        gl.glGetInteger64v(getattr(later, name), value)
        if value[0] < least:
            return f"{name} {value[0]}"
    return ""


def wide_atomics(context: Context) -> bool:
    """Whether the driver adds 64 bits at once."""
    gl = context.gl
    names = {_extension(gl, number) for number in range(gl.glGetIntegerv(gl.GL_NUM_EXTENSIONS))}
    return names >= set(WIDE_ATOMICS)


def _extension(gl: Any, number: int) -> str:
    """The name of an extension. PyOpenGL declares the function with a result that cannot be read."""
    from OpenGL import platform

    library = platform.PLATFORM
    address = library.getExtensionProcedure(b"glGetStringi")
    name = library.functionTypeFor(library.GL)(c_char_p, c_uint, c_uint)(address)(gl.GL_EXTENSIONS, number)
    return (name or b"").decode("ascii", "replace")


class ComputeProgram(Program):
    """shaders/NAME.comp, with words defined for its `#ifdef` lines and extensions that it uses."""

    def __init__(self, name: str, defined: tuple[str, ...] = (), extensions: tuple[str, ...] = ()) -> None:
        head = ["#version 430", *(f"#extension {extension} : require" for extension in extensions)]
        head += [f"#define {word}" for word in defined]
        text = shader_text(f"{name}.comp", "\n".join(head))
        self._link([(f"{name}.comp", _functions().GL_COMPUTE_SHADER, text)])

    def run(self, groups: int, **uniforms: Any) -> None:
        """Runs 1 to 65535 groups. What follows sees all that was written before this."""
        later = _functions()
        self.use(**uniforms)
        later.glDispatchCompute(groups, 1, 1)
        later.glMemoryBarrier(later.GL_ALL_BARRIER_BITS)


class Storage:
    """A buffer of the GPU that programs read and write."""

    def __init__(self) -> None:
        self._gl = functions()
        self._target = _functions().GL_SHADER_STORAGE_BUFFER
        self._buffer = self._gl.glGenBuffers(1)
        self._texture = 0
        self.bytes = 0

    def reserve(self, count: int) -> None:
        """Room for so many bytes; what it held is lost where there was less."""
        if count > self.bytes:
            self._bound()
            self._gl.glBufferData(self._target, count, None, self._gl.GL_DYNAMIC_COPY)
            self.bytes = count

    def replace(self, values: np.ndarray) -> None:
        """Holds these values from now on, at its start."""
        self.reserve(max(values.nbytes, 16))
        self.write(0, values)

    def write(self, start: int, values: np.ndarray) -> None:
        """Overwrites from byte `start` on; values contiguous in host memory."""
        self._bound()
        if values.nbytes:
            self._gl.glBufferSubData(self._target, start, values.nbytes, values)

    def read(self, into: np.ndarray) -> np.ndarray:
        """`into`, with what stands at the start."""
        self._bound()
        if into.nbytes:
            self._gl.glGetBufferSubData(self._target, 0, into.nbytes, into)
        return into

    def fill(self, word: int, count: int) -> None:
        """Every word of 32 bits in its first bytes, `count` of them, becomes this one."""
        gl, later = self._gl, _functions()
        self._bound()
        value, layout = np.array([word], np.uint32), (gl.GL_RED_INTEGER, gl.GL_UNSIGNED_INT)
        later.glClearBufferSubData(self._target, gl.GL_R32UI, 0, count, *layout, value)

    def bind(self, binding: int) -> None:
        """For programs that name this binding."""
        self._gl.glBindBufferBase(self._target, binding, self._buffer)

    def bind_constants(self, binding: int, count: int) -> None:
        """Its first bytes, for programs that name this binding of uniform blocks."""
        self._gl.glBindBufferRange(self._gl.GL_UNIFORM_BUFFER, binding, self._buffer, 0, count)

    def bind_texels(self, unit: int, layout: int) -> None:
        """For programs whose sampler of a buffer reads this unit; `layout` of a texel, as OpenGL names it."""
        gl = self._gl
        self._texture = self._texture or gl.glGenTextures(1)
        gl.glActiveTexture(gl.GL_TEXTURE0 + unit)
        gl.glBindTexture(gl.GL_TEXTURE_BUFFER, self._texture)
        gl.glTexBuffer(gl.GL_TEXTURE_BUFFER, layout, self._buffer)
        gl.glActiveTexture(gl.GL_TEXTURE0)

    def close(self) -> None:
        """Frees the memory."""
        if self._texture:
            self._gl.glDeleteTextures(1, [self._texture])
            self._texture = 0
        self._gl.glDeleteBuffers(1, [self._buffer])
        self.bytes = 0

    def _bound(self) -> None:
        self._gl.glBindBuffer(self._target, self._buffer)


def bind_picture(texture: Texture, unit: int = 0) -> None:
    """A texture of RGBA8 for programs that write pictures."""
    gl = functions()
    _functions().glBindImageTexture(unit, texture.id, 0, False, 0, gl.GL_WRITE_ONLY, gl.GL_RGBA8)
