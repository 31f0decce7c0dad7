// The softmax family over arrays of one type, included once for each: S(name) -> name_f32, name_half ...;
// FORMAT names the conversion of 16-bit types, which is empty for float and double.
//
// Each kernel is written twice: over a row, whose elements lie side by side, and over a tile of up to
// TILE rows that lie side by side themselves, as the columns of an array do when softmax runs down an
// axis that is not the last. Short rows are turned into tiles. Other layouts are gathered, a span at a
// time. A row is scaled (the forward ones), measured, finished and written; rows that fit the cache take
// these steps together, a batch at a time, so that one row's chain of dependent operations hides behind
// the others. The exponentials of softmax wait in the result for their sum; 16 bits cannot hold them, they
// wait in spare room, or for longer rows are computed again.
//
// An operand is a row (a core dimension, as gufuncs call it) or one number for each row.
// p: the operands' first elements; step: bytes to a row's next element; next: to the next row.

#undef M
#undef WIDE
#ifdef FORMAT
#define M uint16_t
#define WIDE 0
#else
#define M T
#define WIDE 1
#endif
#undef CLOSE
#define CLOSE WIDE  // whether rows whose elements lie close together deserve a copy of the kernel

// ---- Spans: at most SPAN elements of a row, as T.
#ifdef FORMAT
INLINE const T *S(fetch)(const char *from, intptr_t step, intptr_t m, T *buffer, T pad)
{
    const int part = m % LANES;
    const intptr_t whole = m - part;
    M lanes[LANES];
    for (intptr_t i = 0; i < whole; i += LANES) {
        const M *v = (const M *)(from + i * step);
        if (step != sizeof(M)) {
            for (int l = 0; l < LANES; l++) lanes[l] = *(const M *)(from + (i + l) * step);
            v = lanes;
        }
        JOIN(widen_, FORMAT)(buffer + i, v);
    }
    if (!part) return buffer;
    const char *const rest = from + whole * step;
    if (step == sizeof(M)) IVDEP WHOLE for (int l = 0; l < LANES; l++) lanes[l] = l < part ? ((const M *)rest)[l] : 0;
    else for (int l = 0; l < LANES; l++) lanes[l] = l < part ? *(const M *)(rest + l * step) : 0;
    T *const last = buffer + whole;
    JOIN(widen_, FORMAT)(last, lanes);
    WHOLE for (int l = 0; l < LANES; l++) last[l] = l < part ? last[l] : pad;
    return buffer;
}

INLINE T *S(target)(char *to, intptr_t step, intptr_t m, T *buffer)
{
    (void)to, (void)step, (void)m;
    return buffer;
}

INLINE void S(put)(char *to, intptr_t step, intptr_t m, const T *from)
{
    M lanes[LANES];
    for (intptr_t i = 0; i < m; i += LANES) {
        const int part = m - i < LANES ? m - i : LANES;
        M *const v = (M *)(to + i * step);
        if (step == sizeof(M) && part == LANES) {
            JOIN(narrow_, FORMAT)(v, from + i);
            continue;
        }
        T last[LANES];  // what lies beyond could overflow
        WHOLE for (int l = 0; l < LANES; l++) last[l] = l < part ? from[i + l] : 0;
        JOIN(narrow_, FORMAT)(lanes, last);
        if (step == sizeof(M)) {
            IVDEP WHOLE for (int l = 0; l < LANES; l++)
                if (l < part) v[l] = lanes[l];
        } else for (int l = 0; l < part; l++) *(M *)(to + (i + l) * step) = lanes[l];
    }
}

INLINE const T *S(across)(const char *p, intptr_t width, T *buffer)
{
    return S(fetch)(p, sizeof(M), width, buffer, 0);
}

INLINE T *S(target_across)(char *p, T *buffer)
{
    (void)p;
    return buffer;
}

INLINE void S(put_across)(char *p, intptr_t width, const T *from) { S(put)(p, sizeof(M), width, from); }
#else
INLINE const T *S(fetch)(const char *from, intptr_t step, intptr_t m, T *buffer, T pad)
{
    const T *const v = (const T *)from;
    const int part = m;
    if (step == sizeof(T) && m % LANES == 0) return v;
    if (step == sizeof(T)) {
        IVDEP WHOLE for (int i = 0; i < LANES; i++) buffer[i] = i < part ? v[i] : pad;
        return buffer;
    }
    for (intptr_t i = 0; i < m; i++) buffer[i] = *(const T *)(from + i * step);
    for (intptr_t i = m; i < PADDED(m); i++) buffer[i] = pad;
    return buffer;
}

// Where a span of results goes: in place if it can, else to a buffer that put() copies.
INLINE T *S(target)(char *to, intptr_t step, intptr_t m, T *buffer)
{
    return step == sizeof(T) && m % LANES == 0 ? (T *)to : buffer;
}

