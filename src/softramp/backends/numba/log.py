"""Softplus and its like, logit, mish, tanhshrink: kernels/log.h in Python, operation by operation.

The reasons for the formulas and their errors stand there.
"""

from __future__ import annotations

import math

import numpy as np

from softramp.backends.numba.exponents import product_low
from softramp.backends.numba.intrinsics import at_least, at_most, bits, fma
from softramp.backends.numba.math import (
    T, U, coefficients, constant, exp_split, expm1_coefficients, expm1_saturates, grid, highest, largest,
    ln2_high, ln2_low, log2e, lowest, magic, mantissa, polynomial, scaled, sigmoid_saturates,
    silu_vanishes, smallest_normal, subnormal_up, tanh_saturates, to_grid, two_minus_scaled, up)
from softramp.backends.numba.pairs import pair
from softramp.backends.numba.target import has_fma

ln2_short = constant("0x1.62e4p-1", "0x1.62e42feep-1")  # n*ln2_short is exact
ln2_rest = constant("0x1.7f7d1cp-20", "0x1.a39ef35793c76p-33")
scaled_from = pair(np.float32(87), np.float64(700))  # e^-87 is normal; up*e^-87 is nothing beside 1
exp_is_0 = pair(np.float32(154.572), np.float64(797.8124))  # n + up there is what makes a scale of 0
mish_is_x = pair(np.float32(13), np.float64(22))
up_bits = pair(np.uint32(96 << 23), np.uint64(128 << 52))

below_1 = constant("0x1.fffffep-1", "0x1.fffffffffffffp-1")
normalise = constant("0x1p24", "0x1p53")
normalised = pair(np.float32(24), np.float64(53))
positive = pair(np.float32(128), np.float64(1024))  # keeps the exponents of logit above 0
positive_bits = pair(np.uint32(128 << 23), np.uint64(1024 << 52))
half_bits = pair(np.uint32(1 << 22), np.uint64(1 << 51))

log1p_coefficients = coefficients(
    ["-0x1.af49cep-9", "0x1.4917cep-6", "-0x1.d6b08cp-5", "0x1.b4ae08p-4", "-0x1.3a435ep-3",
     "0x1.934b54p-3", "-0x1.ff23e6p-3", "0x1.554dd0p-2", "-0x1.ffffd2p-2"], [])
log1p_low = coefficients(
    [], ["0x1.c716c84fc063fp-4", "-0x1.ffff6260f5970p-4", "0x1.2492430c8c061p-3", "-0x1.5555550459f81p-3",
         "0x1.999999970365cp-3", "-0x1.fffffffff4bedp-3", "0x1.55555555554b9p-2", "-0x1.0000000000000p-1"])
log1p_middle = coefficients(
    [], ["0x1.9467cbf5e4b32p-6", "-0x1.40832de4ea7f0p-5", "0x1.b401d10b0a3fbp-5", "-0x1.0a677de2654e4p-4",
         "0x1.30f090840e956p-4", "-0x1.522c60f86b9c8p-4", "0x1.7395166f619e2p-4", "-0x1.99730ed878462p-4"])
log1p_high = coefficients(
    [], ["-0x1.80d9a3ccbf91fp-16", "0x1.162ed8469e3cap-12", "-0x1.7dec9249c0d60p-10",
         "0x1.4cfe8d6ef2506p-8", "-0x1.a1350510338a4p-7"])
atanh_coefficients = coefficients(
    ["0x1.e865eap-3", "0x1.241f5cp-2", "0x1.999a96p-2", "0x1.555556p-1"],
    ["0x1.1930ffd47cf23p-3", "0x1.0e33cf2d30faep-3", "0x1.3b2e7232f5acap-3", "0x1.745c8db3591d4p-3",
     "0x1.c71c734603f0bp-3", "0x1.249249238d222p-2", "0x1.999999999a212p-2", "0x1.5555555555555p-1"])
tanhshrink_coefficients = coefficients(
    ["-0x1.b4decap-13", "0x1.2fa9d0p-10", "-0x1.cfe2fap-9", "0x1.24b3d0p-7", "-0x1.670fdep-6",
     "0x1.ba3142p-5", "-0x1.11117cp-3", "0x1.555556p-2"],
    ["-0x1.b028f6cb72ebfp-26", "0x1.1ab979c0ab58cp-22", "-0x1.7238a0a7e22b6p-20", "0x1.4eb911dcd9788p-18",
     "-0x1.ea19b73b128d8p-17", "0x1.42090e21d3d28p-15", "-0x1.94981e5bdbe6fp-14", "0x1.f5211730ee038p-13",
     "-0x1.3551ae34bdfffp-11", "0x1.7da2bdc3daa27p-10", "-0x1.d6d3c538d0bbep-9", "0x1.226e3519865dfp-7",
     "-0x1.664f4880d2a47p-6", "0x1.ba1ba1ba1453ep-5", "-0x1.11111111110b9p-3", "0x1.5555555555555p-2"])


def _product_plus_in_two_words(a, b, c):
    p = a * b
    return (p + c) + product_low(a, b, p)


# a*b + c, rounded once, where c is 0 or near -a*b.
product_plus = pair(fma, fma if has_fma() else _product_plus_in_two_words)


def exp_split_of_product(a, b, bias):
    """e^ab * 2^k = y*scale + scale, for bias = magic + k, of the exact product."""
    t = fma(a, b * log2e, bias)
    n = t - bias
    r = fma(n, -ln2_rest, product_plus(a, b, n * -ln2_short))
    return fma(r * r, polynomial(r, expm1_coefficients), r), bits(U(bits(t) << mantissa))


