"""The registry: what every function is.

Each is defined in a few lines of careful NumPy, with its signature, its documentation and the error
that its kernels promise. Everything else (ufuncs, wrappers, stubs, tests, benchmarks, README) is made
from here. Array operands are positional-only, parameters are not.

The definitions are also what computes where a kernel cannot (see backends/numba). They are exact at
special values and good to a few ULP; they do not meet the kernels' bounds everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np


class Bar(NamedTuple):
    """The error promised at default parameters, in ULP, and the root of a derivative, if it has one.

    Within 0.25 of the root the error is at most 2**-25 (float32), 2**-52 (float64) absolute instead.
    """

    float32: float
    float64: float
    root: float | None = None


class Definition:
    """One function: its definition, and what follows from its signature."""

    def __init__(self, function: Callable[..., Any], bar: Bar, nout: int, row: bool) -> None:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        self.function = function
        self.name = function.__name__
        self.doc = function.__doc__ or ""
        self.bar = bar
        self.nout = nout
        self.operands = list(names[: code.co_posonlyargcount])
        self.parameters = list(names[code.co_posonlyargcount :])
        self.defaults = defaults  # of the last parameters
        self.gufunc_signature = ",".join(["(n)"] * self.nin) + "->" + ",".join(["(n)"] * nout) if row else None

    @property
    def nin(self) -> int:
        """The number of array operands."""
        return len(self.operands)

    @property
    def core_steps(self) -> int:
        """How many operands of a row function have a core dimension; 0 for an elementwise one."""
        return self.nin + self.nout if self.gufunc_signature else 0

    @property
    def has_defaults(self) -> bool:
        """Whether a call may leave out every parameter, of which there is one at least."""
        return bool(self.parameters) and len(self.defaults) == len(self.parameters)

    def __repr__(self) -> str:
        return f"<definition of {self.name}>"


_F = TypeVar("_F", bound=Callable[..., Any])
_definitions: dict[str, Definition] = {}
definitions: Mapping[str, Definition] = MappingProxyType(_definitions)


def elementwise(float32: float, float64: float, *, root: float | None = None, nout: int = 1) -> Callable[[_F], _F]:
    """Register a function of each element."""

    def register(function: _F) -> _F:
        _definitions[function.__name__] = Definition(function, Bar(float32, float64, root), nout, row=False)
        return function

    return register


def row(float32: float, float64: float) -> Callable[[_F], _F]:
    """Register a function of each row along the last axis."""

    def register(function: _F) -> _F:
        _definitions[function.__name__] = Definition(function, Bar(float32, float64), 1, row=True)
        return function

    return register


# ---- The ReLU family


@elementwise(0.5, 0.5)
def relu(x: Any, /) -> Any:
    return np.where(x < 0, x.dtype.type(0), x)


@elementwise(0.5, 0.5)
def relu_backward(g: Any, x: Any, /) -> Any:
    return np.where(x <= 0, g.dtype.type(0), g)


@elementwise(0.5, 0.5)
def leaky_relu(x: Any, /, negative_slope: Any = 0.01) -> Any:
    return np.where(x < 0, negative_slope * np.where((x < 0) & (negative_slope != 0), x, x.dtype.type(-1)), x)


@elementwise(0.5, 0.5)
def leaky_relu_backward(g: Any, x: Any, /, negative_slope: Any = 0.01) -> Any:
    return np.where(x > 0, g, negative_slope * np.where(x > 0, g.dtype.type(0), g))


@elementwise(0.5, 0.5)
def prelu(x: Any, /, weight: Any) -> Any:
    return leaky_relu(x, weight)


@elementwise(0.5, 0.5, nout=2)
def prelu_backward(g: Any, x: Any, /, weight: Any) -> Any:
    return leaky_relu_backward(g, x, weight), np.where(x > 0, g.dtype.type(0), np.minimum(x, 0) * g)


@elementwise(1, 2)
def elu(x: Any, /, alpha: Any = 1.0) -> Any:
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))


@elementwise(1, 5)
def elu_backward(g: Any, x: Any, /, alpha: Any = 1.0) -> Any:
    return np.where(x > 0, g, np.where(x > 0, g.dtype.type(0), g) * (alpha * np.exp(np.minimum(x, 0))))


# ---- Smooth


@elementwise(2.5, 3)
def sigmoid(x: Any, /) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, x.dtype.type(1)) / (1 + e) + x * 0


@elementwise(2.5, 5)
def sigmoid_backward(g: Any, x: Any, /) -> Any:
    e = np.exp(-np.abs(x))
    return g * (e / (1 + e) ** 2)


@elementwise(1.5, 3)
def tanh(x: Any, /) -> Any:
    return np.tanh(x)


@elementwise(2.5, 5)
def tanh_backward(g: Any, x: Any, /) -> Any:
    e = np.exp(-2 * np.abs(x))
    return g * (4 * e / (1 + e) ** 2)


@elementwise(3, 4)
def silu(x: Any, /) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, np.maximum(x, -800) * e, x) / (1 + e)


@elementwise(3.5, 5, root=-1.278464542761074)
def silu_backward(g: Any, x: Any, /) -> Any:
    x = np.clip(x, -800, 800)
    e = np.exp(-np.abs(x))
    return g * (np.where(x < 0, e * (1 + x + e), 1 + e * (1 + x)) / (1 + e) ** 2)


# ---- Rows


@row(3, 3)
def softmax(x: Any, /) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    return e / np.sum(e, axis=-1, keepdims=True)


@row(3, 3)
def softmax_backward(g: Any, y: Any, /) -> Any:
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


@row(2, 2)
def log_softmax(x: Any, /) -> Any:
    z = x - np.max(x, axis=-1, keepdims=True, initial=-np.inf)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


@row(3, 3)
def log_softmax_backward(g: Any, y: Any, /) -> Any:
    return g - np.exp(y) * np.sum(g, axis=-1, keepdims=True)
