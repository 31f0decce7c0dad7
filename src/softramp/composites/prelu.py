"""Parametric ReLU with one slope to each element of an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from softramp.composites.arguments import FLOATING, check_axis, is_dense
from softramp.composites.registry import composite
from softramp.factory import parameter_dtype

ufuncs: Any
per_row: Any
plain: Any

BLOCK = 2**17  # elements


@composite
def prelu(x: Any, /, weight: Any, axis: int | None = None, *, out: Any = None, **kwargs: Any) -> Any:
    """Parametric rectified linear unit: ``weight * x where x < 0, else x``.

    `leaky_relu` with a learnt slope, which therefore has no default.

    Parameters
    ----------
    x : array_like
        float16, bfloat16, float32 or float64; bool and integers become
        floating as in `numpy.exp`: bool and int8 float16, int16 float32, wider float64.
    weight : array_like
        With `axis`, one slope for each element of that axis, or one for all; else it broadcasts against `x`
        as NumPy does, from the last axis.
    axis : int, optional
        The axis of the channels: 1 for images in the order NCHW.
    out, where, dtype, **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Of the broadcast shape. A weight that is a Python number or a float32 array leaves a floating `x` its
        dtype; a float64 array gives float64.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object, or `axis` is not an integer.
    ValueError
        If the weight does not broadcast, or with `axis` is not 1-D or not as long as that axis.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    Within 0.5 ULP (float32), 0.5 ULP (float64), 0.501 ULP (float16, bfloat16).

    NaN and -0.0 are kept; with weight 0, -inf gives its limit, -0.0. With `axis`, contiguous arrays
    are computed on all threads.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.prelu([[-2.0, -2.0], [3.0, 3.0]], [0.25, 0.5])  # one weight per column
    array([[-0.5, -1. ],
           [ 3. ,  3. ]])
    >>> images = -np.ones((1, 2, 1, 3), np.float32)
    >>> softramp.prelu(images, np.array([0.25, 0.5], np.float32), axis=1)
    array([[[[-0.25, -0.25, -0.25]],
    <BLANKLINE>
            [[-0.5 , -0.5 , -0.5 ]]]], dtype=float32)
    """
    if axis is None:
        try:
            return plain.prelu(x, weight, out=out, **kwargs) if kwargs else ufuncs.prelu(x, weight, out=out)
        except ValueError:
            _broadcast_shape("prelu", weight, x)
            raise
    channels, axis = _channels("prelu", weight, np.shape(x), axis)
    if not kwargs and _in_rows(channels, x, out):
        rows, _ = _rows(channels, x, axis)
        y = per_row.prelu(x.reshape(rows.shape), rows, out=None if out is None else out.reshape(rows.shape))
        return y.reshape(x.shape) if out is None else out
    return plain.prelu(x, _placed(channels, np.ndim(x), axis), out=out, **kwargs)


@composite
def prelu_backward(
    g: Any, x: Any, /, weight: Any, axis: int | None = None, *, out: Any = None, **kwargs: Any
) -> Any:
    """Gradients of `prelu`, with respect to its input and to its weight.

    With ``h`` the indicator of ``x > 0``: ``g * (h + weight * (1 - h))``, and the sum of ``g * x * (1 - h)``
    over the elements that share a weight.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `prelu`; broadcasts against the other operands.
    x : array_like
        Input of `prelu`.
    weight : array_like
        As in `prelu`.
    axis : int, optional
        As in `prelu`.
    out : tuple of two ndarrays or None, optional
        Takes the two gradients.
    where, dtype, **kwargs
        As for every ufunc. What `where` leaves out counts as 0 in the weight's gradient.

    Returns
    -------
    tuple of ndarray or scalar
        The two gradients, of the dtype that the operands have in common; the second has the weight's shape.

    Raises
    ------
    TypeError
        If an operand is complex, longdouble or object, or `out` is not a tuple, or `axis` is not an integer.
    ValueError
        If the weight does not broadcast, or with `axis` is not 1-D or not as long as that axis; if the
        second output has not the weight's shape.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    Within 0.5 ULP (float32), 0.5 ULP (float64), 0.51 ULP (float16, bfloat16)
    at ``g = 1``, before the weight's gradient is summed, which is done in float64.

    At 0 and where `x` is NaN the derivative with respect to `x` is
    `weight`; the one with respect to `weight` is 0 at 0 and NaN at NaN.
    ``softramp.ufuncs.prelu_backward`` gives the weight's gradient elementwise.

    References
    ----------
    See `prelu`.

    Examples
    --------
    >>> import softramp
    >>> gx, gw = softramp.prelu_backward(1.0, [[-2.0, -2.0], [3.0, -4.0]], [0.25, 0.5])
    >>> gx
    array([[0.25, 0.5 ],
           [1.  , 0.5 ]])
    >>> gw
    array([-2., -6.])
    """
    shape, where = np.shape(weight), kwargs.get("where", True)
    gx_out, gw_out = _pair_of_outputs(out, shape)
    if axis is not None:
        channels, axis = _channels("prelu_backward", weight, np.shape(x), axis)
        if not kwargs and _in_rows(channels, x, g, gx_out) and not _overlaps(gx_out, g, x):
            gx = np.empty_like(x) if gx_out is None else gx_out
            gw = _gradients_by_row(per_row.prelu_backward, g, x, channels, axis, gx)
            return gx, _rounded(gw, gw_out, x.dtype)
        weight = _placed(channels, np.ndim(x), axis)
    unsummed = shape == _broadcast_shape("prelu_backward", weight, g, x)
    if unsummed and (where is True or gw_out is not None):
        return plain.prelu_backward(g, x, weight, out=(gx_out, gw_out), **kwargs)
    gx, gw = plain.prelu_backward(g, x, weight, out=(gx_out, None), **kwargs)
    gw = np.asarray(gw)
    return gx, _rounded(_summed(gw, np.shape(weight), where).reshape(shape), gw_out, gw.dtype)


def _pair_of_outputs(out: Any, weight_shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Both outputs, checked before the first is written."""
    if out is None:
        return None, None
    if not isinstance(out, tuple) or len(out) != 2:
        raise TypeError("prelu_backward: 'out' must be a tuple of two arrays, of which either may be None")
    gw = out[1]
    if gw is not None and np.shape(gw) != weight_shape:
        raise ValueError(f"prelu_backward: the second output must have the weight's shape {weight_shape}, "
                         f"not {np.shape(gw)}")
    if gw is not None and not np.can_cast(np.float32, gw.dtype, "same_kind"):
        raise TypeError(f"prelu_backward: cannot cast the weight's gradient to {gw.dtype} by 'same_kind'")
    return out


