// Samples of tiles whose sprites all have the smallest size, as chains: one for each pixel, of those whose centers lie in
// it, the margin of one pixel around the picture included. A thread draws a column of a tile.
#define THREADS 32
#include "tile_samples.glsl"
#include "light_parts.glsl"
layout(std430, binding = 7) writeonly buffer Nexts { uint nexts[]; };  // number of the sample that follows in its chain; 0: none
layout(std430, binding = 8) coherent buffer Heads { uint heads[]; };  // of the first in a pixel
layout(std430, binding = 9) writeonly buffer Links { uvec2 links[]; };  // red and green; blue and phase
uniform int first_chained;  // tile whose samples are numbered from 1 on
uniform int across;  // columns of heads
uniform float small_factor;

void main() {
    int number = first_tile + int(gl_WorkGroupID.x);
    Tile tile = tile_of(number);
    int j = int(gl_LocalInvocationIndex);
    for (int i = 0; i < tile.rows; ++i) {
        vec3 place = place_of(tile, i, j, float(height_of(tile, i, j)));
        float inverse = inverse_of(place.z);
        precise float d = tile.diameter * inverse;
        precise float factor = ((d * d) * small_factor) * tile.gain;
        ivec2 center = center_of(place, inverse), phase = center & 15, at = pixel_of(center) + ivec2(1, 1 - first_row);
        uvec3 light = scaled(light_of(tile, i, j), whole_of(factor));
        bool met = uint(at.x) < uint(width + 2) && uint(at.y) < uint(last_row - first_row + 2);
        if (j >= tile.columns || light == uvec3(0u) || !met) continue;
        uint link = uint(((number - first_chained) * TILE + i) * TILE + j + 1);
        nexts[link] = atomicExchange(heads[at.y * across + at.x], link);
        links[link] = uvec2(light.x | light.y << 16, light.z | uint(phase.y * PHASES + phase.x) << 16);
    }
}
