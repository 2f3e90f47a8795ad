// Means, extremes and counts of blocks of 8 x 8 numbers of a matrix, and of blocks of those: engine/kernels/pyramid.py.

#include "numbers.cuh"

const int SIDE = 8;

template <class Number> __device__ inline void keep(bool empty, double sum, double count, Number low, Number high,
                                                    i64 place, double *means, Number *lows, Number *highs) {
    double mean = sum / (count > 1 ? count : 1.0);
    means[place] = empty || mean != mean ? nan_of(0.0) : mean;
    lows[place] = empty ? nan_of(Number(0)) : low + Number(0);  // 0 has no sign
    highs[place] = empty ? nan_of(Number(0)) : high + Number(0);
}

// A level of `bands` rows of blocks. Row r, column c of the matrix stands at start + r * pitch + c of `count` numbers;
// what lies outside is none. A thread adds up 8 numbers of a column; 8 threads are a block.
template <class Kind>
__global__ void __launch_bounds__(256)
pyramid(const typename Kind::Word *values, const float *table, i64 count, i64 start, i64 pitch, i64 broad, i64 bands,
        double *means, typename Kind::Number *lows, typename Kind::Number *highs, u8 *counts) {
    typedef typename Kind::Number Number;
    i64 column = (i64)blockIdx.x * blockDim.x + threadIdx.x, across = (broad + SIDE - 1) / SIDE;
    for (i64 band = blockIdx.y; band < bands; band += gridDim.y) {
        i64 top = start + band * SIDE * pitch + column;
        Number numbers[SIDE];
#pragma unroll
        for (int row = 0; row < SIDE; ++row) {
            i64 place = top + row * pitch;
            bool inside = column < broad && place >= 0 && place < count;
            numbers[row] = inside ? Kind::number(values[place], table) : nan_of(Number(0));
        }
        double sum = 0;
        int good = 0;
        Number low = infinity_of(Number(0)), high = -low;
#pragma unroll
        for (int row = 0; row < SIDE; ++row) {
            if (!is_finite(numbers[row])) continue;
            sum += (double)numbers[row], good += 1;
            if (numbers[row] < low) low = numbers[row];
            if (numbers[row] > high) high = numbers[row];
        }
#pragma unroll
        for (int apart = SIDE / 2; apart; apart /= 2) {
            sum += __shfl_xor_sync(FULL_WARP, sum, apart);
            good += __shfl_xor_sync(FULL_WARP, good, apart);
            Number other_low = __shfl_xor_sync(FULL_WARP, low, apart);
            Number other_high = __shfl_xor_sync(FULL_WARP, high, apart);
            if (other_low < low) low = other_low;
            if (other_high > high) high = other_high;
        }
        if (column % SIDE || column >= broad) continue;
        i64 place = band * across + column / SIDE;
        keep(good == 0, sum, good, low, high, place, means, lows, highs);
        counts[place] = (u8)good;
    }
}

// The level of factor x factor blocks of a level of (rows, cols): one block a thread, column by column.
template <class Number, class Count>
__global__ void __launch_bounds__(256)
coarser(const double *means, const Number *lows, const Number *highs, const Count *counts, i64 rows, i64 cols,
        int factor, double *means_above, Number *lows_above, Number *highs_above, double *counts_above) {
    i64 across = (cols + factor - 1) / factor, all = (rows + factor - 1) / factor * across;
    for (i64 block = (i64)blockIdx.x * blockDim.x + threadIdx.x; block < all; block += (i64)gridDim.x * blockDim.x) {
        i64 top = block / across * factor, left = block % across * factor;
        i64 bottom = top + factor < rows ? top + factor : rows, right = left + factor < cols ? left + factor : cols;
        double total = 0, number = 0;
        Number low = infinity_of(Number(0)), high = -low;
        for (i64 column = left; column < right; ++column) {
            double sum = 0;
            for (i64 row = top; row < bottom; ++row) {
                i64 place = row * cols + column;
                double here = (double)counts[place];
                if (!(here > 0)) continue;
                sum += means[place] * here, number += here;
                if (lows[place] < low) low = lows[place];
                if (highs[place] > high) high = highs[place];
            }
            total += sum;
        }
        keep(number == 0, total, number, low, high, block, means_above, lows_above, highs_above);
        counts_above[block] = number;
    }
}

// alive (rows) becomes 1 where a row of `pitch` numbers from `start` on holds another number than 0. A warp a row.
template <class Kind>
__global__ void __launch_bounds__(256)
find_alive(const typename Kind::Word *values, const float *table, i64 start, i64 pitch, i64 rows, u8 *alive) {
    i64 warp = ((i64)blockIdx.x * blockDim.x + threadIdx.x) / 32, warps = (i64)gridDim.x * blockDim.x / 32;
    int lane = threadIdx.x % 32;
    for (i64 row = warp; row < rows; row += warps) {
        bool found = false;
        for (i64 first = 0; first < pitch && !found; first += 128) {
            bool mine = false;
            for (i64 column = first + lane; column < first + 128 && column < pitch; column += 32)
                mine = mine || Kind::number(values[start + row * pitch + column], table) != 0;
            found = __ballot_sync(FULL_WARP, mine) != 0;
        }
        if (lane == 0) alive[row] = found;
    }
}
