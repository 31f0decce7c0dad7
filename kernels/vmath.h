// Branch-free scalar mathematics, written for the auto-vectoriser, once for float and double:
// instantiate.h includes this file twice, with T and F(name) -> name_f32 or name_f64.
// The pair of figures behind a function is its error in ULP, float / double, as the formula's
// prototype or `softramp verify` measured it; what is promised stands in definitions/.
//
// Rules: explicit FMA only (-ffp-contract=off), one division at most, no libm, no overflow in a
// discarded branch (clamp first; or select an operand, as in x * (x < 0 ? s : 1)).
//
// The exp core. t = z*log2(e) + magic leaves n = round(z/ln2) in t's low bits, biased so that one
// shift makes them the scale 2^(n+k); r = z - n*ln2 in two steps; y = expm1(r) by polynomial.
// e^z * 2^k is then fma(y, scale, scale): forming 1+y first would cost half an ULP.
// Polynomials: minimax on abs(r) <= ln2/2, fitted in 60 digits to (expm1(r)-r)/r^2
// (mpmath.chebyfit); relative error of e^r 2^-28 (float), 2^-55.6 (double). The float coefficients
// were then moved by a random search for the least error of e^z over every float in [-8, -2]
// (1.00 -> 0.98 ULP).

#if FLOAT
#define MAGIC(k) (0x1.8p23f + 127 + (k))
#define MANTISSA 23
static const U F(sign) = UINT32_C(1) << 31;
static const T F(log2e) = 0x1.715476p+0f, F(ln2_high) = 0x1.62e430p-1f, F(ln2_low) = -0x1.05c610p-29f;
static const T F(lowest) = -120, F(highest) = 89;  // 120*e^lowest rounds to 0, e^highest overflows
enum { F(up) = 96 };                               // e^lowest * 2^up is normal
static const T F(two_up) = 0x1p96f, F(two_down) = 0x1p-96f;
static const T F(subnormal_up) = 0x1p-30f;         // the smallest normal number, times 2^up
static const T F(to_grid) = 0x1p53f, F(grid) = 0x1p23f;
enum { F(half) = 63, F(deep) = 122, F(scaled) = 32 };
static const T F(two_half) = 0x1p63f, F(two_minus_half) = 0x1p-63f;
static const T F(two_minus_deep) = 0x1p-122f, F(two_minus_scaled) = 0x1p-32f;
static const T F(deep_from) = -85, F(deepest) = -171;  // -deep >= n >= -deep - 126 there
static const T F(silu_scaled_from) = -80;
static const T F(expm1_saturates) = -20;           // rounds to -1
static const T F(sigmoid_saturates) = 18;          // rounds to 1
static const T F(silu_vanishes) = 110;             // silu(-110) rounds to -0
static const T F(tanh_saturates) = 9.02f;
static const T F(largest) = 0x1.fffffep127f, F(two_ulps) = 0x1p-22f;
static const T F(smallest_normal) = 0x1p-126f;
static const T F(narrow) = 60;                     // e^-narrow over any sum is normal
#else
#define MAGIC(k) (0x1.8p52 + 1023 + (k))
#define MANTISSA 52
static const U F(sign) = UINT64_C(1) << 63;
static const T F(log2e) = 0x1.71547652b82fep+0;
static const T F(ln2_high) = 0x1.62e42feep-1, F(ln2_low) = 0x1.a39ef35793c76p-33;
static const T F(lowest) = -780, F(highest) = 710;
enum { F(up) = 128 };
static const T F(two_up) = 0x1p128, F(two_down) = 0x1p-128;
static const T F(subnormal_up) = 0x1p-894;
static const T F(to_grid) = 0x1p946, F(grid) = 0x1p52;
enum { F(half) = 512, F(deep) = 1009, F(scaled) = 256 };
static const T F(two_half) = 0x1p512, F(two_minus_half) = 0x1p-512;
static const T F(two_minus_deep) = 0x1p-1009, F(two_minus_scaled) = 0x1p-256;
static const T F(deep_from) = -700, F(deepest) = -1400;
static const T F(silu_scaled_from) = -700;
static const T F(expm1_saturates) = -40;
static const T F(sigmoid_saturates) = 40;
static const T F(silu_vanishes) = 755;
static const T F(tanh_saturates) = 20;
static const T F(largest) = 0x1.fffffffffffffp1023, F(two_ulps) = 0x1p-51;
static const T F(smallest_normal) = 0x1p-1022;
static const T F(narrow) = 600;
#endif

INLINE U F(bits)(T x) { U u; memcpy(&u, &x, sizeof u); return u; }
INLINE T F(value)(U u) { T x; memcpy(&x, &u, sizeof x); return x; }