INLINE void S(put)(char *to, intptr_t step, intptr_t m, const T *from)
{
    T *const v = (T *)to;
    const int part = m;
    if (from == v) return;
    if (step == sizeof(T) && m % LANES == 0) memcpy(to, from, m * sizeof(T));
    else if (step == sizeof(T)) {
        IVDEP WHOLE for (int i = 0; i < LANES; i++)
            if (i < part) v[i] = from[i];
    } else for (intptr_t i = 0; i < m; i++) *(T *)(to + i * step) = from[i];
}

// The same of one element of each row of a tile.
INLINE const T *S(across)(const char *p, intptr_t width, T *buffer)
{
    (void)width, (void)buffer;
    return (const T *)p;
}

INLINE T *S(target_across)(char *p, T *buffer)
{
    (void)buffer;
    return (T *)p;
}

INLINE void S(put_across)(char *p, intptr_t width, const T *from) { (void)p, (void)width, (void)from; }
#endif

// One number, and where to put one.
INLINE T S(number)(const char *p)
{
#ifdef FORMAT
    T buffer[SPAN];
    return S(fetch)(p, sizeof(M), 1, buffer, 0)[0];
#else
    return *(const T *)p;
#endif
}

INLINE void S(put_number)(char *p, T value)
{
#ifdef FORMAT
    const T buffer[LANES] = {value};
    S(put)(p, sizeof(M), 1, buffer);
#else
    *(T *)p = value;
#endif
}

// ---- Scales
INLINE void S(extremes)(const char *x, intptr_t step, intptr_t n, T *least, T *largest)
{
    T low[2][LANES], high[2][LANES], buffer[SPAN];  // twice: a minimum takes longer than a load
    for (int l = 0; l < LANES; l++)
        low[0][l] = low[1][l] = (T)INFINITY, high[0][l] = high[1][l] = -(T)INFINITY;
    SPANS(b, m, n) {
        const T *const v = S(fetch)(x + b * step, step, m, buffer, S(number)(x));
        for (intptr_t i = 0; i < m; i += 2 * LANES)
            for (int k = 0; k < 2; k++) {
                const T *const w = i + k * LANES < m ? v + i + k * LANES : v + i;
                WHOLE for (int l = 0; l < LANES; l++) {
                    low[k][l] = F(min)(w[l], low[k][l]);
                    high[k][l] = F(max)(w[l], high[k][l]);
                }
            }
    }
    for (int l = 0; l < LANES; l++) {
        low[0][l] = F(min)(low[1][l], low[0][l]);
        high[0][l] = F(max)(high[1][l], high[0][l]);
    }
    *least = F(fold_min)(low[0]), *largest = F(fold_max)(high[0]);
}

INLINE void S(tile_extremes)(const char *x, intptr_t step, intptr_t n, intptr_t width, T *low, T *high)
{
    T in[SPAN];
    for (intptr_t c = 0; c < width; c++) low[c] = (T)INFINITY, high[c] = -(T)INFINITY;
    for (intptr_t r = 0; r < n; r++) {
        const T *const v = S(across)(x + r * step, width, in);
        for (intptr_t c = 0; c < width; c++) {
            low[c] = F(min)(v[c], low[c]);
            high[c] = F(max)(v[c], high[c]);
        }
    }
}

// The exponential of an element of a row; tempered and narrow are constants.
INLINE T S(exponential)(T x, const struct F(line) *line, const _Bool narrow, const _Bool tempered)
{
    const struct F(scale) s = line->scale;
    return tempered ? F(exp_tempered)(x, s.pivot, s.floor, line->temper)
                    : F(exp_shifted)(x, s.pivot, s.floor, narrow);
}

SHARED void S(find_extremes)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line)
{
    S(extremes)(p[0], step[0], n, &line->least, &line->largest);
}

INLINE void S(set_scale)(char *const *p, struct F(line) *line, const _Bool tempered)
{
    if (tempered) {
        const T temperature = *(const T *)p[1];
        line->temper = F(temper)(temperature);
        line->scale = F(tempered_scale)(line->least, line->largest, temperature);
    } else line->scale = F(scale)(line->least, line->largest);
}

// Columns of a tile.
struct S(columns) { T pivot[TILE], floor[TILE], high[TILE], low[TILE], sign[TILE], largest[TILE]; };
SHARED _Bool S(find_scales)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n, intptr_t width,
                           struct S(columns) *columns, const _Bool tempered)
{
    T least[TILE];
    _Bool narrow = 1;
    S(tile_extremes)(p[0], step[0], n, width, least, columns->largest);
    for (intptr_t c = 0; c < width; c++) {
        struct F(scale) s;
        if (tempered) {
            const T temperature = *(const T *)(p[1] + c * next[1]);
            const struct F(temper) t = F(temper)(temperature);
            s = F(tempered_scale)(least[c], columns->largest[c], temperature);
            columns->high[c] = t.high, columns->low[c] = t.low, columns->sign[c] = t.sign;
        } else s = F(scale)(least[c], columns->largest[c]);
        columns->pivot[c] = s.pivot, columns->floor[c] = s.floor, narrow &= s.narrow;
    }
    return narrow;
}

