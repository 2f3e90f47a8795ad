// Rows of a table at places, as of an embedding: engine/kernels/forward/lookup.py.

#include "numbers.cuh"

// to (outer, count, width) Words of table (outer, size, width).
template <class Word>
__global__ void __launch_bounds__(256)
gather(const Word *table, const i64 *places, i64 outer, i64 size, i64 count, i64 width, Word *to) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < outer * count * width; k += (i64)gridDim.x * blockDim.x) {
        i64 row = k / width;
        to[k] = table[(row / count * size + places[row % count]) * width + k % width];
    }
}
