"""The softmax family over tiles, up to 64 rows that lie side by side: kernels/softmax.h in Python, too.

A vector holds an element of as many rows, so no row's chain of dependent operations is waited for.
Element i of each row is added to the row's lane i mod 16, and the lanes part by part: the bits are those
of `rows`.

`at` holds the address of each operand's first element, `step` the bytes to the rows' next elements. An
operand that is one number for each row looks like rows of one element.
"""

from __future__ import annotations

import numpy as np
from numba import types

from softramp.backends.numba.intrinsics import at_least, at_most, buffer, fma, offset
from softramp.backends.numba.math import T, U
from softramp.backends.numba.pairs import pair, stored, tempering
from softramp.backends.numba.rows import (
    F8, LANES, add, apply, exp_of_narrow, exp_of_narrow_unless_largest, exp_unless_largest, exponential,
    finish, finish_narrow, infinity, inverse, is_narrow, log_of, log_softmax_slope, no_temper, normalized,
    one_word, pivot_and_floor, pivot_plus_log_of, pointer, pointer_to_parameter, put_number, result, size,
    softmax_slope, subtract, temper_value, two_words, unless_nan, wide)
from softramp.backends.numba.steps import part_of

TILE = np.intp(64)
_words = types.CPointer(types.intp)
KERNEL = types.void(_words, _words, types.intp, types.intp)

line = pair(buffer(np.float32, TILE), buffer(np.float64, TILE))
counts = pair(buffer(np.uint32, TILE), buffer(np.uint64, TILE))
sums, whole_sums = buffer(np.float64, LANES * TILE), buffer(np.float64, TILE)


def element(at, step, operand, i):
    return pointer(at[operand] + i * step[operand])


def spare_only(at, step, operand, i, spare):
    return spare


def element_to_wait_in(at, step, operand, i, spare):
    return element(at, step, operand, i)


element_to_wait = stored(element_to_wait_in, spare_only)


def clear(high, low, count):
    for i in range(count):
        high[i] = low[i] = F8(0)


# ---- Elements


def add_value(high, low, value):
    return add(high, low, F8(value), F8(0))


def add_product(high, low, value, factor):
    product = F8(value) * F8(factor)
    return add(high, low, product, F8(0) if one_word else fma(F8(value), F8(factor), -product))


def extremes_of(least, most, x, sign):
    return at_most(least, x * sign), at_least(most, x * sign)  # a NaN is passed over


def add_part(high, low, more, more_low):
    return add(high, low, *normalized(more, more_low))


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


def fold(high, low, width, whole, rest):
    """Add lane to lane, those of all columns at once, and a part to the whole."""
    m = LANES // 2 * TILE
    while m >= TILE:
        apply(add, m, (high, low), (high, low, offset(high, m), offset(low, m)))
        m //= 2
    apply(add_part, width, (whole, rest), (whole, rest, high, low))


# ---- Tiles


def softmax(at, step, n, width):
    whole, rest, least, pivot, floor, spare = whole_sums(), whole_sums(), line(), line(), line(), line()
    sign, of, of_low, reach = tempers(at, width, (line(), line(), line(), line()))
    find_extremes(at, step, n, width, sign, least, pivot)
    apply(pivot_and_floor, width, (pivot, floor), (pivot, reach))
    scale, narrow = (pivot, floor, sign, of, of_low), all_narrow(width, least, pivot)
    sum_exponentials(at, step, n, width, scale, narrow, spare, whole, rest)
    inverse_sum, source = (least, spare), result if wide else 0
    apply(inverse_of, width, inverse_sum, (whole, rest))
    for i in range(n):
        e, y = element(at, step, source, i), element(at, step, result, i)
        if narrow:
            apply(finish_narrow, width, (y,), (e, scale, inverse_sum))
        else:
            apply(finish, width, (y,), (e, scale, inverse_sum))