INLINE T S(column_exponential)(T x, const struct S(columns) *k, intptr_t c, const _Bool narrow, const _Bool tempered)
{
    if (!tempered) return F(exp_shifted)(x, k->pivot[c], k->floor[c], narrow);
    return F(exp_tempered)(x, k->pivot[c], k->floor[c], (struct F(temper)){k->high[c], k->low[c], k->sign[c]});
}

// ---- softmax: x -> out; softmax_tempered: x, temperature -> out
INLINE struct F(total) S(softmax_sum)(char *const *p, const intptr_t *step, intptr_t n,
                                      const struct F(line) *known, const _Bool narrow, const _Bool tempered)
{
    const struct F(line) copy = *known, *const line = &copy;  // results may overlap what is known: no vectors
    const int out = tempered ? 2 : 1;
    struct F(sums) sums = {0};
    T in[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in, line->scale.pivot);
        T *const e = WIDE || !line->spare ? S(target)(AT(out, b), step[out], m, result) : line->spare + b;
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) e[i] = S(exponential)(x[i], line, narrow, tempered);
        F(add_span)(&sums, e, m);
        if (WIDE) S(put)(AT(out, b), step[out], m, e);
    }
    return F(total)(&sums);
}

INLINE void S(softmax_measure_)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line,
                                const _Bool tempered)
{
    line->sum = CLOSE && !tempered && line->scale.narrow ? S(softmax_sum)(p, step, n, line, 1, tempered)
                                                         : S(softmax_sum)(p, step, n, line, 0, tempered);
}

INLINE void S(softmax_shares)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line,
                              const _Bool again, const _Bool narrow, const _Bool tempered)
{
    const int out = tempered ? 2 : 1, from = WIDE ? out : 0;
    const struct F(inverse) inverse = line->inverse;
    T in[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const e = WIDE || again ? S(fetch)(AT(from, b), step[from], m, in, 0) : line->spare + b;
        T *const y = S(target)(AT(out, b), step[out], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++)
            y[i] = F(share)(again ? S(exponential)(e[i], line, narrow, tempered) : e[i], inverse, narrow);
        S(put)(AT(out, b), step[out], m, y);
    }
}

INLINE void S(softmax_write_)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line,
                              const _Bool tempered)
{
    if (CLOSE && !tempered && line->scale.narrow) S(softmax_shares)(p, step, n, line, 0, 1, tempered);
    else if (WIDE || line->spare) S(softmax_shares)(p, step, n, line, 0, 0, tempered);
    else S(softmax_shares)(p, step, n, line, 1, 0, tempered);
}

INLINE void S(softmax_columns)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                               const struct S(columns) *columns, const _Bool again, const _Bool narrow,
                               const _Bool tempered)
{
    const int to = tempered ? 2 : 1, from = WIDE ? to : 0;
    const intptr_t part = part_of(n);
    struct F(total) total[TILE] = {0};
    T high[TILE], low[TILE], in[SPAN], result[SPAN], spare[WIDE ? 1 : ROOM];
    struct F(tile_sums) sums = {0};
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = S(across)(AT(0, r), width, in);
        T *const out = WIDE || again ? S(target_across)(AT(to, r), result) : spare + r * TILE;
        IVDEP for (intptr_t c = 0; c < width; c++)
            out[c] = S(column_exponential)(x[c], columns, c, narrow, tempered);
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), out[c]);
        F(join_part)(&sums, r, n, part, width, total);
    }
    for (intptr_t c = 0; c < width; c++) {
        const struct F(inverse) v = F(inverse)(total[c]);
        high[c] = v.high, low[c] = v.low;
    }
    for (intptr_t r = 0; r < n; r++) {
        const T *const e = WIDE || again ? S(across)(AT(from, r), width, in) : spare + r * TILE;
        T *const out = S(target_across)(AT(to, r), result);
        IVDEP for (intptr_t c = 0; c < width; c++) {
            const T value = again ? S(column_exponential)(e[c], columns, c, narrow, tempered) : e[c];
            out[c] = F(share)(value, (struct F(inverse)){high[c], low[c]}, narrow);
        }
        S(put_across)(AT(to, r), width, out);
    }
}

INLINE void S(softmax_tile_)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n, intptr_t width,
                             const _Bool tempered)
{
    struct S(columns) columns;
    const _Bool narrow = S(find_scales)(p, step, next, n, width, &columns, tempered);
    if (CLOSE && !tempered && narrow && width == TILE) S(softmax_columns)(p, step, n, TILE, &columns, 0, 1, tempered);
    else if (WIDE || n <= ROOM / TILE) S(softmax_columns)(p, step, n, width, &columns, 0, 0, tempered);
    else S(softmax_columns)(p, step, n, width, &columns, 1, 0, tempered);
}

