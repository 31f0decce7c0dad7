"""The row kernels, the softmax family: kernels/rows.h and softmax.h in Python, operation by operation.

Each is made of `steps`, or a NumPy gufunc loop over dims[0] rows of dims[1] elements. Rows are walked in
spans of 128; one that is short or not contiguous is copied to a buffer first, so the layout never changes
a result.
How sums and exponentials are made, and why, stands in rows.h. 16-bit elements become float32 as `apply`
reads them, and are rounded as it writes; they cannot hold exponentials, which are computed again.

What the exponentials of a row need to know is its `scale`: the maximum, the floor, the sign of x and the
inverse temperature in two words.
"""

from __future__ import annotations

import math

import numpy as np

from softramp.backends.numba import intrinsics
from softramp.backends.numba.exponents import product_low
from softramp.backends.numba.intrinsics import (
    address, apply_bfloat16, apply_half, at_least, at_most, bits, buffer, copy, every, fma, offset,
    pointer_to)
from softramp.backends.numba.math import (
    T, U, down, exp, exp_split_of_sum, largest, lowest, magic, polynomial, smallest_normal, two_down,
    two_ulps, two_up, up)
from softramp.backends.numba.pairs import pair, stored, tempering
from softramp.backends.numba.steps import (
    DIVISOR, DIVISOR_LOW, FLOOR, HIGH, LEAST, LENGTH, LINE, LOW, MAXIMA, MOST, NARROW, PIVOT, REACH, SIGN,
    Steps, numbers, words)

SPAN, LANES = np.intp(128), np.intp(16)
F8 = np.float64

wide = stored(True, False)  # whether a result can hold an exponential
apply = stored(intrinsics.apply, apply_half, apply_bfloat16)
pointer = stored(pair(pointer_to(np.float32), pointer_to(np.float64)), pointer_to(np.uint16))
pointer_to_parameter = pair(pointer_to(np.float32), pointer_to(np.float64))
size = stored(pair(np.intp(4), np.intp(8)), np.intp(2))
zero = stored(pair(np.float32(0), np.float64(0)), np.uint16(0))
absent = stored(pair(np.float32(np.nan), np.float64(np.nan)), np.uint16(0x7FFF))  # maxima pass a NaN over