INLINE T F(min)(T a, T b) { return a < b ? a : b; }  // a NaN in b falls through
INLINE T F(max)(T a, T b) { return a > b ? a : b; }
INLINE T F(abs)(T x) { return F(value)(F(bits)(x) & ~F(sign)); }
INLINE T F(with_sign)(T x, T sign) { return F(value)(F(bits)(x) | (F(bits)(sign) & F(sign))); }  // x >= 0

// Clamps and selections on the bits. Of a select of floats the compiler may compute both sides of all
// that follows, for all elements, and raise an overflow that is none; an integer minimum or mask it
// leaves in one piece. A NaN does not survive a clamp: or_nan() brings it back.
INLINE T F(at_least)(T low, T x)  // low < 0
{
    const U a = F(bits)(x), b = F(bits)(low);
    return F(value)(a < b ? a : b);
}
INLINE T F(at_most)(T high, T x)  // high > 0
{
    const I a = (I)F(bits)(x), b = (I)F(bits)(high);
    return F(value)((U)(a < b ? a : b));
}
INLINE T F(negative_part)(T x) { return F(value)(F(bits)(x) & (U)((I)F(bits)(x) >> (8 * sizeof(T) - 1))); }
INLINE T F(pick)(_Bool first, T a, T b)
{
    const U u = F(bits)(a), v = F(bits)(b);
    return F(value)(v ^ (-(U)first & (u ^ v)));
}
INLINE T F(or_nan)(T x, T y) { return F(value)(F(bits)(y) | -(U)(x != x)); }  // an OR costs less than a blend

// (expm1(r) - r) / r^2
INLINE T F(expm1_quotient)(T r)
{
#if FLOAT
    T q = 0x1.69438ap-10f;
    q = FMA(q, r, 0x1.123f30p-7f);
    q = FMA(q, r, 0x1.5558d0p-5f);
    q = FMA(q, r, 0x1.55548ap-3f);
    q = FMA(q, r, 0.5f);
#else
    T q = 0x1.af389eea54156p-26;
    q = FMA(q, r, 0x1.28917c9f3a495p-22);
    q = FMA(q, r, 0x1.71de0db2eb873p-19);
    q = FMA(q, r, 0x1.a019b914881bap-16);
    q = FMA(q, r, 0x1.a01a01a7c2f2cp-13);
    q = FMA(q, r, 0x1.6c16c17889f3cp-10);
    q = FMA(q, r, 0x1.11111111109b5p-7);
    q = FMA(q, r, 0x1.5555555553d68p-5);
    q = FMA(q, r, 0x1.5555555555556p-3);
    q = FMA(q, r, 0x1.0000000000001p-1);
#endif
    return q;
}

// e^z * 2^k = y*scale + scale, k given by magic = MAGIC(k); z/ln2 + k is the caller's to keep within
// the exponents of T.
struct F(split) { T y, scale; };
INLINE struct F(split) F(exp_split)(T z, T magic)
{
    const T t = FMA(z, F(log2e), magic);
    const T n = t - magic;
    const T r = FMA(n, -F(ln2_low), FMA(n, -F(ln2_high), z));
    return (struct F(split)){FMA(r * r, F(expm1_quotient)(r), r), F(value)(F(bits)(t) << MANTISSA)};
}

// The same of z + low. For double what r rounds off is kept, too: softmax adds up what exp loses.
INLINE struct F(split) F(exp_split_of_sum)(T z, T low, T magic)
{
    const T t = FMA(z, F(log2e), magic);
    const T n = t - magic;
    const T high = FMA(n, -F(ln2_high), z);
#if FLOAT
    const T r = FMA(n, -F(ln2_low), high) + low;
    const T y = FMA(r * r, F(expm1_quotient)(r), r);
#else
    const T tail = FMA(n, -F(ln2_low), low), r = high + tail;
    const T y = r + FMA(r * r, F(expm1_quotient)(r), (high - r) + tail);
#endif
    return (struct F(split)){y, F(value)(F(bits)(t) << MANTISSA)};
}

// e^z, all z. 0.98 / 0.9. Scaled by 2^half and back, so that neither end leaves the exponents.
INLINE T F(exp)(T x)
{
    const T z = F(at_most)(F(highest), F(at_least)(F(lowest), x));
    const _Bool small = z < 0;
    const struct F(split) e = F(exp_split)(z, F(pick)(small, MAGIC(F(half)), MAGIC(-F(half))));
    return F(or_nan)(x, FMA(e.y, e.scale, e.scale) * F(pick)(small, F(two_minus_half), F(two_half)));
}

// e^z * 2^up for lowest <= z <= 0: normal however small e^z is.
INLINE T F(exp_up)(T z)
{
    const struct F(split) e = F(exp_split)(z, MAGIC(F(up)));
    return FMA(e.y, e.scale, e.scale);
}

