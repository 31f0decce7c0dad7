// activations.inc -> for each kernel and type a loop over contiguous arrays, with parameters that vary or
// that are one value. Every other layout reaches these through elementwise_loop (loops.c).
#define LIST_0(f, ...)
#define LIST_1(f, a) f(0, a)
#define LIST_2(f, a, b) f(0, a) f(1, b)
#define LIST_3(f, a, b, c) f(0, a) f(1, b) f(2, c)
#define LIST_4(f, a, b, c, d) f(0, a) f(1, b) f(2, c) f(3, d)
#define FIFTH(_0, _1, _2, _3, _4, count, ...) count
#define COUNT_OF(...) FIFTH(_0, ##__VA_ARGS__, 4, 3, 2, 1, 0)
#define COUNT(list) COUNT_OF list
#define STRIP(...) __VA_ARGS__
#define CALL(macro, ...) macro(__VA_ARGS__)
#define AGAIN(macro, ...) macro(__VA_ARGS__)  // within a CALL
#define EACH(f, list) CALL(JOIN(LIST_, COUNT(list)), f, STRIP list)

#define OPERAND_POINTER(k, name) const T *const p_##name = (const T *)args[k];
#define OPERAND_VALUE(k, name) UNUSED const T name = p_##name[i];
#define PARAMETER_POINTER(k, name) \
    const T *const p_##name = (const T *)args[nin + k]; \
    const T scalar_##name = p_##name[0];
#define PARAMETER_VALUE(k, name) UNUSED const T name = scalar ? scalar_##name : p_##name[i];

// ivdep: an output may be an input, element for element.
#define LOOP(name, operands, params, nout, ...) \
    INLINE void JOIN(F(name), _loop)(char *const *args, intptr_t n, const int scalar) \
    { \
        enum { nin = COUNT(operands) }; \
        EACH(OPERAND_POINTER, operands) \
        EACH(PARAMETER_POINTER, params) \
        T *const out = (T *)args[nin + COUNT(params)]; \
        T *const out2 = nout == 2 ? (T *)args[nin + COUNT(params) + 1] : NULL; \
        (void)out2, (void)scalar; \
        IVDEP for (intptr_t i = 0; i < n; i++) { \
            EACH(OPERAND_VALUE, operands) \
            EACH(PARAMETER_VALUE, params) \
            __VA_ARGS__ \
        } \
    } \
    CALL(DESCRIBE, F(name), operands, params, nout, sizeof(T), sizeof(T))

#define DESCRIBE(name, operands, params, nout, size, parameter_size) \
    static void name##_dense(char *const *args, intptr_t n) { name##_loop(args, n, 0); } \
    AGAIN(JOIN(DEFINE_SCALAR_, COUNT(params)), name) \
    static const struct elementwise name##_kernel = { \
        COUNT(operands), COUNT(params), nout, size, parameter_size, name##_dense, \
        AGAIN(JOIN(SCALAR_, COUNT(params)), name)};
#define DEFINE_SCALAR_0(name)
#define DEFINE_SCALAR_1(name) static void name##_scalar(char *const *args, intptr_t n) { name##_loop(args, n, 1); }
#define DEFINE_SCALAR_2 DEFINE_SCALAR_1
#define DEFINE_SCALAR_3 DEFINE_SCALAR_1
#define DEFINE_SCALAR_4 DEFINE_SCALAR_1
#define SCALAR_0(name) name##_dense
#define SCALAR_1(name) name##_scalar
#define SCALAR_2 SCALAR_1
#define SCALAR_3 SCALAR_1
#define SCALAR_4 SCALAR_1

#define LANES_OPERAND(k, name) \
    _Alignas(64) float p_##name[LANES]; \
    widen(p_##name, (const uint16_t *)args[k]);
#define LANES_PARAMETER(k, name) const float *const p_##name = (const float *)args[nin + k];

// The same for float16 and bfloat16, whose arrays become float32 in registers.
#define NARROW_LOOP(name, operands, params, nout, ...) \
    LANES_KERNEL void name##_lanes(char *const *args, widen_fn *const widen, narrow_fn *const narrow) \
    { \
        enum { nin = COUNT(operands) }; \
        EACH(LANES_OPERAND, operands) \
        EACH(LANES_PARAMETER, params) \
        _Alignas(64) float out[LANES], out2[LANES]; \
        (void)out2; \
        for (int i = 0; i < LANES; i++) { \
            EACH(OPERAND_VALUE, operands) \
            EACH(OPERAND_VALUE, params) \
            __VA_ARGS__ \
        } \
        narrow((uint16_t *)args[nin + COUNT(params)], out); \
        if (nout == 2) narrow((uint16_t *)args[nin + COUNT(params) + 1], out2); \
    } \
    NARROW(name, half, operands, params, nout) \
    NARROW(name, bfloat16, operands, params, nout)

#define NARROW(name, format, operands, params, nout) \
    INLINE void name##_##format##_loop(char *const *args, intptr_t n, const int scalar) \
    { \
        in_lanes(args, n, COUNT(operands), COUNT(params), nout, scalar, name##_lanes, widen_##format, \
                 narrow_##format); \
    } \
    DESCRIBE(name##_##format, operands, params, nout, sizeof(uint16_t), sizeof(float))

#if FLOAT && !INTEGER
#define LOOPS(...) LOOP(__VA_ARGS__) NARROW_LOOP(__VA_ARGS__)
#else
#define LOOPS LOOP
#endif
#define ONE(name, operands, params, value) LOOPS(name, operands, params, 1, out[i] = value;)
#define TWO(name, operands, params, value, value2) \
    LOOPS(name, operands, params, 2, const T v = value; const T v2 = value2; out[i] = v; out2[i] = v2;)
#define NONE(...)

#define KERNEL_ANY ONE
#if INTEGER
#define KERNEL NONE
#define KERNEL2 NONE
#else
#define KERNEL ONE
#define KERNEL2 TWO
#endif
#include "activations.inc"
#undef KERNEL_ANY
#undef KERNEL
#undef KERNEL2
#undef LOOPS
