// The softmax family, type by type like vmath.h.
//
// Each kernel is written twice: over a row, whose elements lie side by side, and over a tile of up to
// TILE rows that lie side by side themselves, as the columns of an array do when softmax runs down an
// axis that is not the last. Short rows are turned into tiles. Other layouts are gathered, a span at a
// time. A row is scaled (the forward ones), measured, finished and written; rows that fit the cache take
// these steps together, a batch at a time, so that one row's chain of dependent operations hides behind
// the others.
// p: first element of each operand; step: bytes to the row's next element.
//
// Sums: element i is added to lane i mod 16, the lanes in twice the precision of T (double for
// float, a pair of doubles for double), then lane to lane by a fixed tree. So neither length, nor
// layout, nor instruction set changes the bits, and a row of any length sums to 1.
//
// e^(x-max): the word that is lost in rounding x-max goes into exp's reduced argument (67 -> 2.2 ULP
// on N(0,20^2)); e is kept times 2^up until the last multiplication: only results are subnormal.

#ifndef LANES
#define LANES 16
#define SPAN 128
#define TILE 64
#define SHORT 32
#define BATCH 8
#define BATCH_LENGTH 1024
#define SPANS(b, m, n) \
    for (intptr_t b = 0, m; b < n && (m = n - b < SPAN ? n - b : SPAN, 1); b += SPAN)
#define PADDED(m) (((m) + LANES - 1) & -(intptr_t)LANES)
#define AT(operand, i) (p[operand] + (i) * step[operand])
typedef double d8 __attribute__((vector_size(64)));
typedef double d4 __attribute__((vector_size(32)));
typedef double d2 __attribute__((vector_size(16)));
typedef void tile_fn(char *const *p, const intptr_t *step, intptr_t n, intptr_t width);
#endif

// ---- Vectors, for the folding of 16 lanes: the compilers take it apart, lane by lane, if it is a loop.
#define HALVES(V, low, high, from) \
    V low, high; \
    memcpy(&low, from, sizeof low), memcpy(&high, (const char *)(from) + sizeof low, sizeof high)
#define SELECT(V, VI, mask, a, b) ((V)(((mask) & (VI)(a)) | (~(mask) & (VI)(b))))

// ---- Sums: two words for double, of which float needs the first only.
#undef ADD
#if FLOAT
#define ADD(V, high, low, v) (high) += (v)
#else
#define ADD(V, high, low, v) \
    do { \
        const V sum_ = (high) + (v), back_ = sum_ - (high); \
        (low) += ((high) - (sum_ - back_)) + ((v) - back_); \
        (high) = sum_; \
    } while (0)
#endif
INLINE void F(add)(double *high, double *low, double v)
{
    (void)low;
    ADD(double, *high, *low, v);
}

struct F(sums) { double high[LANES], low[LANES]; };

// Adds a span, zero beyond its end.
INLINE void F(add_span)(struct F(sums) *s, const T *v)
{
    for (int l = 0; l < LANES; l++) {
        double high = s->high[l], low = s->low[l];
        for (int i = 0; i < SPAN; i += LANES) F(add)(&high, &low, v[i + l]);
        s->high[l] = high, s->low[l] = low;
    }
}

// A sum as two words, the second no more than rounding of the first.
struct F(total) { double high, low; };
INLINE struct F(total) F(normalized)(double high, double low)
{
    const double sum = high + low;
    return (struct F(total)){sum, FLOAT ? 0 : low - (sum - high)};
}

INLINE struct F(total) F(total)(const struct F(sums) *s)
{
    HALVES(d8, high8, h8, s->high);
    HALVES(d8, low8, l8, s->low);
    ADD(d8, high8, low8, h8);
    low8 += l8;
    HALVES(d4, high4, h4, &high8);
    HALVES(d4, low4, l4, &low8);
    ADD(d4, high4, low4, h4);
    low4 += l4;
    HALVES(d2, high2, h2, &high4);
    HALVES(d2, low2, l2, &low4);
    ADD(d2, high2, low2, h2);
    low2 += l2;
    double high = high2[0], low = low2[0];
    ADD(double, high, low, high2[1]);
    return F(normalized)(high, low + low2[1]);
}

struct F(tile_sums) { double high[LANES][TILE], low[FLOAT ? 1 : LANES][TILE]; };
#define LANE(sums, r, c) &sums.high[(r) % LANES][c], &sums.low[FLOAT ? 0 : (r) % LANES][c]

