// Tiles to sums of light. A group draws a tile: its small sprites are added up in shared memory where the tile is small
// on the screen, as most are, so that a pixel meets memory once a tile; large sprites are drawn by the whole group.
#define THREADS 256
#include "tile_samples.glsl"
#include "sums.glsl"
#include "light_parts.glsl"
const int LEVELS = 32, RINGS = 512, SIZES = 16, KINDS = 97;
const int ROWS = 0, TAPS = ROWS + PHASES * PHASES * 4, HALVES = TAPS + KINDS * PHASES * 4, FACTORS = HALVES + KINDS;
const int PROFILE = FACTORS + KINDS, HIGHLIGHT = PROFILE + (LEVELS + 1) * RINGS / 4;
const int OWN = SAMPLES / THREADS, BOX = 2176, NOTHING = -2, SMALLEST = -1;
const float SOFT_D = 6.0, DISC_D = 16.0, LARGEST_S = 50.0, RADIUS = 0.95;
const vec2 HIGHLIGHT_AT = vec2(-0.17, 0.19);
const float HIGHLIGHT_RATE = 16.0;
layout(std430, binding = 7) readonly buffer Near { uvec2 near_lights[]; };
uniform float minimum_px, small_limit, small_factor;

shared int box[4];  // left, bottom, right, top; the last two are one beyond
shared int larges;
shared uint reds[BOX], greens[BOX], blues[BOX];
shared uvec4 large_at[THREADS];  // center, diameter, blue
shared uvec2 large_light[THREADS];  // red, green

int level_of(float d) {
    precise float share = (d - SOFT_D) * (1.0 / (DISC_D - SOFT_D));
    precise float level = min(share, 1.0) * float(LEVELS) + 0.5;
    return int(level);
}

uint ring_of(float square, int table) {
    if (!(square < 1.0)) return 0u;
    int ring = int(min(square * float(RINGS), float(RINGS - 1)));
    return byte_of(tables[table + (ring >> 2)], ring & 3);
}

void add_to_picture(int column, int row, uvec3 light) {
    add_pixel((row - first_row) * width + column, width * (last_row - first_row), light);
}

// One large sprite, by all threads.
void add_large(ivec2 center, float d, uvec3 light) {
    uint brightest = max(light.x, max(light.y, light.z));
    int level = level_of(d), profile = PROFILE + level * RINGS / 4, highlight = HIGHLIGHT + level * RINGS / 4;
    precise float reach = RADIUS * min(d, LARGEST_S);
    precise float inverse = inverse_of(reach);
    int half_side = int(reach + 0.5), side = 2 * half_side + 1;
    ivec2 pixel = pixel_of(center);
    precise vec2 from = (vec2(center & 15) + 0.5) * (1.0 / float(PHASES));
    for (int k = int(gl_LocalInvocationIndex); k < side * side; k += THREADS) {
        ivec2 aside = ivec2(k % side, k / side) - half_side, at = pixel + aside;
        if (at.x < 0 || at.x >= width || at.y < first_row || at.y >= last_row) continue;
        precise vec2 away = ((vec2(aside) + 0.5) - from) * inverse;
        precise vec2 to = away - HIGHLIGHT_AT;
        precise float square = away.x * away.x + away.y * away.y;
        precise float shine_square = (to.x * to.x + to.y * to.y) * HIGHLIGHT_RATE;
        uint body = ring_of(square, profile), shine = ring_of(shine_square, highlight);
        if ((body | shine) != 0u) add_to_picture(at.x, at.y, weighted(light, body) + weighted(uvec3(brightest), shine));
    }
}

