"""The registry: what every function is.

Each is defined in a few lines of careful NumPy, with its signature, its documentation and the error
that its kernels promise. Everything else (ufuncs, wrappers, stubs, tests, benchmarks, README) is made
from here. Array operands are positional-only, parameters are not.

The definitions are also what computes where a kernel cannot (see backends/numba). They are exact at
special values and good to a few ULP; they do not meet the kernels' bounds everywhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np


class Bar(NamedTuple):
    """The error promised at default parameters, in ULP, and the root of a derivative, if it has one.

    Within 0.25 of the root the error is at most 2**-25 (float32), 2**-52 (float64) absolute instead.
    """

    float32: float
    float64: float
    root: float | None = None


class Definition:
    """One function: its definition, and what follows from its signature."""

    def __init__(self, function: Callable[..., Any], bar: Bar, nout: int, row: bool) -> None:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        self.function = function
        self.name = function.__name__
        self.doc = inspect.cleandoc(function.__doc__ or "")
        self.bar = bar
        self.nout = nout
        self.operands = list(names[: code.co_posonlyargcount])
        self.parameters = list(names[code.co_posonlyargcount :])
        self.defaults = defaults  # of the last parameters
        self.gufunc_signature = ",".join(["(n)"] * self.nin) + "->" + ",".join(["(n)"] * nout) if row else None

    @property
    def nin(self) -> int:
        """The number of array operands."""
        return len(self.operands)

    @property
    def core_steps(self) -> int:
        """How many operands of a row function have a core dimension; 0 for an elementwise one."""
        return self.nin + self.nout if self.gufunc_signature else 0

    @property
    def has_defaults(self) -> bool:
        """Whether a call may leave out every parameter, of which there is one at least."""
        return bool(self.parameters) and len(self.defaults) == len(self.parameters)

    def __repr__(self) -> str:
        return f"<definition of {self.name}>"


_F = TypeVar("_F", bound=Callable[..., Any])
_definitions: dict[str, Definition] = {}
definitions: Mapping[str, Definition] = MappingProxyType(_definitions)


def elementwise(float32: float, float64: float, *, root: float | None = None, nout: int = 1) -> Callable[[_F], _F]:
    """Register a function of each element."""

    def register(function: _F) -> _F:
        _definitions[function.__name__] = Definition(function, Bar(float32, float64, root), nout, row=False)
        return function

    return register


def row(float32: float, float64: float) -> Callable[[_F], _F]:
    """Register a function of each row along the last axis."""

    def register(function: _F) -> _F:
        _definitions[function.__name__] = Definition(function, Bar(float32, float64), 1, row=True)
        return function

    return register


# ---- The ReLU family


@elementwise(0.5, 0.5)
def relu(x: Any, /) -> Any:
    """Rectified linear unit: ``0 where x < 0, else x``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object.

    Notes
    -----
    Exact: within 0.5 ULP. NaN and -0.0 are kept. A selection, not ``x * (x > 0)``, which makes NaN of
    -inf.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> x = np.array([-2, 0, 3], dtype=np.float32)
    >>> softramp.relu(x)
    array([0., 0., 3.], dtype=float32)
    >>> softramp.relu(x, out=x) is x
    True
    """
    return np.where(x < 0, x.dtype.type(0), x)


@elementwise(0.5, 0.5)
def relu_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `relu`: ``0 where x <= 0, else g``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `relu`. Its result serves as well: it is positive in the same places.
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to `x`; float64 if either operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    Exact: within 0.5 ULP. The derivative at 0 is 0. Where the unit is closed the result is +0.0, even if
    `g` is infinite or NaN; where `x` is NaN it is `g`.

    References
    ----------
    Value at 0: Bertoin, Bolte, Gerchinovitz and Pauwels, "Numerical influence of ReLU'(0) on
    backpropagation", NeurIPS 2021.

    Examples
    --------
    >>> import softramp
    >>> softramp.relu_backward(1.0, [-2.0, 0.0, 3.0])
    array([0., 0., 1.])
    """
    return np.where(x <= 0, g.dtype.type(0), g)


