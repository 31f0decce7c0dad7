// Losses of rows, and their gradients: cross-entropy and the hinge loss. After softmax.h, once for each type
// of arrays; weights and probabilities are T, factors are double, labels int64_t; one that is no index of its
// row leaves the row out.
//
// Cross-entropy: element c is pulled up with a_c = weight_c * (keep * t_c + spread), where t is the row of
// probabilities, or 1 at the label and 0 elsewhere; then
//     loss = sum(a_c * -log_softmax_c) = sum(a_c * (pivot - x_c)) + sum(a) * log_sum,
//     gradient_c = (sum(a) * softmax_c - a_c) / divisor.
// The exponentials wait in the gradient for their sum, as in softmax; beside it nothing is stored.

// The exponentials: their sum but for the maxima, as log_softmax has it; they themselves go to operand `to`,
// if that is not 0. Of a single maximum `position` is the index.
INLINE struct F(total) S(exponentials)(char *const *p, const intptr_t *step, intptr_t n, struct F(line) *line,
                                       U *position, const int to, const _Bool narrow)
{
    const T pivot = line->scale.pivot, floor = line->scale.floor;
    struct F(sums) sums = {0};
    T in[SPAN], result[SPAN], rest[SPAN];
    line->maxima = 0, *position = 0;
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in, -(T)INFINITY);
        T *const e = to ? S(target)(AT(to, b), step[to], m, result) : result;
        U count = 0, where = 0;
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) {
            const _Bool largest = x[i] == pivot;
            const T all = F(exp_shifted)(x[i], pivot, floor, narrow);
            rest[i] = largest ? 0 : all;
            count += largest, where += largest ? (U)(b + i) : 0;
            e[i] = all;
        }
        line->maxima += count, *position += where;
        F(add_span)(&sums, rest, m);
        if (to && WIDE) S(put)(AT(to, b), step[to], m, e);
    }
    return F(total)(&sums);
}

// A span of weights, all alike if their step is 0.
INLINE const T *S(weights)(const char *from, intptr_t step, intptr_t m, T *buffer)
{
    if (step) return F(fetch)(from, step, m, buffer, 0);
    for (intptr_t i = 0; i < PADDED(m); i++) buffer[i] = *(const T *)from;
    return buffer;
}

INLINE struct F(pull) S(pull)(char *const *p, const intptr_t *step, intptr_t n, T pivot, double keep,
                              double spread, const _Bool labels)
{
    struct F(sums) sum = {0}, drop = {0};
    T in[SPAN], in1[SPAN], in2[SPAN];
    double a[SPAN], v[SPAN];
    SPANS(b, m, n) {
        const T *const x = S(fetch)(AT(0, b), step[0], m, in, 0);
        const T *const w = S(weights)(AT(2, b), step[2], m, in2);
        const T *const t = labels ? x : F(fetch)(AT(1, b), step[1], m, in1, 0);
        for (intptr_t i = 0; i < PADDED(m); i++) {
            a[i] = w[i] * (labels ? spread : FMAD(keep, t[i], spread));
            v[i] = a[i] == 0 ? 0 : (double)pivot - x[i];
        }
        for (intptr_t i = m; i < PADDED(m); i++) a[i] = v[i] = 0;
        for (intptr_t i = 0; i < m; i += LANES)
            WHOLE for (int l = 0; l < LANES; l++) {
                F(add)(&sum.high[l], &sum.low[l], a[i + l]);
                F(add_weighted)(&drop.high[l], &drop.low[l], a[i + l], v[i + l]);
            }
    }
    return (struct F(pull)){F(total)(&sum), F(total_or_infinity)(&drop)};
}

