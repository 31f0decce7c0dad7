"""The kernels behind cross_entropy and hinge_loss: kernels/losses.h in Python, operation by operation.

What is pulled with what, and why nothing cancels, stands there. A label comes without a row of probabilities;
the weights stand in for it, times 0. Weights, probabilities and losses are T, and so are 16-bit elements once
`apply` has read them; the exponentials of those are computed again.
"""

from __future__ import annotations

import numpy as np

from softramp.backends.numba.exponents import product_low
from softramp.backends.numba.intrinsics import at_least, at_most, buffer, copy, fma, pointer_to
from softramp.backends.numba.log import product_plus
from softramp.backends.numba.math import T, U, two_down, two_up
from softramp.backends.numba.pairs import pair, stored
from softramp.backends.numba.rows import (
    F8, LANES, SPAN, absent, add, add_values, apply, clear, count_largest, counts, element, exp_shifted,
    fetch, find_extremes, groups, infinity, lanes, log1p, lowest, nan, one_word, or_nan, pivot_and_floor,
    pointer, pointer_to_parameter, put, put_number, put_to_wait, same, scalars, share, span, sums,
    target, target_to_wait, total, whole_lanes, wide, zero)

MOST = F8(2**20)

number, label_at = pointer_to(np.float64), pointer_to(np.int64)
doubles = buffer(np.float64, SPAN)
parameter_size = pair(np.intp(4), np.intp(8))


def fill(row, step, n, value):
    spare = span()
    apply(same, SPAN, (spare,), (value,))
    for start in range(0, n, SPAN):
        put(spare, row, step, start, at_most(SPAN, n - start))


def parameters(row, step):
    """A buffer for `fetch_parameters`, filled if all are one number."""
    spare = scalars()
    if step == 0:
        copy(spare, parameter_size, pointer_to_parameter(row), step, SPAN)
    return spare


def fetch_parameters(row, step, start, m, spare):
    """As `fetch`, of what is T for all types of elements."""
    here = pointer_to_parameter(row + start * step)
    if step == parameter_size and m == SPAN:
        return here
    if step != 0:
        copy(spare, parameter_size, here, step, m)
    return spare


def first_index(x, step, n, value):
    """Of an element of this value; n if there is none."""
    count, spare = counts(), span()
    for i in range(LANES):
        count[i] = U(0)
    for start in range(0, n, SPAN):
        m = at_most(SPAN, n - start)
        apply(count_largest, LANES, (count,),
              (count, (value, value, T(1)), groups(fetch(x, step, start, m, spare, absent))))
        found = U(0)
        for i in range(LANES):
            found = U(found | count[i])
        if found:
            for i in range(start, start + m):
                if element(x + i * step) == value:
                    return i
    return n


# ---- Exponentials


def waiting_and_rest(x, scale):
    e = exp_shifted(x, scale)
    return e, T(0) if x == scale[0] else e


def exponentials(x, sx, out, so, n, scale):
    """Their sum without the maxima, and how many those are; if there is an `out`, they wait there."""
    high, low, count, xs, es, rest = sums(), sums(), counts(), span(), scalars(), scalars()
    clear(high, low)
    for i in range(LANES):
        count[i] = U(0)
    for start in range(0, n, SPAN):
        m = at_most(SPAN, n - start)
        p = fetch(x, sx, start, m, xs, absent)
        e = target_to_wait(out, so, start, m, es) if out else es
        apply(count_largest, LANES, (count,), (count, scale, groups(p)))
        apply(waiting_and_rest, whole_lanes(m), (e, rest), (p, scale))
        for i in range(m, SPAN):
            rest[i] = T(0)
        apply(add_values, LANES, (high, low), (high, low, groups(rest)))
        if out:
            put_to_wait(e, out, so, start, m)
    maxima = F8(0)
    for i in range(LANES):
        maxima += F8(count[i])
    whole, part = total(high, low)
    return whole, part, maxima


# ---- Pulls


def pull_and_depth(x, t, w, pivot, keep, spread):
    a = F8(w) * fma(keep, F8(t), spread)
    return a, F8(0) if a == F8(0) else F8(pivot) - F8(x)


def product_float32(a, v):
    return a * v, F8(0)


def product_float64(a, v):
    return a * v, product_low(a, v, a * v)


product = pair(product_float32, product_float64)


def add_pulls(high, low, drop, drop_low, pulls, depths):
    for k in range(len(pulls)):
        high, low = add(high, low, pulls[k], F8(0))
        drop, drop_low = add(drop, drop_low, *product(pulls[k], depths[k]))
    return high, low, drop, drop_low


