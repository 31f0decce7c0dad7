"""Kernels written once, for float32, for float64, and a few for integers.

A kernel module holds plain functions of scalars, and constants as `pair(float32, float64)`. `bind`
makes the module's names again for one type: of each pair its member, of each function a copy that
sees these names, compiled by Numba. The names in the source remain ordinary names. For integers only
`T` changes: their kernels have no other constants. Row kernels are bound for 16-bit types, too: what
they compute in is float32, how they reach memory is `stored(otherwise, float16, bfloat16)`; and with
a temperature or without, `tempering(without, with)`.

Every literal in a kernel is typed, `T(1)`: Numba computes float32 + int in float64.
"""

from __future__ import annotations

import functools
import sys
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from softramp.backends.numba.intrinsics import jit
from softramp.definitions.registry import BFLOAT16, INTEGERS, NARROW


def scalar(type: str) -> str:
    """What kernels for arrays of this type compute in: float32 for 16 bits."""
    return "f" if type in NARROW.values() else type


class Pair(NamedTuple):
    single: Any
    double: Any


def pair(single: Any, double: Any) -> Any:
    """What a name stands for in float32 and in float64."""
    return Pair(single, double)


class Stored(NamedTuple):
    otherwise: Any
    half: Any
    bfloat16: Any


def stored(otherwise: Any, half: Any, bfloat16: Any = None) -> Any:
    """What a name stands for where elements are T, and where they are 16-bit floats (the same for both)."""
    return Stored(otherwise, half, half if bfloat16 is None else bfloat16)


class Tempering(NamedTuple):
    without: Any
    tempered: Any


def tempering(without: Any, tempered: Any) -> Any:
    """What a name stands for without a temperature, and with one."""
    return Tempering(without, tempered)


@functools.cache
def bind(module: str, type: str, tempered: bool = False) -> dict[str, Any]:
    """The names of a kernel module for one type of elements."""
    names: dict[str, Any] = {}
    for name, value in vars(sys.modules[module]).items():
        names[name] = _bound(value, module, names, type, tempered)
    if type in INTEGERS:
        names["T"] = np.dtype(type).type
    return names


def _bound(value: Any, module: str, names: dict[str, Any], type: str, tempered: bool) -> Any:
    while isinstance(value, (Pair, Stored, Tempering)):
        value = _choice(value, type, tempered)
    if not isinstance(value, FunctionType) or not value.__module__.startswith(str(__package__)):
        return value
    if value.__module__ != module:  # imported from another kernel module: its one compiled copy
        return bind(value.__module__, type, tempered)[value.__name__]
    if value.__name__ in names:  # under its own name
        return names[value.__name__]
    return jit(FunctionType(value.__code__, names, value.__name__), forceinline=True)


def _choice(value: Pair | Stored | Tempering, type: str, tempered: bool) -> Any:
    if isinstance(value, Pair):
        return value.double if type == "d" else value.single
    if isinstance(value, Stored):
        return {"e": value.half, BFLOAT16: value.bfloat16}.get(type, value.otherwise)
    return value.tempered if tempered else value.without
