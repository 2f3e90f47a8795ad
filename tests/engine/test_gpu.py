"""The OpenGL objects: what is set arrives in the shader, what is drawn comes back byte for byte, faults are said."""

import numpy as np
import pytest
from tensornaut.engine import gpu
from tensornaut.engine.gpu import (
    Context,
    GraphicsError,
    Instances,
    Program,
    Target,
    Texture,
    draw_full_screen,
    read_pixels,
)
from tensornaut.engine.kernels.errors import InputError

pytestmark = pytest.mark.gl
FULL = '#include "screen.glsl"\nvoid main() { gl_Position = vec4(screen_corner(), 0.0, 1.0); }\n'


@pytest.fixture
def shaders(tmp_path, monkeypatch):
    """A folder of shaders; it holds a triangle over the whole viewport as full.vert."""
    (tmp_path / "screen.glsl").write_text((gpu.SHADERS / "screen.glsl").read_text())
    (tmp_path / "full.vert").write_text(FULL)
    monkeypatch.setattr(gpu, "SHADERS", tmp_path)
    return tmp_path


@pytest.fixture
def target(context):
    made = Target(8, 4)
    context.gl.glBindFramebuffer(context.gl.GL_FRAMEBUFFER, made.framebuffer)
    context.gl.glViewport(0, 0, 8, 4)
    context.gl.glDisable(context.gl.GL_BLEND)
    yield made
    made.close()


def shown(target):
    return read_pixels(target.framebuffer, (0, 0, *target.size_px))


def filled(context, target, expression, shaders, declared="", **uniforms):
    """RGBA bytes of a viewport filled with an expression of uniforms."""
    (shaders / "fill.frag").write_text(f"{declared}\nout vec4 color;\nvoid main() {{ color = {expression}; }}\n")
    program = Program("full", "fill")
    program.use(**uniforms)
    draw_full_screen()
    context.check("fill")
    pixels = shown(target).reshape(-1, 4)
    assert (pixels == pixels[0]).all()
    return pixels[0].tolist()


def test_a_context_without_a_window_says_what_it_is(context):
    assert context.platform == "egl"
    assert tuple(map(int, context.version.split(" ")[0].split(".")[:2])) >= (3, 3)
    assert context.renderer
    assert context.is_software == ("llvmpipe" in context.renderer.lower() or "soft" in context.renderer.lower())


def test_pixels_come_with_the_top_row_first(context, target):
    gl = context.gl
    gl.glEnable(gl.GL_SCISSOR_TEST)
    for row in range(4):  # from the bottom
        for column in range(8):
            gl.glScissor(column, row, 1, 1)
            gl.glClearColor(10 * column / 255, 20 * row / 255, 7 / 255, 255 / 255)
            gl.glClear(gl.GL_COLOR_BUFFER_BIT)
    gl.glDisable(gl.GL_SCISSOR_TEST)
    pixels = shown(target)
    assert pixels.shape == (4, 8, 4) and pixels.dtype == np.uint8
    assert pixels[0, 0].tolist() == [0, 60, 7, 255]
    assert pixels[3, 7].tolist() == [70, 0, 7, 255]
    assert pixels[1, 2].tolist() == [20, 40, 7, 255]
    part = read_pixels(target.framebuffer, (2, 1, 3, 2))
    assert part.shape == (2, 3, 4) and np.array_equal(part, pixels[1:3, 2:5])


def test_memory_that_fits_is_used_again(context, target):
    memory = np.empty((4, 8, 4), np.uint8)
    assert np.shares_memory(read_pixels(target.framebuffer, (0, 0, 8, 4), memory), memory)
    assert not np.shares_memory(read_pixels(target.framebuffer, (0, 0, 7, 4), memory), memory)


def test_uniforms_of_every_kind_arrive(context, target, shaders):
    def bytes_of(expression, declared, **uniforms):
        return filled(context, target, expression, shaders, f"uniform {declared};", **uniforms)

    assert bytes_of("vec4(a / 255)", "float a", a=51.0) == [51] * 4
    assert bytes_of("vec4(a, 0, 0, a) / 255", "int a", a=7) == [7, 0, 0, 7]
    assert bytes_of("vec4(a ? 1.0 : 0.0)", "bool a", a=True) == [255] * 4
    assert bytes_of("vec4(a / 255, 0, 1)", "vec2 a", a=(1, 2)) == [1, 2, 0, 255]
    assert bytes_of("vec4(a / 255, 1)", "vec3 a", a=np.array([3.0, 4.0, 5.0])) == [3, 4, 5, 255]
    assert bytes_of("a / 255", "vec4 a", a=[6, 7, 8, 9]) == [6, 7, 8, 9]
    assert bytes_of("vec4(a[0], a[1]) / 255", "vec2 a[2]", a=np.array([[1, 2], [3, 4]])) == [1, 2, 3, 4]


