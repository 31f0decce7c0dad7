"""The elementwise kernels: for each function, by its name, the value of one element.

The same lines as kernels/activations.inc. `T` is the type of the elements (see pairs.py).
"""

from __future__ import annotations

import math

import numpy as np

from softramp.backends.numba.algebraic import far, hypotenuse
from softramp.backends.numba.exponents import (
    gate, gate_slope, gate_slope_times, product, quick, quick_vanishes, quotient, quotient_times,
    selu_saturation, selu_saturation_low, selu_scale, vanishing)
from softramp.backends.numba.gelu import (  # whose forward functions are kernels as they are
    geglu, geglu_slope, geglu_tanh, geglu_tanh_slope, gelu, gelu_slope, gelu_tanh, gelu_tanh_slope)
from softramp.backends.numba.glu import sigmoid_and_slope_times, sigmoid_times
from softramp.backends.numba.intrinsics import at_least, at_most, fma
from softramp.backends.numba.log import (  # whose forward functions are kernels as they are
    logit, logit_slope, mish, mish_slope, softplus, softplus_slope, softplus_slope_of_output, tanhshrink)
from softramp.backends.numba.math import (
    T, coefficients, exp_of_difference, exp_split, exp_split_of_sum, exp_up, expm1_negative, expm1_saturates,
    half, largest, lowest, magic, polynomial, scaled, sigmoid_saturates, silu_vanishes, square_of_one_plus,
    tanh_saturates, times_exp, two_down, two_half, two_minus_half, two_minus_scaled, two_up)
from softramp.backends.numba.pairs import pair

# ---- The ReLU family


def relu(x):
    return T(0) if x < T(0) else x


def relu_backward(g, x):
    return T(0) if x <= T(0) else g


def leaky_relu(x, negative_slope):
    finite = at_least(x, -largest) if negative_slope == T(0) else x  # slope 0 at -inf: the limit, not NaN
    return finite * (negative_slope if x < T(0) else T(1))


def leaky_relu_backward(g, x, negative_slope):
    return g * (T(1) if x > T(0) else negative_slope)


def prelu(x, weight):
    return leaky_relu(x, weight)


def prelu_backward(g, x, weight):
    return leaky_relu_backward(g, x, weight), T(0) if x > T(0) else x * g


def elu(x, alpha):
    return alpha * expm1_negative(-abs(x)) if x < T(0) else x


def elu_backward(g, x, alpha):
    return g * (T(1) if x > T(0) else times_exp(alpha, -abs(x)))


# ---- Straight lines and parabolas


def relu_backward_from_output(g, y):
    return relu_backward(g, y)


def leaky_relu_backward_from_output(g, y, negative_slope):
    return leaky_relu_backward(g, y, negative_slope)


def threshold(x, threshold, value):
    return value if x <= threshold else x


def threshold_backward(g, x, threshold, value):
    return T(0) if x <= threshold else g


def hardshrink(x, lambd):
    return T(0) if abs(x) <= lambd else x


def hardshrink_backward(g, x, lambd):
    return g if abs(x) > lambd else T(0)


def softshrink(x, lambd):
    return T(0) if abs(x) <= lambd else x - (lambd if x > T(0) else -lambd)


def softshrink_backward(g, x, lambd):
    return hardshrink_backward(g, x, lambd)


def relu6(x):
    return T(0) if x < T(0) else T(6) if x > T(6) else x


def relu6_backward(g, x):
    return g if x > T(0) and x < T(6) else T(0)


def hardtanh(x, min_val, max_val):
    return min_val if x < min_val else max_val if x > max_val else x


def hardtanh_backward(g, x, min_val, max_val):
    return g if x > min_val and x < max_val else T(0)


def clipped_linear(x, slope, offset, min_val, max_val):
    return at_least(at_most(line(x, slope, offset), max_val), min_val)


def clipped_linear_backward(g, x, slope, offset, min_val, max_val):
    return hardtanh_backward(slope * g, line(x, slope, offset), min_val, max_val)


def line(x, slope, offset):
    y = offset if slope == T(0) else fma(slope, x, offset)
    return x if x != x else y


def hard_sigmoid(x):
    return at_least(at_most(x + T(3), T(6)), T(0)) / T(6)


def hard_sigmoid_backward(g, x):
    return g / T(6) if abs(x) < T(3) else T(0)


