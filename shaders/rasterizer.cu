// Tiles of samples to pixels: sums of light, and nearest samples, with the bits of engine/rasterize/definition.py.
// A group of threads draws a tile. Its small sprites are added up in shared memory where the tile is small on the
// screen, as most are, so that a pixel meets memory once a tile; large sprites are drawn by a warp each.

#include "numbers.cuh"

const int TILE = 32, SAMPLES = TILE * TILE, THREADS = 256, OWN = SAMPLES / THREADS;
const int FIELD = 21, PHASES = 16, MARGIN = 64, GAIN = 16384, LEVELS = 32, RINGS = 512, SIZES = 16, TAPS = 16;
const int MORPH = 128, BOX = 3072, NEAR_ENTRIES = 512, STEP = 4;
const u32 SUM_LIMIT = (1u << 20) - 1;
const float NEAREST_W = 1e-3f, SOFT_D = 6.0f, DISC_D = 16.0f, LARGEST_S = 50.0f, RADIUS = 0.95f;
const float HIGHLIGHT_X = -0.17f, HIGHLIGHT_Y = 0.19f, HIGHLIGHT_RATE = 16.0f;
const u64 EVERY = 1ull | 1ull << FIELD | 1ull << 2 * FIELD, MASK = (1ull << FIELD) - 1, EMPTY = ~0ull;

#define BATCH                                                                                                    \
    const float *corners, const float *dus, const float *dvs, const float *dhs, const int *counts, const int *slots, \
        const int *morphs, const float *aboves, const int *above_at, const double *eye

// A tile as the eye sees it: (x_px * w, y_px * w, w) of its corner, steps and height, and of the coarser tile's.
struct Seen {
    float step[4][3], above[3][3];
};

struct Place {
    float x, y, w;
};

__device__ inline void look_at(int tile, BATCH, Seen &seen) {
    int k = threadIdx.x / 3, axis = threadIdx.x % 3;
    if (k >= 7) return;
    const float *vector = k == 0 ? corners : k == 1 ? dus : k == 2 ? dvs : dhs;
    vector = k < 4 ? vector + 3 * tile : aboves + 9 * tile + 3 * (k - 4);
    double x = vector[0], y = vector[1], z = vector[2];
    if (k == 3) x /= 32767.0, y /= 32767.0, z /= 32767.0;
    const double *row = eye + 3 * axis;
    float found = (float)((x * row[0] + y * row[1]) + z * row[2]);
    if (k < 4) seen.step[k][axis] = found; else seen.above[k - 4][axis] = found;
}

__device__ inline float along(const Seen &seen, int axis, int i, int j, int morph, float height) {
    float first = seen.step[0][axis] + (float)i * seen.step[1][axis], across = (float)j * seen.step[2][axis];
    int moved = 2 * morph - MORPH;
    if (moved > 0) {
        float share = (float)moved * (1.0f / MORPH), rest = 1.0f - share;
        first = first * rest + (seen.above[0][axis] + (float)(i >> 1) * seen.above[1][axis]) * share;
        across = across * rest + ((float)(j >> 1) * seen.above[2][axis]) * share;
    }
    return (first + across) + height * seen.step[3][axis];
}

// The four samples that a coarse one is the mean of, or the coarse one itself.
struct Coarse {
    int a, b, c, d;
    bool known;
};

__device__ inline Coarse coarse_of(const int *at, int i, int j, int rows, int columns, int slot) {
    if (at[0] >= 0) {
        int row = at[1] + (i >> 1), column = at[2] + (j >> 1), place = (at[0] * TILE + row) * TILE + column;
        return {place, place, place, place, true};
    }
    int up = i & ~1, left = j & ~1, low = up + 1 < rows ? up + 1 : rows - 1, right = left + 1 < columns ? left + 1 : columns - 1;
    int first = slot * SAMPLES;
    return {first + up * TILE + left, first + up * TILE + right, first + low * TILE + left, first + low * TILE + right, false};
}

__device__ inline u64 weighted(u64 light, u32 weight, int bits) {
    return (light * weight + (EVERY << (bits - 1))) >> bits & ((1ull << (FIELD - bits)) - 1) * EVERY;
}

