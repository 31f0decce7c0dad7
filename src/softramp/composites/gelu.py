"""GELU by its two formulas, chosen by a keyword."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.composites.registry import composite

ufuncs: Any


@composite
def gelu(x: Any, /, approximate: str = "none", *, out: Any = None, **kwargs: Any) -> Any:
    """Gaussian error linear unit: ``x * Phi(x)``, or its approximation by a hyperbolic tangent.

    `Phi` is the distribution function of the normal distribution. The approximation is
    ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    Parameters
    ----------
    x : array_like
        float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    approximate : {"none", "tanh"}, default "none"
        Which of the two. They differ by up to 0.0005; a network should use the one that it was trained with.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of the input.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object.
    ValueError
        If `approximate` is another value.

    Notes
    -----
    The ufuncs are ``softramp.ufuncs.gelu`` and ``softramp.ufuncs.gelu_tanh``, which have the errors. NaN and
    -0.0 are kept; -inf gives its limit, -0.0.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.gelu([-np.inf, -1.0, 0.0, 1.0]).round(4)
    array([-0.    , -0.1587,  0.    ,  0.8413])
    >>> softramp.gelu([-np.inf, -1.0, 0.0, 1.0], approximate="tanh").round(4)
    array([-0.    , -0.1588,  0.    ,  0.8412])
    """
    ufunc = ufuncs.gelu if approximate == "none" else _tanh_form(ufuncs.gelu_tanh, approximate)
    return _call(ufunc, (x,), out, kwargs) if kwargs else ufunc(x, out=out)


@composite
def gelu_backward(g: Any, x: Any, /, approximate: str = "none", *, out: Any = None, **kwargs: Any) -> Any:
    """Gradient of `gelu`: ``g * (Phi(x) + x * phi(x))``, or of its approximation.

    `phi` is the density of the normal distribution.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `gelu`; broadcasts against the other operands.
    x : array_like
        Input of `gelu`.
    approximate : {"none", "tanh"}, default "none"
        As in `gelu`.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Gradient with respect to the input, of the dtype that the operands have in common.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.
    ValueError
        If `approximate` is another value.

    Notes
    -----
    The ufuncs are ``softramp.ufuncs.gelu_backward`` and ``softramp.ufuncs.gelu_tanh_backward``, which have the
    errors. The derivative is 1/2 at 0; the limits are kept: `g` times -0.0 at -inf, `g` at inf.

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
    exact = approximate == "none"
    ufunc = ufuncs.gelu_backward if exact else _tanh_form(ufuncs.gelu_tanh_backward, approximate)
    return _call(ufunc, (g, x), out, kwargs) if kwargs else ufunc(g, x, out=out)


@composite
def geglu(a: Any, b: Any, /, approximate: str = "none", *, out: Any = None, **kwargs: Any) -> Any:
    """Gated linear unit with `gelu`: ``gelu(a, approximate) * b``.

    Parameters
    ----------
    a : array_like
        What passes the gate: float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    b : array_like
        What is gated; broadcasts against `a`.
    approximate : {"none", "tanh"}, default "none"
        As in `gelu`.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Of the broadcast shape, and of the dtype that the operands have in common.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.
    ValueError
        If `approximate` is another value.

    Notes
    -----
    The ufuncs are ``softramp.ufuncs.geglu`` and ``softramp.ufuncs.geglu_tanh``, which have the errors. It
    multiplies as IEEE 754 says: ``geglu(-inf, b)`` is ``-0.0 * b``.

    References
    ----------
    Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202.

    Examples
    --------
    >>> import softramp
    >>> softramp.geglu([-1.0, 0.0, 100.0], [2.0, 2.0, 0.5]).round(4)
    array([-0.3173,  0.    , 50.    ])
    """
    ufunc = ufuncs.geglu if approximate == "none" else _tanh_form(ufuncs.geglu_tanh, approximate)
    return _call(ufunc, (a, b), out, kwargs) if kwargs else ufunc(a, b, out=out)


@composite
def geglu_backward(
    g: Any, a: Any, b: Any, /, approximate: str = "none", *, out: Any = None, **kwargs: Any
) -> Any:
    """Gradients of `geglu`: ``g * b * gelu_backward(1, a, approximate)`` and ``g * gelu(a, approximate)``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `geglu`; broadcasts against the other operands.
    a : array_like
        What passed the gate.
    b : array_like
        What was gated.
    approximate : {"none", "tanh"}, default "none"
        As in `gelu`.
    out : tuple of two ndarrays or None, optional
        Takes the two gradients.
    where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    tuple of ndarray or scalar
        The two gradients, both of the broadcast shape and of the dtype that the operands have in common.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object.
    ValueError
        If `approximate` is another value.

    Notes
    -----
    The ufuncs are ``softramp.ufuncs.geglu_backward`` and ``softramp.ufuncs.geglu_tanh_backward``, which have
    the errors.

    References
    ----------
    See `geglu`.

    Examples
    --------
    >>> import softramp
    >>> ga, gb = softramp.geglu_backward(1.0, [0.0, 100.0], [2.0, 0.5])
    >>> ga
    array([1. , 0.5])
    >>> gb
    array([  0., 100.])
    """
    exact = approximate == "none"
    ufunc = ufuncs.geglu_backward if exact else _tanh_form(ufuncs.geglu_tanh_backward, approximate)
    return _call(ufunc, (g, a, b), out, kwargs) if kwargs or out is None else ufunc(g, a, b, out=out)


def _tanh_form(ufunc: np.ufunc, approximate: Any) -> np.ufunc:
    if approximate != "tanh":
        name = ufunc.__name__.replace("_tanh", "")
        raise ValueError(f"{name}: approximate must be 'none' or 'tanh', got {approximate!r}")
    return ufunc


def _call(ufunc: np.ufunc, operands: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    """A call with keywords other than out, which if left out is to be so: NumPy warns of where= without it."""
    if out is not None:
        kwargs["out"] = out
    return ufunc(*operands, **kwargs)
