// Chains of small sprites to sums of light: see light_chain.comp. A thread goes up some columns of pixels and keeps the
// sums of three rows, so that memory is met once a pixel and not once a sample.
const int PIXEL_ROWS = 64, COLUMNS = 4, AROUND = COLUMNS + 2;
const int LINKS_AT_ONCE = 1 << 16;  // whose light a word holds
const uint SUM_LIMIT = (1u << 20) - 1u;
layout(local_size_x = 64) in;
layout(std430, binding = 8) coherent buffer Sums { uint sums[]; };  // as in sums.glsl
layout(std140, binding = 0) uniform Weights { uvec4 weights[256]; };  // of the smallest sprites by phase: rows, a byte a pixel
uniform usamplerBuffer heads, nexts, links;
uniform int width, first_row, last_row;
uniform int across;  // columns of heads: those of the picture, one more on each side, and some that are empty

uvec3 below[AROUND], middle[AROUND], above[AROUND];

void add_part(inout uvec3 sum, uvec3 light, uint row, int x) {
    sum += light * bitfieldExtract(row, x << 3, 8) + 64u >> 7;
}

// The sprites whose centers lie in a pixel. Link 0 has no light.
void add_chain(int place, int column) {
    uint link = texelFetch(heads, place).x;
    do {
        for (int left = LINKS_AT_ONCE; left > 0; --left) {
            uvec2 packed_light = texelFetch(links, int(link)).xy;
            link = texelFetch(nexts, int(link)).x;
            uvec3 light = uvec3(packed_light.x & 0xFFFFu, packed_light.x >> 16, packed_light.y & 0xFFFFu);
            uvec4 rows = weights[packed_light.y >> 16];
            for (int x = 0; x < 3; ++x) {
                add_part(below[column + x], light, rows.x, x);
                add_part(middle[column + x], light, rows.y, x);
                add_part(above[column + x], light, rows.z, x);
            }
            if (link == 0u) break;
        }
        for (int x = 0; x < 3; ++x) {
            below[column + x] = min(below[column + x], SUM_LIMIT);
            middle[column + x] = min(middle[column + x], SUM_LIMIT);
            above[column + x] = min(above[column + x], SUM_LIMIT);
        }
    } while (link != 0u);
}

void add_to_picture(ivec2 pixel, uvec3 light) {
    int rows = last_row - first_row, place = pixel.y * width + pixel.x;
    if (uint(pixel.x) >= uint(width) || uint(pixel.y) >= uint(rows)) return;
    if (light.x != 0u) atomicAdd(sums[2 * place], light.x);
    if (light.y != 0u) atomicAdd(sums[2 * place + 1], light.y);
    if (light.z != 0u) atomicAdd(sums[2 * width * rows + place], light.z);
}

void main() {
    int number = int(gl_GlobalInvocationID.x), strips = across / COLUMNS, column = number % strips * COLUMNS;
    int first = number / strips * PIXEL_ROWS, last = min(first + PIXEL_ROWS, last_row - first_row + 2);
    for (int x = 0; x < AROUND; ++x) below[x] = middle[x] = above[x] = uvec3(0u);
    for (int row = first; row < last; ++row) {
        int place = row * across + column;  // four calls, not a loop: drivers do not unroll loops that hold others
        add_chain(place, 0), add_chain(place + 1, 1), add_chain(place + 2, 2), add_chain(place + 3, 3);
        for (int x = 0; x < AROUND; ++x) {
            add_to_picture(ivec2(column + x, row) - 2, below[x]);
            below[x] = middle[x], middle[x] = above[x], above[x] = uvec3(0u);
        }
    }
    for (int x = 0; x < AROUND; ++x) {
        add_to_picture(ivec2(column + x, last) - 2, below[x]);
        add_to_picture(ivec2(column + x, last + 1) - 2, middle[x]);
    }
}
