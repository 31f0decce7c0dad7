"""The softmax family: functions of each row along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import row


@row(3, 3, "(n)->(n)")
def softmax(x: Any, /) -> Any:
    """Softmax along an axis: ``exp(x) / sum(exp(x))``.

    Notes
    -----
    That holds for each normal result, however long the row and however far its elements lie apart: the
    digits lost in rounding ``x - max`` go into the exponential, and sums are kept in twice the precision.
    A row that holds NaN or inf, or nothing but -inf, becomes NaN; a row of one finite element is exactly
    1. 0-d input is a row of one.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; Blanchard,
    D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA
    Journal of Numerical Analysis, 2021.

    Examples
    --------
    >>> import softramp
    >>> softramp.softmax([[0.0, 0.0], [1000.0, -1000.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    return e / np.sum(e, axis=-1, keepdims=True)


@row(3, 3, "(n),(n)->(n)")
def softmax_backward(g: Any, y: Any, /) -> Any:
    """Gradient of `softmax`: ``y * (g - sum(g * y))``.

    Notes
    -----
    From the result, which holds every digit needed here. A difference: its error is counted in ULP of
    the larger term, ``max(abs(y * g), abs(y * sum(g * y)))``.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.softmax([0.0, 0.0])
    >>> softramp.softmax_backward([1.0, 0.0], y)
    array([ 0.25, -0.25])
    """
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


@row(2, 2, "(n)->(n)")
def log_softmax(x: Any, /) -> Any:
    """Logarithm of `softmax` along an axis: ``x - log(sum(exp(x)))``.

    Notes
    -----
    In ULP of ``max(abs(result), abs(logsumexp(x)) * eps / 2)``. The maximum is left out of the sum
    and log1p puts it back, so a row with one large element keeps its digits, which ``log(softmax(x))``
    has lost. A row that holds NaN or inf, or nothing but -inf, becomes NaN; a row of one finite element
    is exactly 0. 0-d input is a row of one.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    z = x - np.max(x, axis=-1, keepdims=True, initial=-np.inf)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


@row(3, 3, "(n),(n)->(n)")
def log_softmax_backward(g: Any, y: Any, /) -> Any:
    """Gradient of `log_softmax`: ``g - exp(y) * sum(g)``.

    Notes
    -----
    A difference: its error is counted in ULP of the larger term,
    ``max(abs(g), abs(exp(y) * sum(g)))``.

    References
    ----------
    See `log_softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.log_softmax([0.0, 0.0])
    >>> softramp.log_softmax_backward([-1.0, 0.0], y).round(12)
    array([-0.5,  0.5])
    """
    return g - np.exp(y) * np.sum(g, axis=-1, keepdims=True)