void main() {
    int thread = int(gl_LocalInvocationIndex);
    Tile tile = tile_of(first_tile + int(gl_WorkGroupID.x));
    if (thread < 4) box[thread] = thread < 2 ? FAR : -FAR;
    if (thread == 4) larges = 0;
    barrier();
    uvec3 light[OWN];
    ivec2 center[OWN];
    float diameter[OWN];
    int kind[OWN];  // NOTHING, SMALLEST, the size of a gaussian, or KINDS: large
    ivec2 lower = ivec2(FAR), upper = ivec2(-FAR);
    for (int own = 0; own < OWN; ++own) {
        int sample_number = thread + own * THREADS, i = sample_number / TILE, j = sample_number % TILE;
        kind[own] = NOTHING;
        if (i >= tile.rows || j >= tile.columns) continue;
        int tall = height_of(tile, i, j);
        vec3 place = place_of(tile, i, j, float(tall));
        if (!(place.z > NEAREST_W)) continue;
        float inverse = inverse_of(place.z);
        precise float d = tile.diameter * inverse;
        uvec3 raw = light_of(tile, i, j);
        center[own] = center_of(place, inverse);
        diameter[own] = d;
        if (d > SOFT_D) {
            uint level = uint(level_of(d));
            uvec3 near = fields(near_lights[tile.table * 512 + ((tall + 32768) * 512 >> 16)]);
            uvec3 mixed = (raw * (uint(LEVELS) - level) + 16u >> 5) + (near * level + 16u >> 5);
            light[own] = scaled(mixed, whole_of(tile.gain));
            if (light[own] == uvec3(0u)) continue;
            kind[own] = KINDS;
            larges = 1;
            continue;
        }
        bool is_small = d <= small_limit;
        int size = int(max(d, minimum_px) * float(SIZES));
        precise float square = d * d;
        precise float factor = (square * (is_small ? small_factor : uintBitsToFloat(tables[FACTORS + size]))) * tile.gain;
        light[own] = scaled(raw, whole_of(factor));
        int reach = is_small ? 1 : int(tables[HALVES + size]);
        ivec2 pixel = pixel_of(center[own]);
        bool met = pixel.x + reach >= 0 && pixel.x - reach < width && pixel.y + reach >= first_row && pixel.y - reach < last_row;
        if (light[own] == uvec3(0u) || !met) continue;
        kind[own] = is_small ? SMALLEST : size;
        lower = min(lower, pixel - reach);
        upper = max(upper, pixel + reach + 1);
    }
    if (lower.x < upper.x) {
        atomicMin(box[0], lower.x), atomicMin(box[1], lower.y), atomicMax(box[2], upper.x), atomicMax(box[3], upper.y);
    }
    barrier();
    int left = max(box[0], 0), bottom = max(box[1], first_row), right = min(box[2], width), top = min(box[3], last_row);
    int across = max(right - left, 0), up = max(top - bottom, 0);
    bool inside = across <= BOX && up <= BOX && across * up <= BOX;
    int pixels = inside ? across * up : 0;
    for (int k = thread; k < pixels; k += THREADS) reds[k] = greens[k] = blues[k] = 0u;
    barrier();
    for (int own = 0; own < OWN; ++own) {
        if (kind[own] == NOTHING || kind[own] == KINDS) continue;
        bool is_small = kind[own] == SMALLEST;
        ivec2 phase = center[own] & 15;
        int reach = is_small ? 1 : int(tables[HALVES + kind[own]]);
        ivec2 corner = pixel_of(center[own]) - reach;
        int rows = ROWS + (phase.y * PHASES + phase.x) * 4, taps = TAPS + kind[own] * PHASES * 4;
        for (int y = 0; y <= 2 * reach; ++y) {
            int row = corner.y + y;
            if (row < bottom || row >= top) continue;
            uvec3 line = light[own];
            if (!is_small) line = weighted(line, byte_of(tables[taps + phase.y * 4 + (y >> 2)], y & 3));
            uint word = is_small ? tables[rows + y] : 0u;
            for (int x = 0; x <= 2 * reach; ++x) {
                int column = corner.x + x;
                if (column < left || column >= right) continue;
                if (!is_small && (x & 3) == 0 || column == left) word = is_small ? word : tables[taps + phase.x * 4 + (x >> 2)];
                uvec3 part = weighted(line, byte_of(word, is_small ? x : x & 3));
                if (part == uvec3(0u)) continue;
                if (inside) {
                    int at = (row - bottom) * across + column - left;
                    atomicAdd(reds[at], part.x), atomicAdd(greens[at], part.y), atomicAdd(blues[at], part.z);
                } else {
                    add_to_picture(column, row, part);
                }
            }
        }
    }
    barrier();
    for (int k = thread; k < pixels; k += THREADS) {
        uvec3 total = uvec3(reds[k], greens[k], blues[k]);
        if (total != uvec3(0u)) add_to_picture(left + k % across, bottom + k / across, min(total, SUM_LIMIT));
    }
    if (larges == 0) return;
    for (int own = 0; own < OWN; ++own) {
        barrier();
        if (thread == 0) larges = 0;
        barrier();
        if (kind[own] == KINDS) {
            int entry = atomicAdd(larges, 1);
            large_at[entry] = uvec4(uvec2(center[own]), floatBitsToUint(diameter[own]), light[own].z);
            large_light[entry] = light[own].xy;
        }
        barrier();
        for (int k = 0; k < larges; ++k)
            add_large(ivec2(large_at[k].xy), uintBitsToFloat(large_at[k].z), uvec3(large_light[k], large_at[k].w));
    }
}
