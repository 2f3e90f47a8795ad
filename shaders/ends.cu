// How many numbers are equal to the lowest and to the highest of all: engine/kernels/ends_cupy.py.

#include "numbers.cuh"

const int THREADS = 256, AHEAD = 4;  // words that a thread has under way

// counts (2) is added to. NaN in place of an end: nobody wants to know.
template <class Kind>
__global__ void __launch_bounds__(THREADS)
count_ends(const typename Kind::Word *values, i64 count, typename Kind::Word low, typename Kind::Word high, u64 *counts) {
    i64 threads = (i64)gridDim.x * THREADS;
    u32 at_low = 0, at_high = 0;  // fewer than 2^32 numbers a thread
    for (i64 first = (i64)blockIdx.x * THREADS + threadIdx.x; first < count; first += AHEAD * threads) {
        typename Kind::Word words[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k)
            if (first + k * threads < count) words[k] = values[first + k * threads];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k)
            if (first + k * threads < count) at_low += words[k] == low, at_high += words[k] == high;
    }
    for (int apart = 16; apart; apart /= 2) {
        at_low += __shfl_xor_sync(FULL_WARP, at_low, apart);
        at_high += __shfl_xor_sync(FULL_WARP, at_high, apart);
    }
    if (threadIdx.x % 32) return;
    if (at_low) atomicAdd(counts, (u64)at_low);
    if (at_high) atomicAdd(counts + 1, (u64)at_high);
}
