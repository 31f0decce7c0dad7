"""Arrays of other libraries in functions along axes, without importing those libraries.

Such a function computes NumPy arrays. For others `call` calls it again, on what is inside of them, and
wraps the result: pandas and xarray objects, MaskedArray and other subclasses of NumPy's array. dask arrays
are computed block by block when somebody asks for it; axes that lie across blocks are first put into one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from softramp.rows import Rows


def among(*operands: Any) -> bool:
    """Whether one of them is an array, but not simply one of NumPy's."""
    return any(map(_is_foreign, operands))


def _is_foreign(a: Any) -> bool:
    return type(a) is not np.ndarray and not isinstance(a, np.generic) and (
        hasattr(a, "__array_ufunc__") or hasattr(a, "__array_wrap__"))


def is_dask(a: Any) -> bool:
    return type(a).__module__.startswith("dask.array")


def call(function: Callable[..., Any], operands: Sequence[Any], axis: Any, **keywords: Any) -> Any:
    """The function of operands, `where` and `b`, of which one is foreign; other keywords as it takes them."""
    masks = [np.ma.getmaskarray(a) for k, a in enumerate([*operands, keywords["where"], keywords.get("b")])
             if isinstance(a, np.ma.MaskedArray) and not _one_for_each_row(function, k)]
    inside = [_inside(a) for a in operands]
    keywords |= {name: _inside(keywords[name]) for name in ("where", "b") if name in keywords}
    if masks:
        return _masked(function, inside, axis, functools.reduce(np.logical_or, masks), **keywords)
    if any(map(is_dask, [*inside, keywords["where"], keywords.get("b")])):
        result = _over_blocks(function, inside, axis, **keywords)
    else:
        result = function(*inside, axis, **keywords)
    outside = next((a for a in operands if _is_foreign(a) and not is_dask(a)), None)
    if outside is None or keywords["out"] is not None:
        return result
    return wrap(outside, result) if outside.shape and np.shape(result) == outside.shape else result


def _one_for_each_row(function: Callable[..., Any], k: int) -> bool:
    """Whether operand k is one element for each row."""
    return function.__name__ == "logsumexp_backward" and k in (0, 2)


def _inside(a: Any) -> Any:
    """What NumPy can compute, or dask; an xarray object may hold either. Numbers and lists stay so."""
    if is_dask(a) or not _is_foreign(a):
        return a
    return a.data if getattr(a, "chunks", None) is not None else np.asarray(a)


def wrap(outside: Any, result: Any) -> Any:
    """The result like an array of the same shape."""
    if hasattr(outside, "__array_wrap__"):
        return outside.__array_wrap__(result)
    labels = dict(zip(("index", "columns"), outside.axes))  # pandas, from 3 on
    return type(outside)(result, **labels).__finalize__(outside)


def _masked(
    function: Callable[..., Any], operands: Sequence[Any], axis: Any, mask: Any, *, where: Any, out: Any,
    **keywords: Any,
) -> Any:
    """The mask acts as `where`, and the result has it, too; of sums of rows, where all of a row is masked."""
    result = function(*operands, axis, where=np.logical_and(where, ~mask), out=out, **keywords)
    if out is not None:
        return result
    large = [np.shape(a) for k, a in enumerate(operands) if not _one_for_each_row(function, k)]
    rows = Rows(function.__name__, np.broadcast_shapes(mask.shape, np.shape(where), *large), axis)
    mask = np.broadcast_to(mask, rows.given_shape)
    if np.shape(result) != mask.shape:
        mask = rows.of(mask).all(rows.axis).reshape(np.shape(result))
    return np.ma.MaskedArray(result, mask)[()]


# ---- dask


def _over_blocks(
    function: Callable[..., Any], operands: Sequence[Any], axis: Any, *, where: Any, out: Any, **keywords: Any
) -> Any:
    """The function of each block, when somebody asks for it."""
    import dask.array

    name = function.__name__
    if out is not None:
        raise TypeError(f"{name}: out= does not go with dask arrays, which are computed later")
    if "rng" in keywords:
        raise TypeError(f"{name} takes no dask arrays: it draws for one element after the other")
    b, keepdims = keywords.pop("b", None), keywords.get("keepdims", True)
    arrays = [*operands, where, *([] if b is None else [b])]
    one_for_each_row = [_one_for_each_row(function, k) for k in range(len(arrays))]
    rows = Rows(name, np.broadcast_shapes(*(
        np.shape(a) for a, reduced in zip(arrays, one_for_each_row) if not reduced)), axis)
    dimensions = tuple(range(len(rows.given_shape)))

    pairs: list[Any] = []  # of an array and the numbers of its dimensions; None of a Python number
    for a, reduced in zip(arrays, one_for_each_row):
        if isinstance(a, (bool, int, float)):
            pairs += a, None
            continue
        a = dask.array.asarray(a)
        numbers = rows.others if reduced and not keepdims else dimensions
        numbers = numbers[len(numbers) - a.ndim:]
        pairs += _in_one_block(a, numbers, rows.axes), numbers
    compute = functools.partial(_compute, function, len(operands), rows.axes, keywords)
    reduces = name == "logsumexp"
    sample = compute(*(
        a if k is None else np.ones((1,) * a.ndim, a.dtype) for a, k in zip(pairs[::2], pairs[1::2])))
    return dask.array.blockwise(
        compute, rows.others if reduces and not keepdims else dimensions, *pairs, dtype=sample.dtype,
        meta=np.empty((0,) * sample.ndim, sample.dtype), concatenate=True,
        adjust_chunks={k: 1 for k in rows.axes} if reduces and keepdims else None)


def _compute(function: Any, count: int, axis: Any, keywords: dict[str, Any], *blocks: Any) -> Any:
    operands, (where, *weights) = blocks[:count], blocks[count:]
    if weights:
        keywords = keywords | {"b": weights[0]}
    return function(*operands, axis, where=where, **keywords)


def _in_one_block(a: Any, numbers: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """The dask array with axes in one block each; blocks grow only if there is no other axis to divide."""
    across = [k for k, number in enumerate(numbers) if number in axes and a.numblocks[k] > 1]
    if not across:
        return a
    largest = a.itemsize * int(np.prod([max(sizes) for sizes in a.chunks]))
    return a.rechunk({k: -1 if number in axes else "auto" for k, number in enumerate(numbers)},
                     block_size_limit=largest)
