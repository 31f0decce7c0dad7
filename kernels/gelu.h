// gelu(x) = x*Phi(x), its form with tanh, their derivatives, and the products of these with another operand.
//
// gelu is made of a tail of a = abs(x), kept times 2^up and so rounded into the subnormals once:
// x < 0 ? -tail : x - tail, and its derivative x < 0 ? -tail : 1 + tail. The tail of gelu is
// e^(-a^2/2) * q*N(q), q = a/(a + offset). That of gelu' is e^(-a^2/2) * (a - root)*R(q): a relative error
// next to its root, too, where a*phi(a) - Phi(-a) would cancel. q is less than 1 for all a; N lies between 0.4
// and 1.75, R between 0.4 and 0.67. Polynomials in q - centre: about 0 that of N would cancel for large a.
// Least squares in 50 digits of the relative error at the nodes of Chebyshev, each coefficient rounded before
// the next is fitted. N 2^-28.0 / 2^-57.6, R 2^-24.4 / 2^-57.5.

// Times 2^small a subnormal a keeps its digits; e^(-a^2/2) is times 2^(up - small) instead.
enum { F(small) = 56 };
static const T F(two_small) = 0x1p56, F(two_minus_small) = 0x1p-56;
#if FLOAT
static const T F(gelu_vanishes) = 14.7f;       // both tails round to 0
static const T F(gelu_offset) = 3, F(gelu_centre) = 0.25f;
static const T F(gelu_root) = 0x1.80ead2p-1f, F(gelu_root_low) = -0x1.a03fd4p-27f;
static const T F(gelu_tanh_vanishes) = 11;
// k = 2*sqrt(2/pi) in two words, the first of them short, and as it is; m = 0.044715*k
static const T F(gelu_k) = 0x1.988800p+0f, F(gelu_k_low) = -0x1.d6615ep-15f;
static const T F(gelu_m) = 0x1.2444f2p-4f, F(gelu_m_low) = 0x1.49b16ap-29f;
static const T F(gelu_3m) = 0x1.b6676cp-3f, F(gelu_whole_k) = 0x1.988454p+0f, F(gelu_whole_k_low) = -0x1.857936p-25f;
#else
static const T F(gelu_vanishes) = 38.7;
static const T F(gelu_offset) = 3.5, F(gelu_centre) = 0.5;
static const T F(gelu_root) = 0x1.80ead197f00b4p-1, F(gelu_root_low) = -0x1.13e74c58cada8p-56;
static const T F(gelu_tanh_vanishes) = 21.6;
static const T F(gelu_k) = 0x1.9884533d43800p+0, F(gelu_k_low) = -0x1.af72f034c3affp-44;
static const T F(gelu_m) = 0x1.2444f2a4d8b4bp-4, F(gelu_m_low) = -0x1.6c843a29d1c70p-61;
static const T F(gelu_3m) = 0x1.b6676bf7450f0p-3, F(gelu_whole_k) = 0x1.9884533d43651p+0, F(gelu_whole_k_low) = -0x1.cbc0d30ebfd15p-54;
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
    T p = 0x1.bd1434p-5f;
    p = FMA(p, t, -0x1.1c9830p-4f);
    p = FMA(p, t, -0x1.e0623ap-5f);
    p = FMA(p, t, 0x1.46a40cp-5f);
    p = FMA(p, t, 0x1.28ef38p-3f);
    p = FMA(p, t, 0x1.9ea010p-6f);
    p = FMA(p, t, -0x1.57003cp-2f);
    p = FMA(p, t, -0x1.b00cf0p-4f);
    p = FMA(p, t, 0x1.1caebap+0f);
    p = FMA(p, t, -0x1.890c8ap+0f);
    p = FMA(p, t, 0x1.0bdb2ep+0f);
#else
    T p = 0x1.a08bf4df40999p-7;
    p = FMA(p, t, 0x1.5488aaac60bb2p-6);
    p = FMA(p, t, -0x1.0f2eac2a3b16dp-7);
    p = FMA(p, t, -0x1.397ec0af84b55p-5);
    p = FMA(p, t, -0x1.018e7fccff856p-6);
    p = FMA(p, t, 0x1.0a93cd0d225d2p-5);
    p = FMA(p, t, 0x1.3bfa2a12e2711p-5);
    p = FMA(p, t, -0x1.33df85224c471p-7);
    p = FMA(p, t, -0x1.8d09a9e8730e6p-5);
    p = FMA(p, t, -0x1.38b896973118ep-6);
    p = FMA(p, t, 0x1.7b4a7b66a8922p-5);
    p = FMA(p, t, 0x1.82193f032e712p-5);
    p = FMA(p, t, -0x1.3b39a7c2aa500p-5);
    p = FMA(p, t, -0x1.3d066b70ba2b7p-4);
    p = FMA(p, t, 0x1.192862052c8ecp-5);
    p = FMA(p, t, 0x1.f3cfaacf846d6p-4);
    p = FMA(p, t, -0x1.d2a1410fc439cp-5);
    p = FMA(p, t, -0x1.a200796a5b3b3p-3);
    p = FMA(p, t, 0x1.a86cec766c9a8p-3);
    p = FMA(p, t, 0x1.1d35bdee16a24p-2);
    p = FMA(p, t, -0x1.db5837f7f5555p-1);
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
    T p = 0x1.14ae2cp-7f;
    p = FMA(p, t, -0x1.104f8cp-6f);
    p = FMA(p, t, -0x1.30d86cp-9f);
    p = FMA(p, t, 0x1.034d5ap-6f);
    p = FMA(p, t, 0x1.95e2ecp-6f);
    p = FMA(p, t, -0x1.353742p-5f);
    p = FMA(p, t, -0x1.81f86ep-4f);
    p = FMA(p, t, 0x1.2da05ap-2f);
    p = FMA(p, t, -0x1.78980cp-2f);
    p = FMA(p, t, 0x1.1b5a1cp-1f);
