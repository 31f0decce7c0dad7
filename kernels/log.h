// Softplus and its like, logit, mish, tanhshrink: what needs log1p, a logarithm, or a two-word product.
// Rules and figures as in vmath.h. Polynomials: mpmath.chebyfit; log1p's and tanhshrink's for float with
// one coefficient after the other rounded and the rest fitted again (2.48 -> 2.04 ULP).

#if FLOAT
static const T F(ln2_short) = 0x1.62e4p-1f, F(ln2_rest) = 0x1.7f7d1cp-20f;  // n*ln2_short is exact
static const T F(scaled_from) = 87;                // e^-87 is normal; up*e^-87 is nothing beside 1
static const T F(exp_is_0) = 154.572f;             // 223*ln2: n + up there is what makes a scale of 0
static const T F(mish_is_x) = 13;                  // x*2/(n+2) rounds away
static const T F(below_1) = 0x1.fffffep-1f;
static const T F(normalise) = 0x1p24f;
enum { F(normalised) = 24, F(positive) = 128 };    // keeps the exponents of logit above 0
#else
static const T F(ln2_short) = 0x1.62e42feep-1, F(ln2_rest) = 0x1.a39ef35793c76p-33;
static const T F(scaled_from) = 700;
static const T F(exp_is_0) = 797.8124;             // 1151*ln2
static const T F(mish_is_x) = 22;
static const T F(below_1) = 0x1.fffffffffffffp-1;
static const T F(normalise) = 0x1p53;
enum { F(normalised) = 53, F(positive) = 1024 };
#endif

// a*b + c, rounded once, where c is 0 or near -a*b.
INLINE T F(product_plus)(T a, T b, T c)
{
#if FLOAT || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return FMA(a, b, c);
#else
    const T p = a * b;
    return (p + c) + F(product_low)(a, b, p);
#endif
}

// e^ab * 2^k as exp_split gives it, of the exact product: rounded, it would cost abs(ab)/2 ULP.
INLINE struct F(split) F(exp_split_of_product)(T a, T b, T magic)
{
    const T t = FMA(a, b * F(log2e), magic);
    const T n = t - magic;
    const T r = FMA(n, -F(ln2_rest), F(product_plus)(a, b, n * -F(ln2_short)));
    return (struct F(split)){FMA(r * r, F(expm1_quotient)(r), r), F(value)(F(bits)(t) << MANTISSA)};
}

// tail ? v*2^-up : v, rounded once, for v >= 0. As down(), without its multiplication: in the normal
// numbers, 2^-up is a subtraction from the exponent.
INLINE T F(down_if)(_Bool tail, T v)
{
    const U u = F(bits)(v), edge = F(bits)(F(subnormal_up)), low = u < edge ? u : edge;
    const U tiny = F(bits)(FMA(F(value)(low), F(to_grid), F(grid))) - F(bits)(F(grid));
    const U normal = u - (-(U)tail & (U)F(up) << MANTISSA);
    return F(value)((tail & (u <= edge)) ? tiny : normal);
}

