// The softmax family, type by type like vmath.h: a NumPy gufunc loop each, over rows of n elements.
//
// Layouts. Each row is walked in blocks of 128; a block that is not contiguous, or short, is gathered
// into a buffer. Where the rows lie side by side (softmax down an axis that is not the last), they are
// the columns of a tile and run together. The value of an element never depends on the layout.
//
// Sums. 128 elements are added to 16 lanes by a fixed tree in T, the lanes into 16 accumulators in
// twice the precision, those by a fixed tree at the end: neither the length nor the layout changes the
// error or the bits.
//
// e^(x-max): the low word of x-max, lost in rounding it, goes into exp's reduced argument (67 -> 2.2
// ULP on N(0,20^2)); e is kept times 2^up until the last multiplication, so that only results are
// ever subnormal.

#ifndef ROWS_H
#define ROWS_H
enum { SPAN = 128, LANES = 16, TILE = 64 };
#endif

// ---- Accumulators: WIDE for float; a pair of doubles for double.
#if FLOAT
struct F(sums) { double high[LANES]; };
#else
struct F(sums) { double high[LANES], low[LANES]; };
#endif

INLINE void F(add_lanes)(struct F(sums) *s, const double *lane)
{
    for (int l = 0; l < LANES; l++) {
#if FLOAT
        s->high[l] += lane[l];
#else
        const double a = s->high[l], b = lane[l], sum = a + b, back = sum - a;
        s->low[l] += (a - (sum - back)) + (b - back);
        s->high[l] = sum;
#endif
    }
}

// Adds SPAN elements.
INLINE void F(add_span)(struct F(sums) *s, const T *e)
{
    double lane[LANES];
    for (int l = 0; l < LANES; l++) {
        const T *p = e + l;
        lane[l] = ((p[0] + p[16]) + (p[32] + p[48])) + ((p[64] + p[80]) + (p[96] + p[112]));
    }
    F(add_lanes)(s, lane);
}

INLINE double F(total)(struct F(sums) *s)
{
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++) {
#if FLOAT
            s->high[l] += s->high[l + half];
#else
            const double a = s->high[l], b = s->high[l + half], sum = a + b, back = sum - a;
            s->low[l] += s->low[l + half] + ((a - (sum - back)) + (b - back));
            s->high[l] = sum;
#endif
        }
#if FLOAT
    return s->high[0];
#else
    return s->high[0] + s->low[0];
#endif
}

// ---- Spans: at most SPAN elements of a row, step bytes apart. Short ones are padded to a multiple
// of LANES, so that loops over them have no remainder.
#ifndef SPANS
#define SPANS(b, m, n) \
    for (intptr_t b = 0, m; b < n && (m = n - b < SPAN ? n - b : SPAN, 1); b += SPAN)
#define PADDED(m) (((m) + LANES - 1) & -(intptr_t)LANES)
#endif

INLINE const T *F(fetch)(const char *p, intptr_t step, intptr_t m, T *buffer, T pad)
{
    if (step == sizeof(T) && m == SPAN) return (const T *)p;
    if (step == sizeof(T)) memcpy(buffer, p, m * sizeof(T));
    else for (intptr_t i = 0; i < m; i++) buffer[i] = *(const T *)(p + i * step);
    for (intptr_t i = m; i < PADDED(m); i++) buffer[i] = pad;
    return buffer;
}

// Where a span of results is written: in place if it can be, else in a buffer that put() copies.
INLINE T *F(target)(char *p, intptr_t step, intptr_t m, T *buffer)
{
    return step == sizeof(T) && m == SPAN ? (T *)p : buffer;
}

INLINE void F(put)(char *p, intptr_t step, intptr_t m, const T *from)
{
    if ((const char *)from == p) return;
    if (step == sizeof(T)) memcpy(p, from, m * sizeof(T));
    else for (intptr_t i = 0; i < m; i++) *(T *)(p + i * step) = from[i];
}

