// Statistics of segments of numbers: what a thread sees of them, and the moments of one, in the order of additions of the
// definition in engine/kernels/summarize.py, so the bits are the same.

#include "numbers.cuh"

const int SEGMENT = 4096, LANES = 16, BINS = 4096, BIN_SHIFT = 20, COLUMNS = 6;
const int MEASURE_THREADS = 128;

__device__ inline float single_of(float number) { return number; }

__device__ inline float single_of(double number) {
    const double largest = 3.4028234663852886e38;
    double clipped = number < -largest ? -largest : number > largest ? largest : number;
    return (float)clipped;
}

template <class Word> __device__ inline Word lower_of(Word a, Word b) { return b < a ? b : a; }
template <class Word> __device__ inline Word higher_of(Word a, Word b) { return b > a ? b : a; }

// What a thread has seen so far.
template <class Word> struct Seen {
    u64 zeros, nan, infinite;
    Word low, high;
};

// Numbers of one stage of several segments, where a warp meets no bank twice: odd segments are turned by half a line.
template <class Number> __device__ inline int place_of(int segment, int index) {
    return segment * SEGMENT + (index ^ (segment & 1) * LANES);
}

// Counters of bins: of 32 bits, or two of 16 in a word.
struct Wide {
    static __device__ inline void count(u32 *tally, u32 bin) { atomicAdd(tally + bin, 1u); }
};
struct Narrow {
    static __device__ inline void count(u32 *tally, u32 bin) { atomicAdd(tally + bin / 2, 1u << bin % 2 * 16); }
};

template <class Kind, class Counter>
__device__ inline typename Kind::Number look_at(typename Kind::Word word, Seen<typename Kind::Word> &seen, u32 *tally) {
    typedef typename Kind::Number Number;
    Number number = Kind::number(word, 0);
    if (!is_finite(number)) {
        if (number != number) seen.nan += 1; else seen.infinite += 1;
        return nan_of(number);
    }
    seen.zeros += number == 0;
    seen.low = lower_of(seen.low, word);
    seen.high = higher_of(seen.high, word);
    Counter::count(tally, __float_as_uint(single_of(number)) >> BIN_SHIFT);
    return number;
}

// The sum of 16 lanes, in each of them: lane k and k + 8, then k + 4, k + 2, k + 1.
__device__ inline double sum_of_lanes(u32 mask, double value) {
    for (int apart = LANES / 2; apart; apart /= 2) value += __shfl_xor_sync(mask, value, apart, LANES);
    return value;
}

// A row of moments of one segment, by 16 threads, of which each adds `round` numbers; none is kept where `row` is 0.
template <class Number>
__device__ inline void add_row(const Number *stage, int segment, int lane, u32 mask, int round, double *row) {
    double sum = 0, absolute = 0, good = 0;
#pragma unroll 8
    for (int k = 0; k < round; ++k) {
        Number number = stage[place_of<Number>(segment, k * LANES + lane)];
        double value = number == number ? (double)number : 0.0;
        sum += value;
        absolute += fabs(value);
        good += number == number;
    }
    sum = sum_of_lanes(mask, sum), absolute = sum_of_lanes(mask, absolute), good = sum_of_lanes(mask, good);
    double mean = sum / (good > 1 ? good : 1.0), second = 0, third = 0, fourth = 0;
#pragma unroll 8
    for (int k = 0; k < round; ++k) {
        Number number = stage[place_of<Number>(segment, k * LANES + lane)];
        double away = number == number ? (double)number - mean : 0.0, square = away * away;
        second += square;
        third += square * away;
        fourth += square * square;
    }
    second = sum_of_lanes(mask, second), third = sum_of_lanes(mask, third), fourth = sum_of_lanes(mask, fourth);
    if (lane == 0 && row) {
        row[0] = good, row[1] = mean, row[2] = second, row[3] = third, row[4] = fourth, row[5] = absolute;
    }
}

// The same of all lanes of a warp together.
template <class Word> __device__ inline void join_lanes(Seen<Word> &seen) {
    for (int apart = 16; apart; apart /= 2) {
        seen.zeros += __shfl_xor_sync(FULL_WARP, seen.zeros, apart);
        seen.nan += __shfl_xor_sync(FULL_WARP, seen.nan, apart);
        seen.infinite += __shfl_xor_sync(FULL_WARP, seen.infinite, apart);
        seen.low = lower_of(seen.low, (Word)__shfl_xor_sync(FULL_WARP, seen.low, apart));
        seen.high = higher_of(seen.high, (Word)__shfl_xor_sync(FULL_WARP, seen.high, apart));
    }
}
