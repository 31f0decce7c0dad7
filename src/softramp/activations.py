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
    function.__name__ = function.__qualname__ = definition.name
    function.__module__ = "softramp"
    function.__doc__ = definition.doc
    function.__signature__ = _signature(definition)  # type: ignore[attr-defined]
    return function


_NUMPY = (np.ndarray, np.generic)

# Compiled for each function: its own parameter names, and no time spent on telling them apart, which
# for 100 elements would be as long as the call itself.
_TEMPLATE = """
def {name}({operands}, /, {parameters}, *, out=no_out, **kwargs):
    if kwargs:
        return general(({operands},), ({values},), out, kwargs)
    {shortcut}
    {guard}
    return full({operands}, {values}, out=out)
"""
_SHORTCUT = "if {unchanged}: return unary({operands}, out=out)"


def _with_parameters(definition: Definition, namespace: Namespace) -> Callable[..., Any]:
    full = getattr(namespace.ufuncs, definition.name)
    no_out = None if definition.nout == 1 else (None,) * definition.nout
    scope: dict[str, Any] = {
        "full": full, "general": _general(definition, full, no_out), "no_out": no_out, "inf": np.inf}
    names = definition.parameters
    defaults = dict(zip(reversed(names), reversed(definition.defaults)))
    scope.update((f"default_{name}", value) for name, value in defaults.items())
    operands = ", ".join(definition.operands)
    shortcut = ""
    if definition.has_defaults:
        scope["unary"] = getattr(namespace.unary, definition.name)
        unchanged = " and ".join(f"{name} is default_{name}" for name in names)
        shortcut = _SHORTCUT.format(unchanged=unchanged, operands=operands)
    parameters = ", ".join(f"{name}=default_{name}" if name in defaults else name for name in names)
    values = ", ".join(names)
    exec(_TEMPLATE.format(name=definition.name, operands=operands, parameters=parameters, values=values,
                          shortcut=shortcut, guard=_guard(definition, operands, values)), scope)
    return scope[definition.name]  # type: ignore[no-any-return]


def _guard(definition: Definition, operands: str, values: str) -> str:
    """The way to what checks the parameters, which good Python floats do not take."""
    if not definition.requires:
        return ""
    good = " and ".join([*(f"{name}.__class__ is float" for name in definition.parameters), *definition.requires])
    return f"if not ({good}): return general(({operands},), ({values},), out, kwargs)"


def _check(definition: Definition) -> Callable[..., None]:
    """Raise ValueError unless the parameters are what `requires` says, element by element."""
    conditions = [(text, compile(text, definition.name, "eval")) for text in definition.requires]

    def check(*values: Any) -> None:
        if any(hasattr(value, "__array_ufunc__") and not isinstance(value, _NUMPY) for value in values):
            return  # its values may be elsewhere, or not yet computed
        arrays = dict(zip(definition.parameters, map(np.asarray, values)))
        for text, condition in conditions:
            if not np.all(eval(condition, {"inf": np.inf}, arrays)):
                given = zip(definition.parameters, values)
                got = ", ".join(f"{name}={value!r}" for name, value in given if name in condition.co_names)
                raise ValueError(f"{definition.name}() requires {text}, got {got}")

    return check


def _general(definition: Definition, full: np.ufunc, no_out: Any) -> Callable[..., Any]:
    """A call with keywords other than out, or with parameters to be checked."""
    check, adjust = _check(definition), _ADJUSTMENTS.get(definition.name)

    def general(operands: Any, values: Any, out: Any, kwargs: dict[str, Any]) -> Any:
        check(*values)
        if adjust:
            values = adjust(*operands, *values)
        if kwargs.get("dtype") is not None:  # NumPy would look for a loop whose parameters have it, too
            array = np.dtype(kwargs.pop("dtype"))
            types = [array] * definition.nin + [parameter_dtype(array.char)] * len(definition.parameters)
            kwargs["signature"] = (*types, *[array] * definition.nout)
        if out is not no_out:  # left out, NumPy warns of where= without it
            kwargs["out"] = out
        return full(*operands, *values, **kwargs)

    return general


def _hardtanh(x: Any, *bounds: Any) -> tuple[Any, ...]:
    """Bounds beyond the range of an integer dtype bound nothing."""
    dtype = getattr(x, "dtype", None) or np.asarray(x).dtype
    if dtype.kind not in "iu":
        return bounds
    info = np.iinfo(dtype)
    return tuple(min(max(b, info.min), info.max) if type(b) is int else b for b in bounds)


_ADJUSTMENTS = {"hardtanh": _hardtanh}


def _signature(definition: Definition) -> inspect.Signature:
    own = inspect.signature(definition.function)
    P = inspect.Parameter
    parameters = [p.replace(annotation=P.empty) for p in own.parameters.values()]
    keywords = [P(k, P.KEYWORD_ONLY, default=v) for k, v in (("out", None), ("where", True), ("dtype", None))]
    return inspect.Signature([*parameters, *keywords, P("kwargs", P.VAR_KEYWORD)])
