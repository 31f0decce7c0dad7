// AVX-512 as all processors that have it share it (Skylake-X, Zen 4), at full width: with the
// compilers' default of 256 bits it is no faster than AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define ISA avx512
#define WIDTH 512
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#define __FMA__ 1
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,prefer-vector-width=512")
#endif
// Does not compile unless the target took effect.
__m512 avx512_is_on(__m512 a) { return _mm512_and_ps(a, a); }
#include "instantiate.h"
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute pop
#endif
#endif
