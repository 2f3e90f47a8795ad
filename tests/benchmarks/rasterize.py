"""Prints how the rasterizers, compiled and in compute shaders, compare with GL_POINTS: 3.9 million samples, 1280 x 720.

All draw the same samples in one interleaved run; OpenGL from a vertex buffer and from gl_VertexID, the faster of the
two counts. Its times are draw and glFinish, those of the rasterizers include the picture of what was gathered, and for
the compiled ones the way of that picture to OpenGL.
Run: python tests/benchmarks/rasterize.py [threads]
"""

import os
import statistics
import sys
import time

import numpy as np
from tensornaut.engine.gpu import Context, Texture
from tensornaut.engine.rasterize import Batch, Pool, eye_rows, pack, unmorphed, unpack
from tensornaut.engine.rasterize.batch import prepare
from tensornaut.engine.rasterize.compiled import CompiledRasterizer
from tensornaut.engine.rasterize.gl_compute import ComputeRasterizer
from tensornaut.engine.rasterize.resolve import curve
from tensornaut.engine.rasterize.sprites import sprites
from tensornaut.engine.view import Eye, look_at, perspective

os.environ["PYOPENGL_PLATFORM"] = "egl"  # must stand before the first import of OpenGL
from OpenGL import GL  # noqa: E402
from OpenGL.GL import shaders  # noqa: E402

WIDTH, HEIGHT = 1280, 720
MATRICES, SIDE, GAP = 15, 16, 60.0  # matrices of 512 x 512 weights
GAIN = 0.12  # brightness, so that 15 layers do not clip to white
PAIRS = 7
NEAR, FAR = 10.0, 4000.0

# Points are set on the centers of their pixels: drivers round to 1/256 px, which would move 0.5 % of them aside.
PLACE_BUFFER = """
layout(location = 0) in vec3 sum;
layout(location = 1) in vec4 light;
vec3 place() { return sum; }
"""
PLACE_INDEX = """
layout(location = 2) in vec3 corner;
layout(location = 3) in vec3 du;
layout(location = 4) in vec3 dv;
layout(location = 5) in vec3 dh;
uniform isamplerBuffer heights;
uniform usamplerBuffer lights;
#define light vec4(texelFetch(lights, gl_InstanceID * 1024 + gl_VertexID))
vec3 place() {
    float height = float(texelFetch(heights, gl_InstanceID * 1024 + gl_VertexID).x);
    return corner + float(gl_VertexID / 32) * du + float(gl_VertexID % 32) * dv + height * dh;
}
"""
NEAREST_VERTEX = """
uniform vec2 size_px, near_far;
flat out vec4 color;
void main() {
    vec3 p = place();
    float z = (p.z * (near_far.y + near_far.x) - 2 * near_far.x * near_far.y) / (near_far.y - near_far.x);
    gl_Position = vec4(((floor(p.xy / p.z) + 0.5) / size_px * 2 - 1) * p.z, z, p.z);
    color = light / 255;
}
"""
NEAREST_FRAGMENT = "flat in vec4 color; out vec4 shown; void main() { shown = color; }"
LIGHT_VERTEX = """
uniform vec2 size_px;
uniform float diameter, factor, gain;
flat out vec3 color;
flat out ivec3 center;
void main() {
    vec3 p = place();
    vec2 at = p.xy / p.z;
    gl_Position = vec4((floor(at) + 0.5) / size_px * 2 - 1, 0, 1);
    ivec2 phase = ivec2(fract(at) * 16);
    center = ivec3(floor(at), (phase.y * 16 + phase.x) * 9);
    float d = diameter / p.z;
    color = light.rgb * (min(d * d * factor, 1) * gain / 8192);
}
"""
LIGHT_FRAGMENT = """
flat in vec3 color;
flat in ivec3 center;
uniform usamplerBuffer weights;
out vec4 shown;
void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) - center.xy + 1;
    shown = vec4(color * (float(texelFetch(weights, center.z + at.y * 3 + at.x).x) / 128), 0);
}
"""


