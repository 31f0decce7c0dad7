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


@elementwise(0.5, 0.5, requires=("alpha >= 0",))
def elu_backward_from_output(g: Any, y: Any, /, alpha: Any = 1.0) -> Any:
    """Gradient of `elu` from its result: ``g where y > 0, else g * (y + alpha)``.

    Parameters
    ----------
    alpha : array_like, default 1.0
        As in `elu`, but not negative: `y` would not tell on which side of 0 the input was.

    Notes
    -----
    For those who have kept only the result. Near ``-alpha`` that has lost the digits: `elu_backward`, from
    the input, keeps them. The derivative is `alpha` at 0 and 0 at ``-alpha``.

    References
    ----------
    See `elu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.elu_backward_from_output(1.0, [-1.0, -0.75, 0.0, 2.0])
    array([0.  , 0.25, 1.  , 1.  ])
    """
    return g * np.where(y > 0, y.dtype.type(1), y + alpha)


@elementwise(2.5, 4, requires=("alpha != 0",))
def celu(x: Any, /, alpha: Any = 1.0) -> Any:
    """Continuously differentiable exponential linear unit: ``x where x >= 0, else alpha * expm1(x / alpha)``.

    Parameters
    ----------
    alpha : array_like, default 1.0
        Broadcasts against `x`. With integer `x` any Python float given here gives float64, the default too.

    Notes
    -----
    Its derivative is 1 on both sides of 0, whatever `alpha`; with the default it is `elu`. Monotone for
    ``alpha > 0``. -inf gives ``-alpha``; NaN and -0.0 are kept.

    References
    ----------
    Barron, "Continuously differentiable exponential linear units", 2017, arXiv:1704.07483.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.celu([-np.inf, -1e-10, 2.0], alpha=3.0)
    array([-3.e+00, -1.e-10,  2.e+00])
    """
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


@elementwise(4, 5, requires=("alpha != 0",))
def celu_backward(g: Any, x: Any, /, alpha: Any = 1.0) -> Any:
    """Gradient of `celu`: ``g where x > 0, else g * exp(x / alpha)``.

    Parameters
    ----------
    alpha : array_like, default 1.0
        As in `celu`.

    Notes
    -----
    The derivative is 1 at 0 and, for ``alpha > 0``, 0 at -inf. What rounding ``x / alpha`` loses would be
    up to 50 ULP of the exponential: the kernels keep it.

    References
    ----------
    See `celu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.celu_backward(1.0, [-np.inf, 0.0, 2.0], alpha=3.0)
    array([0., 1., 1.])
    """
    return g * np.exp(np.minimum(x, 0) / alpha)


@elementwise(0.5, 0.5, requires=("alpha > 0",))
def celu_backward_from_output(g: Any, y: Any, /, alpha: Any = 1.0) -> Any:
    """Gradient of `celu` from its result: ``g where y > 0, else g * (y + alpha) / alpha``.

    Parameters
    ----------
    alpha : array_like, default 1.0
        As in `celu`, but positive: `y` would not tell on which side of 0 the input was.

    Notes
    -----
    For those who have kept only the result. Near ``-alpha`` that has lost the digits: `celu_backward`, from
    the input, keeps them. The derivative is 1 at 0 and 0 at ``-alpha``.

    References
    ----------
    See `celu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.celu_backward_from_output(1.0, [-2.0, -1.5, 0.0, 2.0], alpha=2.0)
    array([0.  , 0.25, 1.  , 1.  ])
    """
    return g * np.where(y > 0, y.dtype.type(1), (y + alpha) / alpha)


SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SATURATION = SELU_SCALE * SELU_ALPHA


@elementwise(2.5, 4)
def selu(x: Any, /) -> Any:
    """Scaled exponential linear unit: ``scale * (x where x >= 0, else alpha * expm1(x))``.

    ``scale = 1.0507009873554804934193349852946`` and ``alpha = 1.6732632423543772848170429916717``.

    Notes
    -----
    Monotone. -inf gives -1.7580993408473766; NaN and -0.0 are kept.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NeurIPS 2017,
    arXiv:1706.02515.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.selu([-np.inf, 0.0, 1.0])
    array([-1.75809934,  0.        ,  1.05070099])
    """
    return np.where(x >= 0, SELU_SCALE * x, SELU_SATURATION * np.expm1(np.minimum(x, 0)))


@elementwise(4, 5)
def selu_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `selu`: ``g * scale * (1 where x > 0, else alpha * exp(x))``.

    Notes
    -----
    The derivative is 1.7580993408473766 at 0 and +0.0 at -inf.

    References
    ----------
    See `selu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.selu_backward(1.0, [-np.inf, 0.0, 1.0])
    array([0.        , 1.75809934, 1.05070099])
    """
    return g * np.where(x > 0, x.dtype.type(SELU_SCALE), SELU_SATURATION * np.exp(np.minimum(x, 0)))


@elementwise(1, 1)
def selu_backward_from_output(g: Any, y: Any, /) -> Any:
    """Gradient of `selu` from its result: ``g * (scale where y > 0, else y + scale * alpha)``.

    Notes
    -----
    For those who have kept only the result. Near ``-scale * alpha`` that has lost the digits:
    `selu_backward`, from the input, keeps them. The derivative is 1.7580993408473766 at 0.

    References
    ----------
    See `selu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.selu_backward_from_output(1.0, [-0.75, 0.0, 2.0])
    array([1.00809934, 1.75809934, 1.05070099])
    """
    return g * np.where(y > 0, y.dtype.type(SELU_SCALE), y + SELU_SATURATION)