def down_if(tail, v):
    """v * 2^-up in a tail, else v, rounded once, for v >= 0."""
    u, edge = bits(v), bits(subnormal_up)
    low = at_most(u, edge)
    tiny = U(bits(fma(bits(low), to_grid, grid)) - bits(grid))
    normal = U(u - (up_bits if tail else U(0)))
    return bits(tiny if tail & (u <= edge) else normal)


def _log1p_float32(t):
    return fma(t * t, polynomial(t, log1p_coefficients), t)


def _log1p_float64(t):
    square = t * t
    fourth = square * square
    eighth = fourth * fourth
    w = fma(polynomial(t, log1p_high), eighth, polynomial(t, log1p_middle))
    return fma(square, fma(w, eighth, polynomial(t, log1p_low)), t)


log1p = pair(_log1p_float32, _log1p_float64)  # of 0 <= t <= 1


def over(limit, inverse):
    return at_most(limit * inverse, largest)


def softplus(x, beta):
    inverse = T(1) / beta
    a = at_most(abs(x), over(exp_is_0, inverse))
    tail = a > scaled_from * inverse
    y, scale = exp_split_of_product(a, -beta, magic + up if tail else magic)
    return (T(0) if x < T(0) else x) + down_if(tail, log1p(fma(y, scale, scale)) * inverse)


def softplus_slope(x, beta):
    inverse = T(1) / beta
    a = at_most(at_least(x, -over(silu_vanishes, inverse)), over(sigmoid_saturates, inverse))
    y, scale = exp_split_of_product(a, -beta, magic - scaled)
    return two_minus_scaled / fma(y, scale, scale + two_minus_scaled)


def softplus_slope_of_output(y, beta):
    z = at_most(at_least(-(beta * y), expm1_saturates), highest)
    e, scale = exp_split(z, magic - T(1))
    return T(0) - T(2) * fma(e, scale, scale - T(0.5))


def mish(x):
    z = at_most(at_least(x, lowest), mish_is_x)
    tail = z < -scaled_from
    y, scale = exp_split(z, magic + up if tail else magic)
    e = fma(y, scale, scale)
    twice = e + e
    n = fma(e, e, twice)
    n_low = fma(e, e, twice - n)
    total = n + T(2)
    total_low = (n - (total - T(2))) + n_low
    top = z * n
    top_low = fma(z, n_low, product_low(z, n, top))
    inverse = T(1) / total
    q = top * inverse
    rest = fma(-q, total_low, top_low) + product_plus(-q, total, top)
    size = down_if(tail, abs(fma(rest, inverse, q)))
    return math.copysign(size, x) if x <= mish_is_x else x


def mish_slope(x):
    z = at_most(at_least(x, lowest), mish_is_x)
    tail = z < -scaled_from
    y, scale = exp_split(z, magic + up if tail else magic)
    e = fma(y, scale, scale)
    d = fma(e, e + T(2), T(2))
    d_low = fma(e, e + T(2), T(2) - d)
    square = d * d
    square_low = fma(T(2) * d, d_low, product_low(d, d, square))
    p = fma(e, fma(e, e + T(4), fma(T(4), z, T(6))), T(4) * (T(1) + z))
    below, above = fma(p, y, p) * scale, fma(T(4) * z * (T(1) + e), e, T(-2) * d)
    top = below if z < T(0) else above
    inverse = T(1) / square
    q = top * inverse
    ratio = fma(fma(-q, square_low, product_plus(-q, square, top)), inverse, q)
    return math.copysign(down_if(tail, abs(ratio)), ratio) if z < T(0) else ratio + T(1)


def logit(x):
    a = at_most(abs(x), below_1)
    subnormal = a < smallest_normal
    w, d = a * (normalise if subnormal else T(1)), T(1) - a
    d_low = (T(1) - d) - a
    exponent = U(U(bits(w) - bits(d) + positive_bits + half_bits) >> mantissa)  # k + positive
    m = bits(U(bits(w) - (exponent << mantissa) + positive_bits))
    zero = grid + positive
    k = bits(U(bits(grid) + exponent)) - (zero + normalised if subnormal else zero)
    top, total = (m - d) - d_low, (m + d) + d_low
    inverse = T(1) / total
    s = top * inverse
    s_low = fma(-s, total, top) * inverse
    square = s * s
    rest = fma(s * square, polynomial(square, atanh_coefficients), fma(k, ln2_low, T(2) * s_low))
    edge = -T(np.inf) if x == T(0) else T(np.inf) if x == T(1) else T(np.nan)
    return fma(k, ln2_high, T(2) * s + rest) if (x > T(0)) & (x < T(1)) else edge


def logit_slope(x):
    inside = x if (x >= T(0)) & (x <= T(1)) else T(np.nan)
    return T(1) / abs(inside * (T(1) - inside))


def tanhshrink(x):
    a = abs(x)
    b = at_most(a, T(1))
    square = b * b
    cube = b * square
    cube_low = fma(b, product_low(b, b, square), product_low(b, square, cube))
    y, scale = exp_split(T(2) * at_most(a, tanh_saturates), magic)
    large = (a - T(1)) + T(2) / fma(y, scale, scale + T(1))
    p = polynomial(square, tanhshrink_coefficients)
    return math.copysign(fma(cube, p, cube_low * p) if a < T(1) else large, x)
