"""The softmax family over tiles, up to 64 rows that lie side by side: kernels/softmax.h in Python, too.

A vector holds an element of as many rows, so no row's chain of dependent operations is waited for.
Element i of each row is added to the row's lane i mod 16: the bits are those of `rows`.

`at` holds the address of each operand's first element, `step` the bytes to the rows' next elements. An
operand that is one number for each row looks like rows of one element.
"""

from __future__ import annotations

import numpy as np
from numba import types

from softramp.backends.numba.intrinsics import at_least, at_most, buffer, offset
from softramp.backends.numba.math import T, U
from softramp.backends.numba.pairs import pair, stored, tempering
from softramp.backends.numba.rows import (
    F8, LANES, add, apply, exp_of_narrow, exp_of_narrow_unless_largest, exp_unless_largest, exponential,
    finish, finish_narrow, infinity, inverse, is_narrow, log_of, log_softmax_slope, no_temper, one_word,
    pivot_and_floor, pivot_plus_log_of, pointer, pointer_to_parameter, put_number, result, size,
    softmax_slope, subtract, temper_value, two_words, unless_nan, wide)

TILE = np.intp(64)
_words = types.CPointer(types.intp)
KERNEL = types.void(_words, _words, types.intp, types.intp)

line = pair(buffer(np.float32, TILE), buffer(np.float64, TILE))
counts = pair(buffer(np.uint32, TILE), buffer(np.uint64, TILE))
sums = buffer(np.float64, LANES * TILE)


def element(at, step, operand, i):
    return pointer(at[operand] + i * step[operand])


def spare_only(at, step, operand, i, spare):
    return spare


def element_to_wait_in(at, step, operand, i, spare):
    return element(at, step, operand, i)


element_to_wait = stored(element_to_wait_in, spare_only)


def clear(high, low):
    for i in range(LANES * TILE):
        high[i] = low[i] = F8(0)


# ---- Elements


def add_value(high, low, value):
    return add(high, low, F8(value), F8(0))


def add_product(high, low, value, factor):
    return add(high, low, F8(value) * F8(factor), F8(0))


def extremes_of(least, most, x, sign):
    return at_most(least, x * sign), at_least(most, x * sign)  # a NaN is passed over


def normalized(high, low):
    """A sum as two words, the second no more than rounding of the first."""
    whole = high + low
    return whole, F8(0) if one_word else low - (whole - high)


def inverse_of(high, low):
    return inverse(*normalized(high, low))


def exp_and_count(count, x, scale):
    return exp_unless_largest(x, scale), U(count + U(x * scale[2] == scale[0]))


def exp_of_narrow_and_count(count, x, scale):
    return exp_of_narrow_unless_largest(x, scale), U(count + U(x * scale[2] == scale[0]))


def log_of_total(high, low, count):
    return log_of(*normalized(high, low), F8(count) - F8(1))


def pivot_plus_log_of_total(pivot, high, low, count):
    return pivot_plus_log_of(pivot, *normalized(high, low), F8(count) - F8(1))


def words_of_total(high, low):
    return two_words(*normalized(high, low))


def first_word(high, low):
    return T(normalized(high, low)[0])


# ---- Scales: tuples of lines


def find_extremes(at, step, n, width, sign, least, most):
    for c in range(width):
        least[c], most[c] = infinity, -infinity
    for i in range(n):
        apply(extremes_of, width, (least, most), (least, most, element(at, step, 0, i), sign))


def all_narrow(width, least, pivot):
    narrow = True
    for c in range(width):
        narrow &= is_narrow(least[c], pivot[c])
    return narrow


def no_tempers(at, width, lines):
    return no_temper(at)


def tempers_there(at, width, lines):
    apply(temper_value, width, lines, (pointer_to_parameter(at[1]),))
    return lines


tempers = tempering(no_tempers, tempers_there)


# ---- Sums


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


# ---- Tiles


