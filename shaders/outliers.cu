// Selection of the numbers of largest magnitude by the digits of their bits: engine/kernels/outliers_cupy.py.

#include "numbers.cuh"

const int DIGITS = 2048;

// counts (2^bits, at most 2048) is added to: how many magnitudes whose bits above the digit are `prefix` have each digit.
template <class Kind>
__global__ void __launch_bounds__(512)
count_digits(const typename Kind::Word *values, const float *table, i64 count, u64 prefix, int shift, int bits,
             u64 *counts) {
    __shared__ u32 tally[DIGITS];
    for (int k = threadIdx.x; k < DIGITS; k += blockDim.x) tally[k] = 0;
    __syncthreads();
    u64 mask = (1ull << bits) - 1;
    read_ahead(values, count, [&](typename Kind::Word word, i64) {
        typename Kind::Number number = Kind::number(word, table);
        u64 key = magnitude_bits(number);
        if (is_finite(number) && key >> shift >> bits == prefix) atomicAdd(tally + (key >> shift & mask), 1u);
    });
    __syncthreads();
    for (int k = threadIdx.x; k < 1 << bits; k += blockDim.x)
        if (tally[k]) atomicAdd(counts + k, (u64)tally[k]);
}

// counts (chunks): how many magnitudes of each `chunk` numbers are `key`. A group a chunk.
template <class Kind>
__global__ void __launch_bounds__(512)
count_equal(const typename Kind::Word *values, const float *table, i64 count, u64 key, int chunk, u32 *counts) {
    i64 first = (i64)blockIdx.x * chunk, end = first + chunk < count ? first + chunk : count;
    u32 found = 0;
    for (i64 k = first + threadIdx.x; k < end; k += blockDim.x)
        found += magnitude_bits(Kind::number(values[k], table)) == key;
    for (int apart = 16; apart; apart /= 2) found += __shfl_xor_sync(FULL_WARP, found, apart);
    if (threadIdx.x % 32 == 0 && found) atomicAdd(counts + blockIdx.x, found);
}

// Gathers, in any order, numbers whose magnitude is above that of `key`, or is it and stands before `equal_end`.
template <class Kind>
__global__ void __launch_bounds__(512)
gather(const typename Kind::Word *values, const float *table, i64 count, u64 key, i64 equal_end, u64 capacity,
       u64 *found, i64 *index, double *value) {
    read_ahead(values, count, [&](typename Kind::Word word, i64 number_at) {
        typename Kind::Number number = Kind::number(word, table);
        u64 own = magnitude_bits(number);
        if (!is_finite(number) || own < key || (own == key && number_at >= equal_end)) return;
        u64 place = atomicAdd(found, 1ull);
        if (place < capacity) index[place] = number_at, value[place] = (double)number;
    });
}