// log(1+t), 0 <= t <= 1, without a division: t + t^2 w(t). 2^-27.5 (9 terms of w), 2^-56 (21).
INLINE T F(log1p)(T t)
{
    const T square = t * t;
#if FLOAT
    T w = -0x1.af49cep-9f;
    w = FMA(w, t, 0x1.4917cep-6f);
    w = FMA(w, t, -0x1.d6b08cp-5f);
    w = FMA(w, t, 0x1.b4ae08p-4f);
    w = FMA(w, t, -0x1.3a435ep-3f);
    w = FMA(w, t, 0x1.934b54p-3f);
    w = FMA(w, t, -0x1.ff23e6p-3f);
    w = FMA(w, t, 0x1.554dd0p-2f);
    w = FMA(w, t, -0x1.ffffd2p-2f);
#else  // in three pieces of 8, 8 and 5 terms: one chain of 21 would be a third slower
    const T fourth = square * square, eighth = fourth * fourth;
    T a = 0x1.c716c84fc063fp-4;
    a = FMA(a, t, -0x1.ffff6260f5970p-4);
    a = FMA(a, t, 0x1.2492430c8c061p-3);
    a = FMA(a, t, -0x1.5555550459f81p-3);
    a = FMA(a, t, 0x1.999999970365cp-3);
    a = FMA(a, t, -0x1.fffffffff4bedp-3);
    a = FMA(a, t, 0x1.55555555554b9p-2);
    a = FMA(a, t, -0x1.0000000000000p-1);
    T b = 0x1.9467cbf5e4b32p-6;
    b = FMA(b, t, -0x1.40832de4ea7f0p-5);
    b = FMA(b, t, 0x1.b401d10b0a3fbp-5);
    b = FMA(b, t, -0x1.0a677de2654e4p-4);
    b = FMA(b, t, 0x1.30f090840e956p-4);
    b = FMA(b, t, -0x1.522c60f86b9c8p-4);
    b = FMA(b, t, 0x1.7395166f619e2p-4);
    b = FMA(b, t, -0x1.99730ed878462p-4);
    T c = -0x1.80d9a3ccbf91fp-16;
    c = FMA(c, t, 0x1.162ed8469e3cap-12);
    c = FMA(c, t, -0x1.7dec9249c0d60p-10);
    c = FMA(c, t, 0x1.4cfe8d6ef2506p-8);
    c = FMA(c, t, -0x1.a1350510338a4p-7);
    const T w = FMA(FMA(c, eighth, b), eighth, a);
#endif
    return FMA(square, w, t);
}

// limit/b where i = 1/b, kept finite. (Below b = 5e-37 / 5e-306 a larger x would not be finite.)
INLINE T F(over)(T limit, T i) { return F(at_most)(F(largest), limit * i); }

// max(x, 0) + log1p(e^-b*abs(x))/b, to the last subnormal. 1.84 / 2.4; for b other than 1 2.7 / 3.4
// The tail, where log1p is the identity, is carried 2^up higher. 1/b and the limits leave the loop
// where b is one value.
INLINE T F(softplus)(T x, T b)
{
    const T i = 1 / b, a = F(at_most)(F(over)(F(exp_is_0), i), F(abs)(x));
    const _Bool tail = a > F(scaled_from) * i;
    const struct F(split) e = F(exp_split_of_product)(a, -b, F(pick)(tail, MAGIC(F(up)), MAGIC(0)));
    return (x < 0 ? 0 : x) + F(down_if)(tail, F(log1p)(FMA(e.y, e.scale, e.scale)) * i);
}

// softplus' = sigmoid(bx), scaled as sigmoid. 2.41 / 2.1
INLINE T F(softplus_slope)(T x, T b)
{
    const T i = 1 / b, lowest = -F(over)(F(silu_vanishes), i), highest = F(over)(F(sigmoid_saturates), i);
    const T a = F(at_most)(highest, F(at_least)(lowest, x));
    const struct F(split) e = F(exp_split_of_product)(a, -b, MAGIC(-F(scaled)));
    return F(or_nan)(x, F(two_minus_scaled) / FMA(e.y, e.scale, e.scale + F(two_minus_scaled)));
}

// The same from y = softplus(x): 1 - e^-by = -expm1(-by). 1.0 / 1.2
// y < 0, no such result, is good to 2.2 for b = 1 only. The scale is half of 2^n, which for the
// largest z is no number.
INLINE T F(softplus_slope_of_output)(T y, T b)
{
    const T z = F(at_most)(F(highest), F(at_least)(F(expm1_saturates), -(b * y)));
    const struct F(split) e = F(exp_split)(z, MAGIC(-1));
    return F(or_nan)(y, 0 - 2 * FMA(e.y, e.scale, e.scale - (T)0.5));
}