def scene():
    """A stack of matrices seen from above, as near as sprites stay at their minimum size."""
    random = np.random.default_rng(1)
    count = MATRICES * SIDE * SIDE
    value = np.clip(random.normal(0, 0.35, (count, 32, 32)), -1, 1)
    bright = 0.14 + 1.15 * np.abs(value[..., None]) ** 1.15
    color = np.where(value[..., None] > 0, (0.94, 0.52, 0.12), (0.12, 0.61, 0.90))
    pool = Pool(pack(color * bright), np.rint(value * 32767).astype(np.int16))
    matrix, y, x = np.unravel_index(np.arange(count), (MATRICES, SIDE, SIDE))
    eye = Eye(
        look_at(np.array([256.0, 520.0, 300.0]), np.array([256.0, -200.0, 240.0])),
        perspective(np.radians(50), WIDTH / HEIGHT, NEAR, FAR),
        (0, 0, WIDTH, HEIGHT),
    )
    corner = np.stack([x * 32.0, -matrix * GAP, y * 32.0], 1) - eye.position
    back, right, up = (np.tile(np.float32(axis), (count, 1)) for axis in ((0, 0, 1), (1, 0, 0), (0, 6, 0)))
    ones, gain = np.ones(count, np.float32), np.full(count, GAIN, np.float32)
    counts, slot = np.full((count, 2), 32, np.int32), np.arange(count, dtype=np.int32)
    batch = Batch(
        corner.astype(np.float32),
        back,
        right,
        up,
        counts,
        slot,
        gain,
        np.zeros(count, np.int32),
        ones,
        *unmorphed(count),
    )
    return batch, pool, eye_rows(eye)


class Points:
    """The samples as GL_POINTS, into a float or an RGBA8 target."""

    def __init__(self, batch, pool, rows, colors):
        self.setup = prepare(batch, rows, pool)
        self.diameter = float(self.setup.diameter[0])
        self.count = len(batch) * 1024
        sums = self.sums(pool)
        self.arrays = {PLACE_BUFFER: GL.glGenVertexArrays(1), PLACE_INDEX: GL.glGenVertexArrays(1)}
        light = np.stack([*np.moveaxis(unpack(pool.light), -1, 0), np.zeros_like(pool.light, np.int64)], -1)
        light = np.ascontiguousarray(light, np.uint16)
        shown = colors[0][((pool.height.astype(np.int64) + 32768) * 512) >> 16].view(np.uint8)
        GL.glBindVertexArray(self.arrays[PLACE_BUFFER])
        self.place, self.light, self.shown = (_buffer(data) for data in (sums, light, shown))
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self.place)
        GL.glVertexAttribPointer(0, 3, GL.GL_FLOAT, False, 0, None)
        GL.glEnableVertexAttribArray(0)
        GL.glEnableVertexAttribArray(1)
        GL.glBindVertexArray(self.arrays[PLACE_INDEX])
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, _buffer(self.setup.steps))
        for k in range(4):
            GL.glVertexAttribPointer(2 + k, 3, GL.GL_FLOAT, False, 48, GL.ctypes.c_void_p(12 * k))
            GL.glEnableVertexAttribArray(2 + k)
            GL.glVertexAttribDivisor(2 + k, 1)
        GL.glBindVertexArray(0)
        height = _buffer(np.ascontiguousarray(pool.height))
        self.textures = {
            "heights": _texture(height, GL.GL_R16I),
            "lights": _texture(self.light, GL.GL_RGBA16UI),
            "shown": _texture(self.shown, GL.GL_RGBA8UI),
            "weights": _texture(_buffer(sprites(1.5).small), GL.GL_R8UI),
        }

    def sums(self, pool):
        """(n, 3) float32 (x_px * w, y_px * w, w) of every sample."""
        corner, du, dv, dh = (self.setup.steps[:, None, None, k] for k in range(4))
        index = np.arange(32, dtype=np.float32)
        height = pool.height[self.setup.slot, :, :, None].astype(np.float32)
        return (corner + index[:, None, None] * du + index[:, None] * dv + height * dh).reshape(-1, 3)

    def program(self, place, vertex, fragment):
        stages = ((GL.GL_VERTEX_SHADER, place + vertex), (GL.GL_FRAGMENT_SHADER, fragment))
        built = [shaders.compileShader("#version 330\n" + text, kind) for kind, text in stages]
        program = shaders.compileProgram(*built, validate=False)
        return lambda **uniforms: _use(program, uniforms)

    def draw(self, place, use, color):
        """Draws all samples; `color` is "lights" or "shown"."""
        use(
            size_px=(WIDTH, HEIGHT), near_far=(NEAR, FAR), diameter=self.diameter,
            factor=float(sprites(1.5).small_factor), gain=GAIN, heights=0, lights=1, weights=2,
        )  # fmt: skip
        for unit, name in enumerate(("heights", color, "weights")):
            GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
            GL.glBindTexture(GL.GL_TEXTURE_BUFFER, self.textures[name])
        GL.glBindVertexArray(self.arrays[place])
        if place == PLACE_INDEX:
            GL.glDrawArraysInstanced(GL.GL_POINTS, 0, 1024, self.count // 1024)
            return
        kind, buffer = {"lights": (GL.GL_UNSIGNED_SHORT, self.light), "shown": (GL.GL_UNSIGNED_BYTE, self.shown)}[color]
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, buffer)
        GL.glVertexAttribPointer(1, 4, kind, False, 0, None)
        GL.glDrawArrays(GL.GL_POINTS, 0, self.count)

    def nearest(self, place):
        """A function that draws with depth test and waits."""
        use = self.program(place, NEAREST_VERTEX, NEAREST_FRAGMENT)
        target = _target(GL.GL_RGBA8)

        def draw():
            GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, target)
            GL.glDisable(GL.GL_BLEND)
            GL.glEnable(GL.GL_DEPTH_TEST)
            GL.glPointSize(1)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)
            self.draw(place, use, "shown")
            GL.glFinish()

        return draw

    def add(self, place):
        """A function that draws 3 x 3 sprites with additive blending and waits."""
        use = self.program(place, LIGHT_VERTEX, LIGHT_FRAGMENT)
        target = _target(GL.GL_RGBA32F)

        def draw():
            GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, target)
            GL.glDisable(GL.GL_DEPTH_TEST)
            GL.glEnable(GL.GL_BLEND)
            GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE)
            GL.glPointSize(3)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT)
            self.draw(place, use, "lights")
            GL.glFinish()

        return draw


