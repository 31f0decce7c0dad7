"""Checks and conversions of arguments."""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

import numpy as np

from softramp.definitions.registry import BFLOAT16

FLOATING = "efd" + BFLOAT16  # type characters


def check_axis(name: str, axis: Any, ndim: int) -> int:
    """The axis, counted from the front."""
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"{name}: axis must be an integer, got {axis!r}") from None
    return int(np.lib.array_utils.normalize_axis_index(axis, ndim))


def check_number(name: str, keyword: str, value: Any) -> None:
    """Raise unless it is a real number."""
    given = value[()] if isinstance(value, np.ndarray) else value
    if isinstance(given, np.ndarray):
        raise TypeError(f"{name}: {keyword} must be a number, not an array of shape {given.shape}")
    if not isinstance(given, (Real, np.floating)):
        raise TypeError(f"{name}: {keyword} must be a number, not {type(given).__name__}")


def check_count(name: str, pieces: Any) -> int:
    """A number of elements."""
    try:
        count = operator.index(pieces)
    except TypeError:
        raise TypeError(f"{name}: pieces must be an integer, got {pieces!r}") from None
    if count < 1:
        raise ValueError(f"{name}: pieces must be at least 1, got {count}")
    return count


def floating_dtype(name: str, dtype: Any) -> Any:
    """What an array is computed in: integers as in np.exp."""
    if dtype.kind in "biu":
        return np.result_type(dtype, np.float16)
    if dtype.char not in FLOATING:
        raise TypeError(f"{name} takes float16, bfloat16, float32, float64, integers or bool, not {dtype}")
    return np.dtype(dtype.type)  # not byte-swapped


def result_array(name: str, out: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The array for a result: the one given, if it has the right shape."""
    if out is None:
        return np.empty(shape, floating_dtype(name, dtype))
    if not isinstance(out, np.ndarray) or out.shape != shape:
        raise ValueError(f"{name}: out must be an array of shape {shape}, not {getattr(out, 'shape', out)!r}")
    return out


def is_dense(like: Any, a: Any, shape: tuple[int, ...] | None = None) -> bool:
    """Whether an array, unless it is None, has this shape and the dtype of another and no gaps."""
    return a is None or (type(a) is np.ndarray and a.flags.c_contiguous and a.dtype == like.dtype
                         and a.shape == (like.shape if shape is None else shape))


def select(g: Any, is_open: Any, out: Any) -> None:
    """g where it is open, else +0.0: the bits of g times 0 or 1. (np.where takes ten times as long.)"""
    bits = f"u{g.itemsize}"
    np.multiply(g.view(bits), is_open, out=out.view(bits))