// mish = x*n/(n+2), n = e(e+2), e = e^x: one formula for both signs. 1.75 / 2.2
// n and the quotient with the words that they round off: without, 3.5.
INLINE T F(mish)(T x)
{
    const T z = F(at_most)(F(mish_is_x), F(at_least)(F(lowest), x));
    const _Bool tail = z < -F(scaled_from);  // n = 2e there
    const struct F(split) s = F(exp_split)(z, F(pick)(tail, MAGIC(F(up)), MAGIC(0)));
    const T e = FMA(s.y, s.scale, s.scale), twice = e + e;
    const T n = FMA(e, e, twice), n_low = FMA(e, e, twice - n);
    const T sum = n + 2, sum_low = (n - (sum - 2)) + n_low;
    const T top = z * n, top_low = FMA(z, n_low, F(product_low)(z, n, top));
    const T inverse = 1 / sum, q = top * inverse;
    const T rest = FMA(-q, sum_low, top_low) + F(product_plus)(-q, sum, top);
    const T size = F(down_if)(tail, F(abs)(FMA(rest, inverse, q)));
    return F(pick)(x <= F(mish_is_x), F(with_sign)(size, x), x);
}

// mish' = e*p/d^2, d = e^2+2e+2, p = 4(1+x) + e(e^2+4e+6+4x), for x < 0, where p has little to cancel;
// 1 + (4xe(1+e) - 2d)/d^2 above. 3.7 / 4.6; near its root, -1.192, 2^-25.9 / 2^-54 absolute
INLINE T F(mish_slope)(T x)
{
    const T z = F(at_most)(F(mish_is_x), F(at_least)(F(lowest), x));
    const _Bool tail = z < -F(scaled_from);
    const struct F(split) s = F(exp_split)(z, F(pick)(tail, MAGIC(F(up)), MAGIC(0)));
    const T e = FMA(s.y, s.scale, s.scale);
    const T d = FMA(e, e + 2, 2), d_low = FMA(e, e + 2, 2 - d);
    const T square = d * d, square_low = FMA(2 * d, d_low, F(product_low)(d, d, square));
    const T p = FMA(e, FMA(e, e + 4, FMA(4, z, 6)), 4 * (1 + z)), below = FMA(p, s.y, p) * s.scale;
    const T above = FMA(4 * z * (1 + e), e, -2 * d);
    const T top = z < 0 ? below : above, inverse = 1 / square, q = top * inverse;
    const T ratio = FMA(FMA(-q, square_low, F(product_plus)(-q, square, top)), inverse, q);
    const T negative = F(with_sign)(F(down_if)(tail, F(abs)(ratio)), ratio);
    return F(or_nan)(x, z < 0 ? negative : ratio + 1);
}

// log(x/d), d = 1-x: k*ln2 + 2 atanh(s), s = (m-d)/(m+d), where m = x*2^-k is within 2/3 and 3/2 of d.
// Around 1/2, k is 0 and s is 2x-1: nothing cancels. 1.3 / 1.6
// k from the bits, which are nearly a logarithm.
INLINE T F(logit)(T x)
{
    const T a = F(at_most)(F(below_1), F(abs)(x));
    const _Bool subnormal = a < F(smallest_normal);
    const T w = a * F(pick)(subnormal, F(normalise), 1), d = 1 - a, d_low = (1 - d) - a;
    const U bias = (U)F(positive) << MANTISSA, half = (U)1 << (MANTISSA - 1);
    const U up = (F(bits)(w) - F(bits)(d) + bias + half) >> MANTISSA;  // k + positive
    const T m = F(value)(F(bits)(w) - (up << MANTISSA) + bias);
    const T zero = F(grid) + F(positive);  // the bits of grid count in ones
    const T k = F(value)(F(bits)(F(grid)) + up) - F(pick)(subnormal, zero + F(normalised), zero);
    const T top = (m - d) - d_low, sum = (m + d) + d_low, inverse = 1 / sum;
    const T s = top * inverse, s_low = FMA(-s, sum, top) * inverse, square = s * s;
#if FLOAT
    T p = 0x1.e865eap-3f;
    p = FMA(p, square, 0x1.241f5cp-2f);
    p = FMA(p, square, 0x1.999a96p-2f);
    p = FMA(p, square, 0x1.555556p-1f);
#else
    T p = 0x1.1930ffd47cf23p-3;
    p = FMA(p, square, 0x1.0e33cf2d30faep-3);
    p = FMA(p, square, 0x1.3b2e7232f5acap-3);
    p = FMA(p, square, 0x1.745c8db3591d4p-3);
    p = FMA(p, square, 0x1.c71c734603f0bp-3);
    p = FMA(p, square, 0x1.249249238d222p-2);
    p = FMA(p, square, 0x1.999999999a212p-2);
    p = FMA(p, square, 0x1.5555555555555p-1);
#endif
    const T rest = FMA(s * square, p, FMA(k, F(ln2_low), 2 * s_low));
    const T edge = x == 0 ? -(T)INFINITY : x == 1 ? (T)INFINITY : (T)NAN;
    return F(pick)((x > 0) & (x < 1), FMA(k, F(ln2_high), 2 * s + rest), edge);
}