@elementwise(0.5, 0.5)
def leaky_relu(x: Any, /, negative_slope: Any = 0.01) -> Any:
    """Leaky rectified linear unit: ``negative_slope * x where x < 0, else x``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    negative_slope : array_like, default 0.01
        Broadcasts against `x`. A Python number or a float32 array leaves a float32 `x` its dtype; a float64
        array gives float64. With integer `x` any Python float given here gives float64, the default too.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Of the broadcast shape.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    Exact but for the rounding of one product: within 0.5 ULP. NaN and -0.0 are kept; with slope 0, -inf
    gives its limit, -0.0.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    Examples
    --------
    >>> import softramp
    >>> softramp.leaky_relu([-2.0, 0.0, 3.0])
    array([-0.02,  0.  ,  3.  ])
    >>> softramp.leaky_relu([-2.0, 0.0, 3.0], negative_slope=0.5)
    array([-1.,  0.,  3.])
    """
    return np.where(x < 0, negative_slope * np.where((x < 0) & (negative_slope != 0), x, x.dtype.type(-1)), x)


@elementwise(0.5, 0.5)
def leaky_relu_backward(g: Any, x: Any, /, negative_slope: Any = 0.01) -> Any:
    """Gradient of `leaky_relu`: ``g where x > 0, else negative_slope * g``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `leaky_relu`.
    negative_slope : array_like, default 0.01
        As in `leaky_relu`.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to `x`; float64 if an array operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    Within 0.5 ULP. The derivative is `negative_slope` at 0 and where `x` is NaN.

    References
    ----------
    See `leaky_relu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.leaky_relu_backward(1.0, [-2.0, 0.0, 3.0])
    array([0.01, 0.01, 1.  ])
    """
    return np.where(x > 0, g, negative_slope * np.where(x > 0, g.dtype.type(0), g))


@elementwise(0.5, 0.5)
def prelu(x: Any, /, weight: Any) -> Any:
    """Parametric rectified linear unit: ``weight * x where x < 0, else x``.

    `leaky_relu` with a learnt slope, which therefore has no default.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    weight : array_like
        Broadcasts against `x` as NumPy does, from the last axis: for channels on another axis give it the
        shape ``(channels, 1, 1)``. A Python number or a float32 array leaves a float32 `x` its dtype.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Of the broadcast shape.

    Raises
    ------
    TypeError
        If `weight` is missing, or an operand is complex, longdouble or object.
    ValueError
        If the shapes do not broadcast.

    Notes
    -----
    Within 0.5 ULP. NaN and -0.0 are kept; with weight 0, -inf gives its limit, -0.0.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> import softramp
    >>> softramp.prelu([[-2.0, -2.0], [3.0, 3.0]], [0.25, 0.5])  # one weight per column
    array([[-0.5, -1. ],
           [ 3. ,  3. ]])
    """
    return leaky_relu(x, weight)


@elementwise(0.5, 0.5, nout=2)
def prelu_backward(g: Any, x: Any, /, weight: Any) -> Any:
    """Gradients of `prelu`, with respect to its input and to its weight.

    With ``h`` the indicator of ``x > 0``: ``g * (h + weight * (1 - h))``, and the sum of ``g * x * (1 - h)``
    over the elements that share a weight.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `prelu`.
    weight : array_like
        As in `prelu`.
    out, where, dtype, **kwargs
        As for every ufunc; ``out`` is a pair.

    Returns
    -------
    gx : ndarray or scalar
        Of the broadcast shape.
    gw : ndarray or scalar
        Of the shape of `weight`, added up in float64.

    Raises
    ------
    TypeError
        If `weight` is missing, or an operand is complex, longdouble or object.
    ValueError
        If the shapes do not broadcast.

    Notes
    -----
    Each element is within 0.5 ULP. At 0 and where `x` is NaN the derivative with respect to `x` is
    `weight`; the one with respect to `weight` is 0 at 0 and NaN at NaN.
    ``softramp.ufuncs.prelu_backward`` gives the weight's gradient elementwise.

    References
    ----------
    See `prelu`.

    Examples
    --------
    >>> import softramp
    >>> gx, gw = softramp.prelu_backward(1.0, [[-2.0, -2.0], [3.0, -4.0]], [0.25, 0.5])
    >>> gx
    array([[0.25, 0.5 ],
           [1.  , 0.5 ]])
    >>> gw
    array([-2., -6.])
    """
    zero = x.dtype.type(0)
    return leaky_relu_backward(g, x, weight), np.where(x > 0, zero, np.where(x > 0, zero, x) * g)


