"""The largest of groups of an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.composites.arguments import check_axis, check_count, floating_dtype, result_array, select
from softramp.composites.registry import composite
from softramp.rows import array


@composite
def maxout(x: Any, /, pieces: int, axis: int = -1, *, return_indices: bool = False, out: Any = None) -> Any:
    """The largest of each `pieces` consecutive elements of an axis.

    Parameters
    ----------
    x : array_like
        float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    pieces : int
        How many elements compete.
    axis : int, default -1
        The axis that they are consecutive on.
    return_indices : bool, default False
        Whether to return the positions of the largest elements, too.
    out : ndarray, optional
        Takes the result; may be part of `x`.

    Returns
    -------
    y : ndarray
        The shape of `x`, but with `axis` shorter by the factor `pieces`.
    indices : ndarray of int
        If asked for: where in its group each result was, from 0 to ``pieces - 1``.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object, or no array of NumPy's; if `axis` or `pieces` is not an
        integer.
    ValueError
        If the length of the axis is no multiple of `pieces`, or `out` has another shape than the result.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    Exact. The first of equal elements wins, of a positive and a negative zero, too; the first NaN wins over
    everything.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks", ICML 2013, arXiv:1302.4389.

    Examples
    --------
    >>> import softramp
    >>> softramp.maxout([1.0, 3.0, 2.0, -5.0, -4.0, -6.0], pieces=3)
    array([ 3., -4.])
    >>> softramp.maxout([1.0, 3.0, 2.0, -5.0, -4.0, -6.0], 3, return_indices=True)[1]
    array([1, 1])
    """
    x = array(x, "maxout")
    x = x.astype(floating_dtype("maxout", x.dtype), copy=False)
    axis, pieces = check_axis("maxout", axis, x.ndim), check_count("maxout", pieces)
    if x.shape[axis] % pieces:
        raise ValueError(f"maxout: axis {axis} has {x.shape[axis]} elements, which is no multiple of "
                         f"pieces={pieces}")
    first, *others = competing = _competing(x, pieces, axis)
    result = result_array("maxout", out, first.shape, x.dtype)
    compared = np.promote_types(x.dtype, np.float32)  # NumPy is slow with 16 bits, and ml_dtypes warns of NaN
    y = result
    if result.dtype != compared or np.may_share_memory(result, x):
        y = np.empty(first.shape, compared)
    np.copyto(y, first)
    for piece in others:
        np.maximum(y, piece, out=y)
    _take_first_zero(y, competing)
    indices = _first_equal(y, competing) if return_indices else None
    if y is not result:
        np.copyto(result, y, casting="same_kind")
    return (result, indices) if return_indices else result


@composite
def maxout_backward(g: Any, indices: Any, /, pieces: int, axis: int = -1) -> Any:
    """Gradient of `maxout`: `g` where the largest elements were, else 0.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `maxout`; broadcasts to the shape of `indices`.
    indices : array_like of int
        What ``maxout(x, pieces, axis, return_indices=True)`` returned.
    pieces : int
        As in `maxout`.
    axis : int, default -1
        As in `maxout`.

    Returns
    -------
    ndarray
        Gradient with respect to the input of `maxout`, of the dtype of `g`.

    Raises
    ------
    TypeError
        If `g` is complex, longdouble or object, or no array of NumPy's; if `indices`, `axis` or `pieces` are
        not integers.
    ValueError
        If `g` does not broadcast to the shape of `indices`.
    IndexError
        If an index is not in [0, pieces).
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    Exact. Where an element was not the largest the result is +0.0, even if `g` is infinite or NaN.

    References
    ----------
    See `maxout`.

    Examples
    --------
    >>> import softramp
    >>> softramp.maxout_backward([10.0, 20.0], [1, 0], pieces=3)
    array([ 0., 10.,  0., 20.,  0.,  0.])
    """
    g, indices = array(g, "maxout_backward"), array(indices, "maxout_backward")
    axis, pieces = check_axis("maxout_backward", axis, indices.ndim), check_count("maxout_backward", pieces)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"maxout_backward: indices must be integers, not {indices.dtype}")
    if indices.size and not 0 <= indices.min() <= indices.max() < pieces:
        raise IndexError(f"maxout_backward: indices lie from {indices.min()} to {indices.max()}, "
                         f"which is not in [0, {pieces})")
    shape = (*indices.shape[:axis], indices.shape[axis] * pieces, *indices.shape[axis + 1:])
    g = g.astype(floating_dtype("maxout_backward", g.dtype), copy=False)
    made = np.empty(shape, g.dtype)
    for k, piece in enumerate(_competing(made, pieces, axis)):
        select(g, indices == k, out=piece)
    return made


def _competing(x: Any, pieces: int, axis: int) -> list[Any]:
    """Views of every first, every second ... of the consecutive elements of an axis."""
    groups = x.reshape(*x.shape[:axis], x.shape[axis] // pieces, pieces, *x.shape[axis + 1:])
    return [groups[(slice(None),) * (axis + 1) + (k,)] for k in range(pieces)]


def _take_first_zero(y: Any, competing: list[Any]) -> None:
    """Of a positive and a negative zero np.maximum returns now this, now that."""
    zero = y == 0
    if zero.any():
        for piece in reversed(competing):
            np.copyto(y, piece, where=zero & (piece == 0))


def _first_equal(y: Any, competing: list[Any]) -> Any:
    """Which is the first that is the largest, or NaN. (np.argmax takes twice as long where two compete.)"""
    indices, later = np.zeros(y.shape, np.intp), np.ones(y.shape, bool)
    for piece in competing[:-1]:
        later &= ~((piece == y) | (piece != piece))
        indices += later
    return indices
