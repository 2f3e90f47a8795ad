// Products of matrices of any strides, several at a time: engine/kernels/forward/matmul.py.

#include "numbers.cuh"

const int THREADS = 256, ACROSS = 16, DEPTH = 16;

// c (batches, rows, columns) = alpha a b. a_at, b_at: where the matrices of each batch begin. A group makes a tile of
// SIDE x SIDE, a thread (SIDE / 16)^2 numbers of it; parts of a and b DEPTH deep stand in shared memory meanwhile.
template <int SIDE>
__global__ void __launch_bounds__(THREADS)
multiply(const float *a, const float *b, const i64 *a_at, const i64 *b_at, int rows, int columns, int depth, i64 a_row,
         i64 a_column, i64 b_row, i64 b_column, float alpha, float *c) {
    const int OWN = SIDE / ACROSS, LOADS = SIDE * DEPTH / THREADS;
    __shared__ float left[DEPTH][SIDE + 1], right[DEPTH][SIDE + 1];
    int tiles_across = (columns + SIDE - 1) / SIDE, tiles = (rows + SIDE - 1) / SIDE * tiles_across;
    i64 batch = blockIdx.x / tiles;
    int tile = blockIdx.x % tiles, top = tile / tiles_across * SIDE, start = tile % tiles_across * SIDE;
    a += a_at[batch], b += b_at[batch];
    float sums[OWN][OWN] = {};
    int y = threadIdx.x / ACROSS, x = threadIdx.x % ACROSS;
    for (int first = 0; first < depth; first += DEPTH) {
#pragma unroll
        for (int load = 0; load < LOADS; ++load) {  // neighbors read what lies side by side
            int place = threadIdx.x + load * THREADS;
            int k = a_column <= a_row ? place % DEPTH : place / SIDE, row = a_column <= a_row ? place / DEPTH : place % SIDE;
            bool inside = top + row < rows && first + k < depth;
            left[k][row] = inside ? a[(top + row) * a_row + (first + k) * a_column] : 0.0f;
            k = b_column <= b_row ? place / SIDE : place % DEPTH;
            int column = b_column <= b_row ? place % SIDE : place / DEPTH;
            inside = start + column < columns && first + k < depth;
            right[k][column] = inside ? b[(first + k) * b_row + (start + column) * b_column] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; ++k) {
            float one[OWN], other[OWN];
#pragma unroll
            for (int own = 0; own < OWN; ++own) one[own] = left[k][y + own * ACROSS], other[own] = right[k][x + own * ACROSS];
#pragma unroll
            for (int i = 0; i < OWN; ++i)
#pragma unroll
                for (int j = 0; j < OWN; ++j) sums[i][j] = fmaf(one[i], other[j], sums[i][j]);
        }
        __syncthreads();
    }
    c += batch * rows * columns;
#pragma unroll
    for (int i = 0; i < OWN; ++i)
#pragma unroll
        for (int j = 0; j < OWN; ++j) {
            int row = top + y + i * ACROSS, column = start + x + j * ACROSS;
            if (row < rows && column < columns) c[(i64)row * columns + column] = alpha * sums[i][j];
        }
}
