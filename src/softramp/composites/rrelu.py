"""Leaky ReLU with random slopes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from softramp.composites.arguments import floating_dtype
from softramp.composites.registry import composite

ufuncs: Any


@composite
def rrelu(
    x: Any, /, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, rng: Any = None, *,
    return_slope: bool = False, out: Any = None,
) -> Any:
    """Randomized leaky rectified linear unit: ``slope * x where x < 0, else x``.

    In training every element has a slope of its own, drawn uniformly from [lower, upper); else
    all have their mean.

    Parameters
    ----------
    x : array_like
        float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    lower, upper : float, default 1/8 and 1/3
        Where the slopes lie.
    training : bool, default False
        Whether to draw slopes.
    rng : None, int or numpy.random.Generator, optional
        Where slopes come from; an int is a seed.
    return_slope : bool, default False
        Whether to return the slopes, too.
    out : ndarray, optional
        Takes the result; may be `x`.

    Returns
    -------
    y : ndarray or scalar
        Shape and dtype of the input.
    slope : ndarray or scalar
        If asked for: float64 beside float64, else float32.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object.
    ValueError
        Unless ``lower <= upper``, both finite.

    Notes
    -----
    Within 0.5 ULP (float32), 0.5 ULP (float64), 0.501 ULP (float16, bfloat16), given the slopes.

    The gradient is ``leaky_relu_backward(g, x, slope)``. One slope is drawn for each element of `x` in C
    order, positive ones too: the same seed gives the same bits on every backend and any number of threads.

    References
    ----------
    Xu, Wang, Chen and Li, "Empirical evaluation of rectified activations in convolutional network", 2015,
    arXiv:1505.00853.

    Examples
    --------
    >>> import softramp
    >>> softramp.rrelu([-1.0, 2.0], lower=0.25, upper=0.75)
    array([-0.5,  2. ])
    >>> y, slope = softramp.rrelu([-1.0, 2.0], training=True, rng=0, return_slope=True)
    >>> bool(y[0] == -slope[0])
    True
    """
    if not -math.inf < lower <= upper < math.inf:
        raise ValueError(f"rrelu requires lower <= upper, both finite, got lower={lower!r}, upper={upper!r}")
    x = x if hasattr(x, "dtype") else np.asarray(x)
    dtype = np.dtype("d" if floating_dtype("rrelu", x.dtype).char == "d" else "f")
    if training:
        slope = np.random.default_rng(rng).random(x.shape, dtype)
        slope *= upper - lower
        slope += lower
    else:
        slope = dtype.type((lower + upper) / 2)
    y = ufuncs.leaky_relu(x, slope, out=out)
    return (y, slope) if return_slope else y
