// As light_small.comp, without shared memory: faster where a driver draws on the processor and it costs as much as any.
#define THREADS 64
#include "tile_samples.glsl"
#include "light_parts.glsl"
const int PARTS = 2, OWN = SAMPLES / THREADS / PARTS;
const uint FULL = 1u << 28;  // nine times this and more fit into a word
layout(std430, binding = 8) coherent buffer Sums { uint sums[]; };  // as in sums.glsl
uniform float small_factor;

// Whether a pixel is so bright that what surrounds it cannot take another such: none gets more light of a sprite than the
// middle one, or than the one in the picture that is next to it.
bool is_full(ivec2 pixel, int pixels) {
    ivec2 at = clamp(pixel, ivec2(0, first_row), ivec2(width, last_row) - 1) - ivec2(0, first_row);
    int place = at.y * width + at.x;
    return max(max(sums[2 * place], sums[2 * place + 1]), sums[2 * pixels + place]) >= FULL;
}

void main() {
    Tile tile = tile_of(first_tile + int(gl_WorkGroupID.x) / PARTS);
    int first_sample = int(gl_WorkGroupID.x) % PARTS * (SAMPLES / PARTS), pixels = width * (last_row - first_row);
    for (int own = 0; own < OWN; ++own) {
        int sample_number = first_sample + int(gl_LocalInvocationIndex) + own * THREADS;
        int i = sample_number / TILE, j = sample_number % TILE;
        vec3 place = place_of(tile, i, j, float(height_of(tile, i, j)));
        float inverse = inverse_of(place.z);
        precise float d = tile.diameter * inverse;
        precise float factor = ((d * d) * small_factor) * tile.gain;
        ivec2 center = center_of(place, inverse), phase = center & 15, pixel = pixel_of(center);
        uvec3 light = scaled(light_of(tile, i, j), whole_of(factor));
        if (i >= tile.rows || j >= tile.columns || is_full(pixel, pixels)) light = uvec3(0u);
        int rows = (phase.y * PHASES + phase.x) * 3;
        ivec2 corner = pixel - ivec2(1, 1 + first_row);
        for (int y = 0; y < 3; ++y) {
            uint word = tables[rows + y];
            for (int x = 0; x < 3; ++x) {
                ivec2 at = corner + ivec2(x, y);
                uvec3 part = weighted(light, byte_of(word, x));
                bool inside = uint(at.x) < uint(width) && uint(at.y) < uint(last_row - first_row);
                if (!inside) continue;
                int pair = 2 * (at.y * width + at.x), blue = 2 * pixels + at.y * width + at.x;
                atomicAdd(sums[pair], part.x), atomicAdd(sums[pair + 1], part.y), atomicAdd(sums[blue], part.z);
            }
        }
    }
}