INLINE void F(totals)(struct F(tile_sums) *s, intptr_t width, struct F(total) *total)
{
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            IVDEP for (intptr_t c = 0; c < width; c++) {
                F(add)(LANE((*s), l, c), s->high[l + half][c]);
                if (!FLOAT) s->low[l][c] += s->low[l + half][c];
            }
    for (intptr_t c = 0; c < width; c++)
        total[c] = F(normalized)(s->high[0][c], FLOAT ? 0 : s->low[0][c]);
}

// ---- Spans: at most SPAN elements of a row.
INLINE const T *F(fetch)(const char *from, intptr_t step, intptr_t m, T *buffer, T pad)
{
    if (step == sizeof(T) && m == SPAN) return (const T *)from;
    if (step == sizeof(T)) memcpy(buffer, from, m * sizeof(T));
    else for (intptr_t i = 0; i < m; i++) buffer[i] = *(const T *)(from + i * step);
    for (intptr_t i = m; i < SPAN; i++) buffer[i] = pad;
    return buffer;
}

// Where a span of results goes: in place if it can, else to a buffer that put() copies.
INLINE T *F(target)(char *to, intptr_t step, intptr_t m, T *buffer)
{
    return step == sizeof(T) && m == SPAN ? (T *)to : buffer;
}

INLINE void F(put)(char *to, intptr_t step, intptr_t m, const T *from)
{
    if ((const char *)from == to) return;
    if (step == sizeof(T)) memcpy(to, from, m * sizeof(T));
    else for (intptr_t i = 0; i < m; i++) *(T *)(to + i * step) = from[i];
}

// ---- Elements.
// What the exponentials of a row need to know. pivot: its maximum; NaN for a row of -inf, whose
// softmax is 0/0. narrow: no element is so far below that clamps or subnormal results could matter.
// floor: where x lies further down it does not reach a result and is moved there, -inf included.
// Then x - pivot neither overflows nor, where it is less than `lowest`, leaves a low word.
struct F(scale) { T pivot, floor; _Bool narrow; };
INLINE struct F(scale) F(scale)(T least, T largest)
{
    const T pivot = largest == -(T)INFINITY ? (T)NAN : largest, half = F(largest) / 2;
    const T floor = F(max)(-half, pivot) - (F(abs)(pivot) * F(two_ulps) - F(lowest));
    const _Bool narrow = pivot / 2 - least / 2 < F(narrow) / 2;
    return (struct F(scale)){pivot, pivot < -half ? -F(largest) : floor, narrow};
}

// e^(x-pivot) * 2^up; x = pivot gives exactly 2^up. A NaN comes through the low word.
INLINE T F(exp_shifted)(T x, T pivot, T floor, _Bool narrow)
{
    x = narrow ? x : F(max)(floor, x);
    const T z = x - pivot, back = z - x, low = (x - (z - back)) - (pivot + back);
    const struct F(split) e = F(exp_split_of_sum)(narrow ? z : F(at_least)(F(lowest), z), low, MAGIC(F(up)));
    return FMA(e.y, e.scale, e.scale);
}

// 2^up / sum in two words: rounding it to one would cost each result up to 1 ULP.
struct F(inverse) { T high, low; };
INLINE struct F(inverse) F(inverse)(struct F(total) sum)
{
    const double q = F(two_up) / sum.high;
    const T high = (T)q;
#if FLOAT
    return (struct F(inverse)){high, (T)(q - high)};
#else
    return (struct F(inverse)){high, (FMAD(-q, sum.high, F(two_up)) - q * sum.low) / sum.high};
#endif
}

// e / sum, for e times 2^up
INLINE T F(share)(T e, struct F(inverse) v, _Bool narrow)
{
    const T share = FMA(e, v.high, e * v.low);
    return narrow ? share * F(two_down) : F(down)(share);
}

typedef T F(v8) __attribute__((vector_size(8 * sizeof(T))));
typedef T F(v4) __attribute__((vector_size(4 * sizeof(T))));
typedef T F(v2) __attribute__((vector_size(2 * sizeof(T))));
typedef I F(i8) __attribute__((vector_size(8 * sizeof(T))));
typedef I F(i4) __attribute__((vector_size(4 * sizeof(T))));
typedef I F(i2) __attribute__((vector_size(2 * sizeof(T))));
#define FOLD(name, OP) \
    INLINE T F(name)(const T *lane) \
    { \
        HALVES(F(v8), a8, b8, lane); \
        const F(v8) c8 = SELECT(F(v8), F(i8), a8 OP b8, a8, b8); \
        HALVES(F(v4), a4, b4, &c8); \
        const F(v4) c4 = SELECT(F(v4), F(i4), a4 OP b4, a4, b4); \
        HALVES(F(v2), a2, b2, &c4); \
        const F(v2) c2 = SELECT(F(v2), F(i2), a2 OP b2, a2, b2); \
        return c2[0] OP c2[1] ? c2[0] : c2[1]; \
    }