__device__ inline u64 light_at(const u64 *lights, int place, const Coarse &from, int morph) {
    if (!morph) return lights[place];
    u64 coarse = lights[from.a];
    if (!from.known)
        coarse = ((coarse + lights[from.b] + lights[from.c] + lights[from.d] + 2 * EVERY) >> 2) & ((1ull << 19) - 1) * EVERY;
    u64 mixed = lights[place] * (u64)(MORPH - morph) + coarse * (u64)morph + (EVERY << 6);
    return mixed >> 7 & ((1ull << 14) - 1) * EVERY;
}

__device__ inline int height_at(const i16 *heights, int place, const Coarse &from, int morph) {
    if (!morph) return heights[place];
    int coarse = heights[from.a];
    if (!from.known) coarse = (coarse + heights[from.b] + heights[from.c] + heights[from.d] + 2) >> 2;
    return (heights[place] * (MORPH - morph) + coarse * morph + MORPH / 2) >> 7;
}

// Packed light x whole / GAIN, rounded per channel.
__device__ inline u64 scaled(u64 light, u32 whole) {
    u64 red = ((light & MASK) * whole + GAIN / 2) >> 14, green = ((light >> FIELD & MASK) * whole + GAIN / 2) >> 14;
    u64 blue = ((light >> 2 * FIELD) * whole + GAIN / 2) >> 14;
    return red | green << FIELD | blue << 2 * FIELD;
}

__device__ inline int whole_of(float factor) { return (int)((factor < 1.0f ? factor : 1.0f) * (float)GAIN + 0.5f); }

// 1/PHASES px from MARGIN before the picture.
__device__ inline int center_of(float place, int extent) {
    float shifted = place * (float)PHASES + (float)(MARGIN * PHASES), end = (float)((extent + 2 * MARGIN) * PHASES - 1);
    shifted = shifted > 0.0f ? shifted : 0.0f;
    return (int)(shifted < end ? shifted : end);
}

__device__ inline int pixel_of(int center) { return (center >> 4) - MARGIN; }

// Sums of a picture are pairs (red, green) of 32 bits, then blue. A channel at its limit takes no more: sums only grow,
// so one that was read a moment ago is never too large, and those under way cannot fill the bits above the limit.
__device__ inline void add_pixel(u64 *sums, i64 pixels, i64 place, u32 red, u32 green, u32 blue) {
    u64 now = *(volatile u64 *)(sums + place);
    if ((u32)now >= SUM_LIMIT) red = 0;
    if ((u32)(now >> 32) >= SUM_LIMIT) green = 0;
    if (red | green) atomicAdd(sums + place, (u64)red | (u64)green << 32);
    if (blue && *(volatile u64 *)(sums + pixels + place) < SUM_LIMIT) atomicAdd(sums + pixels + place, (u64)blue);
}

__device__ inline void add_light_to(u64 *sums, i64 pixels, i64 place, u64 light) {
    add_pixel(sums, pixels, place, (u32)(light & MASK), (u32)(light >> FIELD & MASK), (u32)(light >> 2 * FIELD));
}

__device__ inline u32 ring_of(float square, const u8 *table) {
    float ring = square * (float)RINGS, last = (float)(RINGS - 1);
    return square < 1.0f ? table[(int)(ring < last ? ring : last)] : 0;
}

