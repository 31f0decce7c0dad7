"""The ReLU family: the input, or a constant, or a multiple of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise


@elementwise(0.5, 0.5, integers=True)
def relu(x: Any, /) -> Any:
    """Rectified linear unit: ``0 where x < 0, else x``.

    Notes
    -----
    NaN and -0.0 are kept. A selection, not ``x * (x > 0)``, which makes NaN of -inf.

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

    Notes
    -----
    The derivative at 0 is 0. Where the unit is closed the result is +0.0, even if
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
def relu_backward_from_output(g: Any, y: Any, /) -> Any:
    """Gradient of `relu` from its result: ``0 where y <= 0, else g``.

    Notes
    -----
    The same values as `relu_backward`: nothing is lost with the input. So `relu` may overwrite it.

    References
    ----------
    See `relu_backward`.

    Examples
    --------
    >>> import softramp
    >>> softramp.relu_backward_from_output(1.0, softramp.relu([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    return relu_backward(g, y)


@elementwise(0.5, 0.5)
def leaky_relu(x: Any, /, negative_slope: Any = 0.01) -> Any:
    """Leaky rectified linear unit: ``negative_slope * x where x < 0, else x``.

    Parameters
    ----------
    negative_slope : array_like, default 0.01
        Broadcasts against `x`. With integer `x` any Python float given here gives float64, the default too.

    Notes
    -----
    NaN and -0.0 are kept; with slope 0, -inf gives its limit, -0.0.

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
    negative_slope : array_like, default 0.01
        As in `leaky_relu`.

    Notes
    -----
    The derivative is `negative_slope` at 0 and where `x` is NaN.

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


@elementwise(0.5, 0.5, requires=("negative_slope >= 0",))
def leaky_relu_backward_from_output(g: Any, y: Any, /, negative_slope: Any = 0.01) -> Any:
    """Gradient of `leaky_relu` from its result: ``g where y > 0, else negative_slope * g``.

    Parameters
    ----------
    negative_slope : array_like, default 0.01
        As in `leaky_relu`. With a negative slope the sign of the input cannot be told from the result.

    Notes
    -----
    The same values as `leaky_relu_backward`. So `leaky_relu` may overwrite its input.

    References
    ----------
    See `leaky_relu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.leaky_relu_backward_from_output(1.0, softramp.leaky_relu([-2.0, 0.0, 3.0]))
    array([0.01, 0.01, 1.  ])
    """
    return leaky_relu_backward(g, y, negative_slope)