FOLD(fold_min, <)
FOLD(fold_max, >)
#undef FOLD

INLINE struct F(scale) F(row_scale)(const char *x, intptr_t step, intptr_t n)
{
    T low[LANES], high[LANES], buffer[SPAN];
    for (int l = 0; l < LANES; l++) low[l] = (T)INFINITY, high[l] = -(T)INFINITY;
    SPANS(b, m, n) {
        const T *const v = F(fetch)(x + b * step, step, m, buffer, *(const T *)x);
        for (int l = 0; l < LANES; l++) {
            T least = low[l], largest = high[l];
            for (int i = 0; i < SPAN; i += LANES) {
                least = F(min)(v[i + l], least);
                largest = F(max)(v[i + l], largest);
            }
            low[l] = least, high[l] = largest;
        }
    }
    return F(scale)(F(fold_min)(low), F(fold_max)(high));
}

INLINE _Bool F(tile_scales)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                            T *pivot, T *floor)
{
    T low[TILE], high[TILE];
    for (intptr_t c = 0; c < width; c++) low[c] = (T)INFINITY, high[c] = -(T)INFINITY;
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = (const T *)AT(0, r);
        for (intptr_t c = 0; c < width; c++) {
            low[c] = F(min)(x[c], low[c]);
            high[c] = F(max)(x[c], high[c]);
        }
    }
    _Bool narrow = 1;
    for (intptr_t c = 0; c < width; c++) {
        const struct F(scale) s = F(scale)(low[c], high[c]);
        pivot[c] = s.pivot, floor[c] = s.floor, narrow &= s.narrow;
    }
    return narrow;
}

// What is known of a row between its steps.
struct F(line) {
    struct F(scale) scale;
    struct F(total) sum;
    struct F(inverse) inverse;
    U maxima;
    T log_sum;
};

// ---- softmax: x -> out
INLINE struct F(total) F(softmax_sum)(char *const *p, const intptr_t *step, intptr_t n,
                                      struct F(scale) s, _Bool narrow)
{
    struct F(sums) sums = {0};
    T in[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const x = F(fetch)(AT(0, b), step[0], m, in, s.pivot);
        T *const e = F(target)(AT(1, b), step[1], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) e[i] = F(exp_shifted)(x[i], s.pivot, s.floor, narrow);
        for (intptr_t i = m; i < SPAN; i++) e[i] = 0;
        F(add_span)(&sums, e);
        F(put)(AT(1, b), step[1], m, e);
    }
    return F(total)(&sums);
}

INLINE void F(softmax_measure)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line)
{
    const struct F(scale) s = line->scale;
    line->sum = s.narrow ? F(softmax_sum)(p, step, n, s, 1) : F(softmax_sum)(p, step, n, s, 0);
}

INLINE void F(softmax_finish)(struct F(line) *line) { line->inverse = F(inverse)(line->sum); }

INLINE void F(softmax_scale)(char *const *p, const intptr_t *step, intptr_t n,
                             struct F(inverse) v, _Bool narrow)
{
    T in[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const e = F(fetch)(AT(1, b), step[1], m, in, 0);
        T *const y = F(target)(AT(1, b), step[1], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) y[i] = F(share)(e[i], v, narrow);
        F(put)(AT(1, b), step[1], m, y);
    }
}

INLINE void F(softmax_write)(char *const *p, const intptr_t *step, intptr_t n,
                             const struct F(line) *line)
{
    if (line->scale.narrow) F(softmax_scale)(p, step, n, line->inverse, 1);
    else F(softmax_scale)(p, step, n, line->inverse, 0);
}

