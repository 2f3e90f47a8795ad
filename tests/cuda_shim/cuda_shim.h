// What CUDA gives a kernel, on a CPU: the threads of a group are fibers that take turns at barriers, one group after
// the other. A barrier that not all reach ends the process with a message. Included before a text of shaders/.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <ucontext.h>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __restrict__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define DYNAMIC_SHARED(type, name) type *name = (type *)shim::dynamic_shared

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) double2 { double x, y; };
static inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

static uint3 threadIdx, blockIdx;
static dim3 blockDim, gridDim;

namespace shim {
const int MOST_THREADS = 1024, WARP = 32;
const size_t STACK = 64 << 10;
alignas(16) static char dynamic_shared[256 << 10];

enum State { READY, AT_GROUP, AT_WARP, DONE };
struct Fiber {
    ucontext_t context;
    char *stack;
    State state;
    unsigned mask, turns;
};
static Fiber fibers[MOST_THREADS];
static ucontext_t scheduler;
static int current, count;
static uint64_t passed[2][MOST_THREADS];  // values of shuffles, by turns in two places
static void (*body)(void *);
static void *body_argument;

static void enter() {
    body(body_argument);
    fibers[current].state = DONE;
    swapcontext(&fibers[current].context, &scheduler);
}

static void wait(State state, unsigned mask) {
    fibers[current].state = state, fibers[current].mask = mask;
    swapcontext(&fibers[current].context, &scheduler);
}

static void fault(const char *text) {
    fprintf(stderr, "cuda shim: %s in group (%u, %u)\n", text, blockIdx.x, blockIdx.y);
    abort();
}

// In another order each time, so that who needs what another thread of the group wrote must have waited for it.
static bool run_ready() {
    static unsigned chance = 1;
    chance = chance * 1664525u + 1013904223u;
    bool ran = false;
    int start = (int)((chance >> 8) % count), step = chance >> 31 ? 1 : count - 1;
    for (int turn = 0, k = start; turn < count; ++turn, k = (k + step) % count) {
        if (fibers[k].state != READY) continue;
        current = k, threadIdx = {(unsigned)k, 0, 0}, ran = true;
        swapcontext(&scheduler, &fibers[k].context);
    }
    return ran;
}

static bool release_warps() {
    bool released = false;
    for (int first = 0; first < count; first += WARP)
        for (int lane = 0; lane < WARP && first + lane < count; ++lane) {
            if (fibers[first + lane].state != AT_WARP) continue;
            unsigned mask = fibers[first + lane].mask;
            bool all = mask >> lane & 1;
            for (int other = 0; other < WARP; ++other)
                if (mask >> other & 1)
                    all = all && first + other < count && fibers[first + other].state == AT_WARP &&
                          fibers[first + other].mask == mask;
            if (!all) continue;
            for (int other = 0; other < WARP; ++other)
                if (mask >> other & 1) fibers[first + other].state = READY;
            released = true;
        }
    return released;
}

static bool release_group() {
    for (int k = 0; k < count; ++k)
        if (fibers[k].state == READY || fibers[k].state == AT_WARP) return false;
    bool released = false;
    for (int k = 0; k < count; ++k)
        if (fibers[k].state == AT_GROUP) fibers[k].state = READY, released = true;
    return released;
}

static void run_group() {
    for (int k = 0; k < count; ++k) {
        Fiber &fiber = fibers[k];
        if (!fiber.stack) fiber.stack = (char *)malloc(STACK);
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack, fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr, fiber.state = READY, fiber.turns = 0;
        makecontext(&fiber.context, enter, 0);
    }
    for (;;) {
        bool moved = run_ready();
        moved = release_warps() || moved;
        if (moved) continue;
        bool done = true;
        for (int k = 0; k < count; ++k) done = done && fibers[k].state == DONE;
        if (done) return;
        if (!release_group()) fault("threads wait for others that do not come");
    }
}

template <class... Arguments, size_t... Places>
void launch(void (*kernel)(Arguments...), const unsigned *grid, unsigned threads, void **arguments,
            std::index_sequence<Places...>) {
    auto call = [&] { kernel(*(std::remove_const_t<std::remove_reference_t<Arguments>> *)arguments[Places]...); };
    body = [](void *argument) { (*(decltype(call) *)argument)(); }, body_argument = &call;
    gridDim = {grid[0], grid[1], grid[2]}, blockDim = {threads, 1, 1}, count = (int)threads;
    for (unsigned z = 0; z < grid[2]; ++z)
        for (unsigned y = 0; y < grid[1]; ++y)
            for (unsigned left = grid[0]; left > 0; --left) {  // the last group first
                blockIdx = {left - 1, y, z};
                memset(dynamic_shared, 0xA5, 64);  // nothing is empty to begin with
                run_group();
            }
}

template <class... Arguments>
void launch(void (*kernel)(Arguments...), const unsigned *grid, unsigned threads, void **arguments) {
    launch(kernel, grid, threads, arguments, std::index_sequence_for<Arguments...>{});
}

// (bytes of each argument, 0 behind the last): what a caller has to give.
template <class... Arguments> void sizes(void (*)(Arguments...), int *found) {
    int all[] = {(int)sizeof(Arguments)..., 0};
    memcpy(found, all, sizeof all);
}

template <class To, class From> To bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

template <class Value> Value exchange(unsigned mask, Value value, int lane) {
    static_assert(sizeof(Value) <= 8);
    int here = current, turn = fibers[here].turns++ & 1;
    memcpy(&passed[turn][here], &value, sizeof value);
    wait(AT_WARP, mask);
    int other = here / WARP * WARP + lane;
    if (!(mask >> lane & 1)) other = here;
    memcpy(&value, &passed[turn][other], sizeof value);
    return value;
}
}  // namespace shim

