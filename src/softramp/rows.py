"""Wrappers around the row gufuncs, the softmax family: axis, out, dtype, 0-d input."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from softramp.definitions import Definition


def wrap(definition: Definition, gufunc: np.ufunc) -> Callable[..., Any]:
    """The public function over a gufunc of the last axis.

    Plain arrays take a way of their own: for ten numbers the checks would take as long as the call.
    """
    last = -1  # by identity, for -1.0 is no axis
    if definition.nin == 1:

        def function(x: Any, /, axis: int = -1, *, out: Any = None, dtype: Any = None) -> Any:
            if axis is last and dtype is None and type(x) is np.ndarray and x.ndim:
                return gufunc(x, out)
            return _call(gufunc, (x,), axis, out=out, dtype=dtype)
    else:

        def function(g: Any, y: Any, /, axis: int = -1, *, out: Any = None) -> Any:  # type: ignore[misc]
            if axis is last and type(g) is type(y) is np.ndarray and g.ndim and g.shape == y.shape:
                return gufunc(g, y, out)
            return _call(gufunc, (g, y), axis, out=out, dtype=None)

    function.__name__ = function.__qualname__ = definition.name
    function.__module__ = "softramp"
    function.__doc__ = definition.doc
    function.__signature__ = signature(function)  # type: ignore[attr-defined]
    return function


def _call(gufunc: np.ufunc, operands: tuple[Any, ...], axis: int, *, out: Any, dtype: Any) -> Any:
    arrays = tuple(array(a, gufunc.__name__) for a in operands)
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"{gufunc.__name__}: axis must be an integer, got {axis!r}") from None
    if len({a.shape for a in arrays}) > 1:  # a gufunc would not broadcast the axis itself
        arrays = np.broadcast_arrays(*arrays)
    if arrays[0].ndim == 0:  # one element
        if axis not in (-1, 0):
            raise np.exceptions.AxisError(axis, 0)
        result = gufunc(*(a[np.newaxis] for a in arrays), dtype=dtype)[0]
        if out is None:
            return result
        return np.copyto(out, result, casting="same_kind") or out
    return gufunc(*arrays, axis=axis, out=out, dtype=dtype)


def array(x: Any, name: str) -> np.ndarray[Any, Any]:
    """The operand of a function that takes arrays of NumPy only."""
    if isinstance(x, np.ma.MaskedArray) or (hasattr(x, "chunks") and hasattr(x, "__array_ufunc__")):
        raise TypeError(f"{name} takes NumPy arrays and what np.asarray makes one of, not {type(x).__name__}")
    return np.asarray(x)


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature without annotations."""
    parameters = inspect.signature(function).parameters.values()
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
