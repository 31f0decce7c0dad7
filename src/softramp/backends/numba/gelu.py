"""gelu, its form with tanh, their derivatives and products: kernels/gelu.h in Python."""

from __future__ import annotations

import numpy as np

from softramp.backends.numba.exponents import (
    gate, gate_slope, gate_slope_times, product_low, quotient_times)
from softramp.backends.numba.intrinsics import at_least, at_most, fma
from softramp.backends.numba.math import (
    T, coefficients, constant, down, exp_split_of_sum, magic, polynomial, two_down, two_up, up)
from softramp.backends.numba.pairs import pair

small = pair(np.float32(56), np.float64(56))
two_small, two_minus_small = constant("0x1p56", "0x1p56"), constant("0x1p-56", "0x1p-56")
gelu_vanishes = pair(np.float32(14.7), np.float64(38.7))
gelu_offset = pair(np.float32(3), np.float64(3.5))
gelu_centre = pair(np.float32(0.25), np.float64(0.5))
gelu_root = constant("0x1.80ead2p-1", "0x1.80ead197f00b4p-1")
gelu_root_low = constant("-0x1.a03fd4p-27", "-0x1.13e74c58cada8p-56")
gelu_tanh_vanishes = pair(np.float32(11), np.float64(21.6))
gelu_k = constant("0x1.988800p+0", "0x1.9884533d43800p+0")
gelu_k_low = constant("-0x1.d6615ep-15", "-0x1.af72f034c3affp-44")
gelu_m = constant("0x1.2444f2p-4", "0x1.2444f2a4d8b4bp-4")
gelu_m_low = constant("0x1.49b16ap-29", "-0x1.6c843a29d1c70p-61")
gelu_3m = constant("0x1.b6676cp-3", "0x1.b6676bf7450f0p-3")
gelu_whole_k = constant("0x1.988454p+0", "0x1.9884533d43651p+0")
gelu_whole_k_low = constant("-0x1.857936p-25", "-0x1.cbc0d30ebfd15p-54")
gelu_coefficients = coefficients(
    ["0x1.bd1434p-5", "-0x1.1c9830p-4", "-0x1.e0623ap-5", "0x1.46a40cp-5", "0x1.28ef38p-3", "0x1.9ea010p-6",
     "-0x1.57003cp-2", "-0x1.b00cf0p-4", "0x1.1caebap+0", "-0x1.890c8ap+0", "0x1.0bdb2ep+0"],
    ["0x1.a08bf4df40999p-7", "0x1.5488aaac60bb2p-6", "-0x1.0f2eac2a3b16dp-7", "-0x1.397ec0af84b55p-5",
     "-0x1.018e7fccff856p-6", "0x1.0a93cd0d225d2p-5", "0x1.3bfa2a12e2711p-5", "-0x1.33df85224c471p-7",
     "-0x1.8d09a9e8730e6p-5", "-0x1.38b896973118ep-6", "0x1.7b4a7b66a8922p-5", "0x1.82193f032e712p-5",
     "-0x1.3b39a7c2aa500p-5", "-0x1.3d066b70ba2b7p-4", "0x1.192862052c8ecp-5", "0x1.f3cfaacf846d6p-4",
     "-0x1.d2a1410fc439cp-5", "-0x1.a200796a5b3b3p-3", "0x1.a86cec766c9a8p-3", "0x1.1d35bdee16a24p-2",
     "-0x1.db5837f7f5555p-1", "0x1.42fec3680acabp+0", "-0x1.2191517fa27b8p+0", "0x1.7d241a953a614p-1"])
gelu_slope_coefficients = coefficients(
    ["0x1.14ae2cp-7", "-0x1.104f8cp-6", "-0x1.30d86cp-9", "0x1.034d5ap-6", "0x1.95e2ecp-6",
     "-0x1.353742p-5", "-0x1.81f86ep-4", "0x1.2da05ap-2", "-0x1.78980cp-2", "0x1.1b5a1cp-1"],
    ["0x1.58d8720ffdb48p-11", "0x1.78e28f8318eb5p-11", "-0x1.1150784d062bdp-10", "-0x1.e34fb0dc37b64p-10",
     "0x1.342a6671bd057p-12", "0x1.40cdeb9c0a8ffp-9", "0x1.3e1f4126af0b3p-10", "-0x1.1dfda615203aep-9",
     "-0x1.791f145d55d52p-9", "0x1.38456747bf336p-10", "0x1.2cd39de3074b2p-8", "0x1.64db36edad094p-12",
     "-0x1.c8d91649055f8p-8", "-0x1.32c262d789f84p-9", "0x1.9002f7ac6c0c1p-7", "0x1.fe31d694780f4p-9",
     "-0x1.c9cfc339c11a0p-6", "0x1.f69998d920a2ap-8", "0x1.33ca4c98df02cp-4", "-0x1.68ba393cc35d1p-3",
     "0x1.ddd47918a9746p-3", "-0x1.c7f3df76f39cep-3", "0x1.e0a507a924780p-2"])