def pull_of_row(x, sx, t, st, w, sw, n, pivot, keep, spread):
    """sum(a) in two words, sum(a * (pivot - x))."""
    high, low, drop, drop_low = sums(), sums(), sums(), sums()
    xs, ts, ws, pulls, depths = span(), parameters(t, st), parameters(w, sw), doubles(), doubles()
    clear(high, low)
    clear(drop, drop_low)
    for start in range(0, n, SPAN):
        m = at_most(SPAN, n - start)
        p = fetch(x, sx, start, m, xs, zero)
        q, r = fetch_parameters(t, st, start, m, ts), fetch_parameters(w, sw, start, m, ws)
        apply(pull_and_depth, whole_lanes(m), (pulls, depths), (p, q, r, pivot, keep, spread))
        for i in range(m, SPAN):
            pulls[i] = depths[i] = F8(0)
        apply(add_pulls, LANES, (high, low, drop, drop_low),
              (high, low, drop, drop_low, groups(pulls), groups(depths)))
    plain = F8(0)
    for i in range(LANES):
        plain += drop[i]
    depth = total(drop, drop_low)[0]
    whole, part = total(high, low)
    return whole, part, depth if depth == depth else plain


def loss_of_row(pivot, x, sum_of_row, pull, pull_low, drop, hard):
    rest, rest_low, maxima = sum_of_row
    r = rest * F8(two_down) + (maxima - F8(1))
    log_sum = log1p(r) + rest_low * F8(two_down) / (F8(1) + r)
    soft = fma(pull, log_sum, fma(pull_low, log_sum, drop))
    return T(soft if hard == F8(0) else fma(hard, (F8(pivot) - F8(x)) + log_sum, soft))


# ---- Slopes


def ratio_float32(number, number_low, whole, part):
    quotient = number / whole
    return T(quotient), T(quotient - F8(T(quotient)))


def ratio_float64(number, number_low, whole, part):
    quotient = number / whole
    return quotient, (product_plus(-quotient, whole, number) + number_low - quotient * part) / whole


ratio = pair(ratio_float32, ratio_float64)


def slopes_of_row(sum_of_row, pull, divisor):
    """What shares are multiplied with, in two words and once more; all shares but that of one maximum."""
    rest, rest_low, maxima = sum_of_row
    factor = pull / divisor
    size, sign = abs(factor), F8(-1) if factor < F8(0) else F8(1)
    lost = F8(0) if one_word or size > MOST else sign * product_plus(-factor, divisor, pull) / divisor
    others, others_low = add(rest, rest_low, (maxima - F8(1)) * F8(two_up), F8(0))
    high, low = add(rest, rest_low, maxima * F8(two_up), F8(0))
    whole = high + low
    part = F8(0) if one_word else low - (whole - high)
    inverse = ratio(at_most(size, MOST) * F8(two_up), lost * F8(two_up), whole, part)
    after = T(sign * (size / MOST if size > MOST else F8(1)))
    return inverse, after, ratio(others, others_low, whole, part)


def slope_at(x, scale, slopes, pull, divisor, own, rest):
    inverse, after, others = slopes
    if x == scale[0] and others[0] < T(0.5):
        return T((fma(-pull, F8(others[0]), rest) - pull * F8(others[1])) / divisor)
    return T(F8(share(exp_shifted(x, scale), scale, inverse) * after) - own / divisor)


def that_waited(e, scale):
    return e


again = stored(that_waited, exp_shifted)


def pulled_slope(e, t, w, scale, inverse, after, keep, keep_low, spread):
    pull = fma(keep, t, fma(keep_low, t, spread))
    return fma(-w, pull, share(again(e, scale), scale, inverse) * after)


def plain_slope(e, scale, inverse, after):
    return share(again(e, scale), scale, inverse) * after


def put_slopes(x, sx, out, so, t, st, w, sw, n, scale, slopes, keep, spread, divisor):
    inverse, after, _ = slopes
    keep_high, keep_low = ratio(keep, F8(0), divisor, F8(0))
    es, ts, ws, ys = span(), parameters(t, st), parameters(w, sw), span()
    source, step = (out, so) if wide else (x, sx)
    for start in range(0, n, SPAN):
        m = at_most(SPAN, n - start)
        e, y = fetch(source, step, start, m, es, absent), target(out, so, start, m, ys)
        if keep == F8(0) and spread == F8(0):
            apply(plain_slope, whole_lanes(m), (y,), (e, scale, inverse, after))
        else:
            p, q = fetch_parameters(t, st, start, m, ts), fetch_parameters(w, sw, start, m, ws)
            apply(pulled_slope, whole_lanes(m), (y,),
                  (e, p, q, scale, inverse, after, keep_high, keep_low, T(spread / divisor)))
        put(y, out, so, start, m)


# ---- Kernels of one row. at: the addresses of its operands; step: to their next elements; kind: whether
# there is a gradient (1), whether a label stands in for probabilities (2).