def _buffer(data):
    name = GL.glGenBuffers(1)
    GL.glBindBuffer(GL.GL_ARRAY_BUFFER, name)
    GL.glBufferData(GL.GL_ARRAY_BUFFER, data.nbytes, data, GL.GL_STATIC_DRAW)
    return name


def _texture(buffer, layout):
    name = GL.glGenTextures(1)
    GL.glBindTexture(GL.GL_TEXTURE_BUFFER, name)
    GL.glTexBuffer(GL.GL_TEXTURE_BUFFER, layout, buffer)
    return name


def _target(layout):
    target = GL.glGenFramebuffers(1)
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, target)
    for attachment, kind in ((GL.GL_COLOR_ATTACHMENT0, layout), (GL.GL_DEPTH_ATTACHMENT, GL.GL_DEPTH_COMPONENT32F)):
        name = GL.glGenRenderbuffers(1)
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, name)
        GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, kind, WIDTH, HEIGHT)
        GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, attachment, GL.GL_RENDERBUFFER, name)
    GL.glViewport(0, 0, WIDTH, HEIGHT)
    return target


def _use(program, uniforms):
    GL.glUseProgram(program)
    for name, value in uniforms.items():
        location = GL.glGetUniformLocation(program, name)
        if isinstance(value, int):
            GL.glUniform1i(location, value)
        else:
            {1: GL.glUniform1f, 2: GL.glUniform2f}[np.size(value)](location, *np.atleast_1d(value))


def read(kind, channels):
    """What the bound framebuffer holds, (height, width, channels)."""
    picture = np.empty((HEIGHT, WIDTH, channels), kind)
    layout = GL.GL_FLOAT if kind == np.float32 else GL.GL_UNSIGNED_BYTE
    GL.glReadPixels(0, 0, WIDTH, HEIGHT, GL.GL_RGBA, layout, picture)
    return picture