// ---- log_softmax: x -> out; log_softmax_tempered: x, temperature -> out
INLINE struct F(total) S(rest_of_sum)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line,
                                      const _Bool narrow, const _Bool tempered)
{
    const T pivot = line->scale.pivot, sign = tempered ? line->temper.sign : 1;
    struct F(sums) sums = {0};
    T in[SPAN], e[SPAN];
    line->maxima = 0;
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in, -(T)INFINITY * sign);
        U count = 0;
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) {
            const T all = S(exponential)(x[i], line, narrow, tempered);
            e[i] = x[i] * sign == pivot ? 0 : all;
            count += x[i] * sign == pivot;
        }
        line->maxima += count;
        F(add_span)(&sums, e, m);
    }
    return F(total)(&sums);
}

INLINE void S(log_softmax_measure_)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line,
                                    const _Bool tempered)
{
    line->sum = CLOSE && !tempered && line->scale.narrow ? S(rest_of_sum)(p, step, n, line, 1, tempered)
                                                         : S(rest_of_sum)(p, step, n, line, 0, tempered);
}

INLINE T S(log_softmax_value)(T x, T pivot, T log_sum, struct F(temper) t, const _Bool tempered)
{
    return tempered ? F(tempered_log)(x, pivot, log_sum, t) : (x - pivot) - log_sum;
}

INLINE void S(log_softmax_write_)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line,
                                  const _Bool tempered)
{
    const int out = tempered ? 2 : 1;
    const T pivot = line->scale.pivot, log_sum = line->log_sum;
    T in[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in, 0);
        T *const y = S(target)(AT(out, b), step[out], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++)
            y[i] = S(log_softmax_value)(x[i], pivot, log_sum, line->temper, tempered);
        S(put)(AT(out, b), step[out], m, y);
    }
}

SHARED void S(rest_of_columns)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                               const struct S(columns) *k, struct F(total) *total, U *maxima, const _Bool tempered)
{
    const intptr_t part = part_of(n);
    T in[SPAN], e[TILE];
    struct F(tile_sums) sums = {0};
    for (intptr_t c = 0; c < width; c++) maxima[c] = 0;
    memset(total, 0, TILE * sizeof *total);
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = S(across)(AT(0, r), width, in);
        IVDEP for (intptr_t c = 0; c < width; c++) {
            const T all = S(column_exponential)(x[c], k, c, 0, tempered);
            const _Bool largest = (tempered ? x[c] * k->sign[c] : x[c]) == k->pivot[c];
            e[c] = largest ? 0 : all;
            maxima[c] += largest;
        }
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), e[c]);
        F(join_part)(&sums, r, n, part, width, total);
    }
}

INLINE void S(log_softmax_tile_)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n,
                                 intptr_t width, const _Bool tempered)
{
    const int to = tempered ? 2 : 1;
    struct S(columns) k;
    struct F(total) total[TILE];
    T log_sum[TILE], in[SPAN], result[SPAN];
    U maxima[TILE];
    S(find_scales)(p, step, next, n, width, &k, tempered);
    S(rest_of_columns)(p, step, n, width, &k, total, maxima, tempered);
    for (intptr_t c = 0; c < width; c++) log_sum[c] = F(log_sum)(total[c], maxima[c]);
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = S(across)(AT(0, r), width, in);
        T *const out = S(target_across)(AT(to, r), result);
        IVDEP for (intptr_t c = 0; c < width; c++)
            out[c] = S(log_softmax_value)(x[c], k.pivot[c], log_sum[c],
                                          (struct F(temper)){k.high[c], k.low[c], k.sign[c]}, tempered);
        S(put_across)(AT(to, r), width, out);
    }
}

