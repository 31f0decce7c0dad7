"""The row kernels, the softmax family: kernels/rows.h in Python, operation by operation.

Each is a NumPy gufunc loop over dims[0] rows of dims[1] elements. Rows are walked in spans of 128;
one that is short or not contiguous is copied to a buffer first, so the layout never changes a result.
How sums and exponentials are made, and why, stands in rows.h.
"""

from __future__ import annotations

import math

import numpy as np

from softramp.backends.numba.intrinsics import (
    address, apply, at_least, at_most, bits, buffer, copy, every, fma, offset, pointer_to)
from softramp.backends.numba.math import (
    T, U, down, exp, exp_split_of_sum, largest, lowest, magic, polynomial, two_down, two_ulps, two_up, up)
from softramp.backends.numba.pairs import pair

SPAN, LANES = np.intp(128), np.intp(16)
F8 = np.float64

span = pair(buffer(np.float32, SPAN), buffer(np.float64, SPAN))
lanes = pair(buffer(np.float32, LANES), buffer(np.float64, LANES))
sums = buffer(np.float64, LANES)
counts = pair(buffer(np.uint32, LANES), buffer(np.uint64, LANES))
groups = every(LANES, SPAN // LANES)
pointer = pair(pointer_to(np.float32), pointer_to(np.float64))
size = pair(np.intp(4), np.intp(8))
infinity = pair(np.float32(np.inf), np.float64(np.inf))
nan = pair(np.float32(np.nan), np.float64(np.nan))

one_bits, root_half_bits = np.uint64(0x3FF0000000000000), np.uint64(0x3FE6A09E667F3BCD)
ln2 = np.float64(float.fromhex("0x1.62e42fefa39efp-1"))
atanh_coefficients = tuple(np.float64(float.fromhex(c)) for c in (
    "0x1.3b13b13b13b14p-4", "0x1.745d1745d1746p-4", "0x1.c71c71c71c71cp-4", "0x1.2492492492492p-3",
    "0x1.999999999999ap-3", "0x1.5555555555555p-2"))

# ---- Spans


def fetch(row, step, start, m, spare, pad):
    """A span as 128 elements: where it lies, or in `spare`."""
    here = pointer(row + start * step)
    if step == size and m == SPAN:
        return here
    for i in range(SPAN):
        spare[i] = pad
    copy(spare, size, here, step, m)
    return spare


def target(row, step, start, m, spare):
    """Where to compute a span of results: in its place, or in `spare`, which `put` copies."""
    return pointer(row + start * step) if step == size and m == SPAN else spare


def put(values, row, step, start, m):
    here = pointer(row + start * step)
    if address(here) == address(values):
        return
    if step == size:
        copy(here, size, values, size, m)
    else:
        copy(here, step, values, size, m)


def whole_lanes(m):
    """How many elements of a span to compute: a loop over whole lanes has no remainder."""
    return (m + LANES - 1) & -LANES


# ---- Sums: element i in lane i mod 16, of two words: float32 needs the first only


def add_float32(high, low, more, more_low):
    return high + more, low


def add_float64(high, low, more, more_low):
    total = high + more
    back = total - high
    return total, (low + ((high - (total - back)) + (more - back))) + more_low


add = pair(add_float32, add_float64)
one_word = pair(True, False)


def add_values(high, low, values):
    for value in values:
        high, low = add(high, low, F8(value), F8(0))
    return high, low


def add_products(high, low, values, factors):
    for k in range(len(values)):
        high, low = add(high, low, F8(values[k]) * F8(factors[k]), F8(0))
    return high, low


def clear(high, low):
    for i in range(LANES):
        high[i] = low[i] = F8(0)


def total(high, low):
    """A sum as two words, the second no more than rounding of the first."""
    half = LANES // 2
    while half:
        apply(add, half, (high, low), (high, low, offset(high, half), offset(low, half)))
        half //= 2
    whole = high[0] + low[0]
    return whole, F8(0) if one_word else low[0] - (whole - high[0])


def inverse_float32(high, low):
    quotient = F8(two_up) / high
    return T(quotient), T(quotient - F8(T(quotient)))


def inverse_float64(high, low):
    quotient = two_up / high
    return quotient, (fma(-quotient, high, two_up) - quotient * low) / high


inverse = pair(inverse_float32, inverse_float64)  # 2^up / sum in two words: one would cost 1 ULP


# ---- Elements


def largest_of(most, values):
    for x in values:
        most = at_least(most, x)  # a NaN is passed over
    return most


def find_pivot(x, step, n):
    """The maximum but for NaNs; NaN for a row of -inf, whose softmax is 0/0."""
    lane, spare = lanes(), span()
    for i in range(LANES):
        lane[i] = -infinity
    for start in range(0, n, SPAN):
        p = fetch(x, step, start, at_most(SPAN, n - start), spare, -infinity)
        apply(largest_of, LANES, (lane,), (lane, groups(p)))
    most = lane[0]
    for i in range(1, LANES):
        most = at_least(most, lane[i])
    return nan if most == -infinity else most


def floor_of(pivot):
    """No element below it reaches a result; moved there, x - pivot is finite and exact enough."""
    middle = largest / T(2)
    floor = at_least(pivot, -middle) - (abs(pivot) * two_ulps - lowest)
    return -largest if pivot < -middle else floor


def exp_shifted(x, pivot, floor):
    """e^(x-pivot) * 2^up; x = pivot gives exactly 2^up. A NaN comes through the low word."""
    x = at_least(x, floor)
    z = x - pivot
    back = z - x
    low = (x - (z - back)) - (pivot + back)
    y, scale = exp_split_of_sum(at_least(z, lowest), low, magic + up)
    return fma(y, scale, scale)


def share(e, high, low):
    return down(fma(e, high, e * low))


def exp_unless_largest(x, pivot, floor):
    return T(0) if x == pivot else exp_shifted(x, pivot, floor)


def count_largest(count, pivot, values):
    for x in values:
        count = U(count + U(x == pivot))
    return count


def log1p_fast(r):
    """log(1+r) for r >= 0 or NaN, to 2^-32, as a series of atanh."""
    shifted = bits(F8(1) + r) + (one_bits - root_half_bits)
    k = np.int64(shifted >> np.uint64(52)) - np.int64(1023)
    f = r if k == 0 else bits(bits(F8(1) + r) - (np.uint64(k) << np.uint64(52))) - F8(1)
    s = f / (F8(2) + f)
    z = s * s
    log = fma(F8(k), ln2, F8(2) * fma(s * z, polynomial(z, atanh_coefficients), s))
    return log if r == r else r


log1p = pair(log1p_fast, math.log1p)  # a call for each row would take longer than a short row


def log_of(rest, others):
    """The logarithm of the maxima, of which there are `others` beside the first, and the rest of a sum."""
    r = rest[0] * F8(two_down) + others
    return T(log1p(r) + rest[1] * F8(two_down) / (F8(1) + r))


def subtract(x, pivot, log_sum):
    return (x - pivot) - log_sum


def softmax_slope(g, y, high, low):
    return y * T((F8(g) - high) - low)


def log_softmax_slope(g, y, whole):
    return fma(-whole, exp(y), g)


# ---- Loops: args are the addresses of the operands; steps go from row to row, then along a row.


def softmax(args, dims, steps, data):
    n, sx, so = dims[1], steps[2], steps[3]
    high, low, xs, es = sums(), sums(), span(), span()
    for r in range(dims[0]):
        x, out = args[0] + r * steps[0], args[1] + r * steps[1]
        pivot = find_pivot(x, sx, n)
        floor = floor_of(pivot)
        clear(high, low)
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            e = target(out, so, start, m, es)
            p = fetch(x, sx, start, m, xs, T(0))
            apply(exp_shifted, whole_lanes(m), (e,), (p, pivot, floor))
            for i in range(m, SPAN):
                e[i] = T(0)
            apply(add_values, LANES, (high, low), (high, low, groups(e)))
            put(e, out, so, start, m)
        one, rest = inverse(*total(high, low))
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            y = target(out, so, start, m, es)
            apply(share, whole_lanes(m), (y,), (fetch(out, so, start, m, xs, T(0)), one, rest))
            put(y, out, so, start, m)


def log_softmax(args, dims, steps, data):
    """x - pivot - log(sum). The maxima are counted, not added: log1p keeps a confident row's digits."""
    n, sx, so = dims[1], steps[2], steps[3]
    high, low, count, xs, es = sums(), sums(), counts(), span(), span()
    for r in range(dims[0]):
        x, out = args[0] + r * steps[0], args[1] + r * steps[1]
        pivot = find_pivot(x, sx, n)
        floor = floor_of(pivot)
        clear(high, low)
        for i in range(LANES):
            count[i] = U(0)
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            p = fetch(x, sx, start, m, xs, -infinity)
            apply(exp_unless_largest, whole_lanes(m), (es,), (p, pivot, floor))
            for i in range(m, SPAN):
                es[i] = T(0)
            apply(count_largest, LANES, (count,), (count, pivot, groups(p)))
            apply(add_values, LANES, (high, low), (high, low, groups(es)))
        others = F8(-1)
        for i in range(LANES):
            others += F8(count[i])
        log_sum = log_of(total(high, low), others)
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            apply(subtract, whole_lanes(m), (es,), (fetch(x, sx, start, m, xs, T(0)), pivot, log_sum))
            put(es, out, so, start, m)


def softmax_backward(args, dims, steps, data):
    """y * (g - sum(g*y)); products and difference of floats in float64: g - sum cancels."""
    n, sg, sy, so = dims[1], steps[3], steps[4], steps[5]
    high, low, gs, ys, os = sums(), sums(), span(), span(), span()
    for r in range(dims[0]):
        g, y, out = args[0] + r * steps[0], args[1] + r * steps[1], args[2] + r * steps[2]
        clear(high, low)
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            p, q = fetch(g, sg, start, m, gs, T(0)), fetch(y, sy, start, m, ys, T(0))
            apply(add_products, LANES, (high, low), (high, low, groups(p), groups(q)))
        whole, rest = total(high, low)
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            p, q = fetch(g, sg, start, m, gs, T(0)), fetch(y, sy, start, m, ys, T(0))
            apply(softmax_slope, whole_lanes(m), (os,), (p, q, whole, rest))
            put(os, out, so, start, m)


def log_softmax_backward(args, dims, steps, data):
    """g - e^y * sum(g)."""
    n, sg, sy, so = dims[1], steps[3], steps[4], steps[5]
    high, low, gs, ys, os = sums(), sums(), span(), span(), span()
    for r in range(dims[0]):
        g, y, out = args[0] + r * steps[0], args[1] + r * steps[1], args[2] + r * steps[2]
        clear(high, low)
        for start in range(0, n, SPAN):
            p = fetch(g, sg, start, at_most(SPAN, n - start), gs, T(0))
            apply(add_values, LANES, (high, low), (high, low, groups(p)))
        whole = T(total(high, low)[0])
        for start in range(0, n, SPAN):
            m = at_most(SPAN, n - start)
            p, q = fetch(g, sg, start, m, gs, T(0)), fetch(y, sy, start, m, ys, T(0))
            apply(log_softmax_slope, whole_lanes(m), (os,), (p, q, whole))
            put(os, out, so, start, m)
