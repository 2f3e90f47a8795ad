// Tiles to sums of light, where all sprites of a tile have the smallest size. A group draws half of a tile: sprites are
// added up in shared memory, window by window where what they cover on the screen is large, so that a pixel meets memory
// once a window.
#define THREADS 256
#include "tile_samples.glsl"
#include "sums.glsl"
#include "light_parts.glsl"
const int PARTS = 2, OWN = SAMPLES / THREADS / PARTS, WINDOW = 2688;
uniform float small_factor;

shared int box[4];  // left, bottom, right, top; the last two are one beyond
shared uint reds[WINDOW], greens[WINDOW], blues[WINDOW];

void add_sprite(uvec3 light, ivec2 center, ivec2 corner, ivec2 size) {
    ivec2 phase = center & 15, from = pixel_of(center) - 1 - corner;
    int rows = (phase.y * PHASES + phase.x) * 4;
    for (int y = 0; y < 3; ++y) {
        uint word = tables[rows + y];
        for (int x = 0; x < 3; ++x) {
            ivec2 at = from + ivec2(x, y);
            uvec3 part = weighted(light, byte_of(word, x));
            if (uint(at.x) >= uint(size.x) || uint(at.y) >= uint(size.y) || part == uvec3(0u)) continue;
            int place = at.y * size.x + at.x;
            atomicAdd(reds[place], part.x), atomicAdd(greens[place], part.y), atomicAdd(blues[place], part.z);
        }
    }
}

void main() {
    int thread = int(gl_LocalInvocationIndex);
    Tile tile = tile_of(first_tile + int(gl_WorkGroupID.x) / PARTS);
    int first_sample = int(gl_WorkGroupID.x) % PARTS * (SAMPLES / PARTS);
    if (thread < 4) box[thread] = thread < 2 ? FAR : -FAR;
    barrier();
    uvec3 light[OWN];
    ivec2 center[OWN], lower = ivec2(FAR), upper = ivec2(-FAR);
    for (int own = 0; own < OWN; ++own) {
        int sample_number = first_sample + thread + own * THREADS, i = sample_number / TILE, j = sample_number % TILE;
        vec3 place = place_of(tile, i, j, float(height_of(tile, i, j)));
        float inverse = inverse_of(place.z);
        precise float d = tile.diameter * inverse;
        precise float factor = ((d * d) * small_factor) * tile.gain;
        center[own] = center_of(place, inverse);
        light[own] = scaled(light_of(tile, i, j), whole_of(factor));
        ivec2 pixel = pixel_of(center[own]);
        bool met = pixel.x >= -1 && pixel.x <= width && pixel.y >= first_row - 1 && pixel.y <= last_row;
        if (i >= tile.rows || j >= tile.columns || !met) light[own] = uvec3(0u);
        bool lit = light[own] != uvec3(0u);
        lower = lit ? min(lower, pixel - 1) : lower;
        upper = lit ? max(upper, pixel + 2) : upper;
    }
    if (lower.x < upper.x) {
        atomicMin(box[0], lower.x), atomicMin(box[1], lower.y), atomicMax(box[2], upper.x), atomicMax(box[3], upper.y);
    }
    barrier();
    int left = max(box[0], 0), bottom = max(box[1], first_row), right = min(box[2], width), top = min(box[3], last_row);
    int columns = clamp(right - left, 1, WINDOW), rows = WINDOW / columns, pixels = width * (last_row - first_row);
    for (int y = bottom; y < top; y += rows) {
        for (int x = left; x < right; x += columns) {
            ivec2 corner = ivec2(x, y), size = min(ivec2(columns, rows), ivec2(right, top) - corner);
            for (int k = thread; k < size.x * size.y; k += THREADS) reds[k] = greens[k] = blues[k] = 0u;
            barrier();
            for (int own = 0; own < OWN; ++own) add_sprite(light[own], center[own], corner, size);
            barrier();
            for (int k = thread; k < size.x * size.y; k += THREADS) {
                uvec3 total = min(uvec3(reds[k], greens[k], blues[k]), SUM_LIMIT);
                if (total != uvec3(0u)) add_pixel((y - first_row + k / size.x) * width + x + k % size.x, pixels, total);
            }
            barrier();
        }
    }
}
