// gelu(x) = x*Phi(x), its form with tanh, their derivatives, and the products of these with another operand.
//
// gelu is made of a tail of a = abs(x), kept times 2^up and so rounded into the subnormals once:
// x < 0 ? -tail : x - tail, and its derivative x < 0 ? -tail : 1 + tail. The tail of gelu is
// e^(-a^2/2) * q*N(q), q = a/(a + offset). That of gelu' is e^(-a^2/2) * (a - root)*R(q): a relative error
// next to its root, too, where a*phi(a) - Phi(-a) would cancel. q is less than 1 for all a; N lies between
// 0.4 and 1.75, R between 0.4 and 0.67. Polynomials in q - centre: about 0 that of N would cancel for large
// a. Least squares in 50 digits of the relative error at the nodes of Chebyshev, each coefficient rounded
// before the next is fitted; the first of R in double was then moved by 3e-7 of it, so that gelu'(0) is 1/2.
// N 2^-28.0 / 2^-57.6, R 2^-24.4 / 2^-54.

// Times 2^small a subnormal a keeps its digits; e^(-a^2/2) is times 2^(up - small) instead.
// k = 2*sqrt(2/pi), its first word short or whole; m = 0.044715*k.
#if FLOAT
enum { F(small) = 32 };
static const T F(two_small) = 0x1p32f, F(two_minus_small) = 0x1p-32f;
static const T F(gelu_vanishes) = 16.2f;           // there e^(-a^2/2) * 2^(up - small) is normal
static const T F(gelu_tanh_vanishes) = 12.29f;  // where the gate is cut off: z reaches -reach
static const T F(gelu_offset) = 3, F(gelu_centre) = 0.25f;
static const T F(gelu_root) = 0x1.80ead2p-1f, F(gelu_root_low) = -0x1.a03fd4p-27f;
static const T F(gelu_k) = 0x1.988800p+0f, F(gelu_k_low) = -0x1.d6615ep-15f;
static const T F(gelu_whole_k) = 0x1.988454p+0f, F(gelu_whole_k_low) = -0x1.857936p-25f;
static const T F(gelu_m) = 0x1.2444f2p-4f, F(gelu_m_low) = 0x1.49b16ap-29f;
static const T F(gelu_3m) = 0x1.b6676cp-3f;
#else
enum { F(small) = 52 };
static const T F(two_small) = 0x1p52, F(two_minus_small) = 0x1p-52;
static const T F(gelu_vanishes) = 39;
static const T F(gelu_tanh_vanishes) = 22.008;
static const T F(gelu_offset) = 3.5, F(gelu_centre) = 0.5;
static const T F(gelu_root) = 0x1.80ead197f00b4p-1, F(gelu_root_low) = -0x1.13e74c58cada8p-56;
static const T F(gelu_k) = 0x1.9884533d43800p+0, F(gelu_k_low) = -0x1.af72f034c3affp-44;
static const T F(gelu_whole_k) = 0x1.9884533d43651p+0, F(gelu_whole_k_low) = -0x1.cbc0d30ebfd15p-54;
static const T F(gelu_m) = 0x1.2444f2a4d8b4bp-4, F(gelu_m_low) = -0x1.6c843a29d1c70p-61;
static const T F(gelu_3m) = 0x1.b6676bf7450f0p-3;
#endif

// The tail is (high + low)*scale.
struct F(tail) { T high, low, scale; };

// u*v*e^(-a^2/2): the product and the square in two words.
INLINE struct F(tail) F(times_gauss)(T u, T v, T a)
{
    const T half = a * (T)-0.5, z = half * a;
    const struct F(split) e = F(exp_split_of_sum)(z, F(product_low)(half, a, z), MAGIC(F(up) - F(small)));
    const T high = u * v;
    return (struct F(tail)){high, FMA(high, e.y, F(product_low)(u, v, high)), e.scale};
}

