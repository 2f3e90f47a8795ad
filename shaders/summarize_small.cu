// Statistics of many small vectors of one length, the rows of a matrix, a group of threads a row: see
// engine/kernels/summarize_small_cupy.py.

#include "segments.cuh"

const int THREADS = 256, BYTES = 256;

// Of rows of at most SEGMENT numbers: moments (count, 6), bins (count, 4096) of 16 bits, counts of zeros, NaN and
// infinite ones (count, 3), extremes (count, 2).
template <class Kind>
__global__ void __launch_bounds__(MEASURE_THREADS)
measure_rows(const typename Kind::Word *values, i64 count, int length, typename Kind::Word lowest,
             typename Kind::Word highest, double *moments, u32 *bins, u32 *counts, typename Kind::Word *extremes) {
    typedef typename Kind::Word Word;
    typedef typename Kind::Number Number;
    const int WARPS = MEASURE_THREADS / 32;
    __shared__ __align__(16) Number stage[SEGMENT];
    __shared__ u32 tally[BINS / 2];
    __shared__ Seen<Word> seen_by[WARPS];
    int round = (length + LANES - 1) / LANES;
    for (i64 row = blockIdx.x; row < count; row += gridDim.x) {
        for (int k = threadIdx.x; k < BINS / 2; k += MEASURE_THREADS) tally[k] = 0;
        __syncthreads();
        Seen<Word> seen = {0, 0, 0, lowest, highest};
        for (int k = threadIdx.x; k < round * LANES; k += MEASURE_THREADS)
            stage[place_of<Number>(0, k)] =
                k < length ? look_at<Kind, Narrow>(values[row * length + k], seen, tally) : nan_of(Number(0));
        join_lanes(seen);
        if (threadIdx.x % 32 == 0) seen_by[threadIdx.x / 32] = seen;
        __syncthreads();
        if (threadIdx.x < LANES) add_row<Number>(stage, 0, threadIdx.x, 0xFFFFu, round, moments + row * COLUMNS);
        if (threadIdx.x == 32) {
            for (int warp = 0; warp < WARPS; ++warp) {
                if (warp == 1) continue;
                seen.zeros += seen_by[warp].zeros, seen.nan += seen_by[warp].nan;
                seen.infinite += seen_by[warp].infinite;
                seen.low = lower_of(seen.low, seen_by[warp].low), seen.high = higher_of(seen.high, seen_by[warp].high);
            }
            counts[3 * row] = (u32)seen.zeros, counts[3 * row + 1] = (u32)seen.nan;
            counts[3 * row + 2] = (u32)seen.infinite;
            extremes[2 * row] = seen.low, extremes[2 * row + 1] = seen.high;
        }
        for (int k = threadIdx.x; k < BINS / 2; k += MEASURE_THREADS) bins[row * (BINS / 2) + k] = tally[k];
        __syncthreads();
    }
}

// Rows of at most SEGMENT keys, word >> SHIFT, ascending.
template <class Word, int SHIFT>
__global__ void __launch_bounds__(THREADS) sort_rows(const Word *words, i64 count, int length, u16 *sorted) {
    __shared__ u16 keys[SEGMENT];
    int padded = 1;
    while (padded < length) padded *= 2;
    for (i64 row = blockIdx.x; row < count; row += gridDim.x) {
        for (int k = threadIdx.x; k < padded; k += THREADS)
            keys[k] = k < length ? (u16)(words[row * length + k] >> SHIFT) : (u16)0xFFFF;
        __syncthreads();
        for (int size = 2; size <= padded; size *= 2)
            for (int apart = size / 2; apart; apart /= 2) {
                for (int pair = threadIdx.x; pair < padded / 2; pair += THREADS) {
                    int one = pair / apart * 2 * apart + pair % apart, other = one + apart;
                    u16 a = keys[one], b = keys[other];
                    if ((a > b) == ((one & size) == 0)) keys[one] = b, keys[other] = a;
                }
                __syncthreads();
            }
        for (int k = threadIdx.x; k < length; k += THREADS) sorted[row * length + k] = keys[k];
        __syncthreads();
    }
}

// table (count, 256): how often each byte occurs in a row.
__global__ void __launch_bounds__(THREADS) count_bytes(const u8 *bytes, i64 count, int length, u32 *table) {
    __shared__ u32 tally[BYTES];
    for (i64 row = blockIdx.x; row < count; row += gridDim.x) {
        tally[threadIdx.x] = 0;
        __syncthreads();
        for (int k = threadIdx.x; k < length; k += THREADS) atomicAdd(tally + bytes[row * length + k], 1u);
        __syncthreads();
        table[row * BYTES + threadIdx.x] = tally[threadIdx.x];
        __syncthreads();
    }
}
