"""Wrappers around the row gufuncs, the softmax family: axis, out, dtype, 0-d input."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from softramp.definitions import Definition


def wrap(definition: Definition, gufunc: np.ufunc) -> Callable[..., Any]:
    """The public function over a gufunc of the last axis."""
    if definition.nin == 1:

        def function(x: Any, /, axis: int = -1, *, out: Any = None, dtype: Any = None) -> Any:
            return _call(gufunc, (x,), axis, out=out, dtype=dtype)
    else:

        def function(g: Any, y: Any, /, axis: int = -1, *, out: Any = None) -> Any:  # type: ignore[misc]
            return _call(gufunc, (g, y), axis, out=out, dtype=None)

    function.__name__ = function.__qualname__ = definition.name
    function.__module__ = "softramp"
    function.__doc__ = definition.doc
    function.__signature__ = _signature(function, definition)  # type: ignore[attr-defined]
    return function


def _call(gufunc: np.ufunc, operands: tuple[Any, ...], axis: int, *, out: Any, dtype: Any) -> Any:
    if type(axis) is int and axis == -1 and dtype is None and _plain(operands):
        return gufunc(*operands, out=out)  # a small array must not wait for the checks below
    arrays = tuple(_array(a, gufunc.__name__) for a in operands)
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


def _plain(operands: tuple[Any, ...]) -> bool:
    """Whether they are arrays of NumPy's own type and of one shape, not 0-d."""
    first = operands[0]
    return (type(first) is np.ndarray and first.ndim > 0
            and all(type(a) is np.ndarray and a.shape == first.shape for a in operands[1:]))


def _array(x: Any, name: str) -> np.ndarray[Any, Any]:
    if isinstance(x, np.ma.MaskedArray) or (hasattr(x, "chunks") and hasattr(x, "__array_ufunc__")):
        raise TypeError(f"{name} takes NumPy arrays and what np.asarray makes one of, not {type(x).__name__}")
    return np.asarray(x)


def _signature(function: Callable[..., Any], definition: Definition) -> inspect.Signature:
    parameters = inspect.signature(function).parameters.values()
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
