"""Gated linear units: one operand through a gate, times the other."""

from __future__ import annotations

from typing import Any

from softramp.definitions.gated import swish, swish_backward
from softramp.definitions.registry import elementwise


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