// ---- The steps by name
#define STEPS(name, base, tempered) \
    INLINE void S(name##_scale)(char *const *p, struct F(line) *line) { S(set_scale)(p, line, tempered); } \
    SHARED void S(name##_measure)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line) \
    { \
        S(base##_measure_)(p, step, n, line, tempered); \
    } \
    SHARED void S(name##_write)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line) \
    { \
        S(base##_write_)(p, step, n, line, tempered); \
    } \
    SHARED void S(name##_tile)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n, \
                               intptr_t width) \
    { \
        S(base##_tile_)(p, step, next, n, width, tempered); \
    }
STEPS(softmax, softmax, 0)
STEPS(softmax_tempered, softmax, 1)
STEPS(log_softmax, log_softmax, 0)
STEPS(log_softmax_tempered, log_softmax, 1)
#undef STEPS

INLINE void S(softmax_finish)(struct F(line) *line) { line->inverse = F(inverse)(line->sum); }
INLINE void S(softmax_tempered_finish)(struct F(line) *line) { S(softmax_finish)(line); }
INLINE void S(log_softmax_finish)(struct F(line) *line) { line->log_sum = F(log_sum)(line->sum, line->maxima); }
INLINE void S(log_softmax_tempered_finish)(struct F(line) *line) { S(log_softmax_finish)(line); }

// ---- logsumexp: x -> one number
INLINE void S(logsumexp_scale)(char *const *p, struct F(line) *line) { S(set_scale)(p, line, 0); }

INLINE void S(logsumexp_measure)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line)
{
    S(log_softmax_measure)(p, step, n, line);
}

INLINE void S(logsumexp_finish)(struct F(line) *line) { (void)line; }

// Where no maximum is finite the row is NaN or its maximum: inf, or -inf, which also an empty row has.
INLINE T S(unless_nan)(const char *x, intptr_t step, intptr_t n, T largest)
{
    for (intptr_t i = 0; i < n; i++) largest = F(or_nan)(S(number)(x + i * step), largest);
    return largest;
}

INLINE void S(logsumexp_write)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line)
{
    const T finite = F(pivot_plus_log_sum)(line->scale.pivot, line->sum, line->maxima);
    S(put_number)(p[1], F(abs)(line->largest) < (T)INFINITY ? finite
                                                            : S(unless_nan)(p[0], step[0], n, line->largest));
}

SHARED void S(logsumexp_tile)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n,
                              intptr_t width)
{
    struct S(columns) k;
    struct F(total) total[TILE];
    U maxima[TILE];
    S(find_scales)(p, step, next, n, width, &k, 0);
    S(rest_of_columns)(p, step, n, width, &k, total, maxima, 0);
    for (intptr_t c = 0; c < width; c++) {
        const T finite = F(pivot_plus_log_sum)(k.pivot[c], total[c], maxima[c]);
        S(put_number)(p[1] + c * next[1],
                      F(abs)(k.largest[c]) < (T)INFINITY
                          ? finite
                          : S(unless_nan)(p[0] + c * sizeof(M), step[0], n, k.largest[c]));
    }
}

// ---- softmax_backward: g, y -> out
INLINE void S(softmax_backward_measure)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line)
{
    struct F(sums) sums = {0};
    T in0[SPAN], in1[SPAN];
    SPANS(b, m, n) {
        const T *const g = S(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const y = S(fetch)(AT(1, b), step[1], m, in1, 0);
        F(add_products)(&sums, g, y, m);
    }
    line->sum = F(total)(&sums);
}

INLINE void S(softmax_backward_write)(char *const *p, const intptr_t *step, intptr_t n,
                                      const struct F(line) *line)
{
    const struct F(words) sum = F(two_words)(line->sum);
    T in0[SPAN], in1[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const g = S(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const y = S(fetch)(AT(1, b), step[1], m, in1, 0);
        T *const out = S(target)(AT(2, b), step[2], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) out[i] = F(softmax_slope)(g[i], y[i], sum);
        S(put)(AT(2, b), step[2], m, out);
    }
}

SHARED void S(softmax_backward_tile)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n,
                                     intptr_t width)
{
    const intptr_t part = part_of(n);
    T in0[SPAN], in1[SPAN], result[SPAN], high[TILE], low[TILE];
    struct F(total) total[TILE] = {0};
    struct F(tile_sums) sums = {0};
    (void)next;
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = S(across)(AT(0, r), width, in0), *const y = S(across)(AT(1, r), width, in1);
        IVDEP for (intptr_t c = 0; c < width; c++) F(add_product)(LANE(sums, r, c), g[c], y[c]);
        F(join_part)(&sums, r, n, part, width, total);
    }
    for (intptr_t c = 0; c < width; c++) {
        const struct F(words) sum = F(two_words)(total[c]);
        high[c] = sum.high, low[c] = sum.low;
    }
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = S(across)(AT(0, r), width, in0), *const y = S(across)(AT(1, r), width, in1);
        T *const out = S(target_across)(AT(2, r), result);
        IVDEP for (intptr_t c = 0; c < width; c++)
            out[c] = F(softmax_slope)(g[c], y[c], (struct F(words)){high[c], low[c]});
        S(put_across)(AT(2, r), width, out);
    }
}

// ---- log_softmax_backward: g, y -> out = g - e^y * sum(g)
INLINE void S(log_softmax_backward_measure)(char *const *p, const intptr_t *step, intptr_t n,
                                            struct F(line) *line)
{
    struct F(sums) sums = {0};
    T in[SPAN];
    SPANS(b, m, n) F(add_span)(&sums, S(fetch)(AT(0, b), step[0], m, in, 0), m);
    line->sum = F(total)(&sums);
}

INLINE void S(log_softmax_backward_write)(char *const *p, const intptr_t *step, intptr_t n,
                                          const struct F(line) *line)
{
    const T sum = (T)line->sum.high;
    T in0[SPAN], in1[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const g = S(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const y = S(fetch)(AT(1, b), step[1], m, in1, 0);
        T *const out = S(target)(AT(2, b), step[2], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) out[i] = FMA(-sum, F(exp)(y[i]), g[i]);
        S(put)(AT(2, b), step[2], m, out);
    }
}

SHARED void S(log_softmax_backward_tile)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n,
                                         intptr_t width)
{
    const intptr_t part = part_of(n);
    T in0[SPAN], in1[SPAN], result[SPAN];
    struct F(total) total[TILE] = {0};
    struct F(tile_sums) sums = {0};
    (void)next;
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = S(across)(AT(0, r), width, in0);
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), g[c]);
        F(join_part)(&sums, r, n, part, width, total);
    }
    for (intptr_t r = 0; r < n; r++) {
        const T *const g = S(across)(AT(0, r), width, in0), *const y = S(across)(AT(1, r), width, in1);
        T *const out = S(target_across)(AT(2, r), result);
        IVDEP for (intptr_t c = 0; c < width; c++) out[c] = FMA(-(T)total[c].high, F(exp)(y[c]), g[c]);
        S(put_across)(AT(2, r), width, out);
    }
}

