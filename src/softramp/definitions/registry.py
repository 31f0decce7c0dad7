"""What a definition is, and the table of them all."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from softramp.definitions import numpydoc

INTEGERS = "bBhHiIlLqQ"  # NumPy's type characters, in the order in which it looks for a loop
BFLOAT16 = "E"  # that of ml_dtypes
NARROW = {"float16": "e", "bfloat16": BFLOAT16}  # computed in float32, rounded once
FLOATING = (*NARROW, "float32", "float64")


class Bar(NamedTuple):
    """The error promised at default parameters, in ULP, and the root of a derivative, if it has one.

    Within 0.25 of the root the error is at most 2**-25 (float32), 2**-52 (float64) absolute instead.
    """

    float32: float
    float64: float
    root: float | None = None


class Definition:
    """One function: its definition, and what follows from its signature."""

    def __init__(self, function: Callable[..., Any], bar: Bar, *, nout: int = 1, signature: str | None = None,
                 operand_types: str = "", integers: bool = False, requires: tuple[str, ...] = ()) -> None:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        self.function = function
        self.name = function.__name__
        self.bar = bar
        self.nout = nout
        self.integers = integers  # keeps integer types
        self.requires = requires  # conditions on parameters, as Python writes them
        self.operands = list(names[: code.co_posonlyargcount])
        self.parameters = list(names[code.co_posonlyargcount :])
        self.defaults = defaults  # of the last parameters
        self.gufunc_signature = signature
        self.operand_types = operand_types  # x: that of the arrays, w: of parameters; others are NumPy's

    @property
    def nin(self) -> int:
        """The number of array operands."""
        return len(self.operands)

    @property
    def rows(self) -> tuple[bool, ...]:
        """Which operands of a row function are rows; the others are one number for each row."""
        return tuple(bool(core) for core in re.findall(r"\((n?)\)", self.gufunc_signature or ""))

    @property
    def has_defaults(self) -> bool:
        """Whether a call may leave out every parameter, of which there is one at least."""
        return bool(self.parameters) and len(self.defaults) == len(self.parameters)

    @property
    def types(self) -> str:
        """The types of its arrays, in the order in which NumPy looks for a loop."""
        return (INTEGERS if self.integers else "") + "efd"

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The floating dtypes of its arrays, by name."""
        return FLOATING if "e" in self.types else FLOATING[len(NARROW):]

    @property
    def is_backward(self) -> bool:
        """Whether it takes a gradient."""
        return self.operands[0] == "g"

    @property
    def forward(self) -> str:
        """The name of the function whose gradient this is, or its own."""
        return self.name.partition("_backward")[0]

    @property
    def first_input(self) -> int:
        """Which operand is the input: the first one that is not a gradient. Others may follow it."""
        return int(self.is_backward)

    def promised(self, dtype: str) -> float:
        """The error promised for arrays of this dtype, in ULP, away from a root."""
        if dtype in NARROW:
            return 0.51 if self.is_backward or self.gufunc_signature else 0.501
        return float(getattr(self.bar, dtype))

    @functools.cached_property
    def doc(self) -> str:
        """The whole documentation."""
        return numpydoc.complete(self)

    def __repr__(self) -> str:
        return f"<definition of {self.name}>"


_F = TypeVar("_F", bound=Callable[..., Any])
_definitions: dict[str, Definition] = {}
_mixed: dict[str, Definition] = {}
definitions: Mapping[str, Definition] = MappingProxyType(_definitions)
mixed: Mapping[str, Definition] = MappingProxyType(_mixed)  # rows of several types: under softramp.ufuncs only


def elementwise(
    float32: float, float64: float, *, root: float | None = None, nout: int = 1, integers: bool = False,
    requires: tuple[str, ...] = (),
) -> Callable[[_F], _F]:
    """Register a function of each element."""
    return _register(Bar(float32, float64, root), nout=nout, integers=integers, requires=requires)


def row(float32: float, float64: float, signature: str, *, nout: int = 1) -> Callable[[_F], _F]:
    """Register a function of each row along the last axis, with its signature as a gufunc."""
    return _register(Bar(float32, float64), nout=nout, signature=signature)


def mixed_row(
    float32: float, float64: float, signature: str, operand_types: str, *, nout: int = 1
) -> Callable[[_F], _F]:
    """Register a function of each row that takes operands of several types."""
    return _register(Bar(float32, float64), _mixed, nout=nout, signature=signature, operand_types=operand_types)


def _register(bar: Bar, table: dict[str, Definition] = _definitions, **what: Any) -> Callable[[_F], _F]:
    def register(function: _F) -> _F:
        table[function.__name__] = Definition(function, bar, **what)
        return function

    return register