def softmax(at, step, n, width):
    high, low, least, pivot, floor, spare = sums(), sums(), line(), line(), line(), line()
    sign, of, of_low, reach = tempers(at, width, (line(), line(), line(), line()))
    find_extremes(at, step, n, width, sign, least, pivot)
    apply(pivot_and_floor, width, (pivot, floor), (pivot, reach))
    scale, narrow = (pivot, floor, sign, of, of_low), all_narrow(width, least, pivot)
    clear(high, low)
    for i in range(n):
        x, e = element(at, step, 0, i), element_to_wait(at, step, result, i, spare)
        if narrow:
            apply(exp_of_narrow, width, (e,), (x, scale))
        else:
            apply(exponential, width, (e,), (x, scale))
        add_to_lane(high, low, i, e, width)
    fold(high, low)
    inverse_sum, source = (least, spare), result if wide else 0
    apply(inverse_of, width, inverse_sum, (high, low))
    for i in range(n):
        e, y = element(at, step, source, i), element(at, step, result, i)
        if narrow:
            apply(finish_narrow, width, (y,), (e, scale, inverse_sum))
        else:
            apply(finish, width, (y,), (e, scale, inverse_sum))


def log_softmax(at, step, n, width):
    high, low, count, least, pivot, floor = sums(), sums(), counts(), line(), line(), line()
    sign, of, of_low, reach = tempers(at, width, (line(), line(), line(), line()))
    find_extremes(at, step, n, width, sign, least, pivot)
    apply(pivot_and_floor, width, (pivot, floor), (pivot, reach))
    scale, narrow, log_sum = (pivot, floor, sign, of, of_low), all_narrow(width, least, pivot), least
    sum_rest(at, step, n, width, scale, narrow, high, low, count)
    apply(log_of_total, width, (log_sum,), (high, low, count))
    for i in range(n):
        apply(subtract, width, (element(at, step, result, i),), (element(at, step, 0, i), scale, log_sum))


def sum_rest(at, step, n, width, scale, narrow, high, low, count):
    """Sums without the maxima, and how many there are."""
    e = line()
    clear(high, low)
    for c in range(width):
        count[c] = U(0)
    for i in range(n):
        x = element(at, step, 0, i)
        if narrow:
            apply(exp_of_narrow_and_count, width, (e, count), (count, x, scale))
        else:
            apply(exp_and_count, width, (e, count), (count, x, scale))
        add_to_lane(high, low, i, e, width)
    fold(high, low)


def logsumexp(at, step, n, width):
    least, most, pivot, floor = line(), line(), line(), line()
    high, low, count, out = sums(), sums(), counts(), pointer(at[1])
    sign, of, of_low, reach = no_temper(at)
    find_extremes(at, step, n, width, sign, least, most)
    apply(pivot_and_floor, width, (pivot, floor), (most, reach))
    scale, narrow = (pivot, floor, sign, of, of_low), all_narrow(width, least, pivot)
    sum_rest(at, step, n, width, scale, narrow, high, low, count)
    apply(pivot_plus_log_of_total, width, (out,), (pivot, high, low, count))
    for c in range(width):
        if not abs(most[c]) < infinity:
            put_number(unless_nan(at[0] + c * size, step[0], n, most[c]), at[1] + c * size)


def softmax_backward(at, step, n, width):
    high, low, whole, rest = sums(), sums(), line(), line()
    clear(high, low)
    for i in range(n):
        lane = (i & (LANES - 1)) * TILE
        h, l = offset(high, lane), offset(low, lane)
        apply(add_product, width, (h, l), (h, l, element(at, step, 0, i), element(at, step, 1, i)))
    fold(high, low)
    apply(words_of_total, width, (whole, rest), (high, low))
    for i in range(n):
        g, y = element(at, step, 0, i), element(at, step, 1, i)
        apply(softmax_slope, width, (element(at, step, 2, i),), (g, y, whole, rest))


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
