// Shares of a whole along an axis of (outer, size, inner): engine/kernels/forward/softmax.py.

#include "numbers.cuh"

__device__ inline float share_of(float less, float sum, int logarithm) { return logarithm ? less - logf(sum) : expf(less) / sum; }

// Rows that lie in one piece: a warp a row.
__global__ void __launch_bounds__(256) share_rows(const float *x, i64 rows, i64 size, int logarithm, float *y) {
    i64 warp = ((i64)blockIdx.x * blockDim.x + threadIdx.x) / 32, warps = (i64)gridDim.x * blockDim.x / 32;
    int lane = threadIdx.x % 32;
    for (i64 row = warp; row < rows; row += warps) {
        float highest = -infinity_of(0.0f), sum = 0;
        for (i64 k = lane; k < size; k += 32) highest = fmaxf(highest, x[row * size + k]);
        for (int apart = 16; apart; apart /= 2) highest = fmaxf(highest, __shfl_xor_sync(FULL_WARP, highest, apart));
        for (i64 k = lane; k < size; k += 32) sum += expf(x[row * size + k] - highest);
        for (int apart = 16; apart; apart /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, apart);
        for (i64 k = lane; k < size; k += 32) y[row * size + k] = share_of(x[row * size + k] - highest, sum, logarithm);
    }
}

// Rows whose numbers are `inner` apart: a thread a row, neighbors side by side.
__global__ void __launch_bounds__(256) share_columns(const float *x, i64 outer, i64 size, i64 inner, int logarithm, float *y) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < outer * inner; k += (i64)gridDim.x * blockDim.x) {
        i64 first = k / inner * size * inner + k % inner, end = first + size * inner;
        float highest = -infinity_of(0.0f), sum = 0;
        for (i64 place = first; place < end; place += inner) highest = fmaxf(highest, x[place]);
        for (i64 place = first; place < end; place += inner) sum += expf(x[place] - highest);
        for (i64 place = first; place < end; place += inner) y[place] = share_of(x[place] - highest, sum, logarithm);
    }
}
