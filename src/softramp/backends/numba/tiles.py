"""The softmax family over tiles, up to 64 rows that lie side by side: the second half of kernels/rows.h.

A vector holds an element of as many rows, so no row's chain of dependent operations is waited for.
Element i of each row is added to the row's lane i mod 16: the bits are those of `rows`.

`at` holds the address of each operand's first element, `step` the bytes to the rows' next elements.
"""

from __future__ import annotations

import numpy as np
from numba import types

from softramp.backends.numba.intrinsics import apply, at_least, at_most, buffer, fma, offset
from softramp.backends.numba.math import T, U, exp_split_of_sum, magic, two_down, up
from softramp.backends.numba.pairs import pair
from softramp.backends.numba.rows import (
    F8, LANES, add, exp_shifted, exp_unless_largest, floor_of, infinity, inverse, log_of,
    log_softmax_slope, nan, one_word, pointer, share, softmax_slope, subtract)

TILE = np.intp(64)
_words = types.CPointer(types.intp)
KERNEL = types.void(_words, _words, types.intp, types.intp)

line = pair(buffer(np.float32, TILE), buffer(np.float64, TILE))
counts = pair(buffer(np.uint32, TILE), buffer(np.uint64, TILE))
sums = buffer(np.float64, LANES * TILE)
narrow_below = pair(np.float32(60), np.float64(600))  # e^-60 over any sum is normal


def element(at, step, operand, i):
    return pointer(at[operand] + i * step[operand])


def clear(high, low):
    for i in range(LANES * TILE):
        high[i] = low[i] = F8(0)


# ---- Elements


def add_value(high, low, value):
    return add(high, low, F8(value), F8(0))


def add_product(high, low, value, factor):
    return add(high, low, F8(value) * F8(factor), F8(0))


def extremes_of(least, most, x):
    return at_most(least, x), at_least(most, x)  # a NaN is passed over


def pivot_of(most):
    return nan if most == -infinity else most


def normalized(high, low):
    """A sum as two words, the second no more than rounding of the first."""
    whole = high + low
    return whole, F8(0) if one_word else low - (whole - high)


def inverse_of(high, low):
    return inverse(*normalized(high, low))


def exp_shifted_of_narrow(x, pivot):
    """exp_shifted where its clamps do nothing: they take a tenth of softmax."""
    z = x - pivot
    back = z - x
    y, scale = exp_split_of_sum(z, (x - (z - back)) - (pivot + back), magic + up)
    return fma(y, scale, scale)


def share_of_narrow(e, high, low):
    return fma(e, high, e * low) * two_down


def exp_and_count(count, x, pivot, floor):
    return exp_unless_largest(x, pivot, floor), U(count + U(x == pivot))


def log_of_total(high, low, count):
    return log_of(normalized(high, low), F8(count) - F8(1))


def first_word(high, low):
    return T(normalized(high, low)[0])


# ---- Tiles


def find_pivots(at, step, n, width, pivot, floor):
    """Whether no element is so far below its pivot that clamps or subnormal results could matter."""
    least = line()
    for c in range(width):
        least[c], pivot[c] = infinity, -infinity
    for i in range(n):
        apply(extremes_of, width, (least, pivot), (least, pivot, element(at, step, 0, i)))
    apply(pivot_of, width, (pivot,), (pivot,))
    apply(floor_of, width, (floor,), (pivot,))
    narrow = True
    for c in range(width):
        narrow &= pivot[c] / T(2) - least[c] / T(2) < narrow_below / T(2)
    return narrow


def add_to_lane(high, low, i, values, width):
    lane = (i & (LANES - 1)) * TILE
    h, l = offset(high, lane), offset(low, lane)
    apply(add_value, width, (h, l), (h, l, values))


def fold(high, low):
    """Add lane to lane, those of all columns at once."""
    m = LANES // 2 * TILE
    while m >= TILE:
        apply(add, m, (high, low), (high, low, offset(high, m), offset(low, m)))
        m //= 2


def softmax(at, step, n, width):
    high, low, pivot, floor = sums(), sums(), line(), line()
    narrow = find_pivots(at, step, n, width, pivot, floor)
    clear(high, low)
    for i in range(n):
        x, e = element(at, step, 0, i), element(at, step, 1, i)
        if narrow:
            apply(exp_shifted_of_narrow, width, (e,), (x, pivot))
        else:
            apply(exp_shifted, width, (e,), (x, pivot, floor))
        add_to_lane(high, low, i, e, width)
    fold(high, low)
    one, rest = pivot, floor
    apply(inverse_of, width, (one, rest), (high, low))
    for i in range(n):
        y = element(at, step, 1, i)
        if narrow:
            apply(share_of_narrow, width, (y,), (y, one, rest))
        else:
            apply(share, width, (y,), (y, one, rest))


def log_softmax(at, step, n, width):
    high, low, pivot, floor, count, e = sums(), sums(), line(), line(), counts(), line()
    find_pivots(at, step, n, width, pivot, floor)
    clear(high, low)
    for c in range(width):
        count[c] = U(0)
    for i in range(n):
        x = element(at, step, 0, i)
        apply(exp_and_count, width, (e, count), (count, x, pivot, floor))
        add_to_lane(high, low, i, e, width)
    fold(high, low)
    log_sum = floor
    apply(log_of_total, width, (log_sum,), (high, low, count))
    for i in range(n):
        apply(subtract, width, (element(at, step, 1, i),), (element(at, step, 0, i), pivot, log_sum))


def softmax_backward(at, step, n, width):
    high, low = sums(), sums()
    clear(high, low)
    for i in range(n):
        lane = (i & (LANES - 1)) * TILE
        h, l = offset(high, lane), offset(low, lane)
        apply(add_product, width, (h, l), (h, l, element(at, step, 0, i), element(at, step, 1, i)))
    fold(high, low)
    apply(normalized, width, (high, low), (high, low))
    for i in range(n):
        g, y = element(at, step, 0, i), element(at, step, 1, i)
        apply(softmax_slope, width, (element(at, step, 2, i),), (g, y, high, low))


def log_softmax_backward(at, step, n, width):
    high, low, whole = sums(), sums(), line()
    clear(high, low)
    for i in range(n):
        add_to_lane(high, low, i, element(at, step, 0, i), width)
    fold(high, low)
    apply(first_word, width, (whole,), (high, low))
    for i in range(n):
        g, y = element(at, step, 0, i), element(at, step, 1, i)
        apply(log_softmax_slope, width, (element(at, step, 2, i),), (g, y, whole))
