"""Kernels written once, for float32, for float64, and a few for integers.

A kernel module holds plain functions of scalars, and constants as `pair(float32, float64)`. `bind`
makes the module's names again for one type: of each pair its member, of each function a copy that
sees these names, compiled by Numba. The names in the source remain ordinary names. For integers only
`T` changes: their kernels have no other constants.

Every literal in a kernel is typed, `T(1)`: Numba computes float32 + int in float64.
"""

from __future__ import annotations

import functools
import sys
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from softramp.backends.numba.intrinsics import jit
from softramp.definitions.registry import NARROW


def scalar(type: str) -> str:
    """What kernels for arrays of this type compute in: float32 for 16 bits."""
    return "f" if type in NARROW.values() else type


class Pair(NamedTuple):
    single: Any
    double: Any


def pair(single: Any, double: Any) -> Any:
    """What a name stands for in float32 and in float64."""
    return Pair(single, double)


@functools.cache
def bind(module: str, type: str) -> dict[str, Any]:
    """The names of a kernel module for one type of scalars."""
    names: dict[str, Any] = {}
    for name, value in vars(sys.modules[module]).items():
        names[name] = _bound(value, module, names, type)
    if type not in "fd":
        names["T"] = np.dtype(type).type
    return names


def _bound(value: Any, module: str, names: dict[str, Any], type: str) -> Any:
    if isinstance(value, Pair):
        return _bound(value.double if type == "d" else value.single, module, names, type)
    if not isinstance(value, FunctionType) or not value.__module__.startswith(str(__package__)):
        return value
    if value.__module__ != module:  # imported from another kernel module: its one compiled copy
        return bind(value.__module__, type)[value.__name__]
    copy = FunctionType(value.__code__, names, value.__name__)
    return jit(copy, forceinline=True)