def test_matrices_act_on_columns_as_in_numpy(context, target, shaders):
    matrix = np.arange(16.0).reshape(4, 4)
    column = np.array([1, 0, 2, 1])
    place = "vec4(1, 0, 2, 1)"
    seen = filled(context, target, f"a * {place} / 255", shaders, "uniform mat4 a;", a=matrix)
    assert seen == (matrix @ column).tolist()
    seen = filled(context, target, f"vec4(a * {place}.xyz, 255) / 255", shaders, "uniform mat3 a;", a=matrix[:3, :3])
    assert seen == [*(matrix[:3, :3] @ column[:3]).tolist(), 255]


def test_a_uniform_that_the_program_does_not_use_is_no_fault(context, target, shaders):
    assert filled(context, target, "vec4(1)", shaders, "uniform float a;", a=1.0, b=(1, 2)) == [255] * 4


def test_programs_are_made_once_for_each_pair_of_shaders(context):
    assert context.program("lines") is context.program("lines") is context.program("lines", "lines")
    assert context.program("edges", "lines") is not context.program("lines")


@pytest.mark.parametrize(
    ("vertex", "fragment", "said"),
    [
        (FULL, "void main() { color = 1; }", "fill.frag"),
        ("void main() { gl_Position = 1; }", "out vec4 color; void main() { color = vec4(1); }", "full.vert"),
        (
            "out vec2 part; void main() { part = vec2(0); gl_Position = vec4(0); }",
            "in vec3 part; out vec4 color; void main() { color = vec4(part, 1); }",
            "full.vert, fill.frag",
        ),
    ],
)
def test_a_shader_that_the_driver_refuses_is_named(context, shaders, vertex, fragment, said):
    (shaders / "full.vert").write_text(vertex)
    (shaders / "fill.frag").write_text(fragment)
    with pytest.raises(GraphicsError) as raised:
        Program("full", "fill")
    assert raised.value.key == "shader_fault" and said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_every_shader_of_the_package_compiles(context, checkout):
    stems = {stage: {file.stem for file in (checkout / "shaders").glob(f"*.{stage}")} for stage in ("vert", "frag")}
    for stem in stems["vert"] & stems["frag"]:
        context.program(stem)
    for stem in stems["frag"] - stems["vert"]:
        context.program("image", stem)
    for stem in stems["vert"] - stems["frag"]:
        context.program(stem, "lines")
    context.check("shaders")


PIXEL = np.dtype([("place", "f4", 2), ("level", "f4"), ("unused", "f4", 3), ("tint", "u1", 4)])


@pytest.fixture
def pixels_of_rows(context, target, shaders):
    """A function that draws rows of PIXEL as one pixel each, and what it uploads to."""
    (shaders / "pixel.vert").write_text(
        "in vec2 place; in float level; in vec4 tint; flat out vec4 seen;\n"
        "void main() {\n"
        "    vec2 corner = place + vec2(gl_VertexID & 1, gl_VertexID >> 1);\n"
        "    gl_Position = vec4(corner / vec2(4, 2) - 1, 0, 1);\n"
        "    seen = vec4(tint.rgb * level, tint.a);\n"
        "}\n"
    )
    (shaders / "pixel.frag").write_text("flat in vec4 seen; out vec4 color; void main() { color = seen; }\n")
    program = Program("pixel", "pixel")
    instances = Instances(program, PIXEL)

    def draw(rows):
        context.gl.glClearColor(0, 0, 0, 0)
        context.gl.glClear(context.gl.GL_COLOR_BUFFER_BIT)
        instances.upload(rows)
        program.use()
        instances.draw()
        context.check("instances")
        return shown(target).copy()

    yield draw
    instances.close()


def test_each_row_is_drawn_with_its_own_fields(pixels_of_rows):
    rows = np.zeros(3, PIXEL)
    rows["place"] = [(0, 0), (7, 3), (2, 1)]
    rows["level"] = 1, 0.2, 1
    rows["tint"] = [(1, 2, 3, 4), (255, 100, 50, 255), (9, 8, 7, 6)]
    pixels = pixels_of_rows(rows)
    assert pixels[3, 0].tolist() == [1, 2, 3, 4]
    assert pixels[0, 7].tolist() == [51, 20, 10, 255]
    assert pixels[2, 2].tolist() == [9, 8, 7, 6]
    assert (pixels.any(-1)).sum() == 3