// v * 2^-up for v >= 0 or NaN, rounded once. A subnormal result is rounded onto its grid by integer
// arithmetic: the multiplication would cost a microcode assist, 10-20 times the rest. Unsigned
// minimum and maximum: the compiler would fold float selects into that multiplication again.
INLINE T F(down)(T v)
{
    const U u = F(bits)(v), edge = F(bits)(F(subnormal_up));
    const U low = u < edge ? u : edge, high = u > edge ? u : edge;
    const U tiny = F(bits)(F(value)(low) * F(to_grid) + F(grid)) - F(bits)(F(grid));
    return u <= edge ? F(value)(tiny) : F(value)(high) * F(two_down);
}

// a*e^x for x <= 0, rounded once also where it is subnormal. Deep in the tail the scale is kept up by
// 2^deep, and at most 1: a large a cannot overflow on the way, and all up to 1e29 / 1e280 vanish.
INLINE T F(times_exp)(T a, T x)
{
    const T z = F(at_least)(F(deepest), x);
    const _Bool deep = z < F(deep_from);
    const struct F(split) e = F(exp_split)(z, F(pick)(deep, MAGIC(F(deep)), MAGIC(0)));
    return F(or_nan)(x, FMA(a, e.y, a) * e.scale * F(pick)(deep, F(two_minus_deep), 1));
}

// elu' = x > 0 ? 1 : a*e^x. 0.98 / 1.1
INLINE T F(elu_slope)(T x, T a) { return F(pick)(x > 0, 1, F(times_exp)(a, -F(abs)(x))); }

// e^z - 1 for z <= 0, not NaN. -0.0 gives +0.0. 0.92 / 1.2
INLINE T F(expm1_negative)(T z)
{
    const struct F(split) e = F(exp_split)(F(at_least)(F(expm1_saturates), z), MAGIC(0));
    return FMA(e.y, e.scale, e.scale - 1);
}

// 1/(1+e^-x), scaled so that the tail stays normal until the division rounds it: no abs, no select.
// Monotone. 2.41 / 2.0
INLINE T F(sigmoid)(T x)
{
    const T z = F(at_most)(F(silu_vanishes), F(at_least)(-F(sigmoid_saturates), -x));
    const struct F(split) e = F(exp_split)(z, MAGIC(-F(scaled)));
    return F(or_nan)(x, F(two_minus_scaled) / FMA(e.y, e.scale, e.scale + F(two_minus_scaled)));
}

// x/(1+e^-x): the numerator carries x, so that a subnormal result is rounded once; only the tail is
// scaled, or the smallest x would be lost. 2.4 / 2.3
INLINE T F(silu)(T x)
{
    const T a = F(at_least)(-F(silu_vanishes), x), z = F(at_least)(-F(sigmoid_saturates), -a);
    const _Bool tail = a < F(silu_scaled_from);
    const T one = F(pick)(tail, F(two_minus_scaled), 1);
    const struct F(split) e = F(exp_split)(z, F(pick)(tail, MAGIC(-F(scaled)), MAGIC(0)));
    return F(or_nan)(x, a * one / FMA(e.y, e.scale, e.scale + one));
}

// (1 + e)^2 for e = up*2^-up, 0 <= e <= 1: squared with the word that 1+e rounds off.
INLINE T F(square_of_one_plus)(T up)
{
    const T sum = FMA(up, F(two_down), 1), low = FMA(up, F(two_down), 1 - sum);
    return FMA(sum, sum, 2 * sum * low);
}

// sigmoid' = e/(1+e)^2, e = e^-abs(x). 2.3 / 2.2
INLINE T F(sigmoid_slope)(T x)
{
    const T e = F(exp_up)(F(at_least)(F(lowest), -F(abs)(x)));
    return F(or_nan)(x, e / F(square_of_one_plus)(e) * F(two_down));
}

// tanh' = 4e/(1+e)^2, e = e^-2abs(x). 2.3 / 2.2
INLINE T F(tanh_slope)(T x)
{
    const T e = F(exp_up)(2 * F(at_least)(F(lowest) / 2, -F(abs)(x)));
    return F(or_nan)(x, e / F(square_of_one_plus)(e) * (4 * F(two_down)));
}

// silu' = s(1 + x(1-s)), s = sigmoid(x): with e = e^-abs(x), (1 + e(1+x))/(1+e)^2 for x >= 0 and
// e(1+x+e)/(1+e)^2 below. 3.4 / 3.2; near its root, -1.278, 2^-26 absolute
INLINE T F(silu_slope)(T x)
{
    const T z = F(at_most)(-F(lowest), F(at_least)(F(lowest), x)), e = F(exp_up)(-F(abs)(z));
    const T one = 1 + z, sum = FMA(e, F(two_down), one), low = FMA(e, F(two_down), one - sum);
    const T above = FMA(e, one, F(two_up)), below = FMA(e, sum, e * low);
    return F(or_nan)(x, (z < 0 ? below : above) / F(square_of_one_plus)(e) * F(two_down));
}

