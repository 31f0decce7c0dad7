"""Sigmoids and ramps without an exponential: kernels/algebraic.h in Python."""

from __future__ import annotations

import math

from softramp.backends.numba.intrinsics import at_least, at_most, fma
from softramp.backends.numba.math import T, constant, smallest_normal

far = constant("0x1p26", "0x1p55")  # 1 + far rounds to far
square_large = constant("0x1p62", "0x1p500")
square_small = constant("0x1p-40", "0x1p-320")
b_large = constant("0x1p124", "0x1p1000")
b_small = constant("0x1p-80", "0x1p-640")
root_up = constant("0x1p100", "0x1p800")
root_down = constant("0x1p-100", "0x1p-800")


def hypotenuse(x, b):
    """x, square = x^2 + b, its root, all scaled by up, and 1/up."""
    a = abs(x)
    large, small = a > square_large or b > b_large, a < square_small and b < b_small
    scale_up = root_down if large else root_up if small else T(1)
    scale_down = root_up if large else root_down if small else T(1)
    scaled_x = x * scale_up
    square = fma(scaled_x, scaled_x, b * scale_up * scale_up)
    return scaled_x, square, at_least(math.sqrt(square), smallest_normal), scale_up, scale_down
