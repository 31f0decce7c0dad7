"""The softmax family along axes: what the wrappers add to the gufuncs, whose kernels other tests measure."""

import itertools
import pickle
import tracemalloc
import warnings

import dask.array
import ml_dtypes  # noqa: F401  # names bfloat16
import numpy as np
import pandas
import pytest
import xarray
from helpers import DTYPES, assert_same_bits, each_dtype, each_namespace
from hypothesis import given
from hypothesis import strategies as st

import softramp
from softramp.composites import composites, softmaxes
from softramp.definitions.registry import FLOATING

NAN, INF = np.nan, np.inf
M = -INF
FAMILY = [name for name, function in composites.items() if function.__module__ == softmaxes.__name__]
FORWARD = ["softmax", "log_softmax", "softmin"]
BACKWARD = ["softmax_backward", "log_softmax_backward", "softmin_backward"]
AS_LARGE = [*FORWARD, "hardmax", "gumbel_softmax"]  # x -> a result of its shape
each_forward = pytest.mark.parametrize("name", FORWARD)
each_backward = pytest.mark.parametrize("name", BACKWARD)
each_as_large = pytest.mark.parametrize("name", AS_LARGE)


def normal(shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).normal(0, 3, shape).astype(dtype)


def call(name, x, *args, **kwargs):
    """A function of x with a result of its shape; noise always the same."""
    if name == "gumbel_softmax":
        kwargs["rng"] = 0
    return getattr(softramp, name)(x, *args, **kwargs)


def backward_operands(name, shape, dtype="float32", axis=-1, **keywords):
    g, x = normal(shape, dtype, 1), normal(shape, dtype)
    return g, call(name.removesuffix("_backward"), x, axis, **keywords)


# ---- Against a loop over rows, in long double


def exact_row(name, x, temperature, b):
    """The value of a row's elements that take part, which are finite: a vector, or a number."""
    if not x.size:
        return M if name == "logsumexp" else x
    z = (-x if name == "softmin" else x) / temperature
    e = b * np.exp(z - z.max())
    if name == "logsumexp":
        total = e.sum()
        return NAN if total < 0 else M if total == 0 else np.log(total) + z.max()
    if name == "hardmax":
        return np.arange(x.size) == np.argmax(x)
    return z - z.max() - np.log(e.sum()) if name == "log_softmax" else e / e.sum()


def exact_backward_row(name, g, y):
    g, y = g.astype(np.longdouble), y.astype(np.longdouble)
    if name == "log_softmax_backward":
        return g - np.exp(y) * g.sum()
    return y * (g - (g * y).sum()) * (-1 if name == "softmin_backward" else 1)


def rows_of(shape, axes):
    """For every row the index of its elements, in the order of C."""
    others = [range(n) if k not in axes else [None] for k, n in enumerate(shape)]
    for place in itertools.product(*others):
        own = [range(n) if p is None else [p] for p, n in zip(place, shape, strict=True)]
        index = np.array(list(itertools.product(*own)), int).reshape(-1, len(shape))
        yield tuple(0 if p is None else p for p in place), tuple(index.T)


def expected_of(name, x, axes, mask, temperature=1.0, b=None):
    shape = np.broadcast_shapes(x.shape, mask.shape, np.shape(b))
    x, mask = np.broadcast_to(x, shape).astype(np.longdouble), np.broadcast_to(mask, shape)
    b = np.broadcast_to(1.0 if b is None else b, shape)
    reduced = tuple(1 if k in axes else n for k, n in enumerate(shape))
    if name == "logsumexp":
        result = np.full(reduced, M)
    else:
        result = np.full(shape, M if name == "log_softmax" else 0.0)
    for place, row in rows_of(shape, axes):
        kept = tuple(i[mask[row]] for i in row)
        value = exact_row(name, x[kept], temperature, b[kept])
        result[place if name == "logsumexp" else kept] = value
    return result


@st.composite
def problems(draw):
    """An array in some layout, an axis, its canonical form, and a mask that broadcasts."""
    ndim = draw(st.integers(1, 3))
    shape = tuple(draw(st.sampled_from([0, 1, 2, 3, 5])) for _ in range(ndim))
    dtype = draw(st.sampled_from(DTYPES))
    x = normal(shape, dtype, draw(st.integers(0, 99)))
    x = draw(st.sampled_from([x, np.asfortranarray(x), x[..., ::-1], np.repeat(x, 2, -1)[..., ::2]]))
    axes = tuple(sorted(draw(st.sets(st.integers(0, ndim - 1)))))
    axis = draw(st.sampled_from([
        axes, tuple(k - ndim for k in axes[::-1]), *([None] if len(axes) == ndim else []),
        *([axes[0], axes[0] - ndim] if len(axes) == 1 else [])]))
    kept = tuple(n if draw(st.booleans()) else 1 for n in shape)[draw(st.integers(0, ndim)):]
    mask = np.random.default_rng(draw(st.integers(0, 99))).random(kept) < 0.6
    return x, axis, axes, draw(st.sampled_from([True, mask, mask.tolist() if mask.size else mask]))


def outs(draw, shape, dtype):
    """None, or an array to write to."""
    kind = draw(st.sampled_from(["none", "c", "f", "strided", "wider"]))
    if kind == "none":
        return None
    if kind == "strided":
        return np.full((*shape, 2), 99, dtype)[..., 1]
    return np.full(shape, 99, "float64" if kind == "wider" else dtype, order="F" if kind == "f" else "C")


def close(found, expected, dtype, scale=1.0):
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(expected, float), rtol=32 * eps, atol=8 * eps * scale)


@given(problem=problems(), name=st.sampled_from([*FORWARD, "hardmax"]), data=st.data())
def test_any_axis_mask_and_out(problem, name, data):
    x, axis, axes, where = problem
    keywords = {} if name == "hardmax" else {"temperature": data.draw(st.sampled_from([1.0, 0.5, 3]))}
    expected = expected_of(name, x, axes, np.asarray(where), *keywords.values())
    out = outs(data.draw, expected.shape, x.dtype)
    result = getattr(softramp, name)(x, axis, where=where, out=out, **keywords)
    assert out is None or result is out
    assert result.shape == expected.shape and (out is not None or result.dtype == x.dtype)
    close(result, expected, x.dtype)