def content(texture):
    """What a texture holds, (height, width, 4) uint8."""
    picture = np.empty((HEIGHT, WIDTH, 4), np.uint8)
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture.id)
    GL.glGetTexImage(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, picture)
    GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
    return picture


def agreement(drawn, shown, tolerance):
    """Percentage of pixels whose channels differ by at most `tolerance`, among those that either side lights."""
    differ = np.abs(drawn[..., :3].astype(int) - shown[..., :3]).max(-1)
    lit = (drawn[..., :3].max(-1) > 0) | (shown[..., :3].max(-1) > 0)
    return 100 * (differ <= tolerance).mean(), 100 * (differ[lit] <= tolerance).mean(), 100 * lit.mean()


def timed(function):
    start = time.perf_counter()
    function()
    return 1000 * (time.perf_counter() - start)


def report(times, same):
    """`times`: milliseconds of each round, `same`: what `agreement` says, by name."""
    for name, taken in times.items():
        line = f"{name:32} {statistics.median(taken):8.1f} ms"
        if name in same:
            line += " equal: {:.2f} % of pixels, {:.2f} % of the lit ({:.0f} % are)".format(*same[name])
        print(line)
    for kind in ("nearest", "light"):
        points_ms = np.minimum(*(times[f"{kind} GL_POINTS, {way}"] for way in ("buffer", "gl_VertexID")))
        for other in ("numba", "compute"):
            ratio = np.median(points_ms / np.array(times[f"{kind} {other}"]))
            print(f"{kind}: GL_POINTS takes {ratio:.1f} x the time of {other} (median of {PAIRS} pairs)")


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    context = Context.offscreen()
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
    GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
    batch, pool, rows = scene()
    random = np.random.default_rng(2)
    colors = (random.integers(1, 1 << 24, (1, 512)) | 0xFF000000).astype(np.uint32)
    near = np.zeros((1, 512), np.uint64)
    rasterizer, size = CompiledRasterizer(threads), (WIDTH, HEIGHT)
    pool.writes = np.zeros(len(pool.height), np.int64)
    points, compute, image = Points(batch, pool, rows, colors), ComputeRasterizer(context), Texture(smooth=False)

    def nearest():
        picture = rasterizer.resolve_nearest(rasterizer.nearest(batch, pool, rows, size), batch, pool, colors)
        image.upload(picture)
        return picture

    def light():
        picture = rasterizer.resolve(rasterizer.light(batch, pool, near, rows, size))
        image.upload(picture)
        return picture

    def nearest_compute():
        texture = compute.picture_nearest(batch, pool, rows, size, colors)
        GL.glFinish()
        return texture

    def light_compute():
        texture = compute.picture(batch, pool, near, rows, size)
        GL.glFinish()
        return texture

    print(f"{points.count} samples, {WIDTH} x {HEIGHT}, {context.renderer}, {rasterizer.threads} threads")
    runs = {
        "nearest numba": nearest,
        "nearest compute": nearest_compute,
        "nearest GL_POINTS, buffer": points.nearest(PLACE_BUFFER),
        "nearest GL_POINTS, gl_VertexID": points.nearest(PLACE_INDEX),
        "light numba": light,
        "light compute": light_compute,
        "light GL_POINTS, buffer": points.add(PLACE_BUFFER),
        "light GL_POINTS, gl_VertexID": points.add(PLACE_INDEX),
    }
    same = {}
    for name, run in runs.items():  # also the warming up
        result = run()
        if name.startswith("nearest GL"):
            same[name] = agreement(read(np.uint8, 4), nearest(), 0)
        elif name.startswith("light GL"):
            total = np.clip(np.rint(read(np.float32, 4) * (8192 / 4) - 0.5), 0, 8191).astype(int)
            same[name] = agreement(curve(False)[total], light(), 1)
        if name.endswith("compute"):
            same[name] = agreement(content(result), nearest() if name.startswith("nearest") else light(), 0)
        else:
            assert result is None or result.any()
    times = {name: [] for name in runs}
    for _ in range(PAIRS):
        for name, run in runs.items():
            times[name].append(timed(run))
    report(times, same)


if __name__ == "__main__":
    main()
