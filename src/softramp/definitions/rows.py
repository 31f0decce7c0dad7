"""The gufuncs of the softmax family: functions of each row along the last axis.

What the functions of `softramp` with these names take beside them (axes, masks, temperature) and what
others make of these (softmin, hardmax, gumbel_softmax) is in softramp/composites.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import elementwise, row


@row(3, 3, "(n)->(n)")
def softmax(x: Any, /) -> Any:
    """Softmax of each row: ``exp(x) / sum(exp(x))``.

    Notes
    -----
    That holds for each normal result, however long the row and however far its elements lie apart: the
    digits lost in rounding ``x - max`` go into the exponential, and sums are kept in twice the precision.
    `softramp.softmax` takes other axes and masks.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; Blanchard,
    D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA
    Journal of Numerical Analysis, 2021.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.softmax([[0.0, 0.0], [1000.0, -1000.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    return e / np.sum(e, axis=-1, keepdims=True)


@row(3, 3, "(n),()->(n)")
def softmax_tempered(x: Any, /, temperature: Any) -> Any:
    """Softmax of each row, divided by its temperature: ``exp(x / temperature) / sum(exp(x / temperature))``.

    Parameters
    ----------
    temperature : array_like
        One for each row. Not checked: a negative one gives softmin, 0 gives NaN.

    Notes
    -----
    The quotient keeps the digits that rounding would take from it. `softramp.softmax` takes other axes and
    masks.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015, arXiv:1503.02531.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.softmax_tempered([0.0, 1.0], [0.01, 1e9])
    array([[3.72007598e-44, 1.00000000e+00],
           [5.00000000e-01, 5.00000000e-01]])
    """
    return softmax(x / np.expand_dims(temperature, -1))


@row(3, 3, "(n),(n)->(n)")
def softmax_backward(g: Any, y: Any, /) -> Any:
    """Gradient of `softmax` for each row: ``y * (g - sum(g * y))``.

    Notes
    -----
    From the result, which holds every digit needed here. A difference: its error is counted in ULP of
    the largest of the result, ``abs(y * g)`` and ``abs(y * sum(g * y))``.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.softmax_backward([1.0, 0.0], [0.5, 0.5])
    array([ 0.25, -0.25])
    """
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


@row(2, 2, "(n)->(n)")
def log_softmax(x: Any, /) -> Any:
    """Logarithm of `softmax` of each row: ``x - log(sum(exp(x)))``.

    Notes
    -----
    In ULP of ``max(abs(result), abs(logsumexp(x)) * eps / 2)``. The maximum is left out of the sum
    and log1p puts it back, so a row with one large element keeps its digits, which ``log(softmax(x))``
    has lost. `softramp.log_softmax` takes other axes and masks.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    z = x - np.max(x, axis=-1, keepdims=True, initial=-np.inf)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


@row(2, 2, "(n),()->(n)")
def log_softmax_tempered(x: Any, /, temperature: Any) -> Any:
    """`log_softmax` of each row, divided by its temperature: ``z - log(sum(exp(z)))``, ``z = x / temperature``.

    Parameters
    ----------
    temperature : array_like
        One for each row. Not checked: a negative one gives the logarithm of softmin, 0 gives NaN.

    Notes
    -----
    In ULP as `log_softmax`. The quotient keeps the digits that rounding would take from it.

    References
    ----------
    See `softmax_tempered`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.log_softmax_tempered([0.0, -1000.0], 0.5)
    array([    0., -2000.])
    """
    return log_softmax(x / np.expand_dims(temperature, -1))


@row(3, 3, "(n),(n)->(n)")
def log_softmax_backward(g: Any, y: Any, /) -> Any:
    """Gradient of `log_softmax` for each row: ``g - exp(y) * sum(g)``.

    Notes
    -----
    A difference: its error is counted in ULP of the largest of the result, ``abs(g)`` and
    ``abs(exp(y) * sum(g))``.

    References
    ----------
    See `log_softmax`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.ufuncs.log_softmax_backward([-1.0, 0.0], np.log([0.5, 0.5])).round(12)
    array([-0.5,  0.5])
    """
    return g - np.exp(y) * np.sum(g, axis=-1, keepdims=True)


@row(2, 2, "(n)->()")
def logsumexp(x: Any, /) -> Any:
    """Logarithm of the sum of the exponentials of each row: ``log(sum(exp(x)))``.

    Notes
    -----
    In ULP of the largest of ``abs(result)``, ``abs(max(x))`` and the difference of the two, which may cancel.
    `softramp.logsumexp` takes other axes, masks and weights.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.logsumexp([[0.0, -1000.0], [1000.0, 1000.0]])
    array([   0.        , 1000.69314718])
    """
    top = _finite_top(x)
    return np.log(np.sum(np.exp(x - top), axis=-1)) + top[..., 0]


@row(2, 2, "(n),(n)->(),()", nout=2)
def logsumexp_weighted(x: Any, b: Any, /) -> Any:
    """Logarithm of the absolute value of a weighted sum of exponentials, and the sign of the sum.

    With ``s = sum(b * exp(x))``: ``log(abs(s))`` and ``sign(s)``.

    Parameters
    ----------
    b : array_like
        One for each element; 0 removes the element, even if it is inf or NaN.

    Returns
    -------
    tuple of ndarray or scalar
        The logarithm, and 1, -1, 0 (of an empty sum, whose logarithm is -inf) or NaN.

    Notes
    -----
    In ULP as `logsumexp`, or of ``sum(abs(b) * exp(x)) / abs(s)`` if that is larger: where terms of both signs
    cancel, the digits that they share are gone.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.logsumexp_weighted([1000.0, 1000.0], [1.0, -2.0])
    (np.float64(1000.0), np.float64(-1.0))
    """
    x = np.where(b == 0, -np.inf, x)
    top = _finite_top(x)
    total = np.sum(b * np.exp(x - top), axis=-1)
    return np.log(np.abs(total)) + top[..., 0], np.sign(total)


def _finite_top(x: Any) -> Any:
    """The maximum of each row, if it is finite: else 0, so that infinities and NaN come through."""
    top = np.max(x, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(top), top, 0).astype(top.dtype)


@elementwise(4, 5)
def logsumexp_backward(g: Any, x: Any, y: Any, /) -> Any:
    """Gradient of `logsumexp`, given its result for each element: ``g * exp(x - y)``.

    Parameters
    ----------
    y : array_like
        Result of `logsumexp`, broadcast over the elements it is the sum of.

    Notes
    -----
    The difference keeps the digits that rounding would take from it. `softramp.logsumexp_backward` takes the
    results as they are, for any axis, and masks and weights.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.logsumexp_backward(1.0, [1000.0, 999.0], 1000.0)
    array([1.        , 0.36787944])
    """
    return g * np.exp(x - y)