def sum_exponentials(at, step, n, width, scale, narrow, spare, whole, rest):
    high, low, part = sums(), sums(), part_of(n)
    clear(whole, rest, width)
    for start in range(0, n, part):
        clear(high, low, LANES * TILE)
        for i in range(start, at_most(start + part, n)):
            x, e = element(at, step, 0, i), element_to_wait(at, step, result, i, spare)
            if narrow:
                apply(exp_of_narrow, width, (e,), (x, scale))
            else:
                apply(exponential, width, (e,), (x, scale))
            add_to_lane(high, low, i, e, width)
        fold(high, low, width, whole, rest)


def log_softmax(at, step, n, width):
    whole, rest, count, least, pivot, floor = whole_sums(), whole_sums(), counts(), line(), line(), line()
    sign, of, of_low, reach = tempers(at, width, (line(), line(), line(), line()))
    find_extremes(at, step, n, width, sign, least, pivot)
    apply(pivot_and_floor, width, (pivot, floor), (pivot, reach))
    scale, narrow, log_sum = (pivot, floor, sign, of, of_low), all_narrow(width, least, pivot), least
    sum_others(at, step, n, width, scale, narrow, whole, rest, count)
    apply(log_of_total, width, (log_sum,), (whole, rest, count))
    for i in range(n):
        apply(subtract, width, (element(at, step, result, i),), (element(at, step, 0, i), scale, log_sum))


def sum_others(at, step, n, width, scale, narrow, whole, rest, count):
    """Sums without the maxima, and how many there are."""
    e, high, low, part = line(), sums(), sums(), part_of(n)
    clear(whole, rest, width)
    for c in range(width):
        count[c] = U(0)
    for start in range(0, n, part):
        clear(high, low, LANES * TILE)
        for i in range(start, at_most(start + part, n)):
            x = element(at, step, 0, i)
            if narrow:
                apply(exp_of_narrow_and_count, width, (e, count), (count, x, scale))
            else:
                apply(exp_and_count, width, (e, count), (count, x, scale))
            add_to_lane(high, low, i, e, width)
        fold(high, low, width, whole, rest)


def logsumexp(at, step, n, width):
    least, most, pivot, floor = line(), line(), line(), line()
    whole, rest, count, out = whole_sums(), whole_sums(), counts(), pointer(at[1])
    sign, of, of_low, reach = no_temper(at)
    find_extremes(at, step, n, width, sign, least, most)
    apply(pivot_and_floor, width, (pivot, floor), (most, reach))
    scale, narrow = (pivot, floor, sign, of, of_low), all_narrow(width, least, pivot)
    sum_others(at, step, n, width, scale, narrow, whole, rest, count)
    apply(pivot_plus_log_of_total, width, (out,), (pivot, whole, rest, count))
    for c in range(width):
        if not abs(most[c]) < infinity:
            put_number(unless_nan(at[0] + c * size, step[0], n, most[c]), at[1] + c * size)


def softmax_backward(at, step, n, width):
    gradient(at, step, n, width, add_products, softmax_slope)


def log_softmax_backward(at, step, n, width):
    gradient(at, step, n, width, add_gradients, log_softmax_slope)


def add_products(high, low, at, step, i, width):
    lane = (i & (LANES - 1)) * TILE
    h, l = offset(high, lane), offset(low, lane)
    apply(add_product, width, (h, l), (h, l, element(at, step, 0, i), element(at, step, 1, i)))


def add_gradients(high, low, at, step, i, width):
    add_to_lane(high, low, i, element(at, step, 0, i), width)


def gradient(at, step, n, width, add_elements, slope):
    high, low, whole, rest, part = sums(), sums(), whole_sums(), whole_sums(), part_of(n)
    of_sum = line(), line()
    clear(whole, rest, width)
    for start in range(0, n, part):
        clear(high, low, LANES * TILE)
        for i in range(start, at_most(start + part, n)):
            add_elements(high, low, at, step, i, width)
        fold(high, low, width, whole, rest)
    apply(words_of_total, width, of_sum, (whole, rest))
    for i in range(n):
        g, y = element(at, step, 0, i), element(at, step, 1, i)
        apply(slope, width, (element(at, step, 2, i),), (g, y, *of_sum))
