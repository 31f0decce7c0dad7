// The arithmetic of rows, type by type like vmath.h; softmax.h makes kernels of it.
//
// Sums: element i is added to lane i mod 16, the lanes in twice the precision of T (double for
// float, a pair of doubles for double), then lane to lane by a fixed tree. So neither length, nor
// layout, nor instruction set changes the bits, and a row of any length sums to 1.
//
// e^(x-max): the word that is lost in rounding x-max goes into exp's reduced argument (67 -> 2.2 ULP
// on N(0,20^2)); e is kept times 2^up until the last multiplication: only results are subnormal.

#ifndef SPAN
#define SPAN 256
#define TILE 64
#define SHORT 32
#define BATCH 8
#define BATCH_LENGTH 1024
#define ROOM (BATCH * BATCH_LENGTH)
// Spans are whole lanes, which stay where they are, or one part of the lanes, which has to be copied.
#define SPANS(b, m, n) for (intptr_t b = 0, m; b < n && (m = span_of(n - b), 1); b += m)
#define PADDED(m) (((m) + LANES - 1) & -(intptr_t)LANES)
#define AT(operand, i) (p[operand] + (i) * step[operand])
typedef double d8 __attribute__((vector_size(64)));
typedef double d4 __attribute__((vector_size(32)));
typedef double d2 __attribute__((vector_size(16)));
INLINE intptr_t span_of(intptr_t n) { return n >= SPAN ? SPAN : n >= LANES ? n & -(intptr_t)LANES : n; }

// A loop over lanes is one vector or two. gcc would unroll it before it looks for vectors.
#if defined(__clang__)
#define WHOLE
#else
#define WHOLE _Pragma("GCC unroll 1")
#endif
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