INLINE struct F(tail) F(gelu_tail)(T x)
{
    const T a = F(at_most)(F(gelu_vanishes), F(abs)(x)), q = a * F(two_small) / (a + F(gelu_offset));
    const T t = FMA(q, F(two_minus_small), -F(gelu_centre));
#if FLOAT
    T p = 0x1.be212ep-5f;
    p = FMA(p, t, -0x1.1d6c5ep-4f);
    p = FMA(p, t, -0x1.df9a8ap-5f);
    p = FMA(p, t, 0x1.46a3dep-5f);
    p = FMA(p, t, 0x1.28e9f2p-3f);
    p = FMA(p, t, 0x1.9ea650p-6f);
    p = FMA(p, t, -0x1.57002cp-2f);
    p = FMA(p, t, -0x1.b00cfcp-4f);
    p = FMA(p, t, 0x1.1caebap+0f);
    p = FMA(p, t, -0x1.890c8ap+0f);
    p = FMA(p, t, 0x1.0bdb2ep+0f);
#else
    T p = 0x1.9fbe4ebcd0f34p-7;
    p = FMA(p, t, 0x1.541d9b408013ep-6);
    p = FMA(p, t, -0x1.0eab0c2d305b0p-7);
    p = FMA(p, t, -0x1.394e8b397bdd8p-5);
    p = FMA(p, t, -0x1.019ab0a23dc36p-6);
    p = FMA(p, t, 0x1.0a81233d1826cp-5);
    p = FMA(p, t, 0x1.3bf99bbdec98cp-5);
    p = FMA(p, t, -0x1.33cf4894bc8a6p-7);
    p = FMA(p, t, -0x1.8d0940f7ef629p-5);
    p = FMA(p, t, -0x1.38b9acf63d5b3p-6);
    p = FMA(p, t, 0x1.7b4a687570e35p-5);
    p = FMA(p, t, 0x1.82194ad69d6bfp-5);
    p = FMA(p, t, -0x1.3b39a5f969698p-5);
    p = FMA(p, t, -0x1.3d066bc193d6bp-4);
    p = FMA(p, t, 0x1.192861ec881b7p-5);
    p = FMA(p, t, 0x1.f3cfaad21a3e0p-4);
    p = FMA(p, t, -0x1.d2a1410f0661fp-5);
    p = FMA(p, t, -0x1.a200796a60e05p-3);
    p = FMA(p, t, 0x1.a86cec766be42p-3);
    p = FMA(p, t, 0x1.1d35bdee16a72p-2);
    p = FMA(p, t, -0x1.db5837f7f5551p-1);
    p = FMA(p, t, 0x1.42fec3680acabp+0);
    p = FMA(p, t, -0x1.2191517fa27b8p+0);
    p = FMA(p, t, 0x1.7d241a953a614p-1);
#endif
    return F(times_gauss)(q, p, a);
}

INLINE struct F(tail) F(gelu_slope_tail)(T x)
{
    const T a = F(at_most)(F(gelu_vanishes), F(abs)(x)), q = a * F(two_small) / (a + F(gelu_offset));
    const T t = FMA(q, F(two_minus_small), -F(gelu_centre));
#if FLOAT
    T p = 0x1.14ddd8p-7f;
    p = FMA(p, t, -0x1.106d9ep-6f);
    p = FMA(p, t, -0x1.3093d4p-9f);
    p = FMA(p, t, 0x1.034fb6p-6f);
    p = FMA(p, t, 0x1.95e1cep-6f);
    p = FMA(p, t, -0x1.353746p-5f);
    p = FMA(p, t, -0x1.81f86cp-4f);
    p = FMA(p, t, 0x1.2da05ap-2f);
    p = FMA(p, t, -0x1.78980cp-2f);
    p = FMA(p, t, 0x1.1b5a1cp-1f);
#else
    T p = 0x1.59d7c8b7c4034p-11;
    p = FMA(p, t, 0x1.7a04e206509ecp-11);
    p = FMA(p, t, -0x1.11920d9eaea76p-10);
    p = FMA(p, t, -0x1.e3caf37b62267p-10);
    p = FMA(p, t, 0x1.3434d3cbe635cp-12);
    p = FMA(p, t, 0x1.40e433aecb0cbp-9);
    p = FMA(p, t, 0x1.3e24ad218cc8cp-10);
    p = FMA(p, t, -0x1.1e021f13225a6p-9);
    p = FMA(p, t, -0x1.791fefe8e07dfp-9);
    p = FMA(p, t, 0x1.38467e4363037p-10);
    p = FMA(p, t, 0x1.2cd3ae0be9fa3p-8);
    p = FMA(p, t, 0x1.64dae241531b5p-12);
    p = FMA(p, t, -0x1.c8d917a2c7a05p-8);
    p = FMA(p, t, -0x1.32c2625945c29p-9);
    p = FMA(p, t, 0x1.9002f7b4de427p-7);
    p = FMA(p, t, 0x1.fe31d6910d39fp-9);
    p = FMA(p, t, -0x1.c9cfc339deb37p-6);
    p = FMA(p, t, 0x1.f69998d926b22p-8);
    p = FMA(p, t, 0x1.33ca4c98df1c7p-4);
    p = FMA(p, t, -0x1.68ba393cc35d5p-3);
    p = FMA(p, t, 0x1.ddd47918a9745p-3);
    p = FMA(p, t, -0x1.c7f3df76f39cep-3);
    p = FMA(p, t, 0x1.e0a507a924780p-2);
#endif
    return F(times_gauss)(((a - F(gelu_root)) - F(gelu_root_low)) * F(two_small), p, a);
}

// 2.9 / 2.8. -0.0 and the limit at -inf are -0.0.
INLINE T F(gelu)(T x)
{
    const struct F(tail) tail = F(gelu_tail)(x);
    return F(or_nan)(x, F(at_least)(-(T)0, x) - F(down)((tail.low + tail.high) * tail.scale));
}

