"""The softmax family, along one axis, several or all, of what a mask leaves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from softramp import foreign
from softramp.composites.arguments import check_number
from softramp.composites.registry import along_axes
from softramp.definitions import definitions
from softramp.rows import (
    BLOCK, Array, Loop, Rows, along_one, as_arrays, as_mask, blocks, broadcast_shape, check_out, cover,
    loop_dtypes, reduce, transform)

ufuncs: Any

# Defaults are told by identity: -1.0 is no axis. Plain arrays take a way of their own, in which every name
# counts: for ten numbers the checks would take as long as the call.
LAST, ONE = -1, 1.0


@along_axes(definitions["softmax"])
def softmax(
    x: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, out: Any = None,
    dtype: Any = None,
) -> Any:
    """Softmax along an axis: ``exp(x / temperature) / sum(exp(x / temperature))``.

    Notes
    -----
    That holds for each normal result, however long the row and however far its elements lie apart: the
    digits lost in rounding ``x / temperature`` and ``x - max`` go into the exponential, and sums are kept in
    twice the precision. A row that holds NaN or inf, or nothing but -inf, becomes NaN; a row of one finite
    element is exactly 1; a row of which `where` leaves nothing is 0. 0-d input is a row of one.

    ``softramp.ufuncs.softmax_tempered`` takes a temperature for each row.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; Blanchard,
    D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA
    Journal of Numerical Analysis, 2021.

    Examples
    --------
    >>> import softramp
    >>> softramp.softmax([[0.0, 0.0], [1000.0, -1000.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    >>> softramp.softmax([[1.0, 1.0], [1.0, 1.0]], axis=None, where=[True, False])
    array([[0.5, 0. ],
           [0.5, 0. ]])
    """
    if where is True and temperature is ONE and dtype is None and type(x) is ndarray and x.ndim:
        if axis is LAST and (x.flags.c_contiguous if out is None else fits(out, x)):
            return ufuncs.softmax(x, out)
        if type(axis) is int and (out is None or fits(out, x)):
            return along_one(ufuncs.softmax, (x,), axis, out)
    if where is True and dtype is None and _is_simple(x, axis, temperature, out):
        return along_one(ufuncs.softmax_tempered, (x,), axis, out, temperature)
    if foreign.among(x, where):
        return foreign.call(softmax, (x,), axis, where=where, temperature=temperature, out=out,
                            dtype=dtype)
    (x,), mask = as_arrays(x), as_mask("softmax", where)
    rows = Rows("softmax", broadcast_shape(x, mask), axis)
    loop = _tempered("softmax", ufuncs.softmax, ufuncs.softmax_tempered, x, temperature, dtype)
    return _forward(loop, x, rows, mask=mask, hole=0.0, out=out)


@along_axes(definitions["log_softmax"], hole="-inf")
def log_softmax(
    x: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, out: Any = None,
    dtype: Any = None,
) -> Any:
    """Logarithm of `softmax` along an axis: ``x / temperature - log(sum(exp(x / temperature)))``.

    Notes
    -----
    In ULP of ``max(abs(result), abs(logsumexp(x / temperature)) * eps / 2)``. The maximum is left out of the
    sum and log1p puts it back, so a row with one large element keeps its digits, which ``log(softmax(x))``
    has lost. A row that holds NaN or inf, or nothing but -inf, becomes NaN; a row of one finite element
    is exactly 0; a row of which `where` leaves nothing is -inf. 0-d input is a row of one.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    if where is True and temperature is ONE and dtype is None and type(x) is ndarray and x.ndim:
        if axis is LAST and (x.flags.c_contiguous if out is None else fits(out, x)):
            return ufuncs.log_softmax(x, out)
        if type(axis) is int and (out is None or fits(out, x)):
            return along_one(ufuncs.log_softmax, (x,), axis, out)
    if where is True and dtype is None and _is_simple(x, axis, temperature, out):
        return along_one(ufuncs.log_softmax_tempered, (x,), axis, out, temperature)
    if foreign.among(x, where):
        return foreign.call(log_softmax, (x,), axis, where=where, temperature=temperature, out=out,
                            dtype=dtype)
    (x,), mask = as_arrays(x), as_mask("log_softmax", where)
    rows = Rows("log_softmax", broadcast_shape(x, mask), axis)
    loop = _tempered("log_softmax", ufuncs.log_softmax, ufuncs.log_softmax_tempered, x, temperature, dtype)
    return _forward(loop, x, rows, mask=mask, hole=-math.inf, out=out)


@along_axes(definitions["softmax_tempered"])
def softmin(
    x: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, out: Any = None,
    dtype: Any = None,
) -> Any:
    """Softmax of ``-x`` along an axis: ``exp(-x / temperature) / sum(exp(-x / temperature))``.

    Notes
    -----
    Infinities, NaN and masks as in `softmax` of ``-x``.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.softmin([[0.0, 0.0], [1000.0, -1000.0]])
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    if where is True and dtype is None and _is_simple(x, axis, temperature, out):
        return along_one(ufuncs.softmax_tempered, (x,), axis, out, -temperature)
    if foreign.among(x, where):
        return foreign.call(softmin, (x,), axis, where=where, temperature=temperature, out=out,
                            dtype=dtype)
    (x,), mask = as_arrays(x), as_mask("softmin", where)
    rows = Rows("softmin", broadcast_shape(x, mask), axis)
    loop = _tempered("softmin", ufuncs.softmax, ufuncs.softmax_tempered, x, temperature, dtype, sign=-1)
    return _forward(loop, x, rows, mask=mask, hole=0.0, out=out)


def fits(out: Any, x: Array) -> bool:
    """Whether a ufunc may have this for a result as large as `x`."""
    return type(out) is ndarray and out.shape == x.shape


def _is_simple(x: Any, axis: Any, temperature: Any, out: Any) -> bool:
    """Whether there is nothing to check: the temperature is a number in the middle of every dtype's range."""
    return (type(x) is ndarray and x.dtype.kind == "f" and x.ndim > 0 and type(axis) is int
            and type(temperature) is float and 1e-30 < temperature < 1e30 and (out is None or fits(out, x)))


def _tempered(
    name: str, plain: np.ufunc, tempered: np.ufunc, x: Array, temperature: Any, dtype: Any, sign: int = 1
) -> Loop:
    """What computes with a temperature. Without one, integers become floating as in np.exp."""
    if temperature is not ONE:
        dtypes = loop_dtypes(tempered, (x.dtype, float), dtype)
        # From 2**-12 of the largest number on, a quotient of -inf might take part; one of numbers does not.
        value = min(_positive(name, temperature, dtypes[1]), float(np.finfo(dtypes[1]).max) * 2**-12)
        return Loop(tempered, dtypes, (sign * value,))
    dtypes = loop_dtypes(plain, (x.dtype,), dtype)
    if sign > 0:
        return Loop(plain, dtypes)
    return Loop(tempered, loop_dtypes(tempered, (x.dtype, float), dtypes[0]), (-1.0,))


def _positive(name: str, temperature: Any, dtype: Any) -> float:
    """A temperature, checked as the number that it becomes in the dtype of a parameter."""
    check_number(name, "temperature", temperature)
    with np.errstate(over="ignore"):
        value = float(np.array(temperature, dtype))
    if not value > 0:
        raise ValueError(f"{name}() requires temperature > 0 in {dtype}, got temperature={temperature!r}")
    return value


def _forward(
    loop: Loop, x: Array, rows: Rows, *, mask: Array | None, hole: float, out: Any, dtype: Any = None
) -> Any:
    negated = bool(loop.parameters) and loop.parameters[0] < 0
    filler = math.inf if negated else -math.inf
    return transform(loop, (x,), rows, mask=mask, filler=filler, hole=hole, out=out, dtype=dtype)


# ---- Gradients, from the results


@along_axes(definitions["softmax_backward"])
def softmax_backward(
    g: Any, y: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, out: Any = None
) -> Any:
    """Gradient of `softmax`: ``y * (g - sum(g * y)) / temperature``.

    Notes
    -----
    From the result, which holds every digit needed here. A difference: its error is counted in ULP of
    the largest of the result, ``abs(y * g)`` and ``abs(y * sum(g * y))``.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.softmax([0.0, 0.0])
    >>> softramp.softmax_backward([1.0, 0.0], y)
    array([ 0.25, -0.25])
    """
    if (where is True and temperature is ONE and type(g) is type(y) is ndarray and g.ndim
            and g.shape == y.shape):
        if axis is LAST and (y.flags.c_contiguous if out is None else fits(out, y)):
            return ufuncs.softmax_backward(g, y, out)
        if type(axis) is int and (out is None or fits(out, y)):
            return along_one(ufuncs.softmax_backward, (g, y), axis, out)
    if foreign.among(g, y, where):
        return foreign.call(softmax_backward, (g, y), axis, where=where, temperature=temperature, out=out)
    return _backward("softmax_backward", ufuncs.softmax_backward, g, y, axis, where, temperature, out)


@along_axes(definitions["softmax_backward"])
def softmin_backward(
    g: Any, y: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, out: Any = None
) -> Any:
    """Gradient of `softmin`: ``-y * (g - sum(g * y)) / temperature``.

    Notes
    -----
    In ULP as `softmax_backward`.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.softmin([0.0, 0.0])
    >>> softramp.softmin_backward([1.0, 0.0], y)
    array([-0.25,  0.25])
    """
    if foreign.among(g, y, where):
        return foreign.call(softmin_backward, (g, y), axis, where=where, temperature=temperature, out=out)
    gufunc = ufuncs.softmax_backward
    return _backward("softmin_backward", gufunc, g, y, axis, where, temperature, out, sign=-1)


@along_axes(definitions["log_softmax_backward"])
def log_softmax_backward(
    g: Any, y: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, out: Any = None
) -> Any:
    """Gradient of `log_softmax`: ``(g - exp(y) * sum(g)) / temperature``.

    Notes
    -----
    A difference: its error is counted in ULP of the largest of the result, ``abs(g)`` and
    ``abs(exp(y) * sum(g))``.

    References
    ----------
    See `log_softmax`.

    Examples
    --------
    >>> import softramp
    >>> y = softramp.log_softmax([0.0, 0.0])
    >>> softramp.log_softmax_backward([-1.0, 0.0], y).round(12)
    array([-0.5,  0.5])
    """
    if (where is True and temperature is ONE and type(g) is type(y) is ndarray and g.ndim
            and g.shape == y.shape):
        if axis is LAST and (y.flags.c_contiguous if out is None else fits(out, y)):
            return ufuncs.log_softmax_backward(g, y, out)
        if type(axis) is int and (out is None or fits(out, y)):
            return along_one(ufuncs.log_softmax_backward, (g, y), axis, out)
    if foreign.among(g, y, where):
        return foreign.call(log_softmax_backward, (g, y), axis, where=where, temperature=temperature,
                            out=out)
    return _backward("log_softmax_backward", ufuncs.log_softmax_backward, g, y, axis, where, temperature, out)


def _backward(
    name: str, gufunc: np.ufunc, g: Any, y: Any, axis: Any, where: Any, temperature: Any, out: Any,
    sign: int = 1,
) -> Any:
    operands, mask = as_arrays(g, y), as_mask(name, where)
    rows = Rows(name, broadcast_shape(*operands, mask), axis)
    dtypes = loop_dtypes(gufunc, [a.dtype for a in operands])
    dtype, divisor = dtypes[-1], float(sign)
    if temperature is not ONE:
        if dtype.itemsize == 2:  # divided before it is rounded
            dtypes = loop_dtypes(gufunc, [a.dtype for a in operands], np.float32)
        divisor *= _positive(name, temperature, dtypes[-1])
    return transform(Loop(gufunc, dtypes), operands, rows, mask=mask, filler=0.0, hole=0.0, divisor=divisor,
                     out=out, dtype=dtype)


# ---- One element for each row


@along_axes(definitions["logsumexp"])
def logsumexp(
    x: Any, /, axis: Any = LAST, *, where: Any = True, b: Any = None, keepdims: bool = False, out: Any = None,
    dtype: Any = None,
) -> Any:
    """Logarithm of a sum of exponentials along an axis: ``log(sum(b * exp(x)))``.

    Parameters
    ----------
    where : array_like of bool, default True
        What takes part; broadcasts against the other operands. Where it is False an element has no influence,
        even if it is NaN.
    b : array_like, optional
        Weights; broadcast against `x`. 0 removes an element, even if it is inf or NaN.

    Returns
    -------
    ndarray or scalar
        One for each row; the dtype of `x`, or that which it and `b` have in common.

    Notes
    -----
    In ULP of the largest of ``abs(result)``, ``abs(max(x))`` and the difference of the two, which may cancel;
    with weights also of ``sum(abs(b) * exp(x)) / sum(b * exp(x))``. A row that holds NaN is NaN, one that holds
    inf is inf. An empty row, one of which `where` leaves nothing, and
    one of nothing but -inf are -inf. A negative sum gives NaN; ``softramp.ufuncs.logsumexp_weighted``
    gives its sign, too.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> softramp.logsumexp([[0.0, -1000.0], [1000.0, 1000.0]])
    array([   0.        , 1000.69314718])
    >>> softramp.logsumexp([1000.0, 1000.0], b=[3.0, -2.0])
    np.float64(1000.0)
    """
    if (where is True and b is None and dtype is None and out is None and type(x) is ndarray and x.ndim
            and type(axis) is int):
        return ufuncs.logsumexp(x, axis=axis, keepdims=bool(keepdims))
    if foreign.among(x, where, b):
        return foreign.call(logsumexp, (x,), axis, where=where, b=b, keepdims=keepdims, out=out, dtype=dtype)
    mask = as_mask("logsumexp", where)
    if b is not None:
        value, sign = signed_logsumexp(
            ufuncs.logsumexp_weighted, x, b, axis, mask, keepdims=keepdims, dtype=dtype)
        np.copyto(value, math.nan, where=sign < 0)
        if out is None:
            return value[()]
        check_out("logsumexp", out, value.shape)
        np.copyto(out, value, "same_kind")
        return out
    (x,) = as_arrays(x)
    rows = Rows("logsumexp", broadcast_shape(x, mask), axis)
    loop = Loop(ufuncs.logsumexp, loop_dtypes(ufuncs.logsumexp, (x.dtype,), dtype))
    return reduce(loop, (x,), rows, mask=mask, filler=-math.inf, keepdims=keepdims, out=out)


def signed_logsumexp(
    gufunc: np.ufunc, x: Any, b: Any, axis: Any, mask: Array | None, *, keepdims: bool, dtype: Any
) -> tuple[Array, Array]:
    """The logarithm of the absolute value of a weighted sum, and its sign."""
    operands = as_arrays(x, b)
    rows = Rows("logsumexp", broadcast_shape(*operands, mask), axis)
    loop = Loop(gufunc, loop_dtypes(gufunc, [a.dtype for a in operands], dtype))
    value, sign = reduce(loop, operands, rows, mask=mask, filler=0.0, keepdims=keepdims)
    return value, sign


@along_axes(definitions["logsumexp_backward"])
def logsumexp_backward(
    g: Any, x: Any, y: Any, /, axis: Any = LAST, *, where: Any = True, b: Any = None, keepdims: bool = False,
    out: Any = None,
) -> Any:
    """Gradient of `logsumexp` with respect to `x`: ``g * b * exp(x - y)``.

    Parameters
    ----------
    g : array_like
        Gradient with respect to the result of `logsumexp`; broadcasts to its shape.
    x : array_like
        Input of `logsumexp`.
    b : array_like, optional
        As in `logsumexp`; the gradient of what 0 removes is 0.
    keepdims : bool, default False
        Whether `g` and `y` have the axes, with length 1.

    Notes
    -----
    The difference keeps the digits that rounding would take from it. A row that holds NaN or inf, or nothing
    but -inf, becomes NaN.

    References
    ----------
    See `softmax`.

    Examples
    --------
    >>> import softramp
    >>> x = [[1.0, 1.0], [1000.0, -1000.0]]
    >>> y = softramp.logsumexp(x)
    >>> softramp.logsumexp_backward(1.0, x, y).round(12)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    if foreign.among(g, x, y, where, b):
        return foreign.call(logsumexp_backward, (g, x, y), axis, where=where, b=b, keepdims=keepdims,
                            out=out)
    g, x, y, *weights = as_arrays(g, x, y, *([] if b is None else [b]))
    mask = as_mask("logsumexp_backward", where)
    rows = Rows("logsumexp_backward", broadcast_shape(x, mask, *weights), axis)
    g, y = rows.spread(g, keepdims), rows.spread(y, keepdims)
    dtypes = loop_dtypes(ufuncs.logsumexp_backward, (np.result_type(g, *weights), x.dtype, y.dtype))
    removes = bool(weights) or mask is not None
    result = rows.result(out, dtypes[-1], x, apart=(g, y, *weights) if removes else None)
    if not removes:
        ufuncs.logsumexp_backward(g, x, y, out=result, signature=dtypes)
        return rows.finish(result, out)
    operands = [np.broadcast_to(a, rows.shape) for a in (g, x, y, True if mask is None else mask, *weights)]
    for block in blocks(rows.shape, BLOCK):
        _removing_gradient(ufuncs.logsumexp_backward, dtypes, result[block], *[a[block] for a in operands])
    return rows.finish(result, out)


def _removing_gradient(
    ufunc: np.ufunc, dtypes: Any, result: Array, g: Array, x: Array, y: Array, kept: Array, *weights: Array
) -> None:
    if weights:
        kept = (weights[0] != 0) & kept
    cover(x, kept, -math.inf, result)
    ufunc(*(weights or [g]), result, y, out=result, signature=dtypes)
    if weights:
        with np.errstate(under="ignore"):
            np.multiply(result, g, out=result)
    cover(result, kept, 0.0, result)


# ---- One-hot


@along_axes(None)
def hardmax(x: Any, /, axis: Any = LAST, *, where: Any = True, out: Any = None, dtype: Any = None) -> Any:
    """One-hot of the maximum along an axis: ``1 at the first of the largest elements, else 0``.

    Notes
    -----
    Of equal elements the first counts, in the order of C, also in rows with inf or of nothing but -inf. A
    row that holds NaN is NaN; one of which `where` leaves nothing is 0. There is no gradient: it is 0
    wherever it exists.

    References
    ----------
    As the operator Hardmax of ONNX.

    Examples
    --------
    >>> import softramp
    >>> softramp.hardmax([[1.0, 3.0, 3.0], [-1.0, -2.0, -3.0]])
    array([[0., 1., 0.],
           [1., 0., 0.]])
    """
    if foreign.among(x, where):
        return foreign.call(hardmax, (x,), axis, where=where, out=out, dtype=dtype)
    (x,), mask = as_arrays(x), as_mask("hardmax", where)
    rows = Rows("hardmax", broadcast_shape(x, mask), axis)
    return _one_hot(x, rows, mask, out, loop_dtypes(ufuncs.softmax, (x.dtype,), dtype)[-1])


def _one_hot(x: Array, rows: Rows, mask: Array | None, out: Any, dtype: Any) -> Any:
    result = rows.result(out, dtype, x, apart=())
    if not result.size:
        return rows.finish(result, out)
    if x.dtype.kind in "biu":  # as they are: float64 does not tell all of them apart
        x = x.astype(np.int8) if x.dtype == bool else x
        lowest: Any = np.iinfo(x.dtype).min
        x = x.reshape(rows.shape) if mask is None else np.where(mask, x, lowest).reshape(rows.shape)
    elif mask is None:
        x, lowest = x.astype(dtype, copy=False).reshape(rows.shape), -math.inf
    else:
        lowest = -math.inf
        cover(x, mask, lowest, result)
        x = result
    mask = None if mask is None else np.broadcast_to(mask, rows.shape)
    for index, _ in rows.few():
        few = Rows(rows.name, x[index].shape, rows.axes)
        kept = None if mask is None else few.of(mask[index])
        _mark_first(few.of(x[index]), kept, lowest, few.axis, few.view(result[index]))
    return rows.finish(result, out)


def _mark_first(x: Array, kept: Array | None, lowest: Any, axis: int, target: Array) -> None:
    """1 at the first of the largest elements of each row, which may be NaN, else 0; `target` may be `x`.

    What is not kept is `lowest`.
    """
    first = x.argmax(axis, keepdims=True)
    mark = np.ones(first.shape, target.dtype)
    with np.errstate(invalid="ignore"):  # of ml_dtypes, which compare NaN loudly
        top = np.take_along_axis(x, first, axis)
        unknown = top != top
        doubtful = top == lowest
    if kept is not None and doubtful.any():  # the first may be one that is not kept
        first = np.where(doubtful, kept.argmax(axis, keepdims=True), first)
        mark[...] = np.take_along_axis(kept, first, axis)
    target[...] = 0
    np.copyto(mark, math.nan, where=unknown)
    if unknown.any():
        np.copyto(target, math.nan, where=unknown if kept is None else unknown & kept)
    np.put_along_axis(target, first, mark, axis)


@along_axes(definitions["softmax_tempered"])
def gumbel_softmax(
    x: Any, /, axis: Any = LAST, *, where: Any = True, temperature: float = ONE, hard: bool = False,
    rng: Any = None, out: Any = None, dtype: Any = None,
) -> Any:
    """Softmax of `x` plus Gumbel noise, a relaxed sample: ``softmax((x - log(-log(u))) / temperature)``.

    Parameters
    ----------
    hard : bool, default False
        Whether to return the sample itself, as `hardmax` does: 1 where input plus noise is largest, else 0.

    Notes
    -----
    Of the noisy input as rounded. `u` is uniform in (0, 1), one draw for each element of the result in C
    order, masked ones too; draws are float32 up to 32-bit types: the same seed gives the same bits on every
    backend and any number of threads. Infinities, NaN and masks as in `softmax`.

    The gradient is that of `softmax`: ``softmax_backward(g, y, axis, temperature=temperature)``, also for a
    hard sample, with the `y` of a soft one.

    References
    ----------
    Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017, arXiv:1611.01144.

    Examples
    --------
    >>> import softramp
    >>> bool(softramp.gumbel_softmax([0.0, 1.0, 2.0], rng=0).sum().round(12) == 1)
    True
    >>> softramp.gumbel_softmax([0.0, 0.0, 50.0], hard=True, rng=0)
    array([0., 0., 1.])
    """
    if foreign.among(x, where):
        return foreign.call(gumbel_softmax, (x,), axis, where=where, temperature=temperature, hard=hard,
                            rng=rng, out=out, dtype=dtype)
    (x,), mask = as_arrays(x), as_mask("gumbel_softmax", where)
    rows = Rows("gumbel_softmax", broadcast_shape(x, mask), axis)
    loop = _tempered("gumbel_softmax", ufuncs.softmax, ufuncs.softmax_tempered, x, temperature, dtype)
    dtype = loop.dtypes[-1]
    wide = np.dtype("d" if dtype.char == "d" else "f")
    noisy = _gumbel_noise(rng, rows.given_shape, wide)
    np.add(noisy, x, out=noisy, casting="same_kind", where=True if mask is None else mask)
    if hard:
        return _one_hot(noisy, rows, mask, out, dtype)
    loop = loop._replace(dtypes=tuple(wide if d == dtype else d for d in loop.dtypes))
    if out is not None or dtype != wide:
        return _forward(loop, noisy, rows, mask=mask, hole=0.0, out=out, dtype=dtype)
    return _forward(loop, noisy, rows, mask=mask, hole=0.0, out=noisy)[()]


def _gumbel_noise(rng: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """Draws of ``-log(-log(u))``. A `u` of 0 becomes half of the smallest other one: the noise is finite."""
    noise = np.asarray(np.random.default_rng(rng).random(shape, dtype))
    np.maximum(noise, np.finfo(dtype).eps / 4, out=noise)
    for _ in range(2):
        np.log(noise, out=noise)
        np.negative(noise, out=noise)
    return noise
