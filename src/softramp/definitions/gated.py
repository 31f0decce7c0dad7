"""The input times a gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise


@elementwise(3, 4)
def silu(x: Any, /) -> Any:
    """Sigmoid linear unit, also called swish: ``x / (1 + exp(-x))``.

    Notes
    -----
    Good to the last subnormal of the tail: `x` enters before the
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

    Notes
    -----
    ``1 - s`` cancels for large `x`: the kernels compute with
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


@elementwise(3, 4, requires=("-inf < beta", "beta < inf"))
def swish(x: Any, /, beta: Any = 1.0) -> Any:
    """Swish: ``x / (1 + exp(-beta * x))``.

    Parameters
    ----------
    beta : array_like, default 1.0
        Finite; broadcasts against `x`. With integer `x` any Python float given here gives float64, the
        default too.

    Notes
    -----
    With the default it is `silu`, with 0 half of `x`. Good to the last subnormal of the tail: the kernels
    keep what rounding ``beta * x`` loses, which would be up to 60 ULP of the result. For ``beta > 0``, -inf
    gives its limit, -0.0; NaN and -0.0 are kept.

    References
    ----------
    Ramachandran, Zoph and Le, "Searching for activation functions", 2017, arXiv:1710.05941.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.swish([-np.inf, -1.0, 0.0, 100.0], beta=2.0).round(4)
    array([ -0.    ,  -0.1192,   0.    , 100.    ])
    """
    finite = _finite(x)
    e = np.exp(-np.abs(beta * finite))
    return np.where(beta * finite < 0, finite * e, x) / (1 + e)


@elementwise(4, 5, root=-1.278464542761074, requires=("-inf < beta", "beta < inf"))
def swish_backward(g: Any, x: Any, /, beta: Any = 1.0) -> Any:
    """Gradient of `swish`: ``g * s * (1 + beta * x * (1 - s))``, ``s = sigmoid(beta * x)``.

    Parameters
    ----------
    beta : array_like, default 1.0
        As in `swish`.

    Notes
    -----
    The limits are kept, for ``beta > 0``: `g` times -0.0 at -inf, `g` at inf. The derivative's root lies at
    ``-1.2785 / beta``.

    References
    ----------
    See `swish`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.swish_backward(1.0, [-np.inf, 0.0, np.inf], beta=2.0)
    array([-0. ,  0.5,  1. ])
    """
    return silu_backward(g, beta * _finite(x))


def _finite(x: Any) -> Any:
    """The infinities as the largest numbers: 0 times those is 0."""
    largest = np.finfo(x.dtype).max
    return np.clip(x, -largest, largest)


@elementwise(3, 4)
def quick_gelu(x: Any, /) -> Any:
    """Sigmoid approximation of `gelu`: ``x / (1 + exp(-1.702 * x))``.

    Notes
    -----
    Good to the last subnormal of the tail: the kernels keep what rounding ``1.702 * x`` loses, and in
    float32 1.702 itself, which would be over 60 ULP of the result. -inf gives its limit, -0.0; NaN and -0.0
    are kept.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.quick_gelu([-np.inf, -1.0, 0.0, 100.0]).round(4)
    array([ -0.    ,  -0.1542,   0.    , 100.    ])
    """
    return swish(x, 1.702)


@elementwise(4, 5, root=-0.751154255441289)
def quick_gelu_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `quick_gelu`: ``g * s * (1 + 1.702 * x * (1 - s))``, ``s = sigmoid(1.702 * x)``.

    Notes
    -----
    The limits are kept: `g` times -0.0 at -inf, `g` at inf.

    References
    ----------
    See `quick_gelu`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.quick_gelu_backward(1.0, [-np.inf, 0.0, np.inf])
    array([-0. ,  0.5,  1. ])
    """
    return swish_backward(g, x, 1.702)


@elementwise(4, 4)
def mish(x: Any, /) -> Any:
    """Self-regularized non-monotonic unit: ``x * tanh(softplus(x))``.

    Notes
    -----
    Computed as ``x * n / (n + 2)``, ``n = e * (e + 2)``, ``e = exp(x)``, one formula for both signs, good to
    the last subnormal of the tail. -inf gives its limit, -0.0; NaN and -0.0 are kept.

    References
    ----------
    Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020, arXiv:1908.08681.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.mish([-np.inf, -1.0, 0.0, 100.0]).round(4)
    array([ -0.    ,  -0.3034,   0.    , 100.    ])
    """
    z = np.clip(x, -800, 20)
    e = np.exp(z)
    n = e * (e + 2)
    return np.where(x < 20, z * n / (n + 2), x)


@elementwise(4, 5, root=-1.1924312145154955)
def mish_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `mish`: ``g * (w + x * sigmoid(x) * (1 - w**2))``, ``w = tanh(softplus(x))``.

    Notes
    -----
    ``1 - w**2`` cancels for large `x`: the kernels compute with ``exp(x)``. The limits are kept: `g` times
    -0.0 at -inf, `g` at inf.

    References
    ----------
    See `mish`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.mish_backward(1.0, [-np.inf, 0.0, np.inf])
    array([-0. ,  0.6,  1. ])
    """
    z = np.clip(x, -800, 25)
    e = np.exp(z)
    d = e * (e + 2) + 2
    below = e * (4 * (1 + z) + e * (e * (e + 4) + 6 + 4 * z)) / d / d
    return g * np.where(x < 0, below, 1 + (4 * z * e * (1 + e) - 2 * d) / d / d)
