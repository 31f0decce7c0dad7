"""Lines and parabolas between two ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise


@elementwise(0.5, 0.5, integers=True)
def relu6(x: Any, /) -> Any:
    """Rectified linear unit that saturates at 6: ``0 where x < 0, 6 where x > 6, else x``.

    Notes
    -----
    NaN and -0.0 are kept.

    References
    ----------
    Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010; Howard and others, "MobileNets",
    2017, arXiv:1704.04861.

    Examples
    --------
    >>> import softramp
    >>> softramp.relu6([-2.0, 3.0, 8.0])
    array([0., 3., 6.])
    """
    return hardtanh(x, 0, 6)


@elementwise(0.5, 0.5)
def relu6_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `relu6`: ``g where 0 < x < 6, else 0``.

    Notes
    -----
    The derivative at 0 and at 6 is 0. There and beyond the result is +0.0, even if `g` is infinite or NaN,
    and where `x` is NaN.

    References
    ----------
    See `relu6`.

    Examples
    --------
    >>> import softramp
    >>> softramp.relu6_backward(1.0, [0.0, 3.0, 6.0])
    array([0., 1., 0.])
    """
    return hardtanh_backward(g, x, 0, 6)


@elementwise(0.5, 0.5, integers=True, requires=("min_val <= max_val",))
def hardtanh(x: Any, /, min_val: Any = -1, max_val: Any = 1) -> Any:
    """Hard hyperbolic tangent: ``min_val where x < min_val, max_val where x > max_val, else x``.

    Parameters
    ----------
    min_val : array_like, default -1
        Broadcasts against `x`.
    max_val : array_like, default 1
        Broadcasts against `x`.

    Notes
    -----
    NaN and -0.0 are kept.

    References
    ----------
    Collobert, "Large scale machine learning", thesis, Université Paris VI, 2004.

    Examples
    --------
    >>> import softramp
    >>> softramp.hardtanh([-2.0, 0.5, 8.0])
    array([-1. ,  0.5,  1. ])
    >>> softramp.hardtanh([-2.0, 0.5, 8.0], max_val=4.0)
    array([-1. ,  0.5,  4. ])
    """
    return np.where(x < min_val, min_val, np.where(x > max_val, max_val, x))


@elementwise(0.5, 0.5, requires=("min_val <= max_val",))
def hardtanh_backward(g: Any, x: Any, /, min_val: Any = -1, max_val: Any = 1) -> Any:
    """Gradient of `hardtanh`: ``g where min_val < x < max_val, else 0``.

    Parameters
    ----------
    min_val : array_like, default -1
        As in `hardtanh`.
    max_val : array_like, default 1
        As in `hardtanh`.

    Notes
    -----
    The derivative at both ends is 0. There and beyond the result is +0.0, even if `g` is infinite or NaN,
    and where `x` is NaN.

    References
    ----------
    See `hardtanh`.

    Examples
    --------
    >>> import softramp
    >>> softramp.hardtanh_backward(1.0, [-1.0, 0.5, 8.0])
    array([0., 1., 0.])
    """
    return np.where((x > min_val) & (x < max_val), g, g.dtype.type(0))


