"""The input times a smooth gate."""

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
