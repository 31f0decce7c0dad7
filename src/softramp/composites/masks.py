"""ReLU that keeps a bit of each element for its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from softramp.composites.arguments import check_axis, floating_dtype, result_array, select
from softramp.composites.registry import composite
from softramp.definitions.registry import NARROW
from softramp.rows import array

ufuncs: Any


@composite
def relu_with_mask(x: Any, /, axis: int = -1, *, out: Any = None) -> Any:
    """`relu`, and all that its gradient needs: one bit for each element.

    Parameters
    ----------
    x : array_like
        As in `relu`.
    axis : int, default -1
        The axis along which eight bits share a byte.
    out : ndarray, optional
        Takes the result of `relu`; may be `x`.

    Returns
    -------
    y : ndarray
        As from `relu`.
    bits : ndarray of uint8
        As from `numpy.packbits`: an eighth of the length along `axis`, rounded up. A bit is 0
        where ``x <= 0``.

    Raises
    ------
    TypeError
        If `x` is complex, longdouble or object, or no array of NumPy's; if `axis` is not an integer.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    Exact. The bits take 1/32 of the memory of a float32 array that is kept for the gradient, and
    `x` may be overwritten. The bit of NaN is 1.

    References
    ----------
    See `relu`.

    Examples
    --------
    >>> import softramp
    >>> y, bits = softramp.relu_with_mask([-2.0, 0.0, 3.0])
    >>> bits  # 0b00100000
    array([32], dtype=uint8)
    >>> softramp.relu_backward_from_mask([7.0, 7.0, 7.0], bits)
    array([0., 0., 7.])
    """
    x = array(x, "relu_with_mask")
    axis = check_axis("relu_with_mask", axis, x.ndim)
    if x.dtype.char in NARROW.values():  # NumPy compares them slowly, and ml_dtypes warns of NaN
        is_open = ufuncs.relu_backward(x.dtype.type(1), x).view(np.uint16) != 0
    else:
        is_open = ~(x <= 0)
    bits = np.packbits(is_open, axis=axis)
    return ufuncs.relu(x, out=out), bits


@composite
def relu_backward_from_mask(g: Any, bits: Any, /, axis: int = -1, *, out: Any = None) -> Any:
    """Gradient of `relu` from the bits of `relu_with_mask`: ``g where the bit is 1, else 0``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `relu`, of its shape.
    bits : array_like of uint8
        What ``relu_with_mask(x, axis)`` returned.
    axis : int, default -1
        As in `relu_with_mask`.
    out : ndarray, optional
        Takes the result; may be `g`.

    Returns
    -------
    ndarray
        Gradient with respect to the input of `relu`, of the dtype of `g`.

    Raises
    ------
    TypeError
        If `g` is complex, longdouble or object, or no array of NumPy's; if `bits` are not uint8 or `axis` is
        not an integer.
    ValueError
        If the shapes of `g` and `bits` do not belong together.
    numpy.exceptions.AxisError
        If there is no such axis.

    Notes
    -----
    Exact. Where the bit is 0 the result is +0.0, even if `g` is infinite or NaN.

    References
    ----------
    See `relu_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> import softramp
    >>> softramp.relu_backward_from_mask([1.0, 2.0, 3.0], np.array([0b10100000], np.uint8))
    array([1., 0., 3.])
    """
    g, bits = array(g, "relu_backward_from_mask"), array(bits, "relu_backward_from_mask")
    axis = check_axis("relu_backward_from_mask", axis, g.ndim)
    n = g.shape[axis]
    if bits.dtype != np.uint8:
        raise TypeError(f"relu_backward_from_mask: bits must be uint8, not {bits.dtype}")
    shape = (*g.shape[:axis], (n + 7) // 8, *g.shape[axis + 1:])
    if bits.shape != shape:
        raise ValueError(f"relu_backward_from_mask: g of shape {g.shape} wants bits of shape {shape} along "
                         f"axis {axis}, not {bits.shape}")
    g = g.astype(floating_dtype("relu_backward_from_mask", g.dtype), copy=False)
    made = result_array("relu_backward_from_mask", out, g.shape, g.dtype)
    selected = made if made.dtype == g.dtype else np.empty_like(g)
    select(g, np.unpackbits(bits, axis=axis, count=n), out=selected)
    if selected is not made:
        np.copyto(made, selected, casting="same_kind")
    return made