@elementwise(0.5, 0.5, requires=("min_val <= max_val",))
def clipped_linear(
    x: Any, /, slope: Any = 1.0, offset: Any = 0.0, min_val: Any = 0.0, max_val: Any = 1.0
) -> Any:
    """Straight line between two limits: ``slope * x + offset``, clipped to ``min_val`` and ``max_val``.

    Slope 0.2 and offset 0.5 make the `hard_sigmoid` of ONNX.

    Parameters
    ----------
    slope : array_like, default 1.0
        Broadcasts against `x`.
    offset : array_like, default 0.0
        Broadcasts against `x`.
    min_val : array_like, default 0.0
        Broadcasts against `x`.
    max_val : array_like, default 1.0
        Broadcasts against `x`.

    Notes
    -----
    The line is rounded once, by a fused multiply-add, whatever the parameters; a processor without one
    rounds the product, too, and is off by up to an eps of ``abs(slope * x) + abs(offset)``. NaN is kept;
    -0.0 becomes +0.0, as adding the offset makes it. A slope of 0 at an infinity gives the offset.

    References
    ----------
    ONNX operators, HardSigmoid; Courbariaux, Bengio and David, "BinaryConnect", NeurIPS 2015,
    arXiv:1511.00363.

    Examples
    --------
    >>> import softramp
    >>> softramp.clipped_linear([-8.0, 0.0, 1.0, 8.0], 0.25, 0.5)
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    y = _line(x, slope, offset)
    return np.where(y < min_val, min_val, np.where(y > max_val, max_val, y))


@elementwise(0.5, 0.5, requires=("min_val <= max_val",))
def clipped_linear_backward(
    g: Any, x: Any, /, slope: Any = 1.0, offset: Any = 0.0, min_val: Any = 0.0, max_val: Any = 1.0
) -> Any:
    """Gradient of `clipped_linear`: ``slope * g where min_val < slope * x + offset < max_val, else 0``.

    Parameters
    ----------
    slope : array_like, default 1.0
        As in `clipped_linear`.
    offset : array_like, default 0.0
        As in `clipped_linear`.
    min_val : array_like, default 0.0
        As in `clipped_linear`.
    max_val : array_like, default 1.0
        As in `clipped_linear`.

    Notes
    -----
    The derivative at both ends is 0. There and beyond the result is +0.0, even if `g` is infinite or NaN,
    and where `x` is NaN.

    References
    ----------
    See `clipped_linear`.

    Examples
    --------
    >>> import softramp
    >>> softramp.clipped_linear_backward(1.0, [-8.0, 0.0, 1.0, 8.0], 0.25, 0.5)
    array([0.  , 0.25, 0.25, 0.  ])
    """
    return hardtanh_backward(slope * g, _line(x, slope, offset), min_val, max_val)


def _line(x: Any, slope: Any, offset: Any) -> Any:
    return np.where((slope == 0) & np.isinf(x), offset, slope * x + offset)


@elementwise(1, 1)
def hard_sigmoid(x: Any, /) -> Any:
    """Hard sigmoid: ``clip(x + 3, 0, 6) / 6``.

    Slope 1/6, as in torch, JAX and Keras 3; `clipped_linear` has any other.

    Notes
    -----
    ``x / 6 + 1 / 2`` would lose every digit next to -3. NaN is kept.

    References
    ----------
    Howard and others, "Searching for MobileNetV3", ICCV 2019, arXiv:1905.02244.

    Examples
    --------
    >>> import softramp
    >>> softramp.hard_sigmoid([-4.0, -3.0, 0.0, 1.5, 4.0])
    array([0.  , 0.  , 0.5 , 0.75, 1.  ])
    """
    return np.clip(x + 3, 0, 6) / 6


@elementwise(0.5, 0.5)
def hard_sigmoid_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `hard_sigmoid`: ``g / 6 where abs(x) < 3, else 0``.

    Notes
    -----
    The derivative at -3 and at 3 is 0. There and beyond the result is +0.0, even if `g` is infinite or
    NaN, and where `x` is NaN.

    References
    ----------
    See `hard_sigmoid`.

    Examples
    --------
    >>> import softramp
    >>> softramp.hard_sigmoid_backward(3.0, [-3.0, 0.0, 3.0])
    array([0. , 0.5, 0. ])
    """
    return np.where(abs(x) < 3, g / 6, g.dtype.type(0))


@elementwise(2, 2)
def hard_swish(x: Any, /) -> Any:
    """Hard swish: ``x * (clip(x + 3, 0, 6) / 6)``.

    Notes
    -----
    ``x * clip(x + 3, 0, 6)`` would overflow. -inf, as all up to -3, gives -0.0; NaN and -0.0 are kept.

    References
    ----------
    Howard and others, "Searching for MobileNetV3", ICCV 2019, arXiv:1905.02244.

    Examples
    --------
    >>> import softramp
    >>> softramp.hard_swish([-4.0, -1.5, 0.0, 1.5, 4.0])
    array([-0.   , -0.375,  0.   ,  1.125,  4.   ])
    """
    return np.maximum(x, -3) * (np.clip(x + 3, 0, 6) / 6)