@elementwise(1, 2)
def elu(x: Any, /, alpha: Any = 1.0) -> Any:
    """Exponential linear unit: ``x where x >= 0, else alpha * expm1(x)``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    alpha : array_like, default 1.0
        Broadcasts against `x`. A Python number or a float32 array leaves a float32 `x` its dtype; a float64
        array gives float64. With integer `x` any Python float given here gives float64, the default too.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Of the broadcast shape.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    At the default `alpha` within 1 ULP (float32), 2 ULP (float64), and monotone. ``exp(x) - 1`` would
    lose every digit of a small `x`. -inf gives ``-alpha``; NaN and -0.0 are kept.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear
    units", ICLR 2016, arXiv:1511.07289.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.elu([-np.inf, -1e-10, 2.0])
    array([-1.e+00, -1.e-10,  2.e+00])
    """
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))


@elementwise(1, 5)
def elu_backward(g: Any, x: Any, /, alpha: Any = 1.0) -> Any:
    """Gradient of `elu`: ``g where x > 0, else g * alpha * exp(x)``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `elu`.
    alpha : array_like, default 1.0
        As in `elu`.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to `x`; float64 if an array operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    At the default `alpha` and ``g = 1`` within 1 ULP (float32), 5 ULP (float64). The derivative is
    `alpha` at 0 and 0 at -inf. From the input: ``y + alpha`` cancels where the result `y` is near
    ``-alpha``.

    References
    ----------
    See `elu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.elu_backward(1.0, [-np.inf, 0.0, 2.0], alpha=0.5)
    array([0. , 0.5, 1. ])
    """
    return np.where(x > 0, g, np.where(x > 0, g.dtype.type(0), g) * (alpha * np.exp(np.minimum(x, 0))))


# ---- Smooth


@elementwise(2.5, 3)
def sigmoid(x: Any, /) -> Any:
    """Logistic function: ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of `x`, in [0, 1].

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object.

    Notes
    -----
    Within 2.5 ULP (float32), 3 ULP (float64) down to the last subnormal of the tail, and monotone. The
    formula as written overflows for large negative `x` and flushes the tail to 0: the kernels scale both
    sides of the fraction. -inf gives 0, inf gives 1, NaN gives NaN.

    References
    ----------
    Verhulst, "Recherches mathématiques sur la loi d'accroissement de la population", 1845.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.sigmoid([-np.inf, 0.0, np.inf])
    array([0. , 0.5, 1. ])
    >>> print(f"{softramp.sigmoid(-700.0):.3g}")
    9.86e-305
    """
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, x.dtype.type(1)) / (1 + e)