// 3.0 / 2.4; next to the root 2^-25.8 / 2^-54.5 absolute. The tail is negative only where it is far from
// subnormal: down() leaves it its sign.
INLINE T F(gelu_slope)(T x)
{
    const struct F(tail) tail = F(gelu_slope_tail)(x);
    const T t = F(down)((tail.low + tail.high) * tail.scale);
    return F(or_nan)(x, F(pick)(x < 0, -t, 1 + t));
}

// (base - tail)*c: the product alone is rounded. Where both are less than 2^-up/16 they are kept times 2^up
// until then, which overflows for no c. Zeros and inf are as without that; from where the tail vanishes it is 0.
INLINE T F(less_tail_times)(T x, T base, struct F(tail) tail, T c)
{
    const T scale = F(pick)(F(abs)(x) < F(gelu_vanishes), tail.scale, 0);
    const T sum = tail.low + tail.high, high = sum * scale, low = ((tail.high - sum) + tail.low) * scale;
    const T tiny = F(two_down) / 16, raised = F(at_most)(tiny, base) * F(two_up);
    const _Bool deep = (base < tiny) & (F(abs)(high) < tiny * F(two_up));
    const T b = F(pick)(deep, raised, base), in = F(pick)(deep, 1, F(two_down));
    const T y = FMA(-high, in, b), y_low = FMA(-high, in, b - y) - low * in;
    const T result = FMA(y, c, y_low * c);
    return F(or_nan)(x, F(pick)(F(abs)(result) > 0, result, y * c) * F(pick)(deep, F(two_down), 1));
}

// gelu(x)*c. 3.1 / 2.7
INLINE T F(geglu)(T x, T c)
{
    return F(less_tail_times)(x, F(at_least)(-(T)0, x), F(gelu_tail)(x), c);
}

// gelu'(x)*c. 3.2 / 2.7
INLINE T F(geglu_slope)(T x, T c)
{
    struct F(tail) tail = F(gelu_slope_tail)(x);
    tail.scale = F(pick)(x < 0, tail.scale, -tail.scale);
    return F(less_tail_times)(x, F(pick)(x < 0, -(T)0, 1), tail, c);
}

// z = k*x + m*x^3, whose sigmoid is the gate. The sum less k, which is short, is exact.
INLINE struct F(words) F(gelu_tanh_gate)(T x)
{
    const T limit = F(gelu_tanh_vanishes), a = F(at_most)(limit, F(at_least)(-limit, x));
    const T square = a * a, square_low = F(product_low)(a, a, square);
    const T cubic = square * F(gelu_m), cubic_low = F(product_low)(square, F(gelu_m), cubic);
    const T sum = F(gelu_k) + cubic, rest = (cubic - (sum - F(gelu_k))) + (cubic_low + F(gelu_k_low));
    const T low = FMA(square_low, F(gelu_m), FMA(square, F(gelu_m_low), rest)), z = a * sum;
    return (struct F(words)){F(or_nan)(x, z), FMA(a, low, F(product_low)(a, sum, z))};
}

// x*z' = k*x + 3*m*x^3
INLINE struct F(words) F(gelu_tanh_rise)(T x)
{
    const T limit = F(gelu_tanh_vanishes), a = F(at_most)(limit, F(at_least)(-limit, x));
    const T square = a * a, sum = FMA(square, F(gelu_3m), F(gelu_whole_k));
    const T rest = FMA(square, F(gelu_3m), F(gelu_whole_k) - sum) + F(gelu_whole_k_low);
    const T low = FMA(F(product_low)(a, a, square), F(gelu_3m), rest), w = a * sum;
    return (struct F(words)){w, FMA(a, low, F(product_low)(a, sum, w))};
}

// x*sigmoid(z). 2.5 / 2.1
INLINE T F(gelu_tanh)(T x)
{
    const struct F(gate) gate = F(gate)(F(gelu_tanh_gate)(x));
    return F(at_least)(-F(gelu_tanh_vanishes), x) / gate.sum * gate.one;
}

// gelu_tanh(x)*c. 1.4 / 1.3
INLINE T F(geglu_tanh)(T x, T c)
{
    const struct F(words) z = F(gelu_tanh_gate)(x);
    const struct F(gate) gate = F(gate)(z);
    return F(quotient_times)(F(vanishing)(x, z), gate.sum, gate.low, c) * gate.one;
}

// 3.4 / 3.7; next to the root 2^-25.2 / 2^-54.1 absolute
INLINE T F(gelu_tanh_slope)(T x)
{
    const struct F(words) z = F(gelu_tanh_gate)(x);
    const struct F(ratio) s = F(gate_slope)(z, F(gelu_tanh_rise)(x));
    return s.numerator / s.square * F(two_down);
}

// gelu_tanh'(x)*c. 3.3 / 2.7
INLINE T F(geglu_tanh_slope)(T x, T c)
{
    return F(gate_slope_times)(F(gelu_tanh_gate)(x), F(gelu_tanh_rise)(x), c);
}