scalars = pair(buffer(np.float32, SPAN), buffer(np.float64, SPAN))
span = stored(scalars, buffer(np.uint16, SPAN))
lanes = pair(buffer(np.float32, LANES), buffer(np.float64, LANES))
sums = buffer(np.float64, LANES)
counts = pair(buffer(np.uint32, LANES), buffer(np.uint64, LANES))
groups = every(LANES, SPAN // LANES)
narrow_below = pair(np.float32(60), np.float64(600))  # e^-60 over any sum is normal
tempered = tempering(False, True)
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


def spare_only(row, step, start, m, spare):
    return spare


def forget(values, row, step, start, m):
    pass


# Where the exponentials of softmax wait for their sum.
target_to_wait, put_to_wait = stored(target, spare_only), stored(put, forget)


def whole_lanes(m):
    """How many elements of a span to compute: a loop over whole lanes has no remainder."""
    return (m + LANES - 1) & -LANES


def same(x):
    return x


def element(at):
    """One number, as T."""
    value = lanes()
    apply(same, 1, (value,), (pointer(at),))
    return value[0]


def put_number(value, at):
    apply(same, 1, (pointer(at),), (value,))


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
        value, factor = F8(values[k]), F8(factors[k])
        high, low = add(high, low, value * factor, F8(0) if one_word else fma(value, factor, -(value * factor)))
    return high, low


def clear(high, low):
    for i in range(LANES):
        high[i] = low[i] = F8(0)


def normalized(high, low):
    """A sum as two words, the second no more than rounding of the first."""
    whole = high + low
    return whole, F8(0) if one_word else low - (whole - high)


def total(high, low):
    half = LANES // 2
    while half:
        apply(add, half, (high, low), (high, low, offset(high, half), offset(low, half)))
        half //= 2
    return normalized(high[0], low[0])


def inverse_float32(high, low):
    quotient = F8(two_up) / high
    return T(quotient), T(quotient - F8(T(quotient)))


def inverse_float64(high, low):
    quotient = two_up / high
    return quotient, (fma(-quotient, high, two_up) - quotient * low) / high


inverse = pair(inverse_float32, inverse_float64)  # 2^up / sum in two words: one would cost 1 ULP


# ---- Scales


def extremes_of(least, most, sign, values):
    for x in values:
        least, most = at_most(least, x * sign), at_least(most, x * sign)  # a NaN is passed over
    return least, most


def find_extremes(x, step, n, sign):
    """The minimum and the maximum, but for NaNs, of x * sign."""
    least, most, spare = lanes(), lanes(), span()
    for i in range(LANES):
        least[i], most[i] = infinity, -infinity
    for start in range(0, n, SPAN):
        p = fetch(x, step, start, at_most(SPAN, n - start), spare, absent)
        apply(extremes_of, LANES, (least, most), (least, most, sign, groups(p)))
    low, high = least[0], most[0]
    for i in range(1, LANES):
        low, high = at_most(low, least[i]), at_least(high, most[i])
    return low, high


def is_narrow(least, pivot):
    """Whether no element is so far below its pivot that clamps or subnormal results could matter."""
    return not tempered and pivot / T(2) - least / T(2) < narrow_below / T(2)


def pivot_and_floor(most, reach):
    """The maximum, NaN if it is infinite, as the softmax is then; and where `reach` below it ends.

    What lies further down does not reach a result. Moved to the floor, x - pivot is finite and exact enough.
    """
    pivot, middle = nan if abs(most) == infinity else most, largest / T(2)
    floor = at_least(pivot, -middle) - (abs(pivot) * two_ulps + reach)
    return pivot, -largest if pivot < -middle else floor


def temper_value(temperature):
    size = abs(temperature)
    divisor = nan if size == T(0) else at_least(size, smallest_normal)
    high, reach = T(1) / divisor, at_most(size * -lowest, largest / T(4))
    return math.copysign(T(1), temperature), high, -product_low(high, divisor, T(1)) / divisor, reach


def no_temper(at):
    return T(1), T(0), T(0), -lowest


def temper_there(at):
    return temper_value(pointer_to_parameter(at)[0])


# Of a temperature: its sign, the inverse of its size in two words, and how far down elements count.
temper = tempering(no_temper, temper_there)


# ---- Exponentials


def minus(x, pivot):
    """x - pivot in two words."""
    z = x - pivot
    back = z - x
    return z, (x - (z - back)) - (pivot + back)


def exp_shifted(x, scale):
    """e^(x-pivot) * 2^up; x = pivot gives exactly 2^up. A NaN comes through the low word."""
    z, low = minus(at_least(x, scale[1]), scale[0])
    y, scale = exp_split_of_sum(at_least(z, lowest), low, magic + up)
    return fma(y, scale, scale)


def quotient(x, scale):
    """(x - pivot) / temperature in two words."""
    pivot, _, _, high, low = scale
    z, z_low = minus(x, pivot)
    q = z * high
    return q, product_low(z, high, q) + fma(z, low, z_low * high)


def exp_tempered(x, scale):
    z, low = quotient(at_least(x * scale[2], scale[1]), scale)
    low = T(0) if z < lowest else low  # it may be as large as the quotient is
    y, scale = exp_split_of_sum(at_least(z, lowest), low, magic + up)
    return fma(y, scale, scale)


exponential = tempering(exp_shifted, exp_tempered)


def share(e, scale, inverse):
    return down(fma(e, inverse[0], e * inverse[1]))


def share_again(x, scale, inverse):
    return share(exponential(x, scale), scale, inverse)


finish = stored(share, share_again)


# The same of narrow rows, whose clamps would do nothing: they take a tenth of softmax.


def exp_shifted_of_narrow(x, scale):
    z, low = minus(x, scale[0])
    y, scale = exp_split_of_sum(z, low, magic + up)
    return fma(y, scale, scale)


def share_of_narrow(e, scale, inverse):
    return fma(e, inverse[0], e * inverse[1]) * two_down


def share_of_narrow_again(x, scale, inverse):
    return share_of_narrow(exp_of_narrow(x, scale), scale, inverse)


exp_of_narrow = tempering(exp_shifted_of_narrow, exp_tempered)
finish_narrow = tempering(stored(share_of_narrow, share_of_narrow_again), finish)


# ---- Logarithms of sums, whose maxima are counted, not added: log1p keeps a confident row's digits


def exp_unless_largest(x, scale):
    return T(0) if x * scale[2] == scale[0] else exponential(x, scale)


def exp_of_narrow_unless_largest(x, scale):
    return T(0) if x * scale[2] == scale[0] else exp_of_narrow(x, scale)


def count_largest(count, scale, values):
    for x in values:
        count = U(count + U(x * scale[2] == scale[0]))
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


def log_of(high, low, others):
    """The logarithm of the maxima, of which there are `others` beside the first, and the rest of a sum."""
    r = high * F8(two_down) + others
    return T(log1p(r) + low * F8(two_down) / (F8(1) + r))


def pivot_plus_log_of(pivot, high, low, others):
    """The two may cancel, so the logarithm is libm's."""
    r = high * F8(two_down) + others
    return T((F8(pivot) + math.log1p(r)) + low * F8(two_down) / (F8(1) + r))


def minus_log(x, scale, log_sum):
    return (x - scale[0]) - log_sum


def tempered_minus_log(x, scale, log_sum):
    z, low = quotient(x * scale[2], scale)
    return z - log_sum if z == -infinity else (z - log_sum) + low


subtract = tempering(minus_log, tempered_minus_log)


def or_nan(x, otherwise):
    return x if x != x else otherwise


def unless_nan(x, step, n, most):
    """A row whose maximum is not finite is NaN or that; -inf has also an empty row."""
    value = lanes()
    value[0] = most
    for i in range(n):
        apply(or_nan, 1, (value,), (pointer(x + i * step), value))
    return value[0]


# ---- Gradients


def two_words_float32(high, low):
    return T(high), T(high - F8(T(high)))


def two_words_float64(high, low):
    return high, low


two_words = pair(two_words_float32, two_words_float64)  # of a sum: g - sum cancels


def softmax_slope(g, y, high, low):
    return y * ((g - high) - low)


def log_softmax_slope(g, y, high, low):
    return fma(-high, exp(y), g)


# ---- Steps: args are the addresses of the operands; steps go from row to row of each operand, then along
# the rows of those that are rows.

result = tempering(np.intp(1), np.intp(2))  # which operand


def find_scale(args, steps, line, n):
    known = numbers(line)
    sign, known[DIVISOR], known[DIVISOR_LOW], known[REACH] = temper(args[1])
    least, most = find_extremes(args[0], steps[result + 1], words(line)[LENGTH], sign)
    known[SIGN] = sign
    keep_scale(known, least, most)


def keep_scale(known, least, most):
    pivot, floor = pivot_and_floor(most, T(known[REACH]))
    known[LEAST], known[MOST], known[PIVOT], known[FLOOR] = least, most, pivot, floor
    known[NARROW] = is_narrow(least, pivot)


def join_scales(args, steps, lines, count):
    least, most = infinity, -infinity
    for k in range(count):
        known = numbers(lines + k * LINE)
        least, most = at_most(least, T(known[LEAST])), at_least(most, T(known[MOST]))
    for k in range(count):
        keep_scale(numbers(lines + k * LINE), least, most)


def join_sums(args, steps, lines, count):
    high, low, maxima = F8(0), F8(0), F8(0)
    for k in range(count):
        known = numbers(lines + k * LINE)
        high, low = add(high, low, known[HIGH], known[LOW])
        maxima += known[MAXIMA]
    high, low = normalized(high, low)
    for k in range(count):
        known = numbers(lines + k * LINE)
        known[HIGH], known[LOW], known[MAXIMA] = high, low, maxima


def scale_without(known):
    return T(known[PIVOT]), T(known[FLOOR]), T(1), T(0), T(0)


def scale_tempered(known):
    return T(known[PIVOT]), T(known[FLOOR]), T(known[SIGN]), T(known[DIVISOR]), T(known[DIVISOR_LOW])


scale_of = tempering(scale_without, scale_tempered)


# ---- softmax


def sum_exponentials(args, steps, line, part):
    x, out, sx, so = args[0], args[result], steps[result + 1], steps[result + 2]
    known, high, low, xs, es = numbers(line), sums(), sums(), span(), scalars()
    scale, narrow = scale_of(known), known[NARROW] > F8(0)
    known[HIGH], known[LOW], known[MAXIMA] = F8(0), F8(0), F8(0)
    for start in range(0, words(line)[LENGTH], part):
        end = at_most(start + part, words(line)[LENGTH])
        clear(high, low)
        for i in range(start, end, SPAN):
            m = at_most(SPAN, end - i)
            e, p = target_to_wait(out, so, i, m, es), fetch(x, sx, i, m, xs, absent)
            if narrow:
                apply(exp_of_narrow, whole_lanes(m), (e,), (p, scale))
            else:
                apply(exponential, whole_lanes(m), (e,), (p, scale))
            for j in range(m, SPAN):
                e[j] = T(0)
            apply(add_values, LANES, (high, low), (high, low, groups(e)))
            put_to_wait(e, out, so, i, m)
        known[HIGH], known[LOW] = add(known[HIGH], known[LOW], *total(high, low))
    known[HIGH], known[LOW] = normalized(known[HIGH], known[LOW])


def write_shares(args, steps, line, n):
    x, out, sx, so = args[0], args[result], steps[result + 1], steps[result + 2]
    known, xs, ys, length = numbers(line), span(), span(), words(line)[LENGTH]
    scale, inverse_sum = scale_of(known), inverse(known[HIGH], known[LOW])
    narrow, (source, step) = known[NARROW] > F8(0), (out, so) if wide else (x, sx)
    for i in range(0, length, SPAN):
        m = at_most(SPAN, length - i)
        p, y = fetch(source, step, i, m, xs, absent), target(out, so, i, m, ys)
        if narrow:
            apply(finish_narrow, whole_lanes(m), (y,), (p, scale, inverse_sum))
        else:
            apply(finish, whole_lanes(m), (y,), (p, scale, inverse_sum))
        put(y, out, so, i, m)


# ---- log_softmax, logsumexp


def sum_others(args, steps, line, part):
    """The sum without the maxima, and how many those are."""
    x, sx, known = args[0], steps[result + 1], numbers(line)
    high, low, largest, xs, es = sums(), sums(), counts(), span(), scalars()
    scale, narrow = scale_of(known), known[NARROW] > F8(0)
    known[HIGH], known[LOW], known[MAXIMA] = F8(0), F8(0), F8(0)
    for start in range(0, words(line)[LENGTH], part):
        end = at_most(start + part, words(line)[LENGTH])
        clear(high, low)
        for j in range(LANES):
            largest[j] = U(0)
        for i in range(start, end, SPAN):
            m = at_most(SPAN, end - i)
            p = fetch(x, sx, i, m, xs, absent)
            if narrow:
                apply(exp_of_narrow_unless_largest, whole_lanes(m), (es,), (p, scale))
            else:
                apply(exp_unless_largest, whole_lanes(m), (es,), (p, scale))
            for j in range(m, SPAN):
                es[j] = T(0)
            apply(count_largest, LANES, (largest,), (largest, scale, groups(p)))
            apply(add_values, LANES, (high, low), (high, low, groups(es)))
        for j in range(LANES):
            known[MAXIMA] += F8(largest[j])
        known[HIGH], known[LOW] = add(known[HIGH], known[LOW], *total(high, low))
    known[HIGH], known[LOW] = normalized(known[HIGH], known[LOW])


def write_differences(args, steps, line, n):
    x, out, sx, so = args[0], args[result], steps[result + 1], steps[result + 2]
    known, xs, ys, length = numbers(line), span(), span(), words(line)[LENGTH]
    scale, log_sum = scale_of(known), log_of(known[HIGH], known[LOW], known[MAXIMA] - F8(1))
    for i in range(0, length, SPAN):
        m = at_most(SPAN, length - i)
        p, y = fetch(x, sx, i, m, xs, absent), target(out, so, i, m, ys)
        apply(subtract, whole_lanes(m), (y,), (p, scale, log_sum))
        put(y, out, so, i, m)


def write_number(args, steps, line, n):
    """Of all n elements; the line may be that of the first part."""
    known = numbers(line)
    most = T(known[MOST])
    if abs(most) < infinity:
        value = pivot_plus_log_of(most, known[HIGH], known[LOW], known[MAXIMA] - F8(1))
    else:
        value = unless_nan(args[0], steps[2], n, most)
    put_number(value, args[1])


# ---- Gradients: y * (g - sum(g*y)) and g - e^y * sum(g)


def sum_products(args, steps, line, part):
    g, y, known = args[0], args[1], numbers(line)
    high, low, gs, ys = sums(), sums(), span(), span()
    known[HIGH], known[LOW], known[MAXIMA] = F8(0), F8(0), F8(0)
    for start in range(0, words(line)[LENGTH], part):
        end = at_most(start + part, words(line)[LENGTH])
        clear(high, low)
        for i in range(start, end, SPAN):
            m = at_most(SPAN, end - i)
            p, q = fetch(g, steps[3], i, m, gs, zero), fetch(y, steps[4], i, m, ys, zero)
            apply(add_products, LANES, (high, low), (high, low, groups(p), groups(q)))
        known[HIGH], known[LOW] = add(known[HIGH], known[LOW], *total(high, low))
    known[HIGH], known[LOW] = normalized(known[HIGH], known[LOW])


def sum_gradients(args, steps, line, part):
    g, known, high, low, gs = args[0], numbers(line), sums(), sums(), span()
    known[HIGH], known[LOW], known[MAXIMA] = F8(0), F8(0), F8(0)
    for start in range(0, words(line)[LENGTH], part):
        end = at_most(start + part, words(line)[LENGTH])
        clear(high, low)
        for i in range(start, end, SPAN):
            p = fetch(g, steps[3], i, at_most(SPAN, end - i), gs, zero)
            apply(add_values, LANES, (high, low), (high, low, groups(p)))
        known[HIGH], known[LOW] = add(known[HIGH], known[LOW], *total(high, low))
    known[HIGH], known[LOW] = normalized(known[HIGH], known[LOW])


def write_softmax_slopes(args, steps, line, n):
    write_slopes(softmax_slope, args, steps, line)


def write_log_softmax_slopes(args, steps, line, n):
    write_slopes(log_softmax_slope, args, steps, line)


def write_slopes(slope, args, steps, line):
    g, y, out = args[0], args[1], args[2]
    known, gs, ys, os, length = numbers(line), span(), span(), span(), words(line)[LENGTH]
    high, low = two_words(known[HIGH], known[LOW])
    for i in range(0, length, SPAN):
        m = at_most(SPAN, length - i)
        p, q = fetch(g, steps[3], i, m, gs, zero), fetch(y, steps[4], i, m, ys, zero)
        apply(slope, whole_lanes(m), (os,), (p, q, high, low))
        put(os, out, steps[5], i, m)


softmax = Steps(find_scale, join_scales, sum_exponentials, join_sums, write_shares)
log_softmax = Steps(find_scale, join_scales, sum_others, join_sums, write_differences)
logsumexp = Steps(find_scale, join_scales, sum_others, join_sums, write_number)
softmax_backward = Steps(None, None, sum_products, join_sums, write_softmax_slopes)
log_softmax_backward = Steps(None, None, sum_gradients, join_sums, write_log_softmax_slopes)


# ---- logsumexp_weighted: an element of weight 0 takes no part, whatever it is.


def weighted_extremes(most, spoilt, light, heavy, values, weights):
    """The maximum of what takes part, and a NaN in it; the smallest and the largest weight."""
    for k in range(len(values)):
        x, w = values[k], weights[k]
        most = most if w == T(0) else at_least(most, x)
        spoilt = spoilt if w == T(0) else or_nan(x, or_nan(w, spoilt))
        light, heavy = light if w == T(0) else at_most(light, abs(w)), at_least(heavy, abs(w))
    return most, spoilt, light, heavy


def weighted(x, w, most, pivot, floor):
    """Of a row whose maximum is inf only that counts; the half of its weights cannot overflow."""
    infinite = most == infinity
    e = T(x == most) if infinite else exp_shifted(x, (pivot, floor))
    return T(0) if w == T(0) else e, w / T(2) if infinite else w


def logsumexp_weighted(args, dims, steps, data):
    for r in range(dims[0]):
        x, w = args[0] + r * steps[0], args[1] + r * steps[1]
        most, spoilt, is_heavy = find_weighted_extremes(x, steps[4], w, steps[5], dims[1])
        empty = most == -infinity
        if is_heavy and abs(most) < infinity:
            top, whole = sum_of_logs(x, steps[4], w, steps[5], dims[1])
            log_sum, sign = log_and_sign(most, top, whole, F8(1))
        else:
            whole = weighted_sum(x, steps[4], w, steps[5], dims[1], most)
            log_sum, sign = log_and_sign(most, F8(most), whole, F8(two_down))
        put_number(or_nan(spoilt, most if empty else log_sum), args[2] + r * steps[2])
        put_number(or_nan(spoilt, T(0) if empty else sign), args[3] + r * steps[3])


def find_weighted_extremes(x, sx, w, sw, n):
    most, spoilt, light, heavy, xs, ws = lanes(), lanes(), lanes(), lanes(), span(), span()
    for i in range(LANES):
        most[i], spoilt[i], light[i], heavy[i] = -infinity, T(0), infinity, T(0)
    for start in range(0, n, SPAN):
        m = at_most(SPAN, n - start)
        p, q = fetch(x, sx, start, m, xs, zero), fetch(w, sw, start, m, ws, zero)
        apply(weighted_extremes, LANES, (most, spoilt, light, heavy),
              (most, spoilt, light, heavy, groups(p), groups(q)))
    for i in range(1, LANES):
        most[0], spoilt[0] = at_least(most[0], most[i]), or_nan(spoilt[i], spoilt[0])
        light[0], heavy[0] = at_most(light[0], light[i]), at_least(heavy[0], heavy[i])
    return most[0], spoilt[0], light[0] < T(2.0**-64) or heavy[0] > T(2.0**64)


def sum_of_logs(x, sx, w, sw, n):
    """Weights far from 1 go into the exponents: what lies far below the maximum may count."""
    top, high, low = F8(-infinity), F8(0), F8(0)
    for i in range(n):
        weight = F8(element(w + i * sw))
        if weight != F8(0):
            top = max(top, F8(element(x + i * sx)) + math.log(abs(weight)))
    for i in range(n):
        weight = F8(element(w + i * sw))
        if weight != F8(0):
            e = math.exp(F8(element(x + i * sx)) + math.log(abs(weight)) - top)
            high, low = add(high, low, -e if weight < F8(0) else e, F8(0))
    return top, high + low


def weighted_sum(x, sx, w, sw, n, most):
    high, low, xs, ws, es, vs = sums(), sums(), span(), span(), scalars(), scalars()
    pivot, floor = pivot_and_floor(most, -lowest)
    clear(high, low)
    for start in range(0, n, SPAN):
        m = at_most(SPAN, n - start)
        p, q = fetch(x, sx, start, m, xs, zero), fetch(w, sw, start, m, ws, zero)
        apply(weighted, SPAN, (es, vs), (p, q, most, pivot, floor))
        apply(add_products, LANES, (high, low), (high, low, groups(es), groups(vs)))
    return total(high, low)[0]


def log_and_sign(most, top, whole, scaled):
    size = abs(whole)
    sign = T(1) if whole > F8(0) else T(-1) if whole < F8(0) else T(whole)
    if most == infinity:
        return (most, sign) if size > F8(0) else (nan, nan)
    return -infinity if size == F8(0) else T(top + math.log(size * scaled)), sign
