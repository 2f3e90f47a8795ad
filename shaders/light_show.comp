// The picture of sums of light, which become zero: the bytes of engine/rasterize/resolve.py.
const uint SUM_LIMIT = (1u << 20) - 1u, STEP = 4u, ENTRIES = 8192u;
layout(local_size_x = 256) in;
layout(std430, binding = 8) buffer Sums { uint sums[]; };
layout(std430, binding = 7) readonly buffer Curve { uint curve[]; };  // four bytes a word
layout(binding = 0, rgba8) uniform writeonly image2D picture;
uniform int width, first_row, last_row;
uniform float alpha;

uint shown(uint total) {
    uint entry = min(min(total, SUM_LIMIT) / STEP, ENTRIES - 1u);
    return bitfieldExtract(curve[entry >> 2], int(entry & 3u) << 3, 8);
}

void main() {
    int pixels = width * (last_row - first_row), k = int(gl_GlobalInvocationID.x);
    if (k >= pixels) return;
    uvec3 color = uvec3(shown(sums[2 * k]), shown(sums[2 * k + 1]), shown(sums[2 * pixels + k]));
    sums[2 * k] = sums[2 * k + 1] = sums[2 * pixels + k] = 0u;
    imageStore(picture, ivec2(k % width, first_row + k / width), vec4(vec3(color) / 255.0, alpha));
}
