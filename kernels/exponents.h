// Exponents of two words, and what is made of them: celu, swish, quick_gelu, swiglu; and selu. e^z turns an
// error of z into as many times more ULP as z is large: what rounding has left of z is its low word.
// Rules and figures as in vmath.h; the figures hold at default parameters.

#if FLOAT
static const T F(reach) = 153;                     // e^153 / 2^up and e^-153 * 2^up are normal
static const T F(half_reach) = 131;                // the same of 2^half
static const T F(gate_scaled_from) = 80;
static const T F(selu_scale) = 0x1.0cfabep+0f, F(selu_saturation) = 0x1.c212ccp+0f;
static const T F(selu_saturation_low) = 0x1.903c0cp-26f;
static const T F(quick_high) = 0x1.b3b646p+0f, F(quick_low) = -0x1.78d4fep-26f;  // 1.702
static const T F(quick_vanishes) = 66;             // quick_gelu(-66) rounds to -0
#else
static const T F(reach) = 796;
static const T F(half_reach) = 1063;
static const T F(gate_scaled_from) = 700;
static const T F(selu_scale) = 0x1.0cfabd6a91132p+0, F(selu_saturation) = 0x1.c212cc640f030p+0;
static const T F(selu_saturation_low) = 0x1.092dbf6372048p-54;
static const T F(quick_high) = 1.702, F(quick_low) = 0;
static const T F(quick_vanishes) = 445;
#endif

// a*b - p, for p = a*b rounded: exact.
INLINE T F(product_low)(T a, T b, T p)
{
#if FLOAT || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return FMA(a, b, -p);
#else  // halves of 26 and 27 bits, whose products are exact
    const U upper = ~(U)0 << 27;
    const T a1 = F(value)(F(bits)(a) & upper), a2 = a - a1, b1 = F(value)(F(bits)(b) & upper), b2 = b - b1;
    return (a1 * b1 - p) + a1 * b2 + a2 * b1 + a2 * b2;
#endif
}

struct F(words) { T high, low; };

// b*x within +-reach, for x within what comes to that: 0*inf is 0. Of a scalar b that is computed once.
INLINE struct F(words) F(product)(T b, T x)
{
    const T bound = F(at_most)(F(largest), F(reach) / F(abs)(b));
    const T bounded = F(at_most)(bound, F(at_least)(-bound, x)), z = b * bounded;
    return (struct F(words)){F(or_nan)(x, z), F(product_low)(b, bounded, z)};
}

// x/a within +-half_reach, for x <= 0 or NaN, by the inverse, which of a scalar a is computed once; a
// subnormal a counts as a normal one. Beyond, the low word would be NaN for inf.
INLINE struct F(words) F(quotient)(T x, T a)
{
    const T b = F(with_sign)(F(max)(F(smallest_normal), F(abs)(a)), a), inverse = 1 / b;
    const T bounded = F(at_least)(-F(half_reach) * F(abs)(b), x), q = bounded * inverse;
    const T low = -F(product_low)(q, b, bounded) * inverse;
    const T z = F(at_most)(F(half_reach), F(at_least)(-F(half_reach), q));
    return (struct F(words)){F(or_nan)(x + a, z), F(pick)(z == q, low, 0)};
}

// x > 0 ? x : a*(e^(x/a) - 1). That is x already where rounding hides the difference, so x/a may vanish.
// A negative a makes the exponent positive, and is kept down by 2^half. 0.93 / 0.99
INLINE T F(celu)(T x, T a)
{
    const _Bool same = x >= -F(two_minus_scaled) * F(abs)(a), rising = a < 0;
    const struct F(words) z = F(quotient)(F(pick)(same, 0, x), a);
    const T bounded = F(at_least)(F(expm1_saturates), z.high), one = F(pick)(rising, F(two_minus_half), 1);
    const struct F(split) e = F(exp_split_of_sum)(bounded, z.low, F(pick)(rising, MAGIC(-F(half)), MAGIC(0)));
    const T y = a * FMA(e.y, e.scale, e.scale - one) * F(pick)(rising, F(two_half), 1);
    return F(pick)(same, x, F(or_nan)(z.high, y));
}

// celu' = x > 0 ? 1 : e^(x/a), scaled as F(exp) is. 0.96 / 0.91
INLINE T F(celu_slope)(T x, T a)
{
    const struct F(words) z = F(quotient)(F(pick)(x > 0, 0, x), a);
    const _Bool rising = a < 0;
    const T magic = F(pick)(rising, MAGIC(-F(half)), MAGIC(F(half)));
    const struct F(split) e = F(exp_split_of_sum)(z.high, z.low, magic);
    return FMA(e.y, e.scale, e.scale) * F(pick)(rising, F(two_half), F(two_minus_half));
}

// 1.82 / 2.0
INLINE T F(selu)(T x)
{
    const T y = F(pick)(x < 0, F(expm1_negative)(-F(abs)(x)), x);
    return y * F(pick)(x < 0, F(selu_saturation), F(selu_scale));
}

// selu' = x > 0 ? scale : saturation*e^x. 0.93 / 1.3
INLINE T F(selu_slope)(T x)
{
    return F(pick)(x > 0, F(selu_scale), F(times_exp)(F(selu_saturation), -F(abs)(x)));
}

