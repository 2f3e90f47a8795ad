// Rows brought to mean 0 and variance 1, in float64: engine/kernels/forward/norm.py.

#include "numbers.cuh"

const int THREADS = 256;

__device__ inline double sum_of_group(double value) {
    __shared__ double parts[THREADS / 32];
    for (int apart = 16; apart; apart /= 2) value += __shfl_xor_sync(FULL_WARP, value, apart);
    __syncthreads();  // the sum before has been read
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    value = 0;
    for (int k = 0; k < THREADS / 32; ++k) value += parts[k];
    return value;
}

// Of each row of `width` numbers, a group a row. Scale and bias, where there are, stand at k / per % period for number k
// of all. Without `centered` the mean counts as 0.
__global__ void __launch_bounds__(THREADS)
normalize(const float *x, i64 rows, i64 width, double epsilon, int centered, const float *scale, const float *bias,
          int has_scale, int has_bias, i64 per, i64 period, float *y) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const float *own = x + row * width;
        double sum = 0, square = 0, mean = 0;
        if (centered) {
            for (i64 k = threadIdx.x; k < width; k += THREADS) sum += own[k];
            mean = sum_of_group(sum) / (double)width;
        }
        for (i64 k = threadIdx.x; k < width; k += THREADS) square += (own[k] - mean) * (own[k] - mean);
        double spread = sqrt(sum_of_group(square) / (double)width + epsilon);
        for (i64 k = threadIdx.x; k < width; k += THREADS) {
            float value = (float)((own[k] - mean) / spread);
            i64 place = (row * width + k) / per % period;
            if (has_scale) value *= scale[place];
            if (has_bias) value += bias[place];
            y[row * width + k] = value;
        }
    }
}

// slope x + start, which stand at k / per % period for number k.
__global__ void __launch_bounds__(THREADS)
scale_shift(const float *x, i64 count, const float *slope, const float *start, i64 per, i64 period, float *y) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < count; k += (i64)gridDim.x * blockDim.x) {
        i64 place = k / per % period;
        y[k] = x[k] * slope[place] + start[place];
    }
}
