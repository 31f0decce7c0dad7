"""Exponents of two words: kernels/exponents.h in Python."""

from __future__ import annotations

import math

import numpy as np

from softramp.backends.numba import target
from softramp.backends.numba.intrinsics import at_least, at_most, bits, fma
from softramp.backends.numba.math import (
    T, constant, exp_split_of_sum, largest, magic, sigmoid_saturates, smallest_normal, two_down, two_up,
    up)
from softramp.backends.numba.pairs import pair

reach = pair(np.float32(153), np.float64(796))  # e^reach / 2^up and e^-reach * 2^up are normal
half_reach = pair(np.float32(131), np.float64(1063))  # the same of 2^half
gate_scaled_from = pair(np.float32(80), np.float64(700))
selu_scale = constant("0x1.0cfabep+0", "0x1.0cfabd6a91132p+0")
selu_saturation = constant("0x1.c212ccp+0", "0x1.c212cc640f030p+0")
selu_saturation_low = constant("0x1.903c0cp-26", "0x1.092dbf6372048p-54")
quick_high = constant("0x1.b3b646p+0", "0x1.b3b645a1cac08p+0")  # 1.702
quick_low = constant("-0x1.78d4fep-26", "0x0p+0")
quick_vanishes = pair(np.float32(66), np.float64(445))
upper_half = pair(None, np.uint64(2**64 - 2**27))


def _product_low_fused(a, b, p):
    return fma(a, b, -p)


def _product_low_in_halves(a, b, p):
    a1, b1 = bits(bits(a) & upper_half), bits(bits(b) & upper_half)
    a2, b2 = a - a1, b - b1
    return (a1 * b1 - p) + a1 * b2 + a2 * b1 + a2 * b2


# a*b - p, for p = a*b rounded: exact.
product_low = pair(_product_low_fused, _product_low_fused if target.has_fma() else _product_low_in_halves)


def product(b, x):
    """b*x within +-reach, in two words."""
    bound = at_most(reach / abs(b), largest)
    bounded = at_most(at_least(x, -bound), bound)
    z = b * bounded
    return z, product_low(b, bounded, z)


def quotient(x, a):
    """x/a within +-half_reach, in two words, for x <= 0."""
    b = math.copysign(at_least(abs(a), smallest_normal), a)
    inverse, bounded = T(1) / b, at_least(x, -half_reach * abs(b))
    q = bounded * inverse
    z = at_most(at_least(q, -half_reach), half_reach)
    return z, -product_low(q, b, bounded) * inverse if z == q else T(0)


def gate(u, u_low):
    """1 + e^-u = (sum + low)/one."""
    z = at_least(-u, -sigmoid_saturates)
    tail = z > gate_scaled_from
    one = two_down if tail else T(1)
    y, scale = exp_split_of_sum(z, -u_low, magic - up if tail else magic)
    total = fma(y, scale, scale + one)
    return total, fma(y, scale, (scale - total) + one), one


def quotient_times(a, b, low, c):
    """a/(b + low) * c."""
    inverse = T(1) / b
    ratio = a * inverse
    y = fma(ratio, c, fma(-ratio, low, fma(-ratio, b, a)) * c * inverse)
    return y if abs(y) > T(0) else ratio * c


def vanishing(x, u):
    """x, or a zero with its sign where u reaches -reach."""
    return math.copysign(T(0), x) if u < T(1) - reach else x


def quick(x):
    """1.702x, in two words."""
    a = at_most(at_least(x, -quick_vanishes), quick_vanishes)
    z = quick_high * a
    return z, fma(quick_low, a, product_low(quick_high, a, z))


def gate_slope(z, z_low, w, w_low):
    """sigmoid(z)*(1 + w*sigmoid(-z)) = numerator/(square + low) * 2^-up."""
    y, scale = exp_split_of_sum(-abs(z), z_low if z < T(0) else -z_low, magic + up)
    e, one = fma(y, scale, scale), T(1) + w
    total = fma(e, two_down, one)
    low = fma(e, two_down, one - total) + w_low
    above, below = fma(e, one, two_up), fma(e, total, e * low)
    plus = fma(e, two_down, T(1))
    rest = T(2) * plus * fma(e, two_down, T(1) - plus)
    square = fma(plus, plus, rest)
    return below if z < T(0) else above, square, fma(plus, plus, -square) + rest


def gate_slope_times(z, z_low, w, w_low, c):
    """The same times c."""
    tail = z < -gate_scaled_from
    numerator, square, low = gate_slope(z, z_low, w, w_low)
    numerator = vanishing(numerator, z) * (T(1) if tail else two_down)
    return quotient_times(numerator, square, low, c) * (two_down if tail else T(1))
