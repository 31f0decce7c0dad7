// All kernels, compiled for one instruction set: base.c, avx2.c and avx512.c set ISA and the
// compiler's target and include this file. Everything is static, helpers too: an always_inline
// helper cannot be shared between targets.
#include <limits.h>
#include <math.h>
#include <string.h>

#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))
#if WIDTH == 128  // here a copy of the kernel for each 16-bit type would only take time to compile
#define LANES_KERNEL static __attribute__((noinline))
#else
#define LANES_KERNEL INLINE
#endif
#define UNUSED __attribute__((unused))  // for threshold_backward, which takes a value it has no use for
#define SHARED static __attribute__((noinline))  // a copy for each caller would only take time to compile
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME_OF_(a) #a
#define NAME_OF(a) NAME_OF_(a)
#if defined(__clang__)
#define IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define IVDEP _Pragma("GCC ivdep")
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FMAF(a, b, c) __builtin_fmaf(a, b, c)
#define FMAD(a, b, c) __builtin_fma(a, b, c)
#else
#define FMAF(a, b, c) ((float)((double)(a) * (double)(b) + (double)(c)))  // the product is exact
#define FMAD(a, b, c) ((a) * (b) + (c))                                   // two roundings
#endif

#define INTEGER 0
#define FLOAT 1
#define T float
#define U uint32_t
#define I int32_t
#define F(name) name##_f32
#define FMA FMAF
#include "vmath.h"
#include "exponents.h"
#include "algebraic.h"
#include "glu.h"
#include "log.h"
#include "gelu.h"
#include "narrow.h"
#include "loops.h"
#include "rows.h"
#define S(name) name##_f32
#include "softmax.h"
#include "losses.h"
#undef S
#define FORMAT half
#define S(name) name##_half
#include "softmax.h"
#include "losses.h"
#undef FORMAT
#undef S
#define FORMAT bfloat16
#define S(name) name##_bfloat16
#include "softmax.h"
#include "losses.h"
#undef FORMAT
#undef S
#undef FLOAT
#undef T
#undef U
#undef I
#undef F
#undef FMA
#undef MAGIC
#undef MANTISSA

#define FLOAT 0
#define T double
#define U uint64_t
#define I int64_t
#define F(name) name##_f64
#define FMA FMAD
#include "vmath.h"
#include "exponents.h"
#include "algebraic.h"
#include "glu.h"
#include "log.h"
#include "gelu.h"
#include "loops.h"
#include "rows.h"
#define S(name) name##_f64
#include "softmax.h"
#include "losses.h"
#undef S
#undef T
#undef F
#undef INTEGER

#define INTEGER 1
#define T int8_t
#define F(name) name##_i8
#include "loops.h"
#undef T
#undef F
#define T uint8_t
#define F(name) name##_u8
#include "loops.h"
#undef T
#undef F
#define T int16_t
#define F(name) name##_i16
#include "loops.h"
#undef T
#undef F
#define T uint16_t
#define F(name) name##_u16
#include "loops.h"
#undef T
#undef F
#define T int32_t
#define F(name) name##_i32
#include "loops.h"
#undef T
#undef F
#define T uint32_t
#define F(name) name##_u32
#include "loops.h"
#undef T
#undef F
#define T int64_t
#define F(name) name##_i64
#include "loops.h"
#undef T
#undef F
#define T uint64_t
#define F(name) name##_u64
#include "loops.h"
#undef T
#undef F

#define ENTRY(name, type, suffix) {#name, type, elementwise_loop, &name##_##suffix##_kernel},
#define KERNEL(name, ...) \
    ENTRY(name, "e", half) ENTRY(name, "E", bfloat16) ENTRY(name, "f", f32) ENTRY(name, "d", f64)
#define KERNEL2 KERNEL
#if LONG_MAX == INT32_MAX
#define LONGS(name) ENTRY(name, "l", i32) ENTRY(name, "L", u32)
#else
#define LONGS(name) ENTRY(name, "l", i64) ENTRY(name, "L", u64)
#endif
#define KERNEL_ANY(name, ...) \
    KERNEL(name) LONGS(name) ENTRY(name, "b", i8) ENTRY(name, "B", u8) ENTRY(name, "h", i16) ENTRY(name, "H", u16) \
    ENTRY(name, "i", i32) ENTRY(name, "I", u32) ENTRY(name, "q", i64) ENTRY(name, "Q", u64)
#define ROW(name) \
    {#name, "e", name##_half, NULL}, {#name, "E", name##_bfloat16, NULL}, {#name, "f", name##_f32, NULL}, \
    {#name, "d", name##_f64, NULL},
static const struct kernel kernels[] = {
#include "activations.inc"
    ROW(softmax) ROW(softmax_tempered) ROW(softmax_backward)
    ROW(log_softmax) ROW(log_softmax_tempered) ROW(log_softmax_backward)
    ROW(logsumexp) ROW(logsumexp_weighted)
    ROW(cross_entropy_of_labels) ROW(cross_entropy_of_labels_with_grad)
    ROW(cross_entropy_of_probabilities) ROW(cross_entropy_of_probabilities_with_grad)
    ROW(hinge_loss) ROW(hinge_loss_with_grad)
};
const struct table JOIN(table_, ISA) = {
    NAME_OF(ISA), sizeof kernels / sizeof *kernels, kernels,
#if defined(__clang__)  // its macros describe the file, not the pragma; see the probe in avx2.c
    NAME_OF(ISA)
#elif defined(__AVX512F__)
    "avx512"
#elif defined(__AVX2__) && defined(__FMA__)
    "avx2"
#else
    "base"
#endif
};