@given(problem=problems(), name=st.sampled_from(BACKWARD), data=st.data())
def test_any_axis_mask_and_out_backward(problem, name, data):
    x, axis, axes, where = problem
    temperature = data.draw(st.sampled_from([1.0, 0.5, 3]))
    y = getattr(softramp, name.removesuffix("_backward"))(x, axis, where=where, temperature=temperature)
    g = normal(data.draw(st.sampled_from([y.shape, y.shape[1:]])), x.dtype, 7)
    mask, expected = np.broadcast_to(where, y.shape), np.zeros(y.shape)
    for _, row in rows_of(y.shape, axes):
        kept = tuple(i[mask[row]] for i in row)
        expected[kept] = exact_backward_row(name, np.broadcast_to(g, y.shape)[kept], y[kept]) / temperature
    out = outs(data.draw, y.shape, x.dtype)
    result = getattr(softramp, name)(g, y, axis, where=where, temperature=temperature, out=out)
    assert out is None or result is out
    assert out is not None or result.dtype == x.dtype
    close(result, expected, x.dtype, abs(g).sum() + 1)


@given(problem=problems(), weighted=st.booleans(), keepdims=st.booleans(), data=st.data())
def test_logsumexp_and_its_gradient(problem, weighted, keepdims, data):
    x, axis, axes, where = problem
    b = np.abs(normal(x.shape[-1:], x.dtype, 5)) * [0, 1, 1, 1, 1][:x.shape[-1]] if weighted else None
    b = None if b is None else b.astype(x.dtype)
    keywords = {"where": where, "b": b, "keepdims": keepdims}
    expected = expected_of("logsumexp", x, axes, np.asarray(where), b=b)
    shape = expected.shape if keepdims else np.squeeze(expected, axes).shape
    out = outs(data.draw, shape, x.dtype)
    y = softramp.logsumexp(x, axis, out=out, **keywords)
    assert out is None or y is out
    assert np.shape(y) == shape and (out is not None or y.dtype == x.dtype)
    close(y, expected.reshape(shape), x.dtype, 4)

    g = normal(shape, x.dtype, 3)
    mask = np.broadcast_to(where, np.broadcast_shapes(x.shape, np.shape(where)))
    slope = expected_of("softmax", x, axes, mask if b is None else mask & (b != 0))
    if b is not None:
        slope = np.exp(np.where(mask & (b != 0), x - expected, M)) * b
    out = outs(data.draw, slope.shape, x.dtype)
    result = softramp.logsumexp_backward(g, x, y.astype(x.dtype), axis, out=out, **keywords)
    assert out is None or result is out
    close(result, g.reshape(expected.shape) * slope, x.dtype, abs(g).sum())


# ---- Rows with special values, whole and masked

SPECIAL = [  # row, mask, softmax, log_softmax, logsumexp, hardmax
    ([1.0, NAN, 2.0], [1, 1, 1], [NAN] * 3, [NAN] * 3, NAN, [NAN] * 3),
    ([1.0, NAN, INF], [1, 1, 1], [NAN] * 3, [NAN] * 3, NAN, [NAN] * 3),
    ([1.0, INF, INF], [1, 1, 1], [NAN] * 3, [NAN] * 3, INF, [0, 1, 0]),
    ([M, M, M], [1, 1, 1], [NAN] * 3, [NAN] * 3, M, [1, 0, 0]),
    ([M, 3.0, M], [1, 1, 1], [0, 1, 0], [M, 0, M], 3, [0, 1, 0]),
    ([7.0], [1], [1], [0], 7, [1]),
    ([1.0, NAN, 1.0], [1, 0, 0], [1, 0, 0], [0, M, M], 1, [1, 0, 0]),
    ([1.0, INF, 1.0], [0, 0, 1], [0, 0, 1], [M, M, 0], 1, [0, 0, 1]),
    ([NAN, INF, 1.0], [0, 0, 0], [0, 0, 0], [M, M, M], M, [0, 0, 0]),
    ([9.0, M, M], [0, 1, 1], [0, NAN, NAN], [M, NAN, NAN], M, [0, 1, 0]),
    ([9.0, NAN, 1.0], [0, 1, 1], [0, NAN, NAN], [M, NAN, NAN], NAN, [0, NAN, NAN]),
    ([INF, INF, 1.0], [0, 1, 1], [0, NAN, NAN], [M, NAN, NAN], INF, [0, 1, 0]),
    ([2.0, 5.0, 5.0], [1, 1, 1], None, None, None, [0, 1, 0]),
    ([9.0, 5.0, 5.0], [0, 1, 1], [0, 0.5, 0.5], None, None, [0, 1, 0]),
    ([], [], [], [], M, []),
]


@each_namespace
@each_dtype
@pytest.mark.parametrize(("row", "mask", "softmax", "log_softmax", "logsumexp", "hardmax"), SPECIAL)
def test_special_rows(namespace, dtype, row, mask, softmax, log_softmax, logsumexp, hardmax):
    x, mask = np.array(row, dtype), np.array(mask, bool)
    for where in (mask, *([True] if mask.all() else [])):
        found = {
            "softmax": (namespace.softmax(x, where=where), softmax),
            "tempered": (namespace.softmax(x, where=where, temperature=1e-3 if len(row) > 2 else 1.0), None),
            "softmin": (namespace.softmin(-x, where=where), softmax),
            "log_softmax": (namespace.log_softmax(x, where=where), log_softmax),
            "logsumexp": (namespace.logsumexp(x, where=where), logsumexp),
            "b": (namespace.logsumexp(x, b=mask.astype(dtype)), logsumexp),
            "hardmax": (namespace.hardmax(x, where=where), hardmax),
        }
        for value, expected in found.values():
            if expected is not None:
                np.testing.assert_array_equal(value, np.array(expected, dtype))
        np.testing.assert_array_equal(np.isnan(found["tempered"][0]), np.isnan(found["softmax"][0]))