// Adds m elements.
INLINE void F(add_span)(struct F(sums) *s, const T *v, intptr_t m)
{
    struct F(sums) sums = *s;  // in registers
    intptr_t i = 0;
    for (; i + LANES <= m; i += LANES)
        WHOLE for (int l = 0; l < LANES; l++) F(add)(&sums.high[l], &sums.low[l], v[i + l]);
    if (i < m) {
        const int part = m - i;
        WHOLE for (int l = 0; l < LANES; l++) F(add)(&sums.high[l], &sums.low[l], l < part ? v[i + l] : 0);
    }
    *s = sums;
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

// Adds the sum of a part to that of a row.
INLINE void F(join)(struct F(total) *whole, struct F(total) part)
{
    F(add)(&whole->high, &whole->low, part.high);
    whole->low += part.low;
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

// After row r of a tile of n: sums that are complete, or a part of them, are added to the totals.
INLINE void F(join_part)(struct F(tile_sums) *s, intptr_t r, intptr_t n, intptr_t part, intptr_t width,
                         struct F(total) *total)
{
    if (r + 1 < n && ((r + 1) % UNIT || (r + 1) % part)) return;
    struct F(total) of_part[TILE];
    F(totals)(s, width, of_part);
    if (r < part) memcpy(total, of_part, width * sizeof *total);
    else for (intptr_t c = 0; c < width; c++) {
        F(join)(&total[c], of_part[c]);
        if (r + 1 == n) total[c] = F(normalized)(total[c].high, total[c].low);
    }
    memset(s, 0, sizeof *s);
}

// ---- Elements.
// What the exponentials of a row need to know. pivot: its maximum; NaN if that is infinite, as the
// softmax is then. narrow: no element is so far below that clamps or subnormal results could matter.
// floor: where x lies further down it does not reach a result and is moved there, -inf included.
// Then x - pivot neither overflows nor, where it is less than `lowest`, leaves a low word.
struct F(scale) { T pivot, floor; _Bool narrow; };
INLINE struct F(scale) F(scale)(T least, T largest)
{
    const T pivot = F(abs)(largest) == (T)INFINITY ? (T)NAN : largest, half = F(largest) / 2;
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

// A temperature: x is divided by its size, and taken with its sign. The inverse in two words; a subnormal
// size counts as a normal one.
struct F(temper) { T high, low, sign; };
INLINE struct F(temper) F(temper)(T temperature)
{
    const T size = F(abs)(temperature), sign = F(with_sign)(1, temperature);
    const T divisor = size == 0 ? (T)NAN : F(max)(F(smallest_normal), size), high = 1 / divisor;
    return (struct F(temper)){high, -F(product_low)(high, divisor, 1) / divisor, sign};
}

// (x - pivot) / temperature in two words, x and pivot with the sign of the temperature.
INLINE struct F(words) F(tempered)(T x, T pivot, struct F(temper) t)
{
    const T z = x - pivot, back = z - x, low = (x - (z - back)) - (pivot + back), high = z * t.high;
    return (struct F(words)){high, F(product_low)(z, t.high, high) + FMA(z, t.low, low * t.high)};
}

// The same row, tempered: further down elements count, the higher the temperature is. (One beyond a 500th
// of the largest number is too high for that.)
INLINE struct F(scale) F(tempered_scale)(T least, T largest, T temperature)
{
    const struct F(scale) s = temperature < 0 ? F(scale)(-largest, -least) : F(scale)(least, largest);
    const T reach = F(at_most)(F(largest) / 4, F(abs)(temperature) * -F(lowest));
    const T down = F(abs)(s.pivot) * F(two_ulps) + reach, floor = F(max)(-F(largest) / 2, s.pivot) - down;
    return (struct F(scale)){s.pivot, s.pivot < -F(largest) / 2 ? -F(largest) : floor, 0};
}

INLINE T F(exp_tempered)(T x, T pivot, T floor, struct F(temper) t)
{
    const struct F(words) z = F(tempered)(F(max)(floor, x * t.sign), pivot, t);
    const T low = F(pick)(z.high < F(lowest), 0, z.low);  // it may be as large as the quotient is
    const struct F(split) e = F(exp_split_of_sum)(F(at_least)(F(lowest), z.high), low, MAGIC(F(up)));
    return FMA(e.y, e.scale, e.scale);
}

// A number over a sum in two words. For softmax, 2^up / sum: rounding it to one would cost each result up
// to 1 ULP.
struct F(inverse) { T high, low; };
INLINE struct F(inverse) F(ratio)(struct F(total) number, struct F(total) sum)
{
    const double q = number.high / sum.high;
    const T high = (T)q;
#if FLOAT
    return (struct F(inverse)){high, (T)(q - high)};
#else
    const double rest = F(product_plus)(-q, sum.high, number.high) + number.low - q * sum.low;
    return (struct F(inverse)){high, rest / sum.high};
#endif
}

INLINE struct F(inverse) F(inverse)(struct F(total) sum)
{
    return F(ratio)((struct F(total)){F(two_up), 0}, sum);
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
INLINE double F(log_sum)(struct F(total) rest, uint64_t maxima)
{
    const double r = rest.high * F(two_down) + ((double)maxima - 1);
    return log1p_fast(r) + (FLOAT ? 0 : rest.low * F(two_down) / (1 + r));
}

// The same of a tempered row, x as it comes.
INLINE T F(tempered_log)(T x, T pivot, T log_sum, struct F(temper) t)
{
    const struct F(words) z = F(tempered)(x * t.sign, pivot, t);
    const T value = z.high - log_sum;  // NaN if that is
    return z.high == -(T)INFINITY ? value : value + z.low;
}

// pivot + log(maxima + rest * 2^-up): the two may cancel, so the logarithm is libm's, once for a row.
INLINE T F(pivot_plus_log_sum)(T pivot, struct F(total) rest, uint64_t maxima)
{
    const double r = rest.high * F(two_down) + ((double)maxima - 1);
    return (T)((pivot + log1p(r)) + (FLOAT ? 0 : rest.low * F(two_down) / (1 + r)));
}

// What is known of a row between the steps of a kernel.
struct F(line) {
    intptr_t n;  // of a part, its length
    struct F(scale) scale;
    struct F(temper) temper;
    struct F(total) sum;
    struct F(inverse) inverse;
    T least, largest, log_sum, *spare;  // spare: room for a row, or NULL
    uint64_t maxima;
};

// ---- softmax_backward: g, y -> out = y * (g - sum(g*y)). The sum in two words: g - sum cancels.
INLINE struct F(words) F(two_words)(struct F(total) sum)
{
    const T high = (T)sum.high;
    return (struct F(words)){high, (T)(FLOAT ? sum.high - high : sum.low)};
}

INLINE T F(softmax_slope)(T g, T y, struct F(words) sum) { return y * ((g - sum.high) - sum.low); }

INLINE void F(add_product)(double *high, double *low, double g, double y)
{
#if FLOAT
    *high = FMAD(g, y, *high);  // of floats the product is exact, fused or not
    (void)low;
#else
    const double product = g * y;
    F(add)(high, low, product);
    *low += F(product_low)(g, y, product);
#endif
}

INLINE void F(add_products)(struct F(sums) *s, const T *v, const T *w, intptr_t m)
{
    struct F(sums) sums = *s;
    for (intptr_t i = 0; i < PADDED(m); i += LANES)
        WHOLE for (int l = 0; l < LANES; l++) F(add_product)(&sums.high[l], &sums.low[l], v[i + l], w[i + l]);
    *s = sums;
}

// ---- Losses
// sum of a*v, of double the product with what it rounds off.
INLINE void F(add_weighted)(double *high, double *low, double a, double v)
{
    const double product = a * v;
    F(add)(high, low, product);
    if (!FLOAT) *low += F(product_low)(a, v, product);
}

// The sum of what may be infinite, which spoils the second word.
INLINE double F(total_or_infinity)(const struct F(sums) *s)
{
    const double total = F(total)(s).high;
    double plain = 0;
    for (int l = 0; l < LANES; l++) plain += s->high[l];
    return total == total ? total : plain;
}

// What a row's elements are pulled up with: sum(a), sum(a * (pivot - x)).
struct F(pull) { struct F(total) sum; double drop; };

INLINE T F(loss_of_row)(T pivot, T x, double log_sum, struct F(pull) pull, double hard)
{
    const double soft = FMAD(pull.sum.high, log_sum, FMAD(pull.sum.low, log_sum, pull.drop));
    return (T)(hard == 0 ? soft : FMAD(hard, ((double)pivot - x) + log_sum, soft));
}

// softmax * sum(a) / divisor is (e / sum) * after: a factor far above 1 comes after the rounding to subnormal
// numbers, or it would bring up what exp_shifted() has moved to the floor.
struct F(slopes) {
    struct F(inverse) inverse, keep, others;  // others: all shares but that of one maximum
    T after, spread;
    double sum, divisor;
};
INLINE struct F(slopes) F(slopes)(struct F(total) rest, uint64_t maxima, double sum, double divisor,
                                  double keep, double spread)
{
    const double factor = sum / divisor, size = factor < 0 ? -factor : factor, most = 0x1p20;
    const double sign = factor < 0 ? -1 : 1;
    const double lost = FLOAT ? 0 : sign * F(product_plus)(-factor, divisor, sum) / divisor;
    const struct F(total) by = {(size > most ? most : size) * F(two_up), size > most ? 0 : lost * F(two_up)};
    struct F(total) others = rest, whole = rest;
    F(add)(&others.high, &others.low, ((double)maxima - 1) * F(two_up));
    F(add)(&whole.high, &whole.low, (double)maxima * F(two_up));
    whole = F(normalized)(whole.high, whole.low);
    return (struct F(slopes)){
        F(ratio)(by, whole), F(ratio)((struct F(total)){keep, 0}, (struct F(total)){divisor, 0}),
        F(ratio)(others, whole), (T)(sign * (size > most ? size / most : 1)), (T)(spread / divisor), sum,
        divisor};
}

// The gradient at one element, which is pulled with `own`, all others with `rest`. Where its share is more
// than a half, sum(a) * softmax and `own` would cancel.
INLINE T F(slope_at)(T x, struct F(scale) s, struct F(slopes) g, double own, double rest)
{
    const T share = F(share)(F(exp_shifted)(x, s.pivot, s.floor, 0), g.inverse, 0) * g.after;
    const double missing = FMAD(-g.sum, g.others.high, rest) - g.sum * g.others.low;
    return x == s.pivot && g.others.high < 0.5f ? (T)(missing / g.divisor) : (T)(share - own / g.divisor);
}

// margin + (runner_up - own), rounded once.
INLINE double F(hinge_value)(double margin, double runner_up, double own)
{
    double high = margin, low = 0;
    const double difference = runner_up - own, back = difference - runner_up;
    const double lost = (runner_up - (difference - back)) - (own + back);
    const double sum = high + difference, from = sum - high;
    low = ((high - (sum - from)) + (difference - from)) + lost;
    return sum - sum == 0 ? sum + low : sum;
}