#else
    T p = 0x1.58d8720ffdb48p-11;
    p = FMA(p, t, 0x1.78e28f8318eb5p-11);
    p = FMA(p, t, -0x1.1150784d062bdp-10);
    p = FMA(p, t, -0x1.e34fb0dc37b64p-10);
    p = FMA(p, t, 0x1.342a6671bd057p-12);
    p = FMA(p, t, 0x1.40cdeb9c0a8ffp-9);
    p = FMA(p, t, 0x1.3e1f4126af0b3p-10);
    p = FMA(p, t, -0x1.1dfda615203aep-9);
    p = FMA(p, t, -0x1.791f145d55d52p-9);
    p = FMA(p, t, 0x1.38456747bf336p-10);
    p = FMA(p, t, 0x1.2cd39de3074b2p-8);
    p = FMA(p, t, 0x1.64db36edad094p-12);
    p = FMA(p, t, -0x1.c8d91649055f8p-8);
    p = FMA(p, t, -0x1.32c262d789f84p-9);
    p = FMA(p, t, 0x1.9002f7ac6c0c1p-7);
    p = FMA(p, t, 0x1.fe31d694780f4p-9);
    p = FMA(p, t, -0x1.c9cfc339c11a0p-6);
    p = FMA(p, t, 0x1.f69998d920a2ap-8);
    p = FMA(p, t, 0x1.33ca4c98df02cp-4);
    p = FMA(p, t, -0x1.68ba393cc35d1p-3);
    p = FMA(p, t, 0x1.ddd47918a9746p-3);
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

// (base - tail)*c: the product alone is rounded. Where both are small they are kept times 2^up until then. Zeros
// and inf are as without that.
INLINE T F(less_tail_times)(T base, struct F(tail) tail, T c)
{
    const T sum = tail.low + tail.high, low = ((tail.high - sum) + tail.low) * tail.scale, high = sum * tail.scale;
    const _Bool deep = (base < F(two_minus_small)) & (F(abs)(high) < F(two_up) * F(two_minus_small));
    const T b = base * F(pick)(deep, F(two_up), 1), in = F(pick)(deep, 1, F(two_down));
    const T y = FMA(-high, in, b), y_low = FMA(-high, in, b - y) - low * in;
    const T result = FMA(y, c, y_low * c);
    return F(pick)(F(abs)(result) > 0, result, y * c) * F(pick)(deep, F(two_down), 1);
}

// gelu(x)*c. 3.1 / 2.7
INLINE T F(geglu)(T x, T c)
{
    return F(or_nan)(x, F(less_tail_times)(F(at_least)(-(T)0, x), F(gelu_tail)(x), c));
}

// gelu'(x)*c. 3.2 / 2.7
INLINE T F(geglu_slope)(T x, T c)
{
    struct F(tail) tail = F(gelu_slope_tail)(x);
    tail.scale = F(pick)(x < 0, tail.scale, -tail.scale);
    return F(or_nan)(x, F(less_tail_times)(F(pick)(x < 0, -(T)0, 1), tail, c));
}

// z = k*x + m*x^3, whose sigmoid is the gate. The sum less k, which is short, is exact.
INLINE struct F(words) F(gelu_tanh_gate)(T x)
{
    const T v = F(gelu_tanh_vanishes), a = F(at_most)(v, F(at_least)(-v, x));
    const T square = a * a, square_low = F(product_low)(a, a, square);
    const T cubic = square * F(gelu_m), cubic_low = F(product_low)(square, F(gelu_m), cubic);
    const T sum = F(gelu_k) + cubic, rest = (cubic - (sum - F(gelu_k))) + (cubic_low + F(gelu_k_low));
    const T low = FMA(square_low, F(gelu_m), FMA(square, F(gelu_m_low), rest)), z = a * sum;
    return (struct F(words)){F(or_nan)(x, z), FMA(a, low, F(product_low)(a, sum, z))};
}

// x*z' = k*x + 3*m*x^3
INLINE struct F(words) F(gelu_tanh_rise)(T x)
{
    const T v = F(gelu_tanh_vanishes), a = F(at_most)(v, F(at_least)(-v, x)), square = a * a;
    const T sum = FMA(square, F(gelu_3m), F(gelu_whole_k));
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
    const struct F(gate) gate = F(gate)(F(gelu_tanh_gate)(x));
    return F(quotient_times)(F(at_least)(-F(gelu_tanh_vanishes), x), gate.sum, gate.low, c) * gate.one;
}

// 3.4 / 3.7; next to the root 2^-25.2 / 2^-54.1 absolute
INLINE T F(gelu_tanh_slope)(T x)
{
    const struct F(ratio) s = F(gate_slope)(F(gelu_tanh_gate)(x), F(gelu_tanh_rise)(x));
    return s.numerator / s.square * F(two_down);
}

// gelu_tanh'(x)*c. 3.3 / 2.7
INLINE T F(geglu_tanh_slope)(T x, T c)
{
    return F(gate_slope_times)(F(gelu_tanh_gate)(x), F(gelu_tanh_rise)(x), c);
}
