// Statistics of a vector: moments of segments, bins, counts and extremes from one read of memory; and count tables.
// The order of all additions is that of the definition in engine/kernels/summarize.py, so the bits are the same.

#include "segments.cuh"

const int STAGE_BYTES = 32768, ROUND = SEGMENT / LANES;
const int AHEAD = 4;  // vectors of 16 bytes that a thread has under way

// rows (segments, 6); bins (4096) and counts (zeros, NaN, infinite) are added to; extremes (grid x 4, 2), one a warp.
// A group takes stages of 32 KiB by turns: all threads load and count, then one warp adds; other groups load meanwhile.
template <class Kind>
__global__ void __launch_bounds__(MEASURE_THREADS)
measure(const typename Kind::Word *values, i64 count, typename Kind::Word lowest, typename Kind::Word highest,
        double *rows, u64 *bins, u64 *counts, typename Kind::Word *extremes) {
    typedef typename Kind::Word Word;
    typedef typename Kind::Number Number;
    const int SEGMENTS = STAGE_BYTES / (SEGMENT * (int)sizeof(Number)), STAGE = SEGMENTS * SEGMENT;
    const int TOGETHER = 16 / (int)sizeof(Word);
    __shared__ __align__(16) Number stage[STAGE];
    __shared__ u32 tally[BINS];
    for (int k = threadIdx.x; k < BINS; k += MEASURE_THREADS) tally[k] = 0;
    Seen<Word> seen = {0, 0, 0, lowest, highest};
    bool aligned = ((u64)values & 15) == 0;
    __syncthreads();
    for (i64 first = (i64)blockIdx.x * STAGE; first < count; first += (i64)gridDim.x * STAGE) {
        const Word *from = values + first;
        int here = count - first < STAGE ? (int)(count - first) : STAGE;
        int vectors = aligned ? here / TOGETHER : 0;
        for (int first_vector = threadIdx.x; first_vector < vectors; first_vector += AHEAD * MEASURE_THREADS) {
            union { uint4 all; Word words[TOGETHER]; } loaded[AHEAD];
#pragma unroll
            for (int k = 0; k < AHEAD; ++k)
                if (first_vector + k * MEASURE_THREADS < vectors)
                    loaded[k].all = reinterpret_cast<const uint4 *>(from)[first_vector + k * MEASURE_THREADS];
#pragma unroll
            for (int k = 0; k < AHEAD; ++k) {
                if (first_vector + k * MEASURE_THREADS >= vectors) break;
#pragma unroll
                for (int word = 0; word < TOGETHER; ++word) {
                    int index = (first_vector + k * MEASURE_THREADS) * TOGETHER + word;
                    Number number = look_at<Kind, Wide>(loaded[k].words[word], seen, tally);
                    stage[place_of<Number>(index / SEGMENT, index % SEGMENT)] = number;
                }
            }
        }
        for (int index = vectors * TOGETHER + threadIdx.x; index < STAGE; index += MEASURE_THREADS)
            stage[place_of<Number>(index / SEGMENT, index % SEGMENT)] =
                index < here ? look_at<Kind, Wide>(from[index], seen, tally) : nan_of(Number(0));
        __syncthreads();
        if (threadIdx.x < SEGMENTS * LANES) {
            int segment = threadIdx.x / LANES;
            u32 mask = SEGMENTS == 1 ? 0xFFFFu : FULL_WARP;
            double *row = segment * SEGMENT < here ? rows + (first / SEGMENT + segment) * COLUMNS : 0;
            add_row<Number>(stage, segment, threadIdx.x % LANES, mask, ROUND, row);
        }
        __syncthreads();
    }
    for (int k = threadIdx.x; k < BINS; k += MEASURE_THREADS)
        if (tally[k]) atomicAdd(bins + k, (u64)tally[k]);
    join_lanes(seen);
    if (threadIdx.x % 32) return;
    int warp = blockIdx.x * (MEASURE_THREADS / 32) + threadIdx.x / 32;
    extremes[2 * warp] = seen.low, extremes[2 * warp + 1] = seen.high;
    if (seen.zeros) atomicAdd(counts, seen.zeros);
    if (seen.nan) atomicAdd(counts + 1, seen.nan);
    if (seen.infinite) atomicAdd(counts + 2, seen.infinite);
}

__device__ inline void merge(const double *a, const double *b, double *merged) {
    double na = a[0], ma = a[1], a2 = a[2], a3 = a[3], a4 = a[4], nb = b[0], mb = b[1], b2 = b[2], b3 = b[3], b4 = b[4];
    if (na == 0 || nb == 0) {
        for (int column = 0; column < COLUMNS; ++column) merged[column] = na == 0 ? b[column] : a[column];
        return;
    }
    double n = na + nb, away = mb - ma, step = away / n, product = away * step * na * nb;
    merged[0] = n, merged[1] = ma + step * nb, merged[2] = a2 + b2 + product;
    merged[3] = a3 + b3 + product * step * (na - nb) + 3.0 * step * (na * b2 - nb * a2);
    double m4 = a4 + b4 + product * step * step * (na * na - na * nb + nb * nb);
    m4 = m4 + 6.0 * step * step * (na * na * b2 + nb * nb * a2) + 4.0 * step * (na * b3 - nb * a3);
    merged[4] = m4, merged[5] = a[5] + b[5];
}

