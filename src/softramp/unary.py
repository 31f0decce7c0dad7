"""The ufuncs whose parameters are bound to their defaults: what `softramp.leaky_relu(x)` calls.

A module of its own because pickle finds a ufunc by its module and name.
"""

from __future__ import annotations

from typing import Any

from softramp import backends


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(backends.load().unary, name)
