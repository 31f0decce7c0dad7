// AVX2, FMA and F16C: x86 processors since 2013 (Haswell, Zen).
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define ISA avx2
#define WIDTH 256
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define __FMA__ 1  // clang defines its macros for the file, not for the pragma
#else
#pragma GCC target("avx2,fma,f16c")
#endif
// Does not compile unless the target took effect.
__m256 avx2_is_on(__m256 a) { return _mm256_fmadd_ps(a, _mm256_castsi256_ps(_mm256_castps_si256(a)), a); }
#include "instantiate.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
