"""Wrappers around the elementwise ufuncs that have parameters: defaults, names, dtype=.

A ufunc has no defaults, so each of these functions owns two: the full one, whose parameters are
operands, and one with the defaults bound in its row, which costs nothing beside np.exp when no
parameter is given.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from softramp.definitions import Definition
from softramp.factory import parameter_dtype

if TYPE_CHECKING:
    from softramp.ufuncs import Namespace


def wrap(definition: Definition, namespace: Namespace) -> Callable[..., Any]:
    """The public function of a definition with parameters."""
    function = _with_parameters(definition, namespace)
    finish = _FINISHES.get(definition.name)
    if finish:
        function = finish(function)
    function.__name__ = function.__qualname__ = definition.name
    function.__module__ = "softramp"
    function.__doc__ = definition.doc
    function.__signature__ = _signature(definition)  # type: ignore[attr-defined]
    return function


def _with_parameters(definition: Definition, namespace: Namespace) -> Callable[..., Any]:
    name, nin, names = definition.name, definition.nin, definition.parameters
    parameters = frozenset(names)
    defaults = dict(zip(names[len(names) - len(definition.defaults):], definition.defaults, strict=True))

    def explicit(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) < nin or len(args) > nin + len(names):
            at_least, at_most = nin, nin + len(names)
            raise TypeError(f"{name}() takes from {at_least} to {at_most} positional arguments "
                            f"({', '.join(definition.operands + names)}) but {len(args)} were given")
        values = dict(zip(names, args[nin:]))
        for parameter in parameters.intersection(kwargs):
            if parameter in values:
                raise TypeError(f"{name}() got multiple values for argument {parameter!r}")
            values[parameter] = kwargs.pop(parameter)
        missing = [p for p in names if p not in values and p not in defaults]
        if missing:
            raise TypeError(f"{name}() missing required argument {missing[0]!r}")
        if kwargs.get("dtype") is not None:  # NumPy would look for a loop whose parameters have it, too
            array = np.dtype(kwargs.pop("dtype"))
            parameter_type = parameter_dtype(array.char)
            kwargs["signature"] = (array,) * nin + (parameter_type,) * len(names) + (array,) * definition.nout
        ufunc = getattr(namespace.ufuncs, name)
        return ufunc(*args[:nin], *(values.get(p, defaults.get(p)) for p in names), **kwargs)

    if not definition.has_defaults:
        return lambda *args, **kwargs: explicit(args, kwargs)
    unary = getattr(namespace.unary, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) == nin and parameters.isdisjoint(kwargs):
            return unary(*args, **kwargs)
        return explicit(args, kwargs)

    return function


def _prelu_backward(elementwise: Callable[..., Any]) -> Callable[..., Any]:
    """The weight's gradient is summed to the weight's shape."""

    def function(*args: Any, **kwargs: Any) -> Any:
        weight = kwargs["weight"] if "weight" in kwargs else args[2] if len(args) > 2 else None
        gx, gw = elementwise(*args, **kwargs)
        shape = np.shape(weight)
        extra = np.ndim(gw) - len(shape)
        axes = tuple(range(extra)) + tuple(
            extra + i for i, n in enumerate(shape) if n == 1 and np.shape(gw)[extra + i] != 1)
        summed = gw.sum(axis=axes, keepdims=True, dtype=np.float64) if axes else gw
        return gx, summed.reshape(shape).astype(gw.dtype)[()]

    return function


_FINISHES = {"prelu_backward": _prelu_backward}


def _signature(definition: Definition) -> inspect.Signature:
    own = inspect.signature(definition.function)
    P = inspect.Parameter
    parameters = [p.replace(annotation=P.empty) for p in own.parameters.values()]
    keywords = [P(k, P.KEYWORD_ONLY, default=v) for k, v in (("out", None), ("where", True), ("dtype", None))]
    return inspect.Signature([*parameters, *keywords, P("kwargs", P.VAR_KEYWORD)])