// A sprite between gaussian and disc, with a white highlight, by a warp: lanes take its pixels by turns.
__device__ inline void add_large(u64 *sums, int width, int height, int center_x, int center_y, float d, u64 light,
                                 const u8 *profile, const u8 *highlight) {
    float share = (d - SOFT_D) * (1.0f / (DISC_D - SOFT_D));
    int level = (int)((share < 1.0f ? share : 1.0f) * (float)LEVELS + 0.5f);
    u64 red = light & MASK, green = light >> FIELD & MASK, brightest = light >> 2 * FIELD;
    brightest = brightest > red ? brightest : red, brightest = brightest > green ? brightest : green;
    u64 white = brightest * EVERY;
    float reach = RADIUS * (d < LARGEST_S ? d : LARGEST_S), inverse = 1.0f / reach;
    int half = (int)(reach + 0.5f), side = 2 * half + 1, column = pixel_of(center_x), row = pixel_of(center_y);
    float from_x = ((float)(center_x & 15) + 0.5f) * (1.0f / PHASES), from_y = ((float)(center_y & 15) + 0.5f) * (1.0f / PHASES);
    for (int k = threadIdx.x % 32; k < side * side; k += 32) {
        int x = k % side - half, y = k / side - half;
        if (column + x < 0 || column + x >= width || row + y < 0 || row + y >= height) continue;
        float across = (((float)x + 0.5f) - from_x) * inverse, up = (((float)y + 0.5f) - from_y) * inverse;
        float to_x = across - HIGHLIGHT_X, to_y = up - HIGHLIGHT_Y;
        u32 body = ring_of(across * across + up * up, profile + level * RINGS);
        u32 shine = ring_of((to_x * to_x + to_y * to_y) * HIGHLIGHT_RATE, highlight + level * RINGS);
        if (body | shine)
            add_light_to(sums, (i64)width * height, (i64)(row + y) * width + column + x,
                         weighted(light, body, 7) + weighted(white, shine, 7));
    }
}

