// Sums of squares of rows and columns, in float64 and in the order of engine/kernels/norms.py.

#include "numbers.cuh"

const int LANES = 16, AHEAD = 16;

template <class Kind> __device__ inline double square_of(typename Kind::Word word, const float *table) {
    typename Kind::Number number = Kind::number(word, table);
    return is_finite(number) ? (double)number * (double)number : 0.0;
}

// 16 threads a row: each adds every 16th number, then halves are added to halves.
template <class Kind>
__global__ void __launch_bounds__(256)
add_rows(const typename Kind::Word *values, const float *table, i64 rows, i64 width, double *sums) {
    int lane = threadIdx.x % LANES;
    i64 first = ((i64)blockIdx.x * blockDim.x + threadIdx.x) / LANES, together = (i64)gridDim.x * blockDim.x / LANES;
    for (i64 start = 0; start < rows; start += together) {  // all threads of a warp take part in each round
        i64 row = start + first;
        double sum = 0;
        if (row < rows)
#pragma unroll 8
            for (i64 column = lane; column < width; column += LANES)
                sum += square_of<Kind>(values[row * width + column], table);
        for (int apart = LANES / 2; apart; apart /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, apart, LANES);
        if (lane == 0 && row < rows) sums[row] = sum;
    }
}

// A thread a column, from the top down; numbers of some rows are under way at a time.
template <class Kind>
__global__ void __launch_bounds__(32)
add_columns(const typename Kind::Word *values, const float *table, i64 rows, i64 width, double *sums) {
    i64 column = (i64)blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= width) return;
    double sum = 0;
    i64 row = 0;
    for (; row + AHEAD <= rows; row += AHEAD) {
        typename Kind::Word words[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k) words[k] = values[(row + k) * width + column];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k) sum += square_of<Kind>(words[k], table);
    }
    for (; row < rows; ++row) sum += square_of<Kind>(values[row * width + column], table);
    sums[column] = sum;
}