@elementwise(2.5, 5)
def sigmoid_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `sigmoid`: ``g * e / (1 + e)**2``, ``e = exp(-abs(x))``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `sigmoid`, not its result.
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to `x`; float64 if either operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    At ``g = 1`` within 2.5 ULP (float32), 5 ULP (float64). From the input, because the result `y` has
    lost the digits: near 1, ``y * (1 - y)`` is off by a factor, and soon 0. The derivative is +0.0 at
    both infinities.

    References
    ----------
    See `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> x = np.float32(20)
    >>> y = softramp.sigmoid(x)
    >>> print(y * (1 - y))
    0.0
    >>> print(f"{softramp.sigmoid_backward(np.float32(1), x):.3g}")
    2.06e-09
    """
    e = np.exp(-np.abs(x))
    return g * (e / (1 + e) ** 2)


@elementwise(1.5, 3)
def tanh(x: Any, /) -> Any:
    """Hyperbolic tangent: ``(1 - e) / (1 + e)``, ``e = exp(-2 * x)``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of `x`, in [-1, 1].

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object.

    Notes
    -----
    Within 1.5 ULP (float32), 3 ULP (float64), monotone, and odd to the bit. -inf gives -1, inf gives 1;
    NaN and -0.0 are kept. On one thread ``np.tanh`` is usually at least as fast; this one uses several on
    large arrays.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.tanh([-np.inf, 0.0, np.inf])
    array([-1.,  0.,  1.])
    """
    return np.tanh(x)


@elementwise(2.5, 5)
def tanh_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `tanh`: ``g * 4 * e / (1 + e)**2``, ``e = exp(-2 * abs(x))``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `tanh`, not its result.
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to `x`; float64 if either operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    At ``g = 1`` within 2.5 ULP (float32), 5 ULP (float64). From the input, because the result `y` has
    lost the digits: in float32 ``1 - y**2`` is 0 from 9.01 on. The derivative is +0.0 at both infinities.

    References
    ----------
    See `tanh`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> x = np.float32(10)
    >>> print(1 - softramp.tanh(x)**2)
    0.0
    >>> print(f"{softramp.tanh_backward(np.float32(1), x):.3g}")
    8.24e-09
    """
    e = np.exp(-2 * np.abs(x))
    return g * (4 * e / (1 + e) ** 2)


@elementwise(3, 4)
def silu(x: Any, /) -> Any:
    """Sigmoid linear unit, also called swish: ``x / (1 + exp(-x))``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object.

    Notes
    -----
    Within 3 ULP (float32), 4 ULP (float64), to the last subnormal of the tail: `x` enters before the
    result is rounded into the subnormals, where ``x * sigmoid(x)`` would round twice. -inf gives its
    limit, -0.0; NaN and -0.0 are kept.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415; Elfwing, Uchibe and Doya,
    "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning",
    2018, arXiv:1702.03118.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.silu([-np.inf, -1.0, 0.0, 100.0]).round(4)
    array([ -0.    ,  -0.2689,   0.    , 100.    ])
    """
    e = np.exp(-np.abs(x))
    return np.where(x < 0, np.maximum(x, -800) * e, x) / (1 + e)


@elementwise(3.5, 5, root=-1.278464542761074)
def silu_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `silu`: ``g * s * (1 + x * (1 - s))``, ``s = sigmoid(x)``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `x`.
    x : array_like
        Input of `silu`.
    **kwargs
        As for every ufunc: ``out``, ``where``, ``dtype``, ``casting``.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to `x`; float64 if either operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.

    Notes
    -----
    At ``g = 1`` within 3.5 ULP (float32), 5 ULP (float64); within 0.25 of the derivative's root, -1.2785,
    within 2**-25 and 2**-52 absolute instead. ``1 - s`` cancels for large `x`: the kernels compute with
    ``exp(-abs(x))``. The limits are kept: `g` times -0.0 at -inf, `g` at inf.

    References
    ----------
    See `silu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.silu_backward(1.0, [-np.inf, 0.0, np.inf])
    array([-0. ,  0.5,  1. ])
    """
    x = np.clip(x, -800, 800)
    e = np.exp(-np.abs(x))
    return g * (np.where(x < 0, e * (1 + x + e), 1 + e * (1 + x)) / (1 + e) ** 2)


# ---- Rows


@row(3, 3)
def softmax(x: Any, /) -> Any:
    """Softmax along an axis: ``exp(x) / sum(exp(x))``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    axis : int, default -1
        The axis whose elements add up to 1.
    out : ndarray, optional
        Takes the result; may be `x`.
    dtype : dtype, optional
        The dtype to compute in and to return.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of `x`, in [0, 1].

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object, or `axis` is not an integer.
    numpy.exceptions.AxisError
        If `x` has no such axis.

    Notes
    -----
    Each normal result is within 3 ULP, however long the row and however far its elements lie apart: the
    digits lost in rounding ``x - max`` go into the exponential, and sums are kept in twice the precision.
    A row that holds NaN or inf, or nothing but -inf, becomes NaN; a row of one finite element is exactly
    1. 0-d input is a row of one.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; Blanchard,
    D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA
    Journal of Numerical Analysis, 2021.

    Examples
    --------
    >>> import softramp
    >>> softramp.softmax([[0.0, 0.0], [1000.0, -1000.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    return e / np.sum(e, axis=-1, keepdims=True)


@row(3, 3)
def softmax_backward(g: Any, y: Any, /) -> Any:
    """Gradient of `softmax`: ``y * (g - sum(g * y))``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `y`.
    y : array_like
        Result of `softmax`.
    axis : int, default -1
        As in `softmax`.
    out : ndarray, optional
        Takes the result; may be `g` or `y`.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to the input; float64 if either operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object, or `axis` is not an integer.
    numpy.exceptions.AxisError
        If the operands have no such axis.

    Notes
    -----
    From the result, which holds every digit needed here. A difference: its error is within 3 ULP of the
    larger term, ``max(abs(y * g), abs(y * sum(g * y)))``.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.softmax([0.0, 0.0])
    >>> softramp.softmax_backward([1.0, 0.0], y)
    array([ 0.25, -0.25])
    """
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


@row(2, 2)
def log_softmax(x: Any, /) -> Any:
    """Logarithm of `softmax` along an axis: ``x - log(sum(exp(x)))``.

    Parameters
    ----------
    x : array_like
        float32 or float64; integers become floating (up to 16 bits float32, wider float64).
    axis : int, default -1
        The axis that is summed.
    out : ndarray, optional
        Takes the result; may be `x`.
    dtype : dtype, optional
        The dtype to compute in and to return.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of `x`; at most 0.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object, or `axis` is not an integer.
    numpy.exceptions.AxisError
        If `x` has no such axis.

    Notes
    -----
    Within 2 ULP of ``max(abs(result), abs(logsumexp(x)) * eps / 2)``. The maximum is left out of the sum
    and log1p puts it back, so a row with one large element keeps its digits, which ``log(softmax(x))``
    has lost. A row that holds NaN or inf, or nothing but -inf, becomes NaN; a row of one finite element
    is exactly 0. 0-d input is a row of one.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    z = x - np.max(x, axis=-1, keepdims=True, initial=-np.inf)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


@row(3, 3)
def log_softmax_backward(g: Any, y: Any, /) -> Any:
    """Gradient of `log_softmax`: ``g - exp(y) * sum(g)``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result; broadcasts against `y`.
    y : array_like
        Result of `log_softmax`.
    axis : int, default -1
        As in `log_softmax`.
    out : ndarray, optional
        Takes the result; may be `g` or `y`.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to the input; float64 if either operand is, else float32.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object, or `axis` is not an integer.
    numpy.exceptions.AxisError
        If the operands have no such axis.

    Notes
    -----
    A difference: its error is within 3 ULP of the larger term, ``max(abs(g), abs(exp(y) * sum(g)))``.

    References
    ----------
    See `log_softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.log_softmax([0.0, 0.0])
    >>> softramp.log_softmax_backward([-1.0, 0.0], y).round(12)
    array([-0.5,  0.5])
    """
    return g - np.exp(y) * np.sum(g, axis=-1, keepdims=True)