@elementwise(0.5, 0.5)
def prelu(x: Any, /, weight: Any) -> Any:
    """Parametric rectified linear unit: ``weight * x where x < 0, else x``.

    `leaky_relu` with a learnt slope, which therefore has no default.

    Parameters
    ----------
    weight : array_like
        Broadcasts against `x` as NumPy does, from the last axis: for channels on another axis give it the
        shape ``(channels, 1, 1)``.

    Notes
    -----
    NaN and -0.0 are kept; with weight 0, -inf gives its limit, -0.0.

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
    weight : array_like
        As in `prelu`.

    Notes
    -----
    At 0 and where `x` is NaN the derivative with respect to `x` is
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


@elementwise(0.5, 0.5, integers=True)
def threshold(x: Any, /, threshold: Any, value: Any) -> Any:
    """Threshold: ``value where x <= threshold, else x``.

    Parameters
    ----------
    threshold : array_like
        Broadcasts against `x`.
    value : array_like
        Broadcasts against `x`.

    Notes
    -----
    NaN is kept. ``threshold(x, 0, 0)`` is `relu` but for -0.0, which is replaced by the value.

    References
    ----------
    torch.nn.functional.threshold.

    Examples
    --------
    >>> import softramp
    >>> softramp.threshold([0.5, 1.0, 1.5], 1.0, -9.0)
    array([-9. , -9. ,  1.5])
    """
    return np.where(x <= threshold, value, x)


@elementwise(0.5, 0.5)
def threshold_backward(g: Any, x: Any, /, threshold: Any, value: Any) -> Any:
    """Gradient of `threshold`: ``0 where x <= threshold, else g``.

    Parameters
    ----------
    threshold : array_like
        As in `threshold`.
    value : array_like
        As in `threshold`; without influence.

    Notes
    -----
    The derivative at the threshold is 0. At and below it the result is +0.0, even if `g` is infinite
    or NaN; where `x` is NaN it is `g`.

    References
    ----------
    See `threshold`.

    Examples
    --------
    >>> import softramp
    >>> softramp.threshold_backward(1.0, [0.5, 1.0, 1.5], 1.0, -9.0)
    array([0., 0., 1.])
    """
    return np.where(x <= threshold, g.dtype.type(0), g)


@elementwise(0.5, 0.5, requires=("lambd >= 0",))
def hardshrink(x: Any, /, lambd: Any = 0.5) -> Any:
    """Hard shrinkage: ``0 where abs(x) <= lambd, else x``.

    Parameters
    ----------
    lambd : array_like, default 0.5
        Broadcasts against `x`.

    Notes
    -----
    NaN is kept; what is shrunk is +0.0, also from -0.0.

    References
    ----------
    Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3), 1994.

    Examples
    --------
    >>> import softramp
    >>> softramp.hardshrink([-2.0, -0.5, 0.25, 2.0])
    array([-2.,  0.,  0.,  2.])
    """
    return np.where(abs(x) <= lambd, x.dtype.type(0), x)


@elementwise(0.5, 0.5, requires=("lambd >= 0",))
def hardshrink_backward(g: Any, x: Any, /, lambd: Any = 0.5) -> Any:
    """Gradient of `hardshrink`: ``g where abs(x) > lambd, else 0``.

    Parameters
    ----------
    lambd : array_like, default 0.5
        As in `hardshrink`.

    Notes
    -----
    The derivative at ``-lambd`` and at ``lambd`` is 0. There and between them the result is +0.0, even if
    `g` is infinite or NaN, and where `x` is NaN.

    References
    ----------
    See `hardshrink`.

    Examples
    --------
    >>> import softramp
    >>> softramp.hardshrink_backward(1.0, [-2.0, -0.5, 0.25, 2.0])
    array([1., 0., 0., 1.])
    """
    return np.where(abs(x) > lambd, g, g.dtype.type(0))


@elementwise(0.5, 0.5, requires=("lambd >= 0",))
def softshrink(x: Any, /, lambd: Any = 0.5) -> Any:
    """Soft shrinkage: ``0 where abs(x) <= lambd, else x - copysign(lambd, x)``.

    Parameters
    ----------
    lambd : array_like, default 0.5
        Broadcasts against `x`.

    Notes
    -----
    NaN is kept; what is shrunk to 0 is +0.0, also from -0.0.

    References
    ----------
    Donoho, "De-noising by soft-thresholding", IEEE Transactions on Information Theory 41(3), 1995.

    Examples
    --------
    >>> import softramp
    >>> softramp.softshrink([-2.0, -0.5, 0.25, 2.0])
    array([-1.5,  0. ,  0. ,  1.5])
    """
    return np.where(abs(x) <= lambd, x.dtype.type(0), np.where(x > 0, x - lambd, x + lambd))


@elementwise(0.5, 0.5, requires=("lambd >= 0",))
def softshrink_backward(g: Any, x: Any, /, lambd: Any = 0.5) -> Any:
    """Gradient of `softshrink`: ``g where abs(x) > lambd, else 0``.

    Parameters
    ----------
    lambd : array_like, default 0.5
        As in `softshrink`.

    Notes
    -----
    The derivative at ``-lambd`` and at ``lambd`` is 0. There and between them the result is +0.0, even if
    `g` is infinite or NaN, and where `x` is NaN.

    References
    ----------
    See `softshrink`.

    Examples
    --------
    >>> import softramp
    >>> softramp.softshrink_backward(1.0, [-2.0, -0.5, 0.25, 2.0])
    array([1., 0., 0., 1.])
    """
    return hardshrink_backward(g, x, lambd)