// The same of y = selu(x): x > 0 ? scale : y + saturation. 0.79 / 0.6
INLINE T F(selu_slope_of_output)(T y)
{
    return F(pick)(y > 0, F(selu_scale), (y + F(selu_saturation)) + F(selu_saturation_low));
}

// 1 + e^-u = (sum + low)/one, -reach <= u: scaled in the tail, or its end would overflow.
struct F(gate) { T sum, low, one; };
INLINE struct F(gate) F(gate)(struct F(words) u)
{
    const T z = F(at_least)(-F(sigmoid_saturates), -u.high);
    const _Bool tail = z > F(gate_scaled_from);
    const T one = F(pick)(tail, F(two_down), 1);
    const struct F(split) e = F(exp_split_of_sum)(z, -u.low, F(pick)(tail, MAGIC(-F(up)), MAGIC(0)));
    const T sum = FMA(e.y, e.scale, e.scale + one);
    return (struct F(gate)){F(or_nan)(u.high, sum), FMA(e.y, e.scale, (e.scale - sum) + one), one};
}

// x, or a zero with its sign where u reaches -reach: what multiplies e^u there, however large it is.
INLINE T F(vanishing)(T x, struct F(words) u)
{
    return F(value)(F(bits)(x) & (F(sign) | -(U)!(u.high < 1 - F(reach))));
}

// a/(b + low) * c, for low much less than b: the product alone is rounded, with what the division leaves.
// Zeros and inf are as without that.
INLINE T F(quotient_times)(T a, T b, T low, T c)
{
    const T inverse = 1 / b, quotient = a * inverse;
    const T rest = FMA(-quotient, low, FMA(-quotient, b, a)), y = FMA(quotient, c, rest * c * inverse);
    return F(pick)(F(abs)(y) > 0, y, quotient * c);
}

// x/(1 + e^-bx). As silu: x enters before the result is rounded, once, into the subnormals. 1.9 / 1.7
INLINE T F(swish)(T x, T b)
{
    const struct F(words) u = F(product)(b, x);
    const struct F(gate) gate = F(gate)(u);
    return F(vanishing)(x, u) / gate.sum * gate.one;
}

// swish(x)*c. 1.7 / 1.7
INLINE T F(swiglu)(T x, T c, T b)
{
    const struct F(words) u = F(product)(b, x);
    const struct F(gate) gate = F(gate)(u);
    return F(quotient_times)(F(vanishing)(x, u), gate.sum, gate.low, c) * gate.one;
}

// 1.702x
INLINE struct F(words) F(quick)(T x)
{
    const T a = F(at_most)(F(quick_vanishes), F(at_least)(-F(quick_vanishes), x)), z = F(quick_high) * a;
    return (struct F(words)){F(or_nan)(x, z), FMA(F(quick_low), a, F(product_low)(F(quick_high), a, z))};
}

// x/(1 + e^-1.702x). 1.8 / 2.3
INLINE T F(quick_gelu)(T x)
{
    const struct F(gate) gate = F(gate)(F(quick)(x));
    return F(at_least)(-F(quick_vanishes), x) / gate.sum * gate.one;
}

// (x*sigmoid(z))' = sigmoid(z)*(1 + w*sigmoid(-z)), w = x*z', as numerator/(square + low) * 2^-up. Of silu z and
// w are x. 3.2 / 3.2; near its root 2^-26
struct F(ratio) { T numerator, square, low; };
INLINE struct F(ratio) F(gate_slope)(struct F(words) z, struct F(words) w)
{
    const T z_low = F(pick)(z.high < 0, z.low, -z.low);
    const struct F(split) s = F(exp_split_of_sum)(-F(abs)(z.high), z_low, MAGIC(F(up)));
    const T e = FMA(s.y, s.scale, s.scale);
    const T one = 1 + w.high, sum = FMA(e, F(two_down), one), low = FMA(e, F(two_down), one - sum) + w.low;
    const T above = FMA(e, one, F(two_up)), below = FMA(e, sum, e * low);
    const T plus = FMA(e, F(two_down), 1), rest = 2 * plus * FMA(e, F(two_down), 1 - plus);
    const T square = FMA(plus, plus, rest);
    return (struct F(ratio)){z.high < 0 ? below : above, square, FMA(plus, plus, -square) + rest};
}
INLINE T F(quick_gelu_slope)(T x)
{
    const struct F(words) z = F(quick)(x);
    const struct F(ratio) s = F(gate_slope)(z, z);
    return s.numerator / s.square * F(two_down);
}
INLINE T F(swish_slope)(T x, T b)
{
    const struct F(words) z = F(product)(b, x);
    const struct F(ratio) s = F(gate_slope)(z, z);
    return s.numerator / s.square * F(two_down);
}

// The same times c, which enters before the result is rounded into the subnormals.
INLINE T F(gate_slope_times)(struct F(words) z, struct F(words) w, T c)
{
    const struct F(ratio) s = F(gate_slope)(z, w);
    const _Bool tail = z.high < -F(gate_scaled_from);
    const T numerator = F(vanishing)(s.numerator, z) * F(pick)(tail, 1, F(two_down));
    return F(quotient_times)(numerator, s.square, s.low, c) * F(pick)(tail, F(two_down), 1);
}

// swish'(x)*c
INLINE T F(swiglu_slope)(T x, T c, T b)
{
    const struct F(words) z = F(product)(b, x);
    return F(gate_slope_times)(z, z, c);
}