INLINE void F(softmax_tile_)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                             const T *pivot, const T *floor, _Bool narrow)
{
    struct F(total) total[TILE];
    T high[TILE], low[TILE];
    struct F(tile_sums) sums = {0};
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = (const T *)AT(0, r);
        T *const out = (T *)AT(1, r);
        IVDEP for (intptr_t c = 0; c < width; c++) out[c] = F(exp_shifted)(x[c], pivot[c], floor[c], narrow);
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), out[c]);
    }
    F(totals)(&sums, width, total);
    for (intptr_t c = 0; c < width; c++) {
        const struct F(inverse) v = F(inverse)(total[c]);
        high[c] = v.high, low[c] = v.low;
    }
    for (intptr_t r = 0; r < n; r++) {
        T *const out = (T *)AT(1, r);
        IVDEP for (intptr_t c = 0; c < width; c++)
            out[c] = F(share)(out[c], (struct F(inverse)){high[c], low[c]}, narrow);
    }
}
INLINE void F(softmax_tile)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width)
{
    T pivot[TILE], floor[TILE];
    if (F(tile_scales)(p, step, n, width, pivot, floor)) F(softmax_tile_)(p, step, n, width, pivot, floor, 1);
    else F(softmax_tile_)(p, step, n, width, pivot, floor, 0);
}

// ---- log_softmax: x -> out = x - pivot - log(sum). The maxima, whose exponential is 1, are counted
// and not added: log1p of the rest keeps the digits of a confident row.
#if FLOAT
// log(1+r), r >= 0 or NaN, to 2^-32: a call of log1p is a sixth of a row of 128.
// 1+r = 2^k * (1+f), log(1+f) = 2 atanh(s), s = f/(2+f) <= 0.172; while k = 0, f is r itself.
INLINE double log1p_fast(double r)
{
    const double sum = 1 + r;
    uint64_t u;
    memcpy(&u, &sum, sizeof u);
    const uint64_t shifted = u + (UINT64_C(0x3ff0000000000000) - UINT64_C(0x3fe6a09e667f3bcd));
    const int64_t k = (int64_t)(shifted >> 52) - 1023;
    u -= (uint64_t)k << 52;
    double f;
    memcpy(&f, &u, sizeof f);
    f = k ? f - 1 : r;
    const double s = f / (2 + f), z = s * s;
    double p = 0x1.3b13b13b13b14p-4;  // 1/13: the series of atanh, whose next term is below 2^-35
    p = FMAD(p, z, 0x1.745d1745d1746p-4);
    p = FMAD(p, z, 0x1.c71c71c71c71cp-4);
    p = FMAD(p, z, 0x1.2492492492492p-3);
    p = FMAD(p, z, 0x1.999999999999ap-3);
    p = FMAD(p, z, 0x1.5555555555555p-2);
    return r == r ? FMAD((double)k, 0x1.62e42fefa39efp-1, 2 * FMAD(s * z, p, s)) : r;
}
#else
#define log1p_fast log1p
#endif

// log(maxima + rest * 2^-up)
INLINE T F(log_sum)(struct F(total) rest, U maxima)
{
    const double r = rest.high * F(two_down) + ((double)maxima - 1);
    return (T)(log1p_fast(r) + (FLOAT ? 0 : rest.low * F(two_down) / (1 + r)));
}

INLINE struct F(total) F(log_softmax_sum)(const char *x, intptr_t step, intptr_t n,
                                          struct F(line) *line, _Bool narrow)
{
    const struct F(scale) s = line->scale;
    struct F(sums) sums = {0};
    T in[SPAN], e[SPAN];
    line->maxima = 0;
    SPANS(b, m, n) {
        const T *const v = F(fetch)(x + b * step, step, m, in, -(T)INFINITY);
        U count = 0;
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) {
            const T shifted = F(exp_shifted)(v[i], s.pivot, s.floor, narrow);
            e[i] = v[i] == s.pivot ? 0 : shifted;
            count += v[i] == s.pivot;
        }
        line->maxima += count;
        for (intptr_t i = m; i < SPAN; i++) e[i] = 0;
        F(add_span)(&sums, e);
    }
    return F(total)(&sums);
}

INLINE void F(log_softmax_measure)(char *const *p, const intptr_t *step, intptr_t n,
                                   struct F(line) *line)
{
    line->sum = line->scale.narrow ? F(log_softmax_sum)(p[0], step[0], n, line, 1)
                                   : F(log_softmax_sum)(p[0], step[0], n, line, 0);
}

INLINE void F(log_softmax_finish)(struct F(line) *line) { line->log_sum = F(log_sum)(line->sum,
                                                                                     line->maxima); }

INLINE void F(log_softmax_write)(char *const *p, const intptr_t *step, intptr_t n,
                                 const struct F(line) *line)
{
    const T pivot = line->scale.pivot, log_sum = line->log_sum;
    T in[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const x = F(fetch)(AT(0, b), step[0], m, in, 0);
        T *const y = F(target)(AT(1, b), step[1], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) y[i] = (x[i] - pivot) - log_sum;
        F(put)(AT(1, b), step[1], m, y);
    }
}

