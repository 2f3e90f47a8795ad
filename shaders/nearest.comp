// The nearest sample of each pixel. PACKED: a word a pixel, depth above what shows the sample's color. Else a pair, number
// and depth; where no atomic operation takes both words at once, depths are found first, then (NUMBERS) the least number
// of the samples that have them.
#define THREADS 64
#include "tile_samples.glsl"
const int OWN = SAMPLES / THREADS;
layout(std430, binding = 8) coherent buffer Pixels { uint words[]; };
#ifdef ATOMIC64
layout(std430, binding = 9) coherent buffer Pairs { uint64_t pairs[]; };  // the same memory
#endif
uniform int least_depth, depth_shift, color_bits;  // of PACKED

void meet(int place, float w, int number, uint color) {
    uint depth = floatBitsToUint(w);
#if defined(PACKED)
    uint steps = min(max(depth, uint(least_depth)) - uint(least_depth) >> depth_shift, (0xFFFFFFFFu >> color_bits) - 1u);
    uint word = steps << color_bits | color;
    if (word < words[place]) atomicMin(words[place], word);
#elif defined(ATOMIC64)
    if (depth <= words[2 * place + 1]) atomicMin(pairs[place], uint64_t(uint(number)) | uint64_t(depth) << 32);
#elif defined(NUMBERS)
    if (depth == words[2 * place + 1] && uint(number) < words[2 * place]) atomicMin(words[2 * place], uint(number));
#else
    if (depth < words[2 * place + 1]) atomicMin(words[2 * place + 1], depth);
#endif
}

void main() {
    Tile tile = tile_of(first_tile + int(gl_WorkGroupID.x));
    for (int own = 0; own < OWN; ++own) {
        int sample_number = int(gl_LocalInvocationIndex) + own * THREADS, i = sample_number / TILE, j = sample_number % TILE;
        int tall = height_of(tile, i, j);
        vec3 place = place_of(tile, i, j, float(tall));
        precise vec2 at = place.xy * inverse_of(place.z);
        bool inside = at.x >= 0.0 && at.x < float(width) && at.y >= float(first_row) && at.y < float(last_row);
        if (i >= tile.rows || j >= tile.columns || !(place.z > NEAREST_W) || !inside) continue;
        int own_tall = PLAIN ? tall : height_in_pool(tile.slot * SAMPLES + sample_number);
        uint color = uint(tile.table * 512 + ((own_tall + 32768) * 512 >> 16));
        meet((int(at.y) - first_row) * width + int(at.x), place.z, tile.number * SAMPLES + sample_number, color);
    }
}