// Gradients need neither a scale nor to finish a sum.
#define GRADIENT(name) \
    INLINE void S(name##_scale)(char *const *p, struct F(line) *line) { (void)p, (void)line; } \
    INLINE void S(name##_finish)(struct F(line) *line) { (void)line; }
GRADIENT(softmax_backward)
GRADIENT(log_softmax_backward)
#undef GRADIENT

// ---- logsumexp_weighted: x, b -> log(abs(sum b*e^x)), sign of the sum. b = 0 removes an element. Of a row
// with an inf only that counts, and half of its weights, which cannot overflow. The row is read twice.
// Of what takes part: the maximum but for NaN; a NaN, if there is one; whether a weight is far from 1.
struct S(weighted) { T largest, spoilt; _Bool heavy; };
INLINE struct S(weighted) S(weighted_extremes)(char *const *p, const intptr_t *step, intptr_t n)
{
    const T near = 0x1p64f;
    T high[LANES], light[LANES], heavy[LANES] = {0}, spoilt[LANES] = {0}, in0[SPAN], in1[SPAN];
    for (int l = 0; l < LANES; l++) light[l] = (T)INFINITY, high[l] = -(T)INFINITY;
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const w = S(fetch)(AT(1, b), step[1], m, in1, 0);
        for (intptr_t i = 0; i < m; i += LANES)
            WHOLE for (int l = 0; l < LANES; l++) {
                const T v = w[i + l] == 0 ? 0 : F(or_nan)(w[i + l], x[i + l]);
                high[l] = F(max)(w[i + l] == 0 ? high[l] : x[i + l], high[l]);
                spoilt[l] = F(or_nan)(v, spoilt[l]);
                light[l] = F(min)(w[i + l] == 0 ? light[l] : F(abs)(w[i + l]), light[l]);
                heavy[l] = F(max)(F(abs)(w[i + l]), heavy[l]);
            }
    }
    T nan = 0;
    for (int l = 0; l < LANES; l++) nan = F(or_nan)(spoilt[l], nan);
    return (struct S(weighted)){F(fold_max)(high), nan,
                                F(fold_min)(light) < 1 / near || F(fold_max)(heavy) > near};
}

// Weights far from 1 go into the exponents: what lies far below the maximum may count.
static double S(sum_of_logs)(char *const *p, const intptr_t *step, intptr_t n, double *top)
{
    *top = -INFINITY;
    for (intptr_t i = 0; i < n; i++) {
        const double w = S(number)(AT(1, i)), z = S(number)(AT(0, i)) + log(w < 0 ? -w : w);
        if (w != 0 && z > *top) *top = z;
    }
    double high = 0, low = 0;
    for (intptr_t i = 0; i < n; i++) {
        const double w = S(number)(AT(1, i)), z = S(number)(AT(0, i)) + log(w < 0 ? -w : w);
        const double e = w != 0 ? exp(z - *top) : 0;
        F(add)(&high, &low, w < 0 ? -e : e);
    }
    return high + low;
}

INLINE struct F(total) S(weighted_sum)(char *const *p, const intptr_t *step, intptr_t n, struct F(scale) s,
                                       const _Bool infinite)
{
    struct F(sums) sums = {0};
    T in0[SPAN], in1[SPAN], e[SPAN], v[SPAN];
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in0, 0);
        const T *const w = S(fetch)(AT(1, b), step[1], m, in1, 0);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) {
            const T all = infinite ? x[i] == (T)INFINITY : F(exp_shifted)(x[i], s.pivot, s.floor, 0);
            e[i] = F(pick)(w[i] == 0, 0, all);
            v[i] = infinite ? w[i] / 2 : w[i];
        }
        F(add_products)(&sums, e, v, m);
    }
    return F(total)(&sums);
}

