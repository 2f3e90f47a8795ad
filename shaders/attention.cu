// Scores of queries and keys to weights, in place: engine/kernels/forward/attention.py.

#include "numbers.cuh"

// scores (rows, keys), rows of (images, heads, queries). The mask has strides for all four axes, 0 where it is broadcast:
// numbers that are added, or with `is_bool` bytes, 0 where a key is not seen. A warp a row.
__global__ void __launch_bounds__(256)
weigh(float *scores, i64 rows, int heads, int queries, int keys, float softcap, int causal, const void *mask, int has_mask,
      int is_bool, i64 image_step, i64 head_step, i64 query_step, i64 key_step) {
    i64 warp = ((i64)blockIdx.x * blockDim.x + threadIdx.x) / 32, warps = (i64)gridDim.x * blockDim.x / 32;
    int lane = threadIdx.x % 32;
    for (i64 row = warp; row < rows; row += warps) {
        int query = (int)(row % queries), head = (int)(row / queries % heads);
        i64 base = row / queries / heads * image_step + head * head_step + query * query_step;
        float highest = -infinity_of(0.0f), sum = 0, *own = scores + row * keys;
        for (int k = lane; k < keys; k += 32) {
            float score = own[k];
            if (softcap != 0.0f) score = softcap * tanhf(score / softcap);
            i64 place = base + k * key_step;
            if (has_mask && is_bool && !((const u8 *)mask)[place]) score = -infinity_of(0.0f);
            if (has_mask && !is_bool) score += ((const float *)mask)[place];
            if (causal && k > query) score = -infinity_of(0.0f);
            own[k] = score;
            highest = fmaxf(highest, score);
        }
        for (int apart = 16; apart; apart /= 2) highest = fmaxf(highest, __shfl_xor_sync(FULL_WARP, highest, apart));
        if (!is_finite(highest)) highest = 0;
        for (int k = lane; k < keys; k += 32) own[k] = expf(own[k] - highest), sum += own[k];
        for (int apart = 16; apart; apart /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, apart);
        for (int k = lane; k < keys; k += 32) own[k] /= sum > 0.0f ? sum : 1.0f;
    }
}