// ---- Elements.
// The row's maximum as the exponentials take it: NaN for a row of -inf, whose softmax is 0/0.
INLINE T F(pivot)(T largest) { return largest == -(T)INFINITY ? (T)NAN : largest; }
// No x below this reaches a result: moved there, x - pivot cannot overflow, -inf included.
INLINE T F(floor_below)(T pivot) { return F(max)(0, pivot) - F(largest); }

// e^(x-pivot) * 2^up; x = pivot gives exactly 2^up.
INLINE T F(exp_shifted)(T x, T pivot, T floor)
{
    x = F(max)(floor, x);
    const T z = x - pivot, back = z - x, low = (x - (z - back)) - (pivot + back);
    return F(exp_up)(z, z < F(lowest) ? 0 : low);
}

INLINE T F(row_max)(const char *x, intptr_t step, intptr_t n)
{
    T lane[LANES], buffer[SPAN];
    for (int l = 0; l < LANES; l++) lane[l] = -(T)INFINITY;
    SPANS(b, m, n) {
        const T *const p = F(fetch)(x + b * step, step, m, buffer, -(T)INFINITY);
        for (intptr_t i = 0; i < PADDED(m); i += LANES)
            for (int l = 0; l < LANES; l++) lane[l] = F(max)(p[i + l], lane[l]);
    }
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++) lane[l] = F(max)(lane[l + half], lane[l]);
    return lane[0];
}

// ---- Rows: x, g, y, out point to the first element, s. is the step to the next in bytes.
static void F(softmax_row)(const char *x, intptr_t sx, char *out, intptr_t so, intptr_t n)
{
    const T pivot = F(pivot)(F(row_max)(x, sx, n)), floor = F(floor_below)(pivot);
    struct F(sums) sums = {0};
    T xs[SPAN], es[SPAN];
    SPANS(b, m, n) {
        const T *const p = F(fetch)(x + b * sx, sx, m, xs, 0);
        T *const e = F(target)(out + b * so, so, m, es);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) e[i] = F(exp_shifted)(p[i], pivot, floor);
        for (intptr_t i = m; i < SPAN; i++) e[i] = 0;
        F(add_span)(&sums, e);
        F(put)(out + b * so, so, m, e);
    }
    const T inverse = (T)((double)F(two_up) / F(total)(&sums));
    SPANS(b, m, n) {
        const T *const p = F(fetch)(out + b * so, so, m, xs, 0);
        T *const y = F(target)(out + b * so, so, m, es);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) y[i] = F(down)(p[i] * inverse);
        F(put)(out + b * so, so, m, y);
    }
}

// x - pivot - log(sum): the maxima, whose exponential is 1, are counted and not added, so that
// log1p keeps the digits of a confident row.
static void F(log_softmax_row)(const char *x, intptr_t sx, char *out, intptr_t so, intptr_t n)
{
    const T pivot = F(pivot)(F(row_max)(x, sx, n)), floor = F(floor_below)(pivot);
    struct F(sums) sums = {0};
    U count[LANES] = {0};
    T xs[SPAN], es[SPAN];
    SPANS(b, m, n) {
        const T *const p = F(fetch)(x + b * sx, sx, m, xs, -(T)INFINITY);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) {
            const T e = F(exp_shifted)(p[i], pivot, floor);
            es[i] = p[i] == pivot ? 0 : e;
        }
        for (intptr_t i = m; i < SPAN; i++) es[i] = 0;
        for (intptr_t i = 0; i < PADDED(m); i += LANES)
            for (int l = 0; l < LANES; l++) count[l] += p[i + l] == pivot;
        F(add_span)(&sums, es);
    }
    U maxima = 0;
    for (int l = 0; l < LANES; l++) maxima += count[l];
    const T log_sum = (T)log1p(F(total)(&sums) * F(two_down) + ((double)maxima - 1));
    SPANS(b, m, n) {
        const T *const p = F(fetch)(x + b * sx, sx, m, xs, 0);
        T *const y = F(target)(out + b * so, so, m, es);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) y[i] = (p[i] - pivot) - log_sum;
        F(put)(out + b * so, so, m, y);
    }
}