INLINE void F(log_softmax_tile)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width)
{
    T pivot[TILE], floor[TILE], log_sum[TILE], e[TILE];
    U maxima[TILE] = {0};
    struct F(total) total[TILE];
    struct F(tile_sums) sums = {0};
    F(tile_scales)(p, step, n, width, pivot, floor);
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = (const T *)AT(0, r);
        IVDEP for (intptr_t c = 0; c < width; c++) {
            const T shifted = F(exp_shifted)(x[c], pivot[c], floor[c], 0);
            e[c] = x[c] == pivot[c] ? 0 : shifted;
            maxima[c] += x[c] == pivot[c];
        }
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), e[c]);
    }
    F(totals)(&sums, width, total);
    for (intptr_t c = 0; c < width; c++) log_sum[c] = F(log_sum)(total[c], maxima[c]);
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = (const T *)AT(0, r);
        T *const out = (T *)AT(1, r);
        IVDEP for (intptr_t c = 0; c < width; c++) out[c] = (x[c] - pivot[c]) - log_sum[c];
    }
}

// ---- softmax_backward: g, y -> out = y * (g - sum(g*y)). In double: g - sum cancels.
INLINE T F(softmax_slope)(T g, T y, struct F(total) sum)
{
    const double g_minus_sum = (double)g - sum.high;
    return y * (T)(FLOAT ? g_minus_sum : g_minus_sum - sum.low);
}

INLINE void F(add_product)(double *high, double *low, double g, double y)
{
#if FLOAT
    *high = FMAD(g, y, *high);  // of floats the product is exact, fused or not
    (void)low;
#else
    F(add)(high, low, g * y);
#endif
}

INLINE void F(softmax_backward_measure)(char *const *p, const intptr_t *step, intptr_t n,
                                        struct F(line) *line)
{
    struct F(sums) sums = {0};
    T in0[SPAN], in1[SPAN];
    SPANS(b, m, n) {
        const T *const g = F(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const y = F(fetch)(AT(1, b), step[1], m, in1, 0);
        for (int l = 0; l < LANES; l++) {
            double high = sums.high[l], low = sums.low[l];
            for (int i = 0; i < SPAN; i += LANES) F(add_product)(&high, &low, g[i + l], y[i + l]);
            sums.high[l] = high, sums.low[l] = low;
        }
    }
    line->sum = F(total)(&sums);
}

INLINE void F(softmax_backward_finish)(struct F(line) *line) { (void)line; }

INLINE void F(softmax_backward_write)(char *const *p, const intptr_t *step, intptr_t n,
                                      const struct F(line) *line)
{
    T in0[SPAN], in1[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const g = F(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const y = F(fetch)(AT(1, b), step[1], m, in1, 0);
        T *const out = F(target)(AT(2, b), step[2], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) out[i] = F(softmax_slope)(g[i], y[i], line->sum);
        F(put)(AT(2, b), step[2], m, out);
    }
}

INLINE void F(softmax_backward_tile)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width)
{
    struct F(total) total[TILE];
    struct F(tile_sums) sums = {0};
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = (const T *)AT(0, r), *const y = (const T *)AT(1, r);
        IVDEP for (intptr_t c = 0; c < width; c++) F(add_product)(LANE(sums, r, c), g[c], y[c]);
    }
    F(totals)(&sums, width, total);
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = (const T *)AT(0, r), *const y = (const T *)AT(1, r);
        T *const out = (T *)AT(2, r);
        IVDEP for (intptr_t c = 0; c < width; c++) out[c] = F(softmax_slope)(g[c], y[c], total[c]);
    }
}

// ---- log_softmax_backward: g, y -> out = g - e^y * sum(g)
INLINE void F(log_softmax_backward_measure)(char *const *p, const intptr_t *step, intptr_t n,
                                            struct F(line) *line)
{
    struct F(sums) sums = {0};
    T in[SPAN];
    SPANS(b, m, n) F(add_span)(&sums, F(fetch)(AT(0, b), step[0], m, in, 0));
    line->sum = F(total)(&sums);
}

INLINE void F(log_softmax_backward_finish)(struct F(line) *line) { (void)line; }