def hard_swish(x):
    return at_least(x, T(-3)) * hard_sigmoid(x)


def hard_swish_backward(g, x):
    slope = (T(2) * (T(0) if abs(x) >= T(3) else x) + T(3)) / T(6)
    return T(0) if x <= T(-3) else g if x >= T(3) else g * slope


def sparse_plus(x):
    return x if x >= T(1) else sparse_sigmoid(x) * sparse_sigmoid(x)


def sparse_plus_backward(g, x):
    return T(0) if x <= T(-1) else g * sparse_sigmoid(x)


def sparse_sigmoid(x):
    return at_least(at_most((x + T(1)) / T(2), T(1)), T(0))


def sparse_sigmoid_backward(g, x):
    return x if x != x else g / T(2) if abs(x) < T(1) else T(0)


# ---- Smooth

silu_scaled_from = pair(np.float32(-80), np.float64(-700))
tanh_centre = pair(np.float32(0.7), np.float64(0.5493))
tanh_coefficients = coefficients(
    ["-0x1.51e554p-8", "0x1.4986bap-6", "-0x1.b6d324p-5", "0x1.10fbacp-3", "-0x1.5554fap-2"],
    ["-0x1.59ea31cd022c1p-16", "0x1.6515430228690p-14", "-0x1.ec17ccc735e44p-13", "0x1.34c644712424bp-11",
     "-0x1.7d97df9b60ef6p-10", "0x1.d6d33a2fe6429p-9", "-0x1.226e32f4d6717p-7", "0x1.664f48772dc3bp-6",
     "-0x1.ba1ba1b9ff12ap-5", "0x1.1111111111035p-3", "-0x1.5555555555555p-2"])


def sigmoid(x):
    z = at_most(at_least(-x, -sigmoid_saturates), silu_vanishes)
    y, scale = exp_split(z, magic - scaled)
    return two_minus_scaled / fma(y, scale, scale + two_minus_scaled)


def sigmoid_backward(g, x):
    e = exp_up(at_least(-abs(x), lowest))
    return g * (e / square_of_one_plus(e) * two_down)


def tanh(x):
    a = abs(x)
    b = at_most(a, T(1))
    square = b * b
    y, scale = exp_split(T(2) * at_most(a, tanh_saturates), magic)
    large = T(1) - T(2) / fma(y, scale, scale + T(1))
    small = fma(b * square, polynomial(square, tanh_coefficients), b)
    return math.copysign(small if a < tanh_centre else large, x)


def tanh_backward(g, x):
    e = exp_up(T(2) * at_least(-abs(x), lowest / T(2)))
    return g * (e / square_of_one_plus(e) * (T(4) * two_down))


def silu(x):
    a = at_least(x, -silu_vanishes)
    z = at_least(-a, -sigmoid_saturates)
    tail = a < silu_scaled_from  # only the tail is scaled, or the smallest x would be lost
    one = two_minus_scaled if tail else T(1)
    y, scale = exp_split(z, magic - scaled if tail else magic)
    return a * one / fma(y, scale, scale + one)


def silu_backward(g, x):
    z = at_most(at_least(x, lowest), -lowest)
    e, one = exp_up(-abs(z)), T(1) + z
    total = fma(e, two_down, one)
    low = fma(e, two_down, one - total)
    above, below = fma(e, one, two_up), fma(e, total, e * low)
    return g * ((below if z < T(0) else above) / square_of_one_plus(e) * two_down)


# ---- Exponents of two words


def celu(x, alpha):
    same, rising = x >= -two_minus_scaled * abs(alpha), alpha < T(0)
    z, low = quotient(T(0) if same else x, alpha)
    y, scale = exp_split_of_sum(at_least(z, expm1_saturates), low, magic - half if rising else magic)
    below = alpha * fma(y, scale, scale - (two_minus_half if rising else T(1)))
    return x if same else below * (two_half if rising else T(1))


def celu_backward(g, x, alpha):
    z, low = quotient(T(0) if x > T(0) else x, alpha)
    rising = alpha < T(0)
    y, scale = exp_split_of_sum(z, low, magic - half if rising else magic + half)
    return g * (fma(y, scale, scale) * (two_half if rising else two_minus_half))


