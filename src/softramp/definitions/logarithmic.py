"""Softplus, the logarithm of the logistic function, and its inverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise
from softramp.definitions.sigmoidal import sigmoid

_BETA = ("beta > 0", "beta < inf")


@elementwise(2, 3, requires=_BETA)
def softplus(x: Any, /, beta: Any = 1.0) -> Any:
    """Smooth rectifier: ``max(x, 0) + log1p(exp(-beta * abs(x))) / beta``.

    Parameters
    ----------
    beta : array_like, default 1.0
        The larger, the closer to `relu`; broadcasts against `x`. With integer `x` any Python float given here
        gives float64, the default too.

    Notes
    -----
    ``log(1 + exp(x))`` overflows for large `x`, and has lost every digit where ``exp(x)`` is small. Here
    neither happens, down to the last subnormal of the tail, and there is no threshold beyond which `x` is
    taken for the result. Another `beta` costs 1 ULP more: its product with `x` is not rounded. -inf gives 0,
    inf gives inf, NaN gives NaN.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for better
    option pricing", NIPS 2000.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.softplus([-np.inf, 0.0, 100.0]).round(4)
    array([  0.    ,   0.6931, 100.    ])
    >>> print(f"{softramp.softplus(-50.0):.6g} {np.log(1 + np.exp(-50.0)):.6g}")
    1.92875e-22 0
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-beta * np.abs(x))) / beta


@elementwise(2.5, 5, requires=_BETA)
def softplus_backward(g: Any, x: Any, /, beta: Any = 1.0) -> Any:
    """Gradient of `softplus`: ``g * sigmoid(beta * x)``.

    Parameters
    ----------
    beta : array_like, default 1.0
        As in `softplus`.

    Notes
    -----
    The product ``beta * x`` is not rounded before it enters the exponential. The derivative is +0.0 at
    -inf, 1 at inf.

    References
    ----------
    See `softplus`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.softplus_backward(1.0, [-np.inf, 0.0, np.inf])
    array([0. , 0.5, 1. ])
    """
    return g * sigmoid(beta * x)


@elementwise(4, 5, requires=_BETA)
def softplus_backward_from_output(g: Any, y: Any, /, beta: Any = 1.0) -> Any:
    """Gradient of `softplus`, for callers who kept its result only: ``g * -expm1(-beta * y)``.

    Parameters
    ----------
    beta : array_like, default 1.0
        As in `softplus`.

    Notes
    -----
    Nothing cancels: that `y` is rounded changes the derivative by half an ULP at most.

    References
    ----------
    See `softplus`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.softplus([-800.0, 0.0, 800.0])
    >>> softramp.softplus_backward_from_output(1.0, y)
    array([0. , 0.5, 1. ])
    """
    return g * (0 - np.expm1(-beta * y))


@elementwise(2, 3)
def log_sigmoid(x: Any, /) -> Any:
    """Logarithm of the logistic function: ``-softplus(-x)``.

    Notes
    -----
    ``log(sigmoid(x))`` has lost every digit where the sigmoid is near 1, and is -inf where it is 0. Good to
    the last subnormal of the tail. -inf gives -inf, inf gives -0.0, NaN gives NaN.

    References
    ----------
    Mächler, "Accurately computing log(1 - exp(-abs(a)))", 2012, vignette of the R package Rmpfr.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.log_sigmoid([-1000.0, 0.0, np.inf]).round(4)
    array([-1.000e+03, -6.931e-01, -0.000e+00])
    """
    return -softplus(-x)


@elementwise(4, 5)
def log_sigmoid_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `log_sigmoid`: ``g * sigmoid(-x)``.

    Notes
    -----
    Not ``1 - sigmoid(x)``, which cancels for large `x`. The derivative is 1 at -inf, +0.0 at inf.

    References
    ----------
    See `log_sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.log_sigmoid_backward(1.0, [-np.inf, 0.0, np.inf])
    array([1. , 0.5, 0. ])
    """
    return g * sigmoid(-x)


@elementwise(2.5, 4)
def logit(x: Any, /) -> Any:
    """Log-odds, the inverse of `sigmoid`: ``log(x / (1 - x))``.

    Notes
    -----
    Near 1/2, where that formula loses every digit, the kernels have ``2 * atanh(2 * x - 1)``. 0 gives -inf,
    1 gives inf; everything outside [0, 1], and NaN, gives NaN. No warning is raised.

    References
    ----------
    Berkson, "Application of the logistic function to bio-assay", Journal of the American Statistical
    Association 39, 1944.

    Examples
    --------
    >>> import softramp
    >>> softramp.logit([0.0, 0.25, 0.5, 1.0, 2.0]).round(4)
    array([   -inf, -1.0986,  0.    ,     inf,     nan])
    """
    return np.where(np.abs(x - 0.5) < 0.25, 2 * np.arctanh(2 * x - 1), np.log(x) - np.log1p(-x))


@elementwise(4, 5)
def logit_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `logit`: ``g / (x * (1 - x))``.

    Notes
    -----
    The derivative is inf at 0 and at 1, and NaN outside [0, 1].

    References
    ----------
    See `logit`.

    Examples
    --------
    >>> import softramp
    >>> softramp.logit_backward(1.0, [0.0, 0.25, 0.5, 1.0, 2.0]).round(4)
    array([   inf, 5.3333, 4.    ,    inf,    nan])
    """
    return g * np.where((x >= 0) & (x <= 1), 1 / np.abs(x * (1 - x)), x.dtype.type(np.nan))