@each_dtype
@each_backward
def test_masked_gradients_count_as_0(dtype, name):
    y = getattr(softramp, name.removesuffix("_backward"))(normal((4, 6), dtype), where=np.eye(4, 6) == 0)
    g = normal((4, 6), dtype, 1)
    zero, wild = g.copy(), g.copy()
    zero[np.eye(4, 6) == 1], wild[np.eye(4, 6) == 1] = 0, NAN
    backward = getattr(softramp, name)
    assert_same_bits(abs(backward(wild, y, where=np.eye(4, 6) == 0)), abs(backward(zero, y)))
    assert (backward(np.full((2, 3), NAN, dtype), y[:2, :3], where=False) == 0).all()


@each_dtype
def test_gradient_of_logsumexp_where_elements_are_removed(dtype):
    x = np.array([1.0, NAN, 2.0, INF, 1e30, -3.0], dtype)
    b = np.array([1, 1, 2, 0, 1, 0], dtype)
    where = np.array([1, 0, 1, 1, 0, 1], bool)
    y = softramp.logsumexp(x, where=where, b=b)
    slope = np.where(where & (b > 0), [1, 0, 2 * np.e, 0, 0, 0], 0) / (1 + 2 * np.e)
    with np.errstate(all="raise"):
        close(softramp.logsumexp_backward(1.0, x, y, where=where, b=b), slope, dtype)
        assert (softramp.logsumexp_backward(1.0, x, np.array(M, dtype), where=False) == 0).all()


@each_dtype
def test_logsumexp_of_a_negative_sum_is_nan(dtype):
    x = np.zeros((3, 2), dtype)
    b = np.array([[1, -2], [2, -1], [1, -1]], dtype)
    np.testing.assert_array_equal(softramp.logsumexp(x, b=b), [NAN, 0, M])
    assert softramp.logsumexp(x, b=b).dtype == dtype


@each_dtype
@each_forward
def test_a_mask_is_minus_infinity(dtype, name):
    """To the bit, of either sign."""
    x, mask = normal((30, 40), dtype), np.random.default_rng(1).random((30, 40)) < 0.5
    f = getattr(softramp, name)
    filled = np.where(mask, x, np.array(INF if name == "softmin" else M, dtype))
    for temperature in (1.0, 0.7):
        assert_same_bits(f(x, where=mask, temperature=temperature), f(filled, temperature=temperature))
    filled = np.where(mask, x, np.array(M, dtype))
    assert_same_bits(softramp.logsumexp(x, where=mask), softramp.logsumexp(filled))


@each_namespace
@each_dtype
def test_softmin_is_softmax_of_minus_x(namespace, dtype):
    x = normal((20, 50), dtype)
    close(namespace.softmin(x), namespace.softmax(-x), dtype, 0)
    assert_same_bits(namespace.softmin(x, temperature=0.3), namespace.softmax(-x, temperature=0.3))


# ---- 0-d, empty, axes


@each_as_large
@pytest.mark.parametrize("axis", [-1, 0, None, (0,), ()])
def test_0d_is_one_element(name, axis):
    for x in (3.0, np.float32(3), np.array(3.0), 3):
        y = call(name, x, axis)
        assert isinstance(y, np.floating) and y == (0 if name == "log_softmax" else 1)
        out = np.empty(())
        assert call(name, x, axis, out=out, where=True) is out and out == y
        assert call(name, x, axis, where=False) == (M if name == "log_softmax" else 0)
        assert call(name, x, axis, where=[True, False]).shape == (2,) if axis in (-1, 0, None) else True
    with pytest.raises(np.exceptions.AxisError):
        call(name, 3.0, 1)


def test_0d_is_one_element_of_a_sum_and_a_gradient():
    for axis in (-1, 0, None):
        assert softramp.logsumexp(3.0, axis) == 3 and softramp.logsumexp(3.0, axis, b=2.0) > 3
        assert softramp.logsumexp(3.0, axis, keepdims=True).shape == ()
        assert softramp.softmax_backward(2.0, 1.0, axis) == 0
        assert softramp.logsumexp_backward(2.0, 3.0, 3.0, axis) == 2


@each_as_large
def test_empty(name):
    for shape, axis in (((0,), -1), ((3, 0), 1), ((3, 0), 0), ((3, 0, 2), (0, 2)), ((3, 0, 2), None)):
        for where in (True, False):
            y = call(name, np.empty(shape, np.float32), axis, where=where)
            assert (y.shape, y.dtype) == (shape, np.float32)