// logit' = 1/(x(1-x)). 2.05 / 2.0
INLINE T F(logit_slope)(T x)
{
    const T inside = F(pick)((x >= 0) & (x <= 1), x, (T)NAN);
    return 1 / F(abs)(inside * (1 - inside));
}

// x - tanh(x): odd polynomial up to 1, (x-1) + 2/(E+1), E = e^2x, beyond. 2.04 / 2.2
// Polynomial: of (x - tanh(x))/x^3 in x^2; 2^-25 (its first coefficient), 2^-55. x^3 in two words.
INLINE T F(tanhshrink)(T x)
{
    const T a = F(abs)(x), b = F(at_most)(1, a), square = b * b, cube = b * square;
    const T cube_low = FMA(b, F(product_low)(b, b, square), F(product_low)(b, square, cube));
    const struct F(split) e = F(exp_split)(2 * F(at_most)(F(tanh_saturates), a), MAGIC(0));
    const T large = (a - 1) + 2 / FMA(e.y, e.scale, e.scale + 1);
#if FLOAT
    T p = -0x1.b4decap-13f;
    p = FMA(p, square, 0x1.2fa9d0p-10f);
    p = FMA(p, square, -0x1.cfe2fap-9f);
    p = FMA(p, square, 0x1.24b3d0p-7f);
    p = FMA(p, square, -0x1.670fdep-6f);
    p = FMA(p, square, 0x1.ba3142p-5f);
    p = FMA(p, square, -0x1.11117cp-3f);
    p = FMA(p, square, 0x1.555556p-2f);
#else
    T p = -0x1.b028f6cb72ebfp-26;
    p = FMA(p, square, 0x1.1ab979c0ab58cp-22);
    p = FMA(p, square, -0x1.7238a0a7e22b6p-20);
    p = FMA(p, square, 0x1.4eb911dcd9788p-18);
    p = FMA(p, square, -0x1.ea19b73b128d8p-17);
    p = FMA(p, square, 0x1.42090e21d3d28p-15);
    p = FMA(p, square, -0x1.94981e5bdbe6fp-14);
    p = FMA(p, square, 0x1.f5211730ee038p-13);
    p = FMA(p, square, -0x1.3551ae34bdfffp-11);
    p = FMA(p, square, 0x1.7da2bdc3daa27p-10);
    p = FMA(p, square, -0x1.d6d3c538d0bbep-9);
    p = FMA(p, square, 0x1.226e3519865dfp-7);
    p = FMA(p, square, -0x1.664f4880d2a47p-6);
    p = FMA(p, square, 0x1.ba1ba1ba1453ep-5);
    p = FMA(p, square, -0x1.11111111110b9p-3);
    p = FMA(p, square, 0x1.5555555555555p-2);
#endif
    return F(or_nan)(x, F(with_sign)(a < 1 ? FMA(cube, p, cube_low * p) : large, x));
}

// tanhshrink' = tanh^2. 3.35 / 3.4
INLINE T F(tanhshrink_slope)(T x)
{
    const T t = F(tanh)(x);
    return t * t;
}