static void S(logsumexp_weighted)(char **args, const intptr_t *dims, const intptr_t *steps, void *data)
{
    const intptr_t n = dims[1], *const step = steps + 4;
    for (intptr_t r = 0; r < dims[0]; r++) {
        char *const p[4] = {args[0] + r * steps[0], args[1] + r * steps[1], args[2] + r * steps[2],
                            args[3] + r * steps[3]};
        const struct S(weighted) k = S(weighted_extremes)(p, step, n);
        const struct F(scale) s = F(scale)(k.largest, k.largest);
        const _Bool infinite = k.largest == (T)INFINITY, empty = k.largest == -(T)INFINITY;
        const _Bool heavy = k.heavy && !infinite && !empty;
        double top = s.pivot, scaled = F(two_down), sum;
        if (heavy) sum = S(sum_of_logs)(p, step, n, &top), scaled = 1;
        else sum = (infinite ? S(weighted_sum)(p, step, n, s, 1) : S(weighted_sum)(p, step, n, s, 0)).high;
        const double size = sum < 0 ? -sum : sum;
        T sign = sum > 0 ? 1 : sum < 0 ? -1 : (T)sum, log_of = (T)(top + log(size * scaled));
        if (size == 0) log_of = -(T)INFINITY;
        if (infinite) log_of = size > 0 ? k.largest : (T)NAN, sign = size > 0 ? sign : (T)NAN;
        if (empty) log_of = k.largest, sign = 0;
        S(put_number)(p[2], F(or_nan)(k.spoilt, log_of));
        S(put_number)(p[3], F(or_nan)(k.spoilt, sign));
    }
    (void)data;
}

// ---- The NumPy loops. dims: rows, n. steps: to the next row of each operand, then to the next element of
// each that is a row.
typedef void S(tile_fn)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n, intptr_t width);

INLINE void S(turn)(M *tile, char *row, intptr_t to_row, intptr_t to_element, intptr_t n, intptr_t width,
                    _Bool back)
{
    for (intptr_t c = 0; c < width; c++)
        for (intptr_t k = 0; k < n; k++) {
            M *const element = (M *)(row + c * to_row + k * to_element);
            if (back) *element = tile[k * TILE + c];
            else tile[k * TILE + c] = *element;
        }
}

INLINE void S(over_tiles)(S(tile_fn) *tile, const int operands, const int rows, char **args, const intptr_t *dims,
                          const intptr_t *steps, const intptr_t *step, _Bool turn)
{
    const intptr_t n = dims[1];
    const int last = operands - 1;
    M turned[3][SHORT * TILE];
    for (intptr_t r = 0; r < dims[0]; r += TILE) {
        const intptr_t width = dims[0] - r < TILE ? dims[0] - r : TILE;
        char *p[3], *q[3];
        intptr_t turned_step[3];
        for (int i = 0; i < operands; i++) {
            const _Bool row = rows >> i & 1;
            p[i] = args[i] + r * steps[i];
            q[i] = row ? (char *)turned[i] : p[i], turned_step[i] = row ? TILE * sizeof(M) : 0;
        }
        if (turn) {
            for (int i = 0; i < last; i++)
                if (rows >> i & 1) S(turn)(turned[i], p[i], steps[i], step[i], n, width, 0);
            tile(q, turned_step, steps, n, width);
            if (rows >> last & 1) S(turn)(turned[last], p[last], steps[last], step[last], n, width, 1);
        } else tile(p, step, steps, n, width);
    }
}

// ---- Rows in parts
typedef void S(scale_fn)(char *const *p, struct F(line) *line);
typedef void S(measure_fn)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line);
typedef void S(finish_fn)(struct F(line) *line);
typedef void S(write_fn)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line);
struct S(steps) {
    S(scale_fn) *scale;  // NULL of gradients
    S(measure_fn) *measure;
    S(finish_fn) *finish;
    S(write_fn) *write;
};

INLINE void S(measure)(S(measure_fn) *measure, const int operands, char *const *p, const intptr_t *step, intptr_t n,
                       struct F(line) *line)
{
    const intptr_t part = part_of(n);
    measure(p, step, n < part ? n : part, line);
    if (n <= part) return;
    struct F(line) next = *line;
    for (intptr_t b = part; b < n; b += part) {
        char *q[4];
        for (int i = 0; i < operands; i++) q[i] = p[i] + b * step[i];
        measure(q, step, n - b < part ? n - b : part, &next);
        F(join)(&line->sum, next.sum);
        line->maxima += next.maxima;
    }
    line->sum = F(normalized)(line->sum.high, line->sum.low);
}

INLINE struct F(line) *S(line_of)(intptr_t state, intptr_t part) { return (struct F(line) *)(state + part * LINE); }

