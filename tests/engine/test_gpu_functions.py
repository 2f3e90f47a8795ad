"""Functions of OpenGL have the forms that they promise; constants have the values that PyOpenGL gives them."""

import numpy as np
import pytest

pytestmark = pytest.mark.gl


@pytest.fixture
def gl(context):
    yield context.gl
    context.check("functions")


@pytest.mark.parametrize("kind", ["Buffers", "Framebuffers", "Renderbuffers", "Textures", "VertexArrays"])
def test_names_are_made_and_given_back(gl, kind):
    make, delete = getattr(gl, f"glGen{kind}"), getattr(gl, f"glDelete{kind}")
    one, more = make(1), make(3)
    assert isinstance(one, int) and len({one, *more}) == 4
    delete(1, [one])
    delete(3, np.array(more))


def test_numbers_texts_and_logs_are_returned(gl):
    gl.glViewport(1, 2, 3, 4)
    assert gl.glGetIntegerv(gl.GL_VIEWPORT) == [1, 2, 3, 4]
    assert gl.glGetIntegerv(gl.GL_MAX_TEXTURE_SIZE) >= 1024
    assert gl.glGetString(gl.GL_VERSION)[:1].isdigit()
    shader = gl.glCreateShader(gl.GL_VERTEX_SHADER)
    gl.glShaderSource(shader, "#version 330\nvoid main() { nonsense }")
    gl.glCompileShader(shader)
    assert gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS) == gl.GL_FALSE
    assert b"error" in gl.glGetShaderInfoLog(shader).lower()
    gl.glDeleteShader(shader)


def test_arrays_go_in_and_come_out(gl):
    data = np.arange(12, dtype=np.float32)
    buffer = gl.glGenBuffers(1)
    gl.glBindBuffer(gl.GL_ARRAY_BUFFER, buffer)
    gl.glBufferData(gl.GL_ARRAY_BUFFER, data.nbytes, data, gl.GL_STATIC_DRAW)
    back = np.zeros_like(data)
    gl.glGetBufferSubData(gl.GL_ARRAY_BUFFER, 0, back.nbytes, back)
    gl.glBindBuffer(gl.GL_ARRAY_BUFFER, 0)
    gl.glDeleteBuffers(1, [buffer])
    assert np.array_equal(back, data)


def test_they_are_those_of_pyopengl(gl):
    from OpenGL import GL

    names = [name for name in vars(gl) if name.startswith("GL_")]
    assert len(names) > 900
    assert all(getattr(gl, name) == getattr(GL, name) for name in names)
