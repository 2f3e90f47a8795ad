// The picture of packed nearest samples, 0 where there is none.
layout(local_size_x = 256) in;
layout(std430, binding = 8) readonly buffer Pixels { uint words[]; };
layout(std430, binding = 7) readonly buffer Colors { uint colors[]; };  // RGBA8
layout(binding = 0, rgba8) uniform writeonly image2D picture;
uniform int width, first_row, last_row, color_bits;

void main() {
    int k = int(gl_GlobalInvocationID.x);
    if (k >= width * (last_row - first_row)) return;
    uint word = words[k], color = word == 0xFFFFFFFFu ? 0u : colors[word & ((1u << color_bits) - 1u)];
    imageStore(picture, ivec2(k % width, first_row + k / width), unpackUnorm4x8(color));
}