def times_gauss(u, v, a):
    """u*v*e^(-a^2/2) as (high + low)*scale."""
    half = a * T(-0.5)
    z = half * a
    y, scale = exp_split_of_sum(z, product_low(half, a, z), magic + (up - small))
    high = u * v
    return high, fma(high, y, product_low(u, v, high)), scale


def gelu_tail(x):
    a = at_most(abs(x), gelu_vanishes)
    q = a * two_small / (a + gelu_offset)
    return times_gauss(q, polynomial(fma(q, two_minus_small, -gelu_centre), gelu_coefficients), a)


def gelu_slope_tail(x):
    a = at_most(abs(x), gelu_vanishes)
    q = a * two_small / (a + gelu_offset)
    p = polynomial(fma(q, two_minus_small, -gelu_centre), gelu_slope_coefficients)
    return times_gauss(((a - gelu_root) - gelu_root_low) * two_small, p, a)


def gelu(x):
    high, low, scale = gelu_tail(x)
    return at_least(x, T(-0.0)) - down((low + high) * scale)


def gelu_slope(x):
    high, low, scale = gelu_slope_tail(x)
    t = down((low + high) * scale)
    return -t if x < T(0) else T(1) + t


def less_tail_times(base, tail_high, tail_low, scale, c):
    """(base - tail)*c."""
    total = tail_low + tail_high
    low, high = ((tail_high - total) + tail_low) * scale, total * scale
    deep = base < two_minus_small and abs(high) < two_up * two_minus_small
    b, into = base * (two_up if deep else T(1)), T(1) if deep else two_down
    y = fma(-high, into, b)
    y_low = fma(-high, into, b - y) - low * into
    result = fma(y, c, y_low * c)
    return (result if abs(result) > T(0) else y * c) * (two_down if deep else T(1))


def geglu(x, c):
    high, low, scale = gelu_tail(x)
    return less_tail_times(at_least(x, T(-0.0)), high, low, scale, c)


def geglu_slope(x, c):
    high, low, scale = gelu_slope_tail(x)
    return less_tail_times(T(-0.0) if x < T(0) else T(1), high, low, scale if x < T(0) else -scale, c)


def gelu_tanh_gate(x):
    """k*x + m*x^3, in two words."""
    a = at_most(at_least(x, -gelu_tanh_vanishes), gelu_tanh_vanishes)
    square = a * a
    cubic = square * gelu_m
    total = gelu_k + cubic
    rest = (cubic - (total - gelu_k)) + (product_low(square, gelu_m, cubic) + gelu_k_low)
    low = fma(product_low(a, a, square), gelu_m, fma(square, gelu_m_low, rest))
    z = a * total
    return z, fma(a, low, product_low(a, total, z))


def gelu_tanh_rise(x):
    """k*x + 3*m*x^3, in two words."""
    a = at_most(at_least(x, -gelu_tanh_vanishes), gelu_tanh_vanishes)
    square = a * a
    total = fma(square, gelu_3m, gelu_whole_k)
    rest = fma(square, gelu_3m, gelu_whole_k - total) + gelu_whole_k_low
    low = fma(product_low(a, a, square), gelu_3m, rest)
    w = a * total
    return w, fma(a, low, product_low(a, total, w))


def gelu_tanh(x):
    z, z_low = gelu_tanh_gate(x)
    total, _, one = gate(z, z_low)
    return at_least(x, -gelu_tanh_vanishes) / total * one


def geglu_tanh(x, c):
    z, z_low = gelu_tanh_gate(x)
    total, low, one = gate(z, z_low)
    return quotient_times(at_least(x, -gelu_tanh_vanishes), total, low, c) * one


def gelu_tanh_slope(x):
    (z, z_low), (w, w_low) = gelu_tanh_gate(x), gelu_tanh_rise(x)
    numerator, square, _ = gate_slope(z, z_low, w, w_low)
    return numerator / square * two_down


def geglu_tanh_slope(x, c):
    (z, z_low), (w, w_low) = gelu_tanh_gate(x), gelu_tanh_rise(x)
    return gate_slope_times(z, z_low, w, w_low, c)