INLINE void F(log_softmax_backward_write)(char *const *p, const intptr_t *step, intptr_t n,
                                          const struct F(line) *line)
{
    const T sum = (T)line->sum.high;
    T in0[SPAN], in1[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const g = F(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const y = F(fetch)(AT(1, b), step[1], m, in1, 0);
        T *const out = F(target)(AT(2, b), step[2], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) out[i] = FMA(-sum, F(exp)(y[i]), g[i]);
        F(put)(AT(2, b), step[2], m, out);
    }
}

INLINE void F(log_softmax_backward_tile)(char *const *p, const intptr_t *step, intptr_t n,
                                         intptr_t width)
{
    struct F(total) total[TILE];
    struct F(tile_sums) sums = {0};
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = (const T *)AT(0, r);
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), g[c]);
    }
    F(totals)(&sums, width, total);
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = (const T *)AT(0, r), *const y = (const T *)AT(1, r);
        T *const out = (T *)AT(2, r);
        IVDEP for (intptr_t c = 0; c < width; c++) out[c] = FMA(-(T)total[c].high, F(exp)(y[c]), g[c]);
    }
}

// ---- The NumPy loops. dims: rows, n. steps: to the next row of each operand, then to the next
// element of each.
INLINE void F(turn)(T *tile, char *row, intptr_t to_row, intptr_t to_element, intptr_t n,
                    intptr_t width, _Bool back)
{
    for (intptr_t c = 0; c < width; c++)
        for (intptr_t k = 0; k < n; k++) {
            T *const element = (T *)(row + c * to_row + k * to_element);
            if (back) *element = tile[k * TILE + c];
            else tile[k * TILE + c] = *element;
        }
}

INLINE void F(over_tiles)(tile_fn *tile, int operands, char **args, const intptr_t *dims,
                          const intptr_t *steps,
                          _Bool turn)
{
    const intptr_t n = dims[1], *const step = steps + operands;
    const int last = operands - 1;
    T turned[3][SHORT * TILE];
    const intptr_t turned_step[3] = {TILE * sizeof(T), TILE * sizeof(T), TILE * sizeof(T)};
    for (intptr_t r = 0; r < dims[0]; r += TILE) {
        const intptr_t width = dims[0] - r < TILE ? dims[0] - r : TILE;
        char *p[3], *const q[3] = {(char *)turned[0], (char *)turned[1], (char *)turned[2]};
        for (int i = 0; i < operands; i++) p[i] = args[i] + r * steps[i];
        if (turn) {
            for (int i = 0; i < last; i++) F(turn)(turned[i], p[i], steps[i], step[i], n, width, 0);
            tile(q, turned_step, n, width);
            F(turn)(turned[last], p[last], steps[last], step[last], n, width, 1);
        } else if (width == TILE) tile(p, step, n, TILE);
        else tile(p, step, n, width);
    }
}

#define ROWS(name, operands, scaled) \
    static void F(name)(char **args, const intptr_t *dims, const intptr_t *steps, void *data) \
    { \
        const intptr_t rows = dims[0], n = dims[1], *const step = steps + operands; \
        _Bool side_by_side = rows > 1; \
        for (int i = 0; i < operands; i++) side_by_side &= steps[i] == sizeof(T) && step[i] != sizeof(T); \
        const _Bool turn = !side_by_side && n <= SHORT && rows >= 4; \
        if (side_by_side || turn) { \
            F(over_tiles)(F(name##_tile), operands, args, dims, steps, turn); \
            return; \
        } \
        const intptr_t batch = n <= BATCH_LENGTH ? BATCH : 1; \
        for (intptr_t r = 0; r < rows; r += batch) { \
            const int count = rows - r < batch ? rows - r : batch; \
            struct F(line) lines[BATCH]; \
            char *p[BATCH][operands]; \
            for (int k = 0; k < count; k++) \
                for (int i = 0; i < operands; i++) p[k][i] = args[i] + (r + k) * steps[i]; \
            for (int k = 0; scaled && k < count; k++) lines[k].scale = F(row_scale)(p[k][0], step[0], n); \
            for (int k = 0; k < count; k++) F(name##_measure)(p[k], step, n, &lines[k]); \
            for (int k = 0; k < count; k++) F(name##_finish)(&lines[k]); \
            for (int k = 0; k < count; k++) F(name##_write)(p[k], step, n, &lines[k]); \
        } \
        (void)data; \
    }
ROWS(softmax, 2, 1)
ROWS(log_softmax, 2, 1)
ROWS(softmax_backward, 3, 0)
ROWS(log_softmax_backward, 3, 0)
#undef ROWS
