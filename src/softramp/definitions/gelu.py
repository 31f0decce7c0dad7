"""The Gaussian error linear unit and its form with tanh."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise

_erfc = np.frompyfunc(math.erfc, 1, 1)  # NumPy has none
_K = 2 * math.sqrt(2 / math.pi)
_M = 0.044715 * _K


def _size(x: Any) -> Any:
    """abs(x) in float64, and finite: the tails are 0 there."""
    return np.minimum(np.abs(x), 40).astype(np.float64)


def _tail(a: Any) -> Any:
    """Phi(-a)"""
    return np.asarray(_erfc(a / math.sqrt(2)), np.float64) / 2


def _gelu_slope(x: Any) -> Any:
    a = _size(x)
    tail = -(a * np.exp(-a * a / 2) / math.sqrt(2 * math.pi) - _tail(a))  # -0.0 at inf
    return np.where(x < 0, tail, 1 - tail).astype(x.dtype)


def _gelu_tanh_slope(x: Any) -> Any:
    a = _size(x)
    e = np.exp(-a * (_K + _M * a * a))
    tail = e * (1 + e - a * (_K + 3 * _M * a * a)) / (1 + e) ** 2
    return np.where(x < 0, tail, 1 - tail).astype(x.dtype)


@elementwise(3.5, 4)
def gelu(x: Any, /) -> Any:
    """Gaussian error linear unit: ``x * Phi(x)``, ``Phi(x) = erfc(-x / sqrt(2)) / 2``.

    Notes
    -----
    Good to the last subnormal of the tail: in float32 ``1 + erf(x / sqrt(2))`` has lost every digit from
    -5.42 on. -inf gives its limit, -0.0; NaN and -0.0 are kept.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.gelu([-np.inf, -1.0, 0.0, 1.0]).round(4)
    array([-0.    , -0.1587,  0.    ,  0.8413])
    >>> print(f"{softramp.gelu(np.float32(-10)):.3g}")
    -7.62e-23
    """
    a = _size(x)
    tail = a * _tail(a)
    return np.where(x < 0, -tail, x - tail).astype(x.dtype)


@elementwise(4, 5, root=-0.7517915246935645)
def gelu_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `gelu`: ``g * (Phi(x) + x * phi(x))``, ``phi`` the derivative of ``Phi``.

    Notes
    -----
    The limits are kept: `g` times -0.0 at -inf, `g` at inf.

    References
    ----------
    See `gelu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.gelu_backward(1.0, [-np.inf, 0.0, np.inf])
    array([-0. ,  0.5,  1. ])
    """
    return g * _gelu_slope(x)


@elementwise(3, 4)
def gelu_tanh(x: Any, /) -> Any:
    """Form of `gelu` with tanh: ``x / 2 * (1 + tanh(u))``, ``u = sqrt(2 / pi) * (x + 0.044715 * x**3)``.

    Notes
    -----
    Within 0.0005 of `gelu`, for models that were trained with it. Good to the last subnormal of the tail:
    computed as ``x / (1 + exp(-2 * u))``, for in float32 ``1 + tanh(u)`` has lost every digit from -5.42 on.
    -inf gives its limit, -0.0; NaN and -0.0 are kept.

    References
    ----------
    See `gelu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.gelu_tanh([-np.inf, -1.0, 0.0, 1.0]).round(4)
    array([-0.    , -0.1588,  0.    ,  0.8412])
    """
    a = _size(x)
    e = np.exp(-a * (_K + _M * a * a))
    return np.where(x < 0, -a * e / (1 + e), x / (1 + e)).astype(x.dtype)


@elementwise(4, 5, root=-0.7524614220710162)
def gelu_tanh_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `gelu_tanh`: ``g * s * (1 + 2 * x * u' * (1 - s))``, ``s = sigmoid(2 * u)``.

    Notes
    -----
    The limits are kept: `g` times -0.0 at -inf, `g` at inf.

    References
    ----------
    See `gelu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.gelu_tanh_backward(1.0, [-np.inf, 0.0, np.inf])
    array([-0. ,  0.5,  1. ])
    """
    return g * _gelu_tanh_slope(x)