// Odd polynomial in the centre, 1 - 2/(E+1), E = e^2x, beyond. Monotone, odd to the bit. 1.06 / 1.7
// Polynomials: minimax of (tanh(x)-x)/x^3 in x^2; 2^-26 on [0, 0.7], 2^-58 on [0, 0.5494].
INLINE T F(tanh)(T x)
{
    const T a = F(abs)(x), b = F(at_most)(1, a), square = b * b;
    const struct F(split) e = F(exp_split)(2 * F(at_most)(F(tanh_saturates), a), MAGIC(0));
    const T large = 1 - 2 / FMA(e.y, e.scale, e.scale + 1);
#if FLOAT
    const T centre = 0.7f;
    T p = -0x1.51e554p-8f;
    p = FMA(p, square, 0x1.4986bap-6f);
    p = FMA(p, square, -0x1.b6d324p-5f);
    p = FMA(p, square, 0x1.10fbacp-3f);
    p = FMA(p, square, -0x1.5554fap-2f);
#else
    const T centre = 0.5493;  // tanh reaches 1/2 there: beyond, an ULP is twice as large
    T p = -0x1.59ea31cd022c1p-16;
    p = FMA(p, square, 0x1.6515430228690p-14);
    p = FMA(p, square, -0x1.ec17ccc735e44p-13);
    p = FMA(p, square, 0x1.34c644712424bp-11);
    p = FMA(p, square, -0x1.7d97df9b60ef6p-10);
    p = FMA(p, square, 0x1.d6d33a2fe6429p-9);
    p = FMA(p, square, -0x1.226e32f4d6717p-7);
    p = FMA(p, square, 0x1.664f48772dc3bp-6);
    p = FMA(p, square, -0x1.ba1ba1b9ff12ap-5);
    p = FMA(p, square, 0x1.1111111111035p-3);
    p = FMA(p, square, -0x1.5555555555555p-2);
#endif
    const T small = FMA(b * square, p, b);
    return F(or_nan)(x, F(with_sign)(a < centre ? small : large, x));
}

// x < 0 ? s*x : x. Slope 0 at -inf is -0.0, the limit, not NaN.
INLINE T F(leak)(T x, T s)
{
    const T finite = s == 0 ? F(max)(-F(largest), x) : x;
    return finite * F(pick)(x < 0, s, 1);
}

// x > 0 ? g : s*g
INLINE T F(leak_slope)(T g, T x, T s) { return g * F(pick)(x > 0, 1, s); }

// x > 0 ? 0 : x*g
INLINE T F(leak_slope_weight)(T g, T x) { return F(or_nan)(x, x > 0 ? 0 : F(negative_part)(x) * g); }

// slope*x + offset. A slope of 0 at an infinity gives the limit, not NaN.
INLINE T F(line)(T x, T slope, T offset) { return F(or_nan)(x, slope == 0 ? offset : FMA(slope, x, offset)); }

// min_val < y < max_val ? slope*g : 0
INLINE T F(clipped_slope)(T g, T y, T slope, T min_val, T max_val)
{
    const _Bool open = y > min_val && y < max_val;
    return open ? slope * F(pick)(open, g, 0) : 0;
}

// clip(x, 0, high)
INLINE T F(clip)(T x, T high) { return F(pick)(x > high, high, F(pick)(x < 0, 0, x)); }

// clip((x + 1)/2, 0, 1)
INLINE T F(ramp)(T x) { return F(clip)((x + 1) / 2, 1); }

// (2x + 3)/6 where abs(x) < 3. Exact next to its root, -1.5.
INLINE T F(hard_swish_slope)(T x) { return (2 * F(pick)(F(abs)(x) >= 3, 0, x) + 3) / 6; }

// e^(x-y), with the word that x - y rounds off. 1.4 / 1.4
INLINE T F(exp_of_difference)(T x, T y)
{
    const T difference = x - y, back = difference - x, low = (x - (difference - back)) - (y + back);
    const T z = F(at_most)(F(highest), F(at_least)(F(lowest), difference));
    const _Bool small = z < 0, kept = z == difference;
    const struct F(split) e =
        F(exp_split_of_sum)(z, F(pick)(kept, low, 0), F(pick)(small, MAGIC(F(half)), MAGIC(-F(half))));
    return F(or_nan)(difference, FMA(e.y, e.scale, e.scale) * F(pick)(small, F(two_minus_half), F(two_half)));
}
