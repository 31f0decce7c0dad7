"""The gated linear unit: one half of an axis gates the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from softramp.composites.arguments import FLOATING, check_axis, is_dense, result_array
from softramp.composites.registry import composite
from softramp.rows import array

ufuncs: Any
per_row: Any


@composite
def glu(x: Any, /, axis: int = -1, *, out: Any = None, dtype: Any = None) -> Any:
    """Gated linear unit: ``a * sigmoid(b)``, where `a` and `b` are the halves of an axis.

    Parameters
    ----------
    x : array_like
        float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    axis : int, default -1
        The axis to halve.
    out : ndarray, optional
        Takes the result; may be a half of `x`.
    dtype : dtype, optional
        The dtype to compute in and to return.

    Returns
    -------
    ndarray
        The shape of `x`, but with half the length along `axis`.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object, or no array of NumPy's; if `axis` is not an integer.
    ValueError
        If the axis has an odd length.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    `sigmoid_glu` of the two halves, the second of which is the gate; that is also there for arrays that are
    no halves, and has the errors and special values.

    References
    ----------
    Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", ICML 2017,
    arXiv:1612.08083.

    Examples
    --------
    >>> import softramp
    >>> softramp.glu([[3.0, 4.0, 0.0, 100.0]])
    array([[1.5, 4. ]])
    """
    x = array(x, "glu")
    axis, shape = _half("glu", x, axis)
    if dtype is None and x.dtype.char in FLOATING and is_dense(x, x) and is_dense(x, out, shape):
        first, gate = _row_halves(x, axis)
        sigmoid_glu = per_row.sigmoid_glu if len(gate) > 1 else ufuncs.sigmoid_glu
        y = sigmoid_glu(gate, first, out=None if out is None else out.reshape(gate.shape))
        return y.reshape(shape) if out is None else out
    first, gate = np.split(x, 2, axis)
    return ufuncs.sigmoid_glu(gate, first, out=out, dtype=dtype)


@composite
def glu_backward(g: Any, x: Any, /, axis: int = -1, *, out: Any = None) -> Any:
    """Gradient of `glu`: ``g * sigmoid(b)`` and ``g * a * sigmoid'(b)``, the halves of one array.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `glu`; broadcasts against the halves of `x`.
    x : array_like
        Input of `glu`.
    axis : int, default -1
        As in `glu`.
    out : ndarray, optional
        Takes the result; may be `x`.

    Returns
    -------
    ndarray
        The shape of `x`, and the dtype that the operands have in common.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object, or no array of NumPy's; if `axis` is not an integer.
    ValueError
        If the axis has an odd length, or `out` not the shape of `x`.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    `sigmoid_glu_backward` of the two halves, which has the errors and special values.

    References
    ----------
    See `glu`.

    Examples
    --------
    >>> import softramp
    >>> softramp.glu_backward(1.0, [8.0, 0.0])
    array([0.5, 2. ])
    """
    g, x = g if isinstance(g, (int, float)) else array(g, "glu_backward"), array(x, "glu_backward")
    axis, shape = _half("glu_backward", x, axis)
    made = result_array("glu_backward", out, x.shape, np.result_type(g, x))
    if is_dense(made, made) and is_dense(made, x) and is_dense(made, g, shape):
        first, gate = _row_halves(x, axis)
        backward = per_row.sigmoid_glu_backward if len(gate) > 1 else ufuncs.sigmoid_glu_backward
        backward(g.reshape(gate.shape), gate, first, out=_row_halves(made, axis)[::-1])
    else:
        first, gate = np.split(x, 2, axis)
        ufuncs.sigmoid_glu_backward(g, gate, first, out=tuple(np.split(made, 2, axis)[::-1]))
    return made


def _half(name: str, x: Any, axis: Any) -> tuple[int, tuple[int, ...]]:
    """The axis, counted from the front, and the shape of a half of it."""
    axis = check_axis(name, axis, x.ndim)
    if x.shape[axis] % 2:
        raise ValueError(f"{name}: axis {axis} has {x.shape[axis]} elements, which have no halves")
    return axis, (*x.shape[:axis], x.shape[axis] // 2, *x.shape[axis + 1:])


def _row_halves(x: Any, axis: int) -> tuple[Any, Any]:
    """The halves of an axis of a contiguous array, each as rows."""
    rows = x.reshape(math.prod(x.shape[:axis]), 2, math.prod(x.shape[axis:]) // 2)
    return rows[:, 0], rows[:, 1]
