"""Sigmoids and ramps without an exponential."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise


@elementwise(2.5, 4)
def softsign(x: Any, /) -> Any:
    """Softsign: ``x / (1 + abs(x))``.

    Notes
    -----
    Odd to the bit. -inf gives -1, inf gives 1, where the formula as written gives NaN;
    NaN and -0.0 are kept.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    2010.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.softsign([-np.inf, -1.0, 0.0, np.inf])
    array([-1. , -0.5,  0. ,  1. ])
    """
    a = np.minimum(np.abs(x), x.dtype.type(2**60))
    return np.copysign(a / (1 + a), x)


@elementwise(4, 5)
def softsign_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `softsign`: ``g / (1 + abs(x))**2``.

    Notes
    -----
    The derivative is +0.0 at both infinities. It is the square of a quotient, because the square of
    ``1 + abs(x)`` overflows.

    References
    ----------
    See `softsign`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.softsign_backward(1.0, [-np.inf, 0.0, 1.0])
    array([0.  , 1.  , 0.25])
    """
    return g * (1 / (1 + np.abs(x))) ** 2


@elementwise(2.5, 4, requires=("b >= 0",))
def squareplus(x: Any, /, b: Any = 4.0) -> Any:
    """Squareplus: ``(x + sqrt(x**2 + b)) / 2``.

    Parameters
    ----------
    b : array_like, default 4.0
        Not negative; broadcasts against `x`. With integer `x` any Python float given here gives float64, the
        default too.

    Notes
    -----
    The formula as written cancels for negative `x`, and overflows: the kernels divide ``b / 2`` by
    ``sqrt(x**2 + b) - x`` there, and scale. With ``b = 0`` it is `relu`. -inf gives 0, inf gives inf,
    NaN gives NaN.

    References
    ----------
    Barron, "Squareplus: a softplus-like algebraic rectifier", 2021, arXiv:2112.11687.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.squareplus([-np.inf, -1e9, 0.0, 1.5])
    array([0.e+00, 1.e-09, 1.e+00, 2.e+00])
    """
    r = np.hypot(x, b**0.5)
    return np.where(x < 0, b / 4 / (r / 2 - x / 2), r / 2 + x / 2)


@elementwise(4, 5, requires=("b >= 0",))
def squareplus_backward(g: Any, x: Any, /, b: Any = 4.0) -> Any:
    """Gradient of `squareplus`: ``g * (1 + x / sqrt(x**2 + b)) / 2``.

    Parameters
    ----------
    b : array_like, default 4.0
        As in `squareplus`.

    Notes
    -----
    The derivative is 1/2 at 0, also with ``b = 0``, +0.0 at -inf and 1 at inf.

    References
    ----------
    See `squareplus`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.squareplus_backward(1.0, [-np.inf, -1.5, 0.0, np.inf])
    array([0. , 0.2, 0.5, 1. ])
    """
    limits = np.finfo(x.dtype)
    x = np.clip(x, limits.min, limits.max)
    r = np.maximum(np.hypot(x, b**0.5), limits.tiny)
    return g * np.where(x < 0, b / 4 / (r / 2 - x / 2) / r, 0.5 + x / r / 2)
