"""The logistic function, tanh, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise


@elementwise(2.5, 3)
def sigmoid(x: Any, /) -> Any:
    """Logistic function: ``1 / (1 + exp(-x))``.

    Notes
    -----
    Good down to the last subnormal of the tail, and monotone. The formula as written overflows for large
    negative `x` and flushes the tail to 0: the kernels scale both sides of the fraction. -inf gives 0,
    inf gives 1, NaN gives NaN.

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

    Notes
    -----
    From the input, because the result `y` has lost the digits: near 1, ``y * (1 - y)`` is off by a
    factor, and soon 0. The derivative is +0.0 at both infinities.

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


@elementwise(1.5, 1.5)
def sigmoid_backward_from_output(g: Any, y: Any, /) -> Any:
    """Gradient of `sigmoid` from its result: ``g * y * (1 - y)``.

    Notes
    -----
    For those who have kept only the result. Near 1 that has lost the digits: `sigmoid_backward`, from the
    input, keeps them. The derivative is +0.0 at 0 and at 1.

    References
    ----------
    See `sigmoid`.

    Examples
    --------
    >>> import softramp
    >>> softramp.sigmoid_backward_from_output(1.0, [0.0, 0.5, 1.0])
    array([0.  , 0.25, 0.  ])
    """
    return g * (y * (1 - y))


@elementwise(1.5, 3)
def tanh(x: Any, /) -> Any:
    """Hyperbolic tangent: ``(1 - e) / (1 + e)``, ``e = exp(-2 * x)``.

    Notes
    -----
    Monotone, and odd to the bit. -inf gives -1, inf gives 1;
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

    Notes
    -----
    From the input, because the result `y` has lost the digits: in float32 ``1 - y**2`` is 0 from 9.01
    on. The derivative is +0.0 at both infinities.

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


@elementwise(2, 2)
def tanh_backward_from_output(g: Any, y: Any, /) -> Any:
    """Gradient of `tanh` from its result: ``g * (1 - y) * (1 + y)``.

    Notes
    -----
    For those who have kept only the result. Near -1 and 1 that has lost the digits: `tanh_backward`, from the
    input, keeps them. The product loses none of its own, as ``1 - y**2`` would.

    References
    ----------
    See `tanh`.

    Examples
    --------
    >>> import softramp
    >>> softramp.tanh_backward_from_output(1.0, [-1.0, -0.5, 0.0])
    array([0.  , 0.75, 1.  ])
    """
    return g * ((1 - y) * (1 + y))


@elementwise(2.5, 4)
def tanhshrink(x: Any, /) -> Any:
    """What tanh takes away: ``x - tanh(x)``.

    Notes
    -----
    Odd. That difference has lost every digit of a small `x`, where the result is ``x**3 / 3``: the kernels
    have a polynomial below 1. -inf gives -inf, inf gives inf; NaN and -0.0 are kept.

    References
    ----------
    ``torch.nn.Tanhshrink``, PyTorch's documentation.

    Examples
    --------
    >>> import softramp
    >>> softramp.tanhshrink([-0.0, 1e-6, 1.0])
    array([-0.00000000e+00,  3.33333333e-19,  2.38405844e-01])
    """
    square = np.minimum(x * x, 1)
    q = 0
    for k in (13, 11, 9, 7, 5, 3):  # Lambert's fraction: tanh(x) = x / (1 + q)
        q = square / (k + q)
    return np.where(np.abs(x) < 1, x * q / (1 + q), x - np.tanh(x))


@elementwise(4, 5)
def tanhshrink_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `tanhshrink`: ``g * tanh(x)**2``.

    Notes
    -----
    The derivative is +0.0 at 0, 1 at both infinities.

    References
    ----------
    See `tanhshrink`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.tanhshrink_backward(1.0, [-np.inf, 0.0, np.inf])
    array([1., 0., 1.])
    """
    return g * np.tanh(x) ** 2