// A pull on every element: of probabilities, or of labels with a spread.
INLINE void S(put_slopes)(char *const *p, const intptr_t *step, intptr_t n, const struct F(line) *line,
                      const struct F(slopes) *g, const _Bool narrow, const _Bool labels, const _Bool pulled)
{
    enum { to = 7 };
    const int from = WIDE ? to : 0;
    const struct F(inverse) inverse = g->inverse, keep = g->keep;
    const T pivot = line->scale.pivot, floor = line->scale.floor;
    const T after = g->after, spread = g->spread;
    T in[SPAN], in1[SPAN], in2[SPAN], result[SPAN];
    SPANS(b, m, n) {
        const T *const e = S(fetch)(AT(from, b), step[from], m, in, WIDE ? 0 : pivot);
        const T *const t = pulled && !labels ? F(fetch)(AT(1, b), step[1], m, in1, 0) : e;
        const T *const w = pulled ? S(weights)(AT(2, b), step[2], m, in2) : e;
        T *const y = S(target)(AT(to, b), step[to], m, result);
        IVDEP for (intptr_t i = 0; i < PADDED(m); i++) {
            const T again = WIDE ? e[i] : F(exp_shifted)(e[i], pivot, floor, narrow);
            const T share = F(share)(again, inverse, narrow) * after;
            const T pull = labels ? spread : FMA(keep.high, t[i], FMA(keep.low, t[i], spread));
            y[i] = pulled ? FMA(-w[i], pull, share) : share;
        }
        S(put)(AT(to, b), step[to], m, y);
    }
}

INLINE void S(fill)(char *row, intptr_t step, intptr_t n, T value)
{
    T values[SPAN];
    for (int i = 0; i < SPAN; i++) values[i] = value;
    SPANS(b, m, n) S(put)(row + b * step, step, m, values);
}

// logits, labels or probabilities, weight, keep, spread -> loss; with a divisor before the loss, and
// gradient. In steps, as softmax. What is known of a row between them:
struct S(loss) {
    struct F(line) line;
    struct F(pull) pull;
    struct F(slopes) slopes;
    T x, slope;   // of the element whose gradient is computed by itself: the label, or the largest one
    intptr_t at;  // where that is
    U position;   // of a single maximum
    _Bool kept, pulled;
};

INLINE void S(loss_scale)(char *const *p, const intptr_t *step, intptr_t n, struct S(loss) *s,
                          const _Bool labels)
{
    const double keep = *(const double *)p[3], spread = *(const double *)p[4];
    s->at = labels ? *(const int64_t *)p[1] : 0;
    s->kept = (uint64_t)s->at < (uint64_t)n;
    if (!s->kept) return;
    S(find_extremes)(p, step, n, &s->line);
    S(set_scale)(p, &s->line, 0);
    s->x = labels ? S(number)(AT(0, s->at)) : s->line.scale.pivot;
    s->pulled = !labels || spread != 0;
    s->pull = (struct F(pull)){{0, 0}, 0};
    if (s->pulled) s->pull = S(pull)(p, step, n, s->line.scale.pivot, keep, spread, labels);
}

INLINE void S(loss_measure)(char *const *p, const intptr_t *step, intptr_t n, struct S(loss) *s, const int to)
{
    if (!s->kept) return;
    s->line.sum = CLOSE && s->line.scale.narrow ? S(exponentials)(p, step, n, &s->line, &s->position, to, 1)
                                                : S(exponentials)(p, step, n, &s->line, &s->position, to, 0);
}

INLINE void S(loss_finish)(char *const *p, const intptr_t *step, struct S(loss) *s, const _Bool labels,
                           const int to)
{
    const double keep = *(const double *)p[3], spread = *(const double *)p[4];
    char *const loss = p[to ? 6 : 5];
    if (!s->kept) {
        F(put_number)(loss, 0);
        return;
    }
    if (!labels) s->at = s->line.maxima == 1 ? (intptr_t)s->position : 0;
    const T w = *(const T *)AT(2, s->at);
    const double hard = labels ? keep * w : 0, log_sum = F(log_sum)(s->line.sum, s->line.maxima);
    F(put_number)(loss, F(loss_of_row)(s->line.scale.pivot, s->x, log_sum, s->pull, hard));
    if (!to) return;
    const double sum = s->pull.sum.high + hard, divisor = *(const double *)p[5];
    const double own = w * (labels ? spread : FMAD(keep, *(const T *)AT(1, s->at), spread));
    s->slopes = F(slopes)(s->line.sum, s->line.maxima, sum, divisor, keep, spread);
    s->slope = F(slope_at)(s->x, s->line.scale, s->slopes, hard + own,
                           (s->pull.sum.high - own) + s->pull.sum.low);
}

