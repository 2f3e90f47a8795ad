"""The functions and constants of OpenGL 3.3 under their own names.

They are PyOpenGL's declarations, which take numbers and arrays as C does; the calls below have the form that
`from OpenGL import GL` gives them. That module itself would load all later versions and every extension of them, which
takes several times as long, and all of this is done before the first picture.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["functions"]

VERSIONS = ("1_0", "1_1", "1_2", "1_3", "1_4", "1_5", "2_0", "2_1", "3_0", "3_1", "3_2", "3_3")
OBJECTS = ("Buffers", "Framebuffers", "Renderbuffers", "Textures", "VertexArrays")
MOST_INTEGERS = 16  # that glGetIntegerv gives


@cache
def functions() -> Any:
    """The namespace. The platform must have been chosen; functions need a current context, which `functions` does not.

    As in C but: `glGen*(1)` gives a name, `glGen*(n)` n of them; pixels and buffers may be arrays (contiguous, host);
    `glShaderSource`, `glGetString`, `glGet*InfoLog` use bytes or text; `glGetShaderiv`, `glGetProgramiv` and
    `glGetIntegerv` give what they ask for.
    """
    gl = SimpleNamespace()
    for version in VERSIONS:
        declared = vars(import_module(f"OpenGL.raw.GL.VERSION.GL_{version}"))
        vars(gl).update((name, thing) for name, thing in declared.items() if name.startswith(("gl", "GL_")))
    for kind in OBJECTS:
        setattr(gl, f"glGen{kind}", partial(_names, getattr(gl, f"glGen{kind}")))
        setattr(gl, f"glDelete{kind}", partial(_delete, getattr(gl, f"glDelete{kind}")))
    for kind in ("Shader", "Program"):
        value = partial(_integer, getattr(gl, f"glGet{kind}iv"))
        log = partial(_log, getattr(gl, f"glGet{kind}InfoLog"), value, gl.GL_INFO_LOG_LENGTH)
        setattr(gl, f"glGet{kind}iv", value)
        setattr(gl, f"glGet{kind}InfoLog", log)
    gl.glShaderSource = partial(_shader_source, gl.glShaderSource)
    gl.glGetUniformLocation = partial(_location, gl.glGetUniformLocation)
    gl.glGetAttribLocation = partial(_location, gl.glGetAttribLocation)
    gl.glGetIntegerv = partial(_integers, gl.glGetIntegerv, (gl.GL_VIEWPORT, gl.GL_SCISSOR_BOX))
    gl.glGetString = _string()
    return gl


def _names(generate: Callable[..., None], count: int) -> int | list[int]:
    names = np.zeros(count, np.uint32)
    generate(count, names)
    return int(names[0]) if count == 1 else names.tolist()


def _delete(delete: Callable[..., None], count: int, names: Any) -> None:
    delete(count, np.array(names, np.uint32))


def _integer(ask: Callable[..., None], name: int, what: int) -> int:
    value = np.zeros(1, np.int32)
    ask(name, what, value)
    return int(value[0])


def _integers(ask: Callable[..., None], of_four: tuple[int, ...], what: int) -> int | list[int]:
    values = np.zeros(MOST_INTEGERS, np.int32)
    ask(what, values)
    return values[:4].tolist() if what in of_four else int(values[0])


def _log(ask: Callable[..., None], value: Callable[[int, int], int], length: int, name: int) -> bytes:
    room = ctypes.create_string_buffer(value(name, length) + 1)
    ask(name, len(room), None, room)
    return room.value


def _shader_source(give: Callable[..., None], shader: int, text: str) -> None:
    characters = ctypes.create_string_buffer(text.encode("utf-8"))
    give(shader, 1, ctypes.pointer(ctypes.cast(characters, ctypes.POINTER(ctypes.c_char))), None)


def _location(ask: Callable[..., int], program: int, name: str) -> int:
    return ask(program, name.encode("ascii"))


def _string() -> Callable[[int], bytes | None]:
    """glGetString, which PyOpenGL declares with a result that cannot be read."""
    from OpenGL import platform

    library = platform.PLATFORM.GL
    declare = platform.PLATFORM.functionTypeFor(library)(ctypes.c_char_p, ctypes.c_uint)
    return declare(("glGetString", library))