def test_logsumexp_of_nothing():
    for where in (True, False):
        np.testing.assert_array_equal(softramp.logsumexp(np.empty((3, 0)), where=where), [M] * 3)
        np.testing.assert_array_equal(softramp.logsumexp(np.empty((3, 0)), b=1.0), [M] * 3)
        assert softramp.logsumexp(np.empty((3, 0)), None) == M
        assert softramp.logsumexp(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize("name", [*FORWARD, *BACKWARD])
def test_every_way_gives_the_same_bits(name):
    """The short ways of plain arrays, and those of axes in tuples, masks of True, dtype and out."""
    shape = (6, 7, 9)
    for axis in range(-3, 3):
        args = backward_operands(name, shape, axis=axis) if name in BACKWARD else [normal(shape)]
        f = getattr(softramp, name)
        expected = f(*(np.moveaxis(a, axis, -1).copy() for a in args))
        expected = np.moveaxis(expected, -1, axis)
        for way in (
            f(*args, axis), f(*args, axis=(axis,)), f(*args, axis=np.int64(axis)),
            f(*args, axis, where=np.True_), f(*args, axis, out=np.empty(shape, np.float32)),
            f(*(np.asfortranarray(a) for a in args), axis),
        ):
            assert_same_bits(way, expected)
        close(f(*(a.tolist() for a in args), axis), expected, "float32", 30)


def test_adjacent_axes_are_one():
    x = normal((4, 5, 6, 7))
    for axis, flat in ((None, (-1,)), ((1, 2), (4, 30, 7)), ((2, 3), (4, 5, 42)), ((0, 1), (20, 6, 7))):
        at = 0 if axis is None else axis[0]
        for name in ("softmax", "log_softmax", "hardmax"):
            f = getattr(softramp, name)
            assert_same_bits(f(x, axis), f(x.reshape(flat), at).reshape(x.shape))
        assert_same_bits(softramp.logsumexp(x, axis), softramp.logsumexp(x.reshape(flat), at))
    moved = np.ascontiguousarray(x.transpose(1, 3, 0, 2)).reshape(5, 7, 24)
    separate = softramp.softmax(moved).reshape(5, 7, 4, 6).transpose(2, 0, 3, 1)
    assert_same_bits(softramp.softmax(x, (2, 0)), separate)


@each_as_large
def test_a_new_result_lies_as_the_input(name):
    x = normal((20, 30, 4))
    for axis in (0, 1, 2, -3, None, (0, 1)):
        assert call(name, x, axis).flags.c_contiguous
        assert call(name, x, axis, where=x > -1).flags.c_contiguous
    if name in FORWARD:
        for axis in (0, 1, 2):
            assert call(name, np.asfortranarray(x), axis).flags.f_contiguous


def test_what_broadcasts():
    x, mask = normal((3, 1, 5)), np.random.default_rng(0).random((4, 5)) < 0.7
    y = softramp.softmax(x, where=mask)
    assert y.shape == (3, 4, 5)
    full = np.broadcast_to(x, y.shape).copy()
    assert_same_bits(y, softramp.softmax(full, where=np.broadcast_to(mask, y.shape)))
    assert softramp.logsumexp(x, where=mask).shape == (3, 4)
    assert softramp.logsumexp(x, b=np.ones((2, 1, 1, 1))).shape == (2, 3, 1)
    assert softramp.softmax_backward(np.float32(1.0), y).shape == y.shape
    assert softramp.softmax_backward(1.0, y).dtype == np.float32  # a Python number is weak, as in a ufunc
    with pytest.raises(ValueError, match="broadcast"):
        softramp.softmax(x, where=np.ones(4, bool))
    with pytest.raises(ValueError, match="broadcast"):
        softramp.softmax_backward(np.ones(4), np.ones(5))
    with pytest.raises(ValueError, match="broadcast"):
        softramp.logsumexp_backward(np.ones(3), np.ones((4, 5)), np.ones(4))


# ---- out


def overlapping(shape, shift):
    """Two arrays that share all their memory but `shift` elements."""
    buffer = np.zeros(int(np.prod(shape)) + shift, np.float32)
    return buffer[shift:].reshape(shape), buffer[:buffer.size - shift].reshape(shape)


WAYS = [{}, {"axis": 0}, {"axis": (0, 1)}, {"axis": (0, 2)}, {"axis": None},
        {"where": np.random.default_rng(9).random((6, 7, 8)) < 0.6},
        {"where": np.random.default_rng(9).random((7, 8)) < 0.6, "axis": (0, 2)}, {"temperature": 0.5}]


@each_as_large
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_out_may_be_the_input(name, way):
    if name == "hardmax" and "temperature" in way:
        return
    x = normal((6, 7, 8))
    expected = call(name, x, **way)
    same = x.copy()
    assert call(name, same, **way, out=same) is same
    assert_same_bits(same, expected)
    for shift in (1, 8, 100):
        for source, target in (overlapping(x.shape, shift), overlapping(x.shape, shift)[::-1]):
            source[...] = x
            call(name, source, **way, out=target)
            assert_same_bits(target, expected)
    for view in (lambda a: a[::-1], lambda a: a.swapaxes(0, 0)[:, ::-1]):
        same = x.copy()
        call(name, same, **way, out=view(same))
        assert_same_bits(view(same), expected)


@each_backward
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_out_may_be_an_operand(name, way):
    g, y = backward_operands(name, (6, 7, 8), **way)
    f = getattr(softramp, name)
    expected = f(g, y, **way)
    for k in range(2):
        args = [g.copy(), y.copy()]
        assert f(*args, **way, out=args[k]) is args[k]
        assert_same_bits(args[k], expected)
        source, target = overlapping(g.shape, 3)
        source[...] = args[1 - k] = [g, y][1 - k]
        source[...] = [g, y][k]
        args[k] = source
        f(*args, **way, out=target)
        assert_same_bits(target, expected)


@pytest.mark.parametrize("way", WAYS[:-1], ids=str)
def test_out_may_be_an_operand_of_logsumexp_backward(way):
    x, b = normal((6, 7, 8)), abs(normal((7, 8), seed=4))
    for weights in (None, b):
        y = softramp.logsumexp(x, **way, b=weights, keepdims=True)
        g = normal(y.shape, seed=2)
        expected = softramp.logsumexp_backward(g, x, y, **way, b=weights, keepdims=True)
        same = x.copy()
        assert softramp.logsumexp_backward(g, same, y, **way, b=weights, keepdims=True, out=same) is same
        assert_same_bits(same, expected)
        source, target = overlapping(x.shape, 5)
        source[...] = x
        softramp.logsumexp_backward(g, source, y, **way, b=weights, keepdims=True, out=target)
        assert_same_bits(target, expected)


@each_as_large
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_out_of_another_dtype(name, way):
    """Computed in the dtype of the input, then cast as a ufunc does."""
    if name == "hardmax" and "temperature" in way:
        return
    x = normal((6, 7, 8), "float64")
    expected = call(name, x, **way).astype(np.float32)
    out = np.empty(x.shape, np.float32)
    assert call(name, x, **way, out=out) is out
    assert_same_bits(out, expected)
    with pytest.raises(TypeError, match="same_kind"):
        call(name, x, **way, out=np.empty(x.shape, np.int64))


# ---- dtypes


@pytest.mark.parametrize("name", [*AS_LARGE, "logsumexp"])
@pytest.mark.parametrize("dtype", ["?", "b", "H", "i", "Q", "e", "f", "d", ">f", ">d", "bfloat16"])
def test_dtypes(name, dtype):
    x = np.array([[0, 1, 1], [3, 0, 2]], dtype)
    native = np.dtype(dtype).newbyteorder("=")
    expected = getattr(softramp, "logsumexp" if name == "logsumexp" else "softmax")(x).dtype
    assert expected == softramp.ufuncs.softmax(x).dtype
    assert expected == (native if dtype == "bfloat16" else np.exp(x).dtype)
    for keywords in ({}, {"axis": (0, 1)}, {"where": x.astype(bool)}):
        y = call(name, x, **keywords)
        assert y.dtype == expected
        assert_same_bits(y, call(name, x.astype(expected), **keywords))
        for asked in ("f", "d"):
            y = call(name, x, **keywords, dtype=asked)
            assert y.dtype == asked
            assert_same_bits(y, call(name, x.astype(asked), **keywords))


@each_forward
def test_the_type_of_a_temperature(name):
    """It is a number, and leaves the input its dtype."""
    f, x = getattr(softramp, name), normal((2, 9))
    for temperature in (0.5, 2, np.float32(0.5), np.float64(0.5), np.array(0.5), np.float16(0.5), np.int8(2)):
        assert f(x, temperature=temperature).dtype == x.dtype
        assert f(x, temperature=temperature, dtype="d").dtype == "d"
    assert f(np.array([1, 2], np.int8), temperature=0.5).dtype == "d"
    assert_same_bits(f(x, temperature=0.5), f(x, temperature=np.float32(0.5)))


@pytest.mark.parametrize("name", [*AS_LARGE, "logsumexp"])
@pytest.mark.parametrize("dtype", ["F", "D", "O", "g", "U3", "M8[s]"])
def test_other_types_are_a_type_error(name, dtype):
    for x in (np.zeros(3, dtype), np.zeros((), dtype)):
        for keywords in ({}, {"axis": 0}, {"where": [True]}, {"axis": None}):
            with pytest.raises(TypeError):
                call(name, x, **keywords)
    for x in ("text", None, object(), {1: 2}, ["a"]):
        with pytest.raises(TypeError):
            call(name, x)
    with pytest.raises(TypeError):
        call(name, np.zeros(3), dtype=np.int32)


# ---- Temperature


@each_forward
def test_temperature(name):
    x, f = normal((3, 50), "float64"), getattr(softramp, name)
    np.testing.assert_allclose(f(x, temperature=0.25), f(x * 4), rtol=1e-13)
    limit = f(x, temperature=INF)
    np.testing.assert_allclose(limit, -np.log(50) if name == "log_softmax" else 1 / 50, rtol=1e-13)
    mask = np.arange(50) < 40
    for dtype in DTYPES:
        for temperature in (INF, 1e39, float(np.finfo(dtype).max)):
            np.testing.assert_allclose(
                f(x.astype(dtype), where=mask, temperature=temperature)[:, :40],
                -np.log(40) if name == "log_softmax" else 1 / 40, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", [*FORWARD, *BACKWARD, "gumbel_softmax"])
@pytest.mark.parametrize("temperature", [0, 0.0, -1, -INF, NAN, np.float32(-2), 1e-60])
def test_temperature_out_of_range(name, temperature):
    args = [np.ones(3, np.float32)] * (2 if name in BACKWARD else 1)
    message = rf"{name}\(\) requires temperature > 0 in float32, got temperature="
    with pytest.raises(ValueError, match=message):
        getattr(softramp, name)(*args, temperature=temperature)


@pytest.mark.parametrize("name", [*FORWARD, *BACKWARD, "gumbel_softmax"])
def test_temperature_is_a_number(name):
    args = [np.ones((2, 3))] * (2 if name in BACKWARD else 1)
    message = rf"{name}: temperature must be a number, not an array of shape \(2,\)"
    with pytest.raises(TypeError, match=message):
        getattr(softramp, name)(*args, temperature=np.ones(2))
    for temperature in ("2", None, 1j):
        with pytest.raises(TypeError, match=f"{name}: temperature must be a number, not {type(temperature).__name__}"):
            getattr(softramp, name)(*args, temperature=temperature)


@each_backward
def test_a_gradient_at_infinite_temperature_is_0(name):
    g, y = backward_operands(name, (3, 5))
    for temperature in (INF, 1e39):
        assert (getattr(softramp, name)(g, y, temperature=temperature) == 0).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@each_backward
def test_a_gradient_of_16_bits_is_rounded_once(name, dtype):
    g, y = backward_operands(name, (5, 30), dtype)
    f, y = getattr(softramp, name), y.astype(dtype)
    wide = f(g.astype("f4"), y.astype("f4"), temperature=1e-3)
    kind = f(g, y).dtype
    assert_same_bits(f(g, y, temperature=1e-3), wide.astype(kind))


# ---- Gumbel


def gumbel_noise(seed, shape, dtype):
    u = np.random.default_rng(seed).random(shape, dtype)
    return -np.log(-np.log(np.maximum(u, np.finfo(dtype).eps / 4)))


@each_namespace
@each_dtype
def test_gumbel_softmax_draws_once_for_each_element_in_the_order_of_c(namespace, dtype):
    x, mask = normal((4, 5, 6), dtype), np.random.default_rng(2).random((5, 1)) < 0.7
    noisy = x + gumbel_noise(11, x.shape, dtype)
    for keywords in ({}, {"axis": 0}, {"axis": (0, 2)}, {"where": mask}, {"temperature": 0.5}):
        expected = namespace.softmax(noisy, **keywords)
        for layout in (x, np.asfortranarray(x), x[::-1].copy()[::-1]):
            assert_same_bits(namespace.gumbel_softmax(layout, **keywords, rng=11), expected)
        assert_same_bits(namespace.gumbel_softmax(x, **keywords, rng=np.random.default_rng(11)), expected)
        one_hot = namespace.gumbel_softmax(x, **keywords, rng=11, hard=True)
        keywords.pop("temperature", None)
        assert_same_bits(one_hot, namespace.hardmax(noisy, **keywords))


def test_gumbel_softmax_draws_float32_up_to_32_bits():
    x = np.arange(12, dtype=np.int8)
    expected = softramp.softmax(x + gumbel_noise(1, 12, "f4")).astype(softramp.softmax(x).dtype)
    assert_same_bits(softramp.gumbel_softmax(x, rng=1), expected)
    rng = np.random.default_rng(1)
    softramp.gumbel_softmax(x.astype("f4"), rng=rng)
    one = np.random.default_rng(1)
    one.random(12, np.float32)
    assert rng.random() == one.random()


def test_gumbel_softmax_samples_softmax():
    logits = np.log(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    samples = softramp.gumbel_softmax(np.tile(logits, (100_000, 1)), hard=True, rng=5)
    assert (samples.sum(1) == 1).all()
    np.testing.assert_allclose(samples.mean(0), [0.1, 0.2, 0.3, 0.4], atol=0.005)
    assert not np.array_equal(*(softramp.gumbel_softmax(logits) for _ in range(2)))


def test_gumbel_noise_is_finite(monkeypatch):
    class Zero(np.random.Generator):
        def random(self, size, dtype):
            return np.zeros(size, dtype)

    for dtype in DTYPES:
        y = softramp.gumbel_softmax(np.zeros((2, 1), dtype), rng=Zero(np.random.PCG64(0)))
        np.testing.assert_array_equal(y, [[1], [1]])


def test_gumbel_softmax_wants_a_seed():
    with pytest.raises(TypeError):
        softramp.gumbel_softmax(np.zeros(3), rng="seed")


# ---- Wrong arguments


@pytest.mark.parametrize("name", FAMILY)
def test_wrong_axes(name):
    args = [np.ones((3, 4))] * {"logsumexp_backward": 3}.get(name, 2 if "backward" in name else 1)
    f = getattr(softramp, name)
    for axis in (2, -3, (0, 2)):
        with pytest.raises(np.exceptions.AxisError):
            f(*args, axis=axis)
    for axis in (1.0, "x", (0, 1.0), object()):
        message = f"{name}: axis must be an integer, a tuple of integers or None, got"
        with pytest.raises(TypeError, match=message):
            f(*args, axis=axis)
    with pytest.raises(ValueError, match="repeated axis"):
        f(*args, axis=(0, -2))


@pytest.mark.parametrize("name", FAMILY)
def test_wrong_masks_and_outs(name):
    args = [np.ones((3, 4))] * {"logsumexp_backward": 3}.get(name, 2 if "backward" in name else 1)
    keywords = {"keepdims": True} if name == "logsumexp_backward" else {}
    args[2:] = [np.ones((3, 1))] * len(args[2:])
    args[:1] = [np.ones((3, 1))] if keywords else args[:1]
    f, shape = getattr(softramp, name), (3,) if name == "logsumexp" else (3, 4)
    for where in (1, [1, 0, 1, 1], np.ones(4), "yes"):
        with pytest.raises(TypeError, match=f"{name}: where must be an array of bool, not"):
            f(*args, where=where, **keywords)
    for way in ({"where": [True]}, {"axis": (1,)}):
        with pytest.raises(TypeError, match=f"{name}: out must be a NumPy array, not list"):
            f(*args, **way, **keywords, out=[1, 2])
        with pytest.raises(ValueError, match=f"{name}: out must have the shape"):
            f(*args, **way, **keywords, out=np.empty((5, 4)))
    with pytest.raises((TypeError, ValueError)):
        f(*args, **keywords, out=[1, 2])
    with pytest.raises(ValueError):
        f(*args, **keywords, out=np.empty((5, 7)))
    out = np.full(shape, 99.0)
    out.flags.writeable = False
    for way in ({}, {"where": [True]}, {"axis": (1,)}):
        with pytest.raises(ValueError, match="read-only"):
            f(*args, **way, **keywords, out=out)
    assert (out == 99).all()


@pytest.mark.parametrize("name", FAMILY)
def test_arguments_by_name_only(name):
    f = getattr(softramp, name)
    with pytest.raises(TypeError, match=rf"{name}\(\) takes"):
        f(*[np.ones(3)] * ({"logsumexp_backward": 3}.get(name, 2 if "backward" in name else 1)), -1, True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'dim'"):
        f(*[np.ones(3)] * ({"logsumexp_backward": 3}.get(name, 2 if "backward" in name else 1)), dim=0)
    with pytest.raises(TypeError):
        f()


@pytest.mark.parametrize("name", FAMILY)
def test_pickle(name):
    f = getattr(softramp, name)
    assert pickle.loads(pickle.dumps(f)) is f


# ---- Warnings and memory


@each_dtype
@pytest.mark.parametrize("name", [*AS_LARGE, "logsumexp"])
def test_no_warning_from_masked_values(dtype, name):
    hostile = np.array([NAN, INF, M, 1e300, -1e300, 5e-324, 0.0, 1.0])
    mask = np.array([0, 0, 0, 0, 0, 0, 1, 1], bool)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        y = call(name, hostile, where=mask, dtype=dtype)
        assert y.dtype == dtype and not np.isnan(y).any()
        call(name, np.stack([hostile] * 2), (0, 1), where=mask, dtype=dtype)


def peak(f):
    """Bytes that a call allocates at once through NumPy, its result among them."""
    f()
    tracemalloc.start()
    try:
        kept = f()  # noqa: F841
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", [*FORWARD, *BACKWARD, "logsumexp_backward", "hardmax"])
@pytest.mark.parametrize("axis", [-1, 0, 1, (1, 2), (0, 1), None])
def test_peak_memory(name, axis):
    """The result and a constant, which is less than a fifth of it here; in place the constant."""
    shape = (1000, 4, 500)
    x, mask = normal(shape), np.random.default_rng(0).random(shape) < 0.5
    f, size, constant = getattr(softramp, name), x.nbytes, 1_500_000
    args, more = [x] * (2 if name in BACKWARD else 1), {}
    if name == "logsumexp_backward":
        args, more = [np.ones((1, 1, 1), np.float32), x, np.ones((1, 1, 1), np.float32)], {"keepdims": True}
    out = np.empty_like(x)
    assert peak(lambda: f(*args, axis, **more)) < size + constant
    assert peak(lambda: f(*args, axis, **more, out=out)) < constant
    assert peak(lambda: f(*args, axis, **more, where=mask)) < size + constant
    assert peak(lambda: f(*args, axis, **more, where=mask, out=out)) < constant
    if name in FORWARD:
        assert peak(lambda: f(out, axis, where=mask, out=out)) < constant


@pytest.mark.parametrize("axis", [-1, 0])
def test_peak_memory_of_logsumexp(axis):
    x, mask = normal((2000, 1000)), np.random.default_rng(0).random((2000, 1000)) < 0.5
    assert peak(lambda: softramp.logsumexp(x, axis)) < 20_000
    assert peak(lambda: softramp.logsumexp(x, axis, b=x)) < 40_000
    assert peak(lambda: softramp.logsumexp(x, axis, where=mask)) < 800_000


def test_peak_memory_of_masked_rows_longer_than_a_block():
    """Of logsumexp one row at a time; all twenty are 8 MB."""
    x = normal((20, 100_000))
    assert peak(lambda: softramp.logsumexp(x, where=x > -2)) < x.size + 1_000_000  # and the mask


# ---- Foreign arrays


@each_as_large
def test_masked_array(name):
    """The mask acts as where, and the result has it."""
    x, mask = normal((3, 5)), np.array([[0, 1, 0, 0, 1], [0] * 5, [1] * 5], bool)
    hidden = np.where(mask, np.float32(NAN), x)
    y = call(name, np.ma.MaskedArray(hidden, mask))
    assert isinstance(y, np.ma.MaskedArray)
    np.testing.assert_array_equal(y.mask, mask)
    assert_same_bits(y.data, call(name, x, where=~mask))
    also = np.array([1, 1, 1, 0, 1], bool)
    some = call(name, np.ma.MaskedArray(hidden, mask), where=also)
    assert_same_bits(some.data, call(name, x, where=~mask & also))
    out = np.empty_like(x)
    assert call(name, np.ma.MaskedArray(hidden, mask), out=out) is out
    assert_same_bits(out, y.data)


def test_masked_array_of_gradients_and_sums():
    x, mask = np.ma.MaskedArray(normal((3, 5))), np.array([[0, 1, 0, 0, 1], [0] * 5, [1] * 5], bool)
    x[mask] = np.ma.masked
    y = softramp.softmax(x)
    g = np.ma.MaskedArray(normal((3, 5), seed=1), mask.T.reshape(3, 5))
    result = softramp.softmax_backward(g, y)
    np.testing.assert_array_equal(result.mask, g.mask | mask)
    assert_same_bits(result.data, softramp.softmax_backward(g.data, y.data, where=~(g.mask | mask)))
    total = softramp.logsumexp(x)
    assert isinstance(total, np.ma.MaskedArray)
    np.testing.assert_array_equal(total.mask, [False, False, True])
    assert_same_bits(total.data, softramp.logsumexp(x.data, where=~mask))
    assert softramp.logsumexp(x, None) == softramp.logsumexp(x.data, None, where=~mask)
    assert softramp.logsumexp(x[2]) is np.ma.masked


@each_as_large
def test_pandas(name):
    frame = pandas.DataFrame(normal((3, 4)), index=list("abc"), columns=list("wxyz"))
    for axis in (-1, 0, (0, 1)):
        y = call(name, frame, axis)
        assert isinstance(y, pandas.DataFrame)
        assert y.index.equals(frame.index) and y.columns.equals(frame.columns)
        assert_same_bits(y.to_numpy(), call(name, frame.to_numpy(), axis))
        assert_same_bits(call(name, frame, axis, where=frame > 0).to_numpy(),
                         call(name, frame.to_numpy(), axis, where=frame.to_numpy() > 0))
    row = frame.loc["b"]
    y = call(name, row)
    assert isinstance(y, pandas.Series) and y.name == "b" and y.index.equals(row.index)
    assert_same_bits(y.to_numpy(), call(name, row.to_numpy()))
    assert type(softramp.logsumexp(frame)) is np.ndarray
    assert isinstance(softramp.softmax_backward(frame, softramp.softmax(frame)), pandas.DataFrame)
    with pytest.raises(TypeError):
        call(name, pandas.Series(["a"]))


def test_subclass():
    class Subclass(np.ndarray):
        pass

    x = normal((3, 4)).view(Subclass)
    for axis in (-1, 0, None):
        assert type(softramp.softmax(x, axis)) is Subclass
        expected = softramp.softmax(x.view(np.ndarray), axis)
        assert_same_bits(softramp.softmax(x, axis).view(np.ndarray), expected)


@each_as_large
def test_xarray(name):
    x = xarray.DataArray(normal((3, 4)), dims=("time", "level"), coords={"time": [1, 2, 3]}, name="height")
    for axis in (-1, 0, None):
        y = call(name, x, axis, where=x > -2)
        assert isinstance(y, xarray.DataArray) and y.dims == x.dims and (y.time == x.time).all()
        assert_same_bits(y.to_numpy(), call(name, x.to_numpy(), axis, where=x.to_numpy() > -2))
    if name != "gumbel_softmax":
        y = call(name, x.chunk({"level": 2}))
        assert isinstance(y.data, dask.array.Array) and y.dims == x.dims
        assert_same_bits(y.to_numpy(), call(name, x.to_numpy()))


CHUNKS = [(2, 5, 6), (2, 2, 3), (4, 5, 1)]
MASK = np.random.default_rng(0).random((5, 6)) < 0.7
DASK_WAYS = [{}, {"axis": 0}, {"axis": (0, 2)}, {"axis": None}, {"where": MASK}]


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("way", DASK_WAYS, ids=str)
@pytest.mark.parametrize("name", [*FORWARD, "hardmax"])
def test_dask(name, way, chunks):
    """Lazily, with the bits that NumPy's arrays give, whether an axis lies in one block or across."""
    x = normal((4, 5, 6))
    y = call(name, dask.array.from_array(x, chunks=chunks), **way)
    assert isinstance(y, dask.array.Array) and (y.shape, y.dtype) == (x.shape, x.dtype)
    assert_same_bits(y.compute(), call(name, x, **way))


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("way", DASK_WAYS, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_dask_sums_and_gradients(way, chunks, keepdims):
    x, b = normal((4, 5, 6)), abs(normal(6, seed=1))
    lazy = dask.array.from_array(x, chunks=chunks)
    for weights in ({}, {"b": b}, {"b": dask.array.from_array(b, chunks=4)}):
        plain = {"b": b} if weights else {}
        y = softramp.logsumexp(lazy, **way, **weights, keepdims=keepdims)
        expected = softramp.logsumexp(x, **way, **plain, keepdims=keepdims)
        assert isinstance(y, dask.array.Array) and (y.shape, y.dtype) == (expected.shape, expected.dtype)
        assert_same_bits(np.asarray(y.compute()), np.asarray(expected))
        slope = softramp.logsumexp_backward(1.0, lazy, y, **way, **weights, keepdims=keepdims)
        assert isinstance(slope, dask.array.Array)
        assert_same_bits(slope.compute(),
                         softramp.logsumexp_backward(1.0, x, expected, **way, **plain, keepdims=keepdims))
    y = softramp.softmax(lazy, **way)
    assert_same_bits(softramp.softmax_backward(x, y, **way).compute(),
                     softramp.softmax_backward(x, softramp.softmax(x, **way), **way))


def test_dask_blocks_do_not_grow():
    """Where an axis lies across blocks, others are divided more finely."""
    x = dask.array.zeros((100, 1000), chunks=(50, 100), dtype=np.float32)
    assert softramp.softmax(x).chunks == ((5,) * 20, (1000,))
    assert softramp.softmax(x, 0).chunks == ((100,), (50,) * 20)


def test_what_dask_cannot():
    x = dask.array.ones(3)
    with pytest.raises(TypeError, match="softmax: out= does not go with dask arrays"):
        softramp.softmax(x, out=np.empty(3))
    with pytest.raises(TypeError, match="gumbel_softmax takes no dask arrays"):
        softramp.gumbel_softmax(x)
    with pytest.raises(TypeError):
        softramp.softmax(x.astype(complex))
    with pytest.raises(np.exceptions.AxisError):
        softramp.softmax(x, 1)


@each_namespace
@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("order", "CF")
def test_no_warning_from_masked_rows(namespace, dtype, order):
    """Nor from what lies beyond the end of a vector, which is nobody's."""
    for shape in ((7, 1), (40, 7), (65, 33), (9, 100)):
        x = np.asarray(normal(shape, dtype), order=order)
        mask = np.random.default_rng(1).random(shape) < 0.5
        for axis in (-1, 0, None):
            for name in [*FORWARD, "hardmax", "logsumexp"]:
                with warnings.catch_warnings(), np.errstate(all="raise"):
                    warnings.simplefilter("error")
                    getattr(namespace, name)(x, axis, where=mask)


@each_namespace
@pytest.mark.parametrize("name", [*FORWARD, "hardmax"])
@pytest.mark.parametrize("masked", [False, True])
def test_large_outputs_that_overlap_the_input(namespace, name, masked):
    """In any way; exactly is the usual one. What is done piece by piece must not read what it wrote."""
    f, x = getattr(namespace, name), normal((301, 300), "float64")
    keywords = {"where": x[:300] > 0} if masked else {}
    expected = f(x[:300].copy(), **keywords)
    for overlap in (lambda a: a[:300], lambda a: a[1:], lambda a: a[299::-1], lambda a: a[:300].T):
        a = x.copy()
        f(a[:300], out=overlap(a), **keywords)
        assert_same_bits(overlap(a), expected)


def test_a_large_gradient_of_logsumexp_that_overlaps_the_input():
    x = normal((300, 300), "float64")
    y, b = softramp.logsumexp(x), np.full(300, 2.0)
    expected, a = softramp.logsumexp_backward(1.0, x, y, b=b), x.copy()
    softramp.logsumexp_backward(1.0, a, y, b=b, out=a[::-1])
    assert_same_bits(a[::-1], expected)


@each_namespace
@pytest.mark.parametrize("x, b, expected", [
    ([0.0], [1e280], 644.7238260383328), ([-745.0, -745.0], [1e300, 1e300], -53.53132492122637),
    ([700.0, -700.0], [1e-300, 1e300], 9.224472111507641), ([0.0, -800.0], [1e-300, 1e270], -178.30202489160763),
    ([-744.0, 0.0], [1.0, 1e-323], -743.1723305779536), ([0.0, -INF, NAN], [1e200, 1e300, 0.0], 460.51701859880916)])
def test_weights_far_from_1(namespace, x, b, expected):
    """They go into the exponents. Expected: mpmath."""
    assert abs(namespace.logsumexp(x, b=b) - expected) <= 2 * np.spacing(max(abs(expected), 1000))
    value, sign = namespace.ufuncs.logsumexp_weighted(x, np.negative(b))
    assert sign == -1 and value == namespace.logsumexp(x, b=b)


def test_hardmax_tells_all_integers_apart():
    big = 2**53
    assert_same_bits(softramp.hardmax(np.array([big, big + 1])), np.array([0.0, 1.0]))
    assert_same_bits(softramp.hardmax(np.array([[3, 5, 5], [-1, -2, -3]], "i1")), np.array([[0, 1, 0], [1, 0, 0]], "e"))
    assert_same_bits(softramp.hardmax([5, 7, 9], where=[True, True, False]), np.array([0.0, 1.0, 0.0]))
    assert_same_bits(softramp.hardmax(np.array([-128, -128], "i1"), where=[False, True]), np.array([0, 1], "e"))
    assert_same_bits(softramp.hardmax([True, False, True]), np.array([1, 0, 0], "e"))


def test_masks_of_a_gradient_are_those_of_its_input():
    x = np.ma.MaskedArray(np.arange(9.0).reshape(3, 3), [[1, 1, 1], [0, 0, 0], [0, 0, 1]])
    gradient = softramp.logsumexp_backward(1.0, x, softramp.logsumexp(x))
    assert_same_bits(gradient.mask, x.mask)
    np.testing.assert_allclose(gradient[1].data, softramp.softmax(x.data[1]), rtol=1e-14)


def test_masked_weights_take_no_part():
    b = np.ma.MaskedArray([1.0, 2.0, 3.0], [0, 1, 0])
    assert softramp.logsumexp([0.0, 1.0, 5.0], b=b) == softramp.logsumexp([0.0, 5.0], b=[1.0, 3.0])


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "softmax_backward", "log_softmax_backward"])
def test_an_output_of_another_shape_or_library(name):
    f, x = getattr(softramp, name), np.zeros((2, 3))
    args = (x, x) if name.endswith("_backward") else (x,)
    for axis in (-1, 0, None):
        for keywords in ({}, {"temperature": 2.0}):
            with pytest.raises(ValueError, match=r"out must have the shape \(2, 3\)"):
                f(*args, axis, out=np.empty((5, 2, 3)), **keywords)
            with pytest.raises(TypeError, match="out must be a NumPy array"):
                f(*args, axis, out=dask.array.zeros((2, 3)), **keywords)


def test_no_underflow_is_reported():
    with np.errstate(all="raise"):
        softramp.softmax_backward([1.0, 0.0], softramp.softmax([-744.0, 0.0]), temperature=3.0)
        softramp.logsumexp_backward(1e-10, [-740.0, 0.0], 0.7, b=[1.0, 1.0])
        softramp.gumbel_softmax(np.array([-15.0, 0.0], "e"), rng=0)
