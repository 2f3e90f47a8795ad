// Functions of one number, element by element: engine/kernels/forward/activation.py. a, b: what a function is told.

#include "numbers.cuh"

__device__ inline float sigmoid_of(float x) {
    float small = expf(-fabsf(x));
    return (x < 0.0f ? small : 1.0f) / (1.0f + small);
}
__device__ inline float softplus_of(float x) { return (x > 0.0f ? x : 0.0f) + log1pf(expf(-fabsf(x))); }
__device__ inline float elu_of(float x, float alpha) { return x < 0.0f ? alpha * expm1f(x) : x; }
__device__ inline float between(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

#define FUNCTION(NAME, VALUE)                                                           \
    struct NAME {                                                                       \
        static __device__ inline float of(float x, float a, float b) { return VALUE; }  \
    };

FUNCTION(Relu, x < 0.0f ? 0.0f : x)
FUNCTION(LeakyRelu, x < 0.0f ? x * a : x)
FUNCTION(ThresholdedRelu, x > a ? x : 0.0f)
FUNCTION(Elu, elu_of(x, a))
FUNCTION(Celu, (x < 0.0f ? 0.0f : x) + (a > 0.0f ? a * expm1f((x < 0.0f ? x : 0.0f) / a) : fminf(0.0f, a * expm1f(x / a))))
FUNCTION(Selu, b * elu_of(x, a))
FUNCTION(Sigmoid, sigmoid_of(x))
FUNCTION(HardSigmoid, between(x * a + b, 0.0f, 1.0f))
FUNCTION(HardSwish, x * between(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f))
FUNCTION(Silu, x * sigmoid_of(x * a))
FUNCTION(Tanh, tanhf(x))
FUNCTION(Erf, erff(x))
FUNCTION(Gelu, 0.5f * x * erfcf(-0.70710678f * x))
FUNCTION(GeluTanh, x * sigmoid_of(1.5957691f * (x + 0.044715f * x * x * x)))
FUNCTION(Softplus, softplus_of(x))
FUNCTION(Softsign, x / (1.0f + fabsf(x)))
FUNCTION(Mish, x * tanhf(softplus_of(x)))
FUNCTION(Clip, between(x, a, b))

template <class Function>
__global__ void __launch_bounds__(256) apply(const float *x, i64 count, float a, float b, float *y) {
    i64 thread = (i64)blockIdx.x * blockDim.x + threadIdx.x, threads = (i64)gridDim.x * blockDim.x;
    i64 fours = (((u64)x | (u64)y) & 15) == 0 ? count / 4 : 0;
    for (i64 k = thread; k < fours; k += threads) {
        float4 four = reinterpret_cast<const float4 *>(x)[k];
        four = make_float4(Function::of(four.x, a, b), Function::of(four.y, a, b), Function::of(four.z, a, b),
                           Function::of(four.w, a, b));
        reinterpret_cast<float4 *>(y)[k] = four;
    }
    for (i64 k = fours * 4 + thread; k < count; k += threads) y[k] = Function::of(x[k], a, b);
}

// slope x where x is negative; slope[k / per % period] belongs to x[k].
__global__ void __launch_bounds__(256) prelu(const float *x, const float *slope, i64 count, i64 per, i64 period, float *y) {
    for (i64 k = (i64)blockIdx.x * blockDim.x + threadIdx.x; k < count; k += (i64)gridDim.x * blockDim.x)
        y[k] = x[k] < 0.0f ? x[k] * slope[k / per % period] : x[k];
}
