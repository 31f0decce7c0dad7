"""The same functions once more, exact: what tests and `softramp verify` measure the kernels against.

A formula is one line, found by its name. It runs on mpmath numbers of any precision and on
arrays of NumPy's long double, whose 64 bits (x86; 113 on Linux aarch64) decide about float64 results.
Derivatives need no line: mpmath.diff gives them exactly; the complex step f(x + ih).imag / h, which has
no cancellation, gives them on arrays. `tests/test_oracle.py` holds the two together.

At a kink a formula takes one side. It compares `x.real`: of complex numbers with equal real parts NumPy
compares the imaginary ones, and the step would decide. mpmath.diff takes the mean of both sides.
Nothing here is taken from the kernels or from definitions/.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

from softramp.definitions import definitions

LONG = np.longdouble
STEP = LONG(2) ** (int(np.finfo(LONG).minexp) // 4)  # normal times any derivative; its square is nothing

with mpmath.workdps(50):
    PI = LONG(mpmath.nstr(mpmath.pi, 40))
    FACTOR = LONG(1713) / 2**30  # sqrt(8/pi) / 10**6, in 11 bits and the rest
    FACTOR_LOW = LONG(mpmath.nstr(mpmath.sqrt(8 / mpmath.pi) / 10**6 - mpf(1713) / 2**30, 40))

Array = np.ndarray[Any, Any]


def finfo(dtype: Any) -> Any:
    """numpy.finfo, also of bfloat16."""
    if np.dtype(dtype).kind == "f":
        return np.finfo(dtype)
    import ml_dtypes

    return ml_dtypes.finfo(dtype)


def _op(name: str) -> Callable[[Any], Any]:
    return lambda x: getattr(mpmath if isinstance(x, mpf) else np, name)(x)


exp, expm1, log, sqrt, cosh, _tanh = map(_op, ("exp", "expm1", "log", "sqrt", "cosh", "tanh"))


def log1p(x: Any) -> Any:
    if not np.iscomplexobj(x):
        return _op("log1p")(x)
    return np.log1p(x.real) + 1j * (x.imag / (1 + x.real))  # NumPy's loses a small real part


def where(condition: Any, a: Any, b: Any) -> Any:
    return np.where(condition, a, b) if isinstance(condition, np.ndarray) else a if condition else b


# ---- Elementwise: x, then the parameters. Arrays may hold NaN in the branch that is not taken.


def relu(x: Any) -> Any:
    return where(x.real > 0, x, 0 * x)


def leaky_relu(x: Any, negative_slope: Any) -> Any:
    return where(x.real > 0, x, negative_slope * x)


prelu = leaky_relu


def relu_backward_from_output(g: Any, y: Any) -> Any:
    return where(y > 0, g, 0 * g)


def leaky_relu_backward_from_output(g: Any, y: Any, negative_slope: Any) -> Any:
    return where(y > 0, g, negative_slope * g)


def threshold(x: Any, threshold: Any, value: Any) -> Any:
    return where(x.real > threshold, x, value)


def hardshrink(x: Any, lambd: Any) -> Any:
    return where(abs(x.real) > lambd, x, 0 * x)


def softshrink(x: Any, lambd: Any) -> Any:
    return where(x.real > lambd, x - lambd, where(x.real < -lambd, x + lambd, 0 * x))


def hardtanh(x: Any, min_val: Any, max_val: Any) -> Any:
    return where(x.real <= min_val, min_val, where(x.real >= max_val, max_val, x))


def relu6(x: Any) -> Any:
    return hardtanh(x, 0, 6)


def clipped_linear(x: Any, slope: Any, offset: Any, min_val: Any, max_val: Any) -> Any:
    return hardtanh(slope * x + offset, min_val, max_val)


def hard_sigmoid(x: Any) -> Any:
    return relu6(x + 3) / 6


def hard_swish(x: Any) -> Any:
    return where(x.real <= -3, 0 * x, where(x.real >= 3, x, x * (x + 3) / 6))


def sparse_plus(x: Any) -> Any:
    return where(x.real <= -1, 0 * x, where(x.real >= 1, x, (x + 1) * (x + 1) / 4))


def sparse_sigmoid(x: Any) -> Any:
    return hardtanh((x + 1) / 2, 0, 1)


def elu(x: Any, alpha: Any) -> Any:
    return where(x > 0, x, alpha * expm1(x))


def sigmoid(x: Any) -> Any:
    return where(x > 0, 1 / (1 + exp(-x)), exp(x) / (1 + exp(x)))


def tanh(x: Any) -> Any:
    return _tanh(x)


def silu(x: Any) -> Any:
    return x * sigmoid(x)


# ---- Exponential, gated and algebraic


def celu(x: Any, alpha: Any) -> Any:
    return where(x > 0, x, alpha * expm1(x / alpha))


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
SELU_SATURATION = SELU_SCALE * SELU_ALPHA
SELU_LOW = float(Fraction(SELU_SCALE) * Fraction(SELU_ALPHA) - Fraction(SELU_SATURATION))


def selu(x: Any) -> Any:
    return SELU_SCALE * where(x > 0, x, SELU_ALPHA * expm1(x))


def swish(x: Any, beta: Any) -> Any:
    return x * sigmoid(beta * x)


def swiglu(a: Any, b: Any, beta: Any) -> Any:
    return swish(a, beta) * b


def quick_gelu(x: Any) -> Any:
    """With 1.702 in two words, of which the first times a float64 is exact in long double."""
    high = 871 / 512
    e, f = exp(high * x) * exp((1.702 - high) * x), exp(-high * x) * exp((high - 1.702) * x)
    return x * where(x > 0, 1 / (1 + f), e / (1 + e))


def softsign(x: Any) -> Any:
    """Of a large x the complex step would lose in x / (1 + x) what 1 / (1 + x) keeps."""
    a = where(x > 0, x, -x)
    y = where(a > 1, 1 - 1 / (1 + a), a / (1 + a))
    return where(x > 0, y, -y)


def squareplus(x: Any, b: Any) -> Any:
    y = (where(x > 0, x, -x) + sqrt(x * x + b)) / 2
    return where(x > 0, y, b / (4 * y))


# ---- Derivatives from the output: g, y, then the parameters


def elu_backward_from_output(g: Any, y: Any, alpha: Any) -> Any:
    return g * where(y > 0, 1, y + alpha)


def celu_backward_from_output(g: Any, y: Any, alpha: Any) -> Any:
    return g * where(y > 0, 1, (y + alpha) / alpha)


def selu_backward_from_output(g: Any, y: Any) -> Any:
    return g * where(y > 0, SELU_SCALE, y + SELU_SATURATION + SELU_LOW)


def sigmoid_backward_from_output(g: Any, y: Any) -> Any:
    return g * y * (1 - y)


def tanh_backward_from_output(g: Any, y: Any) -> Any:
    return g * (1 - y) * (1 + y)


def sigmoid_glu(a: Any, b: Any) -> Any:
    return sigmoid(a) * b


def reglu(a: Any, b: Any) -> Any:
    return relu(a) * b


# ---- Softplus and its like, mish, logit, tanhshrink


def softplus(x: Any, beta: Any) -> Any:
    return where(x > 0, x, 0 * x) + log1p(exp(where(x > 0, -x, x) * beta)) / beta


def softplus_backward_from_output(g: Any, y: Any, beta: Any) -> Any:
    return -g * expm1(-beta * y)


def log_sigmoid(x: Any) -> Any:
    return -softplus(-x, 1)


def logit(x: Any) -> Any:
    return where(x > 0.25, log1p((2 * x - 1) / (1 - x)), log(x) - log1p(-x))


def mish(x: Any) -> Any:
    return x * _tanh(softplus(x, 1))


def tanhshrink(x: Any) -> Any:
    if isinstance(x, mpf):
        return x - _tanh(x)
    terms = (2 * k * x ** (2 * k + 1) / LONG(math.factorial(2 * k + 1)) for k in range(1, 14))
    return where(abs(x) < 1, sum(terms) / cosh(x), x - _tanh(x))  # of x*cosh(x) - sinh(x)


# The normal distribution and gelu. NumPy has no erfc of long doubles. e^-y of a long double y loses as many
# digits as y has before the point: the arguments are split into parts whose products are exact.


BEYOND = 99  # no tail is a number of any dtype there; mpmath would take its time, and overflow


def _gauss(x: Array) -> Array:
    """e^(-x^2/2)."""
    near = np.round(x.real * 2**16) / 2**16
    return np.exp(-near * near / 2) * np.exp(-(x - near) * (x + near) / 2)


def _centre(x: Array) -> Array:
    """Phi(-x) for 0 <= x < 1, by the series whose terms are all positive."""
    term = total = x
    for k in range(3, 40, 2):
        term = term * x * x / k
        total = total + term
    return LONG(1) / 2 - _gauss(x) * total / np.sqrt(2 * PI)


def _tail(x: Array) -> Array:
    """Phi(-x) for x >= 1, by the trapezoidal rule and its pole (Chiarella and Reichel 1968).

    This step makes an error of 1e-20.
    """
    h, half_square = LONG(0.46), x * x / 2
    terms = [2 * np.exp(-(k * h) ** 2) / ((k * h) ** 2 + half_square) for k in range(15, 0, -1)]
    pole = np.exp(-np.sqrt(LONG(2)) * PI / h * x)
    rule = _gauss(x) * h * x / (np.sqrt(LONG(8)) * PI) * (sum(terms) + 1 / half_square)
    return rule - where(x < np.sqrt(LONG(2)) * PI / h, pole / (1 - pole), 0)


def normal_cdf(x: Any) -> Any:
    if isinstance(x, mpf):
        return mpmath.ncdf(x) if abs(x) < BEYOND else mpf(x > 0)
    a = where(x < 0, -x, x)
    a = where(a < BEYOND, a, BEYOND)
    tail = where(a < 1, _centre(a), _tail(a))
    return where(x < 0, tail, 1 - tail)


def gelu(x: Any) -> Any:
    return x * normal_cdf(x)


def _exp_of_gelu_tanh(x: Array) -> Array:
    """e^-y, y = sqrt(8/pi) * (x + 0.044715*x^3), x >= 0."""
    near = np.round(x.real * 2**8) / 2**8
    rest = x - near
    million = 10**6 * near + 44715 * near**3
    change = rest * (10**6 + 44715 * (3 * near * (near + rest) + rest * rest))
    return np.exp(-FACTOR * million) * np.exp(-FACTOR_LOW * million - (FACTOR + FACTOR_LOW) * change)


def gelu_tanh(x: Any) -> Any:
    if isinstance(x, mpf):
        if abs(x) >= BEYOND:
            return x * (x > 0)
        return x / (1 + exp(-mpmath.sqrt(8 / mpmath.pi) * (x + 44715 * x**3 / 10**6)))
    e = _exp_of_gelu_tanh(where(x < 0, -x, x))
    return where(x < 0, x * e, x) / (1 + e)


def geglu(a: Any, b: Any) -> Any:
    return gelu(a) * b


def geglu_tanh(a: Any, b: Any) -> Any:
    return gelu_tanh(a) * b


def formula(name: str) -> Callable[..., Any]:
    """The formula behind a definition: its own, or the forward function that it is the derivative of.

    A derivative from the output has its own, which takes (g, y), as has that of a row function.
    """
    own = globals().get(name) or globals().get(name.removesuffix("_backward"))
    if own is None:
        raise LookupError(f"softramp/oracle.py wants a line for {name}")
    return own  # type: ignore[no-any-return]


def reference(name: str, *operands: Any) -> tuple[Array, ...]:
    """Every output of an elementwise function, in long double; arrays that broadcast."""
    function = formula(name)
    operands = tuple(np.asarray(a, LONG) for a in operands)
    with np.errstate(all="ignore"):
        if name in globals():
            return (function(*operands),)
        g, *point = operands
        slopes = []
        for k in range(definitions[name].nout):
            aside = [a + 1j * STEP if i == k else a for i, a in enumerate(point)]
            slopes.append(g * (function(*aside).imag / STEP))
        return tuple(slopes)


def exact(name: str, *operands: float, dtype: Any) -> tuple[mpf, ...]:
    """The same at one point in mpmath, to far more digits than `dtype` has."""
    function, info = formula(name), finfo(dtype)
    # diff steps by 2**-prec: that is to be small beside the smallest subnormal.
    with mpmath.workprec(int(info.nmant - info.minexp) + 100):
        g, *point = [mpf(float(a)) for a in operands]
        if name in globals():
            return (function(g, *point),)
        return tuple(
            g * mpmath.diff(lambda t, k=k: function(*point[:k], t, *point[k + 1:]), point[k])
            for k in range(definitions[name].nout))


# ---- Rows along the last axis, in long double: of each output (value, what an ULP is measured of).

Measured = tuple[Array, Array]


def logsumexp_backward(g: Any, x: Any, y: Any) -> Any:
    """Of each element. The difference in two words: e^z of a long double z loses digits as z grows."""
    if isinstance(x, mpf):
        return g * exp(x - y)
    z, low = _difference(x, y)
    return g * (exp(z) * (1 + where(abs(z) < 2**15, low, 0)))


def _difference(x: Array, y: Array) -> tuple[Array, Array]:
    """x - y, and what rounding takes from it."""
    z = x - y
    back = z - x
    return z, np.where(np.isfinite(z), (x - (z - back)) - (y + back), 0)


def _parts(x: Array) -> tuple[Array, Array]:
    """Two halves, whose products are exact."""
    high = x * (LONG(2) ** 32 + 1)
    high = high - (high - x)
    return high, x - high


def _quotient(z: Array, low: Array, t: Array) -> tuple[Array, Array]:
    """(z + low) / t in two words."""
    q = z / t
    (q1, q2), (t1, t2) = _parts(q), _parts(t)
    rest = (((z - q1 * t1) - q1 * t2) - q2 * t1) - q2 * t2
    return q, np.where(np.isfinite(rest), (rest + low) / t, 0)


def _exponentials(x: Array, temperature: Array | None = None) -> tuple[Array, Array, Array]:
    """The maximum, (x - max) / temperature, and the exponential of that, with digits that rounding took."""
    if temperature is not None:
        temperature = temperature.astype(LONG)[..., None]
        x, temperature = x * np.sign(temperature), abs(temperature)
    top = x.max(-1, keepdims=True)
    z, low = _difference(x, top)
    if temperature is not None:
        top, (z, low) = top / temperature, _quotient(z, low, temperature)
    return top, z, np.exp(z) * (1 + low)


def _log_sum(z: Array, e: Array) -> Array:
    """log(sum(e)), whose largest term is 1."""
    e = e.copy()
    np.put_along_axis(e, z.argmax(-1, keepdims=True), 0, -1)  # its 1 is log1p's
    return np.log1p(e.sum(-1, keepdims=True))


def softmax(x: Array, temperature: Array | None = None) -> Measured:
    _, _, e = _exponentials(x.astype(LONG), temperature)
    y = e / e.sum(-1, keepdims=True)
    return y, y


softmax_tempered = softmax


def log_softmax(x: Array, temperature: Array | None = None) -> Measured:
    """An error below eps/2 of logsumexp counts for nothing."""
    top, z, e = _exponentials(x.astype(LONG), temperature)
    log_sum = _log_sum(z, e)
    y = np.where(np.isfinite(top), z - log_sum, np.nan)
    return y, np.maximum(abs(y), abs(top + log_sum) * (float(finfo(x.dtype).eps) / 2))


log_softmax_tempered = log_softmax


def logsumexp(x: Array) -> Measured:
    """A sum, of the maximum and of a logarithm: where these cancel, errors are measured of them."""
    top, z, e = _exponentials(x.astype(LONG))
    log_sum = _log_sum(z, e)
    y = np.where(np.isinf(top), top, top + log_sum)
    return y[..., 0], np.maximum.reduce([abs(y), abs(top), log_sum])[..., 0]


def logsumexp_weighted(x: Array, b: Array) -> tuple[Measured, Measured]:
    """Measured as logsumexp; where terms cancel, of all terms over their sum, down to one lost in rounding them."""
    eps = float(finfo(x.dtype).eps)
    x, b = np.where(b == 0, -np.inf, x.astype(LONG)), b.astype(LONG)
    top = x.max(-1)
    _, _, e = _exponentials(x)
    e = np.where(top[..., None] == -np.inf, 0, e)
    total, size = (b * e).sum(-1), (abs(b) * e).sum(-1)
    log_sum = np.log(abs(total))
    y = top + log_sum
    cancelled = size / abs(total)
    unit = np.maximum.reduce([abs(y), abs(top), abs(log_sum), cancelled])
    lost = cancelled * eps > 1
    return (y, np.where(lost, np.inf, unit)), (np.sign(total), np.where(lost, np.inf, 1))


def softmax_backward(g: Array, y: Array) -> Measured:
    """A difference: its error is measured in ULP of the largest of it and its terms."""
    g, y = g.astype(LONG), y.astype(LONG)
    total = (g * y).sum(-1, keepdims=True)
    value = y * (g - total)
    return value, np.maximum(abs(value), y * np.maximum(abs(g), abs(total)))


def log_softmax_backward(g: Array, y: Array) -> Measured:
    """A difference, measured as softmax_backward."""
    g, e = g.astype(LONG), np.exp(y.astype(LONG))
    total = g.sum(-1, keepdims=True)
    value = g - e * total
    return value, np.maximum(abs(value), np.maximum(abs(g), e * abs(total)))


@np.errstate(all="ignore")
def cross_entropy(x: Array, a: Array, tight: bool) -> tuple[Measured, Measured]:
    """Loss and gradient of -sum(a * log_softmax(x)), each with what an ULP is measured of.

    Of the gradient: the larger of its two terms, or itself, where nothing may cancel.
    """
    a = a.astype(LONG)
    top, z, e = _exponentials(x.astype(LONG))
    classes, first = np.arange(x.shape[-1]), z.argmax(-1, keepdims=True)
    rest, pulls = (np.where(classes == first, 0, v).sum(-1, keepdims=True) for v in (e, a))
    log_sum, sum_a = np.log1p(rest), a.sum(-1, keepdims=True)
    log_softmax = z - log_sum + _difference(x.astype(LONG), top)[1]
    spoilt = np.where(np.isfinite(top), 0, np.nan)
    loss = spoilt[..., 0] - np.where(a == 0, 0, a * log_softmax).sum(-1)
    softmax = e / (1 + rest)
    confident = (classes == first) & (rest < 1)
    gradient = spoilt + np.where(confident, pulls - sum_a * rest / (1 + rest), sum_a * softmax - a)
    eps = np.finfo(np.float64 if x.dtype == np.float64 else np.float32).eps
    unit = np.maximum(abs(loss), (abs(top + log_sum) * sum_a)[..., 0] * (eps / 2))
    terms = abs(gradient) if tight else np.maximum(sum_a * softmax, a)
    return (loss, unit), (gradient, terms)


@np.errstate(all="ignore")
def hinge_loss(x: Array, labels: Array) -> tuple[Measured, Measured]:
    """Loss and gradient with a margin of 1, each with what an ULP is measured of."""
    x = x.astype(LONG)
    own = np.arange(x.shape[-1]) == labels[:, None]
    others = np.where(own, -np.inf, x)
    runner_up = np.arange(x.shape[-1]) == others.argmax(-1)[:, None]
    z, low = _difference(others.max(-1), x[own])
    above, lost = _difference(z, LONG(-1))
    loss = np.where(x.max(-1) == x.max(-1), np.maximum(above + (lost + low), 0), np.nan)
    gradient = np.where(loss[:, None] > 0, runner_up.astype(LONG) - own, loss[:, None])
    return (loss, loss), (gradient, gradient)


def row_reference(name: str, *operands: Array) -> tuple[Measured, ...]:
    """Every output of a row function in long double, and what an ULP of each of its elements is measured of."""
    if name not in globals():
        raise LookupError(f"softramp/oracle.py wants a function {name}")
    with np.errstate(all="ignore"):
        found = globals()[name](*operands)
    return found if definitions[name].nout > 1 else (found,)


# ---- Errors


def ulp_error(result: Any, exact: Any, unit: Any = None) -> Array:
    """abs(result - exact) / spacing of `unit`, by default of the exact value, in the result's dtype.

    NaN where a number belongs, or a number where NaN does, is an infinite error. Infinity counts as
    the power of two that follows the largest number.
    """
    result = np.asarray(result)
    info = finfo(result.dtype)
    top = LONG(2) ** int(info.maxexp)
    exact = np.clip(np.asarray(exact, LONG), -top, top)
    unit = exact if unit is None else np.asarray(unit, LONG)
    _, exponent = np.frexp(np.where(unit == 0, top, np.clip(abs(unit), 0, top)))
    exponent = np.where(unit == 0, info.minexp, np.clip(exponent - 1, info.minexp, info.maxexp - 1))
    error = abs(np.clip(result.astype(LONG), -top, top) - exact) / np.ldexp(LONG(1), exponent - info.nmant)
    both_nan = np.isnan(result) & np.isnan(exact)
    return np.where(both_nan, 0, np.where(np.isnan(error), np.inf, error)).astype(float)