INLINE void S(loss_write)(char *const *p, const intptr_t *step, intptr_t n, const struct S(loss) *s,
                          const _Bool labels, const int to)
{
    if (!s->kept) {
        S(fill)(p[to], step[to], n, 0);
        return;
    }
    if (s->pulled) S(put_slopes)(p, step, n, &s->line, &s->slopes, 0, labels, 1);
    else if (CLOSE && s->line.scale.narrow) S(put_slopes)(p, step, n, &s->line, &s->slopes, 1, labels, 0);
    else S(put_slopes)(p, step, n, &s->line, &s->slopes, 0, labels, 0);
    if (labels || s->line.maxima == 1) S(put_number)(AT(to, s->at), s->slope);
}

// ---- The same of rows that lie side by side. keep, spread and divisor are those of all rows.
struct S(tile) {
    struct S(columns) scale;
    struct F(total) rest[TILE];
    struct F(pull) pull[TILE];
    U maxima[TILE], position[TILE];
};

INLINE void S(tile_pulls)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                          struct S(tile) *tile, const _Bool labels)
{
    const double keep = *(const double *)p[3], spread = *(const double *)p[4];
    struct F(tile_sums) sum = {0}, drop = {0};
    struct F(total) sums[TILE], drops[TILE];
    T in[SPAN];
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = S(across)(AT(0, r), width, in), *const t = labels ? x : (const T *)AT(1, r);
        const T w = *(const T *)AT(2, r);
        IVDEP for (intptr_t c = 0; c < width; c++) {
            const double a = w * (labels ? spread : FMAD(keep, t[c], spread));
            F(add)(LANE(sum, r, c), a);
            F(add_weighted)(LANE(drop, r, c), a, a == 0 ? 0 : (double)tile->scale.pivot[c] - x[c]);
        }
    }
    F(totals)(&sum, width, sums), F(totals)(&drop, width, drops);
    for (intptr_t c = 0; c < width; c++) {
        const double total = drops[c].high;
        tile->pull[c] = (struct F(pull)){sums[c], total == total ? total : drop.high[0][c]};
    }
}

INLINE void S(tile_exponentials)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                                 struct S(tile) *tile, const int to)
{
    struct F(tile_sums) sums = {0};
    T in[SPAN], result[TILE], rest[TILE];
    for (intptr_t c = 0; c < width; c++) tile->maxima[c] = tile->position[c] = 0;
    for (intptr_t r = 0; r < n; r++) {
        const T *const x = S(across)(AT(0, r), width, in);
        T *const e = to ? S(target_across)(AT(to, r), result) : result;
        IVDEP for (intptr_t c = 0; c < width; c++) {
            const _Bool largest = x[c] == tile->scale.pivot[c];
            const T all = F(exp_shifted)(x[c], tile->scale.pivot[c], tile->scale.floor[c], 0);
            rest[c] = largest ? 0 : all;
            tile->maxima[c] += largest, tile->position[c] += largest ? (U)r : 0;
            e[c] = all;
        }
        IVDEP for (intptr_t c = 0; c < width; c++) F(add)(LANE(sums, r, c), rest[c]);
    }
    F(totals)(&sums, width, tile->rest);
}