// sums (2, height, width) u64 is added to. `small` has no weights where small_limit < 0.
__global__ void __launch_bounds__(THREADS, 4)
add_light(BATCH, const float *gains, const int *tables, const float *cells, double diameter_of_cell, const u64 *lights,
          const i16 *heights, const u64 *near_tables, float minimum, float small_limit, float small_factor, const u8 *small,
          const u8 *taps, const int *taps_half, const float *taps_factor, const u8 *profile, const u8 *highlight,
          int width, int height, u64 *sums) {
    __shared__ Seen seen;
    __shared__ int box[4];  // left, bottom, right, top; the last two are one beyond
    __shared__ u32 red[BOX], green[BOX], blue[BOX];
    int tile = blockIdx.x, rows = counts[2 * tile], columns = counts[2 * tile + 1], slot = slots[tile], morph = morphs[tile];
    look_at(tile, corners, dus, dvs, dhs, counts, slots, morphs, aboves, above_at, eye, seen);
    if (threadIdx.x < 4) box[threadIdx.x] = threadIdx.x < 2 ? 1 << 30 : -(1 << 30);
    __syncthreads();
    float diameter = (float)((double)cells[tile] * diameter_of_cell), gain = gains[tile];
    gain = gain > 0.0f ? gain : 0.0f, gain = gain < 1.0f ? gain : 1.0f;
    u64 light[OWN];
    int center_x[OWN], center_y[OWN], half[OWN], size[OWN];  // size: -2 nothing, -1 small, else that of a gaussian
    int left = 1 << 30, bottom = left, right = -left, top = -left;
#pragma unroll
    for (int own = 0; own < OWN; ++own) {
        int sample = threadIdx.x + own * THREADS, i = sample / TILE, j = sample % TILE;
        u64 large = 0;
        float d = 0;
        size[own] = -2;
        if (i < rows && j < columns) {
            Coarse from = coarse_of(above_at + 3 * tile, i, j, rows, columns, slot);
            int place = slot * SAMPLES + sample, tall = height_at(heights, place, from, morph);
            float w = along(seen, 2, i, j, morph, (float)tall);
            if (w > NEAREST_W) {
                float inverse = 1.0f / w;
                d = diameter * inverse;
                center_x[own] = center_of(along(seen, 0, i, j, morph, (float)tall) * inverse, width);
                center_y[own] = center_of(along(seen, 1, i, j, morph, (float)tall) * inverse, height);
                u64 raw = light_at(lights, place, from, morph);
                if (d > SOFT_D) {
                    float share = (d - SOFT_D) * (1.0f / (DISC_D - SOFT_D));
                    int level = (int)((share < 1.0f ? share : 1.0f) * (float)LEVELS + 0.5f);
                    u64 near = near_tables[(i64)tables[tile] * NEAR_ENTRIES + ((tall + 32768) * NEAR_ENTRIES >> 16)];
                    large = scaled(weighted(raw, LEVELS - level, 5) + weighted(near, level, 5), whole_of(gain));
                } else if (raw) {
                    bool is_small = d <= small_limit;
                    int kind = (int)((d > minimum ? d : minimum) * (float)SIZES);
                    float factor = is_small ? small_factor : taps_factor[kind];
                    light[own] = scaled(raw, whole_of(((d * d) * factor) * gain));
                    half[own] = is_small ? 1 : taps_half[kind];
                    int x = pixel_of(center_x[own]), y = pixel_of(center_y[own]), h = half[own];
                    if (light[own] && x + h >= 0 && x - h < width && y + h >= 0 && y - h < height) {
                        size[own] = is_small ? -1 : kind;
                        left = x - h < left ? x - h : left, right = x + h >= right ? x + h + 1 : right;
                        bottom = y - h < bottom ? y - h : bottom, top = y + h >= top ? y + h + 1 : top;
                    }
                }
            }
        }
        u32 waiting = __ballot_sync(FULL_WARP, large != 0);
        while (waiting) {
            int lane = __ffs((int)waiting) - 1;
            waiting &= waiting - 1;
            int x = __shfl_sync(FULL_WARP, center_x[own], lane), y = __shfl_sync(FULL_WARP, center_y[own], lane);
            float its_d = __shfl_sync(FULL_WARP, d, lane);
            add_large(sums, width, height, x, y, its_d, __shfl_sync(FULL_WARP, large, lane), profile, highlight);
        }
    }
    for (int apart = 16; apart; apart /= 2) {
        int other = __shfl_xor_sync(FULL_WARP, left, apart);
        left = other < left ? other : left, other = __shfl_xor_sync(FULL_WARP, bottom, apart);
        bottom = other < bottom ? other : bottom, other = __shfl_xor_sync(FULL_WARP, right, apart);
        right = other > right ? other : right, other = __shfl_xor_sync(FULL_WARP, top, apart);
        top = other > top ? other : top;
    }
    if (threadIdx.x % 32 == 0) {
        atomicMin(box, left), atomicMin(box + 1, bottom), atomicMax(box + 2, right), atomicMax(box + 3, top);
    }
    __syncthreads();
    left = box[0] > 0 ? box[0] : 0, bottom = box[1] > 0 ? box[1] : 0;
    right = box[2] < width ? box[2] : width, top = box[3] < height ? box[3] : height;
    if (left >= right || bottom >= top) return;
    int across = right - left, inside = (i64)across * (top - bottom) <= BOX ? across * (top - bottom) : 0;
    for (int k = threadIdx.x; k < inside; k += THREADS) red[k] = green[k] = blue[k] = 0;
    __syncthreads();
    i64 pixels = (i64)width * height;
#pragma unroll
    for (int own = 0; own < OWN; ++own) {
        if (size[own] == -2) continue;
        int phase_x = center_x[own] & 15, phase_y = center_y[own] & 15, h = half[own], side = 2 * h + 1;
        int column = pixel_of(center_x[own]) - h, row = pixel_of(center_y[own]) - h;
        const u8 *weights = small + (phase_y * PHASES + phase_x) * 9;
        const u8 *upward = taps + (size[own] * PHASES + phase_y) * TAPS, *sideward = taps + (size[own] * PHASES + phase_x) * TAPS;
        for (int y = 0; y < side; ++y) {
            u64 line = size[own] < 0 ? light[own] : weighted(light[own], upward[y], 7);
            if (row + y < bottom || row + y >= top || !line) continue;
            for (int x = 0; x < side; ++x) {
                if (column + x < left || column + x >= right) continue;
                u64 part = weighted(line, size[own] < 0 ? weights[3 * y + x] : sideward[x], 7);
                if (!part) continue;
                if (!inside) {
                    add_light_to(sums, pixels, (i64)(row + y) * width + column + x, part);
                    continue;
                }
                int place = (row + y - bottom) * across + column + x - left;
                atomicAdd(red + place, (u32)(part & MASK));
                atomicAdd(green + place, (u32)(part >> FIELD & MASK));
                atomicAdd(blue + place, (u32)(part >> 2 * FIELD));
            }
        }
    }
    __syncthreads();
    for (int k = threadIdx.x; k < inside; k += THREADS) {
        u32 r = red[k] < SUM_LIMIT ? red[k] : SUM_LIMIT, g = green[k] < SUM_LIMIT ? green[k] : SUM_LIMIT;
        u32 b = blue[k] < SUM_LIMIT ? blue[k] : SUM_LIMIT;
        if (r | g | b) add_pixel(sums, pixels, (i64)(bottom + k / across) * width + left + k % across, r, g, b);
    }
}

