// activations.inc -> one dense loop for each kernel and type: over contiguous arrays, and with
// scalar parameters. Every other layout reaches these through elementwise_loop (loops.c).
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
#define EACH(f, list) CALL(JOIN(LIST_, COUNT(list)), f, STRIP list)

#define OPERAND_POINTER(k, name) const T *const p_##name = (const T *)args[k];
#define OPERAND_VALUE(k, name) const T name = p_##name[i];
#define PARAMETER_POINTER(k, name) \
    const T *const p_##name = (const T *)args[nin + k]; \
    const T scalar_##name = p_##name[0];
#define PARAMETER_VALUE(k, name) const T name = scalar ? scalar_##name : p_##name[i];

// ivdep: an output may be an input, element for element.
#define LOOP(name, operands, params, nout, ...) \
    INLINE void F(name##_loop)(char *const *args, intptr_t n, const int scalar) \
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
    static void F(name##_dense)(char *const *args, intptr_t n) { F(name##_loop)(args, n, 0); } \
    static void F(name##_scalar)(char *const *args, intptr_t n) { F(name##_loop)(args, n, 1); } \
    static const struct elementwise F(name##_kernel) = { \
        COUNT(operands), COUNT(params), nout, sizeof(T), F(name##_dense), F(name##_scalar)};

#define KERNEL(name, operands, params, value) LOOP(name, operands, params, 1, out[i] = value;)
#define KERNEL2(name, operands, params, value, value2) \
    LOOP(name, operands, params, 2, const T v = value; const T v2 = value2; out[i] = v; out2[i] = v2;)
#include "activations.inc"
#undef KERNEL
#undef KERNEL2