INLINE void S(put_tile_slopes)(char *const *p, const intptr_t *step, intptr_t n, intptr_t width,
                               const struct S(tile) *tile, const struct F(slopes) *g, const _Bool labels,
                               const _Bool pulled, const int to)
{
    const int from = WIDE ? to : 0;
    const struct F(inverse) keep = g->keep;
    const T spread = g->spread;
    T high[TILE], low[TILE], after[TILE], in[SPAN], result[SPAN];
    for (intptr_t c = 0; c < width; c++)
        high[c] = g[c].inverse.high, low[c] = g[c].inverse.low, after[c] = g[c].after;
    for (intptr_t r = 0; r < n; r++) {
        const T *const e = S(across)(AT(from, r), width, in), *const t = labels ? e : (const T *)AT(1, r);
        T *const y = S(target_across)(AT(to, r), result);
        const T w = *(const T *)AT(2, r);
        IVDEP for (intptr_t c = 0; c < width; c++) {
            const T again = WIDE ? e[c] : F(exp_shifted)(e[c], tile->scale.pivot[c], tile->scale.floor[c], 0);
            const T share = F(share)(again, (struct F(inverse)){high[c], low[c]}, 0) * after[c];
            const T pull = labels ? spread : FMA(keep.high, t[c], FMA(keep.low, t[c], spread));
            y[c] = pulled ? FMA(-w, pull, share) : share;
        }
        S(put_across)(AT(to, r), width, y);
    }
}

INLINE void S(cross_entropy_tile)(char *const *p, const intptr_t *step, const intptr_t *next, intptr_t n,
                                  intptr_t width, const _Bool labels, const int to)
{
    const double keep = *(const double *)p[3], spread = *(const double *)p[4];
    const double divisor = to ? *(const double *)p[5] : 1;
    const _Bool pulled = !labels || spread != 0;
    const int loss = to ? 6 : 5;
    struct S(tile) tile;
    struct F(slopes) g[TILE] = {0};
    T x[TILE], slope[TILE];
    S(find_scales)(p, step, next, n, width, &tile.scale, 0);
    memset(tile.pull, 0, sizeof tile.pull);
    if (pulled) S(tile_pulls)(p, step, n, width, &tile, labels);
    intptr_t at[TILE];
    for (intptr_t c = 0; labels && c < width; c++) {
        const int64_t label = *(const int64_t *)(p[1] + c * next[1]);
        at[c] = (uint64_t)label < (uint64_t)n ? label : -1;
        x[c] = S(number)(AT(0, at[c] < 0 ? 0 : at[c]) + c * sizeof(M));
    }
    S(tile_exponentials)(p, step, n, width, &tile, to);
    for (intptr_t c = 0; c < width; c++) {
        const struct F(pull) pull = tile.pull[c];
        const struct F(scale) scale = {tile.scale.pivot[c], tile.scale.floor[c], 0};
        if (!labels) at[c] = tile.maxima[c] == 1 ? (intptr_t)tile.position[c] : 0, x[c] = scale.pivot;
        const _Bool ignored = at[c] < 0;
        const T w = *(const T *)AT(2, ignored ? 0 : at[c]);
        const double hard = labels ? keep * w : 0;
        const double log_sum = F(log_sum)(tile.rest[c], tile.maxima[c]);
        const T value = F(loss_of_row)(scale.pivot, x[c], log_sum, pull, hard);
        F(put_number)(p[loss] + c * next[loss], ignored ? 0 : value);
        if (!to) continue;
        const double own = w * (labels ? spread : FMAD(keep, ((const T *)AT(1, at[c]))[c], spread));
        g[c] = F(slopes)(tile.rest[c], tile.maxima[c], pull.sum.high + hard, divisor, keep, spread);
        slope[c] = F(slope_at)(x[c], scale, g[c], hard + own, (pull.sum.high - own) + pull.sum.low);
    }
    if (!to) return;
    if (pulled) S(put_tile_slopes)(p, step, n, width, &tile, g, labels, 1, to);
    else S(put_tile_slopes)(p, step, n, width, &tile, g, labels, 0, to);
    for (intptr_t c = 0; c < width; c++)
        if (at[c] < 0) S(fill)(p[to] + c * sizeof(M), step[to], n, 0);
        else if (labels || tile.maxima[c] == 1) S(put_number)(AT(to, at[c]) + c * sizeof(M), slope[c]);
}