@elementwise(1, 1)
def hard_swish_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `hard_swish`: ``0 where x <= -3, g where x >= 3, else g * ((2 * x + 3) / 6)``.

    Notes
    -----
    The derivative is 0 at -3 and 1 at 3. At -3 and below the result is +0.0, even if `g` is infinite or
    NaN. ``x / 3 + 1 / 2`` would lose every digit next to the derivative's root, -1.5.

    References
    ----------
    See `hard_swish`.

    Examples
    --------
    >>> import softramp
    >>> softramp.hard_swish_backward(1.0, [-3.0, -1.5, 0.0, 3.0])
    array([0. , 0. , 0.5, 1. ])
    """
    return np.where(x <= -3, g.dtype.type(0), np.where(x >= 3, g, g * ((2 * np.clip(x, -3, 3) + 3) / 6)))


@elementwise(2, 2)
def sparse_plus(x: Any, /) -> Any:
    """Sparse softplus: ``0 where x <= -1, x where x >= 1, else ((x + 1) / 2)**2``.

    Notes
    -----
    NaN is kept.

    References
    ----------
    ``jax.nn.sparse_plus``; Martins and Astudillo, "From softmax to sparsemax", ICML 2016, arXiv:1602.02068.

    Examples
    --------
    >>> import softramp
    >>> softramp.sparse_plus([-2.0, 0.0, 0.5, 2.0])
    array([0.    , 0.25  , 0.5625, 2.    ])
    """
    return np.where(x >= 1, x, sparse_sigmoid(x) ** 2)


@elementwise(0.5, 0.5)
def sparse_plus_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `sparse_plus`: ``0 where x <= -1, else g * sparse_sigmoid(x)``.

    Notes
    -----
    The derivative is 0 at -1 and 1 at 1. At -1 and below the result is +0.0, even if `g` is infinite or
    NaN.

    References
    ----------
    See `sparse_plus`.

    Examples
    --------
    >>> import softramp
    >>> softramp.sparse_plus_backward(1.0, [-1.0, 0.0, 0.5, 1.0])
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    return np.where(x <= -1, g.dtype.type(0), g * sparse_sigmoid(x))


@elementwise(0.5, 0.5)
def sparse_sigmoid(x: Any, /) -> Any:
    """Sparse sigmoid, the derivative of `sparse_plus`: ``clip((x + 1) / 2, 0, 1)``.

    Notes
    -----
    NaN is kept.

    References
    ----------
    ``jax.nn.sparse_sigmoid``; Martins and Astudillo, "From softmax to sparsemax", ICML 2016,
    arXiv:1602.02068.

    Examples
    --------
    >>> import softramp
    >>> softramp.sparse_sigmoid([-2.0, 0.0, 0.5, 2.0])
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    return np.clip((x + 1) / 2, 0, 1)


@elementwise(0.5, 0.5)
def sparse_sigmoid_backward(g: Any, x: Any, /) -> Any:
    """Gradient of `sparse_sigmoid`: ``g / 2 where abs(x) < 1, else 0``.

    Notes
    -----
    The derivative at -1 and at 1 is 0. There and beyond the result is +0.0, even if `g` is infinite or
    NaN. NaN in `x` is kept.

    References
    ----------
    See `sparse_sigmoid`.

    Examples
    --------
    >>> import softramp
    >>> softramp.sparse_sigmoid_backward(1.0, [-1.0, 0.0, 1.0])
    array([0. , 0.5, 0. ])
    """
    return np.where(np.isnan(x), x, np.where(abs(x) < 1, g / 2, g.dtype.type(0)))
