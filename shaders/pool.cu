// Pooling over up to three axes: engine/kernels/forward/pool.py.

#include "numbers.cuh"

const int AXES = 3;

struct Geometry {
    int size[AXES], kernel[AXES], stride[AXES], dilation[AXES], before[AXES], after[AXES], out[AXES];
};

// y (channels, *out): the largest number in each window of x (channels, *size), or with `average` the mean of what lies
// inside, with `with_padding` of the padding too. A thread an output.
template <bool AVERAGE>
__global__ void __launch_bounds__(256) pool(const float *x, i64 channels, const Geometry *of, int with_padding, float *y) {
    Geometry g = *of;
    i64 pixels = (i64)g.size[0] * g.size[1] * g.size[2], places = (i64)g.out[0] * g.out[1] * g.out[2];
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < channels * places; k += (i64)gridDim.x * blockDim.x) {
        i64 channel = k / places;
        int place = (int)(k % places), counted = 0;
        int i = place / (g.out[1] * g.out[2]) * g.stride[0] - g.before[0];
        int j = place / g.out[2] % g.out[1] * g.stride[1] - g.before[1], l = place % g.out[2] * g.stride[2] - g.before[2];
        float found = AVERAGE ? 0.0f : -infinity_of(0.0f);
        for (int a = 0; a < g.kernel[0]; ++a)
            for (int b = 0; b < g.kernel[1]; ++b)
                for (int c = 0; c < g.kernel[2]; ++c) {
                    int at[AXES] = {i + a * g.dilation[0], j + b * g.dilation[1], l + c * g.dilation[2]};
                    bool inside = true, padded = true;
                    for (int axis = 0; axis < AXES; ++axis) {
                        inside = inside && at[axis] >= 0 && at[axis] < g.size[axis];
                        padded = padded && at[axis] < g.size[axis] + g.after[axis];
                    }
                    counted += inside || (padded && with_padding);
                    if (!inside) continue;
                    float value = x[channel * pixels + ((i64)at[0] * g.size[1] + at[1]) * g.size[2] + at[2]];
                    if (AVERAGE) found += value; else if (value > found || value != value) found = value;
                }
        y[k] = AVERAGE ? found / (float)counted : found;
    }
}

// y (rows): the mean or the largest of each row of `width` numbers. A warp a row.
template <bool AVERAGE>
__global__ void __launch_bounds__(256) pool_rows(const float *x, i64 rows, i64 width, float *y) {
    i64 warp = ((i64)blockIdx.x * blockDim.x + threadIdx.x) / 32, warps = (i64)gridDim.x * blockDim.x / 32;
    int lane = threadIdx.x % 32;
    for (i64 row = warp; row < rows; row += warps) {
        double sum = 0;
        float largest = -infinity_of(0.0f);
        for (i64 k = lane; k < width; k += 32) {
            float value = x[row * width + k];
            sum += value;
            if (value > largest || value != value) largest = value;
        }
        for (int apart = 16; apart; apart /= 2) {
            sum += __shfl_xor_sync(FULL_WARP, sum, apart);
            float other = __shfl_xor_sync(FULL_WARP, largest, apart);
            if (other > largest || other != other) largest = other;
        }
        if (lane == 0) y[row] = AVERAGE ? (float)(sum / (double)width) : largest;
    }
}