static inline void __syncthreads() { shim::wait(shim::AT_GROUP, 0); }
static inline void __syncwarp(unsigned mask = 0xFFFFFFFFu) { shim::wait(shim::AT_WARP, mask); }
template <class V> V __shfl_xor_sync(unsigned mask, V value, int with, int = 32) {
    return shim::exchange(mask, value, (threadIdx.x % 32) ^ with);
}
template <class V> V __shfl_sync(unsigned mask, V value, int lane, int width = 32) {
    return shim::exchange(mask, value, threadIdx.x % 32 / width * width + lane % width);
}
static inline unsigned __ballot_sync(unsigned mask, bool yes) {
    unsigned all = 0;
    for (int lane = 0; lane < 32; ++lane)
        if (mask >> lane & 1) all |= (unsigned)shim::exchange(mask, yes, lane) << lane;
    return all;
}

template <class V> V atomicAdd(V *place, V more) { V before = *place; *place = before + more; return before; }
template <class V> V atomicMin(V *place, V other) { V before = *place; if (other < before) *place = other; return before; }
template <class V> V atomicMax(V *place, V other) { V before = *place; if (before < other) *place = other; return before; }
template <class V> V atomicOr(V *place, V other) { V before = *place; *place = before | other; return before; }
template <class V> V atomicCAS(V *place, V old, V next) { V before = *place; if (before == old) *place = next; return before; }

static inline float __int_as_float(int v) { return shim::bits<float>(v); }
static inline float __uint_as_float(unsigned v) { return shim::bits<float>(v); }
static inline int __float_as_int(float v) { return shim::bits<int>(v); }
static inline unsigned __float_as_uint(float v) { return shim::bits<unsigned>(v); }
static inline double __longlong_as_double(long long v) { return shim::bits<double>(v); }
static inline long long __double_as_longlong(double v) { return shim::bits<long long>(v); }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __ffs(int v) { return __builtin_ffs(v); }
template <class V> V __ldg(const V *place) { return *place; }
