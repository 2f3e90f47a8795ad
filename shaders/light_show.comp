// The picture of sums of light: the bytes of engine/rasterize/resolve.py.
const uint SUM_LIMIT = (1u << 20) - 1u, STEP = 4u, ENTRIES = 8192u;
layout(local_size_x = 256) in;
layout(std430, binding = 8) readonly buffer Sums { uint sums[]; };  // as in sums.glsl
layout(std430, binding = 9) readonly buffer Pairs { uvec2 pairs[]; };  // the same memory
layout(std140, binding = 1) uniform Curve { uvec4 curve[ENTRIES / 16u]; };  // sixteen bytes each
layout(binding = 0, rgba8) uniform writeonly image2D picture;
uniform int width, first_row, last_row;
uniform float alpha;

uint shown(uint total) {
    uint entry = min(min(total, SUM_LIMIT) / STEP, ENTRIES - 1u);
    return bitfieldExtract(curve[entry >> 4][entry >> 2 & 3u], int(entry & 3u) << 3, 8);
}

void main() {
    int pixels = width * (last_row - first_row), k = int(gl_GlobalInvocationID.x);
    if (k >= pixels) return;
    uvec2 pair = pairs[k];
    uvec3 color = uvec3(shown(pair.x), shown(pair.y), shown(sums[2 * pixels + k]));
    imageStore(picture, ivec2(k % width, first_row + k / width), vec4(vec3(color) / 255.0, alpha));
}