static void S(join_lines)(const struct S(steps) *steps, char *const *p, intptr_t state, intptr_t parts, _Bool sums)
{
    struct F(line) *const row = S(line_of)(state, 0);
    for (intptr_t k = 1; k < parts; k++) {
        const struct F(line) *const part = S(line_of)(state, k);
        row->least = F(min)(part->least, row->least), row->largest = F(max)(part->largest, row->largest);
        if (sums) F(join)(&row->sum, part->sum), row->maxima += part->maxima;
    }
    if (sums) {
        row->sum = F(normalized)(row->sum.high, row->sum.low);
        steps->finish(row);
    } else if (steps->scale) steps->scale(p, row);
    for (intptr_t k = 1; k < parts; k++) {
        struct F(line) *const part = S(line_of)(state, k);
        const intptr_t n = part->n;
        *part = *row, part->n = n;
    }
}

// One step of a row in parts.
static void S(run_step)(const struct S(steps) *steps, const int operands, char **args, const intptr_t *dims,
                        const intptr_t *outer, const intptr_t *step)
{
    _Static_assert(sizeof(struct F(line)) <= LINE, "a line holds what is known of a row");
    const intptr_t state = dims[3];
    if (dims[2] == PREPARE)
        for (intptr_t b = 0, k = 0; b < dims[1]; b += dims[4], k++)
            *S(line_of)(state, k) = (struct F(line)){.n = dims[1] - b < dims[4] ? dims[1] - b : dims[4]};
    else if (dims[2] == JOIN_SCALES || dims[2] == JOIN_SUMS)
        S(join_lines)(steps, args, state, dims[4], dims[2] == JOIN_SUMS);
    else for (intptr_t r = 0; r < dims[0]; r++) {
        struct F(line) *const part = S(line_of)(state, dims[4] + r);
        const intptr_t n = dims[1] > S(line_of)(state, 0)->n ? dims[1] : part->n;  // a whole row, or a part
        char *p[4];
        for (int i = 0; i < operands; i++) p[i] = args[i] + r * outer[i];
        if (dims[2] == WRITE) steps->write(p, step, n, part);
        else if (dims[2] == MEASURE) steps->measure(p, step, n, part);
        else if (steps->scale) S(find_extremes)(p, step, n, part);
    }
}

// rows: bit i says that operand i is a row; forward: whether there is a scale.
#define ROWS(name, operands, rows_, forward) \
    static void S(name)(char **args, const intptr_t *dims, const intptr_t *steps, void *data) \
    { \
        const intptr_t rows = dims[0], n = dims[1], *core = steps + operands; \
        intptr_t step[operands]; \
        _Bool side_by_side = rows > 1; \
        for (int i = 0; i < operands; i++) { \
            const _Bool row = rows_ >> i & 1; \
            step[i] = row ? *core++ : 0; \
            if (row) side_by_side &= steps[i] == sizeof(M) && step[i] != sizeof(M); \
        } \
        if (dims[2] != WHOLE_ROWS) { \
            const struct S(steps) all = {forward ? S(name##_scale) : NULL, S(name##_measure), S(name##_finish), \
                                         S(name##_write)}; \
            S(run_step)(&all, operands, args, dims, steps, step); \
            return; \
        } \
        const _Bool turn = !side_by_side && n <= SHORT && rows >= 4; \
        if (side_by_side || turn) { \
            S(over_tiles)(S(name##_tile), operands, rows_, args, dims, steps, step, turn); \
            return; \
        } \
        const intptr_t batch = n <= BATCH_LENGTH ? BATCH : 1; \
        T spare[WIDE ? 1 : ROOM]; \
        for (intptr_t r = 0; r < rows; r += batch) { \
            const int count = rows - r < batch ? rows - r : batch; \
            struct F(line) lines[BATCH]; \
            char *p[BATCH][operands]; \
            for (int k = 0; k < count; k++) { \
                for (int i = 0; i < operands; i++) p[k][i] = args[i] + (r + k) * steps[i]; \
                lines[k].spare = WIDE || n > ROOM ? NULL : spare + k * BATCH_LENGTH; \
            } \
            for (int k = 0; k < count; k++) { \
                if (forward) S(find_extremes)(p[k], step, n, &lines[k]); \
                S(name##_scale)(p[k], &lines[k]); \
            } \
            for (int k = 0; k < count; k++) S(measure)(S(name##_measure), operands, p[k], step, n, &lines[k]); \
            for (int k = 0; k < count; k++) S(name##_finish)(&lines[k]); \
            for (int k = 0; k < count; k++) S(name##_write)(p[k], step, n, &lines[k]); \
        } \
        (void)data; \
    }
ROWS(softmax, 2, 3, 1)
ROWS(softmax_tempered, 3, 5, 1)
ROWS(log_softmax, 2, 3, 1)
ROWS(log_softmax_tempered, 3, 5, 1)
ROWS(logsumexp, 2, 1, 1)
ROWS(softmax_backward, 3, 7, 0)
ROWS(log_softmax_backward, 3, 7, 0)
#undef ROWS
