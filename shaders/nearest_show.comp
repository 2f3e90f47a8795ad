// The picture of the nearest samples, 0 where there is none: the bytes of engine/rasterize/resolve.py.
#include "tile_samples.glsl"
layout(std430, binding = 8) readonly buffer Pixels { uint words[]; };
layout(std430, binding = 7) readonly buffer Colors { uint colors[]; };  // RGBA8, 512 a table
layout(binding = 0, rgba8) uniform writeonly image2D picture;

void main() {
    int k = int(gl_GlobalInvocationID.x);
    if (k >= width * (last_row - first_row)) return;
    uint number = words[2 * k], color = 0u;
    if (words[2 * k + 1] != 0xFFFFFFFFu) {
        int word = int(number / uint(SAMPLES)) * WORDS;
        int tall = height_in_pool(int(tiles[word + 24]) * SAMPLES + int(number % uint(SAMPLES)));
        color = colors[int(tiles[word + 25]) * 512 + ((tall + 32768) * 512 >> 16)];
    }
    imageStore(picture, ivec2(k % width, first_row + k / width), unpackUnorm4x8(color));
}