def _broadcast_shape(name: str, weight: Any, *operands: Any) -> tuple[int, ...]:
    """The shape of the result; where a 1-D weight prevents one, the error names `axis=`."""
    shape = np.broadcast_shapes(*map(np.shape, operands))
    try:
        return np.broadcast_shapes(shape, np.shape(weight))
    except ValueError:
        if np.ndim(weight) != 1:
            raise
        raise ValueError(f"{name}: a weight of {np.size(weight)} elements does not broadcast against shape "
                         f"{shape}; say by axis= to which axis it belongs") from None


def _channels(name: str, weight: Any, shape: tuple[int, ...], axis: Any) -> tuple[Any, int]:
    """The weight of an axis, as an array, and the axis counted from the front."""
    weight = weight if hasattr(weight, "reshape") else np.asarray(weight)
    axis = check_axis(name, axis, len(shape))
    if weight.ndim != 1:
        raise ValueError(f"{name}: with axis= the weight must be 1-D, got shape {weight.shape}")
    if weight.size not in (1, shape[axis]):
        raise ValueError(f"{name}: axis {axis} has {shape[axis]} elements, the weight {weight.size}")
    return weight, axis


def _placed(weight: Any, ndim: int, axis: int) -> Any:
    """A 1-D weight that broadcasts along an axis."""
    return weight.reshape((-1,) + (1,) * (ndim - axis - 1))


def _in_rows(weight: Any, x: Any, *others: Any) -> bool:
    """Whether arrays become rows, all of one type of a loop, without a copy."""
    return (
        type(x) is type(weight) is np.ndarray and x.dtype.char in FLOATING and weight.size > 1
        and np.can_cast(weight.dtype, parameter_dtype(x.dtype.char))
        and all(is_dense(x, a) for a in (x, *others)))


def _overlaps(out: Any, *operands: Any) -> bool:
    """Whether an output lies partly in an operand: NumPy copies that, but within one call only."""
    return any(out is not None and np.may_share_memory(out, a) and out.ctypes.data != a.ctypes.data
               for a in operands)


def _rows(weight: Any, x: Any, axis: int) -> tuple[Any, bool]:
    """The weight of each element of `x` in rows, and whether a row is one channel, else a whole sample.

    The weight is repeated as little as can be.
    """
    samples, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1:])
    weight = weight.astype(parameter_dtype(x.dtype.char), copy=False)
    if samples < inner:
        return np.broadcast_to(np.tile(weight, samples)[:, np.newaxis], (samples * weight.size, inner)), True
    return np.broadcast_to(np.repeat(weight, inner), (samples, weight.size * inner)), False


@np.errstate(invalid="ignore")  # inf - inf
def _gradients_by_row(gufunc: np.ufunc, g: Any, x: Any, weight: Any, axis: int, gx: Any) -> Any:
    """Fill `gx`; the weight's gradient, summed block after block, which the caches hold."""
    rows, row_is_channel = _rows(weight, x, axis)
    g, x, gx = (a.reshape(rows.shape) for a in (g, x, gx))
    count, n = rows.shape
    step = max(1, BLOCK // max(1, n))
    block, total = np.empty((min(step, count), n), x.dtype), np.zeros(count if row_is_channel else n)
    for start in range(0, count, step):
        part = slice(start, start + step)
        gw = block[:count - start]
        gufunc(g[part], x[part], rows[part], out=(gx[part], gw))
        if row_is_channel:
            total[part] = gw.sum(axis=1, dtype=np.float64)
        else:
            total += gw.sum(axis=0, dtype=np.float64)
    return total.reshape(-1, weight.size).sum(0) if row_is_channel else total.reshape(weight.size, -1).sum(1)


@np.errstate(invalid="ignore")  # inf - inf
def _summed(gw: Any, shape: tuple[int, ...], where: Any) -> Any:
    """A gradient summed over what was broadcast; what `where` leaves out counts as 0."""
    extra = gw.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1)
    return gw.sum(axis=axes, keepdims=True, dtype=np.float64, where=where)


def _rounded(gw: Any, out: Any, dtype: Any) -> Any:
    if out is None:
        return gw.astype(dtype)[()]
    np.copyto(out, gw, casting="same_kind")
    return out