def test_rows_may_become_more_or_fewer_or_none(pixels_of_rows):
    rows = np.zeros(32, PIXEL)
    rows["place"] = [(k % 8, k // 8) for k in range(32)]
    rows["level"], rows["tint"] = 1, 255
    for count in (3, 32, 0, 1):
        assert (pixels_of_rows(rows[:count]).any(-1)).sum() == count


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_texture_shows_its_array_row_0_at_the_bottom(context, target, channels, dtype):
    image = np.arange(4 * 8 * channels).reshape(4, 8, channels).astype(dtype)
    texture = Texture(smooth=False)
    for turn in (image, image[::-1]):  # the second goes into the memory of the first
        texture.upload(turn if dtype == np.uint8 else turn / np.float32(255))
        context.program("image").use(image=texture.bind(0), strength=1.0)
        draw_full_screen()
        context.check("texture")
        lit = min(channels, 3)
        assert np.array_equal(shown(target)[::-1, :, :lit], turn[..., :lit])
        assert (shown(target)[..., lit:3] == 0).all()
    texture.close()


def test_a_texture_takes_another_size(context, target):
    texture = Texture(smooth=False)
    for side in (1, 3, 2):
        texture.upload(np.full((side, side), 10 * side, np.uint8))
        context.program("image").use(image=texture.bind(3), strength=1.0)
        draw_full_screen()
        assert (shown(target)[..., 0] == 10 * side).all()
    texture.close()
    context.check("texture")


def test_a_target_is_empty_at_first_and_hides_by_depth(context, shaders):
    gl = context.gl
    made = Target(5, 3)
    assert made.size_px == (5, 3) and (shown(made) == 0).all()
    at_depth = FULL.replace("0.0, 1.0)", "depth, 1.0)").replace("void", "uniform float depth;\nvoid")
    (shaders / "full.vert").write_text(at_depth)
    (shaders / "fill.frag").write_text("uniform vec4 tint; out vec4 color; void main() { color = tint; }")
    program = Program("full", "fill")
    gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, made.framebuffer)
    gl.glViewport(0, 0, 5, 3)
    gl.glEnable(gl.GL_DEPTH_TEST)
    gl.glClear(gl.GL_DEPTH_BUFFER_BIT)
    for depth, tint in ((0.5, (1, 0, 0, 1)), (0.7, (0, 1, 0, 1)), (0.2, (0, 0, 1, 1)), (0.3, (1, 1, 1, 1))):
        program.use(depth=depth, tint=tint)
        draw_full_screen()
    gl.glDisable(gl.GL_DEPTH_TEST)
    context.check("depth")
    assert (shown(made) == (0, 0, 255, 255)).all()
    made.close()


def test_a_target_that_the_driver_cannot_hold_is_said(context):
    too_wide = int(context.gl.glGetIntegerv(context.gl.GL_MAX_TEXTURE_SIZE)) + 1
    with pytest.raises(GraphicsError) as raised:
        Target(too_wide, 1)
    assert raised.value.key == "no_target" and f"{too_wide} x 1" in str(raised.value)
    context.check("target")  # the fault was taken, later passes are not blamed


def test_a_fault_of_opengl_is_raised_once_with_its_place(context):
    context.check("before")
    context.gl.glEnable(0x1234)
    context.gl.glEnable(0x1234)
    with pytest.raises(GraphicsError) as raised:
        context.check("labels")
    assert raised.value.key == "opengl_fault"
    assert "0x0500" in str(raised.value) and "labels" in str(raised.value)
    assert isinstance(raised.value, InputError)
    context.check("after")


def test_two_contexts_live_side_by_side(context, target):
    other = Context.offscreen()
    small = Target(2, 2)
    assert (shown(small) == 0).all()
    small.close()
    other.check("other")
    other.close()
    context.make_current()
    context.gl.glBindFramebuffer(context.gl.GL_FRAMEBUFFER, target.framebuffer)
    context.gl.glClearColor(1, 0, 0, 1)
    context.gl.glClear(context.gl.GL_COLOR_BUFFER_BIT)
    assert (shown(target) == (255, 0, 0, 255)).all()
    context.check("first")
