"""gelu, its form with tanh, their derivatives and products: kernels/gelu.h in Python."""

from __future__ import annotations

import numpy as np

from softramp.backends.numba.exponents import (
    gate, gate_slope, gate_slope_times, product_low, quotient_times, vanishing)
from softramp.backends.numba.intrinsics import at_least, at_most, fma
from softramp.backends.numba.math import (
    T, coefficients, constant, down, exp_split_of_sum, magic, polynomial, two_down, two_up, up)
from softramp.backends.numba.pairs import pair

small = pair(np.float32(32), np.float64(52))
two_small, two_minus_small = constant("0x1p32", "0x1p52"), constant("0x1p-32", "0x1p-52")
gelu_vanishes = pair(np.float32(16.2), np.float64(39))
gelu_offset = pair(np.float32(3), np.float64(3.5))
gelu_centre = pair(np.float32(0.25), np.float64(0.5))
gelu_root = constant("0x1.80ead2p-1", "0x1.80ead197f00b4p-1")
gelu_root_low = constant("-0x1.a03fd4p-27", "-0x1.13e74c58cada8p-56")
gelu_tanh_vanishes = pair(np.float32(12.29), np.float64(22.008))
gelu_k = constant("0x1.988800p+0", "0x1.9884533d43800p+0")
gelu_k_low = constant("-0x1.d6615ep-15", "-0x1.af72f034c3affp-44")
gelu_m = constant("0x1.2444f2p-4", "0x1.2444f2a4d8b4bp-4")
gelu_m_low = constant("0x1.49b16ap-29", "-0x1.6c843a29d1c70p-61")
gelu_3m = constant("0x1.b6676cp-3", "0x1.b6676bf7450f0p-3")
gelu_whole_k = constant("0x1.988454p+0", "0x1.9884533d43651p+0")
gelu_whole_k_low = constant("-0x1.857936p-25", "-0x1.cbc0d30ebfd15p-54")
gelu_coefficients = coefficients(
    ["0x1.be212ep-5", "-0x1.1d6c5ep-4", "-0x1.df9a8ap-5", "0x1.46a3dep-5", "0x1.28e9f2p-3", "0x1.9ea650p-6",
     "-0x1.57002cp-2", "-0x1.b00cfcp-4", "0x1.1caebap+0", "-0x1.890c8ap+0", "0x1.0bdb2ep+0"],
    ["0x1.9fbe4ebcd0f34p-7", "0x1.541d9b408013ep-6", "-0x1.0eab0c2d305b0p-7", "-0x1.394e8b397bdd8p-5",
     "-0x1.019ab0a23dc36p-6", "0x1.0a81233d1826cp-5", "0x1.3bf99bbdec98cp-5", "-0x1.33cf4894bc8a6p-7",
     "-0x1.8d0940f7ef629p-5", "-0x1.38b9acf63d5b3p-6", "0x1.7b4a687570e35p-5", "0x1.82194ad69d6bfp-5",
     "-0x1.3b39a5f969698p-5", "-0x1.3d066bc193d6bp-4", "0x1.192861ec881b7p-5", "0x1.f3cfaad21a3e0p-4",
     "-0x1.d2a1410f0661fp-5", "-0x1.a200796a60e05p-3", "0x1.a86cec766be42p-3", "0x1.1d35bdee16a72p-2",
     "-0x1.db5837f7f5551p-1", "0x1.42fec3680acabp+0", "-0x1.2191517fa27b8p+0", "0x1.7d241a953a614p-1"])
gelu_slope_coefficients = coefficients(
    ["0x1.14ddd8p-7", "-0x1.106d9ep-6", "-0x1.3093d4p-9", "0x1.034fb6p-6", "0x1.95e1cep-6",
     "-0x1.353746p-5", "-0x1.81f86cp-4", "0x1.2da05ap-2", "-0x1.78980cp-2", "0x1.1b5a1cp-1"],
    ["0x1.59d7c8b7c4034p-11", "0x1.7a04e206509ecp-11", "-0x1.11920d9eaea76p-10", "-0x1.e3caf37b62267p-10",
     "0x1.3434d3cbe635cp-12", "0x1.40e433aecb0cbp-9", "0x1.3e24ad218cc8cp-10", "-0x1.1e021f13225a6p-9",
     "-0x1.791fefe8e07dfp-9", "0x1.38467e4363037p-10", "0x1.2cd3ae0be9fa3p-8", "0x1.64dae241531b5p-12",
     "-0x1.c8d917a2c7a05p-8", "-0x1.32c2625945c29p-9", "0x1.9002f7b4de427p-7", "0x1.fe31d6910d39fp-9",
     "-0x1.c9cfc339deb37p-6", "0x1.f69998d926b22p-8", "0x1.33ca4c98df1c7p-4", "-0x1.68ba393cc35d5p-3",
     "0x1.ddd47918a9745p-3", "-0x1.c7f3df76f39cep-3", "0x1.e0a507a924780p-2"])


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


def less_tail_times(x, base, tail_high, tail_low, scale, c):
    """(base - tail)*c."""
    scale = scale if abs(x) < gelu_vanishes else T(0)
    total = tail_low + tail_high
    low, high = ((tail_high - total) + tail_low) * scale, total * scale
    tiny = two_down / T(16)
    raised = at_most(base, tiny) * two_up  # in every lane, where base itself would overflow
    deep = base < tiny and abs(high) < tiny * two_up
    b, into = raised if deep else base, T(1) if deep else two_down
    y = fma(-high, into, b)
    y_low = fma(-high, into, b - y) - low * into
    result = fma(y, c, y_low * c)
    product = (result if abs(result) > T(0) else y * c) * (two_down if deep else T(1))
    return x if x != x else product


def geglu(x, c):
    high, low, scale = gelu_tail(x)
    return less_tail_times(x, at_least(x, T(-0.0)), high, low, scale, c)


def geglu_slope(x, c):
    high, low, scale = gelu_slope_tail(x)
    return less_tail_times(x, T(-0.0) if x < T(0) else T(1), high, low, scale if x < T(0) else -scale, c)


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
    return quotient_times(vanishing(x, z), total, low, c) * one


def gelu_tanh_slope(x):
    (z, z_low), (w, w_low) = gelu_tanh_gate(x), gelu_tanh_rise(x)
    numerator, square, _ = gate_slope(z, z_low, w, w_low)
    return numerator / square * two_down


def geglu_tanh_slope(x, c):
    (z, z_low), (w, w_low) = gelu_tanh_gate(x), gelu_tanh_rise(x)
    return gate_slope_times(z, z_low, w, w_low, c)
