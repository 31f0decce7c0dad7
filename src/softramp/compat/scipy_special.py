"""What `scipy.special` has of softramp's functions, with SciPy's signatures: only the import changes.

The same numbers but for these: complex and longdouble input is a TypeError; nothing warns; an empty axis gives an
empty result or -inf where SciPy raises; a row with inf is NaN throughout in log_softmax; a sum that is empty or
cancels is -inf with the sign 0; an infinite weight is NaN. expit, log_expit and logit take float16 and integers as
`numpy.exp` does.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import softramp
from softramp import foreign
from softramp.composites.softmaxes import signed_logsumexp

__all__ = ["expit", "log_expit", "log_softmax", "logit", "logsumexp", "softmax", "softplus"]  # noqa: F822


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'softramp.compat.scipy_special' has no attribute {name!r}")
    return getattr(softramp, name)


def __dir__() -> list[str]:
    return __all__


def softmax(x: Any, axis: Any = None) -> Any:
    """Return `softramp.softmax` over the whole array or along an axis.

    Parameters
    ----------
    x : array_like
        Input.
    axis : int or tuple of int, optional
        By default the whole array is one row.

    Returns
    -------
    ndarray or scalar
        The shape of `x`.

    Examples
    --------
    >>> from softramp.compat.scipy_special import softmax
    >>> softmax([[0.0, 0.0], [0.0, 0.0]])
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    return softramp.softmax(x, axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Return `softramp.log_softmax` over the whole array or along an axis.

    Parameters
    ----------
    x : array_like
        Input.
    axis : int or tuple of int, optional
        By default the whole array is one row.

    Returns
    -------
    ndarray or scalar
        The shape of `x`.

    Examples
    --------
    >>> from softramp.compat.scipy_special import log_softmax
    >>> log_softmax([1000.0, 1.0])
    array([   0., -999.])
    """
    return softramp.log_softmax(x, axis)


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Return `softramp.logsumexp` over the whole array or along an axis.

    Parameters
    ----------
    a : array_like
        Input; integers become float64.
    axis : int or tuple of int, optional
        By default the whole array is one row.
    b : array_like, optional
        Weights; broadcast against `a`.
    keepdims : bool, default False
        Whether the axes stay, with length 1.
    return_sign : bool, default False
        Whether to return the sign of the sum, too, and the logarithm of its absolute value. Without, a
        negative sum is NaN.

    Returns
    -------
    ndarray or scalar, or a tuple of two
        The logarithm; and the sign, if asked for: 1, -1, 0 or NaN.

    Examples
    --------
    >>> from softramp.compat.scipy_special import logsumexp
    >>> logsumexp([1000, 1000], b=[1, -2], return_sign=True)
    (np.float64(1000.0), np.float64(-1.0))
    """
    a = a if hasattr(a, "dtype") else np.asarray(a)
    dtype = np.float64 if a.dtype.kind in "biu" else None
    if not return_sign:
        return softramp.logsumexp(a, axis, b=b, keepdims=keepdims, dtype=dtype)
    if foreign.is_dask(a) or foreign.is_dask(b):
        raise TypeError("logsumexp: return_sign=True does not go with dask arrays")
    kept = [~np.ma.getmaskarray(v) for v in (a, b) if isinstance(v, np.ma.MaskedArray)]
    mask = functools.reduce(np.logical_and, kept) if kept else None
    weights = 1.0 if b is None else b
    value, sign = signed_logsumexp(
        softramp.ufuncs.logsumexp_weighted, a, weights, axis, mask, keepdims=keepdims, dtype=dtype)
    return value[()], sign[()]


def softplus(x: Any, **kwargs: Any) -> Any:
    """Return `softramp.softplus`, elementwise.

    Parameters
    ----------
    x : array_like
        Input.
    **kwargs
        As for every ufunc.

    Returns
    -------
    ndarray or scalar
        Shape and dtype of the input.

    Examples
    --------
    >>> from softramp.compat.scipy_special import softplus
    >>> softplus([-1.0, 0.0, 1.0])
    array([0.31326169, 0.69314718, 1.31326169])
    """
    return softramp.softplus(x, **kwargs)
