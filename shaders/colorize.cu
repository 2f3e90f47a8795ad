// Mean light and peaks of blocks of a matrix, with the integers of engine/kernels/colorize.py.
// `lanes` threads of a warp, a power of two, are a block: neighbors read neighbors.

#include "numbers.cuh"

const int ENTRIES = 1024, FIELD = 21, THREADS = 256;
const double HEIGHT_UNIT = 32767.0;
const u64 MASK = (1ull << FIELD) - 1;

struct Block {
    i64 top, left, bottom, right;
};

// An empty one behind the last.
__device__ inline Block block_at(i64 number, i64 blocks, i64 across, i64 rows, i64 cols, i64 high, i64 wide) {
    if (number >= blocks) return {0, 0, 0, 0};
    i64 top = (u32)number / (u32)across * high, left = (u32)number % (u32)across * wide;
    return {top, left, top + high < rows ? top + high : rows, left + wide < cols ? left + wide : cols};
}

// How many values a block has; those of one lane are given to `take`.
template <class Kind, class Take>
__device__ inline i64 walk(const typename Kind::Word *values, const float *bytes, i64 cols, const Block &block, int lane,
                           int lanes, const Take &take) {
    i64 broad = block.right - block.left, count = (block.bottom - block.top) * broad;
    i64 row = 0, column = lane, down = 0, right = lanes;
    if (broad < lanes && broad) down = lanes / broad, right = lanes % broad, row = lane / broad, column = lane % broad;
    for (i64 k = lane; k < count; k += lanes) {
        take(Kind::number(values[(block.top + row) * cols + block.left + column], bytes));
        row += down, column += right;
        if (column >= broad) row += 1, column -= broad;
    }
    return count;
}

// Sum / count, rounded half up.
__device__ inline i64 mean_of(i64 sum, i64 count) {
    i64 above = 2 * sum + count, below = 2 * count, whole = above / below;
    return whole - (above % below < 0);
}

// light, height (blocks): the mean of packed light that `table` (1025) gives, and of (value - center) / range.
template <class Kind>
__global__ void __launch_bounds__(THREADS)
block_means(const typename Kind::Word *values, const float *bytes, i64 rows, i64 cols, double range, double center,
            const u64 *table, i64 high, i64 wide, i64 across, i64 blocks, int lanes, u64 *light, i16 *height) {
    __shared__ u64 known[ENTRIES + 1];
    for (int k = threadIdx.x; k <= ENTRIES; k += THREADS) known[k] = table[k];
    __syncthreads();
    int lane = threadIdx.x % lanes;
    i64 together = (i64)gridDim.x * (THREADS / lanes), own = (i64)blockIdx.x * (THREADS / lanes) + threadIdx.x / lanes;
    for (i64 first = 0; first < blocks; first += together) {  // all threads of a warp take part in each round
        i64 number = first + own, red = 0, green = 0, blue = 0, tall = 0;
        Block block = block_at(number, blocks, across, rows, cols, high, wide);
        i64 count = walk<Kind>(values, bytes, cols, block, lane, lanes, [&](typename Kind::Number value) {
            u64 packed = known[ENTRIES];
            if (is_finite(value)) {
                double share = ((double)value - center) / range;
                share = share < 1.0 ? share : 1.0, share = share > -1.0 ? share : -1.0;
                int entry = (int)((share + 1.0) * (ENTRIES / 2));
                packed = known[entry < ENTRIES ? entry : ENTRIES - 1];
                tall += (i64)floor(share * HEIGHT_UNIT + 0.5);
            }
            red += packed & MASK, green += packed >> FIELD & MASK, blue += packed >> 2 * FIELD;
        });
        for (int apart = lanes / 2; apart; apart /= 2) {
            red += __shfl_xor_sync(FULL_WARP, red, apart), green += __shfl_xor_sync(FULL_WARP, green, apart);
            blue += __shfl_xor_sync(FULL_WARP, blue, apart), tall += __shfl_xor_sync(FULL_WARP, tall, apart);
        }
        if (lane || number >= blocks) continue;
        light[number] = (u64)mean_of(red, count) | (u64)mean_of(green, count) << FIELD | (u64)mean_of(blue, count) << 2 * FIELD;
        height[number] = (i16)mean_of(tall, count);
    }
}

// peaks (blocks) float64: the number farthest from the center, NaN where one is not finite.
template <class Kind>
__global__ void __launch_bounds__(THREADS)
block_peaks(const typename Kind::Word *values, const float *bytes, i64 rows, i64 cols, double center, i64 high, i64 wide,
            i64 across, i64 blocks, int lanes, double *peaks) {
    int lane = threadIdx.x % lanes;
    i64 together = (i64)gridDim.x * (THREADS / lanes), own = (i64)blockIdx.x * (THREADS / lanes) + threadIdx.x / lanes;
    for (i64 first = 0; first < blocks; first += together) {
        i64 number = first + own;
        double low = infinity_of(0.0), top = -low;
        int bad = 0;
        Block block = block_at(number, blocks, across, rows, cols, high, wide);
        walk<Kind>(values, bytes, cols, block, lane, lanes, [&](typename Kind::Number value) {
            bad |= !is_finite(value);
            low = (double)value < low ? (double)value : low, top = (double)value > top ? (double)value : top;
        });
        for (int apart = lanes / 2; apart; apart /= 2) {
            double other_low = __shfl_xor_sync(FULL_WARP, low, apart), other_top = __shfl_xor_sync(FULL_WARP, top, apart);
            low = other_low < low ? other_low : low, top = other_top > top ? other_top : top;
            bad |= __shfl_xor_sync(FULL_WARP, bad, apart);
        }
        if (lane == 0 && number < blocks)
            peaks[number] = bad ? nan_of(0.0) : (top - center >= center - low ? top : low) + 0.0;  // 0 has no sign
    }
}