// Short rows are turned into tiles.
INLINE void S(cross_entropy_tiles)(char **args, const intptr_t *dims, const intptr_t *steps,
                                   const intptr_t *step, const _Bool turn, const _Bool labels, const int to)
{
    enum { most = 8 };
    const int operands = to ? 8 : 6;
    const intptr_t n = dims[1];
    M x[SHORT * TILE], gradient[SHORT * TILE];
    T t[SHORT * TILE];
    for (intptr_t r = 0; r < dims[0]; r += TILE) {
        const intptr_t width = dims[0] - r < TILE ? dims[0] - r : TILE;
        char *p[most];
        intptr_t along[most];
        for (int i = 0; i < operands; i++) p[i] = args[i] + r * steps[i], along[i] = step[i];
        if (turn) {
            S(turn)(x, p[0], steps[0], step[0], n, width, 0);
            p[0] = (char *)x, along[0] = TILE * sizeof(M);
            if (!labels) {
                F(turn)(t, p[1], steps[1], step[1], n, width, 0);
                p[1] = (char *)t, along[1] = TILE * sizeof(T);
            }
            if (to) p[to] = (char *)gradient, along[to] = TILE * sizeof(M);
        }
        S(cross_entropy_tile)(p, along, steps, n, width, labels, to);
        if (turn && to) S(turn)(gradient, args[to] + r * steps[to], steps[to], step[to], n, width, 1);
    }
}

INLINE void S(cross_entropy)(char **args, const intptr_t *dims, const intptr_t *steps, const _Bool labels,
                             const int to)
{
    const int operands = to ? 8 : 6;
    const intptr_t rows = dims[0], n = dims[1], *core = steps + operands;
    intptr_t step[8] = {0};
    step[0] = *core++;
    if (!labels) step[1] = *core++;
    step[2] = *core++;
    if (to) step[to] = *core;
    const _Bool alike = steps[2] == 0 && steps[3] == 0 && steps[4] == 0 && (!to || steps[5] == 0);
    const _Bool turn = n <= SHORT && rows >= 4;
    _Bool side_by_side = rows > 1 && steps[0] == sizeof(M) && step[0] != sizeof(M);
    if (!labels) side_by_side &= steps[1] == sizeof(T);
    if (to) side_by_side &= steps[to] == sizeof(M);
    if (alike && n && (side_by_side || turn)) {
        S(cross_entropy_tiles)(args, dims, steps, step, !side_by_side, labels, to);
        return;
    }
    const intptr_t batch = n <= BATCH_LENGTH ? BATCH : 1;
    for (intptr_t r = 0; r < rows; r += batch) {
        const int count = rows - r < batch ? rows - r : batch;
        struct S(loss) losses[BATCH];
        char *p[BATCH][8];
        for (int k = 0; k < count; k++)
            for (int i = 0; i < operands; i++) p[k][i] = args[i] + (r + k) * steps[i];
        for (int k = 0; k < count; k++) S(loss_scale)(p[k], step, n, &losses[k], labels);
        for (int k = 0; k < count; k++) S(loss_measure)(p[k], step, n, &losses[k], to);
        for (int k = 0; k < count; k++) S(loss_finish)(p[k], step, &losses[k], labels, to);
        for (int k = 0; to && k < count; k++) S(loss_write)(p[k], step, n, &losses[k], labels, to);
    }
}