// y * (g - sum(g*y)). Products and difference of floats in double: g - sum cancels.
static void F(softmax_backward_row)(const char *g, intptr_t sg, const char *y, intptr_t sy,
                                    char *out, intptr_t so, intptr_t n)
{
    struct F(sums) sums = {0};
    T gs[SPAN], ys[SPAN], os[SPAN];
    SPANS(b, m, n) {
        const T *const p = F(fetch)(g + b * sg, sg, m, gs, 0), *const q = F(fetch)(y + b * sy, sy, m, ys, 0);
        double lane[LANES] = {0};
        for (intptr_t i = 0; i < PADDED(m); i += LANES)
            for (int l = 0; l < LANES; l++) lane[l] += (double)p[i + l] * (double)q[i + l];
        F(add_lanes)(&sums, lane);
    }
    const double sum = F(total)(&sums);
    SPANS(b, m, n) {
        const T *const p = F(fetch)(g + b * sg, sg, m, gs, 0), *const q = F(fetch)(y + b * sy, sy, m, ys, 0);
        T *const r = F(target)(out + b * so, so, m, os);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) r[i] = q[i] * (T)((double)p[i] - sum);
        F(put)(out + b * so, so, m, r);
    }
}

// g - e^y * sum(g)
static void F(log_softmax_backward_row)(const char *g, intptr_t sg, const char *y, intptr_t sy,
                                        char *out, intptr_t so, intptr_t n)
{
    struct F(sums) sums = {0};
    T gs[SPAN], ys[SPAN], os[SPAN];
    SPANS(b, m, n) {
        const T *const p = F(fetch)(g + b * sg, sg, m, gs, 0);
        double lane[LANES] = {0};
        for (intptr_t i = 0; i < PADDED(m); i += LANES)
            for (int l = 0; l < LANES; l++) lane[l] += (double)p[i + l];
        F(add_lanes)(&sums, lane);
    }
    const T sum = (T)F(total)(&sums);
    SPANS(b, m, n) {
        const T *const p = F(fetch)(g + b * sg, sg, m, gs, 0), *const q = F(fetch)(y + b * sy, sy, m, ys, 0);
        T *const r = F(target)(out + b * so, so, m, os);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) r[i] = FMA(-sum, F(exp)(q[i]), p[i]);
        F(put)(out + b * so, so, m, r);
    }
}

// ---- Loops. dims: rows, n; steps: row by row for each operand, then element by element.
static void F(softmax)(char **args, const intptr_t *dims, const intptr_t *steps, void *data)
{
    (void)data;
    for (intptr_t r = 0; r < dims[0]; r++)
        F(softmax_row)(args[0] + r * steps[0], steps[2], args[1] + r * steps[1], steps[3], dims[1]);
}

static void F(log_softmax)(char **args, const intptr_t *dims, const intptr_t *steps, void *data)
{
    (void)data;
    for (intptr_t r = 0; r < dims[0]; r++)
        F(log_softmax_row)(args[0] + r * steps[0], steps[2], args[1] + r * steps[1], steps[3], dims[1]);
}

#define BACKWARD_ROWS(name) \
    static void F(name)(char **args, const intptr_t *dims, const intptr_t *steps, void *data) \
    { \
        (void)data; \
        for (intptr_t r = 0; r < dims[0]; r++) \
            F(name##_row)(args[0] + r * steps[0], steps[3], args[1] + r * steps[1], steps[4], \
                          args[2] + r * steps[2], steps[5], dims[1]); \
    }
BACKWARD_ROWS(softmax_backward)
BACKWARD_ROWS(log_softmax_backward)
#undef BACKWARD_ROWS