def cross_entropy(at, step, n, kind):
    """x, label or probabilities, weight, keep, spread, divisor if there is a gradient, loss, gradient."""
    x, sx, w, sw, keep, spread = at[0], step[0], at[2], step[2], number(at[3])[0], number(at[4])[0]
    has_gradient, t, st, label, hard = kind & 1, at[1], step[1], -1, F8(0)
    loss, out, so, divisor = at[5], 0, 0, F8(1)
    if has_gradient:
        loss, out, so, divisor = at[6], at[7], step[7], number(at[5])[0]
    if kind & 2:
        label, t, st = label_at(t)[0], w, sw
    if n == 0 or (kind & 2 and not 0 <= label < n):
        leave_out(loss, out, so, n)
        return
    if kind & 2:
        hard, keep = keep * F8(pointer_to_parameter(w + label * sw)[0]), F8(0)

    pivot, floor = pivot_and_floor(find_extremes(x, sx, n, T(1))[1], -lowest)
    scale = pivot, floor, T(1)
    own_x = element(x + label * sx) if label >= 0 else pivot
    pull, pull_low, drop = F8(0), F8(0), F8(0)
    if keep != F8(0) or spread != F8(0):
        pull, pull_low, drop = pull_of_row(x, sx, t, st, w, sw, n, pivot, keep, spread)
    own = label if label >= 0 or not has_gradient else first_index(x, sx, n, pivot)
    rest = exponentials(x, sx, out, so, n, scale)
    pointer_to_parameter(loss)[0] = loss_of_row(pivot, own_x, rest, pull, pull_low, drop, hard)
    if has_gradient:
        slopes = slopes_of_row(rest, pull + hard, divisor)
        put_slopes(x, sx, out, so, t, st, w, sw, n, scale, slopes, keep, spread, divisor)
        if label >= 0 or rest[2] == F8(1):
            weight, probability = pointer_to_parameter(w + own * sw)[0], pointer_to_parameter(t + own * st)[0]
            soft = F8(weight) * fma(keep, F8(probability), spread)
            others = (pull - soft) + pull_low
            slope = slope_at(own_x, scale, slopes, pull + hard, divisor, hard + soft, others)
            put_number(slope, out + own * so)


def leave_out(loss, out, so, n):
    pointer_to_parameter(loss)[0] = T(0)
    if out:
        fill(out, so, n, T(0))


# ---- Hinge loss


def largest_and_nan(most, spoilt, values):
    for x in values:
        most, spoilt = at_least(most, x), or_nan(x, spoilt)
    return most, spoilt


def top_of(x, step, n):
    """The largest but for NaN; 0 or a NaN that is there."""
    most, spoilt, spare = lanes(), lanes(), span()
    for i in range(LANES):
        most[i], spoilt[i] = -infinity, T(0)
    for start in range(0, n, SPAN):
        p = fetch(x, step, start, at_most(SPAN, n - start), spare, lower)
        apply(largest_and_nan, LANES, (most, spoilt), (most, spoilt, groups(p)))
    for i in range(1, LANES):
        most[0], spoilt[0] = at_least(most[0], most[i]), or_nan(spoilt[i], spoilt[0])
    return most[0], spoilt[0]


# -inf
lower = stored(pair(np.float32(-np.inf), np.float64(-np.inf)), np.uint16(0xFC00), np.uint16(0xFF80))


def hinge_value(margin, runner_up, own):
    """margin + (runner_up - own), rounded once."""
    difference = runner_up - own
    back = difference - runner_up
    lost = (runner_up - (difference - back)) - (own + back)
    whole = margin + difference
    back = whole - margin
    low = ((margin - (whole - back)) + (difference - back)) + lost
    return whole + low if whole - whole == F8(0) else whole


def hinge_loss(at, step, n, kind):
    """x, label, weight, margin, divisor if there is a gradient, loss, gradient."""
    x, sx, label, weight, margin = at[0], step[0], label_at(at[1])[0], number(at[2])[0], number(at[3])[0]
    loss, out, so, divisor = at[4], 0, 0, F8(1)
    if kind & 1:
        loss, out, so, divisor = at[5], at[6], step[6], number(at[4])[0]
    if not 0 <= label < n:
        leave_out(loss, out, so, n)
        return
    before, spoilt = top_of(x, sx, label)
    after, spoilt_too = top_of(x + (label + 1) * sx, sx, n - label - 1)
    top, own = at_least(before, after), element(x + label * sx)
    value = hinge_value(margin, F8(top), F8(own)) + F8(spoilt + spoilt_too)
    pointer_to_parameter(loss)[0] = T(F8(0) if value <= F8(0) else weight * value)
    if kind & 1:
        first = first_index(x, sx, label, top)
        if first == label:
            first += 1 + first_index(x + (label + 1) * sx, sx, n - label - 1, top)
        fill(out, so, n, T(0) if value == value else nan)
        if value > F8(0):
            put_number(T(weight / divisor), out + first * so)
            put_number(-T(weight / divisor), out + label * so)
