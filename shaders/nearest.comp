// The nearest sample of each pixel: pairs of words, number and depth, are lowered to it. Where no atomic operation takes
// both words at once, depths are found first, then (NUMBERS) the least number of the samples that have them.
#include "tile_samples.glsl"
layout(std430, binding = 8) coherent buffer Pixels { uint words[]; };
#ifdef ATOMIC64
layout(std430, binding = 9) coherent buffer Pairs { uint64_t pairs[]; };  // the same memory
#endif

void meet(int place, uint depth, uint number) {
#if defined(ATOMIC64)
    if (depth <= words[2 * place + 1]) atomicMin(pairs[place], packUint2x32(uvec2(number, depth)));
#elif defined(NUMBERS)
    if (depth == words[2 * place + 1] && number < words[2 * place]) atomicMin(words[2 * place], number);
#else
    if (depth < words[2 * place + 1]) atomicMin(words[2 * place + 1], depth);
#endif
}

void main() {
    int number = first_tile + int(gl_WorkGroupID.x);
    Tile tile = tile_of(number);
    for (int own = 0; own < OWN; ++own) {
        int sample_number = int(gl_LocalInvocationIndex) + own * THREADS, i = sample_number / TILE, j = sample_number % TILE;
        if (i >= tile.rows || j >= tile.columns) continue;
        vec3 place = place_of(tile, i, j, float(height_of(tile, i, j)));
        if (!(place.z > NEAREST_W)) continue;
        precise vec2 at = place.xy * inverse_of(place.z);
        if (!(at.x >= 0.0 && at.x < float(width) && at.y >= float(first_row) && at.y < float(last_row))) continue;
        int pixel = (int(at.y) - first_row) * width + int(at.x);
        meet(pixel, floatBitsToUint(place.z), uint(number) * uint(SAMPLES) + uint(sample_number));
    }
}