// ---- Hinge loss of Crammer and Singer: scores, label, weight, margin -> loss; with a divisor before the
// loss, and gradient.
struct S(top) { T largest; _Bool nan; };
INLINE struct S(top) S(top)(const char *x, intptr_t step, intptr_t n)
{
    T high[LANES], spoilt[LANES], buffer[SPAN];
    for (int l = 0; l < LANES; l++) high[l] = -(T)INFINITY, spoilt[l] = 0;
    SPANS(b, m, n) {
        const T *const v = S(fetch)(x + b * step, step, m, buffer, -(T)INFINITY);
        for (intptr_t i = 0; i < m; i += LANES)
            WHOLE for (int l = 0; l < LANES; l++) {
                high[l] = F(max)(v[i + l], high[l]);
                spoilt[l] = F(or_nan)(v[i + l], spoilt[l]);
            }
    }
    _Bool nan = 0;
    for (int l = 0; l < LANES; l++) nan |= spoilt[l] != spoilt[l];
    return (struct S(top)){F(fold_max)(high), nan};
}

// The index of the first element of a value, n if there is none.
INLINE intptr_t S(first)(const char *x, intptr_t step, intptr_t n, T value)
{
    T buffer[SPAN];
    SPANS(b, m, n) {
        const T *const v = S(fetch)(x + b * step, step, m, buffer, (T)NAN);
        U found = 0;
        for (intptr_t i = 0; i < PADDED(m); i++) found |= v[i] == value;
        for (intptr_t i = 0; found && i < m; i++)
            if (v[i] == value) return b + i;
    }
    return n;
}

INLINE void S(hinge_row)(char *const *p, const intptr_t *step, intptr_t n, const int to)
{
    const int64_t label = *(const int64_t *)p[1];
    const double weight = *(const double *)p[2], margin = *(const double *)p[3];
    char *const loss = p[to ? 5 : 4];
    if ((uint64_t)label >= (uint64_t)n) {
        F(put_number)(loss, 0);
        if (to) S(fill)(p[to], step[to], n, 0);
        return;
    }
    const struct S(top) before = S(top)(p[0], step[0], label);
    const struct S(top) after = S(top)(AT(0, label + 1), step[0], n - label - 1);
    const T own = S(number)(AT(0, label)), top = F(max)(before.largest, after.largest);
    const double value = before.nan || after.nan ? (double)NAN : F(hinge_value)(margin, top, own);
    F(put_number)(loss, (T)(value <= 0 ? 0 : weight * value));
    if (!to) return;

    intptr_t first = S(first)(p[0], step[0], label, top);
    if (first == label) first += 1 + S(first)(AT(0, label + 1), step[0], n - label - 1, top);
    S(fill)(p[to], step[to], n, value == value ? 0 : (T)value);
    if (value > 0) {
        const T slope = (T)(weight / *(const double *)p[4]);
        S(put_number)(AT(to, first), slope);
        S(put_number)(AT(to, label), -slope);
    }
}

INLINE void S(hinge)(char **args, const intptr_t *dims, const intptr_t *steps, const int to)
{
    const int operands = to ? 7 : 5;
    intptr_t step[7] = {steps[operands]};
    if (to) step[to] = steps[operands + 1];
    for (intptr_t r = 0; r < dims[0]; r++) {
        char *p[7];
        for (int i = 0; i < operands; i++) p[i] = args[i] + r * steps[i];
        S(hinge_row)(p, step, dims[1], to);
    }
}

#define LOSS(name, function, ...) \
    static void S(name)(char **args, const intptr_t *dims, const intptr_t *steps, void *data) \
    { \
        S(function)(args, dims, steps, __VA_ARGS__); \
        (void)data; \
    }
LOSS(cross_entropy_of_labels, cross_entropy, 1, 0)
LOSS(cross_entropy_of_labels_with_grad, cross_entropy, 1, 7)
LOSS(cross_entropy_of_probabilities, cross_entropy, 0, 0)
LOSS(cross_entropy_of_probabilities_with_grad, cross_entropy, 0, 7)
LOSS(hinge_loss, hinge, 0)
LOSS(hinge_loss_with_grad, hinge, 6)
#undef LOSS
