"""The gufuncs behind cross_entropy and hinge_loss: of each row along the last axis, its loss and gradient.

A label that is no index of its row's elements leaves the row out. The public functions, which check and
reduce, are in softramp/composites.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.definitions.registry import mixed_row
from softramp.definitions.rows import log_softmax

# Loss and gradient have one promise: the first is in ULP of max(abs(loss), abs(logsumexp) * eps / 2).


@mixed_row(2, 2, "(n),(),(n),(),()->()", "xqwddw")
def cross_entropy_of_labels(x: Any, label: Any, weight: Any, keep: Any, spread: Any, /) -> Any:
    """Cross-entropy of each row and its label: ``-sum(a * log_softmax(x))``.

    ``a = weight * (keep * onehot(label) + spread)``.

    Parameters
    ----------
    x : array_like
        Logits.
    label : array_like of int
        One for each row. One that is no index of its row leaves the row out: its loss is 0.
    weight : array_like
        One for each element.
    keep, spread : array_like
        One for each row: what is left for the label, and what each element has.

    Notes
    -----
    In ULP of ``max(abs(loss), abs(logsumexp(x)) * eps / 2)``. An element with ``a == 0`` has no loss, even at
    -inf.

    References
    ----------
    See `softramp.cross_entropy`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.cross_entropy_of_labels([0.0, 0.0], [0, -1], [1.0, 1.0], 1.0, 0.0)
    array([0.69314718, 0.        ])
    """
    return _cross_entropy(x, _pull_of_labels(x, label, weight, keep, spread))


@mixed_row(3, 3, "(n),(),(n),(),(),()->(),(n)", "xqwdddwx", nout=2)
def cross_entropy_of_labels_with_grad(
    x: Any, label: Any, weight: Any, keep: Any, spread: Any, divisor: Any, /
) -> Any:
    """`cross_entropy_of_labels`, and its gradient: ``(sum(a) * softmax(x) - a) / divisor``.

    Parameters
    ----------
    x : array_like
        Logits.
    label, weight, keep, spread : array_like
        As there. The gradient of a row that is left out is 0.
    divisor : array_like
        One for each row; of the gradient only.

    Returns
    -------
    tuple of ndarray or scalar
        The losses, undivided, and the gradients.

    Notes
    -----
    A gradient is in ULP of ``max(sum(a) * softmax(x), a) / divisor``; at the label nothing cancels.

    References
    ----------
    See `softramp.cross_entropy`.

    Examples
    --------
    >>> import softramp
    >>> loss, gradient = softramp.ufuncs.cross_entropy_of_labels_with_grad(
    ...     [0.0, 100.0], 1, [1.0, 1.0], 1.0, 0.0, 1.0)
    >>> gradient
    array([ 3.72007598e-44, -3.72007598e-44])
    """
    a = _pull_of_labels(x, label, weight, keep, spread)
    gradient = _slope(x, a, divisor)
    return _cross_entropy(x, a), np.where(_is_left_out(x, np.expand_dims(label, -1)), 0, gradient)


@mixed_row(2, 2, "(n),(n),(n),(),()->()", "xwwddw")
def cross_entropy_of_probabilities(x: Any, t: Any, weight: Any, keep: Any, spread: Any, /) -> Any:
    """Cross-entropy of each row and its probabilities: ``-sum(a * log_softmax(x))``.

    ``a = weight * (keep * t + spread)``.

    Parameters
    ----------
    x : array_like
        Logits.
    t : array_like
        Probabilities, which need not sum to 1.
    weight, keep, spread : array_like
        As in `cross_entropy_of_labels`.

    Notes
    -----
    As `cross_entropy_of_labels`.

    References
    ----------
    See `softramp.cross_entropy`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.cross_entropy_of_probabilities([0.0, 0.0], [0.25, 0.75], [1.0, 1.0], 1.0, 0.0)
    np.float64(0.6931471805599453)
    """
    return _cross_entropy(x, _pull(t, weight, keep, spread))


@mixed_row(3, 4, "(n),(n),(n),(),(),()->(),(n)", "xwwdddwx", nout=2)
def cross_entropy_of_probabilities_with_grad(
    x: Any, t: Any, weight: Any, keep: Any, spread: Any, divisor: Any, /
) -> Any:
    """`cross_entropy_of_probabilities`, and its gradient: ``(sum(a) * softmax(x) - a) / divisor``.

    Parameters
    ----------
    x : array_like
        Logits.
    t, weight, keep, spread : array_like
        As there.
    divisor : array_like
        One for each row; of the gradient only.

    Returns
    -------
    tuple of ndarray or scalar
        The losses, undivided, and the gradients.

    Notes
    -----
    A gradient is in ULP of ``max(sum(a) * softmax(x), a) / divisor``; at the largest logit nothing cancels.

    References
    ----------
    See `softramp.cross_entropy`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.cross_entropy_of_probabilities_with_grad(
    ...     [0.0, 0.0], [0.25, 0.75], [1.0, 1.0], 1.0, 0.0, 1.0)
    (np.float64(0.6931471805599453), array([ 0.25, -0.25]))
    """
    a = _pull(t, weight, keep, spread)
    return _cross_entropy(x, a), _slope(x, a, divisor)


@mixed_row(1, 1, "(n),(),(),()->()", "xqddw")
def hinge_loss(x: Any, label: Any, weight: Any, margin: Any, /) -> Any:
    """Hinge loss of each row and its label: ``weight * max(0, margin + max(others) - x[label])``.

    Parameters
    ----------
    x : array_like
        Scores, two at least.
    label : array_like of int
        One for each row. One that is no index of its row leaves the row out: its loss is 0.
    weight, margin : array_like
        One for each row.

    Notes
    -----
    NaN among the scores of a row: NaN.

    References
    ----------
    See `softramp.hinge_loss`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.hinge_loss([[3.0, 2.5, 0.0], [3.0, 1.0, 0.0]], [0, 0], 1.0, 1.0)
    array([0.5, 0. ])
    """
    label, weight, margin = (np.expand_dims(a, -1) for a in (label, weight, margin))
    own = np.arange(x.shape[-1]) == label
    runner_up = np.where(own, -np.inf, x).max(-1)
    value = margin[..., 0] + (runner_up - np.where(own, x, 0).sum(-1))
    return np.where(_is_left_out(x, label[..., 0]), 0, np.where(value <= 0, 0, weight[..., 0] * value))


@mixed_row(1, 1, "(n),(),(),(),()->(),(n)", "xqdddwx", nout=2)
def hinge_loss_with_grad(x: Any, label: Any, weight: Any, margin: Any, divisor: Any, /) -> Any:
    """`hinge_loss`, and the gradient of the loss over `divisor`.

    Parameters
    ----------
    x : array_like
        Scores, two at least.
    label, weight, margin : array_like
        As there. The gradient of a row that is left out is 0.
    divisor : array_like
        One for each row; of the gradient only.

    Returns
    -------
    tuple of ndarray or scalar
        The losses, undivided, and the gradients: ``weight / divisor`` at the first of the largest other
        scores, minus that at the label, where the loss is not 0.

    Notes
    -----
    NaN among the scores of a row: all NaN.

    References
    ----------
    See `softramp.hinge_loss`.

    Examples
    --------
    >>> import softramp
    >>> softramp.ufuncs.hinge_loss_with_grad([3.0, 2.5, 2.5], 0, 1.0, 1.0, 1.0)
    (np.float64(0.5), array([-1.,  1.,  0.]))
    """
    value = hinge_loss(x, label, np.ones_like(weight), margin)
    classes, label = np.arange(x.shape[-1]), np.expand_dims(label, -1)
    slope = np.expand_dims(weight / divisor, -1)
    own = classes == label
    runner_up = classes == np.where(own, -np.inf, x).argmax(-1)[..., None]
    gradient = np.where(own, -slope, np.where(runner_up, slope, 0))
    gradient = np.where(value[..., None] > 0, gradient, value[..., None])
    return np.where(value > 0, weight * value, value), gradient


def _is_left_out(x: Any, label: Any) -> Any:
    return (label < 0) | (label >= x.shape[-1])


def _pull_of_labels(x: Any, label: Any, weight: Any, keep: Any, spread: Any) -> Any:
    label = np.expand_dims(label, -1)
    return np.where(_is_left_out(x, label), 0, _pull(np.arange(x.shape[-1]) == label, weight, keep, spread))


def _pull(t: Any, weight: Any, keep: Any, spread: Any) -> Any:
    return weight * (np.expand_dims(keep, -1) * t + np.expand_dims(spread, -1))


def _cross_entropy(x: Any, a: Any) -> Any:
    return -np.sum(np.where(a == 0, 0, a * log_softmax(x)), axis=-1)


def _slope(x: Any, a: Any, divisor: Any) -> Any:
    return (a.sum(-1, keepdims=True) * np.exp(log_softmax(x)) - a) / np.expand_dims(divisor, -1)
