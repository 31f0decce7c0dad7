"""Cross-entropy and the hinge loss: labels checked, rows reduced."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any, NamedTuple

import numpy as np

from softramp import foreign
from softramp.composites.arguments import FLOATING, check_axis, check_number, floating_dtype
from softramp.composites.registry import promising
from softramp.definitions import mixed
from softramp.factory import operand_dtypes, parameter_dtype
from softramp.rows import array, blocks, check_out, same_memory

ufuncs: Any

BLOCK = 2**18  # elements that are cast at a time
REDUCTIONS = ("mean", "sum", "none")


@promising(mixed["cross_entropy_of_labels"])
def cross_entropy(
    logits: Any, labels: Any, axis: int = -1, *, weight: Any = None, ignore_index: int | None = None,
    label_smoothing: float = 0.0, reduction: str = "mean",
) -> Any:
    """Cross-entropy of logits and labels: ``-sum(weight * t * log_softmax(logits))``.

    With ``t = (1 - label_smoothing) * labels + label_smoothing / classes``, where `labels` are probabilities,
    or class indices, which stand for 1 at the index and 0 elsewhere.

    Parameters
    ----------
    logits : array_like
        float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    labels : array_like
        Integers or bool: class indices, of the shape of `logits` without `axis`. Floating: probabilities, of
        the shape of `logits`.
    axis : int, default -1
        The axis of the classes.
    weight : array_like, optional
        One for each class; by default all are 1.
    ignore_index : int, optional
        Rows with this label do not count, whatever their logits. It may be any integer.
    label_smoothing : float, default 0.0
        The share of each label that is spread evenly over all classes, from 0 to 1.
    reduction : {"mean", "sum", "none"}, default "mean"
        "mean" divides the sum by the summed weights of the labels that count, or, of probabilities, by the
        number of rows. "none" gives the loss of each row.

    Returns
    -------
    ndarray or scalar
        float64 for float64 logits, else float32.

    Raises
    ------
    TypeError
        If labels without an axis of classes are not integers; if an array is complex, longdouble or object,
        a masked array or one of dask; if an argument is not what it should be.
    IndexError
        If a label is none of the classes.
    ValueError
        If `labels` or `weight` have another shape; if `ignore_index` comes with probabilities; unless
        ``0 <= label_smoothing <= 1``; for another `reduction`.
    numpy.exceptions.AxisError
        If there is no such axis.

    See Also
    --------
    cross_entropy_with_grad : Its gradient, too, in the same pass.

    Notes
    -----
    Within 2 ULP (float32, float64) of ``max(abs(loss), abs(logsumexp(logits)) * eps / 2)`` for each row,
    16-bit logits as float32; the default label smoothing. No probabilities are stored. "sum" and "mean" add
    up in float64, in an order that depends on nothing but the shape.

    The mean of nothing is NaN, without a warning. Labels are checked before anything is written. A class with
    ``weight * t == 0`` adds no loss, even if its logit is -inf. NaN, +inf, or nothing but -inf among the
    logits of a row: NaN.

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the inception architecture for computer vision",
    CVPR 2016, arXiv:1512.00567.

    Examples
    --------
    >>> import softramp
    >>> logits = [[2.0, 0.0, 0.0], [0.0, 50.0, 0.0]]
    >>> softramp.cross_entropy(logits, [0, 1], reduction="none")
    array([2.39544766e-01, 3.85749970e-22])
    >>> softramp.cross_entropy(logits, [0, -100], ignore_index=-100)
    np.float64(0.23954476622188453)
    """
    gufuncs = ufuncs.cross_entropy_of_labels, ufuncs.cross_entropy_of_probabilities
    return _cross_entropy("cross_entropy", gufuncs, logits, labels, axis, weight, ignore_index,
                          label_smoothing, reduction)


@promising(mixed["cross_entropy_of_labels_with_grad"])
def cross_entropy_with_grad(
    logits: Any, labels: Any, axis: int = -1, *, weight: Any = None, ignore_index: int | None = None,
    label_smoothing: float = 0.0, reduction: str = "mean", out: Any = None,
) -> Any:
    """`cross_entropy` and its gradient with respect to the logits, in one pass over each row.

    Parameters
    ----------
    logits, labels, axis, weight, ignore_index, label_smoothing, reduction
        As in `cross_entropy`.
    out : ndarray, optional
        Takes the gradient; may be `logits`.

    Returns
    -------
    loss : ndarray or scalar
        As from `cross_entropy`.
    dlogits : ndarray
        The gradient of the loss, with "none" of its sum: the shape and dtype of `logits`, 0 in ignored rows;
        labelled as pandas or xarray `logits`.

    Raises
    ------
    TypeError
        As in `cross_entropy`.
    IndexError
        As in `cross_entropy`.
    ValueError
        As in `cross_entropy`; if `out` has another shape than `logits`.
    numpy.exceptions.AxisError
        If there is no such axis.

    See Also
    --------
    cross_entropy : The loss alone.

    Notes
    -----
    The loss as in `cross_entropy`. An element of the gradient is within 3 ULP (float32, float64; of
    probabilities in float64 4), 0.51 ULP (float16, bfloat16) of ``max(sum(a) * softmax(logits), a)`` with
    ``a = weight * t``, over the divisor of a mean. At the label, and at the largest logit, nothing cancels: a
    confident prediction keeps its digits.

    References
    ----------
    See `cross_entropy`.

    Examples
    --------
    >>> import softramp
    >>> loss, dlogits = softramp.cross_entropy_with_grad([[0.0, 0.0], [0.0, 50.0]], [0, 1], reduction="sum")
    >>> dlogits
    array([[-5.00000000e-01,  5.00000000e-01],
           [ 1.92874985e-22, -1.92874985e-22]])
    """
    gufuncs = ufuncs.cross_entropy_of_labels_with_grad, ufuncs.cross_entropy_of_probabilities_with_grad
    return _cross_entropy("cross_entropy_with_grad", gufuncs, logits, labels, axis, weight, ignore_index,
                          label_smoothing, reduction, out)


@promising(mixed["hinge_loss"])
def hinge_loss(
    scores: Any, labels: Any, axis: int = -1, *, margin: float = 1.0, weight: Any = None,
    ignore_index: int | None = None, reduction: str = "mean",
) -> Any:
    """Multiclass hinge loss of Crammer and Singer: ``max(0, margin + max(scores[others]) - scores[label])``.

    Parameters
    ----------
    scores : array_like
        As the logits of `cross_entropy`; two classes at least.
    labels : array_like of int
        Class indices, of the shape of `scores` without `axis`.
    axis : int, default -1
        The axis of the classes.
    margin : float, default 1.0
        By how much a label's score has to exceed all others.
    weight : array_like, optional
        One for each class: the loss of a row is multiplied by that of its label. By default all are 1.
    ignore_index : int, optional
        Rows with this label do not count, whatever their scores. It may be any integer.
    reduction : {"mean", "sum", "none"}, default "mean"
        "mean" divides the sum by the summed weights of the labels that count. "none" gives the loss of each
        row.

    Returns
    -------
    ndarray or scalar
        float64 for float64 scores, else float32.

    Raises
    ------
    TypeError
        If labels are not integers; if an array is complex, longdouble or object, a masked array or one of
        dask; if an argument is not what it should be.
    IndexError
        If a label is none of the classes.
    ValueError
        If `labels` or `weight` have another shape; if there is one class only; for another `reduction`.
    numpy.exceptions.AxisError
        If there is no such axis.

    See Also
    --------
    hinge_loss_with_grad : Its gradient, too.

    Notes
    -----
    Within 1 ULP (float32), 1 ULP (float64) for each row, 16-bit scores as float32, without weights; reduced
    as in `cross_entropy`. NaN among the scores of a row: NaN.

    References
    ----------
    Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector machines",
    Journal of Machine Learning Research, 2001.

    Examples
    --------
    >>> import softramp
    >>> softramp.hinge_loss([[3.0, 2.5, 0.0], [3.0, 1.0, 0.0]], [0, 0], reduction="none")
    array([0.5, 0. ])
    """
    return _hinge_loss("hinge_loss", ufuncs.hinge_loss, scores, labels, axis, margin, weight, ignore_index,
                       reduction)


@promising(mixed["hinge_loss_with_grad"])
def hinge_loss_with_grad(
    scores: Any, labels: Any, axis: int = -1, *, margin: float = 1.0, weight: Any = None,
    ignore_index: int | None = None, reduction: str = "mean", out: Any = None,
) -> Any:
    """`hinge_loss` and a subgradient with respect to the scores.

    Parameters
    ----------
    scores, labels, axis, margin, weight, ignore_index, reduction
        As in `hinge_loss`.
    out : ndarray, optional
        Takes the gradient; may be `scores`.

    Returns
    -------
    loss : ndarray or scalar
        As from `hinge_loss`.
    dscores : ndarray
        The gradient of the loss, with "none" of its sum: the shape and dtype of `scores`, 0 in ignored rows;
        labelled as pandas or xarray `scores`.

    Raises
    ------
    TypeError
        As in `hinge_loss`.
    IndexError
        As in `hinge_loss`.
    ValueError
        As in `hinge_loss`; if `out` has another shape than `scores`.
    numpy.exceptions.AxisError
        If there is no such axis.

    See Also
    --------
    hinge_loss : The loss alone.

    Notes
    -----
    Within 1 ULP (float32), 1 ULP (float64), loss and gradient. Where the loss of a row is 0, so is its
    gradient; else it is 1 at the first of the largest other scores and -1 at the label, times the weight,
    over the divisor of a mean. NaN among the scores of a row: all NaN.

    References
    ----------
    See `hinge_loss`.

    Examples
    --------
    >>> import softramp
    >>> softramp.hinge_loss_with_grad([3.0, 2.5, 2.5], 0)
    (np.float64(0.5), array([-1.,  1.,  0.]))
    """
    return _hinge_loss("hinge_loss_with_grad", ufuncs.hinge_loss_with_grad, scores, labels, axis, margin,
                       weight, ignore_index, reduction, out)


# ---- What all of them do


def _cross_entropy(
    name: str, gufuncs: tuple[np.ufunc, np.ufunc], logits: Any, labels: Any, axis: Any, weight: Any,
    ignore_index: Any, smoothing: float, reduction: str, out: Any = None,
) -> Any:
    check_number(name, "label_smoothing", smoothing)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"{name} requires 0 <= label_smoothing <= 1, got label_smoothing={smoothing!r}")
    rows = _rows(name, logits, axis, reduction)
    labels, weight = array(labels, name), _weight(name, weight, rows)
    of_classes = _ones(rows.classes, rows.parameter) if weight is None else weight
    factors = (of_classes, 1.0 - smoothing, smoothing / max(rows.classes, 1))
    of_labels, of_probabilities = gufuncs
    if labels.dtype.char in FLOATING and (labels.shape == rows.shape or labels.ndim != rows.x.ndim - 1):
        t = _probabilities(name, labels, rows, ignore_index)
        divisor = math.prod(rows.x.shape[:-1])
        return _reduced(of_probabilities, rows, [t], factors, divisor, reduction, logits, out)
    target, divisor = _checked_labels(name, labels, rows, ignore_index, weight)
    return _reduced(of_labels, rows, [target], factors, divisor, reduction, logits, out)


def _hinge_loss(
    name: str, gufunc: np.ufunc, scores: Any, labels: Any, axis: Any, margin: float, weight: Any,
    ignore_index: Any, reduction: str, out: Any = None,
) -> Any:
    check_number(name, "margin", margin)
    rows = _rows(name, scores, axis, reduction)
    if rows.classes < 2:
        raise ValueError(f"{name}: axis {rows.axis} must have two classes at least, not {rows.classes}")
    weight = _weight(name, weight, rows)
    target, divisor = _checked_labels(name, array(labels, name), rows, ignore_index, weight)
    of_rows = np.broadcast_to(1.0, target.shape) if weight is None else weight[target].astype(np.float64)
    return _reduced(gufunc, rows, [target, of_rows], (margin,), divisor, reduction, scores, out)


class _Rows(NamedTuple):
    """The rows of an array along an axis."""

    name: str
    shape: tuple[int, ...]  # of the array as given
    axis: int
    x: Any  # the array with the axis last; of a 0-d one a row of one class
    dtype: Any  # what it is computed in
    parameter: Any  # the dtype of weights, probabilities and losses

    @property
    def classes(self) -> int:
        return int(self.x.shape[-1])

    def of(self, a: Any) -> Any:
        """A view of an array of that shape with the axis last."""
        if self.axis == a.ndim - 1:
            return a
        return np.moveaxis(a, self.axis, -1) if a.ndim else a.reshape(1)


def _rows(name: str, x: Any, axis: Any, reduction: str) -> _Rows:
    if reduction not in REDUCTIONS:
        raise ValueError(f"{name}: reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}")
    x = array(x, name)
    dtype = floating_dtype(name, x.dtype)
    rows = _Rows(name, x.shape, check_axis(name, axis, x.ndim or 1), x, dtype, parameter_dtype(dtype.char))
    return rows._replace(x=rows.of(x))


def _weight(name: str, weight: Any, rows: _Rows) -> Any:
    if weight is None:
        return None
    weight = array(weight, name)
    if weight.shape != (rows.classes,):
        raise ValueError(f"{name}: weight must have one element for each of {rows.classes} classes, not the "
                         f"shape {weight.shape}")
    floating_dtype(name, weight.dtype)
    return weight.astype(rows.parameter)


@functools.lru_cache
def _ones(classes: int, dtype: Any) -> Any:
    """As many as wanted, in the memory of one."""
    return np.broadcast_to(dtype.type(1), (classes,))


def _probabilities(name: str, t: Any, rows: _Rows, ignore_index: Any) -> Any:
    if t.shape != rows.shape:
        raise ValueError(f"{name}: logits of shape {rows.shape} want probabilities of that shape, not "
                         f"{t.shape}")
    if ignore_index is not None:
        raise ValueError(f"{name}: ignore_index={ignore_index!r} is for class indices, not for probabilities")
    return rows.of(t)


def _checked_labels(
    name: str, labels: Any, rows: _Rows, ignore_index: Any, weight: Any
) -> tuple[Any, float]:
    """The labels as int64, -1 where a row is to be ignored; and the summed weights of the others."""
    shape = rows.x.shape[:-1]
    if labels.dtype.kind not in "biu":
        given = f", such as {labels.item(0)!r} at {_position(labels, 0)}" if labels.size else ""
        raise TypeError(f"{name}: labels of shape {labels.shape} must be integers, the indices of classes, "
                        f"not {labels.dtype}{given}")
    if labels.shape != shape:
        raise ValueError(f"{name}: rows of shape {rows.shape} want labels of shape {shape} along axis "
                         f"{rows.axis}, not {labels.shape}")
    if not (ignore_index is None or hasattr(ignore_index, "__index__")):
        raise TypeError(f"{name}: ignore_index must be an integer, not {type(ignore_index).__name__}")
    kept = None if ignore_index is None else labels != operator.index(ignore_index)
    target = labels.astype(np.int64, copy=False)
    if target.size and np.maximum.reduce(target.view(np.uint64), None) >= rows.classes:  # or negative
        _refuse(name, labels, rows.classes, kept)
    if kept is not None:
        target = np.where(kept, target, -1)
    if weight is None:
        return target, float(target.size if kept is None else np.count_nonzero(kept))
    of_rows = weight[target]
    return target, float(np.sum(of_rows, dtype=np.float64, where=True if kept is None else kept))


def _refuse(name: str, labels: Any, classes: int, kept: Any) -> None:
    """Raise for the first label that is neither a class nor ignored, if there is one."""
    wrong = (labels < 0) | (labels >= classes)
    if kept is not None:
        wrong &= kept
    if wrong.any():
        first = int(wrong.argmax())
        raise IndexError(f"{name}: label {labels.item(first)} at {_position(labels, first)} is not one of "
                         f"{classes} classes")


def _position(a: Any, flat: int) -> Any:
    """An index of an array, as users write it."""
    index = tuple(map(int, np.unravel_index(flat, a.shape)))
    return index[0] if len(index) == 1 else index


def _reduced(
    gufunc: np.ufunc, rows: _Rows, of_rows: list[Any], factors: tuple[Any, ...], divisor: float,
    reduction: str, given: Any, out: Any,
) -> Any:
    """The loss; and the gradient, if the gufunc has one, like the array that was given."""
    losses = np.empty(rows.x.shape[:-1], rows.parameter)
    if gufunc.nout == 1:
        _run(gufunc, [rows.x, *of_rows], factors, [losses], rows.dtype)
        return _reduce(losses, divisor, reduction)
    gradient = out
    if out is None:
        gradient = np.empty_like(rows.x, rows.dtype, subok=False)
        gradient = np.moveaxis(gradient, -1, rows.axis).reshape(rows.shape)
    check_out(rows.name, gradient, rows.shape)
    factors = (*factors, divisor if reduction == "mean" else 1.0)
    _run(gufunc, [rows.x, *of_rows], factors, [losses, rows.of(gradient)], rows.dtype)
    if out is None and foreign.among(given):
        gradient = foreign.wrap(given, gradient)
    return _reduce(losses, divisor, reduction), gradient


def _run(
    gufunc: np.ufunc, operands: list[Any], factors: tuple[Any, ...], outs: list[Any], dtype: Any
) -> None:
    """All rows at once, unless NumPy would copy them whole to cast them."""
    dtypes = _dtypes(gufunc.__name__, dtype.char)
    (x, *others), gradient = operands, outs[-1]
    # NumPy takes it that an output may lie exactly where an input does. Only the first may.
    operands = [x, *(a.copy() if np.may_share_memory(a, gradient) else a for a in others)]
    if tuple([a.dtype for a in operands]) == dtypes[:len(operands)] and gradient.dtype == dtypes[-1]:
        gufunc(*operands, *factors, out=tuple(outs), signature=dtypes)
        return
    if np.may_share_memory(x, gradient) and not same_memory(x, gradient):
        operands[0] = x.copy()  # or one block's gradient would be the next one's input
    for outer in blocks(x.shape[:-1], BLOCK // max(1, x.shape[-1])):
        block = (*outer, ...)  # an array also of one row
        gufunc(*(a[block] for a in operands), *factors, out=tuple(a[block] for a in outs), signature=dtypes)


@functools.cache
def _dtypes(name: str, char: str) -> tuple[Any, ...]:
    return tuple(operand_dtypes(mixed[name], char))


def _reduce(losses: Any, divisor: float, reduction: str) -> Any:
    if reduction == "none":
        return losses[()]
    with np.errstate(invalid="ignore"):  # inf - inf, if weights have two signs
        total = float(np.add.reduce(losses, None, np.float64))
    if reduction == "mean":
        total = total / divisor if divisor else math.nan
    return losses.dtype.type(total)
