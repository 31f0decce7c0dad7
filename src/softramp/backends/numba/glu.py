"""What sigmoid_glu is made of: kernels/glu.h in Python."""

from __future__ import annotations

import numpy as np

from softramp.backends.numba.intrinsics import at_least, at_most, fma
from softramp.backends.numba.math import T, constant, exp_split, magic, sigmoid_saturates
from softramp.backends.numba.pairs import pair

glu_vanishes = pair(np.float32(194), np.float64(1456))
glu_tail_from = pair(np.float32(-85), np.float64(-700))
glu_far = pair(np.float32(160), np.float64(1088))
first_part = constant("0x1p-64", "0x1p-128")
last_part = constant("0x1p-96", "0x1p-960")


def sigmoid_times(a, b):
    """sigmoid(a)*b."""
    z = at_most(at_least(-a, -sigmoid_saturates), glu_vanishes)
    tail = a < glu_tail_from
    y, scale = exp_split(z, magic - glu_far if tail else magic)
    total = fma(y, scale, scale + (T(0) if tail else T(1)))
    product = b * (first_part if tail else T(1)) / total * (last_part if tail else T(1))
    return or_nan(abs(b) + at_most(a, T(0)), product)


def sigmoid_and_slope_times(a, b):
    """sigmoid(a) and sigmoid'(a)*b."""
    z = at_least(-abs(a), -glu_vanishes)
    tail = z < glu_tail_from
    y, scale = exp_split(z, magic + glu_far if tail else magic)
    e, first, last = fma(y, scale, scale), first_part if tail else T(1), last_part if tail else T(1)
    beside_1 = T(0) if tail else e
    total = T(1) + beside_1
    low = beside_1 - (total - T(1))
    slope = b * first * e / fma(total, total, T(2) * total * low) * last
    top = e * first if a < T(0) else (T(1) / last_part if tail else T(1))
    return top / total * last, or_nan(abs(b) - abs(a), slope)


def or_nan(x, y):
    """y, but NaN where x is."""
    return x if x != x else y
