"""Exponential linear units."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise


@elementwise(1, 2)
def elu(x: Any, /, alpha: Any = 1.0) -> Any:
    """Exponential linear unit: ``x where x >= 0, else alpha * expm1(x)``.

    Parameters
    ----------
    alpha : array_like, default 1.0
        Broadcasts against `x`. With integer `x` any Python float given here gives float64, the default too.

    Notes
    -----
    Monotone. ``exp(x) - 1`` would lose every digit of a small `x`. -inf gives ``-alpha``; NaN and -0.0
    are kept.

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
    alpha : array_like, default 1.0
        As in `elu`.

    Notes
    -----
    The derivative is `alpha` at 0 and 0 at -inf. From the input: ``y + alpha`` cancels where the result
    `y` is near ``-alpha``.

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
