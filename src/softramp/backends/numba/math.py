"""Branch-free scalar mathematics: kernels/vmath.h in Python, operation by operation.

The reasons for the formulas and their errors stand there. The same operations give the same bits, so
a difference between the backends is a mistake in one of them.
"""

from __future__ import annotations

import numpy as np

from softramp.backends.numba.intrinsics import at_least, at_most, bits, fma
from softramp.backends.numba.pairs import pair


def constant(single: str, double: str) -> float:
    """A number in hexadecimal, for float32 and for float64."""
    made: float = pair(np.float32(float.fromhex(single)), np.float64(float.fromhex(double)))
    return made


def coefficients(single: list[str], double: list[str]) -> tuple[float, ...]:
    """The terms of a polynomial in hexadecimal, highest power first."""
    made: tuple[float, ...] = pair(tuple(np.float32(float.fromhex(c)) for c in single),
                                   tuple(np.float64(float.fromhex(c)) for c in double))
    return made


T = pair(np.float32, np.float64)
U = pair(np.uint32, np.uint64)
mantissa = pair(np.uint32(23), np.uint64(52))
magic = pair(np.float32(1.5 * 2**23 + 127), np.float64(1.5 * 2**52 + 1023))
log2e = constant("0x1.715476p+0", "0x1.71547652b82fep+0")
ln2_high = constant("0x1.62e430p-1", "0x1.62e42feep-1")
ln2_low = constant("-0x1.05c610p-29", "0x1.a39ef35793c76p-33")
largest = pair(np.finfo(np.float32).max, np.finfo(np.float64).max)
two_ulps = constant("0x1p-22", "0x1p-51")
smallest_normal = constant("0x1p-126", "0x1p-1022")

lowest = pair(np.float32(-120), np.float64(-780))  # 120*e^lowest rounds to 0, e^highest overflows
highest = pair(np.float32(89), np.float64(710))
up = pair(np.float32(96), np.float64(128))  # e^lowest * 2^up is normal
two_up = constant("0x1p96", "0x1p128")
two_down = constant("0x1p-96", "0x1p-128")
subnormal_up = constant("0x1p-30", "0x1p-894")  # the smallest normal number, times 2^up
to_grid = constant("0x1p53", "0x1p946")
grid = constant("0x1p23", "0x1p52")
half = pair(np.float32(63), np.float64(512))
two_half = constant("0x1p63", "0x1p512")
two_minus_half = constant("0x1p-63", "0x1p-512")
deep_from = pair(np.float32(-85), np.float64(-700))
deepest = pair(np.float32(-171), np.float64(-1400))
deep = pair(np.float32(122), np.float64(1009))
two_minus_deep = constant("0x1p-122", "0x1p-1009")
scaled = pair(np.float32(32), np.float64(256))
two_minus_scaled = constant("0x1p-32", "0x1p-256")
expm1_saturates = pair(np.float32(-20), np.float64(-40))  # rounds to -1
sigmoid_saturates = pair(np.float32(18), np.float64(40))  # rounds to 1
silu_vanishes = pair(np.float32(110), np.float64(755))  # silu(-110) rounds to -0
tanh_saturates = pair(np.float32(9.02), np.float64(20))
expm1_coefficients = coefficients(
    ["0x1.69438ap-10", "0x1.123f30p-7", "0x1.5558d0p-5", "0x1.55548ap-3", "0x1p-1"],
    ["0x1.af389eea54156p-26", "0x1.28917c9f3a495p-22", "0x1.71de0db2eb873p-19", "0x1.a019b914881bap-16",
     "0x1.a01a01a7c2f2cp-13", "0x1.6c16c17889f3cp-10", "0x1.11111111109b5p-7", "0x1.5555555553d68p-5",
     "0x1.5555555555556p-3", "0x1.0000000000001p-1"])


def polynomial(x, terms):
    value = terms[0]
    for term in terms[1:]:
        value = fma(value, x, term)
    return value


def exp_split(z, bias):
    """e^z * 2^k = y*scale + scale, for bias = magic + k."""
    t = fma(z, log2e, bias)
    n = t - bias
    r = fma(n, -ln2_low, fma(n, -ln2_high, z))
    return fma(r * r, polynomial(r, expm1_coefficients), r), bits(U(bits(t) << mantissa))


def _exp_split_of_sum_float32(z, low, bias):
    t = fma(z, log2e, bias)
    n = t - bias
    r = fma(n, -ln2_low, fma(n, -ln2_high, z)) + low
    return fma(r * r, polynomial(r, expm1_coefficients), r), bits(U(bits(t) << mantissa))


def _exp_split_of_sum_float64(z, low, bias):
    t = fma(z, log2e, bias)
    n = t - bias
    high, tail = fma(n, -ln2_high, z), fma(n, -ln2_low, low)
    r = high + tail
    y = r + fma(r * r, polynomial(r, expm1_coefficients), (high - r) + tail)
    return y, bits(U(bits(t) << mantissa))


exp_split_of_sum = pair(_exp_split_of_sum_float32, _exp_split_of_sum_float64)  # of z + low


def exp(x):
    """e^x, all x."""
    z = at_most(at_least(x, lowest), highest)
    small = z < T(0)
    y, scale = exp_split(z, magic + half if small else magic - half)
    return fma(y, scale, scale) * (two_minus_half if small else two_half)


def exp_of_difference(x, y):
    """e^(x-y), with the word that is lost in rounding x-y."""
    difference = x - y
    back = difference - x
    low = (x - (difference - back)) - (y + back)
    z = at_most(at_least(difference, lowest), highest)
    small = z < T(0)
    e, scale = exp_split_of_sum(z, low if z == difference else T(0), magic + half if small else magic - half)
    return fma(e, scale, scale) * (two_minus_half if small else two_half)


def exp_up(z):
    """e^z * 2^up for lowest <= z <= 0: normal however small e^z is."""
    y, scale = exp_split(z, magic + up)
    return fma(y, scale, scale)


def down(v):
    """v * 2^-up for v >= 0 or NaN, rounded once, by integers where the result is subnormal."""
    u, edge = bits(v), bits(subnormal_up)
    low, high = at_most(u, edge), at_least(u, edge)
    tiny = U(bits(bits(low) * to_grid + grid) - bits(grid))
    return bits(tiny) if u <= edge else bits(high) * two_down


def times_exp(a, x):
    """a*e^x for x <= 0, rounded once."""
    z = at_least(x, deepest)
    in_tail = z < deep_from
    y, scale = exp_split(z, magic + deep if in_tail else magic)
    return fma(a, y, a) * scale * (two_minus_deep if in_tail else T(1))


def expm1_negative(z):
    """e^z - 1 for z <= 0."""
    y, scale = exp_split(at_least(z, expm1_saturates), magic)
    return fma(y, scale, scale - T(1))


def square_of_one_plus(e):
    """(1 + e*2^-up)^2, squared with the word that the sum rounds off."""
    total = fma(e, two_down, T(1))
    low = fma(e, two_down, T(1) - total)
    return fma(total, total, T(2) * total * low)
