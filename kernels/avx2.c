// AVX2, FMA and F16C: x86 processors since 2013 (Haswell, Zen).
#if defined(__x86_64__)
#include <fenv.h>
#include <math.h>
#include <string.h>
#define ISA avx2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define __FMA__ 1  // clang defines its macros for the file, not for the pragma
#else
#pragma GCC target("avx2,fma,f16c")
#endif
#include "instantiate.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
