// Sums of light of a picture: words of red and green by turns, then those of blue. A channel at its limit takes no more:
// sums only grow, so one that was read a moment ago is never too large.
const uint SUM_LIMIT = (1u << 20) - 1u;
layout(std430, binding = 8) coherent buffer Sums { uint sums[]; };
#ifdef ATOMIC64
layout(std430, binding = 9) coherent buffer Pairs { int64_t pairs[]; };  // the same memory; NVIDIA adds signed ones
#endif

void add_pixel(int place, int pixels, uvec3 light) {
    if (sums[2 * place] >= SUM_LIMIT) light.x = 0u;
    if (sums[2 * place + 1] >= SUM_LIMIT) light.y = 0u;
    if (light.z != 0u && sums[2 * pixels + place] < SUM_LIMIT) atomicAdd(sums[2 * pixels + place], light.z);
#ifdef ATOMIC64
    if ((light.x | light.y) != 0u) atomicAdd(pairs[place], int64_t(light.x) | int64_t(light.y) << 32);
#else
    if (light.x != 0u) atomicAdd(sums[2 * place], light.x);
    if (light.y != 0u) atomicAdd(sums[2 * place + 1], light.y);
#endif
}