// packed (pixels): fields of 21 bits, each at most SUM_LIMIT.
__global__ void __launch_bounds__(256) pack_sums(const u64 *sums, i64 pixels, u64 *packed) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < pixels; k += (i64)gridDim.x * blockDim.x) {
        u64 pair = sums[k], blue = sums[pixels + k], red = pair & 0xFFFFFFFFu, green = pair >> 32;
        red = red < SUM_LIMIT ? red : SUM_LIMIT, green = green < SUM_LIMIT ? green : SUM_LIMIT;
        packed[k] = red | green << FIELD | (blue < SUM_LIMIT ? blue : (u64)SUM_LIMIT) << 2 * FIELD;
    }
}

// picture (pixels) RGBA8, red in the lowest byte: what `curve` shows of packed sums.
__global__ void __launch_bounds__(256)
show_sums(const u64 *packed, i64 pixels, const u8 *curve, int entries, u32 alpha, u32 *picture) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < pixels; k += (i64)gridDim.x * blockDim.x) {
        u32 shown = alpha;
        for (int channel = 0; channel < 3; ++channel) {
            int entry = (int)(packed[k] >> channel * FIELD & MASK) / STEP;
            shown |= (u32)curve[entry < entries ? entry : entries - 1] << 8 * channel;
        }
        picture[k] = shown;
    }
}

// pixels (height, width) u64 are lowered to depth << 32 | number of the sample.
__global__ void __launch_bounds__(THREADS)
find_nearest(BATCH, const i16 *heights, int width, int height, u64 *pixels) {
    __shared__ Seen seen;
    int tile = blockIdx.x, rows = counts[2 * tile], columns = counts[2 * tile + 1], slot = slots[tile], morph = morphs[tile];
    look_at(tile, corners, dus, dvs, dhs, counts, slots, morphs, aboves, above_at, eye, seen);
    __syncthreads();
    for (int sample = threadIdx.x; sample < rows * TILE; sample += THREADS) {
        int i = sample / TILE, j = sample % TILE;
        if (j >= columns) continue;
        Coarse from = coarse_of(above_at + 3 * tile, i, j, rows, columns, slot);
        float tall = (float)height_at(heights, slot * SAMPLES + sample, from, morph);
        float w = along(seen, 2, i, j, morph, tall);
        if (!(w > NEAREST_W)) continue;
        float inverse = 1.0f / w, x = along(seen, 0, i, j, morph, tall) * inverse, y = along(seen, 1, i, j, morph, tall) * inverse;
        if (!(x >= 0.0f && x < (float)width && y >= 0.0f && y < (float)height)) continue;
        u64 found = (u64)__float_as_uint(w) << 32 | ((u32)tile * (u32)SAMPLES + (u32)sample);
        u64 *pixel = pixels + (i64)(int)y * width + (int)x;
        if (found < *(volatile u64 *)pixel) atomicMin(pixel, found);
    }
}

__global__ void __launch_bounds__(256)
show_nearest(const u64 *pixels, i64 count, const int *slots, const int *tables, const i16 *heights, const u32 *colors,
             u32 *picture) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < count; k += (i64)gridDim.x * blockDim.x) {
        u32 number = (u32)pixels[k], tile = number / SAMPLES, shown = 0;
        if (pixels[k] != EMPTY) {
            int tall = heights[(i64)slots[tile] * SAMPLES + number % SAMPLES];
            shown = colors[(i64)tables[tile] * NEAR_ENTRIES + ((tall + 32768) * NEAR_ENTRIES >> 16)];
        }
        picture[k] = shown;
    }
}
