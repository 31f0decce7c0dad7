"""Kernels written once, for float32 and for float64.

A kernel module holds plain functions of scalars, and constants as `pair(float32, float64)`. `bind`
makes the module's names again for one type: of each pair its member, of each function a copy that
sees these names, compiled by Numba. The names in the source remain ordinary names.

Every literal in a kernel is typed, `T(1)`: Numba computes float32 + int in float64.
"""

from __future__ import annotations

import functools
import sys
from types import FunctionType
from typing import Any, NamedTuple

from softramp.backends.numba.intrinsics import jit

SCALARS = {"f": 0, "d": 1}  # NumPy's type characters -> the type its kernels compute in


class Pair(NamedTuple):
    single: Any
    double: Any


def pair(single: Any, double: Any) -> Any:
    """What a name stands for in float32 and in float64."""
    return Pair(single, double)


@functools.cache
def bind(module: str, member: int) -> dict[str, Any]:
    """The names of a kernel module for float32 (member 0) or float64 (1)."""
    names: dict[str, Any] = {}
    for name, value in vars(sys.modules[module]).items():
        names[name] = _bound(value, module, names, member)
    return names


def _bound(value: Any, module: str, names: dict[str, Any], member: int) -> Any:
    if isinstance(value, Pair):
        return _bound(value[member], module, names, member)
    if not isinstance(value, FunctionType) or not value.__module__.startswith(str(__package__)):
        return value
    if value.__module__ != module:  # imported from another kernel module: its one compiled copy
        return bind(value.__module__, member)[value.__name__]
    copy = FunctionType(value.__code__, names, value.__name__)
    return jit(copy, forceinline=True)
