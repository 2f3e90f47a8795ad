// Numbers as they are stored: Word is what lies there, Number the float type in which it is computed with.

typedef signed char i8;
typedef short i16;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(type, name) extern __shared__ __align__(16) type name[]
#endif

#define FULL_WARP 0xFFFFFFFFu

__device__ inline float infinity_of(float) { return __int_as_float(0x7F800000); }
__device__ inline double infinity_of(double) { return __longlong_as_double(0x7FF0000000000000LL); }
__device__ inline float nan_of(float) { return __int_as_float(0x7FC00000); }
__device__ inline double nan_of(double) { return __longlong_as_double(0x7FF8000000000000LL); }

__device__ inline u32 magnitude_bits(float number) { return __float_as_uint(number) & 0x7FFFFFFFu; }
__device__ inline u64 magnitude_bits(double number) { return (u64)__double_as_longlong(number) & 0x7FFFFFFFFFFFFFFFull; }
__device__ inline bool is_finite(float number) { return magnitude_bits(number) < 0x7F800000u; }
__device__ inline bool is_finite(double number) { return magnitude_bits(number) < 0x7FF0000000000000ull; }

// Gives `take` each word with its place, to the threads of all groups by turns.
template <class Word, class Take>
__device__ inline void read_ahead(const Word *values, i64 count, const Take &take) {
    const int AHEAD = 4;  // words that a thread has under way
    i64 threads = (i64)gridDim.x * blockDim.x;
    for (i64 first = (i64)blockIdx.x * blockDim.x + threadIdx.x; first < count; first += AHEAD * threads) {
        Word words[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k)
            if (first + k * threads < count) words[k] = values[first + k * threads];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k)
            if (first + k * threads < count) take(words[k], first + k * threads);
    }
}

// Exact. Infinities and NaN stay what they are.
__device__ inline float float_of_half(u16 bits) {
    u32 sign = (u32)(bits & 0x8000u) << 16, rest = bits & 0x7FFFu;
    if (rest >= 0x7C00u) return __uint_as_float(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
    if (rest >= 0x400u) return __uint_as_float(sign | ((rest << 13) + (112u << 23)));
    float small = (float)rest * __uint_as_float((127u - 24u) << 23);  // a multiple of 2^-24
    return __uint_as_float(sign | __float_as_uint(small));
}

#define PLAIN_KIND(NAME, WORD, NUMBER)                                                                  \
    struct NAME {                                                                                       \
        typedef WORD Word;                                                                              \
        typedef NUMBER Number;                                                                          \
        static __device__ inline Number number(Word word, const float *) { return (NUMBER)word; }       \
    };

PLAIN_KIND(Float32, float, float)
PLAIN_KIND(Float64, double, double)
PLAIN_KIND(Int8, i8, float)
PLAIN_KIND(UInt8, u8, float)
PLAIN_KIND(Int16, i16, float)
PLAIN_KIND(UInt16, u16, float)
PLAIN_KIND(Int32, int, double)
PLAIN_KIND(UInt32, u32, double)
PLAIN_KIND(Int64, i64, double)
PLAIN_KIND(UInt64, u64, double)

struct Float16 {
    typedef u16 Word;
    typedef float Number;
    static __device__ inline float number(Word word, const float *) { return float_of_half(word); }
};

struct Bfloat16 {
    typedef u16 Word;
    typedef float Number;
    static __device__ inline float number(Word word, const float *) { return __uint_as_float((u32)word << 16); }
};

// Any type of 8 bits, given the number of each byte.
struct Byte {
    typedef u8 Word;
    typedef float Number;
    static __device__ inline float number(Word word, const float *table) { return table[word]; }
};
