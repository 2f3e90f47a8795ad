// How many numbers are equal to the lowest and to the highest of all: engine/kernels/ends_cupy.py.

#include "numbers.cuh"

const int THREADS = 256;

// counts (2) is added to. NaN in place of an end: nobody wants to know.
template <class Kind>
__global__ void __launch_bounds__(THREADS)
count_ends(const typename Kind::Word *values, i64 count, typename Kind::Word low, typename Kind::Word high, u64 *counts) {
    u32 at_low = 0, at_high = 0;  // fewer than 2^32 numbers a thread
    read_ahead(values, count, [&](typename Kind::Word word, i64) { at_low += word == low, at_high += word == high; });
    for (int apart = 16; apart; apart /= 2) {
        at_low += __shfl_xor_sync(FULL_WARP, at_low, apart);
        at_high += __shfl_xor_sync(FULL_WARP, at_high, apart);
    }
    if (threadIdx.x % 32) return;
    if (at_low) atomicAdd(counts, (u64)at_low);
    if (at_high) atomicAdd(counts + 1, (u64)at_high);
}