def selu(x):
    return (expm1_negative(-abs(x)) if x < T(0) else x) * (selu_saturation if x < T(0) else selu_scale)


def selu_backward(g, x):
    return g * (selu_scale if x > T(0) else times_exp(selu_saturation, -abs(x)))


def swish(x, beta):
    u, u_low = product(beta, x)
    total, _, one = gate(u, u_low)
    return vanishing(x, u) / total * one


def swish_backward(g, x, beta):
    z, z_low = product(beta, x)
    numerator, square, _ = gate_slope(z, z_low, z, z_low)
    return g * (numerator / square * two_down)


def quick_gelu(x):
    u, u_low = quick(x)
    total, _, one = gate(u, u_low)
    return at_least(x, -quick_vanishes) / total * one


def quick_gelu_backward(g, x):
    z, z_low = quick(x)
    numerator, square, _ = gate_slope(z, z_low, z, z_low)
    return g * (numerator / square * two_down)


def swiglu(a, b, beta):
    u, u_low = product(beta, a)
    total, low, one = gate(u, u_low)
    return quotient_times(vanishing(a, u), total, low, b) * one


def swiglu_backward(g, a, b, beta):
    z, z_low = product(beta, a)
    return g * gate_slope_times(z, z_low, z, z_low, b), g * swish(a, beta)


# ---- Algebraic


def softsign(x):
    a = at_most(abs(x), far)
    return math.copysign(a / (T(1) + a), x)


def softsign_backward(g, x):
    r = T(1) / (T(1) + abs(x))
    return g * (r * r)


def squareplus(x, b):
    scaled_x, square, root, up, down = hypotenuse(x, b)
    centre = scaled_x > T(-0.6) * root
    y = T(0.5) * (root + (scaled_x if centre else -scaled_x)) * down
    return y if centre else T(0.25) * b / y


def squareplus_backward(g, x, b):
    scaled_x, square, root, up, down = hypotenuse(at_most(at_least(x, -largest), largest), b)
    centre = scaled_x > T(-0.6) * root
    y = T(0.5) * (scaled_x if centre else b * up) / (root if centre else fma(root, -scaled_x, square))
    return g * (T(0.5) + y if centre else y * up)


# ---- From the output


def elu_backward_from_output(g, y, alpha):
    return g * (T(1) if y > T(0) else y + alpha)


def celu_backward_from_output(g, y, alpha):
    return g * (T(1) if y > T(0) else (y + alpha) / alpha)


def selu_backward_from_output(g, y):
    return g * (selu_scale if y > T(0) else (y + selu_saturation) + selu_saturation_low)


def sigmoid_backward_from_output(g, y):
    return g * (y * (T(1) - y))


def tanh_backward_from_output(g, y):
    return g * ((T(1) - y) * (T(1) + y))


def sigmoid_glu(a, b):
    return sigmoid_times(a, b)


def sigmoid_glu_backward(g, a, b):
    gate, slope = sigmoid_and_slope_times(a, b)
    return g * slope, g * gate


def reglu(a, b):
    return relu(a) * b


def reglu_backward(g, a, b):
    return relu_backward(g * b, a), g * relu(a)


# ---- Softplus and its like, mish, logit, tanhshrink


def softplus_backward(g, x, beta):
    return g * softplus_slope(x, beta)


def softplus_backward_from_output(g, y, beta):
    return g * softplus_slope_of_output(y, beta)


def log_sigmoid(x):
    return -softplus(-x, T(1))


def log_sigmoid_backward(g, x):
    return g * sigmoid(-x)


def logit_backward(g, x):
    return g * logit_slope(x)


def mish_backward(g, x):
    return g * mish_slope(x)


def tanhshrink_backward(g, x):
    t = tanh(x)
    return g * (t * t)


# ---- gelu and its gated units, whose forward functions are those of gelu.py


def gelu_backward(g, x):
    return g * gelu_slope(x)


def gelu_tanh_backward(g, x):
    return g * gelu_tanh_slope(x)


def geglu_backward(g, a, b):
    return g * geglu_slope(a, b), g * gelu(a)


def geglu_tanh_backward(g, a, b):
    return g * geglu_tanh_slope(a, b), g * gelu_tanh(a)


# ---- Of the softmax family, whose rows are in rows.py


def logsumexp_backward(g, x, y):
    return g * exp_of_difference(x, y)
