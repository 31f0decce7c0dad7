// sigmoid(a)*b and its derivatives for any b: a large one brings back what e^-abs(a) alone would lose. In the
// tail, where 1 + e^-abs(a) is 1, the exponential is kept in range by 2^-glu_far or 2^glu_far; that is taken
// back in two parts, one of them before the division: only the last product is subnormal.
// Rules and figures as in vmath.h.

#if FLOAT
static const T F(glu_vanishes) = 194, F(glu_tail_from) = -85;  // e^-194 times the largest number rounds to 0
enum { F(glu_far) = 160 };
static const T F(first_part) = 0x1p-64f, F(last_part) = 0x1p-96f;
#else
static const T F(glu_vanishes) = 1456, F(glu_tail_from) = -700;
enum { F(glu_far) = 1088 };
static const T F(first_part) = 0x1p-128, F(last_part) = 0x1p-960;
#endif

// b/(1 + e^-a), NaN for a = -inf and infinite b. 2.31 / 2.1
INLINE T F(sigmoid_glu)(T a, T b)
{
    const T z = F(at_most)(F(glu_vanishes), F(at_least)(-F(sigmoid_saturates), -a));
    const _Bool tail = a < F(glu_tail_from);
    const struct F(split) e = F(exp_split)(z, F(pick)(tail, MAGIC(-F(glu_far)), MAGIC(0)));
    const T sum = FMA(e.y, e.scale, e.scale + F(pick)(tail, 0, 1));
    const T y = b * F(pick)(tail, F(first_part), 1) / sum * F(pick)(tail, F(last_part), 1);
    return F(or_nan)(F(abs)(b) + F(min)(0, a), y);
}

// e^-abs(a), and beside 1; in the tail times 2^far, and 0; and the two parts.
struct F(glu_exp) { T e, beside_1, first, last; };
INLINE struct F(glu_exp) F(glu_exp)(T a)
{
    const T z = F(at_least)(-F(glu_vanishes), -F(abs)(a));
    const _Bool tail = z < F(glu_tail_from);
    const struct F(split) s = F(exp_split)(z, F(pick)(tail, MAGIC(F(glu_far)), MAGIC(0)));
    const T e = FMA(s.y, s.scale, s.scale), first = F(pick)(tail, F(first_part), 1);
    return (struct F(glu_exp)){e, F(pick)(tail, 0, e), first, F(pick)(tail, F(last_part), 1)};
}

// b*e/(1+e)^2, e = e^-abs(a); NaN for infinite a and b. 3.3 / 3.7
INLINE T F(sigmoid_glu_slope)(T a, T b)
{
    const struct F(glu_exp) s = F(glu_exp)(a);
    const T sum = 1 + s.beside_1, low = s.beside_1 - (sum - 1);
    const T y = b * s.first * s.e / FMA(sum, sum, 2 * sum * low) * s.last;
    return F(or_nan)(F(abs)(b) - F(abs)(a), y);
}

// sigmoid(a) from the exponential that the slope needs, too. 2.31 / 2.4
INLINE T F(glu_gate)(T a)
{
    const struct F(glu_exp) s = F(glu_exp)(a);
    const T top = F(pick)(a < 0, s.e * s.first, F(pick)(s.last < 1, 1 / F(last_part), 1));
    return F(or_nan)(a, top / (1 + s.beside_1) * s.last);
}
