// Numbers as they are stored to numbers to compute with: engine/kernels/decode.py.

#include "numbers.cuh"

const int TOGETHER = 4;

// words[k] = table[bytes[k]], four bytes a thread.
template <class Word>
__global__ void __launch_bounds__(256) look_up(const u8 *bytes, i64 count, const Word *table, Word *words) {
    __shared__ Word known[256];
    for (int k = threadIdx.x; k < 256; k += blockDim.x) known[k] = table[k];
    __syncthreads();
    struct __align__(sizeof(Word) * TOGETHER > 16 ? 16 : sizeof(Word) * TOGETHER) Four { Word word[TOGETHER]; };
    i64 thread = (i64)blockIdx.x * blockDim.x + threadIdx.x, threads = (i64)gridDim.x * blockDim.x;
    i64 fours = ((u64)bytes & 3) == 0 ? count / TOGETHER : 0;
    for (i64 k = thread; k < fours; k += threads) {
        u32 loaded = reinterpret_cast<const u32 *>(bytes)[k];
        Four four;
#pragma unroll
        for (int byte = 0; byte < TOGETHER; ++byte) four.word[byte] = known[loaded >> 8 * byte & 0xFF];
        reinterpret_cast<Four *>(words)[k] = four;
    }
    for (i64 k = fours * TOGETHER + thread; k < count; k += threads) words[k] = known[bytes[k]];
}

// Upper halves of float32, four a thread.
__global__ void __launch_bounds__(256) widen(const u16 *halves, i64 count, u32 *words) {
    i64 thread = (i64)blockIdx.x * blockDim.x + threadIdx.x, threads = (i64)gridDim.x * blockDim.x;
    i64 fours = ((u64)halves & 7) == 0 ? count / TOGETHER : 0;
    for (i64 k = thread; k < fours; k += threads) {
        uint2 loaded = reinterpret_cast<const uint2 *>(halves)[k];
        reinterpret_cast<uint4 *>(words)[k] = make_uint4(loaded.x << 16, loaded.x & 0xFFFF0000u, loaded.y << 16,
                                                         loaded.y & 0xFFFF0000u);
    }
    for (i64 k = fours * TOGETHER + thread; k < count; k += threads) words[k] = (u32)halves[k] << 16;
}

// Copies items of `size` bytes, with their bytes in the opposite order if `turned`. From any address.
__global__ void __launch_bounds__(256) copy_items(const u8 *from, i64 count, int size, int turned, u8 *to) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < count; k += (i64)gridDim.x * blockDim.x)
        for (int byte = 0; byte < size; ++byte) to[k * size + byte] = from[k * size + (turned ? size - 1 - byte : byte)];
}
