// Samples of tiles, placed and mixed as engine/rasterize/definition.py does it: the same operations in the same order.
// PLAIN is true in programs that draw tiles which are themselves: drivers without jumps would mix all others too.
// ONE_BLOCK is defined where those of one group of tiles have their lights in the one block that is bound. THREADS: of a
// group.
const int TILE = 32, SAMPLES = TILE * TILE, FIELD = 21, MORPH = 128, QUADS = 8;
const int LIGHTS_A_BLOCK = 1 << 24;
const float NEAREST_W = 1e-3;
layout(local_size_x = THREADS) in;
layout(std430, binding = 0) readonly buffer Tiles { uvec4 tiles[]; };  // QUADS each, as engine/rasterize/gl_tiles.py lays them out
layout(std430, binding = 1) readonly buffer Heights { uint heights[]; };  // two int16 a word
layout(std430, binding = 2) readonly buffer Lights0 { uvec2 lights_0[]; };
layout(std430, binding = 3) readonly buffer Lights1 { uvec2 lights_1[]; };
layout(std430, binding = 4) readonly buffer Lights2 { uvec2 lights_2[]; };
layout(std430, binding = 5) readonly buffer Lights3 { uvec2 lights_3[]; };
uniform int first_tile, width, height, first_row, last_row;  // rows of the picture that sums are kept of

struct Tile {
    int number, rows, columns, slot, morph, table, above_slot, above_row, above_column;
    float gain, diameter;
    vec3 step[4], above[3];  // (x_px * w, y_px * w, w) of corner, du, dv and height; of the coarse corner, du and dv
};

Tile tile_of(int number) {
    Tile tile;
    uvec4 quads[QUADS];
    vec4 floats[6];
    for (int k = 0; k < QUADS; ++k) quads[k] = tiles[number * QUADS + k];
    for (int k = 0; k < 6; ++k) floats[k] = uintBitsToFloat(quads[k]);
    for (int k = 0; k < 2; ++k) {
        vec4 a = floats[3 * k], b = floats[3 * k + 1], c = floats[3 * k + 2];
        vec3 first = a.xyz, second = vec3(a.w, b.xy), third = vec3(b.zw, c.x);
        if (k == 0) tile.step = vec3[4](first, second, third, c.yzw);
        else tile.above = vec3[3](first, second, third);
    }
    tile.gain = floats[5].y;
    tile.diameter = floats[5].z;
    tile.rows = int(quads[5].w & 255u);
    tile.columns = int(quads[5].w >> 8 & 255u);
    tile.morph = PLAIN ? 0 : int(quads[5].w >> 16);
    tile.slot = int(quads[6].x);
    tile.table = int(quads[6].y);
    tile.above_slot = int(quads[6].z);
    tile.above_row = int(quads[6].w);
    tile.above_column = int(quads[7].x);
    tile.number = int(quads[7].y);
    return tile;
}

// Where sample (i, j) stands: (x_px * w, y_px * w, w).
vec3 place_of(Tile tile, int i, int j, float tall) {
    precise vec3 first = tile.step[0] + float(i) * tile.step[1];
    precise vec3 across = float(j) * tile.step[2];
    int moved = 2 * tile.morph - MORPH;
    if (!PLAIN && moved > 0) {
        precise float share = float(moved) * (1.0 / float(MORPH));
        precise float rest = 1.0 - share;
        precise vec3 coarse_first = tile.above[0] + float(i >> 1) * tile.above[1];
        precise vec3 coarse_across = float(j >> 1) * tile.above[2];
        first = first * rest + coarse_first * share;
        across = across * rest + coarse_across * share;
    }
    precise vec3 place = (first + across) + tall * tile.step[3];
    return place;
}

float inverse_of(float w) {
    precise float inverse = 1.0 / w;
#ifdef FUSED
    precise float rest = fma(-w, inverse, 1.0);  // division of a GPU may be one step aside; this brings it back
    inverse = fma(rest, inverse, inverse);
#endif
    return inverse;
}

int height_in_pool(int place) {
    return bitfieldExtract(int(heights[place >> 1]), (place & 1) << 4, 16);
}

uvec3 fields(uvec2 light) {
    return uvec3(light.x, light.x >> 21 | light.y << 11, light.y >> 10) & 0x1FFFFFu;
}

uvec3 light_in_pool(int place) {
    int block = place / LIGHTS_A_BLOCK, at = place % LIGHTS_A_BLOCK;
#ifdef ONE_BLOCK
    return fields(lights_0[at]);
#endif
    if (block == 0) return fields(lights_0[at]);
    if (block == 1) return fields(lights_1[at]);
    return fields(block == 2 ? lights_2[at] : lights_3[at]);
}

// Places of the four samples that a coarse one is the mean of.
ivec4 four_of(Tile tile, int i, int j) {
    int up = i & ~1, left = j & ~1, low = min(up + 1, tile.rows - 1), right = min(left + 1, tile.columns - 1);
    return tile.slot * SAMPLES + ivec4(up * TILE + left, up * TILE + right, low * TILE + left, low * TILE + right);
}

int coarse_place(Tile tile, int i, int j) {
    return (tile.above_slot * TILE + tile.above_row + (i >> 1)) * TILE + tile.above_column + (j >> 1);
}

int height_of(Tile tile, int i, int j) {
    int own = height_in_pool(tile.slot * SAMPLES + i * TILE + j), coarse;
    if (PLAIN || tile.morph == 0) return own;
    if (tile.above_slot >= 0) {
        coarse = height_in_pool(coarse_place(tile, i, j));
    } else {
        ivec4 at = four_of(tile, i, j);
        coarse = height_in_pool(at.x) + height_in_pool(at.y) + height_in_pool(at.z) + height_in_pool(at.w) + 2 >> 2;
    }
    return own * (MORPH - tile.morph) + coarse * tile.morph + MORPH / 2 >> 7;
}

uvec3 light_of(Tile tile, int i, int j) {
    uvec3 own = light_in_pool(tile.slot * SAMPLES + i * TILE + j), coarse;
    if (PLAIN || tile.morph == 0) return own;
    if (tile.above_slot >= 0) {
        coarse = light_in_pool(coarse_place(tile, i, j));
    } else {
        ivec4 at = four_of(tile, i, j);
        coarse = light_in_pool(at.x) + light_in_pool(at.y) + light_in_pool(at.z) + light_in_pool(at.w) + 2u >> 2;
    }
    return own * uint(MORPH - tile.morph) + coarse * uint(tile.morph) + uint(MORPH / 2) >> 7;
}
