// Sigmoids and ramps without an exponential: softsign, squareplus. Rules and figures as in vmath.h.

#if FLOAT
static const T F(far) = 0x1p26f;               // 1 + far rounds to far
static const T F(square_large) = 0x1p62f, F(square_small) = 0x1p-40f;
static const T F(b_large) = 0x1p124f, F(b_small) = 0x1p-80f;
static const T F(root_up) = 0x1p100f, F(root_down) = 0x1p-100f;
INLINE T F(sqrt)(T x) { return __builtin_sqrtf(x); }
#else
static const T F(far) = 0x1p55;
static const T F(square_large) = 0x1p500, F(square_small) = 0x1p-320;
static const T F(b_large) = 0x1p1000, F(b_small) = 0x1p-640;
static const T F(root_up) = 0x1p800, F(root_down) = 0x1p-800;
INLINE T F(sqrt)(T x) { return __builtin_sqrt(x); }
#endif

// x/(1 + abs(x)). 1.5 / 1.5
INLINE T F(softsign)(T x)
{
    const T a = F(at_most)(F(far), F(abs)(x));
    return F(or_nan)(x, F(with_sign)(a / (1 + a), x));
}

// softsign' = 1/(1 + abs(x))^2. 3.5 / 3.5
INLINE T F(softsign_slope)(T x)
{
    const T r = 1 / (1 + F(abs)(x));
    return r * r;
}

// square = x^2 + b and its root, both scaled so that no square overflows, or vanishes where it counts.
struct F(hypotenuse) { T x, square, root, up, down; };
INLINE struct F(hypotenuse) F(hypotenuse)(T x, T b)
{
    const T a = F(abs)(x);
    const _Bool large = (a > F(square_large)) | (b > F(b_large));
    const _Bool small = (a < F(square_small)) & (b < F(b_small));
    const T up = F(pick)(large, F(root_down), F(pick)(small, F(root_up), 1));
    const T down = F(pick)(large, F(root_up), F(pick)(small, F(root_down), 1));
    const T scaled = x * up, square = FMA(scaled, scaled, b * up * up);
    return (struct F(hypotenuse)){scaled, square, F(max)(F(smallest_normal), F(sqrt)(square)), up, down};
}

// (x + r)/2, r = sqrt(x^2 + b); where x and r cancel, (b/2)/(r - x). The bound -0.6r balances their
// errors: 2.1 / 2.1
INLINE T F(squareplus)(T x, T b)
{
    const struct F(hypotenuse) h = F(hypotenuse)(x, b);
    const _Bool centre = h.x > (T)-0.6 * h.root;
    const T y = (T)0.5 * (h.root + F(pick)(centre, h.x, -h.x)) * h.down;
    return F(pick)(centre, y, (T)0.25 * b / y);
}

// squareplus' = 1/2 + x/2r; where these cancel, (b/2)/(r(r - x)).
INLINE T F(squareplus_slope)(T x, T b)
{
    const struct F(hypotenuse) h = F(hypotenuse)(F(at_most)(F(largest), F(at_least)(-F(largest), x)), b);
    const _Bool centre = h.x > (T)-0.6 * h.root;
    const T below = F(pick)(centre, h.root, FMA(h.root, -h.x, h.square));
    const T y = (T)0.5 * F(pick)(centre, h.x, b * h.up) / below;
    return F(or_nan)(x, F(pick)(centre, (T)0.5 + y, y * h.up));
}