const int FOLD_THREADS = 128;

// folded (groups, 6): the rows of each `group` (at most 256) of `count` rows together; neighbors, then neighbors of those.
__global__ void __launch_bounds__(FOLD_THREADS) fold_rows(const double *rows, i64 count, int group, double *folded) {
    __shared__ double part[2 * FOLD_THREADS * COLUMNS];
    i64 first = (i64)blockIdx.x * group;
    int left = count - first < group ? (int)(count - first) : group;
    for (int k = threadIdx.x; k < left * COLUMNS; k += FOLD_THREADS) part[k] = rows[first * COLUMNS + k];
    __syncthreads();
    while (left > 1) {
        double merged[COLUMNS];
        int k = threadIdx.x, pairs = left / 2;
        if (k < pairs) merge(part + 2 * k * COLUMNS, part + (2 * k + 1) * COLUMNS, merged);
        if (k == pairs && left % 2)
            for (int column = 0; column < COLUMNS; ++column) merged[column] = part[(left - 1) * COLUMNS + column];
        __syncthreads();
        left = (left + 1) / 2;
        if (k < left)
            for (int column = 0; column < COLUMNS; ++column) part[k * COLUMNS + column] = merged[column];
        __syncthreads();
    }
    if (threadIdx.x < COLUMNS) folded[(i64)blockIdx.x * COLUMNS + threadIdx.x] = part[threadIdx.x];
}

// Counts one key. Two counters of 16 bits share a word; one that reaches 2^15 is emptied into the table.
__device__ inline void count_key(u32 key, u32 span, int copies, u32 *packed, u64 *table) {
    if (key >= span) return;
    u32 shift = (key & 1) * 16, *word = packed + (key >> 1) * copies + threadIdx.x % copies;
    u32 before = atomicAdd(word, 1u << shift);
    if (((before >> shift) & 0xFFFFu) != 0x7FFFu) return;
    atomicAdd(word, 0u - (0x8000u << shift));
    atomicAdd(table + key, 0x8000ull);
}

// table (patterns) is added to: how often each key >> SHIFT occurs. Groups of row y of the grid count keys from y * span
// on. Shared memory: span * 2 bytes x `copies`, which lie side by side, so that lanes of a warp do not wait.
template <class Word, int SHIFT>
__global__ void __launch_bounds__(1024) tally(const Word *keys, i64 count, u32 span, int copies, u64 *table) {
    const int TOGETHER = 16 / (int)sizeof(Word);
    DYNAMIC_SHARED(u32, packed);
    u32 first = blockIdx.y * span;
    int words = (int)(span / 2) * copies;
    table += first;
    for (int k = threadIdx.x; k < words; k += blockDim.x) packed[k] = 0;
    __syncthreads();
    i64 thread = (i64)blockIdx.x * blockDim.x + threadIdx.x, threads = (i64)gridDim.x * blockDim.x;
    i64 vectors = ((u64)keys & 15) == 0 ? count / TOGETHER : 0;
    for (i64 k = thread; k < vectors; k += 2 * threads) {
        union { uint4 all; Word words[TOGETHER]; } one, other;
        bool both = k + threads < vectors;
        one.all = reinterpret_cast<const uint4 *>(keys)[k];
        if (both) other.all = reinterpret_cast<const uint4 *>(keys)[k + threads];
#pragma unroll
        for (int word = 0; word < TOGETHER; ++word)
            count_key((u32)(one.words[word] >> SHIFT) - first, span, copies, packed, table);
        if (!both) break;
#pragma unroll
        for (int word = 0; word < TOGETHER; ++word)
            count_key((u32)(other.words[word] >> SHIFT) - first, span, copies, packed, table);
    }
    for (i64 k = vectors * TOGETHER + thread; k < count; k += threads)
        count_key((u32)(keys[k] >> SHIFT) - first, span, copies, packed, table);
    __syncthreads();
    for (u32 pair = threadIdx.x; pair < span / 2; pair += blockDim.x) {
        u64 even = 0, odd = 0;
        for (int copy = 0; copy < copies; ++copy) {
            u32 both = packed[pair * copies + copy];
            even += both & 0xFFFFu, odd += both >> 16;
        }
        if (even) atomicAdd(table + 2 * pair, even);
        if (odd) atomicAdd(table + 2 * pair + 1, odd);
    }
}
