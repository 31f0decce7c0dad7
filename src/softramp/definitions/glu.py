"""Gated linear units: one operand through a gate, times the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.gated import swish, swish_backward
from softramp.definitions.gelu import gelu, gelu_backward, gelu_tanh, gelu_tanh_backward
from softramp.definitions.piecewise import relu, relu_backward
from softramp.definitions.registry import elementwise


@elementwise(0.5, 0.5)
def reglu(a: Any, b: Any, /) -> Any:
    """Gated linear unit with a ramp for the gate: ``relu(a) * b``.

    Parameters
    ----------
    a : array_like
        The gate, before its ramp; float16, bfloat16, float32 or float64.
    b : array_like
        What is gated; broadcasts against `a`.

    Notes
    -----
    The product is IEEE's: a closed gate times an infinite `b` is NaN.

    References
    ----------
    Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202.

    Examples
    --------
    >>> import softramp
    >>> softramp.reglu([-2.0, 3.0], 0.5)
    array([0. , 1.5])
    """
    return relu(a) * b


@elementwise(0.5, 0.5, nout=2)
def reglu_backward(g: Any, a: Any, b: Any, /) -> Any:
    """Gradients of `reglu`, with respect to `a` and to `b`: ``0 where a <= 0, else g * b``; ``g * relu(a)``.

    Parameters
    ----------
    a : array_like
        As in `reglu`.
    b : array_like
        As in `reglu`.

    Notes
    -----
    The derivative of the ramp at 0 is 0. Where it is closed the gradient with respect to `a` is +0.0, even
    if `g` or `b` is infinite or NaN; where `a` is NaN it is ``g * b``.

    References
    ----------
    See `reglu`.

    Examples
    --------
    >>> import softramp
    >>> ga, gb = softramp.reglu_backward(1.0, [-2.0, 3.0], 0.5)
    >>> ga
    array([0. , 0.5])
    >>> gb
    array([0., 3.])
    """
    return relu_backward(g * b, a), g * relu(a)


@elementwise(3.5, 4)
def geglu(a: Any, b: Any, /) -> Any:
    """Gated linear unit with `gelu`: ``gelu(a) * b``.

    Parameters
    ----------
    a : array_like
        The gate, before `gelu`; float16, bfloat16, float32 or float64.
    b : array_like
        What is gated; broadcasts against `a`.

    Notes
    -----
    The product is rounded once, with what the gate's rounding lost, and a gate that vanishes keeps its digits
    for a large `b`. At infinities and zeros it multiplies as IEEE 754 says.

    References
    ----------
    Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202.

    Examples
    --------
    >>> import softramp
    >>> softramp.geglu([-1.0, 1.0], 2.0).round(4)
    array([-0.3173,  1.6827])
    """
    return gelu(a) * b


@elementwise(4, 5, nout=2, root=-0.7517915246935645)
def geglu_backward(g: Any, a: Any, b: Any, /) -> Any:
    """Gradients of `geglu`: ``g * b * gelu_backward(1, a)`` and ``g * gelu(a)``.

    Parameters
    ----------
    a : array_like
        As in `geglu`.
    b : array_like
        As in `geglu`.

    Notes
    -----
    Both have the broadcast shape of the operands. Near the root the error is counted of ``g * b``.

    References
    ----------
    See `geglu`.

    Examples
    --------
    >>> import softramp
    >>> ga, gb = softramp.geglu_backward(1.0, [-1.0, 1.0], 2.0)
    >>> ga.round(4)
    array([-0.1666,  2.1666])
    >>> gb.round(4)
    array([-0.1587,  0.8413])
    """
    return g * gelu_backward(b, a), g * gelu(a)


@elementwise(2.5, 4)
def geglu_tanh(a: Any, b: Any, /) -> Any:
    """Gated linear unit with `gelu_tanh`: ``gelu_tanh(a) * b``.

    Parameters
    ----------
    a : array_like
        The gate, before `gelu_tanh`; float16, bfloat16, float32 or float64.
    b : array_like
        What is gated; broadcasts against `a`.

    Notes
    -----
    The product is rounded once, with what the gate's rounding lost, and a gate that vanishes keeps its digits
    for a large `b`. At infinities and zeros it multiplies as IEEE 754 says.

    References
    ----------
    Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202.

    Examples
    --------
    >>> import softramp
    >>> softramp.geglu_tanh([-1.0, 1.0], 2.0).round(4)
    array([-0.3176,  1.6824])
    """
    return gelu_tanh(a) * b


@elementwise(4, 5, nout=2, root=-0.7524614220710162)
def geglu_tanh_backward(g: Any, a: Any, b: Any, /) -> Any:
    """Gradients of `geglu_tanh`: ``g * b * gelu_tanh_backward(1, a)`` and ``g * gelu_tanh(a)``.

    Parameters
    ----------
    a : array_like
        As in `geglu_tanh`.
    b : array_like
        As in `geglu_tanh`.

    Notes
    -----
    Both have the broadcast shape of the operands. Near the root the error is counted of ``g * b``.

    References
    ----------
    See `geglu_tanh`.

    Examples
    --------
    >>> import softramp
    >>> ga, gb = softramp.geglu_tanh_backward(1.0, [-1.0, 1.0], 2.0)
    >>> ga.round(4)
    array([-0.1659,  2.1659])
    >>> gb.round(4)
    array([-0.1588,  0.8412])
    """
    return g * gelu_tanh_backward(b, a), g * gelu_tanh(a)


@elementwise(2.5, 4, requires=("-inf < beta", "beta < inf"))
def swiglu(a: Any, b: Any, /, beta: Any = 1.0) -> Any:
    """Gated linear unit with `swish`: ``swish(a, beta) * b``.

    Parameters
    ----------
    a : array_like
        What passes the gate: float16, bfloat16, float32 or float64; bool and integers become floating as in
        `numpy.exp`.
    b : array_like
        What is gated; broadcasts against `a`.
    beta : array_like, default 1.0
        Finite; broadcasts against `a`. With integer `a` any Python float given here gives float64, the
        default too.

    Notes
    -----
    The product is rounded once, with what the gate's rounding lost, and a gate that vanishes keeps its digits
    for a large `b`. At infinities and zeros it multiplies as IEEE 754 says: ``swiglu(-inf, b)`` is ``-0.0 * b``.

    References
    ----------
    Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202.

    Examples
    --------
    >>> import softramp
    >>> softramp.swiglu([-1.0, 0.0, 100.0], [2.0, 2.0, 0.5]).round(4)
    array([-0.5379,  0.    , 50.    ])
    """
    return swish(a, beta) * b


@elementwise(4, 5, nout=2, root=-1.278464542761074, requires=("-inf < beta", "beta < inf"))
def swiglu_backward(g: Any, a: Any, b: Any, /, beta: Any = 1.0) -> Any:
    """Gradients of `swiglu`: ``g * b * swish_backward(1, a, beta)`` and ``g * swish(a, beta)``.

    Parameters
    ----------
    a : array_like
        What passed the gate.
    b : array_like
        What was gated; broadcasts against the other operands.
    beta : array_like, default 1.0
        As in `swiglu`.

    Notes
    -----
    Both have the broadcast shape of the operands. Near the root the error is counted of ``g * b``.

    References
    ----------
    See `swiglu`.

    Examples
    --------
    >>> import softramp
    >>> ga, gb = softramp.swiglu_backward(1.0, [0.0, 100.0], [2.0, 0.5])
    >>> ga
    array([1. , 0.5])
    >>> gb
    array([  0., 100.])
    """
    return swish_backward(g * b, a, beta), g * swish(a, beta)


@elementwise(2.5, 3)
def sigmoid_glu(a: Any, b: Any, /) -> Any:
    """Gated linear unit of two arrays: ``b / (1 + exp(-a))``, `b` gated by the sigmoid of `a`.

    `glu` is the same for the two halves of one array.

    Parameters
    ----------
    a : array_like
        The gate: float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    b : array_like
        What is gated; broadcasts against `a`.

    Notes
    -----
    That holds for any `b`, also if the gate alone would be subnormal or 0. An infinite `b` gives NaN
    where `a` is -inf, and only there.

    References
    ----------
    Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", ICML 2017,
    arXiv:1612.08083. The gate comes first as in Shazeer, "GLU variants improve transformer", 2020,
    arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.sigmoid_glu([-np.inf, 0.0, np.inf], 3.0)
    array([0. , 1.5, 3. ])
    """
    e = np.exp(-np.abs(a))
    return b * np.where(a < 0, e, 1) / (1 + e)


@elementwise(4, 5, nout=2)
def sigmoid_glu_backward(g: Any, a: Any, b: Any, /) -> Any:
    """Gradients of `sigmoid_glu`: ``g * b * e / (1 + e)**2``, ``e = exp(-abs(a))``, and ``g / (1 + exp(-a))``.

    Notes
    -----
    That holds for any `b`. Where `a` is infinite the first gradient is 0, but NaN if `b` is infinite, too.

    References
    ----------
    See `sigmoid_glu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.sigmoid_glu_backward(1.0, [0.0, 0.0], [8.0, -4.0])
    (array([ 2., -1.]), array([0.5, 0.5]))
    """
    e = np.exp(-np.abs(a))
    return g * (b * e / (1 + e) ** 2), g * (np.where(a < 0, e, 1) / (1 + e))
