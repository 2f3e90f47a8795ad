// Convolution over up to three axes as a product of matrices whose right one is never made: engine/kernels/forward/conv.py.

#include "numbers.cuh"

const int THREADS = 256, ACROSS = 16, SIDE = 64, DEPTH = 16, OWN = SIDE / ACROSS, AXES = 3;

struct Geometry {
    int images, inputs, outputs, groups, size[AXES], kernel[AXES], stride[AXES], dilation[AXES], before[AXES], out[AXES];
};

// y (images, outputs, *out). Rows of the product are outputs of a group, columns places of all images.
__global__ void __launch_bounds__(THREADS)
convolve(const float *x, const float *weight, const float *bias, int has_bias, const Geometry *of, float *y) {
    __shared__ float left[DEPTH][SIDE + 1], right[DEPTH][SIDE + 1];
    __shared__ int corner[AXES][SIDE], tap[AXES][DEPTH], channel[DEPTH];
    __shared__ i64 image[SIDE];
    Geometry g = *of;
    int inputs = g.inputs / g.groups, outputs = g.outputs / g.groups, group = blockIdx.z;
    i64 places = (i64)g.out[0] * g.out[1] * g.out[2], columns = g.images * places;
    i64 pixels = (i64)g.size[0] * g.size[1] * g.size[2];
    int taps = g.kernel[0] * g.kernel[1] * g.kernel[2], depth = inputs * taps;
    i64 start = (i64)blockIdx.x * SIDE;
    int top = blockIdx.y * SIDE;
    if (threadIdx.x < SIDE) {
        i64 column = start + threadIdx.x, number = column / places;
        int place = (int)(column % places), at[AXES] = {place / (g.out[1] * g.out[2]), place / g.out[2] % g.out[1], place % g.out[2]};
        for (int axis = 0; axis < AXES; ++axis) corner[axis][threadIdx.x] = at[axis] * g.stride[axis] - g.before[axis];
        image[threadIdx.x] = column < columns ? (number * g.inputs + group * inputs) * pixels : -1;
    }
    float sums[OWN][OWN] = {};
    int row_of = threadIdx.x / ACROSS, column_of = threadIdx.x % ACROSS;
    for (int first = 0; first < depth; first += DEPTH) {
        if (threadIdx.x < DEPTH) {
            int k = first + threadIdx.x, rest = k % taps;
            channel[threadIdx.x] = k < depth ? k / taps : -1;
            tap[0][threadIdx.x] = rest / (g.kernel[1] * g.kernel[2]) * g.dilation[0];
            tap[1][threadIdx.x] = rest / g.kernel[2] % g.kernel[1] * g.dilation[1];
            tap[2][threadIdx.x] = rest % g.kernel[2] * g.dilation[2];
        }
        __syncthreads();
        for (int place = threadIdx.x; place < SIDE * DEPTH; place += THREADS) {
            int k = place % DEPTH, row = place / DEPTH;
            bool inside = top + row < outputs && first + k < depth;
            left[k][row] = inside ? weight[(i64)(group * outputs + top + row) * depth + first + k] : 0.0f;
            k = place / SIDE;
            int column = place % SIDE, i = corner[0][column] + tap[0][k], j = corner[1][column] + tap[1][k];
            int l = corner[2][column] + tap[2][k];
            inside = image[column] >= 0 && channel[k] >= 0 && i >= 0 && i < g.size[0] && j >= 0 && j < g.size[1];
            inside = inside && l >= 0 && l < g.size[2];
            i64 at = inside ? image[column] + channel[k] * pixels + ((i64)i * g.size[1] + j) * g.size[2] + l : 0;
            right[k][column] = inside ? x[at] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; ++k) {
            float one[OWN], other[OWN];
#pragma unroll
            for (int own = 0; own < OWN; ++own)
                one[own] = left[k][row_of + own * ACROSS], other[own] = right[k][column_of + own * ACROSS];
#pragma unroll
            for (int i = 0; i < OWN; ++i)
#pragma unroll
                for (int j = 0; j < OWN; ++j) sums[i][j] = fmaf(one[i], other[j], sums[i][j]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < OWN; ++i)
#pragma unroll
        for (int j = 0; j < OWN; ++j) {
            int row = top + row_of + i * ACROSS, output = group * outputs + row;
            i64 column = start + column_of + j * ACROSS;
            if (row >= outputs || column >= columns) continue;
            y[(column / places * g.outputs + output) * places + column % places] = sums[i][j] + (has_bias ? bias[output] : 0.0f);
        }
}
